import { roofline } from "../../src/cost/roofline.js";
import { addDim, ceilDivDim, constDim, type Dim, mulDim, productDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { add, and, floordiv, int, lt, mul } from "../../src/ir/kernel/builder.js";
import type { KExpr, Kernel } from "../../src/ir/kernel/ops.js";
import type { Step } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { axisOf, decode, isMultiple, spanOf, typical } from "./axis.js";
import { addressOf, element, pointAt } from "./element.js";
import { openGrid } from "./grid.js";
import type { Schedule } from "./interface.js";
import { kernelScope } from "./kernelScope.js";
import { costOfPart } from "./meter.js";
import { itemsFor } from "./pointwise.js";

export interface ConcatParams extends Readonly<Record<string, number>> {
  readonly threads: number;
  readonly items: number;
}

/** Joining tensors along an axis: one kernel a part, which writes its window of the result. */
export const concat: Schedule<ConcatParams> = {
  name: "concat",
  summary: "one copy a part",

  refuse(m, cx) {
    const node = cx.node(m.root);
    return node.op === "concat" ? undefined : `a ${node.op} is not a concat`;
  },

  space: (_, cx) => [{ threads: Math.min(64, cx.target.maxInvocations), items: itemsFor(cx.target) }],

  estimate(m, p, cx) {
    const { dtype, shape } = cx.node(m.root).type;
    const size = typical(productDim(shape));
    const node = cx.node(m.root);
    return roofline(
      {
        flops: 0,
        bytes: 2 * size * byteSize(dtype),
        dispatches: node.op === "concat" ? node.args.length : 1,
        workgroups: size / p.threads,
      },
      cx.target,
    );
  },

  build(m, p, cx) {
    const node = cx.node(m.root);
    invariant(node.op === "concat", () => `${node.op} is not a concat`);
    const { shape, dtype } = node.type;
    const { resource, hint } = cx.stored(m.root);
    const kernels: Kernel[] = [];
    const steps: Step[] = [];
    let offset: Dim = constDim(0);
    for (const value of node.args) {
      const own = cx.node(value).type.shape;
      const k = kernelScope(m, cx);
      const { b } = k;
      const axis = axisOf(
        own.map((_, ix) => ix),
        own,
      );
      const inner = productDim(shape.slice(node.axis + 1));
      const contiguous = [shape.at(-1), own.at(-1), mulDim(offset, inner)].every((d) =>
        isMultiple(d ?? constDim(1), 4),
      );
      const width = cx.target.vectors && contiguous ? 4 : 1;
      const tile = width * p.threads * p.items;
      const span = spanOf(axis, tile);
      const to = k.write(resource, hint, dtype, productDim(shape), width);
      const place = openGrid(b, [ceilDivDim(axis.total, constDim(tile))], cx.target.maxGrid);
      const thread = b.local(0, p.threads, "x");
      const group = place.at[0] ?? int(0);
      const start = offset;
      const copy = (at: KExpr): void => {
        const lanes = decode(b, axis, at, width);
        const use = { value, at: own.map((_, ix) => ({ i: "ix", ix }) as const) };
        const v = element(k, use, pointAt(own, lanes));
        const target = own.map((_, ix) => {
          const c = lanes[0]?.get(ix) ?? int(0);
          return ix === node.axis ? add(c, b.dim(start)) : c;
        });
        b.store(to, floordiv(addressOf(k, shape, target), width), v);
      };
      b.for(0, p.items, 1, "serial", (item) => {
        const at = mul(add(mul(add(mul(group, p.items), item), p.threads), thread), width);
        const guards = [
          ...(span.clamped ? [lt(at, b.dim(axis.total))] : []),
          ...(place.live === undefined ? [] : [place.live]),
        ];
        if (guards.length === 0) copy(at);
        else b.if(guards.reduce(and), () => copy(at));
      });
      const { kernel, step } = k.finish(costOfPart(cx, m, value));
      kernels.push(kernel);
      steps.push(step);
      offset = addDim(offset, own[node.axis] ?? constDim(0));
    }
    return { kernels, temps: [], steps };
  },
};
