import type { Ix, Node, Where } from "../../src/ir/graph/ops.js";
import { reducedIndices, whereIndices } from "../../src/ir/graph/visit.js";
import { joinWhere, splitWhere } from "../../src/ir/graph/where.js";
import { array, type Code, js, plain } from "./code.js";
import {
  aligned,
  extentOf,
  mostAxes,
  numbers,
  permuted,
  product,
  type Scope,
  sameOrder,
  size,
  spread,
  type View,
} from "./scope.js";
import { selected, withCondition } from "./selection.js";
import { readUse } from "./view.js";

type ContractNode = Extract<Node, { op: "contract" }>;

/**
 * A contraction: conditions first, then one `matMul` where two float factors share a summed index, else a product of
 * what broadcasts and a sum. The indices of two factors fall into four classes:
 *
 *     batch: in both and in the result      M: in the left and in the result
 *     K:     in both and summed             N: in the right and in the result
 */
export function contraction(node: ContractNode, scope: Scope): Code {
  const { out } = node;
  const reduced = reducedIndices(node);
  const integer = node.type.dtype === "i32";
  const zero = plain(integer ? `tf.scalar(0, "int32")` : "0");
  const conjuncts = node.where === undefined ? [] : splitWhere(node.where);
  // a condition on the result alone chooses whole sums
  const outer = conjuncts.filter((w) => ![...whereIndices(w)].some((ix) => reduced.includes(ix)));
  const inner = conjuncts.filter((w) => !outer.includes(w));

  const factors = node.factors.map((use) => readUse(use, scope));
  const { views, joint } = select(factors, inner, zero, reduced, scope);
  let result: View;
  if (joint !== undefined) result = jointly(factors, joint, zero, reduced, scope);
  else if (integer) result = elementwise(views, reduced, scope);
  else {
    const parts = views.map((v) => privateSum(v, views, out, scope));
    const [a, b, ...others] = parts;
    if (a === undefined || b === undefined || others.length > 0) result = elementwise(parts, reduced, scope);
    else result = matrixProduct(a, b, out, scope) ?? elementwise(parts, reduced, scope);
  }
  // an index that nothing mentions repeats the sum
  const mentioned = new Set([...factors.flatMap((v) => v.axes), ...inner.flatMap((w) => [...whereIndices(w)])]);
  const loose = reduced.filter((ix) => !mentioned.has(ix));
  if (loose.length > 0) {
    const times = size(product(loose, scope), scope);
    result = { ...result, code: js`tf.mul(${result.code}, ${integer ? js`tf.scalar(${times}, "int32")` : times})` };
  }
  for (const where of outer) result = selected(result, where, zero, withCondition(result.axes, where), scope);
  return spread(result, out, scope).code;
}

/**
 * Applies each condition to a factor that has all its indices, and to every factor that has them: what is left out is
 * left out before any arithmetic. A condition that joins indices of two factors cannot be: 0 · NaN would come through
 * the factor that keeps the element for other sums. Those are `joint`.
 */
function select(
  factors: readonly View[],
  conjuncts: readonly Where[],
  zero: Code,
  reduced: readonly Ix[],
  scope: Scope,
): { readonly views: readonly View[]; readonly joint: Where | undefined } {
  const holds = (v: View, w: Where): boolean => [...whereIndices(w)].every((ix) => v.axes.includes(ix));
  const touches = (v: View, w: Where): boolean =>
    [...whereIndices(w)].some((ix) => reduced.includes(ix) && v.axes.includes(ix));
  const apart = (w: Where): boolean =>
    factors.some((v) => holds(v, w)) && factors.every((v) => holds(v, w) || !touches(v, w));
  if (!conjuncts.every(apart)) return { views: factors, joint: joinWhere(conjuncts) };
  const views = factors.map((v) => {
    const own = joinWhere(conjuncts.filter((w) => holds(v, w)));
    return own === undefined ? v : selected(v, own, zero, v.axes, scope);
  });
  return { views, joint: undefined };
}

/**
 * Under a condition that joins indices of several factors. Float factors: the condition goes into one of them, which
 * gets its indices; in the others what is not finite counts as 0, and a sum that really takes such an element is NaN.
 * Whole numbers have no NaN: their product is selected.
 */
