import { ceilDivDim, constDim, type Dim, floorDivDim, scaleDim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Ix, Node } from "../../src/ir/graph/ops.js";
import { reducedIndices } from "../../src/ir/graph/visit.js";
import {
  add,
  and,
  call,
  convert,
  div,
  eq,
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
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { axisOf, decode, type Env, isMultiple, positions, reachOf, spanOf } from "./axis.js";
import { element, mapElement, type Point, pointAt, selected } from "./element.js";
import { openGrid } from "./grid.js";
import type { Match, Schedule } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { nest } from "./nest.js";
import { productElement } from "./pointwise.js";
import { type Each, folded, identity, joined, lowest, operatorOf, type Shape } from "./rowFold.js";
import { foldedIndices, isArg, parts, type RowNode } from "./rowParts.js";
import { type RowParams, rowCost, rowSpace, turnsOf } from "./rowSpace.js";
import { resultBuffer, resultSink } from "./sink.js";

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
    if (node.op === "input" || node.op === "param" || node.op === "concat" || node.op === "region") {
      return `a ${node.op} folds nothing`;
    }
    if (foldedIndices(m, node).length === 0) return "nothing is folded";
    return undefined;
  },

  space: rowSpace,
  estimate: rowCost,

  build(m, p, cx) {
    const k = kernelScope(m, cx);
    const { b } = k;
    const { node, rows, inner, outer } = parts(m, cx);
    const across = p.along === 0 ? p.width : 1;
    const tile = (p.threads / p.lanes) * across;
    const counted = spanOf(rows, tile);
    // A softmax and a map store whole rows, a fold one value a row.
    const wholeRows = node.op === "softmax" || node.op === "map";
    const along = axisOf([inner], node.extents);
    const columns = wholeRows && p.along === 1 ? along : rows;
    const to = resultBuffer(k, m, { axis: columns, clamped: false }, wholeRows || across > 1 ? p.width : 1);
    const place = openGrid(b, [ceilDivDim(rows.total, constDim(tile))], cx.target.maxGrid);
    // A workgroup beyond the last row computes a row again and stores nothing: barriers need every workgroup whole.
    const span = { axis: rows, clamped: counted.clamped || place.live !== undefined };
    const y = b.local(1, p.threads / p.lanes, "y");
    const x = b.local(0, p.lanes, "x");
    const group = place.at[0];
    invariant(group, () => "one axis");
    const row = mul(add(mul(group, p.threads / p.lanes), y), across);
    const here: Rows = { envs: positions(b, span, row, across), beyond: reachOf(span, across) };

    const vectors = p.along === 1 && p.width === 4;
    const shape: Shape = {
      across,
      vectors,
      singles: !vectors || !isMultiple(node.extents[inner] ?? constDim(1), 4),
      lanes: p.lanes,
      threads: p.threads,
      whole: p.whole === 1,
      x,
      y,
    };
    const each = eachElement(k, shape, node.extents, here, inner, outer);
    rowValues(k, m, shape, here);

    const alongSpan = { axis: along, clamped: false };
    if (wholeRows) {
      const sink =
        p.along === 1
          ? resultSink(k, m, span, alongSpan, new Map(), to)
          : resultSink(k, m, alongSpan, span, new Map(), to);
      const put = (at: KExpr, value: KExpr, width: Width): void => {
        if (p.along === 1) sink.put(b, row, at, splat(value, width));
        else sink.put(b, at, row, splat(value, across));
      };
      if (node.op === "softmax") softmax(k, node, shape, each, put);
      else each((point, at, width) => put(at, mapElement(k, node, point), width));
    } else {
      const value = isArg(node) ? best(k, node, shape, each) : reduced(k, node, shape, each);
      const sink = resultSink(k, m, { axis: axisOf([], []), clamped: false }, span, new Map(), to);
      const put = (): void => sink.put(b, int(0), row, splat(value, across));
      if (p.lanes === 1) put();
      else b.if(eq(x, 0), put);
    }
    const { kernel, step } = k.finish(costOfMatch(cx, m));
    return { kernels: [kernel], temps: [], steps: [step] };
  },
};

/** The rows where an invocation stands: one, or four neighbours, which may lie a little beyond the last. */
interface Rows {
  readonly envs: readonly Env[];
  readonly beyond: ReadonlyMap<Ix, Dim>;
}

