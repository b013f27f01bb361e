import { roofline } from "../../src/cost/roofline.js";
import { ceilDivDim, constDim, type Dim, floorDivDim, productDim, scaleDim } from "../../src/ir/dim.js";
import { byteSize, type DType } from "../../src/ir/dtype.js";
import type { Ix, Monoid, Node } from "../../src/ir/graph/ops.js";
import { reducedIndices } from "../../src/ir/graph/visit.js";
import {
  add,
  and,
  call,
  convert,
  div,
  eq,
  fold,
  ge,
  gt,
  int,
  kType,
  lane,
  lit,
  lt,
  max,
  mul,
  or,
  select,
  splat,
  sub,
  typeOf,
} from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { type Axis, axisOf, decode, type Env, isMultiple, positions, reachOf, spanOf, typical } from "./axis.js";
import { element, type Point, pointAt, selected } from "./element.js";
import { loadsAlong } from "./factors.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match, Schedule } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { nest } from "./nest.js";
import { productElement } from "./pointwise.js";
import { resultBuffer, resultSink, storedIndices } from "./sink.js";

type Reduction = Extract<Node, { op: "reduce" | "softmax" | "contract" }>;

export interface RowParams extends Readonly<Record<string, number>> {
  /** Invocations that share a row (or four). */
  readonly lanes: number;
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** 1: the four lanes of a vector are neighbours along the row. 0: they are four rows. */
  readonly along: number;
  readonly width: Width;
}

/**
 * Folds of rows: reductions, softmax, and sums of products whose elements are used once. A row is folded by one
 * invocation, or by several that join their parts through shared memory; four neighbours are taken at once, along the
 * row or across rows, wherever memory is contiguous.
 */
