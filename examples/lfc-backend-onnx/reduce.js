import { dataType } from "./protobuf.js";
import { readUse, selected } from "./scalar.js";
import { aligned, spread, whereIndices } from "./scope.js";

/** @import { Scope, View } from "./scope.js" */
/** @import { ContractNode, Ix, ReduceNode, SoftmaxNode, Where } from "./types.js" */

const greatest = 3.4028234663852886e38;

/** What takes no part in a reduction: its result where nothing is selected. @type {Readonly<Record<string, readonly [f32: number, i32: number]>>} */
const neutral = {
  sum: [0, 0],
  prod: [1, 1],
  max: [-greatest, -(2 ** 31)],
  min: [greatest, 2 ** 31 - 1],
  argmax: [-Infinity, -(2 ** 31)],
  argmin: [Infinity, 2 ** 31 - 1],
};

/** @param {readonly Ix[]} out @param {readonly unknown[]} extents */
const reducedIndices = (out, extents) => extents.flatMap((_, ix) => (out.includes(ix) ? [] : [ix]));

/** @param {ReduceNode} node @param {Scope} scope @returns {string} */
export function reduction(node, scope) {
  const { w } = scope;
  const { monoid, out, where } = node;
  const { dtype } = scope.type(node.arg.value);
  let view = readUse(node.arg, scope);
  // truth values take part as 0 and 1
  if (dtype === "bool") view = { ...view, name: w.op("Cast", [view.name], { to: dataType.i32 }) };
  const type = dtype === "f32" ? "f32" : "i32";
  const reduced = reducedIndices(out, node.extents);
  const order = [...out, ...reduced];
  const [float, integer] = neutral[monoid];
  const otherwise = w.constant(type, [
    type === "f32" ? float : dtype === "bool" ? Math.max(0, Math.min(1, integer)) : integer,
  ]);
  view = where === undefined ? spread(view, order, scope) : selected(view, where, otherwise, order, scope);
  const axes = reduced.map((_, i) => out.length + i);
  if (monoid === "argmax" || monoid === "argmin") {
    const at = w.op(monoid === "argmax" ? "ArgMax" : "ArgMin", [view.name], { axis: axes[0], keepdims: 0 });
    return w.op("Cast", [at], { to: dataType.i32 });
  }
  let name = view.name;
  if (axes.length > 0)
    name =
      monoid === "sum"
        ? w.op("ReduceSum", [name, w.int64s(axes)], { keepdims: 0 })
        : w.op({ max: "ReduceMax", min: "ReduceMin", prod: "ReduceProd" }[monoid], [name], { axes, keepdims: 0 });
  return dtype === "bool" ? w.op("Cast", [name], { to: dataType.bool }) : name;
}

/** What is not selected gets the least number before, and 0 after: a row of nothing is 0. @param {SoftmaxNode} node @param {Scope} scope @returns {string} */
export function softmax(node, scope) {
  const { w } = scope;
  const { axis, where } = node;
  const order = node.extents.map((_, ix) => ix);
  const x = readUse(node.arg, scope);
  if (where === undefined) return w.op("Softmax", [spread(x, order, scope).name], { axis });
  const scores = selected(x, where, w.constant("f32", [-greatest]), order, scope);
  const shares = { name: w.op("Softmax", [scores.name], { axis }), axes: order };
  return selected(shares, where, w.constant("f32", [0]), order, scope).name;
}

/**
 * A contraction: conditions first, then one `Einsum`.
 *
 * @param {ContractNode} node @param {Scope} scope @returns {string}
 */
export function contraction(node, scope) {
  const { w } = scope;
  const { out } = node;
  const type = node.type.dtype === "f32" ? "f32" : "i32";
  const zero = () => w.constant(type, [0]);
  const reduced = reducedIndices(out, node.extents);
  const conditions = node.where === undefined ? [] : conjuncts(node.where);
  // a condition on the result alone chooses whole sums
  const outer = conditions.filter((c) => ![...whereIndices(c)].some((ix) => reduced.includes(ix)));
  const inner = conditions.filter((c) => !outer.includes(c));
  const factors = node.factors.map((use) => {
    const view = readUse(use, scope);
    const { dtype } = scope.type(use.value);
    return dtype === node.type.dtype ? view : { ...view, name: w.op("Cast", [view.name], { to: dataType[type] }) };
  });

  const joint = joined(inner.filter((c) => !apart(c, factors, reduced)));
  const own = inner.filter((c) => apart(c, factors, reduced));
  const views = factors.map((view) => {
    const where = joined(own.filter((c) => hasAll(view, c)));
    return where === undefined ? view : selected(view, where, zero(), view.axes, scope);
  });
  let result = joint === undefined ? product(views, out, scope) : jointly(views, joint, type, out, scope);
  // an index that nothing mentions repeats the sum
  const mentioned = new Set([...factors.flatMap((v) => v.axes), ...(joint === undefined ? [] : whereIndices(joint))]);
  for (const ix of reduced)
    if (!mentioned.has(ix))
      result = { ...result, name: w.op("Mul", [result.name, w.sizeScalar(node.extents[ix], type)]) };
  for (const where of outer) {
    const order = [...new Set([...result.axes, ...whereIndices(where)])];
    result = selected(result, where, zero(), order, scope);
  }
  return spread(result, out, scope).name;
}

