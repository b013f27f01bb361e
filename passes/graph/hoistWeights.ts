import { symbolsOf } from "../../src/ir/dim.js";
import type { Graph, Node, ValueId } from "../../src/ir/graph/ops.js";
import { mapDims, operands } from "../../src/ir/graph/visit.js";

/**
 * The values that depend on parameters and constants only, and on no run-time size: they are computed once, when the
 * weights are loaded. Parameters themselves belong to them; values that read no parameter at all (positions, masks
 * of constant size) do too.
 */
export function parameterOnly(graph: Graph): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  graph.nodes.forEach((node, v) => {
    if (node.op === "input" || mentionsSymbol(node)) return;
    if (operands(node).every((used) => found.has(used))) found.add(v);
  });
  return found;
}

/** Whether a size that is known only at run time occurs in the node, subscripts and scalars included. */
export function mentionsSymbol(node: Node): boolean {
  let found = false;
  mapDims(node, (dim) => {
    if (symbolsOf(dim).length > 0) found = true;
    return dim;
  });
  return found || node.type.shape.some((dim) => symbolsOf(dim).length > 0);
}
