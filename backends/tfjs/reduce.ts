import type { DType } from "../../src/ir/dtype.js";
import type { Ix, Monoid, Node } from "../../src/ir/graph/ops.js";
import { reducedIndices, whereIndices } from "../../src/ir/graph/visit.js";
import { array, type Code, js, number, plain } from "./code.js";
import { numbers, permuted, type Scope, spread, type View } from "./scope.js";
import { selected } from "./selection.js";
import { readUse } from "./view.js";

const greatest: Readonly<Record<DType, number>> = {
  f32: 3.4028234663852886e38,
  f16: 65504,
  i32: 2 ** 31 - 1,
  u32: 2 ** 32 - 1,
  bool: 1,
};
const least: Readonly<Record<DType, number>> = {
  f32: -greatest.f32,
  f16: -greatest.f16,
  i32: -(2 ** 31),
  u32: 0,
  bool: 0,
};

/** What takes no part in a reduction: its result where nothing is selected. */
function neutral(monoid: Monoid, dtype: DType): Code {
  const value = {
    sum: 0,
    prod: 1,
    max: least[dtype],
    min: greatest[dtype],
    argmax: least[dtype],
    argmin: greatest[dtype],
  };
  const text = number(value[monoid]);
  return plain(dtype === "i32" ? `tf.scalar(${text}, "int32")` : text);
}

export function reduction(node: Extract<Node, { op: "reduce" }>, scope: Scope): Code {
  const { monoid, out, where, arg } = node;
  const dtype = scope.type(arg.value).dtype;
  const reduced = reducedIndices(node);
  let view = asNumbers(readUse(arg, scope), dtype, scope);
  // a sum counts every point of its indices, those that its operand lacks included; so does a condition
  const order = [...out, ...reduced].filter(
    (ix) => view.axes.includes(ix) || !out.includes(ix) || (where !== undefined && whereIndices(where).has(ix)),
  );
  view =
    where === undefined
      ? spreadKeeping(view, order, scope)
      : selected(view, where, neutral(monoid, dtype), order, scope);
  const axes = view.axes.flatMap((ix, axis) => (reduced.includes(ix) ? [axis] : []));
  const kept = view.axes.filter((ix) => !reduced.includes(ix));
  const last = axes[0] ?? 0;
  const code =
    monoid === "argmax"
      ? js`tf.argMax(${view.code}, ${last})`
      : monoid === "argmin"
        ? js`tf.argMin(${view.code}, ${last})`
        : axes.length === 0
          ? view.code
          : js`tf.${monoid}(${view.code}, ${numbers(axes)})`;
  const result: View = {
    code: dtype === "bool" && !monoid.startsWith("arg") ? js`tf.notEqual(${code}, tf.scalar(0, "int32"))` : code,
    axes: kept,
  };
  return spread(result, out, scope).code;
}

/** Truth values take part as 0 and 1. */
const asNumbers = (view: View, dtype: DType, scope: Scope): View =>
  dtype === "bool" ? { ...view, code: scope.writer.bind(js`tf.cast(${view.code}, "int32")`) } : view;

/** Leaves the view as it lies where it has every index. */
const spreadKeeping = (view: View, order: readonly Ix[], scope: Scope): View =>
  order.every((ix) => view.axes.includes(ix)) ? view : spread(view, order, scope);

/**
 * exp(x − max) / Σ exp(x − max) along one axis. What is not selected gets the least number before the maximum is taken
 * and 0 after the exponential; a row of nothing is 0, since its sum is 0 and every other sum is at least 1.
 */
export function softmax(node: Extract<Node, { op: "softmax" }>, scope: Scope): Code {
  const order = node.extents.map((_, ix) => ix);
  const { axis, where } = node;
  const x = readUse(node.arg, scope);
  const { writer } = scope;
  if (where === undefined) {
    const whole = spread(x, order, scope);
    if (axis === order.length - 1) return js`tf.softmax(${whole.code})`;
    const back = order.filter((ix) => ix !== axis);
    const turned = permuted(whole, [...back, axis], scope);
    return permuted({ code: writer.bind(js`tf.softmax(${turned.code})`), axes: turned.axes }, order, scope).code;
  }
  const scores = selected(x, where, plain(number(least.f32)), order, scope);
  const shifted = writer.bind(js`tf.exp(tf.sub(${scores.code}, tf.max(${scores.code}, ${axis}, true)))`);
  const weights = selected({ code: shifted, axes: order }, where, plain("0"), order, scope);
  return js`tf.div(${weights.code}, tf.maximum(tf.sum(${weights.code}, ${axis}, true), 1))`;
}

export function concatenation(node: Extract<Node, { op: "concat" }>, scope: Scope): Code {
  return js`tf.concat(${array(node.args.map((v) => scope.value(v)))}, ${node.axis})`;
}
