/** @import { Writer } from "./writer.js" */
/** @import { Dim, DType, Index, Ix, Use, Where, Scalar } from "./types.js" */

/**
 * Where the expressions of one node are written.
 *
 * @typedef {object} Scope
 * @property {Writer} w
 * @property {readonly Dim[]} extents by index
 * @property {(value: number) => string} value the ONNX name of a value of the graph
 * @property {(value: number) => { readonly dtype: DType, readonly shape: readonly Dim[] }} type
 */

/** A value whose axes are indices, each once. @typedef {{ readonly name: string, readonly axes: readonly Ix[] }} View */

/** @param {readonly Ix[]} order @param {Scope} scope @returns {string} an int64 vector */
export const shapeOf = (order, { w, extents }) => w.shape(order.map((ix) => w.size(extents[ix])));

/** The view with its axes in another order. @param {View} view @param {readonly Ix[]} order @param {Scope} scope @returns {View} */
export function permuted(view, order, { w }) {
  if (view.axes.join() === order.join()) return view;
  return { name: w.op("Transpose", [view.name], { perm: order.map((ix) => view.axes.indexOf(ix)) }), axes: order };
}

/**
 * The view laid along `order` so that it broadcasts: axes that it lacks have length 1. One without axes stays as it is.
 *
 * @param {View} view @param {readonly Ix[]} order @param {Scope} scope @returns {string}
 */
export function aligned(view, order, scope) {
  if (view.axes.length === 0) return view.name;
  const present = order.filter((ix) => view.axes.includes(ix));
  const { name } = permuted(view, present, scope);
  const absent = order.flatMap((ix, axis) => (view.axes.includes(ix) ? [] : [axis]));
  return absent.length === 0 ? name : scope.w.op("Unsqueeze", [name, scope.w.int64s(absent)]);
}

/** The view with every index of `order` as an axis, repeated along those that it lacks. @param {View} view @param {readonly Ix[]} order @param {Scope} scope @returns {View} */
export function spread(view, order, scope) {
  if (order.every((ix) => view.axes.includes(ix))) return permuted(view, order, scope);
  return { name: scope.w.op("Expand", [aligned(view, order, scope), shapeOf(order, scope)]), axes: order };
}

/** @param {Use} use @returns {Set<Ix>} */
export const useIndices = (use) => new Set(use.at.flatMap((index) => [...indexIndices(index)]));

/** @param {Index} index @returns {Set<Ix>} */
export function indexIndices(index) {
  switch (index.i) {
    case "ix":
      return new Set([index.ix]);
    case "dim":
      return new Set();
    case "add":
      return new Set(index.of.flatMap((part) => [...indexIndices(part)]));
    case "value":
      return useIndices(index.of);
    default:
      return indexIndices(index.of);
  }
}

/** @param {Where} where @returns {Set<Ix>} */
export function whereIndices(where) {
  /** @param {Scalar} s @returns {readonly Ix[]} */
  const visit = (s) => {
    switch (s.e) {
      case "arg":
        return [...useIndices(where.args[s.arg])];
      case "index":
        return [s.ix];
      case "call":
        return s.args.flatMap(visit);
      case "select":
        return [s.cond, s.then, s.else].flatMap(visit);
      case "convert":
        return visit(s.of);
      default:
        return [];
    }
  };
  return new Set(visit(where.body));
}
