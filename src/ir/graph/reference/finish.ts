import type { DType } from "../../dtype.js";
import { type Bounded, settle } from "./bounds.js";
import type { Grid } from "./columns.js";
import type { Precision } from "./errors.js";
import { undecidedBy } from "./tensor.js";

/** Sets the bound of every element, f16 rounding and flushing included; undecided elements have none. */
export function finish(grid: Grid, precision: Precision, half: boolean, bound: (i: number) => number): void {
  const out: Bounded = { v: 0, b: 0, u: 0 };
  for (let i = 0; i < grid.value.length; i++) {
    const v = grid.value[i] as number;
    const b = bound(i);
    out.u = grid.flags[i] as number;
    settle(precision, v, half ? b + precision.ulp * (Math.abs(v) + b) : b, out);
    grid.bound[i] = out.u === 0 ? out.b : 0;
    grid.flags[i] = out.u;
  }
}

/** The whole numbers of a dtype: least and greatest. */
export const wholeRange = (dtype: DType): readonly [number, number] =>
  dtype === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];

/** Whole results are exact; what leaves the dtype's range has no portable meaning. */
export function finishWhole(grid: Grid, dtype: DType): Grid {
  const [least, greatest] = wholeRange(dtype);
  for (let i = 0; i < grid.value.length; i++) {
    const v = grid.value[i] as number;
    if (!(v >= least && v <= greatest)) grid.flags[i] = (grid.flags[i] as number) | undecidedBy.range;
  }
  return grid;
}