function jointly(factors: readonly View[], where: Where, zero: Code, reduced: readonly Ix[], scope: Scope): View {
  const [a, b, ...others] = factors;
  const summed = reduced.filter((ix) => factors.some((v) => v.axes.includes(ix)) || whereIndices(where).has(ix));
  const whole = (): View => {
    const all = productOf(factors, scope);
    return sumOver(selected(all, where, zero, withCondition(all.axes, where), scope), summed, scope);
  };
  if (a === undefined || b === undefined || others.length > 0 || zero.text !== "0") return whole();
  const volume = (v: View): number => withCondition(v.axes, where).length;
  const [chosen, other] = volume(a) <= volume(b) ? [a, b] : [b, a];
  const order = withCondition(chosen.axes, where);
  const out = [...new Set([...order, ...other.axes])].filter((ix) => !reduced.includes(ix));
  const finite = js`tf.isFinite(${other.code})`;
  const holds = scope.writer.bind(finite);
  const tame: View = { axes: other.axes, code: scope.writer.bind(js`tf.where(${holds}, ${other.code}, 0)`) };
  const wild: View = {
    axes: other.axes,
    code: scope.writer.bind(js`tf.cast(tf.logicalNot(${holds}), "float32")`),
  };
  const ones: View = { axes: [], code: plain("tf.scalar(1)") };
  const multiply = (left: View, right: View): View => {
    const parts = [left, right].map((v) => privateSum(v, [left, right], out, scope));
    const [x, y] = parts;
    const made = x && y && matrixProduct(x, y, out, scope);
    return spread(made ?? elementwise(parts, summed, scope), out, scope);
  };
  const sum = multiply(selected(chosen, where, zero, order, scope), tame);
  const spoilt = multiply(
    selected(
      ones,
      where,
      zero,
      order.filter((ix) => whereIndices(where).has(ix)),
      scope,
    ),
    wild,
  );
  return {
    axes: out,
    code: scope.writer.bind(js`tf.where(tf.greater(${aligned(spoilt, out, scope)}, 0), NaN, ${sum.code})`),
  };
}

/** Sums a factor over the summed indices that no other factor has. */
function privateSum(view: View, all: readonly View[], out: readonly Ix[], scope: Scope): View {
  const own = view.axes.filter((ix) => !out.includes(ix) && !all.some((v) => v !== view && v.axes.includes(ix)));
  return sumOver(view, own, scope);
}

function sumOver(view: View, indices: readonly Ix[], scope: Scope): View {
  const axes = view.axes.flatMap((ix, axis) => (indices.includes(ix) ? [axis] : []));
  if (axes.length === 0) return view;
  return {
    code: scope.writer.bind(js`tf.sum(${view.code}, ${numbers(axes)})`),
    axes: view.axes.filter((ix) => !indices.includes(ix)),
  };
}

/** The product of all factors at each element, by broadcasting; spread out first where there are too many axes. */
function productOf(views: readonly View[], scope: Scope): View {
  const order = [...new Set(views.flatMap((v) => v.axes))];
  const wide = order.length > mostAxes;
  const flat = (v: View): Code => js`tf.reshape(${spread(v, order, scope).code}, [-1])`;
  const codes = views.map((v) => (wide ? flat(v) : aligned(v, order, scope)));
  const code = codes.reduce((x, y) => js`tf.mul(${x}, ${y})`);
  if (!wide) return { code: scope.writer.bind(code), axes: order };
  const shape = array(order.map((ix) => size(extentOf(ix, scope), scope)));
  return { code: scope.writer.bind(js`tf.reshape(${code}, ${shape})`), axes: order };
}

const elementwise = (views: readonly View[], reduced: readonly Ix[], scope: Scope): View =>
  sumOver(productOf(views, scope), reduced, scope);

