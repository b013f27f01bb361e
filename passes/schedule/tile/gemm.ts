import { isFloat } from "../../../src/ir/dtype.js";
import {
  add,
  subgroup as broadcast,
  type Ex,
  floordiv,
  fma,
  int,
  type KB,
  kType,
  lane,
  laneAt,
  lit,
  madd4,
  mod,
  mul,
  pack,
  select,
  splat,
  typeOf,
} from "../../../src/ir/kernel/builder.js";
import type { BufId, KExpr } from "../../../src/ir/kernel/ops.js";
import { invariant } from "../../../src/util/invariant.js";
import { colAt, colsOf, eachCol, eachRow, type Fragment, get, put, rowAt, rowRun, rowsOf } from "./fragment.js";
import { shifted } from "./shift.js";
import type { Source } from "./source.js";
import { staged } from "./staged.js";

/**
 * A stretch of the reduced index. First `turns`: turn i takes the steps from 4·fours·i, 4·fours of them; then `fours`, four
 * steps at a time; then `ones`, one by one.
 */
export interface Depth {
  readonly turns?: { readonly fours: number; readonly from: Ex; readonly to: Ex };
  readonly fours: readonly [from: Ex, to: Ex];
  readonly ones?: readonly [from: Ex, to: Ex];
}

/** How the factors come to the invocations. Nothing said: each loads what it multiplies. */
export interface Feed {
  /**
   * The invocations of a subgroup stand side by side in one row of the tile: each loads some of its rows, and hands them
   * to the others. A power of two that divides the invocations of a tile's row.
   */
  readonly subgroup?: number;
  /** Factors that the workgroup copies to its memory, a turn at a time. */
  readonly staged?: { readonly left: boolean; readonly right: boolean };
  /** Four steps are multiplied as a matrix and a vector. */
  readonly matrices?: boolean;
}

/** Whether the product of element (row, k) and element (k, col) counts; of the width of the columns, or one lane. */
export type Keep = (b: KB, row: KExpr, k: KExpr, col: KExpr) => KExpr;

/**
 * acc += a · w over a stretch of the reduced index, in registers: every invocation loads its own rows of `a` and its own
 * columns of `w`, unless `feed` says otherwise. Four steps are taken at once, so that sources with lanes along the
 * reduced index are loaded by vectors too; what is left over is taken one step at a time, so nothing is read beyond the
 * end. A tile in registers may stand on the left (`asLeft`); then the stretch is all of its columns.
 */
