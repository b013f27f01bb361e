import { type Grid, newGrid } from "./columns.js";
import type { ReferenceTensor } from "./tensor.js";

/** Copies; nothing is rounded. */
export function concat(parts: readonly ReferenceTensor[], axis: number): Grid {
  const shape = parts[0]?.shape ?? [];
  const outer = shape.slice(0, axis).reduce((product, extent) => product * extent, 1);
  const grid = newGrid(parts.reduce((size, part) => size + part.value.length, 0));
  let to = 0;
  for (let row = 0; row < outer; row++)
    for (const part of parts) {
      const width = part.value.length / outer;
      grid.value.set(part.value.subarray(row * width, (row + 1) * width), to);
      grid.bound.set(part.bound.subarray(row * width, (row + 1) * width), to);
      grid.flags.set(part.undecided.subarray(row * width, (row + 1) * width), to);
      to += width;
    }
  return grid;
}
