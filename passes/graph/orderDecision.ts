import type { Choice, Decision } from "../../src/cost/plan.js";
import type { Target } from "../../src/cost/target.js";
import type { Loc } from "../../src/diagnostics/span.js";
import type { PassContext, Remark } from "../pass.js";
import { costAlone, costOf, type Product, type Tree, type TreeStep } from "./contractionOrder.js";
import { orderText } from "./orderText.js";

/** A product of three factors or more, and what was decided about it. */
export interface OrderedProduct {
  readonly product: Product;
  /** Its key in a plan. */
  readonly subject: string;
  /** What its factors are called. */
  readonly names: readonly string[];
  readonly chosen: Tree;
  readonly written: Tree;
  /** Other orders, the best first. */
  readonly others: readonly Tree[];
  readonly pinned: boolean;
  readonly loc: Loc;
}

/** So many other orders are shown unless the context says otherwise. */
const mostOthers = 3;

/**
 * What `reassociate` says of a product. Flops and bytes are those of a run with the product by itself, what is made at
 * load apart; `shared` of them, in `made`, belong to intermediates that an earlier product has made already.
 *
 * @param made keys of the parts that exist; grows
 */
export function orderRemark(
  p: OrderedProduct,
  { target, others: most = mostOthers }: Pick<PassContext, "target" | "others">,
  made: Set<string>,
): Remark {
  const choice = (tree: Tree): Choice => choiceOf(p, tree, target);
  const chosen = choice(p.chosen);
  const written = choice(p.written);
  const added = costOf([[p.product, p.chosen]], target, made);
  const shared = { flops: chosen.flops - added.flops, bytes: chosen.bytes - added.bytes };
  const prepared = stepsOf(p.chosen).filter((t) => p.product.free(t.part));
  const texts = new Set([chosen.name]);
  const others: Choice[] = [];
  for (const tree of p.others) {
    if (others.length >= most) break;
    const name = orderText(tree, p.names);
    if (texts.has(name)) continue;
    texts.add(name);
    others.push(choice(tree));
  }
  const decision: Decision = {
    kind: "order",
    subject: p.subject,
    chosen: shared.flops > 0 || shared.bytes > 0 ? { ...chosen, shared } : chosen,
    written,
    others,
    pinned: p.pinned,
  };
  const gain = chosen.flops === 0 ? "" : ` (${(written.flops / chosen.flops).toFixed(2)}×)`;
  const says = [
    `${chosen.name}: ${flopsText(chosen.flops)}, as written ${written.name}: ${flopsText(written.flops)}${gain}`,
    ...(prepared.length === 0 ? [] : [`made once at load: ${prepared.map((t) => orderText(t, p.names)).join(", ")}`]),
    ...(p.pinned ? ["by the plan"] : []),
  ];
  return {
    pass: "reassociate",
    loc: p.loc,
    message: says.join("; "),
    data: {
      order: chosen.name,
      flops: chosen.flops,
      bytes: chosen.bytes,
      written: written.name,
      writtenFlops: written.flops,
      writtenBytes: written.bytes,
    },
    decision,
  };
}

function choiceOf(p: OrderedProduct, tree: Tree, target: Target): Choice {
  const { flops, bytes, seconds } = costAlone(p.product, tree, target);
  const dispatches = stepsOf(tree).filter((t) => !p.product.free(t.part)).length;
  return { name: orderText(tree, p.names), flops, bytes, dispatches, seconds };
}

const stepsOf = (t: Tree): readonly TreeStep[] => (t.kind === "factor" ? [] : [t, ...t.of.flatMap(stepsOf)]);

export const flopsText = (n: number): string =>
  n >= 1e9 ? `${(n / 1e9).toFixed(2)} Gflop` : n >= 1e6 ? `${(n / 1e6).toFixed(2)} Mflop` : `${n} flop`;
