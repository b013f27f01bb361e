import { ceilDivDim, constDim, constValue, type Dim } from "../../src/ir/dim.js";
import type { Ix, Use } from "../../src/ir/graph/ops.js";
import { useIndices, whereIndices } from "../../src/ir/graph/visit.js";
import {
  add,
  and,
  call,
  convert,
  div,
  floordiv,
  fold,
  gt,
  int,
  kType,
  lane,
  lit,
  lt,
  max,
  min,
  mul,
  pack,
  select,
  splat,
  sub,
} from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr } from "../../src/ir/kernel/ops.js";
import type { Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import type { AttentionForm } from "../graph/attentionForm.js";
import { keyConditions, matchedForm } from "./attentionShape.js";
import { type Axis, axisOf, decode, type Env, isMultiple, positions, reachOf, type Span, spanOf } from "./axis.js";
import {
  type CpuAttentionParams,
  cpuAttentionCost,
  cpuAttentionSpace,
  panelOf,
  refusal,
  resultColumns,
  scoreColumns,
} from "./cpuAttentionSpace.js";
import { isPlain } from "./cpuContraction.js";
import { type Packed, packedAt, packLeft, packRight } from "./cpuPack.js";
import { multiplyTile, step, tileOf } from "./cpuTile.js";
import { mapElement, pointAt, selected } from "./element.js";
import { type Factors, factorSource } from "./factors.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match, Schedule } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { resultBuffer, resultSink } from "./sink.js";
import { eachCol, eachRow, type Fragment, get, put, zero } from "./tile/fragment.js";
import { shiftedSink } from "./tile/shift.js";
import type { Sink } from "./tile/source.js";
import { store } from "./tile/store.js";

/**
 * Attention on one core: a cell is a block of queries of one head. Scores of the block, their softmax and the weighted sum
 * of values follow one another in memory that stays in the second cache; no scores leave it. Keys and values lie packed
 * (`cpuPack.ts`). Few keys: the whole row of scores exists before its softmax. Many, or a number that is known at run time
 * only: keys go by in blocks, with a running maximum, sum and result of each row (Milakov and Gimelshein 2018).
 */
export const cpuAttention: Schedule<CpuAttentionParams> = {
  name: "cpu-attention",
  summary: "a block of queries of one head against all keys, scores in the cache of one core",
  refuse: refusal,
  space: (m, cx) => cpuAttentionSpace(matchedForm(m, cx), cx),
  estimate: (m, p, cx) => cpuAttentionCost(matchedForm(m, cx), p, cx),
  build(m, p, cx) {
    const form = matchedForm(m, cx);
    const { key, row, depth, batch } = form;
    const has = (use: Use): readonly Ix[] => batch.filter((ix) => useIndices(use).has(ix));
    const plain = isPlain(cx, [form.query], 0);
    const packs = {
      keys: packRight(
        m,
        cx,
        { factors: factorsOf(form, form.keys), batch: has(form.keys), outer: [key], reduced: depth },
        panelOf(p),
        "keys",
      ),
      values: packRight(
        m,
        cx,
        { factors: valueFactors(form), batch: batchOfValues(form), outer: resultCols(form), reduced: [key] },
        panelOf(p),
        "values",
      ),
      ...(plain
        ? {}
        : {
            query: packLeft(
              m,
              cx,
              { factors: factorsOf(form, form.query), batch, outer: [row], reduced: depth },
              "queries",
            ),
          }),
    };
    const all = Object.values(packs);
    const main = attend(m, p, cx, form, packs.keys.packed, packs.values.packed, packs.query?.packed);
    return {
      kernels: [...all.map((x) => x.kernel), main.kernel],
      temps: all.map((x): Temp => x.packed.temp),
      steps: [...all.map((x): Step => x.step), main.step],
    };
  },
};

const factorsOf = (form: AttentionForm, use: Use): Factors => ({ uses: [use], extents: form.extents, dtype: "f32" });

/** The values, zero where their condition does not hold. */
function valueFactors(form: AttentionForm): Factors {
  const keep = keyConditions(form.keep, form.row);
  const own = factorsOf(form, form.values);
  return keep === undefined ? own : { ...own, where: { of: keep.of, conditions: keep.everyRow } };
}

/** Batch indices that the packed values depend on, through their condition too. */
const batchOfValues = (form: AttentionForm): readonly Ix[] => {
  const own = useIndices(form.values);
  const where = form.keep === undefined ? new Set<Ix>() : whereIndices(form.keep);
  return form.batch.filter((ix) => own.has(ix) || where.has(ix));
};

/** The columns of the values in the order of the result. */
const resultCols = (form: AttentionForm): readonly Ix[] => form.out.filter((ix) => form.cols.includes(ix));

/** A score that is not to count, and the least that one which counts may be. */
const [unseen, floor] = [-3.4028234663852886e38, -1.7e38];

interface Stand {
  readonly k: KernelScope;
  readonly p: CpuAttentionParams;
  readonly form: AttentionForm;
  /** Of the batch. */
  readonly env: Env;
  readonly rows: Span;
  /** First row of the block, and the tiles of rows that it has. */
  readonly first: KExpr;
  readonly tiles: KExpr;
  /** [row of the block][column] */
  readonly scores: BufId;
  readonly columns: number;
  /** What of each row of the block is known: the greatest score, the sum of powers, and a factor. */
  readonly most: BufId;
  readonly total: BufId;
  readonly factor: BufId;
}

function attend(
  m: Match,
  p: CpuAttentionParams,
  cx: BuildContext,
  form: AttentionForm,
  keys: Packed,
  values: Packed,
  query: Packed | undefined,
) {
  const k = kernelScope(m, cx);
  const { b } = k;
  const rowAxis = axisOf([form.row], form.extents);
  const batchAxis = axisOf(form.batch, form.extents);
  const rows = spanOf(rowAxis, p.rows);
  const cols = spanOf(axisOf(resultCols(form), form.extents), panelOf(p));
  const onAxes = (s: Span): Span => ({ ...s, axis: { ...s.axis, ixs: s.axis.ixs.map((ix) => form.out.indexOf(ix)) } });
  const to = resultBuffer(k, m, onAxes(cols), 4);
  const each = p.blockRows / p.rows;
  const tiles = ceilDivDim(rowAxis.total, constDim(p.rows));
  const place = openGrid(b, [ceilDivDim(tiles, constDim(each)), batchAxis.total], cx.target.maxGrid);
  const [group, outer] = place.at;
  invariant(group && outer, () => "an attention has two grid axes");
  const env = decode(b, batchAxis, outer, 1)[0] ?? new Map<Ix, KExpr>();
  const columns = scoreColumns(form, p);
  const memory = (hint: string, length: number): BufId => b.memory("scratch", hint, kType("f32"), length);
  const s: Stand = {
    k,
    p,
    form,
    env,
    rows,
    first: mul(group, p.blockRows),
    tiles: isMultiple(tiles, each) ? int(each) : min(int(each), sub(b.dim(tiles), mul(group, each))),
    scores: memory("scores", p.blockRows * columns),
    columns,
    most: memory("most", p.blockRows),
    total: memory("total", p.blockRows),
    factor: memory("factor", p.blockRows),
  };
  const source = query === undefined ? undefined : packedAt(k, query);
  const rowsAt = (inner: Env) =>
    source?.source(inner) ??
    factorSource(
      k,
      factorsOf(form, form.query),
      rows,
      spanOf(axisOf(form.depth.slice(-1), form.extents), 1),
      inner,
      "none",
    );
  const fixed: Env = new Map([...env].map(([ix, v]) => [form.out.indexOf(ix), v]));
  const landing = resultSink(k, m, onAxes(rows), onAxes(cols), fixed, to);
  const packs = { keys: packedAt(k, keys), values: packedAt(k, values) };

  const body = (): void => {
    if (p.keyBlock === 0) {
      scoreBlock(s, packs.keys, rowsAt, int(0), keyPanels(s));
      softmax(s, keyPanels(s), false);
      weigh(s, packs.values, int(0), b.dim(keyCount(form)), (acc, row0, col0, row) => {
        eachScaled(s, acc, row);
        store(b, acc, shiftedSink(landing, row0, col0));
      });
    } else streaming(s, packs, rowsAt, landing);
  };
  if (place.live === undefined) body();
  else b.if(place.live, body);
  return k.finish(costOfMatch(cx, m));
}

const keyCount = (form: AttentionForm): Dim => form.extents[form.key] ?? constDim(1);

/** Panels of all keys. */
const keyPanels = (s: Stand): KExpr => s.k.b.dim(ceilDivDim(keyCount(s.form), constDim(panelOf(s.p))));

type Columns = ReturnType<typeof packedAt>;
type Rows = (inner: Env) => ReturnType<typeof factorSource>;

/** Four neighbours of a row of the block. */
const vectorOf = (s: Stand, buffer: BufId, at: KExpr): KExpr =>
  pack([0, 1, 2, 3].map((l) => s.k.b.load(buffer, add(at, l))));

function putVector(s: Stand, buffer: BufId, at: KExpr, value: KExpr): void {
  const { b } = s.k;
  const v = b.let(splat(value, 4), "v");
  for (let l = 0; l < 4; l++) b.store(buffer, add(at, l), lane(v, l));
}

const eachTile = (s: Stand, body: (row: KExpr) => void): void =>
  s.k.b.for(0, s.tiles, 1, "serial", (t) => body(mul(t, s.p.rows)), "tile");

/** Scores of all rows of the block with the panels of keys from `first` on, as the softmax wants them. */
function scoreBlock(s: Stand, keys: Columns, rowsAt: Rows, first: KExpr, panels: KExpr): void {
  const { k, p, form } = s;
  const { b } = k;
  const panel = panelOf(p);
  b.for(
    0,
    panels,
    1,
    "serial",
    (n) => {
      const start = keys.start(s.env, add(first, n));
      eachTile(s, (row) => {
        const acc = zero(b, tileOf(p), "f32");
        const row0 = add(s.first, row);
        multiplyTile(
          b,
          p,
          acc,
          form.depth,
          (ix) => form.extents[ix] ?? constDim(1),
          s.env,
          rowsAt,
          row0,
          (env, at, q) => keys.vector(start, env, at, q),
        );
        eachRow(b, acc.d, (r) =>
          eachCol(b, acc.d, (q, col) => {
            const key = add(mul(add(first, n), panel), col);
            const value = logit(s, get(b, acc, r, q), add(row0, r), key);
            putVector(s, s.scores, add(mul(add(row, r), s.columns), add(mul(n, panel), col)), value);
          }),
        );
      });
    },
    "panel",
  );
}

/** A score with what stands between it and the softmax; not to count where its key is not seen. */
function logit(s: Stand, score: KExpr, row: KExpr, key: KExpr): KExpr {
  const { k, form } = s;
  const { b } = k;
  const axis: Axis = axisOf([form.key], form.extents);
  const span = spanOf(axis, panelOf(s.p));
  const down = positions(b, s.rows, row, 1)[0] ?? new Map();
  const lanes = positions(b, span, key, 4).map((across): Env => new Map([...s.env, ...down, ...across]));
  const point = pointAt(form.extents, lanes, reachOf(span, 4));
  const seen: KExpr[] = [];
  if (span.clamped) seen.push(pack([0, 1, 2, 3].map((l) => lt(add(key, l), b.dim(axis.total)))));
  const where = keyConditions(form.where, form.row);
  if (where !== undefined)
    for (const c of [...where.everyRow, ...where.eachRow]) seen.push(selected(k, where.of, c, point));
  let value = score;
  if (form.logits !== undefined) {
    const { args, body, product } = form.logits;
    const node = {
      op: "map",
      args,
      out: form.extents.map((_, ix) => ix),
      extents: form.extents,
      body,
      type: { dtype: "f32", shape: form.extents },
    } as const;
    value = convert("f32", mapElement(k, node, point, { arg: product, value: b.let(score, "s") }));
  }
  if (seen.length === 0) return value;
  const all = seen.map((c) => splat(c, 4)).reduce(and);
  return select(all, splat(value, 4), lit(unseen, kType("f32", 4)));
}

/** Scores become powers of their distance to the greatest; `factor` of a row is what its results are multiplied by. */
function softmax(s: Stand, panels: KExpr, running: boolean): void {
  const { k, p, columns } = s;
  const { b } = k;
  const vectors = mul(panels, p.vectors);
  const wide = kType("f32", 4);
  const rowCount = mul(s.tiles, p.rows);
  const across = (row: KExpr, body: (at: KExpr) => void): void =>
    b.for(0, vectors, 1, "serial", (j) => body(add(mul(row, columns), mul(j, 4))), "j");
  b.for(
    0,
    rowCount,
    1,
    "serial",
    (row) => {
      const best = b.memory("register", "best", wide, 1);
      const sum = b.memory("register", "sum", wide, 1);
      b.store(best, 0, lit(floor, wide));
      across(row, (at) => b.store(best, 0, max(b.load(best, 0), vectorOf(s, s.scores, at))));
      const own = fold("max", b.load(best, 0));
      const before = running ? b.let(b.load(s.most, row), "before") : undefined;
      const most = b.let(before === undefined ? own : max(own, before), "most");
      b.store(sum, 0, lit(0, wide));
      across(row, (at) => {
        const power = b.let(call("exp", sub(vectorOf(s, s.scores, at), splat(most, 4))), "power");
        putVector(s, s.scores, at, power);
        b.store(sum, 0, add(b.load(sum, 0), power));
      });
      const total = b.let(fold("add", b.load(sum, 0)), "total");
      if (before === undefined) {
        b.store(s.factor, row, share(total));
        return;
      }
      const again = b.let(call("exp", sub(before, most)), "again");
      b.store(s.factor, row, again);
      b.store(s.most, row, most);
      b.store(s.total, row, add(mul(b.load(s.total, row), again), total));
    },
    "row",
  );
}

/** 1 / total; 0 where no key was seen. */
const share = (total: KExpr): KExpr => select(gt(total, 0), div(1, total), 0);

/** Every element of a tile times the factor of its row; `row` is the tile's first in the block. */
function eachScaled(s: Stand, acc: Fragment, row: KExpr): void {
  const { b } = s.k;
  eachRow(b, acc.d, (r) => {
    const factor = b.let(splat(b.load(s.factor, add(row, r)), 4), "factor");
    eachCol(b, acc.d, (q) => put(b, acc, r, q, mul(get(b, acc, r, q), factor)));
  });
}

/** Powers times values: for each tile of the result, sums over `count` keys from `first` on. */
function weigh(
  s: Stand,
  values: Columns,
  first: KExpr,
  count: KExpr,
  finish: (acc: Fragment, row0: KExpr, col0: KExpr, row: KExpr) => void,
  begin?: (acc: Fragment, row: KExpr, col0: KExpr) => void,
): void {
  const { k, p, form } = s;
  const { b } = k;
  const panel = panelOf(p);
  const colAxis = axisOf(resultCols(form), form.extents);
  b.for(
    0,
    b.dim(ceilDivDim(colAxis.total, constDim(panel))),
    1,
    "serial",
    (n) => {
      const start = values.start(s.env, n);
      eachTile(s, (row) => {
        const acc = zero(b, tileOf(p), "f32");
        begin?.(acc, row, mul(n, panel));
        const at = (key: KExpr): void =>
          step(
            b,
            p,
            acc,
            (r) => b.load(s.scores, add(mul(add(row, r), s.columns), key)),
            (q) => values.vector(start, new Map(), add(first, key), q),
          );
        // By twos, and the last one where it is alone.
        const pairs = floordiv(count, 2);
        b.for(
          0,
          pairs,
          1,
          "serial",
          (pair) => {
            at(mul(pair, 2));
            at(add(mul(pair, 2), 1));
          },
          "pair",
        );
        const even = count.k === "lit" && count.value % 2 === 0;
        if (!even) b.for(mul(pairs, 2), count, 1, "serial", at, "last");
        finish(acc, add(s.first, row), mul(n, panel), row);
      });
    },
    "panel",
  );
}

/** Blocks of keys go by; results are kept in memory, and brought to a new maximum where there is one. */
function streaming(
  s: Stand,
  packs: { readonly keys: Columns; readonly values: Columns },
  rowsAt: Rows,
  to: Sink,
): void {
  const { k, p, form } = s;
  const { b } = k;
  const panel = panelOf(p);
  const width = resultColumns(form, p);
  const results = b.memory("scratch", "results", kType("f32"), p.blockRows * width);
  const perBlock = p.keyBlock / panel;
  const keys = keyCount(form);
  const colPanels = Math.ceil((constValue(axisOf(resultCols(form), form.extents).total) ?? 0) / panel);
  const cell = (row: KExpr, col: KExpr): KExpr => add(mul(row, width), col);
  b.for(
    0,
    mul(s.tiles, p.rows),
    1,
    "serial",
    (row) => {
      b.store(s.most, row, lit(floor));
      b.store(s.total, row, lit(0));
      b.for(
        0,
        (colPanels * panel) / 4,
        1,
        "serial",
        (j) => putVector(s, results, cell(row, mul(j, 4)), lit(0, kType("f32", 4))),
        "j",
      );
    },
    "row",
  );
  const whole = isMultiple(keys, p.keyBlock);
  b.for(
    0,
    b.dim(ceilDivDim(keys, constDim(p.keyBlock))),
    1,
    "serial",
    (block) => {
      const firstPanel = mul(block, perBlock);
      const panels = whole ? int(perBlock) : min(int(perBlock), sub(keyPanels(s), firstPanel));
      scoreBlock(s, packs.keys, rowsAt, firstPanel, panels);
      softmax(s, panels, true);
      const firstKey = mul(block, p.keyBlock);
      const count = whole ? int(p.keyBlock) : min(int(p.keyBlock), sub(b.dim(keys), firstKey));
      weigh(
        s,
        packs.values,
        firstKey,
        count,
        (acc, _, col0, row) =>
          eachRow(b, acc.d, (r) =>
            eachCol(b, acc.d, (q, col) => putVector(s, results, cell(add(row, r), add(col0, col)), get(b, acc, r, q))),
          ),
        (acc, row, col0) => {
          eachRow(b, acc.d, (r) =>
            eachCol(b, acc.d, (q, col) => put(b, acc, r, q, vectorOf(s, results, cell(add(row, r), add(col0, col))))),
          );
          eachScaled(s, acc, row);
        },
      );
    },
    "block",
  );
  b.for(0, mul(s.tiles, p.rows), 1, "serial", (row) => b.store(s.factor, row, share(b.load(s.total, row))), "row");
  const sinkTile = (row: KExpr, col0: KExpr): void => {
    const acc = zero(b, tileOf(p), "f32");
    eachRow(b, acc.d, (r) =>
      eachCol(b, acc.d, (q, col) => put(b, acc, r, q, vectorOf(s, results, cell(add(row, r), add(col0, col))))),
    );
    eachScaled(s, acc, row);
    store(b, acc, shiftedSink(to, add(s.first, row), col0));
  };
  b.for(0, colPanels, 1, "serial", (n) => eachTile(s, (row) => sinkTile(row, mul(n, panel))), "panel");
}
