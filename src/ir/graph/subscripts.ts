import type { Dim } from "../dim.js";
import type { Graph, Index, Use } from "./ops.js";
import { operandUses } from "./visit.js";

/** An input whose own values choose a row of a parameter: an embedding. */
export interface SubscriptInput {
  readonly input: string;
  /** The path of the parameter and how many rows it has. */
  readonly param: string;
  readonly extent: Dim;
}

/**
 * The inputs whose values are subscripts of a parameter as they are (language.md I5). A value out of range reads the
 * nearest row, so only here, where it is surely a mistake, a runtime refuses it before it runs; a label of -100 that
 * subscripts a computed tensor is a custom, not a mistake.
 */
export function subscriptInputs(graph: Graph): readonly SubscriptInput[] {
  const found = new Map<string, SubscriptInput>();
  const visitUse = (use: Use): void => {
    for (const [axis, index] of use.at.entries()) visitIndex(use, axis, index);
  };
  const visitIndex = (use: Use, axis: number, index: Index): void => {
    if (index.i !== "value") return;
    const source = graph.nodes[index.of.value];
    const table = graph.nodes[use.value];
    const extent = table?.type.shape[axis];
    if (source?.op === "input" && table?.op === "param" && extent !== undefined) {
      found.set(`${source.name} ${table.path} ${axis}`, { input: source.name, param: table.path, extent });
    }
    visitUse(index.of);
  };
  for (const node of graph.nodes) for (const use of operandUses(node)) visitUse(use);
  return [...found.values()];
}
