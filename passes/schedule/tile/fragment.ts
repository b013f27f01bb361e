import type { DType } from "../../../src/ir/dtype.js";
import { add, type Ex, type KB, kType, lit, mul, splat } from "../../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Width } from "../../../src/ir/kernel/ops.js";

/**
 * How a tile of values is spread over the invocations of a workgroup and the registers of each. An invocation stands at
 * `place` among `lanes` and holds `regs` rows x vectors of `width` columns. Rows come in runs of four where an
 * invocation has a multiple of four of them, so that a source whose lanes run along rows can be loaded by vectors;
 * vectors of neighbouring invocations are neighbours, so that a workgroup's loads and stores are contiguous.
 */
export interface Distribution {
  readonly lanes: readonly [rows: number, cols: number];
  readonly regs: readonly [rows: number, vectors: number];
  readonly width: Width;
  readonly place: readonly [row: KExpr, col: KExpr];
}

/** A rows x cols tile in registers. Element (p, q) of an invocation is register p * regs[1] + q, a vector. */
export interface Fragment {
  readonly rows: number;
  readonly cols: number;
  readonly d: Distribution;
  readonly dtype: DType;
  readonly buffer: BufId;
}

export const rowsOf = (d: Distribution): number => d.lanes[0] * d.regs[0];
export const colsOf = (d: Distribution): number => d.lanes[1] * d.regs[1] * d.width;

/** Consecutive rows that an invocation holds. */
export const rowRun = (d: Distribution): 1 | 4 => (d.regs[0] % 4 === 0 ? 4 : 1);

/** Row of register row `run * rowRun + inside`, within the tile. */
export const rowAt = (d: Distribution, run: Ex, inside: Ex): KExpr =>
  add(mul(add(mul(run, d.lanes[0]), d.place[0]), rowRun(d)), inside);

/** First column of vector q, within the tile. */
export const colAt = (d: Distribution, q: Ex): KExpr => mul(add(mul(q, d.lanes[1]), d.place[1]), d.width);

export function fragment(b: KB, hint: string, d: Distribution, dtype: DType): Fragment {
  const buffer = b.memory("register", hint, kType(dtype, d.width), d.regs[0] * d.regs[1]);
  return { rows: rowsOf(d), cols: colsOf(d), d, dtype, buffer };
}

/** Calls `body` for every register row, with its row in the tile. */
export function eachRow(b: KB, d: Distribution, body: (p: KExpr, row: KExpr) => void): void {
  const run = rowRun(d);
  b.for(
    0,
    d.regs[0] / run,
    1,
    "unroll",
    (g) => b.for(0, run, 1, "unroll", (r) => body(add(mul(g, run), r), rowAt(d, g, r)), "r"),
    "g",
  );
}

/** Calls `body` for every register vector, with its first column in the tile. */
export const eachCol = (b: KB, d: Distribution, body: (q: KExpr, col: KExpr) => void): void =>
  b.for(0, d.regs[1], 1, "unroll", (q) => body(q, colAt(d, q)), "q");

/** Register of row p, vector q. */
export const registerAt = (f: Fragment, p: Ex, q: Ex): KExpr => add(mul(p, f.d.regs[1]), q);

export const get = (b: KB, f: Fragment, p: Ex, q: Ex): KExpr => b.load(f.buffer, registerAt(f, p, q));
export const put = (b: KB, f: Fragment, p: Ex, q: Ex, v: KExpr): void =>
  b.store(f.buffer, registerAt(f, p, q), splat(v, f.d.width));

/** A tile of one value. */
export function fill(b: KB, hint: string, d: Distribution, dtype: DType, value: number): Fragment {
  const f = fragment(b, hint, d, dtype);
  b.for(0, d.regs[0] * d.regs[1], 1, "unroll", (i) => b.store(f.buffer, i, lit(value, kType(dtype, d.width))), "i");
  return f;
}

export const zero = (b: KB, d: Distribution, dtype: DType): Fragment => fill(b, "acc", d, dtype, 0);

/** A new tile, each value made from the old one and its place in the tile. */
export function map(
  b: KB,
  f: Fragment,
  fn: (v: KExpr, row: KExpr, col: KExpr) => KExpr,
  hint = "t",
  dtype: DType = f.dtype,
): Fragment {
  const result = fragment(b, hint, f.d, dtype);
  eachRow(b, f.d, (p, row) => eachCol(b, f.d, (q, col) => put(b, result, p, q, fn(get(b, f, p, q), row, col))));
  return result;
}

/** A new tile from two; the second may have one value a row. */
export function zip(
  b: KB,
  f: Fragment,
  g: Fragment,
  fn: (x: KExpr, y: KExpr) => KExpr,
  hint = "t",
  dtype: DType = f.dtype,
): Fragment {
  const result = fragment(b, hint, f.d, dtype);
  eachRow(b, f.d, (p) =>
    eachCol(b, f.d, (q) => put(b, result, p, q, fn(get(b, f, p, q), get(b, g, p, g.d.regs[1] === 1 ? 0 : q)))),
  );
  return result;
}

/** Overwrites a tile, for values that a loop carries. */
export function set(b: KB, dst: Fragment, src: Fragment): void {
  b.for(0, dst.d.regs[0] * dst.d.regs[1], 1, "unroll", (i) => b.store(dst.buffer, i, b.load(src.buffer, i)), "i");
}
