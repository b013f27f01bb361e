import { constDim, productDim } from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { add, and, convert, floordiv, lane, lt, splat, typeOf } from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { decode, type Env, isMultiple, type Span } from "./axis.js";
import { addressOf, mapElement, pointAt } from "./element.js";
import { type BuildContext, type Match, resultOf } from "./interface.js";
import type { KernelScope } from "./kernelScope.js";
import type { Sink } from "./tile/source.js";

/** The indices of a match's root, in the axis order of its value. */
export function rootIndices(cx: BuildContext, m: Match): readonly Ix[] {
  const root = cx.node(m.root);
  switch (root.op) {
    case "contract":
    case "reduce":
    case "map":
      return root.out;
    case "softmax":
      return root.extents.map((_, ix) => ix);
    case "region":
      return root.type.shape.map((_, axis) => axis);
    default:
      invariant(false, () => `${root.op} has no indices`);
  }
}

/** For each axis of the stored value, the index of the root that runs along it. */
export function storedIndices(cx: BuildContext, m: Match): readonly Ix[] {
  let axes = rootIndices(cx, m);
  let previous = m.root;
  for (const v of m.epilogue) {
    const node = cx.node(v);
    invariant(node.op === "map", () => "an epilogue is made of maps");
    const use = node.args.find((u) => u.value === previous);
    invariant(use, () => "an epilogue reads what it follows");
    const from = new Map(use.at.map((sub, axis) => [sub.i === "ix" ? sub.ix : -1, axes[axis] ?? -1]));
    axes = node.out.map((ix) => from.get(ix) ?? -1);
    previous = v;
  }
  return axes;
}

/** A value of the root at some of its elements, carried through the epilogue: what is stored, and where. */
function finished(
  k: KernelScope,
  m: Match,
  lanes: readonly Env[],
  value: KExpr,
): { value: KExpr; at: readonly KExpr[] } {
  const { cx } = k;
  const root = cx.node(m.root);
  let coordinates = lanes.map((env) => rootIndices(cx, m).map((ix) => required(env, ix)));
  let result = convert(root.type.dtype, value);
  let previous = m.root;
  for (const v of m.epilogue) {
    const node = cx.node(v);
    invariant(node.op === "map", () => "an epilogue is made of maps");
    const arg = node.args.findIndex((u) => u.value === previous);
    const at = node.args[arg]?.at ?? [];
    const envs = coordinates.map(
      (c): Env => new Map(at.map((sub, axis) => [sub.i === "ix" ? sub.ix : -1, c[axis] ?? c[0] ?? value])),
    );
    result = mapElement(k, node, pointAt(node.extents, envs), { arg, value: k.b.let(result, "r") });
    coordinates = envs.map((env) => node.out.map((ix) => required(env, ix)));
    previous = v;
  }
  const { shape } = cx.node(previous).type;
  return { value: result, at: coordinates.map((c) => addressOf(k, shape, c)) };
}

const required = (env: Env, ix: Ix): KExpr => {
  const v = env.get(ix);
  invariant(v, () => `index ${ix} has no value at the store`);
  return v;
};

/** Where a match's result lies: its own buffer, or part `z` of a buffer of partial results. */
export interface Destination {
  readonly buffer: BufId;
  readonly width: Width;
}

/** The buffer of a match's result, of vectors where the columns of a tile are contiguous in it. */
export function resultBuffer(k: KernelScope, m: Match, cols: Span, wanted: Width): Destination {
  const result = resultOf(m);
  const { resource, hint, dtype, shape } = k.cx.stored(result);
  const fastest = storedIndices(k.cx, m).at(-1);
  const last = shape.at(-1) ?? constDim(1);
  const vector = wanted === 4 && fastest !== undefined && cols.axis.ixs.at(-1) === fastest && isMultiple(last, 4);
  const width = vector ? 4 : 1;
  return { buffer: k.write(resource, hint, dtype, productDim(shape), width), width };
}

/** What a value of the root at some of its elements becomes, and where it goes. */
export type Landing = (lanes: readonly Env[], value: KExpr) => { readonly value: KExpr; readonly at: readonly KExpr[] };

/** Stores a tile of the root's values through the epilogue; `fixed` gives the indices that are in neither span. */
export const resultSink = (k: KernelScope, m: Match, rows: Span, cols: Span, fixed: Env, to: Destination): Sink =>
  tileSink(k, rows, cols, fixed, to, (lanes, value) => finished(k, m, lanes, value));

/** Stores a tile, vectors where the destination has them, else element by element; edges are guarded. */
export function tileSink(k: KernelScope, rows: Span, cols: Span, fixed: Env, to: Destination, landing: Landing): Sink {
  const { b } = k;
  return {
    put(_, row, col, value) {
      const width = typeOf(value).width;
      const inRows = rows.clamped ? [lt(row, b.dim(rows.axis.total))] : [];
      const down = decode(b, rows.axis, row, 1)[0] ?? new Map<Ix, KExpr>();
      const across = decode(b, cols.axis, col, width);
      const envs = across.map((env): Env => new Map([...fixed, ...down, ...env]));
      const guarded = (conditions: readonly KExpr[], store: () => void): void => {
        if (conditions.length === 0) store();
        else b.if(conditions.reduce(and), store);
      };
      if (width === to.width) {
        const inCols = cols.clamped ? [lt(col, b.dim(cols.axis.total))] : [];
        guarded([...inRows, ...inCols], () => {
          const done = landing(envs, value);
          b.store(to.buffer, floordiv(done.at[0] ?? row, width), splat(done.value, width));
        });
        return;
      }
      guarded(inRows, () => {
        envs.forEach((env, l) => {
          const inCols = cols.clamped ? [lt(add(col, l), b.dim(cols.axis.total))] : [];
          guarded(inCols, () => {
            const done = landing([env], lane(value, l));
            b.store(to.buffer, done.at[0] ?? row, done.value);
          });
        });
      });
    },
  };
}