/** Walks along rows: over `inner` by the invocations of a row, over `outer` by all of them. */
function eachElement(
  k: KernelScope,
  shape: Shape,
  extents: readonly Dim[],
  rows: Rows,
  inner: Ix,
  outer: readonly Ix[],
): Each {
  const { b } = k;
  const axis = axisOf([inner], extents);
  const extentOf = (ix: Ix): Dim => extents[ix] ?? constDim(1);
  const fours = floorDivDim(axis.total, constDim(4));
  const middle = shape.vectors ? scaleDim(fours, 4, 1) : constDim(0);
  return (visit) => {
    const step = (env: Env, at: KExpr, width: Width): void => {
      const along = decode(b, axis, at, width);
      const lanes =
        shape.across > 1
          ? rows.envs.map((r): Env => new Map([...r, ...env, ...(along[0] ?? [])]))
          : along.map((f): Env => new Map([...(rows.envs[0] ?? []), ...env, ...f]));
      visit(pointAt(extents, lanes, rows.beyond), at, width);
    };
    nest(b, outer, extentOf, new Map(), (env) => {
      const { lanes, x } = shape;
      if (shape.whole) {
        // Written out: what one fold loads, the next finds in a register (`shareExpressions`).
        const each: Width = shape.vectors ? 4 : 1;
        const turns = turnsOf(axis.total, lanes, each);
        invariant(turns !== undefined, () => "a row that is kept has a known length");
        for (let i = 0; i < turns; i++) step(env, mul(add(x, i * lanes), each), each);
        return;
      }
      if (shape.vectors) b.for(x, b.dim(fours), lanes, "serial", (four) => step(env, mul(four, 4), 4), "k4");
      if (shape.singles)
        b.for(add(b.dim(middle), x), b.dim(axis.total), lanes, "serial", (at) => step(env, at, 1), "k");
    });
  };
}

/** Computes what a map needs to know of its rows; from then on the kernel has these values. */
function rowValues(k: KernelScope, m: Match, shape: Shape, rows: Rows): void {
  for (const { value, at } of m.row?.values ?? []) {
    const node = k.cx.node(value);
    invariant(
      node.op === "map" || node.op === "reduce" || node.op === "contract",
      () => `${node.op} is no value of a row`,
    );
    const own: Rows = {
      envs: rows.envs.map((env): Env => new Map(node.out.map((ix, a) => [ix, env.get(at[a] ?? -1) ?? int(0)]))),
      beyond: new Map(
        node.out.flatMap((ix, a) => {
          const end = rows.beyond.get(at[a] ?? -1);
          return end === undefined ? [] : [[ix, end] as const];
        }),
      ),
    };
    if (node.op === "map") {
      k.given.set(value, k.b.let(mapElement(k, node, pointAt(node.extents, own.envs, own.beyond)), "of_row"));
      continue;
    }
    const [inner] = reducedIndices(node);
    invariant(inner !== undefined, () => "a fold has an index");
    const each = eachElement(k, shape, node.extents, own, inner, []);
    k.given.set(value, k.b.let(convert(node.type.dtype, reduced(k, node, shape, each)), "of_row"));
  }
}

/** An element and whether it is selected; a product's condition is in its value. */
function termOf(k: KernelScope, node: RowNode, point: Point): { readonly value: KExpr; readonly keep?: KExpr } {
  if (node.op === "contract") return { value: productElement(k, node, point) };
  if (node.op === "map") return { value: mapElement(k, node, point) };
  const value = element(k, node.arg, point);
  if (node.where === undefined) return { value };
  return { value, keep: selected(k, node.where, node.where.body, point) };
}

/** The fold of a row, before the epilogue. */
function reduced(k: KernelScope, node: RowNode, shape: Shape, each: Each): KExpr {
  invariant(node.op === "reduce" || node.op === "contract", () => `a ${node.op} is not one value`);
  const op = node.op === "contract" ? "add" : operatorOf(node.monoid);
  // Half sums are kept in single precision; an extreme is an element, or the extreme of the elements' own dtype.
  const wider = node.type.dtype === "f16" && (op === "add" || op === "mul");
  const dtype = node.op === "contract" ? node.accum : wider ? "f32" : node.type.dtype;
  return folded(k, shape, op, dtype, each, (point) => {
    const { value, keep } = termOf(k, node, point);
    const wide = convert(dtype, value);
    return keep === undefined ? wide : select(keep, wide, lit(identity(op, dtype), kType(dtype)));
  });
}

/** Where the greatest or least element of a row is, the first of equals; 0 if nothing is selected. */
function best(k: KernelScope, node: RowNode, shape: Shape, each: Each): KExpr {
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
  put: (at: KExpr, value: KExpr, width: Width) => void,
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
  each((point, at, width) => put(at, mul(power(point), scale), width));
}
