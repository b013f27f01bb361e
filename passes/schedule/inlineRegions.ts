import { graphBuilder, inlineGraph } from "../../src/ir/graph/builder.js";
import type { Graph, Node, Op, ValueId } from "../../src/ir/graph/ops.js";
import { mapOperands } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";

type Region = Extract<Node, { op: "region" }>;

/** The graph with the body of every region in its place, but for those that a schedule computes whole. */
export function inlineRegions(g: Graph, kept: (region: Region) => boolean = () => false): Graph {
  if (!g.nodes.some((n) => n.op === "region" && !kept(n))) return g;
  const b = graphBuilder();
  const to: ValueId[] = [];
  const moved = (v: ValueId): ValueId => {
    const found = to[v];
    invariant(found !== undefined, () => `%${v} is read before it is computed`);
    return found;
  };
  g.nodes.forEach((node, v) => {
    const loc = g.locs[v] ?? { kind: "none" };
    if (node.op === "region" && !kept(node)) {
      const results = inlineGraph(b, inlineRegions(node.body, kept), node.args.map(moved));
      const result = results[node.result];
      invariant(result !== undefined, () => `region ${node.strategy} has no result ${node.result}`);
      to.push(result);
      return;
    }
    const { type, ...op } = node;
    to.push(b.add(mapOperands(op as Op, moved), loc, node.op === "input" || node.op === "param" ? type : undefined));
  });
  return b.finish(
    g.name,
    g.outputs.map((o) => ({ name: o.name, value: moved(o.value) })),
  );
}
