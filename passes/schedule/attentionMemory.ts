import { add, type Ex, floordiv, type KB, kType, laneAt, mod, mul, pack, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import type { Source } from "./tile/source.js";

/**
 * A tile of rows that is too wide for registers: scores, queries, results of heads. Private to an invocation that holds
 * whole rows, else shared by a workgroup. Columns beyond those of the matrix exist up to the next whole tile.
 */
export interface TileMemory {
  readonly cols: number;
  readonly width: Width;
  /** `width` neighbours from (row, col), whose column is a multiple of the width. */
  get(row: Ex, col: Ex): KExpr;
  put(row: Ex, col: Ex, value: KExpr): void;
  /** The columns from `first` on, as the left factor of a product. */
  source(first: Ex): Source;
}

export function tileMemory(
  b: KB,
  space: "scratch" | "shared",
  hint: string,
  rows: number,
  cols: number,
  width: Width,
): TileMemory {
  const id = b.memory(space, hint, kType("f32", width), (rows * cols) / width);
  const address = (row: Ex, col: Ex): KExpr => add(mul(row, cols), col);
  const get = (row: Ex, col: Ex): KExpr => b.load(id, floordiv(address(row, col), width));
  const element = (row: Ex, col: Ex): KExpr => {
    const at = address(row, col);
    return width === 1 ? b.load(id, at) : laneAt(b.load(id, floordiv(at, width)), mod(at, width));
  };
  return {
    cols,
    width,
    get,
    put: (row, col, value) => b.store(id, floordiv(address(row, col), width), splat(value, width)),
    source: (first) => ({
      vector: width === 4 ? "col" : "none",
      at(_, row, col, count, along) {
        const from = add(first, col);
        if (along === "col" && count === 4 && width === 4) return get(row, from);
        return pack(
          Array.from({ length: count }, (_, i) =>
            along === "row" ? element(add(row, i), from) : element(row, add(from, i)),
          ),
        );
      },
    }),
  };
}

/** The part of a memory from a column on. */
export const fromColumn = (m: TileMemory, first: Ex): TileMemory => ({
  ...m,
  get: (row, col) => m.get(row, add(first, col)),
  put: (row, col, value) => m.put(row, add(first, col), value),
  source: (col) => m.source(add(first, col)),
});
