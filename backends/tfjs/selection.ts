import type { Ix, Where } from "../../src/ir/graph/ops.js";
import { whereIndices } from "../../src/ir/graph/visit.js";
import { type Code, js } from "./code.js";
import { condition } from "./scalar.js";
import { aligned, extentOf, type Scope, shapeOf, type View } from "./scope.js";

/** The view where the condition holds, `otherwise` elsewhere; its axes are `order`, which holds those of both. */
export function selected(view: View, where: Where, otherwise: Code, order: readonly Ix[], scope: Scope): View {
  const { code: holds, has } = condition(where.body, where.args, order, scope);
  const code = js`tf.where(${holds}, ${aligned(view, order, scope)}, ${otherwise})`;
  if (order.every((ix) => has.has(ix) || view.axes.includes(ix))) return { code: scope.writer.bind(code), axes: order };
  const shape = shapeOf(
    order.map((ix) => extentOf(ix, scope)),
    scope,
  );
  return { code: scope.writer.bind(js`tf.broadcastTo(${code}, ${shape})`), axes: order };
}

/** The view's axes, and those that only the condition has. */
export const withCondition = (axes: readonly Ix[], where: Where): readonly Ix[] => [
  ...new Set([...axes, ...whereIndices(where)]),
];