/** One matrix product; `undefined` where no index is summed over both, or both rows and columns are missing. */
function matrixProduct(a: View, b: View, out: readonly Ix[], scope: Scope): View | undefined {
  const shared = a.axes.filter((ix) => b.axes.includes(ix));
  const batch = out.filter((ix) => shared.includes(ix));
  const inner = shared.filter((ix) => !out.includes(ix));
  const rows = out.filter((ix) => a.axes.includes(ix) && !shared.includes(ix));
  const columns = out.filter((ix) => b.axes.includes(ix) && !shared.includes(ix));
  if (inner.length === 0 || (rows.length === 0 && columns.length === 0)) return undefined;
  const outer = batch.length === 0 ? outerIndices(out, rows, columns) : [];
  const [ownRows, ownColumns] = [rows, columns].map((side) => side.filter((ix) => !outer.includes(ix)));
  if (ownRows === undefined || ownColumns === undefined) return undefined;
  // the side whose index comes first in the result is the left one
  const first = out.find((ix) => ownRows.includes(ix) || ownColumns.includes(ix));
  if (first !== undefined && ownColumns.includes(first)) return matrixProduct(b, a, out, scope);
  const sides = [...batch, ...outer];
  const left = matrix(a, sides, ownRows, inner, scope);
  const right = matrix(b, sides, inner, ownColumns, scope);
  const flags = right.flipped ? `, ${left.flipped}, true` : left.flipped ? ", true" : "";
  const second = flags === "" ? ownData(right.code, scope) : right.code;
  const made = scope.writer.bind(js`tf.matMul(${left.code}, ${second}${flags})`);
  const axes = [...sides, ...ownRows, ...ownColumns];
  if (ownRows.length === 1 && ownColumns.length === 1) return permuted({ code: made, axes }, present(out, axes), scope);
  const shape = array(axes.map((ix) => size(extentOf(ix, scope), scope)));
  return permuted({ code: scope.writer.bind(js`tf.reshape(${made}, ${shape})`), axes }, present(out, axes), scope);
}

/**
 * The wasm kernels of TensorFlow.js 4.22 keep what they prepare for the right operand of a plain `matMul` by its data
 * alone: the same data under another shape gives wrong numbers or a trap. A `reshape` shares the data of its operand, so
 * a second shape gets a copy, and so does any new shape of what the caller owns and may multiply by too.
 */
function ownData(code: Code, scope: Scope): Code {
  const { writer, rights } = scope;
  let root = code.text;
  let made = writer.definition(root);
  while (made !== undefined) {
    const reshaped = /^tf\.(?:reshape|broadcastTo|cast)\(([\w$]+), /.exec(made.text)?.[1];
    if (reshaped === undefined) break;
    root = reshaped;
    made = writer.definition(root);
  }
  const known = rights.get(root);
  if (known === undefined) rights.set(root, code.text);
  const shared = known === undefined ? made === undefined && root !== code.text : known !== code.text;
  return shared ? writer.bind(js`tf.slice(${code}, 0)`) : code;
}

/**
 * Leading indices of the result that belong to one side and would have to be moved behind the other's: `b` in
 * e[k, m] · x[b, m, d] → [b, k, d]. The other side is repeated along them, which the library does without a copy, though
 * only where that side has no other batch.
 */
function outerIndices(out: readonly Ix[], rows: readonly Ix[], columns: readonly Ix[]): readonly Ix[] {
  const order = out.filter((ix) => rows.includes(ix) || columns.includes(ix));
  const sideOf = (ix: Ix): boolean => rows.includes(ix);
  const grouped = (rest: readonly Ix[]): boolean =>
    rest.filter((ix, i) => i > 0 && sideOf(ix) !== sideOf(rest[i - 1] as Ix)).length <= 1;
  for (let n = 1; n < order.length; n++) {
    if (grouped(order)) return [];
    if (sideOf(order[n - 1] as Ix) !== sideOf(order[0] as Ix)) return [];
    if (grouped(order.slice(n))) return order.slice(0, n);
  }
  return [];
}

const present = (out: readonly Ix[], axes: readonly Ix[]): readonly Ix[] => out.filter((ix) => axes.includes(ix));

/** A view as matrices: rows by columns, or the reverse where its axes already lie that way. */
function matrix(
  view: View,
  batch: readonly Ix[],
  rows: readonly Ix[],
  columns: readonly Ix[],
  scope: Scope,
): { readonly code: Code; readonly flipped: boolean } {
  const own = batch.filter((ix) => view.axes.includes(ix));
  const straight = [...own, ...rows, ...columns];
  const flipped = sameOrder(view.axes, [...own, ...columns, ...rows]) && !sameOrder(view.axes, straight);
  const { code } = flipped ? view : permuted(view, straight, scope);
  const groups = flipped ? [columns, rows] : [rows, columns];
  if (groups.every((g) => g.length === 1) && own.length === batch.length) return { code, flipped };
  const shape = array([
    ...batch.map((ix) => (own.includes(ix) ? size(extentOf(ix, scope), scope) : plain("1"))),
    ...groups.map((g) => size(product(g, scope), scope)),
  ]);
  return { code: scope.writer.bind(js`tf.reshape(${code}, ${shape})`), flipped };
}
