import type { Graph, Node, ValueId } from "../../src/ir/graph/ops.js";

/**
 * Gives every output memory of its own: one that is an input or a parameter, or that has been given out under another
 * name already, becomes a copy.
 */
export function withCopies(g: Graph): Graph {
  const nodes: Node[] = [...g.nodes];
  const locs = [...g.locs];
  const taken = new Set<ValueId>();
  const outputs = g.outputs.map((o) => {
    const node = g.nodes[o.value];
    const own = node !== undefined && node.op !== "input" && node.op !== "param" && !taken.has(o.value);
    taken.add(o.value);
    if (node === undefined || own) return o;
    const ixs = node.type.shape.map((_, ix) => ix);
    nodes.push({
      op: "map",
      args: [{ value: o.value, at: ixs.map((ix) => ({ i: "ix", ix }) as const) }],
      out: ixs,
      extents: node.type.shape,
      body: { e: "arg", arg: 0 },
      type: node.type,
    });
    locs.push(g.locs[o.value] ?? { kind: "none" });
    return { name: o.name, value: nodes.length - 1 };
  });
  return nodes.length === g.nodes.length ? g : { ...g, nodes, locs, outputs };
}
