import { addDim, ceilDivDim, constDim, type Dim, mulDim, productDim, scaleDim, subDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { add, and, floordiv, kType, lt, mul, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Kernel, Width } from "../../src/ir/kernel/ops.js";
import type { Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { type Axis, axisOf, type Env, isMultiple, type Span, spanOf } from "./axis.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import type { Contract } from "./sides.js";
import { type Destination, resultBuffer, resultSink, storedIndices, tileSink } from "./sink.js";
import type { Sink } from "./tile/source.js";

/**
 * A reduction that is cut into parts, because its result is too small to keep a machine busy: each part writes sums of
 * its own, and a second kernel adds them in order. No atomics, so the bits are the same in every run.
 */
export interface Partials {
  readonly splits: number;
  /** The indices of the result, in the order in which both kernels lay them out. */
  readonly axis: Axis;
  readonly temp: Temp;
  /** What the first kernel writes beyond one result. */
  readonly bytes: Dim;
}

export function partsOf(m: Match, cx: BuildContext, node: Contract, splits: number): Partials {
  const axis = axisOf(storedIndices(cx, m), node.extents);
  const length = scaleDim(axis.total, splits, 1);
  return {
    splits,
    axis,
    temp: { id: `temp.${m.root}.parts`, type: kType(node.accum), length },
    bytes: scaleDim(axis.total, (splits - 1) * byteSize(node.accum), 1),
  };
}

const divides = (parts: Partials): boolean => isMultiple(parts.axis.extents.at(-1) ?? constDim(1), 4);

export function partialBuffer(k: KernelScope, parts: Partials, cols: Span, wanted: Width): Destination {
  const vector = wanted === 4 && cols.axis.ixs.at(-1) === parts.axis.ixs.at(-1) && divides(parts);
  const width = vector ? 4 : 1;
  return { buffer: k.write(parts.temp.id, "parts", parts.temp.type.dtype, parts.temp.length, width), width };
}

/** Stores a tile of sums as part `part`. */
export function partialSink(
  k: KernelScope,
  parts: Partials,
  part: KExpr,
  rows: Span,
  cols: Span,
  fixed: Env,
  to: Destination,
): Sink {
  const { axis } = parts;
  const start = mul(part, k.b.dim(axis.total));
  const position = (env: Env): KExpr =>
    axis.ixs.reduce((sum: KExpr, ix: Ix, i) => {
      const v = env.get(ix);
      invariant(v, () => `index ${ix} has no value at the store`);
      return add(sum, mul(v, k.b.dim(productDim(axis.extents.slice(i + 1)))));
    }, start);
  return tileSink(k, rows, cols, fixed, to, (lanes, value) => ({ value, at: lanes.map(position) }));
}

/** Adds the parts, and finishes as the whole match would. */
export function combine(m: Match, cx: BuildContext, parts: Partials): { readonly kernel: Kernel; readonly step: Step } {
  const k = kernelScope(m, cx, "_join");
  const { b } = k;
  const { axis, splits, temp } = parts;
  const width: Width = cx.target.vectors && divides(parts) ? 4 : 1;
  const threads = Math.min(64, cx.target.maxInvocations);
  const span = spanOf(axis, width * threads);
  const to = resultBuffer(k, m, span, width);
  const from = k.readTemp(temp.id, temp.type.dtype, temp.length, width);
  const place = openGrid(b, [ceilDivDim(axis.total, constDim(width * threads))], cx.target.maxGrid);
  const thread = b.local(0, threads, "x");
  const group = place.at[0];
  invariant(group, () => "one axis");
  const at = mul(add(mul(group, threads), thread), width);
  const none = { axis: axisOf([], []), clamped: false };
  const sink = resultSink(k, m, none, { axis, clamped: false }, new Map(), to);
  const guards = [
    ...(span.clamped ? [lt(at, b.dim(axis.total))] : []),
    ...(place.live === undefined ? [] : [place.live]),
  ];
  const body = (): void => {
    const sum = b.memory("register", "sum", kType(temp.type.dtype, width), 1);
    const first = floordiv(at, width);
    b.store(sum, 0, b.load(from, first));
    const each = b.dim(scaleDim(axis.total, 1, width));
    b.for(1, splits, 1, "serial", (part) => {
      b.store(sum, 0, add(b.load(sum, 0), b.load(from, add(mul(part, each), first))));
    });
    sink.put(b, at, at, splat(b.load(sum, 0), width));
  };
  if (guards.length === 0) body();
  else
    b.if(
      guards.reduce((c, g) => and(c, g)),
      body,
    );
  const own = costOfMatch(cx, m);
  const root = costOfMatch(cx, { root: m.root, epilogue: [] });
  const size = scaleDim(axis.total, splits * byteSize(temp.type.dtype), 1);
  const beyond = subDim(own.bytes, root.bytes);
  const result = mulDim(axis.total, constDim(byteSize(temp.type.dtype)));
  return k.finish({
    flops: constDim(0),
    bytes: addDim(addDim(size, beyond), result),
    label: `${own.label}, parts joined`,
  });
}
