import { noLoc } from "../../src/diagnostics/span.js";
import { graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { mapOperands, operandUses, useValues } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";
import { copyNode } from "../rewrite.js";
import { distribute } from "./distribution.js";
import { type ContractOp, grow } from "./growth.js";
import { parameterOnly } from "./hoistWeights.js";

/**
 * Products of products become one product:
 *
 *     Σ_c q[n, c] · keys[k, c]   where   q[n, c] = Σ_d x[n, d] · wq[d, c]
 *     Σ_{c, d} x[n, d] · wq[d, c] · keys[k, c]
 *
 * so that `reassociate` may choose any order, the old one included: where its search is exhaustive, nothing is dearer
 * afterwards. The parts stay in the graph, unread, for `reassociate` to give intermediates their names and axes; it drops
 * them. What is added in between moves out, `e · (x · w + b) = e · x · w + (Σe) · b`, where the best orders of the terms
 * cost less than those of the product (`distribution.ts`). Under `fp: "strict"` nothing grows.
 */
export const growContractions: Pass<Graph> = {
  name: "growContractions",
  summary: "flatten products of products",
  run,
};

function run(graph: Graph, cx: PassContext): Graph {
  return cx.fp === "strict" ? graph : grown(distribute(graph, cx));
}

function grown(graph: Graph): Graph {
  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  const reads = readsOf(graph);
  /** Readers of the values of the new graph. */
  const readers = new Map<ValueId, number>();
  const weights = parameterOnly(graph);
  const prepared = new Set<ValueId>();
  let changed = false;
  graph.nodes.forEach((node, v) => {
    const loc = graph.locs[v] ?? noLoc;
    if (node.op !== "contract") {
      next.set(v, copyNode(b, node, loc, at));
      return;
    }
    const { type: _, ...rest } = node;
    const op = mapOperands(rest, at) as ContractOp; // renaming keeps the variant
    const grown = grow(op, {
      nodeOf: (value) => b.node(value),
      reads: (value) => readers.get(value) ?? 0,
      prepared: (value) => prepared.has(value),
    });
    if (grown !== op) changed = true;
    const id = b.add(grown, loc);
    if (weights.has(v)) prepared.add(id);
    next.set(v, id);
    readers.set(id, (readers.get(id) ?? 0) + (reads[v] ?? 0));
  });
  if (!changed) return graph;
  return b.finish(
    graph.name,
    graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
  );
}

/** How often each value is read, as an output too. */
function readsOf(graph: Graph): readonly number[] {
  const counts = graph.nodes.map(() => 0);
  const count = (v: ValueId): void => {
    counts[v] = (counts[v] ?? 0) + 1;
  };
  for (const node of graph.nodes) {
    if (node.op === "concat" || node.op === "region") node.args.forEach(count);
    for (const use of operandUses(node)) for (const v of useValues(use)) count(v);
  }
  for (const o of graph.outputs) count(o.value);
  return counts;
}
