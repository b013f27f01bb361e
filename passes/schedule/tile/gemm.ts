import {
  add,
  type Ex,
  floordiv,
  fma,
  type KB,
  kType,
  lane,
  laneAt,
  lit,
  mod,
  mul,
  pack,
  select,
  splat,
  typeOf,
} from "../../../src/ir/kernel/builder.js";
import type { BufId, KExpr } from "../../../src/ir/kernel/ops.js";
import { invariant } from "../../../src/util/invariant.js";
import { colAt, eachCol, eachRow, type Fragment, get, put, rowAt, rowRun } from "./fragment.js";
import type { Source } from "./source.js";

/** A stretch of the reduced index: steps 4·fours[0] … 4·fours[1] by fours, then ones[0] … ones[1] one by one. */
export interface Depth {
  readonly fours: readonly [from: Ex, to: Ex];
  readonly ones?: readonly [from: Ex, to: Ex];
}

/** Whether the product of element (row, k) and element (k, col) counts; of the width of the columns, or one lane. */
export type Keep = (b: KB, row: KExpr, k: KExpr, col: KExpr) => KExpr;

/**
 * acc += a · w over a stretch of the reduced index, in registers: every invocation loads its own rows of `a` and its own
 * columns of `w`. The main loop takes four steps at once, so that sources with lanes along the reduced index are loaded
 * by vectors too; what is left over is taken one step at a time, so nothing is read beyond the end. A tile in registers
 * may stand on the left (`asLeft`); then the stretch is all of its columns.
 */
export function gemm(b: KB, acc: Fragment, a: Source | Fragment, w: Source, depth: Depth, keep?: Keep): void {
  const { regs, width } = acc.d;
  const columns = b.memory("register", "columns", kType(acc.dtype, width), regs[1]);
  if ("buffer" in a) {
    fromRegisters(b, acc, a, w, columns, keep);
    return;
  }
  b.for(
    ...depth.fours,
    1,
    "serial",
    (four) => {
      const k = mul(four, 4);
      const left = leftBlock(b, acc, a, k);
      const right = rightBlock(b, acc, w, k);
      for (let kk = 0; kk < 4; kk++) {
        eachCol(b, acc.d, (q, col) => b.store(columns, q, right(kk, q, col)));
        accumulate(b, acc, columns, (p, row) => left(kk, p, row), add(k, kk), keep);
      }
    },
    "k4",
  );
  if (depth.ones === undefined) return;
  b.for(
    ...depth.ones,
    1,
    "serial",
    (k) => {
      eachCol(b, acc.d, (q, col) => b.store(columns, q, splat(w.at(b, k, col, width, "col"), width)));
      accumulate(b, acc, columns, (_, row) => a.at(b, row, k, 1, "col"), k, keep);
    },
    "k",
  );
}

/** The same with a left factor in registers, whose columns are all of the reduced index: its steps are literals. */
function fromRegisters(b: KB, acc: Fragment, a: Fragment, w: Source, columns: BufId, keep: Keep | undefined): void {
  const { width } = acc.d;
  invariant(a.d.lanes[1] === 1 && a.d.regs[0] === acc.d.regs[0], () => "a left factor in registers has whole rows");
  eachCol(b, a.d, (q, first) => {
    for (let l = 0; l < a.d.width; l++) {
      const k = add(first, l);
      eachCol(b, acc.d, (c, col) => b.store(columns, c, splat(w.at(b, k, col, width, "col"), width)));
      accumulate(b, acc, columns, (p) => lane(get(b, a, p, q), l), k, keep);
    }
  });
}

function accumulate(
  b: KB,
  acc: Fragment,
  columns: BufId,
  left: (p: KExpr, row: KExpr) => KExpr,
  k: KExpr,
  keep: Keep | undefined,
): void {
  eachRow(b, acc.d, (p, row) => {
    const x = b.let(left(p, row), "a");
    eachCol(b, acc.d, (q, col) => {
      const w = b.load(columns, q);
      const old = get(b, acc, p, q);
      const wide = splat(x, typeOf(w).width);
      if (keep === undefined) put(b, acc, p, q, fma(wide, w, old));
      else put(b, acc, p, q, add(old, select(keep(b, row, k, col), mul(wide, w), lit(0, typeOf(w)))));
    });
  });
}

/** Four steps of the rows: element (row p, step kk), loaded along whichever direction is contiguous. */
function leftBlock(b: KB, acc: Fragment, a: Source, k: KExpr): (kk: number, p: KExpr, row: KExpr) => KExpr {
  const { d, dtype } = acc;
  if (a.vector === "row" && rowRun(d) === 4) {
    // register 4 * g + kk holds rows 4g … 4g+3 of step kk
    const block = b.memory("register", "rows", kType(dtype, 4), d.regs[0]);
    b.for(0, d.regs[0] / 4, 1, "unroll", (g) => {
      const row = rowAt(d, g, 0);
      for (let kk = 0; kk < 4; kk++) {
        b.store(block, add(mul(g, 4), kk), splat(a.at(b, row, add(k, kk), 4, "row"), 4));
      }
    });
    return (kk, p) => laneOf(b, block, p, kk);
  }
  const block = b.memory("register", "rows", kType(dtype, 4), d.regs[0]);
  eachRow(b, d, (p, row) => b.store(block, p, splat(a.at(b, row, k, 4, "col"), 4)));
  return (kk, p) => lane(b.load(block, p), kk);
}

/** Lane p % 4 of register 4 * (p / 4) + kk; p is unrolled, so the choice is made before the kernel runs. */
const laneOf = (b: KB, block: BufId, p: KExpr, kk: number): KExpr =>
  laneAt(b.load(block, add(mul(floordiv(p, 4), 4), kk)), mod(p, 4));

/** Four steps of the columns: vector q of step kk. */
function rightBlock(b: KB, acc: Fragment, w: Source, k: KExpr): (kk: number, q: KExpr, col: KExpr) => KExpr {
  const { d, dtype } = acc;
  const { width } = d;
  if (w.vector !== "row") return (kk, _, col) => splat(w.at(b, add(k, kk), col, width, "col"), width);
  // register width * q + j holds steps k … k+3 of column j of vector q
  const block = b.memory("register", "block", kType(dtype, 4), d.regs[1] * width);
  b.for(0, d.regs[1], 1, "unroll", (q) => {
    for (let j = 0; j < width; j++) {
      b.store(block, add(mul(q, width), j), splat(w.at(b, k, add(colAt(d, q), j), 4, "row"), 4));
    }
  });
  return (kk, q) => pack(Array.from({ length: width }, (_, j) => lane(b.load(block, add(mul(q, width), j)), kk)));
}
