import { unreachable } from "../../util/invariant.js";
import { addDim, constDim, type Dim, productDim, scaleDim } from "../dim.js";
import { isFloat } from "../dtype.js";
import { fnClass } from "./functions.js";
import type { Graph, Node, Op, Scalar } from "./ops.js";
import { scalarType, type TypeOf } from "./types.js";
import { liveValues, walkScalar } from "./visit.js";

/**
 * Useful floating-point operations of a node.
 *
 * - `contract`: at each point of its index space one multiplication for each factor but the first, and one addition:
 *   2 a multiply-add of two factors, n a point of n factors (as written, before `reassociate`), 1 for a plain sum.
 * - `reduce`: one a point (`sum` an addition, `max` a comparison, …).
 * - `softmax`: five a point: maximum, subtraction, exponential, addition, division.
 * - `map`: one for each float function of the body (an exponential counts like an addition), both arms of a select;
 *   comparisons, logic, conversions and whole-number arithmetic are free.
 * - a region: its body. Data movement: none.
 *
 * Every point counts, selected or not: what a condition leaves out is known only at run time.
 */
export function nodeFlops(node: Op, typeOf: TypeOf): Dim {
  switch (node.op) {
    case "input":
    case "param":
    case "concat":
      return constDim(0);
    case "contract":
      return scaleDim(productDim(node.extents), node.factors.length, 1);
    case "map": {
      const dtypes = node.args.map((use) => typeOf(use.value).dtype);
      return scaleDim(
        productDim(node.extents),
        scalarFlops(node.body, (arg) => dtypes[arg] ?? "f32"),
        1,
      );
    }
    case "reduce":
      return productDim(node.extents);
    case "softmax":
      return scaleDim(productDim(node.extents), 5, 1);
    case "region":
      return graphFlops(node.body);
    default:
      return unreachable(node);
  }
}

/** Float operations of one evaluation of a scalar expression. */
export function scalarFlops(body: Scalar, argType: Parameters<typeof scalarType>[1]): number {
  let count = 0;
  walkScalar(body, (part) => {
    if (part.e !== "call") return;
    const kind = fnClass(part.fn);
    const first = part.args[0];
    if ((kind === "arithmetic" || kind === "real") && first && isFloat(scalarType(first, argType))) count++;
  });
  return count;
}

/** Of all nodes that an output depends on; a region with several results counts once. */
export function graphFlops(graph: Graph): Dim {
  const live = liveValues(graph);
  const typeOf: TypeOf = (value) => (graph.nodes[value] as Node).type;
  const seen = new Set<string>();
  const bodies = new Map<Graph, number>();
  let total: Dim = constDim(0);
  graph.nodes.forEach((node, id) => {
    if (!live[id]) return;
    if (node.op === "region") {
      if (!bodies.has(node.body)) bodies.set(node.body, bodies.size);
      const key = `${bodies.get(node.body)}(${node.args.join()})`;
      if (seen.has(key)) return;
      seen.add(key);
    }
    total = addDim(total, nodeFlops(node, typeOf));
  });
  return total;
}