/** @param {Where} where @returns {readonly Where[]} */
function conjuncts({ args, body }) {
  if (body.e !== "call" || body.fn !== "and") return [{ args, body }];
  return body.args.flatMap((part) => conjuncts({ args, body: part }));
}

/** All of them; they come from one condition, so their arguments are the same. @param {readonly Where[]} all @returns {Where | undefined} */
const joined = (all) =>
  all.length === 0
    ? undefined
    : all.reduce((a, b) => ({ args: a.args, body: { e: "call", fn: "and", args: [a.body, b.body] } }));

/** @param {View} view @param {Where} where */
const hasAll = (view, where) => [...whereIndices(where)].every((ix) => view.axes.includes(ix));

/**
 * Whether a condition can be put into the factors one by one, so that what it leaves out is gone before any arithmetic:
 * some factor has all its indices, and every other one has none that is summed. Otherwise 0 · NaN would come through.
 *
 * @param {Where} where @param {readonly View[]} factors @param {readonly Ix[]} reduced
 */
function apart(where, factors, reduced) {
  const indices = [...whereIndices(where)];
  return (
    factors.some((v) => hasAll(v, where)) &&
    factors.every((v) => hasAll(v, where) || !indices.some((ix) => reduced.includes(ix) && v.axes.includes(ix)))
  );
}

/** The sum of products over what is not in `out`; its axes are those of `out` that a factor has. @param {readonly View[]} views @param {readonly Ix[]} out @param {Scope} scope @returns {View} */
function product(views, out, { w }) {
  const axes = out.filter((ix) => views.some((v) => v.axes.includes(ix)));
  const wide = views.filter((v) => v.axes.length > 0);
  const all = [...new Set(wide.flatMap((v) => v.axes))];
  /** @param {readonly Ix[]} indices */
  const letters = (indices) => indices.map((ix) => alphabet[all.indexOf(ix)]).join("");
  const equation = `${wide.map((v) => letters(v.axes)).join()}->${letters(axes)}`;
  const names =
    wide.length === 0
      ? []
      : [
          w.op(
            "Einsum",
            wide.map((v) => v.name),
            { equation },
          ),
        ];
  const scalars = views.filter((v) => v.axes.length === 0).map((v) => v.name);
  return { name: [...names, ...scalars].reduce((a, b) => w.op("Mul", [a, b])), axes };
}

export const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * Under a condition that joins summed indices of several factors. Two float factors: the condition goes into the smaller,
 * which gets its indices; in the other, what is not finite counts as 0, and a sum that really takes such an element is
 * NaN. Otherwise the products themselves are selected.
 *
 * @param {readonly View[]} views @param {Where} where @param {"f32" | "i32"} type @param {readonly Ix[]} out @param {Scope} scope
 * @returns {View}
 */
function jointly(views, where, type, out, scope) {
  const { w } = scope;
  const zero = w.constant(type, [0]);
  const indices = [...whereIndices(where)];
  /** @param {View} v */
  const order = (v) => [...new Set([...v.axes, ...indices])];
  const [a, b, ...others] = views;
  if (type === "i32" || b === undefined || others.length > 0) {
    const axes = [...new Set(views.flatMap(order))];
    const name = views.map((v) => aligned(v, axes, scope)).reduce((x, y) => w.op("Mul", [x, y]));
    return product([selected({ name, axes }, where, zero, axes, scope)], out, scope);
  }
  const [chosen, other] = order(a).length <= order(b).length ? [a, b] : [b, a];
  const infinite = w.op("Or", [w.op("IsNaN", [other.name]), w.op("IsInf", [other.name])]);
  const tame = { ...other, name: w.op("Where", [infinite, zero, other.name]) };
  const wild = { ...other, name: w.op("Cast", [infinite], { to: dataType.f32 }) };
  const ones = { name: w.constant("f32", [1]), axes: [] };
  const sum = product([selected(chosen, where, zero, order(chosen), scope), tame], out, scope);
  const spoilt = product([selected(ones, where, zero, indices, scope), wild], out, scope);
  const bad = w.op("Greater", [aligned(spoilt, sum.axes, scope), zero]);
  return { ...sum, name: w.op("Where", [bad, w.constant("f32", [Number.NaN]), sum.name]) };
}
