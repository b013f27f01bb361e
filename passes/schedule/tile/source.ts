import type { KB } from "../../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../../src/ir/kernel/ops.js";

export type Direction = "row" | "col";

/**
 * How element (row, col) of a matrix comes about: loads, and whatever arithmetic stands between memory and the matrix.
 * Positions beyond the edge of the matrix may be asked for; what comes back is a value of the dtype and nothing else is
 * promised of it.
 */
export interface Source {
  /** Along which direction four neighbours come by one load, if any. */
  readonly vector: Direction | "none";
  /** `width` neighbours along a direction, the first at (row, col), whose position along it is a multiple of `width`. */
  at(b: KB, row: KExpr, col: KExpr, width: Width, along: Direction): KExpr;
}

/** Where element (row, col) of a result goes, and the arithmetic on its way. Edges are guarded by the sink. */
export interface Sink {
  put(b: KB, row: KExpr, col: KExpr, value: KExpr): void;
}
