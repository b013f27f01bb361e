import { ceilDivDim, constDim, type Dim } from "../../src/ir/dim.js";
import type { Ix, Scalar, Where } from "../../src/ir/graph/ops.js";
import { add, and, convert, floordiv, int, kType, lit, min, mul, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import type { AttentionForm } from "../graph/attentionForm.js";
import { fromColumn, type TileMemory, tileMemory } from "./attentionMemory.js";
import { blockRanges } from "./attentionRange.js";
import {
  blocksOf,
  type KeyBlock,
  keySpan,
  keysOf,
  powers,
  type Running,
  raise,
  reciprocals,
  running,
  scoreBlock,
} from "./attentionScores.js";
import { keyConditions, sizesOf } from "./attentionShape.js";
import { type AttentionParams, rowMemory, scoreColumns } from "./attentionSpace.js";
import {
  columnSource,
  eachTile,
  factorsOf,
  feedOf,
  mapOf,
  pointOf,
  productTile,
  rowSource,
  type Stand,
  tileCols,
  whole,
  wholeDepth,
} from "./attentionTile.js";
import { axisOf, decode, type Env, type Span, spanOf } from "./axis.js";
import { mapElement, selected } from "./element.js";
import type { Factors } from "./factors.js";
import { openGrid } from "./grid.js";
import type { Match } from "./interface.js";
import type { KernelScope } from "./kernelScope.js";
import { nest } from "./nest.js";
import { resultBuffer, resultSink } from "./sink.js";
import {
  type Distribution,
  eachCol,
  eachRow,
  type Fragment,
  fragment,
  get,
  put,
  set,
  zero,
  zip,
} from "./tile/fragment.js";
import { gemm, type Keep } from "./tile/gemm.js";
import { shiftedSink } from "./tile/shift.js";
import type { Sink } from "./tile/source.js";
import { store } from "./tile/store.js";

/** The whole kernel: a block of rows of one head, or of all heads where what follows sums over them. */
export function attentionKernel(k: KernelScope, m: Match, form: AttentionForm, p: AttentionParams, width: Width): void {
  const { b, cx } = k;
  const sizes = sizesOf(form);
  const tileRows = p.regRows * p.laneRows;
  const rowAxis = axisOf([form.row], form.extents);
  const counted = spanOf(rowAxis, tileRows);
  const outerAxis = axisOf(sizes.outer, form.extents);
  const cols = form.projectOut?.cols ?? form.cols;
  const resultCols = axisOf(inOrder(form.out, cols), form.extents);
  const stepCols = p.regCols * p.laneCols * width;
  const colSpan = spanOf(resultCols, stepCols);
  const landing: Span = { ...colSpan, axis: onAxes(form, colSpan) };
  const to = resultBuffer(k, m, landing, width);

  const place = openGrid(b, [ceilDivDim(rowAxis.total, constDim(tileRows)), sizes.outerTotal], cx.target.maxGrid);
  const alone = p.laneCols === 1;
  const [y, x] = alone
    ? [b.local(0, p.laneRows, "thread"), int(0)]
    : [b.local(1, p.laneRows, "y"), b.local(0, p.laneCols, "x")];
  const [group, outer] = place.at;
  invariant(group && outer, () => "an attention has two grid axes");
  const row0 = alone ? mul(add(mul(group, p.laneRows), y), p.regRows) : mul(group, tileRows);
  const env = decode(b, outerAxis, outer, 1)[0] ?? new Map<Ix, KExpr>();
  const d: Distribution = {
    lanes: alone ? [1, 1] : [p.laneRows, p.laneCols],
    regs: [p.regRows, p.regCols],
    width,
    place: alone ? [int(0), int(0)] : [y, x],
  };
  const s: Stand = {
    k,
    form,
    width,
    rows: alone ? p.regRows : tileRows,
    row0,
    // Where a workgroup has no rows it computes the last ones again and stores nothing: barriers need it whole.
    rowSpan: { axis: rowAxis, clamped: counted.clamped || place.live !== undefined },
    env,
    d,
    space: alone ? "scratch" : "shared",
    sync: () => {
      if (!alone) b.barrier();
    },
  };
  const fixed: Env = new Map([...env].map(([ix, v]) => [form.out.indexOf(ix), v]));
  const rows: Span = { ...s.rowSpan, axis: onAxes(form, s.rowSpan) };
  const sink = resultSink(k, m, rows, landing, fixed, to);
  attend(s, p, sink);
}

/** Indices of the form as axes of the result. */
const onAxes = (form: AttentionForm, span: Span): Span["axis"] => ({
  ...span.axis,
  ixs: span.axis.ixs.map((ix) => form.out.indexOf(ix)),
});

/** The columns of a head's result: one index where heads are summed, else in the order of the result. */
const coreCols = (form: AttentionForm): readonly Ix[] =>
  form.projectOut === undefined ? inOrder(form.out, form.cols) : form.cols;

const inOrder = (out: readonly Ix[], ixs: readonly Ix[]): readonly Ix[] => out.filter((ix) => ixs.includes(ix));

function attend(s: Stand, p: AttentionParams, sink: Sink): void {
  const { form } = s;
  const { b } = s.k;
  const need = rowMemory(form, p, s.width);
  const memory = (hint: string, cols: number): TileMemory => tileMemory(b, s.space, hint, s.rows, cols, s.width);
  const query = need.query === 0 ? undefined : memory("query", need.query);
  const scores = memory("scores", need.scores);
  // Running sums of values are each invocation's own.
  const ownSums = need.sums / p.laneCols;
  const sums = need.sums === 0 ? undefined : tileMemory(b, "scratch", "sums", p.regRows, ownSums, s.width);
  const heads = need.heads === 0 ? undefined : memory("heads", need.heads);

  if (form.heads.length === 0 && heads === undefined) {
    oneHead(s, p, { query, scores, sums }, sink);
    return;
  }
  // All heads one after the other; what they leave in memory meets the last product.
  invariant(heads !== undefined || form.projectOut === undefined, () => "heads need memory");
  const each = form.projectOut === undefined ? scoreColumns(form, p, s.width) : need.heads / sizesOf(form).heads;
  const extent = (ix: Ix): Dim => form.extents[ix] ?? constDim(1);
  const headAxis = axisOf(form.heads, form.extents);
  const place = (env: Env): KExpr =>
    mul(
      headAxis.ixs.reduce<KExpr>(
        (at, ix, i) => add(mul(at, b.dim(headAxis.extents[i] ?? constDim(1))), env.get(ix) ?? int(0)),
        int(0),
      ),
      each,
    );
  nest(b, form.heads, extent, s.env, (env) => {
    const here: Stand = { ...s, env };
    s.sync();
    if (heads === undefined) {
      probabilities(here, p, query, fromColumn(scores, place(env)));
      return;
    }
    const into: Sink = { put: (_, row, col, value) => heads.put(row, add(place(env), col), value) };
    oneHead(here, p, { query, scores, sums }, into);
  });
  s.sync();
  const inner = form.projectOut === undefined ? form.key : (form.cols[0] ?? -1);
  const weights = form.projectOut?.weights ?? form.values;
  const from = heads ?? scores;
  const cols = form.projectOut?.cols ?? form.cols;
  const across = spanOf(axisOf(inOrder(form.out, cols), form.extents), tileCols(s));
  eachTile(s, across.axis.total, (col0) => {
    const acc = productTile(
      s,
      [...form.heads, inner],
      (_, env) => from.source(place(env)),
      (ix, env) => columnSource(s, valueFactors(s, weights), whole(s, ix), across, env, undefined, col0),
      heads === undefined ? (ix, env) => keepOf(s, across, ix, env, undefined, col0) : undefined,
    );
    store(b, acc, shiftedSink(sink, s.row0, col0));
  });
}

interface Memories {
  readonly query: TileMemory | undefined;
  readonly scores: TileMemory;
  readonly sums: TileMemory | undefined;
}

/** One head: its rows of results go to a sink whose rows begin with the matrix, or with the tile where it is memory. */
function oneHead(s: Stand, p: AttentionParams, memory: Memories, sink: Sink): void {
  const { b } = s.k;
  const { form } = s;
  const inTile = form.heads.length > 0 || form.projectOut !== undefined;
  const give = (acc: Fragment, col0: KExpr): void =>
    store(b, acc, inTile ? shiftedSink(sink, int(0), col0) : shiftedSink(sink, s.row0, col0));
  const across = spanOf(axisOf(coreCols(form), form.extents), tileCols(s));
  if (memory.query !== undefined) projectQuery(s, memory.query);
  if (memory.sums === undefined) {
    const { share } = rowOfScores(s, p, memory.query, memory.scores);
    s.sync();
    eachTile(s, across.axis.total, (col0) => {
      const acc = weighted(s, memory.scores, wholeBlock(s), across, col0, zero(b, s.d, "f32"));
      give(zip(b, acc, share, mul, "result"), col0);
    });
    s.sync();
    return;
  }
  const { sums, scores, query } = memory;
  const run = running(s);
  eachTile(s, across.axis.total, (col0) =>
    eachElement(s, (at) => sums.put(at[0], ownColumn(s, col0, at[1]), lit(0, kType("f32", s.width)))),
  );
  const count = b.dim(blocksOf(s, p.keyBlock));
  for (const range of blockRanges(b, form, s.row0, s.rows, p.keyBlock, count)) {
    const here: Stand = { ...s, form: range.form };
    b.for(
      range.from,
      range.to,
      1,
      "serial",
      (n) => keyBlock(here, p, { query, scores, sums }, run, across, n),
      "block",
    );
  }
  const share = reciprocals(s, run.total);
  eachTile(s, across.axis.total, (col0) => give(zip(b, loaded(s, sums, col0), share, mul, "result"), col0));
}

/** Block `n` of the keys, taken into the running sums. */
function keyBlock(
  s: Stand,
  p: AttentionParams,
  { query, scores, sums }: Memories & { readonly sums: TileMemory },
  run: Running,
  across: Span,
  n: KExpr,
): void {
  const { b } = s.k;
  const block: KeyBlock = { first: mul(n, p.keyBlock), count: p.keyBlock, all: false };
  const rescale = raise(s, run, scoreBlock(s, block, query, scores));
  s.sync();
  const more = powers(s, block, run.most, scores);
  set(b, run.total, zip(b, run.total, more, add, "total"));
  s.sync();
  eachTile(s, across.axis.total, (col0) => {
    const before = loaded(s, sums, col0);
    const acc = weighted(s, scores, block, across, col0, zip(b, before, rescale, mul, "acc"));
    eachElement(s, (at) => sums.put(at[0], ownColumn(s, col0, at[1]), get(b, acc, at[0], at[1])));
  });
  s.sync();
}

const wholeBlock = (s: Stand): KeyBlock => ({ first: int(0), count: sizesOf(s.form).keyCount ?? 0, all: true });

/** exp(logit - greatest) of a whole row, and what they are worth. */
function rowOfScores(
  s: Stand,
  p: AttentionParams,
  query: TileMemory | undefined,
  scores: TileMemory,
): { readonly share: Fragment } {
  invariant(p.keyBlock === 0, () => "a whole row is one block");
  const block = wholeBlock(s);
  const most = scoreBlock(s, block, query, scores);
  s.sync();
  return { share: reciprocals(s, powers(s, block, most, scores)) };
}

/** The probabilities of one head themselves, for a product over heads and keys together. */
function probabilities(s: Stand, p: AttentionParams, query: TileMemory | undefined, scores: TileMemory): void {
  const { b } = s.k;
  if (query !== undefined) projectQuery(s, query);
  const { share } = rowOfScores(s, p, query, scores);
  s.sync();
  const lanes = s.d.lanes[1];
  const count = Math.ceil((sizesOf(s.form).keyCount ?? 0) / s.width);
  b.for(lanes === 1 ? int(0) : s.d.place[1], count, lanes, "serial", (j) => {
    const col = mul(j, s.width);
    eachRow(b, s.d, (at, row) => scores.put(row, col, mul(scores.get(row, col), get(b, share, at, 0))));
  });
}

function projectQuery(s: Stand, to: TileMemory): void {
  const { form } = s;
  const { b } = s.k;
  const q = form.projectQuery;
  invariant(q, () => "a query to compute");
  const across = spanOf(axisOf(form.depth, form.extents), tileCols(s));
  eachTile(s, across.axis.total, (col0) => {
    const acc = productTile(
      s,
      q.reduced,
      (ix, env) => rowSource(s, q.left, ix, env),
      (ix, env) => columnSource(s, factorsOf(s, q.right), whole(s, ix), across, env, undefined, col0),
    );
    eachElement(s, (at, row, col) => {
      let v = get(b, acc, at[0], at[1]);
      if (q.after !== undefined) {
        const point = pointOf(s, across, row, add(col0, col), s.width);
        const given = { arg: q.after.product, value: b.let(v, "q") };
        v = splat(convert("f32", mapElement(s.k, mapOf(s, q.after), point, given)), s.width);
      }
      to.put(row, add(col0, col), v);
    });
  });
  s.sync();
}

/** acc + probabilities · values of a block. */
function weighted(s: Stand, scores: TileMemory, block: KeyBlock, across: Span, col0: KExpr, acc: Fragment): Fragment {
  const { form } = s;
  const { b } = s.k;
  const down = keySpan(s, block, 1);
  const right = columnSource(s, valueFactors(s, form.values), down, across, s.env, block.first, col0);
  const depth = wholeDepth(b, constDim(block.count), s.width);
  gemm(
    b,
    acc,
    scores.source(0),
    right,
    depth,
    keepOf(s, across, form.key, s.env, down.clamped ? block.first : undefined, col0),
    feedOf(s),
  );
  return acc;
}

/** The values, zero where their condition looks at keys alone and does not hold. */
function valueFactors(s: Stand, use: AttentionForm["values"]): Factors {
  const keep = keyConditions(s.form.keep, s.form.row);
  const own = factorsOf(s, use);
  if (keep === undefined || keep.everyRow.length === 0 || use !== s.form.values) return own;
  return { ...own, where: { of: keep.of, conditions: keep.everyRow } };
}

/** What is left of the values' condition: products of a row and a key that do not count. */
function keepOf(s: Stand, across: Span, inner: Ix, env: Env, first: KExpr | undefined, col0: KExpr): Keep | undefined {
  const keep = keyConditions(s.form.keep, s.form.row);
  if (keep === undefined || keep.eachRow.length === 0) return undefined;
  return conditionsOf(s, keep.of, keep.eachRow, across, inner, env, first, col0);
}

const conditionsOf =
  (
    s: Stand,
    of: Where,
    conditions: readonly Scalar[],
    across: Span,
    inner: Ix,
    env: Env,
    first: KExpr | undefined,
    col0: KExpr,
  ): Keep =>
  (_, row, at, col) => {
    const key = first === undefined ? at : min(add(first, at), add(s.k.b.dim(keysOf(s)), -1));
    const point = pointOf(s, across, row, add(col0, col), s.width, new Map([...env, [inner, key]]));
    return conditions.map((c) => selected(s.k, of, c, point)).reduce(and);
  };

/** Every vector of an invocation's tile: its registers, row and column. */
function eachElement(s: Stand, body: (at: readonly [KExpr, KExpr], row: KExpr, col: KExpr) => void): void {
  const { b } = s.k;
  eachRow(b, s.d, (p, row) => eachCol(b, s.d, (q, col) => body([p, q], row, col)));
}

/** Where an invocation keeps vector q of the tile whose columns begin at `col0`. */
const ownColumn = (s: Stand, col0: KExpr, q: KExpr): KExpr =>
  mul(add(mul(floordiv(col0, tileCols(s)), s.d.regs[1]), q), s.width);

function loaded(s: Stand, from: TileMemory, col0: KExpr): Fragment {
  const { b } = s.k;
  const sums = fragment(b, "sums", s.d, "f32");
  eachElement(s, (at) => put(b, sums, at[0], at[1], from.get(at[0], ownColumn(s, col0, at[1]))));
  return sums;
}
