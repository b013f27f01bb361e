import { add } from "../../../src/ir/kernel/builder.js";
import type { KExpr } from "../../../src/ir/kernel/ops.js";
import type { Sink, Source } from "./source.js";

/** A source seen from a tile's corner. */
export const shifted = (s: Source, row0: KExpr | undefined, col0: KExpr | undefined): Source => ({
  vector: s.vector,
  at: (b, row, col, width, along) =>
    s.at(b, row0 === undefined ? row : add(row0, row), col0 === undefined ? col : add(col0, col), width, along),
});

/** A sink seen from a tile's corner. */
export const shiftedSink = (s: Sink, row0: KExpr, col0: KExpr): Sink => ({
  put: (b, row, col, value) => s.put(b, add(row0, row), add(col0, col), value),
});
