import { roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import { ceilDivDim, constDim, productDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { add, and, convert, kType, lit, lt, mul, select, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { axisOf, type Env, isMultiple, positions, spanOf, typical } from "./axis.js";
import { element, mapElement, pointAt, selected } from "./element.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match, Schedule } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { resultBuffer, resultSink, rootIndices, storedIndices } from "./sink.js";

export interface PointwiseParams extends Readonly<Record<string, number>> {
  readonly width: Width;
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** Elements, or vectors, that an invocation computes one after the other. */
  readonly items: number;
}

/** Maps, and products without a sum: each invocation computes one element, or four neighbours. */
export const pointwise: Schedule<PointwiseParams> = {
  name: "pointwise",
  summary: "one element, or four neighbours, an invocation",

  refuse(m, cx) {
    const node = cx.node(m.root);
    if (m.row !== undefined) return "it needs to know whole rows";
    if (node.op === "map") return undefined;
    if (node.op === "contract" && node.out.length === node.extents.length) return undefined;
    return `each element of a ${node.op} depends on more than one other`;
  },

  space(m, cx) {
    const shape = cx.node(m.epilogue.at(-1) ?? m.root).type.shape;
    const vector = cx.target.vectors && isMultiple(shape.at(-1) ?? constDim(1), 4);
    const threads = Math.min(64, cx.target.maxInvocations);
    const items = itemsFor(cx.target);
    return vector
      ? [
          { width: 4, threads, items },
          { width: 1, threads, items },
        ]
      : [{ width: 1, threads, items }];
  },

  estimate(m, p, cx) {
    const node = cx.node(m.root);
    const size = typical(productDim(node.type.shape));
    return roofline(
      {
        flops: 4 * size,
        bytes: 3 * size * byteSize(node.type.dtype),
        dispatches: 1,
        workgroups: size / p.width / p.threads,
      },
      cx.target,
    );
  },

  build(m, p, cx) {
    const k = kernelScope(m, cx);
    const { b } = k;
    const node = cx.node(m.root);
    invariant(node.op === "map" || node.op === "contract", () => `${node.op} is not pointwise`);
    const ixs = storedIndices(cx, m);
    invariant(ixs.length === rootIndices(cx, m).length, () => "an epilogue keeps the indices");
    const axis = axisOf(ixs, node.extents);
    const none = spanOf(axisOf([], []), 1);
    const tile = p.width * p.threads * p.items;
    const span = spanOf(axis, tile);
    const to = resultBuffer(k, m, span, p.width);
    const place = openGrid(b, [ceilDivDim(axis.total, constDim(tile))], cx.target.maxGrid);
    const thread = b.local(0, p.threads, "x");
    const group = place.at[0];
    invariant(group, () => "one axis");
    const sink = resultSink(k, m, none, { axis, clamped: false }, new Map(), to);
    b.for(0, p.items, 1, "serial", (item) => {
      const at = mul(add(mul(add(mul(group, p.items), item), p.threads), thread), p.width);
      const body = (): void => {
        const lanes = positions(b, { axis, clamped: false }, at, p.width);
        sink.put(b, at, at, splat(pointValue(k, m, lanes), p.width));
      };
      const guards = [
        ...(span.clamped ? [lt(at, b.dim(axis.total))] : []),
        ...(place.live === undefined ? [] : [place.live]),
      ];
      if (guards.length === 0) body();
      else b.if(guards.reduce(and), body);
    });
    const { kernel, step } = k.finish(costOfMatch(cx, m));
    return { kernels: [kernel], temps: [], steps: [step] };
  },
};

/** A thread of a processor takes a stretch of elements, an invocation of a GPU one. */
export const itemsFor = (target: Target): number => (target.execution === "cpu" ? 1024 : 1);

/** The root's own value at a point: a map's body, or a product under its condition. */
function pointValue(k: KernelScope, m: Match, lanes: readonly Env[]): KExpr {
  const node = k.cx.node(m.root);
  invariant(node.op === "map" || node.op === "contract", () => `${node.op} is not pointwise`);
  const point = pointAt(node.extents, lanes);
  if (node.op === "map") return mapElement(k, node, point);
  return productElement(k, node, point);
}

type Contract = Extract<ReturnType<BuildContext["node"]>, { op: "contract" }>;

/** One term of a contraction, 0 where it is not selected. */
export function productElement(k: KernelScope, node: Contract, point: ReturnType<typeof pointAt>): KExpr {
  let value: KExpr | undefined;
  for (const use of node.factors) {
    const x = convert(node.accum, element(k, use, point));
    value = value === undefined ? x : mul(value, x);
  }
  value ??= lit(1, kType(node.accum));
  if (node.where === undefined) return value;
  return select(selected(k, node.where, node.where.body, point), value, 0);
}
