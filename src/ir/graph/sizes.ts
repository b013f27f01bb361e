import { invariant } from "../../util/invariant.js";
import { evalDim, printDim, symbolsOf } from "../dim.js";
import type { TensorData } from "../dtype.js";
import type { Graph } from "./ops.js";
import { graphSymbols } from "./print.js";

/** Run-time sizes by name, from the shapes of the inputs (language.md D6) and from those given; checked against their ranges. */
export function bindSizes(
  graph: Graph,
  inputs: ReadonlyMap<string, TensorData>,
  given: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const sizes = new Map(given);
  for (const value of graph.inputs) {
    const node = graph.nodes[value];
    if (node?.op !== "input") continue;
    const data = inputs.get(node.name);
    invariant(data !== undefined, () => `input ${node.name} has no value`);
    invariant(
      data.shape.length === node.type.shape.length,
      () => `input ${node.name} has ${node.type.shape.length} axes, not ${data.shape.length}`,
    );
    node.type.shape.forEach((extent, axis) => {
      if (extent.op !== "symbol") return;
      const size = data.shape[axis] as number;
      const known = sizes.get(extent.name);
      invariant(
        known === undefined || known === size,
        () => `${extent.name} is ${known} and, by ${node.name}, ${size}`,
      );
      sizes.set(extent.name, size);
    });
  }
  for (const [name, symbol] of graphSymbols(graph)) {
    const size = sizes.get(name);
    invariant(size !== undefined, () => `no input gives the size ${name}`);
    if (symbol.op !== "symbol") continue;
    invariant(
      Number.isInteger(size) && size >= symbol.lo && size <= symbol.hi && size % symbol.step === 0,
      () => `${name} = ${size} is not in ${symbol.lo}..${symbol.hi} step ${symbol.step}`,
    );
  }
  for (const value of graph.inputs) {
    const node = graph.nodes[value];
    if (node?.op !== "input") continue;
    const shape = inputs.get(node.name)?.shape ?? [];
    node.type.shape.forEach((extent, axis) => {
      if (symbolsOf(extent).some((symbol) => !sizes.has(symbol.name))) return;
      const size = evalDim(extent, sizes);
      invariant(
        shape[axis] === size,
        () => `axis ${axis} of ${node.name} is ${printDim(extent)} = ${size}, not ${shape[axis]}`,
      );
    });
  }
  return sizes;
}
