import { type Dim, evalDim } from "../../src/ir/dim.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { graphSymbols } from "../../src/ir/graph/print.js";

/** A number for each run-time size: the geometric middle of its range, rounded to its step. */
export function typicalSizes(graph: Graph): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, dim] of graphSymbols(graph)) {
    if (dim.op !== "symbol") continue;
    const { lo, hi, step } = dim;
    const middle = Math.round(Math.sqrt(lo * hi) / step) * step;
    sizes.set(name, Math.min(hi, Math.max(lo, middle)));
  }
  return sizes;
}

/** Each run-time size at the top of its range: where two costs cross, the one that grows more slowly is less. */
export function greatestSizes(graph: Graph): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, dim] of graphSymbols(graph)) if (dim.op === "symbol") sizes.set(name, dim.hi);
  return sizes;
}

/** Elements of a shape at those sizes. */
export const typicalElements = (shape: readonly Dim[], sizes: ReadonlyMap<string, number>): number =>
  shape.reduce((n, d) => n * evalDim(d, sizes), 1);