export const rowReduction: Schedule<RowParams> = {
  name: "row-reduction",
  summary: "one invocation or several a row; fold, then map",

  refuse(m, cx) {
    const node = cx.node(m.root);
    if (node.op !== "reduce" && node.op !== "softmax" && node.op !== "contract") return `a ${node.op} folds nothing`;
    if (foldedIndices(node).length === 0) return "nothing is folded";
    return undefined;
  },

  space(m, cx) {
    const { node, rows, inner } = parts(m, cx);
    const length = typical(node.extents[inner] ?? constDim(1));
    const uses = node.op === "contract" ? node.factors : [node.arg];
    const loads = (ix: Ix | undefined): number =>
      ix === undefined ? Number.POSITIVE_INFINITY : uses.reduce((n, u) => n + loadsAlong(cx, u, ix), 0);
    const byFold = loads(inner);
    const byRow = isArg(node) ? Number.POSITIVE_INFINITY : loads(rows.ixs.at(-1));
    const along = byFold <= byRow ? 1 : 0;
    const contiguous = Math.min(byFold, byRow) < 4 * uses.length;
    const size = along === 1 ? length : typical(rows.total);
    const width: Width = cx.target.vectors && contiguous && size >= 4 ? 4 : 1;
    const units = typical(rows.total) / (along === 1 ? 1 : width);
    const steps = length / (along === 1 ? width : 1);
    const wanted = (cx.target.parallel ?? 1) / units;
    let lanes = 1;
    const most = Math.min(64, cx.target.maxInvocations);
    while (lanes * 2 <= most && lanes < wanted && lanes * 2 <= steps) lanes *= 2;
    const threads = Math.max(lanes, Math.min(64, cx.target.maxInvocations));
    const points: RowParams[] = [];
    for (const l of [lanes, 1, 8, 64]) {
      if (l <= cx.target.maxInvocations && !points.some((p) => p.lanes === l)) {
        points.push({ lanes: l, threads: Math.max(threads, l), along, width });
      }
    }
    return points;
  },

  estimate(m, p, cx) {
    const { node, rows } = parts(m, cx);
    const size = typical(productDim(node.extents));
    const passes = node.op === "softmax" ? 3 : 1;
    const busy = Math.min(1, (typical(rows.total) * p.lanes) / (cx.target.parallel ?? 1));
    return roofline(
      {
        flops: size * passes,
        exps: node.op === "softmax" ? 2 * size : 0,
        bytes: size * (passes === 3 ? 2 : 1) * byteSize(node.type.dtype),
        dispatches: 1,
        workgroups: (typical(rows.total) * p.lanes) / p.threads,
        efficiency: Math.max(busy, 1e-3),
      },
      cx.target,
    );
  },

  build(m, p, cx) {
    const k = kernelScope(m, cx);
    const { b } = k;
    const { node, rows, inner, outer } = parts(m, cx);
    const across = p.along === 0 ? p.width : 1;
    const tile = (p.threads / p.lanes) * across;
    const counted = spanOf(rows, tile);
    const folded = axisOf([inner], node.extents);

    const columns = node.op === "softmax" && p.along === 1 ? folded : rows;
    const to = resultBuffer(k, m, { axis: columns, clamped: false }, node.op === "softmax" || across > 1 ? p.width : 1);
    const place = openGrid(b, [ceilDivDim(rows.total, constDim(tile))], cx.target.maxGrid);
    // A workgroup beyond the last row computes a row again and stores nothing: barriers need every workgroup whole.
    const span = { axis: rows, clamped: counted.clamped || place.live !== undefined };
    const y = b.local(1, p.threads / p.lanes, "y");
    const x = b.local(0, p.lanes, "x");
    const group = place.at[0];
    invariant(group, () => "one axis");
    const row = mul(add(mul(group, p.threads / p.lanes), y), across);
    const rowEnvs = positions(b, span, row, across);

    const whole = p.along === 1 && p.width === 4;
    const extent = node.extents[inner] ?? constDim(1);
    const fours = floorDivDim(extent, constDim(4));
    const middle = whole ? scaleDim(fours, 4, 1) : constDim(0);
    const tail = !whole || !isMultiple(extent, 4);
    const each = (visit: (point: Point, at: KExpr, width: Width) => void): void => {
      const extentOf = (ix: Ix): Dim => node.extents[ix] ?? constDim(1);
      const step = (env: Env, at: KExpr, width: Width): void => {
        const along = decode(b, folded, at, width);
        const lanes =
          across > 1
            ? rowEnvs.map((r): Env => new Map([...r, ...env, ...(along[0] ?? [])]))
            : along.map((f): Env => new Map([...(rowEnvs[0] ?? []), ...env, ...f]));
        visit(pointAt(node.extents, lanes, reachOf(span, across)), at, width);
      };
      nest(b, outer, extentOf, new Map(), (env) => {
        if (whole) b.for(x, b.dim(fours), p.lanes, "serial", (four) => step(env, mul(four, 4), 4), "k4");
        if (tail) b.for(add(b.dim(middle), x), b.dim(extent), p.lanes, "serial", (at) => step(env, at, 1), "k");
      });
    };
    const shape: Shape = {
      across,
      widths: across > 1 ? [across] : [...(whole ? [4 as const] : []), ...(tail ? [1 as const] : [])],
      lanes: p.lanes,
      threads: p.threads,
      x,
      y,
    };
    const spanFolded = { axis: folded, clamped: false };
    const sink =
      p.along === 1 && node.op === "softmax"
        ? resultSink(k, m, span, spanFolded, new Map(), to)
        : resultSink(k, m, spanFolded, span, new Map(), to);

    if (node.op === "softmax") {
      softmax(k, node, shape, each, (at, value) => {
        if (p.along === 1) sink.put(b, row, at, value);
        else sink.put(b, at, row, splat(value, across));
      });
    } else {
      const value = isArg(node) ? best(k, node, shape, each) : reduced(k, node, shape, each);
      const put = (): void =>
        resultSink(k, m, { axis: axisOf([], []), clamped: false }, span, new Map(), to).put(b, int(0), row, value);
      if (p.lanes === 1) put();
      else b.if(eq(x, 0), put);
    }
    const { kernel, step } = k.finish(costOfMatch(cx, m));
    return { kernels: [kernel], temps: [], steps: [step] };
  },
};

/** Calls its argument at every element of a row that this invocation has to do with. */
type Each = (visit: (point: Point, at: KExpr, width: Width) => void) => void;

/** How rows are spread over a workgroup. */
interface Shape {
  /** Rows of an invocation, the lanes of its vectors; 1 where the lanes run along the row. */
  readonly across: Width;
  /** Widths in which elements arrive. */
  readonly widths: readonly Width[];
  readonly lanes: number;
  readonly threads: number;
  readonly x: KExpr;
  readonly y: KExpr;
}

const isArg = (node: Reduction): boolean =>
  node.op === "reduce" && (node.monoid === "argmax" || node.monoid === "argmin");

function foldedIndices(node: Reduction): readonly Ix[] {
  return node.op === "softmax" ? [node.axis] : reducedIndices(node);
}

function parts(
  m: Match,
  cx: BuildContext,
): { readonly node: Reduction; readonly rows: Axis; readonly inner: Ix; readonly outer: readonly Ix[] } {
  const node = cx.node(m.root);
  invariant(node.op === "reduce" || node.op === "softmax" || node.op === "contract", () => `${node.op} folds nothing`);
  const folded = foldedIndices(node);
  const rows = storedIndices(cx, m).filter((ix) => !folded.includes(ix));
  const uses = node.op === "contract" ? node.factors : [node.arg];
  const loads = (ix: Ix): number => uses.reduce((n, u) => n + loadsAlong(cx, u, ix), 0);
  const size = (ix: Ix): number => typical(node.extents[ix] ?? constDim(1));
  const ordered = [...folded].sort((a, b) => loads(b) - loads(a) || size(a) - size(b));
  const inner = ordered.at(-1);
  invariant(inner !== undefined, () => "a reduction folds");
  return { node, rows: axisOf(rows, node.extents), inner, outer: ordered.slice(0, -1) };
}

