/**
 * What the compiler decided, or was told: every choice that changes how a program runs and not what it means. Printed by
 * `lfc explain`, written by `--save-plan`, fed back by `--plan`. A subject is a label in the user's words
 * (`Encoder.0.keys`); a plan may name subjects that a model does not have, which is a warning and nothing else.
 */
export interface Plan {
  readonly planVersion: 1;
  /** The model and the target for which it was made: said in messages, never compared. */
  readonly model: string;
  readonly target: string;
  /** The order of each product: `(e·x)·wk`. */
  readonly orders: Readonly<Record<string, string>>;
  /** The strategy of each region: `attention/fuseQ`. */
  readonly strategies: Readonly<Record<string, string>>;
  /** The parameters of each kernel's schedule. */
  readonly tiles: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export const emptyPlan: Plan = { planVersion: 1, model: "", target: "", orders: {}, strategies: {}, tiles: {} };

/** One way of doing a thing, with the numbers it is judged by. */
export interface Choice {
  /** An order, a strategy, or a schedule's parameters in one line. */
  readonly name: string;
  readonly params?: Readonly<Record<string, number>>;
  /** Floating-point operations, 2 a multiply-add. */
  readonly flops: number;
  /** Distinct bytes that each dispatch touches, summed. */
  readonly bytes: number;
  readonly dispatches: number;
  /** As the target's profile has it. */
  readonly seconds: number;
  /** Of these, what belongs to intermediates that an earlier product makes already; sums over products leave it out. */
  readonly shared?: { readonly flops: number; readonly bytes: number };
  /** Why it was not taken, where it is not the numbers. */
  readonly refused?: string;
}

/** A decision, with what it was taken from. Carried by a remark. */
export interface Decision {
  readonly kind: "order" | "strategy" | "tile";
  /** Its key in the plan. */
  readonly subject: string;
  readonly chosen: Choice;
  /** The order as written, for an order. */
  readonly written?: Choice;
  /** The best others, cheapest first. */
  readonly others: readonly Choice[];
  /** Taken from a plan. */
  readonly pinned: boolean;
  /** What the code depends on that comes of it, for a tile: subjects of one form have the same kernels. */
  readonly form?: string;
}
