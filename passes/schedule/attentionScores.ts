import { ceilDivDim, constDim, type Dim } from "../../src/ir/dim.js";
import {
  add,
  and,
  call,
  convert,
  div,
  gt,
  int,
  kType,
  lit,
  lt,
  max,
  mul,
  pack,
  select,
  splat,
  sub,
  typeOf,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import type { TileMemory } from "./attentionMemory.js";
import {
  chosen,
  columnSource,
  factorsOf,
  mapOf,
  pointOf,
  productTile,
  rowSource,
  type Stand,
  whole,
} from "./attentionTile.js";
import { axisOf, isMultiple, type Span } from "./axis.js";
import { mapElement, selected } from "./element.js";
import { lowest } from "./rowFold.js";
import { foldRows } from "./tile/foldRows.js";
import { eachCol, eachRow, type Fragment, fill, get, map, put, set, zip } from "./tile/fragment.js";
import type { Source } from "./tile/source.js";
import { conjuncts } from "./uses.js";

/** A block of keys: from `first` on, `count` of them. */
export interface KeyBlock {
  readonly first: KExpr;
  readonly count: number;
  /** Whether it is all keys, not one of several blocks. */
  readonly all: boolean;
}

/** The running maximum and sum of each row; every invocation of a row holds them. */
export interface Running {
  readonly most: Fragment;
  readonly total: Fragment;
}

export const keysOf = (s: Stand): Dim => s.form.extents[s.form.key] ?? constDim(1);

/** Whether steps of `by` over a block come to positions behind the last key. */
const runsOver = (s: Stand, block: KeyBlock, by: number): boolean =>
  !isMultiple(keysOf(s), block.all ? by : block.count);

/** The keys of a block, walked in steps of `by`. */
export const keySpan = (s: Stand, block: KeyBlock, by: number): Span => ({
  axis: axisOf([s.form.key], s.form.extents),
  clamped: runsOver(s, block, by),
});

/** Whether the keys at the lanes of a vector exist and are seen from a row; nothing: always. */
function visible(s: Stand, span: Span, row: KExpr, key: KExpr): KExpr | undefined {
  const { b } = s.k;
  const { width } = s;
  const conditions: KExpr[] = [];
  if (span.clamped) {
    const lanes = Array.from({ length: width }, (_, l) => add(key, l));
    conditions.push(lt(pack(lanes), splat(b.dim(keysOf(s)), width)));
  }
  const { where } = s.form;
  if (where !== undefined) {
    const point = pointOf(s, span, row, key, width);
    for (const c of conjuncts(where.body)) conditions.push(splat(selected(s.k, where, c, point), width));
  }
  return conditions.length === 0 ? undefined : conditions.reduce(and);
}

/** Where the query comes from: memory of the kernel, or the graph's. */
export function querySource(s: Stand, own: TileMemory | undefined): (inner: number, env: Stand["env"]) => Source {
  return (inner, env) => (own === undefined ? rowSource(s, s.form.query, inner, env) : own.source(0));
}

/** The masked logits of a block into memory, and the greatest of each row. */
export function scoreBlock(s: Stand, block: KeyBlock, query: TileMemory | undefined, to: TileMemory): Fragment {
  const { k, form, d, width } = s;
  const { b } = k;
  const most = fill(b, "most", { ...d, regs: [d.regs[0], 1] }, "f32", lowest("f32"));
  const step = d.lanes[1] * d.regs[1] * width;
  const span = keySpan(s, block, step);
  b.for(
    0,
    Math.ceil(block.count / step),
    1,
    "serial",
    (t) => {
      const col0 = mul(t, step);
      const key0 = add(block.first, col0);
      const scores = productTile(s, form.depth, querySource(s, query), (inner, env) =>
        columnSource(s, factorsOf(s, form.keys), whole(s, inner), span, env, undefined, key0),
      );
      eachRow(b, d, (p, row) =>
        eachCol(b, d, (q, col) => {
          const key = add(key0, col);
          let v = get(b, scores, p, q);
          if (form.logits !== undefined) {
            const point = pointOf(s, span, row, key, width);
            const given = { arg: form.logits.product, value: b.let(v, "score") };
            v = splat(convert("f32", mapElement(k, mapOf(s, form.logits), point, given)), width);
          }
          v = b.let(chosen(visible(s, span, row, key), v, lowest("f32")), "logit");
          put(b, most, p, 0, max(get(b, most, p, 0), v));
          to.put(row, add(col0, col), v);
        }),
      );
    },
    "tile",
  );
  return foldRows(b, most, "max", "greatest");
}

/** exp(logit - most) in place of each logit of a block; the sums of the rows. */
export function powers(s: Stand, block: KeyBlock, most: Fragment, memory: TileMemory): Fragment {
  const { k, d, width } = s;
  const { b } = k;
  const sums = fill(b, "sums", { ...d, regs: [d.regs[0], 1] }, "f32", 0);
  const lanes = d.lanes[1];
  const vectors = Math.ceil(block.count / width);
  const span = keySpan(s, block, width);
  // The invocations of a row take its vectors in turn.
  const from = lanes === 1 ? int(0) : d.place[1];
  b.for(
    from,
    vectors,
    lanes,
    "serial",
    (j) => {
      const col = mul(j, width);
      eachRow(b, d, (p, row) => {
        const logit = b.let(memory.get(row, col), "logit");
        const keep = visible(s, span, row, add(block.first, col));
        const shifted = sub(logit, get(b, most, p, 0));
        const power = b.let(chosen(keep, call("exp", shifted), 0), "power");
        memory.put(row, col, power);
        put(b, sums, p, 0, add(get(b, sums, p, 0), power));
      });
    },
    "j",
  );
  return foldRows(b, sums, "add", "sum");
}

/** 1 / sum of each row; 0 for a row that sees nothing. */
export function reciprocals(s: Stand, total: Fragment): Fragment {
  const { b } = s.k;
  const least = lit(1e-30, kType("f32"));
  return map(
    b,
    total,
    (t) => (s.form.where === undefined ? div(1, t) : select(gt(t, 0), div(1, max(t, least)), lit(0, typeOf(t)))),
    "share",
  );
}

/** Running values before the first block. The maximum starts far from the edge of the range: differences stay finite. */
export function running(s: Stand): Running {
  const column = { ...s.d, regs: [s.d.regs[0], 1], width: 1 } as const;
  return {
    most: fill(s.k.b, "most", column, "f32", lowest("f32") / 4),
    total: fill(s.k.b, "total", column, "f32", 0),
  };
}

/** Takes the greatest logit of a block in; what the sums so far are worth from then on. */
export function raise(s: Stand, run: Running, greatest: Fragment): Fragment {
  const { b } = s.k;
  const most = zip(b, run.most, greatest, (x, y) => max(x, y), "raised");
  const rescale = zip(b, run.most, most, (x, y) => call("exp", sub(x, y)), "rescale");
  set(b, run.most, most);
  set(b, run.total, zip(b, run.total, rescale, mul, "rescaled"));
  return rescale;
}

export const blocksOf = (s: Stand, count: number): Dim => ceilDivDim(keysOf(s), constDim(count));
