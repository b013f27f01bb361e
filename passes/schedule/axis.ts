import {
  ceilDivDim,
  constDim,
  constValue,
  type Dim,
  dimRange,
  floorDivDim,
  productDim,
  scaleDim,
  subDim,
} from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { add, floordiv, int, type KB, literalOf, min, mod, mul } from "../../src/ir/kernel/builder.js";
import { difference } from "../../src/ir/kernel/linear.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";

/** Several indices of a node as one: the last runs fastest. */
export interface Axis {
  readonly ixs: readonly Ix[];
  readonly extents: readonly Dim[];
  /** Product of the extents; 1 of none. */
  readonly total: Dim;
}

export const axisOf = (ixs: readonly Ix[], extents: readonly Dim[]): Axis => {
  const own = ixs.map((ix) => extents[ix] ?? constDim(1));
  return { ixs, extents: own, total: productDim(own) };
};

/** Whether a size is a multiple of `by` for all values of the run-time sizes. */
export const isMultiple = (d: Dim, by: number): boolean =>
  constValue(subDim(d, scaleDim(floorDivDim(d, constDim(by)), by, 1))) === 0;

export const roundUp = (d: Dim, by: number): Dim => scaleDim(ceilDivDim(d, constDim(by)), by, 1);

const lessOne = (d: Dim): Dim => subDim(d, constDim(1));

/** A size to decide by when it is known at run time only: the geometric middle of its range. */
export const typical = (d: Dim): number => {
  const { lo, hi } = dimRange(d);
  return Math.sqrt(Math.max(lo, 1) * Math.max(hi, 1));
};

/** Values of a node's indices. */
export type Env = ReadonlyMap<Ix, KExpr>;

/**
 * How far an index may run, its end excluded: its extent, or a little more where a vector of lanes covers the edge and
 * what the lanes beyond compute is thrown away.
 */
export type Reach = (ix: Ix) => Dim;

/**
 * The indices at `width` consecutive positions of an axis. Lanes are contiguous in the last index whenever its extent
 * is a multiple of the width and `flat` is one too.
 */
export function decode(b: KB, axis: Axis, flat: KExpr, width: number): readonly Env[] {
  const lanes = Array.from({ length: width }, (_, l) => l);
  const last = axis.extents.at(-1);
  if (last === undefined) return lanes.map(() => new Map());
  if (axis.ixs.length === 1) return lanes.map((l) => new Map([[axis.ixs[0] ?? 0, add(flat, l)]]));
  const together = isMultiple(last, width) && literalOf(mod(flat, width)) === 0;
  const first = decodeOne(b, axis, flat);
  const lastIx = axis.ixs.at(-1) ?? 0;
  return lanes.map((l) => {
    if (!together) return decodeOne(b, axis, add(flat, l));
    return new Map([...first].map(([ix, v]) => [ix, ix === lastIx ? add(v, l) : v]));
  });
}

function decodeOne(b: KB, axis: Axis, flat: KExpr): Env {
  const env = new Map<Ix, KExpr>();
  let rest = flat;
  for (let i = axis.ixs.length - 1; i >= 0; i--) {
    const ix = axis.ixs[i];
    const extent = axis.extents[i];
    if (ix === undefined || extent === undefined) continue;
    const size = constValue(extent);
    if (size === 1) env.set(ix, int(0));
    // A quotient of run-time sizes is in range by what the grid is; the minimum says it in terms that can be proved.
    else if (i === 0) env.set(ix, size === undefined && axis.ixs.length > 1 ? min(rest, b.dim(lessOne(extent))) : rest);
    else {
      env.set(ix, mod(rest, b.dim(extent)));
      rest = floordiv(rest, b.dim(extent));
    }
  }
  return env;
}

/** A tile's positions along an axis, kept inside it. */
export interface Span {
  readonly axis: Axis;
  /** Whether positions may lie beyond the axis and are drawn back. */
  readonly clamped: boolean;
}

/** The span of `count` tiles of `size` over an axis. */
export const spanOf = (axis: Axis, size: number): Span => ({ axis, clamped: !isMultiple(axis.total, size) });

/**
 * The indices of `width` consecutive positions from `flat`, which is a multiple of the width. Past the end the last
 * vector of the axis is read again; a vector across the end runs over it by less than its width (see `reachOf`).
 */
export function positions(b: KB, span: Span, flat: KExpr, width: number): readonly Env[] {
  const { axis, clamped } = span;
  if (!clamped) return decode(b, axis, flat, width);
  if (width === 1) return decode(b, axis, min(flat, b.dim(lessOne(axis.total))), 1);
  const last = axis.extents.at(-1) ?? constDim(1);
  if (axis.ixs.length === 1 || isMultiple(last, width)) {
    const end = floorDivDim(lessOne(axis.total), constDim(width));
    return decode(b, axis, mul(min(floordiv(flat, width), b.dim(end)), width), width);
  }
  const end = b.dim(lessOne(axis.total));
  return Array.from({ length: width }, (_, l) => decodeOne(b, axis, min(add(flat, l), end)));
}

/** How far the indices of `positions` run. */
export function reachOf(span: Span, width: number): ReadonlyMap<Ix, Dim> {
  const [ix] = span.axis.ixs;
  const single = span.axis.ixs.length === 1 && ix !== undefined;
  if (!single || width === 1 || isMultiple(span.axis.total, width)) return new Map();
  return new Map([[ix, roundUp(span.axis.total, width)]]);
}

/** Whether lane l of a vector lies l after lane 0, for every lane. */
export const consecutive = (lanes: readonly KExpr[]): boolean => {
  const first = lanes[0];
  return first !== undefined && lanes.every((e, l) => l === 0 || difference(e, first) === l);
};