type Operator = "add" | "mul" | "max" | "min";

const operatorOf = (monoid: Monoid): Operator => {
  switch (monoid) {
    case "sum":
      return "add";
    case "prod":
      return "mul";
    case "max":
    case "argmax":
      return "max";
    case "min":
    case "argmin":
      return "min";
  }
};

/** The greatest finite number of a dtype. */
export const highest = (dtype: DType): number => {
  switch (dtype) {
    case "f32":
      return 3.4028234663852886e38;
    case "f16":
      return 65504;
    case "i32":
      return 2147483647;
    case "u32":
      return 4294967295;
    case "bool":
      return 1;
  }
};

/** The least finite number of a dtype. */
export const lowest = (dtype: DType): number => {
  switch (dtype) {
    case "f32":
    case "f16":
      return -highest(dtype);
    case "i32":
      return -2147483648;
    case "u32":
    case "bool":
      return 0;
  }
};

const identity = (op: Operator, dtype: DType): number => {
  switch (op) {
    case "add":
      return 0;
    case "mul":
      return 1;
    case "max":
      return lowest(dtype);
    case "min":
      return highest(dtype);
  }
};

/** An element and whether it is selected; a product's condition is in its value. */
function termOf(k: KernelScope, node: Reduction, point: Point): { readonly value: KExpr; readonly keep?: KExpr } {
  if (node.op === "contract") return { value: productElement(k, node, point) };
  const value = element(k, node.arg, point);
  if (node.where === undefined) return { value };
  return { value, keep: selected(k, node.where, node.where.body, point) };
}

/** Folds with one accumulator for each width, then over lanes and invocations: one value a row, in all its invocations. */
function folded(
  k: KernelScope,
  shape: Shape,
  op: Operator,
  dtype: DType,
  each: Each,
  term: (p: Point) => KExpr,
): KExpr {
  const { b } = k;
  const accs = new Map(
    shape.widths.map((w): readonly [Width, BufId] => {
      const acc = b.memory("register", "acc", kType(dtype, w), 1);
      b.store(acc, 0, lit(identity(op, dtype), kType(dtype, w)));
      return [w, acc];
    }),
  );
  each((point, _, width) => {
    const w = shape.across > 1 ? shape.across : width;
    const acc = accs.get(w);
    invariant(acc, () => "an accumulator for each width");
    b.store(acc, 0, splat(call(op, b.load(acc, 0), splat(term(point), w)), w));
  });
  const own = [...accs].map(([w, acc]) =>
    shape.across > 1 ? b.load(acc, 0) : w > 1 ? fold(op, b.load(acc, 0)) : b.load(acc, 0),
  );
  const mine = b.let(
    own.reduce((s, v) => call(op, s, v)),
    "part",
  );
  return first(joined(k, shape, [mine], (s, t) => [call(op, first(s), first(t))]));
}

/** How many parts one invocation joins before the next barrier. */
const radix = 8;

/**
 * Joins the parts of a row that its invocations hold, through shared memory: eight parts at a time, each level in
 * memory of its own, until eight are left, which every invocation joins for itself.
 */
function joined(
  k: KernelScope,
  shape: Shape,
  mine: readonly KExpr[],
  join: (s: readonly KExpr[], t: readonly KExpr[]) => readonly KExpr[],
): readonly KExpr[] {
  if (shape.lanes === 1) return mine;
  const { b } = k;
  const { x, y } = shape;
  const rows = shape.threads / shape.lanes;
  let lanes = shape.lanes;
  const level = (count: number): readonly BufId[] =>
    mine.map((v) => b.memory("shared", "parts", typeOf(v), rows * count));
  const keep = (to: readonly BufId[], at: KExpr, values: readonly KExpr[]): void =>
    to.forEach((buffer, i) => {
      b.store(buffer, at, values[i] ?? int(0));
    });
  const gathered = (from: readonly BufId[], first: KExpr, count: number): readonly KExpr[] => {
    const part = (i: number): readonly KExpr[] => from.map((buffer) => b.let(b.load(buffer, add(first, i)), "part"));
    let all = part(0);
    for (let i = 1; i < count; i++) all = join(all, part(i)).map((v) => b.let(v, "joined"));
    return all;
  };
  let parts = level(lanes);
  keep(parts, add(mul(y, lanes), x), mine);
  b.barrier();
  while (lanes > radix) {
    const count = Math.min(radix, lanes / radix);
    const fewer = lanes / count;
    const next = level(fewer);
    const [from, width] = [parts, lanes];
    b.if(lt(x, fewer), () => {
      keep(next, add(mul(y, fewer), x), gathered(from, add(mul(y, width), mul(x, count)), count));
    });
    b.barrier();
    parts = next;
    lanes = fewer;
  }
  return gathered(parts, mul(y, lanes), lanes);
}

