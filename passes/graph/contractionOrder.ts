import { roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";

/**
 * Orders of n-ary products as binary trees, and what they cost.
 *
 * A product is Σ over its reduced indices of Π factors, where conditions hold. A tree combines two parts at a time; an
 * index is summed as soon as nothing outside needs it. A condition is applied where the factors that hold its reduced
 * indices have come together, so that none of these is summed before it was selected; indices of the condition that no
 * factor of the part has (the `n` of `m <= n`) join there. What a part computes depends on its factors alone, not on
 * how it was put together: a part of the same key in another product is the same tensor and costs nothing again.
 */

/** Sets of at most 30 indices or factors, one bit each. */
export type Bits = number;
export const mostBits = 30;

export interface Product {
  /** Indices of each factor. */
  readonly factors: readonly Bits[];
  readonly out: Bits;
  /** Indices of each condition. */
  readonly conditions: readonly Bits[];
  /** Every index of the product, those that nothing mentions included. */
  readonly indices: Bits;
  /** Extent of each index. */
  readonly sizes: readonly number[];
  /** Bytes that a read of each factor touches. */
  readonly factorBytes: readonly number[];
  /** Bytes that a test of each condition touches. */
  readonly conditionBytes: readonly number[];
  /** Bytes of one element of a part. */
  readonly elementBytes: number;
  /** Equal for parts, of this or another product, that are the same tensor up to the order of axes. */
  key(part: Bits): string;
  /** Whether a part costs nothing at run time. */
  free(part: Bits): boolean;
  /** Factors of one tensor have one name, here and in other products; parts with no common name are never the same. */
  readonly names: readonly number[];
  /** Everything that the cost of an order depends on, with the tensors called as `call` does. */
  structure(call: (name: number) => number): string;
}

/**
 * How a part comes about: a factor as it is, a sum over the private indices of one part, or a product of two. A bare
 * factor keeps its private indices; the product that it enters sums them.
 */
export type Tree =
  | { readonly kind: "factor"; readonly factor: number; readonly part: Bits }
  | { readonly kind: "step"; readonly part: Bits; readonly of: readonly [Tree] | readonly [Tree, Tree] };

export type TreeStep = Extract<Tree, { kind: "step" }>;

export interface OrderCost {
  /** By the target's roofline, each step a dispatch of its own. */
  readonly seconds: number;
  /** As the reference counts them: a step of two factors 2 a point, a sum 1. */
  readonly flops: number;
  /** Distinct bytes that each step touches: what it reads and what it writes. */
  readonly bytes: number;
  /** Elements of intermediates. */
  readonly elements: number;
  /** Those at load too. */
  readonly steps: number;
}

export const noCost: OrderCost = { seconds: 0, flops: 0, bytes: 0, elements: 0, steps: 0 };

/** Time decides; what is equal to rounding is decided by flops, then by the size of intermediates, then by their number. */
export function cheaper(a: OrderCost, b: OrderCost): boolean {
  return compareCosts(a, b) < 0;
}

/** For sorting, the cheapest first. */
export function compareCosts(a: OrderCost, b: OrderCost): number {
  if (Math.abs(a.seconds - b.seconds) > 1e-9 * Math.max(a.seconds, b.seconds)) return a.seconds - b.seconds;
  if (Math.abs(a.flops - b.flops) > 1e-9 * Math.max(a.flops, b.flops)) return a.flops - b.flops;
  return a.elements - b.elements || a.steps - b.steps;
}

export const plus = (a: OrderCost, b: OrderCost): OrderCost => ({
  seconds: a.seconds + b.seconds,
  flops: a.flops + b.flops,
  bytes: a.bytes + b.bytes,
  elements: a.elements + b.elements,
  steps: a.steps + b.steps,
});

export const everyFactor = (p: Product): Bits => (1 << p.factors.length) - 1;

export function members(bits: Bits): number[] {
  const found: number[] = [];
  for (let i = 0, rest = bits; rest !== 0; i++, rest >>>= 1) if (rest & 1) found.push(i);
  return found;
}

const union = (sets: readonly Bits[]): Bits => sets.reduce((a, b) => a | b, 0);

/** The factors that must have come together before a condition is applied: all that hold a reduced index of it. */
function required(p: Product, condition: Bits): Bits {
  const reduced = condition & ~p.out;
  const holders = p.factors.reduce((set, f, i) => ((f & reduced) === 0 ? set : set | (1 << i)), 0);
  return holders === 0 ? everyFactor(p) : holders;
}

/** Positions of the conditions that a part, or something inside it, has applied. */
export const appliedWithin = (p: Product, part: Bits): number[] =>
  p.conditions.flatMap((c, i) => ((required(p, c) & ~part) === 0 ? [i] : []));

/** Positions of the conditions that a step applies itself. */
export function appliedAt(p: Product, step: TreeStep): number[] {
  if (p.conditions.length === 0) return [];
  // a bare factor has applied nothing, even where the sum over its private indices would
  const before = new Set(step.of.flatMap((t) => (t.kind === "factor" ? [] : appliedWithin(p, t.part))));
  return appliedWithin(p, step.part).filter((c) => !before.has(c));
}

/** Indices of what a part makes. */
export function keptBy(p: Product, part: Bits): Bits {
  if (part === everyFactor(p)) return p.out;
  let inside = 0;
  let outside = p.out;
  p.factors.forEach((f, i) => {
    if ((part & (1 << i)) !== 0) inside |= f;
    else outside |= f;
  });
  p.conditions.forEach((c) => {
    if ((required(p, c) & ~part) === 0) inside |= c;
    else outside |= c;
  });
  return inside & outside;
}

/** Indices over which a step loops. */
export function loopsOf(p: Product, step: TreeStep): Bits {
  const operands = union(step.of.map((t) => resultOf(p, t)));
  const conditions = union(appliedAt(p, step).map((i) => p.conditions[i] ?? 0));
  if (step.part !== everyFactor(p)) return operands | conditions;
  const unmentioned = p.indices & ~(union(p.factors) | union(p.conditions));
  return operands | conditions | p.out | unmentioned;
}

/** Indices of what a tree gives. */
export const resultOf = (p: Product, t: Tree): Bits =>
  t.kind === "factor" ? (p.factors[t.factor] ?? 0) : keptBy(p, t.part);

function volume(p: Product, indices: Bits): number {
  let product = 1;
  for (let i = 0, rest = indices; rest !== 0; i++, rest >>>= 1) if (rest & 1) product *= p.sizes[i] ?? 1;
  return product;
}

/** What one step costs, its operands at hand. */
export function stepCost(p: Product, step: TreeStep, target: Target): OrderCost {
  if (p.free(step.part)) return { ...noCost, steps: 1 };
  const elements = volume(p, keptBy(p, step.part));
  const flops = step.of.length * volume(p, loopsOf(p, step));
  const bytes = elements * p.elementBytes + readBytes(p, step);
  const { seconds } = roofline({ flops, bytes, dispatches: 1 }, target);
  return { seconds, flops, bytes, elements: step.part === everyFactor(p) ? 0 : elements, steps: 1 };
}

/** Bytes that a step reads, a tensor that is two of its factors once. */
function readBytes(p: Product, step: TreeStep): number {
  const [left, right] = step.of;
  const read = (t: Tree): number =>
    t.kind === "factor" ? (p.factorBytes[t.factor] ?? 0) : volume(p, keptBy(p, t.part)) * p.elementBytes;
  const conditions = appliedAt(p, step).reduce((sum, i) => sum + (p.conditionBytes[i] ?? 0), 0);
  if (right === undefined) return read(left) + conditions;
  const same =
    left.kind === "factor" && right.kind === "factor" ? p.names[left.factor] === p.names[right.factor] : false;
  return (same ? Math.max(read(left), read(right)) : read(left) + read(right)) + conditions;
}

/** The cost of making the trees one after the other; `made` holds the keys that exist already and grows. */
export function costOf(
  trees: readonly (readonly [Product, Tree])[],
  target: Target,
  made: Set<string> = new Set(),
): OrderCost {
  const visit = (p: Product, t: Tree): OrderCost => {
    if (t.kind === "factor") return noCost;
    const key = p.key(t.part);
    if (made.has(key)) return noCost;
    made.add(key);
    return t.of.reduce((sum, part) => plus(sum, visit(p, part)), stepCost(p, t, target));
  };
  return trees.reduce((sum, [p, t]) => plus(sum, visit(p, t)), noCost);
}

/** The cost of one tree by itself. Keys are asked for only where two of its parts have the same factors. */
export function costAlone(p: Product, tree: Tree, target: Target): OrderCost {
  const seen = new Set<string>();
  const repeats = (part: Bits): boolean => {
    const names = members(part)
      .map((i) => p.names[i] ?? -1)
      .sort((a, b) => a - b)
      .join();
    return seen.size === seen.add(names).size;
  };
  const distinct = (t: Tree): boolean => t.kind === "factor" || (!repeats(t.part) && t.of.every(distinct));
  if (!distinct(tree)) return costOf([[p, tree]], target);
  const sum = (t: Tree): OrderCost =>
    t.kind === "factor" ? noCost : t.of.reduce((cost, part) => plus(cost, sum(part)), stepCost(p, t, target));
  return sum(tree);
}

export const bareFactor = (factor: number): Tree => ({ kind: "factor", factor, part: 1 << factor });

/** Whether a factor by itself has something to sum. */
export const hasPrivate = (p: Product, factor: number): boolean =>
  ((p.factors[factor] ?? 0) & ~keptBy(p, 1 << factor)) !== 0 || appliedWithin(p, 1 << factor).length > 0;

/** A factor, its private indices summed. */
export function leaf(p: Product, factor: number): Tree {
  const bare = bareFactor(factor);
  const sums = bare.part === everyFactor(p) || hasPrivate(p, factor);
  return sums ? { kind: "step", part: bare.part, of: [bare] } : bare;
}

export const join = (a: Tree, b: Tree): TreeStep => ({ kind: "step", part: a.part | b.part, of: [a, b] });

/**
 * The order as written: ((f₀ · f₁) · f₂) · …, where a run of factors that `written` names is a product by itself and
 * comes in as one.
 */
export function writtenOrder(p: Product, written: ReadonlySet<string> = new Set()): Tree {
  const partOf = (from: number, to: number): Bits => ((1 << (to - from)) - 1) << from;
  const visit = (from: number, to: number): Tree => {
    const items: Tree[] = [];
    for (let at = from; at < to; ) {
      let end = at + 1;
      for (let longer = to; longer > end; longer--) {
        const whole = at === from && longer === to;
        if (!whole && written.has(p.key(partOf(at, longer)))) end = longer;
      }
      items.push(end === at + 1 ? leaf(p, at) : visit(at, end));
      at = end;
    }
    return items.slice(1).reduce(join, items[0] ?? leaf(p, from));
  };
  return visit(0, p.factors.length);
}
