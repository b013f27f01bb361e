import { ceilDivDim, constDim, constValue, type Dim, dimRange, productDim } from "../../src/ir/dim.js";
import { add, floordiv, int, type KernelBuilder, lt, mod, mul } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";

/** Positions of a workgroup along the axes that were asked for, and whether it has work. */
export interface Place {
  readonly at: readonly KExpr[];
  /** Absent where every workgroup has work. Uniform over a workgroup. */
  readonly live?: KExpr;
}

/**
 * Opens the grid loops for any number of axes, the first running fastest. An axis count beyond the device's limit is
 * folded: all axes become one line, and the line becomes rows of a power of two.
 */
export function openGrid(b: KernelBuilder, axes: readonly Dim[], maxGrid: number): Place {
  const counted = axes.map((d, i) => ({ d, i })).filter(({ d }) => constValue(d) !== 1);
  const at: KExpr[] = axes.map(() => int(0));
  if (counted.length <= 3 && counted.every(({ d }) => dimRange(d).hi <= maxGrid)) {
    // Loops nest from the slowest axis to the fastest.
    for (let n = counted.length - 1; n >= 0; n--) {
      const entry = counted[n];
      if (entry !== undefined) at[entry.i] = b.grid(n as 0 | 1 | 2, entry.d, `group_${"xyz"[n]}`);
    }
    return { at };
  }
  const total = productDim(counted.map(({ d }) => d));
  const most = dimRange(total).hi;
  let line: KExpr;
  let live: KExpr | undefined;
  if (most <= maxGrid) line = b.grid(0, total, "group");
  else {
    let row = 1;
    while (most / row > maxGrid) row *= 2;
    invariant(row <= maxGrid, () => `${most} workgroups do not fit a grid of ${maxGrid} x ${maxGrid}`);
    const y = b.grid(1, ceilDivDim(total, constDim(row)), "group_y");
    const x = b.grid(0, row, "group_x");
    line = add(mul(y, row), x);
    live = lt(line, b.dim(total));
  }
  counted.forEach(({ d, i }, n) => {
    at[i] = n === counted.length - 1 ? line : mod(line, b.dim(d));
    line = floordiv(line, b.dim(d));
  });
  return live === undefined ? { at } : { at, live };
}
