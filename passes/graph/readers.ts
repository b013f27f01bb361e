import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { liveValues, operandUses, useValues } from "../../src/ir/graph/visit.js";

/** Who reads what in a graph. */
export interface Readers {
  /** The node that alone reads a value, and reads it once; nothing for an output. */
  sole(v: ValueId): ValueId | undefined;
}

export function readersIn(g: Graph): Readers {
  const live = liveValues(g);
  const reads = g.nodes.map(() => [] as ValueId[]);
  const note = (v: ValueId, reader: ValueId): void => void reads[v]?.push(reader);
  g.nodes.forEach((node, reader) => {
    if (!live[reader]) return;
    if (node.op === "concat" || node.op === "region") for (const v of node.args) note(v, reader);
    for (const use of operandUses(node)) for (const v of useValues(use)) note(v, reader);
  });
  for (const o of g.outputs) note(o.value, -1);
  return {
    sole(v) {
      const [first, ...more] = reads[v] ?? [];
      return first === undefined || first < 0 || more.length > 0 ? undefined : first;
    },
  };
}
