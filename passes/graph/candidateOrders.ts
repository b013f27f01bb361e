import type { Plan } from "../../src/cost/plan.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import type { PassContext } from "../pass.js";
import type { OrderCost } from "./contractionOrder.js";
import { orderProblem, pinnedOrders, pinnedTrees } from "./orderProblem.js";
import { searchOrders } from "./orderSearch.js";
import { orderText } from "./orderText.js";
import { greatestSizes } from "./typicalSize.js";

/** One way of ordering the products of a group, as a plan says it. */
export interface CandidateOrders {
  /** Of the products of three factors or more. */
  readonly orders: Plan["orders"];
  /** Of the whole group at run time, by the target's roofline, each product a dispatch of its own. */
  readonly cost: OrderCost;
}

/**
 * The best orders of each group of products that share intermediates, at most four a group, the cheapest first: what a
 * search over fused strategies tries, one candidate of each group as the plan of `reassociate`. The graph is the one that
 * `reassociate` gets. Orders that the plan of the context gives are in every candidate. Under `fp: "strict"` there is
 * nothing to choose.
 *
 * @param sizes a number for each run-time size; the top of each range if left out, as in `reassociate`
 */
export function candidateOrders(
  graph: Graph,
  cx: PassContext,
  sizes: ReadonlyMap<string, number> = greatestSizes(graph),
): readonly (readonly CandidateOrders[])[] {
  if (cx.fp === "strict") return [];
  const problem = orderProblem(graph, sizes);
  const products = problem.placed.map((p) => p.product);
  const pins = pinnedTrees(pinnedOrders(problem, cx, true));
  return searchOrders(products, cx.target, pins).flatMap(({ members, ranked }) => {
    if (members.every((i) => (products[i]?.factors.length ?? 0) < 3)) return [];
    const texts = new Set<string>();
    return [
      ranked.flatMap(({ trees, cost }) => {
        const orders: Record<string, string> = {};
        members.forEach((i, at) => {
          const [p, tree] = [problem.placed[i], trees[at]];
          if (p !== undefined && tree !== undefined && p.product.factors.length > 2)
            orders[p.subject] = orderText(tree, p.names);
        });
        const text = JSON.stringify(orders);
        return texts.size === texts.add(text).size ? [] : [{ orders, cost }];
      }),
    ];
  });
}