/** The fold of a row, before the epilogue. */
function reduced(k: KernelScope, node: Reduction, shape: Shape, each: Each): KExpr {
  invariant(node.op !== "softmax", () => "a softmax is not one value");
  const op = node.op === "contract" ? "add" : operatorOf(node.monoid);
  const dtype = node.op === "contract" ? node.accum : node.type.dtype === "f16" ? "f32" : node.type.dtype;
  return folded(k, shape, op, dtype, each, (point) => {
    const { value, keep } = termOf(k, node, point);
    const wide = convert(dtype, value);
    return keep === undefined ? wide : select(keep, wide, lit(identity(op, dtype), kType(dtype)));
  });
}

/** Where the greatest or least element of a row is, the first of equals; 0 if nothing is selected. */
function best(k: KernelScope, node: Reduction, shape: Shape, each: Each): KExpr {
  invariant(node.op === "reduce", () => "only a reduction gives a place");
  const { b } = k;
  const dtype = k.cx.node(node.arg.value).type.dtype;
  const better = node.monoid === "argmax" ? gt : lt;
  const value = b.memory("register", "best", kType(dtype), 1);
  const index = b.memory("register", "place", kType("i32"), 1);
  b.store(value, 0, lit(0, kType(dtype)));
  b.store(index, 0, int(-1));
  each((point, at, width) => {
    const term = termOf(k, node, point);
    const elements = b.let(splat(term.value, width));
    const keeps = term.keep === undefined ? undefined : b.let(splat(term.keep, width));
    for (let l = 0; l < width; l++) {
      const v = lane(elements, l);
      const wins = or(lt(b.load(index, 0), 0), better(v, b.load(value, 0)));
      const taken = b.let(keeps === undefined ? wins : and(lane(keeps, l), wins), "wins");
      b.store(value, 0, select(taken, v, b.load(value, 0)));
      b.store(index, 0, select(taken, add(at, l), b.load(index, 0)));
    }
  });
  const whole = joined(k, shape, [b.let(b.load(value, 0), "value"), b.let(b.load(index, 0), "place")], (s, t) => {
    const [[v, i], [w, j]] = [pair(s), pair(t)];
    const equal = and(eq(v, w), lt(j, i));
    const wins = b.let(and(ge(j, 0), or(lt(i, 0), or(better(w, v), equal))), "wins");
    return [select(wins, w, v), select(wins, j, i)];
  });
  return max(pair(whole)[1], 0);
}

const first = (values: readonly KExpr[]): KExpr => {
  const [v] = values;
  invariant(v, () => "a row has a value");
  return v;
};

const pair = (values: readonly KExpr[]): readonly [KExpr, KExpr] => {
  const [v, w] = values;
  invariant(v && w, () => "a place has a value");
  return [v, w];
};

/** exp(x - max) / Σ exp(x - max) over the selected elements of a row; 0 elsewhere, and where nothing is selected. */
function softmax(
  k: KernelScope,
  node: Extract<Node, { op: "softmax" }>,
  shape: Shape,
  each: Each,
  put: (at: KExpr, value: KExpr) => void,
): void {
  const { b } = k;
  const dtype: DType = "f32";
  const greatest = folded(k, shape, "max", dtype, each, (point) => {
    const { value, keep } = termOf(k, node, point);
    return keep === undefined ? convert(dtype, value) : select(keep, convert(dtype, value), lowest(dtype));
  });
  const power = (point: Point): KExpr => {
    const { value, keep } = termOf(k, node, point);
    const x = convert(dtype, value);
    if (keep === undefined) return call("exp", sub(x, greatest));
    const chosen = b.let(keep, "keep");
    return select(chosen, call("exp", sub(select(chosen, x, greatest), greatest)), 0);
  };
  const total = folded(k, shape, "add", dtype, each, power);
  const scale = b.let(
    node.where === undefined ? div(1, total) : select(gt(total, 0), div(1, max(total, lit(1e-30, typeOf(total)))), 0),
    "scale",
  );
  each((point, at, width) => put(at, splat(mul(power(point), scale), shape.across > 1 ? shape.across : width)));
}