export function gemm(
  b: KB,
  acc: Fragment,
  a: Source | Fragment,
  w: Source,
  depth: Depth,
  keep?: Keep,
  feed: Feed = {},
): void {
  const { regs, width } = acc.d;
  const columns = b.memory("register", "columns", kType(acc.dtype, width), regs[1]);
  if ("buffer" in a) {
    fromRegisters(b, acc, a, w, columns, keep);
    return;
  }
  /** Four steps: `at` is where the sources have them, `k` the first of them as the condition counts. */
  const four = (left: Source, right: Source, at: KExpr, k: KExpr): void => {
    const rows = leftBlock(b, acc, left, at, feed.subgroup);
    const cols = rightBlock(b, acc, right, at);
    if (feed.matrices && keep === undefined && isFloat(acc.dtype)) {
      byMatrices(b, acc, rows, cols);
      return;
    }
    for (let kk = 0; kk < 4; kk++) {
      eachCol(b, acc.d, (q, col) => b.store(columns, q, cols(kk, q, col)));
      accumulate(b, acc, columns, (p, row) => rows.one(kk, p, row), add(k, kk), keep);
    }
  };
  if (depth.turns !== undefined) {
    const { fours, from, to } = depth.turns;
    const copies = feed.staged && copiesOf(b, acc, a, w, 4 * fours, feed.staged);
    b.for(
      from,
      to,
      1,
      "serial",
      (turn) => {
        const first = mul(turn, 4 * fours);
        if (copies === undefined) {
          for (let f = 0; f < fours; f++) four(a, w, add(first, 4 * f), add(first, 4 * f));
          return;
        }
        copies.fill(first);
        const left = copies.left(first);
        const right = copies.right(first);
        // a loop of its own: what it would save unrolled is little beside the barriers, and the text is shorter
        b.for(0, fours, 1, "serial", (f) => four(left, right, mul(f, 4), add(first, mul(f, 4))), "k4");
        b.barrier();
      },
      "turn",
    );
  }
  b.for(...depth.fours, 1, "serial", (i) => four(a, w, mul(i, 4), mul(i, 4)), "k4");
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

/** Copies of a turn's factors in workgroup memory; a factor that is not copied is read where it lies. */
function copiesOf(
  b: KB,
  acc: Fragment,
  a: Source,
  w: Source,
  steps: number,
  which: NonNullable<Feed["staged"]>,
): {
  /** Copies, and waits until all is there. */
  fill(first: KExpr): void;
  left(first: KExpr): Source;
  right(first: KExpr): Source;
} {
  const { d, dtype } = acc;
  const along = a.vector === "row" && rowRun(d) === 4 ? "row" : "col";
  const left = which.left ? staged(b, a, rowsOf(d), steps, along, d, dtype, "left") : undefined;
  const right = which.right
    ? staged(b, w, steps, colsOf(d), w.vector === "row" ? "row" : "col", d, dtype, "right")
    : undefined;
  return {
    fill(first) {
      left?.fill(int(0), first);
      right?.fill(first, int(0));
      b.barrier();
    },
    left: (first) => left?.source ?? shifted(a, undefined, first),
    right: (first) => right?.source ?? shifted(w, first, undefined),
  };
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

/** Four steps of every row at once: the columns of a vector are a matrix, the row's elements a vector. */
function byMatrices(b: KB, acc: Fragment, rows: Rows, cols: (kk: number, q: KExpr, col: KExpr) => KExpr): void {
  const { d } = acc;
  const matrices = Array.from({ length: d.regs[1] }, (_, q) =>
    [0, 1, 2, 3].map((kk) => b.let(splat(cols(kk, int(q), colAt(d, q)), d.width), "w")),
  );
  eachRow(b, d, (p, row) => {
    const x = b.let(rows.steps(p, row), "a");
    matrices.forEach((columns, q) => {
      put(b, acc, p, q, madd4(x, columns, get(b, acc, p, q)));
    });
  });
}

/** Four steps of the rows. */
interface Rows {
  /** Element (row p, step kk). */
  one(kk: number, p: KExpr, row: KExpr): KExpr;
  /** All four of row p. */
  steps(p: KExpr, row: KExpr): KExpr;
}

/** Four steps of the rows: element (row p, step kk), loaded along whichever direction is contiguous. */
function leftBlock(b: KB, acc: Fragment, a: Source, k: KExpr, subgroup?: number): Rows {
  const { d, dtype } = acc;
  const block = b.memory("register", "rows", kType(dtype, 4), d.regs[0]);
  if (a.vector === "row" && rowRun(d) === 4) {
    // register 4 * g + kk holds rows 4g … 4g+3 of step kk
    const rowsOfStep = (g: KExpr, kk: KExpr): KExpr => splat(a.at(b, rowAt(d, g, 0), add(k, kk), 4, "row"), 4);
    if (subgroup !== undefined) handedOut(b, acc, block, subgroup, (i) => rowsOfStep(floordiv(i, 4), mod(i, 4)));
    else {
      b.for(0, d.regs[0] / 4, 1, "unroll", (g) => {
        for (let kk = 0; kk < 4; kk++) b.store(block, add(mul(g, 4), kk), rowsOfStep(g, int(kk)));
      });
    }
    const one = (kk: number, p: KExpr): KExpr => laneOf(b, block, p, kk);
    return { one, steps: (p) => pack([0, 1, 2, 3].map((kk) => one(kk, p))) };
  }
  const stepsOfRow = (row: KExpr): KExpr => splat(a.at(b, row, k, 4, "col"), 4);
  const run = rowRun(d);
  if (subgroup !== undefined)
    handedOut(b, acc, block, subgroup, (p) => stepsOfRow(rowAt(d, floordiv(p, run), mod(p, run))));
  else eachRow(b, d, (p, row) => b.store(block, p, stepsOfRow(row)));
  return { one: (kk, p) => lane(b.load(block, p), kk), steps: (p) => b.load(block, p) };
}

/** Registers whose values the invocations of a subgroup load in turns and hand to each other. */
function handedOut(b: KB, acc: Fragment, block: BufId, subgroup: number, value: (register: KExpr) => KExpr): void {
  const { d, dtype } = acc;
  const count = d.regs[0];
  let each = Math.min(subgroup, count);
  while (count % each !== 0) each /= 2;
  const own = b.memory("register", "own", kType(dtype, 4), count / each);
  const mine = mod(d.place[1], each);
  for (let i = 0; i < count / each; i++) b.store(own, i, value(add(mine, i * each)));
  for (let i = 0; i < count; i++)
    b.store(block, i, broadcast("broadcast", b.load(own, Math.floor(i / each)), i % each));
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
