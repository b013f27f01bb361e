import { keyOf } from "./dims.js";
import { dataType } from "./protobuf.js";
import { aligned, indexIndices, shapeOf } from "./scope.js";

/** @import { Scope, View } from "./scope.js" */
/** @import { DType, Dim, Index, Ix, Scalar, Use, Where } from "./types.js" */

/**
 * An element's arithmetic over some indices: its axes are all of them (those not in `has` of length 1) or none.
 *
 * @typedef {{ readonly name: string, readonly dtype: DType, readonly has: ReadonlySet<Ix> }} Element
 */

/** A scalar expression as a tensor with exactly the axes `order`. @param {Scalar} body @param {readonly Use[]} args @param {readonly Ix[]} order @param {Scope} scope @returns {string} */
export const scalarTensor = (body, args, order, scope) => whole(element(body, args, order, scope), order, scope);

/** @param {Element} e @param {readonly Ix[]} order @param {Scope} scope @returns {string} */
const whole = (e, order, scope) =>
  order.every((ix) => e.has.has(ix)) ? e.name : scope.w.op("Expand", [e.name, shapeOf(order, scope)]);

/** The view where the condition holds, `otherwise` elsewhere; its axes are `order`, which holds those of both. @param {View} view @param {Where} where @param {string} otherwise @param {readonly Ix[]} order @param {Scope} scope @returns {View} */
export function selected(view, where, otherwise, order, scope) {
  const holds = element(where.body, where.args, order, scope);
  const name = scope.w.op("Where", [holds.name, aligned(view, order, scope), otherwise]);
  const made = { name, dtype: holds.dtype, has: new Set([...holds.has, ...view.axes]) };
  return { name: whole(made, order, scope), axes: order };
}

/** @param {Scalar} body @param {readonly Use[]} args @param {readonly Ix[]} order @param {Scope} scope @returns {Element} */
function element(body, args, order, scope) {
  const { w } = scope;
  /** @param {Scalar} s @returns {Element} */
  const visit = (s) => {
    switch (s.e) {
      case "const":
        return { name: w.constant(typeOf(s.dtype), [s.value]), dtype: s.dtype, has: new Set() };
      case "arg": {
        const use = args[s.arg];
        const view = readUse(use, scope);
        return { name: aligned(view, order, scope), dtype: scope.type(use.value).dtype, has: new Set(view.axes) };
      }
      case "index":
        return position({ i: "ix", ix: s.ix }, order, scope);
      case "dim":
        return position({ i: "dim", dim: s.dim }, order, scope);
      case "select": {
        const [c, t, e] = [visit(s.cond), visit(s.then), visit(s.else)];
        const has = new Set([...c.has, ...t.has, ...e.has]);
        if (t.dtype !== "bool") return { name: w.op("Where", [c.name, t.name, e.name]), dtype: t.dtype, has };
        const taken = w.op("And", [c.name, t.name]);
        const other = w.op("And", [w.op("Not", [c.name]), e.name]);
        return { name: w.op("Or", [taken, other]), dtype: "bool", has };
      }
      case "convert": {
        const of = visit(s.of);
        if (of.dtype === s.to) return of;
        return { ...of, name: w.op("Cast", [of.name], { to: dataType[typeOf(s.to)] }), dtype: s.to };
      }
      case "call": {
        const parts = s.args.map(visit);
        const has = new Set(parts.flatMap((p) => [...p.has]));
        const { dtype } = parts[0];
        const name = call(
          s.fn,
          dtype,
          parts.map((p) => p.name),
          scope,
        );
        return { name, dtype: comparisons.has(s.fn) ? "bool" : dtype, has };
      }
    }
  };
  return visit(body);
}

const comparisons = new Set(["eq", "ne", "lt", "le", "gt", "ge"]);

/** The functions that are one operator. @type {Readonly<Record<string, string>>} */
const operators = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  neg: "Neg",
  pow: "Pow",
  eq: "Equal",
  lt: "Less",
  le: "LessOrEqual",
  gt: "Greater",
  ge: "GreaterOrEqual",
  and: "And",
  or: "Or",
  not: "Not",
  min: "Min",
  max: "Max",
  abs: "Abs",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  sin: "Sin",
  cos: "Cos",
  tanh: "Tanh",
  erf: "Erf",
  sigmoid: "Sigmoid",
};

/** @param {Extract<Scalar, { e: "call" }>["fn"]} fn @param {DType} dtype of the operands @param {readonly string[]} x @param {Scope} scope @returns {string} */
function call(fn, dtype, x, { w }) {
  const direct = operators[fn];
  if (direct !== undefined) return w.op(direct, x);
  const [a, b] = x;
  /** @param {number} value */
  const number = (value) => w.constant(typeOf(dtype), [value]);
  const float = dtype === "f32";
  /** @param {string} q */
  const halfTimes = (q) => w.op("Mul", [w.op("Mul", [number(0.5), a]), w.op("Add", [number(1), q])]);
  switch (fn) {
    case "ne":
      return w.op("Not", [w.op("Equal", x)]);
    case "div":
    case "floordiv":
      if (float) return fn === "div" ? w.op("Div", x) : w.op("Floor", [w.op("Div", x)]);
      // Div rounds towards zero, Mod has the divisor's sign
      return w.op("Div", [w.op("Sub", [a, w.op("Mod", x)]), b]);
    case "mod":
      if (!float) return w.op("Mod", x);
      return w.op("Sub", [a, w.op("Mul", [w.op("Floor", [w.op("Div", x)]), b])]);
    case "rsqrt":
      return w.op("Reciprocal", [w.op("Sqrt", [a])]);
    case "relu":
      return w.op("Max", [a, number(0)]);
    case "silu":
      return w.op("Mul", [a, w.op("Sigmoid", [a])]);
    case "gelu":
      return halfTimes(w.op("Erf", [w.op("Mul", [a, number(Math.SQRT1_2)])]));
    case "gelu_tanh": {
      const cube = w.op("Mul", [w.op("Mul", [a, a]), a]);
      const sum = w.op("Add", [a, w.op("Mul", [cube, number(0.044715)])]);
      return halfTimes(w.op("Tanh", [w.op("Mul", [sum, number(Math.sqrt(2 / Math.PI))])]));
    }
    default:
      throw new Error(`ONNX: no operator for ${fn}`);
  }
}

/** `refuse` keeps the other element types away. @param {DType} dtype @returns {"f32" | "i32" | "bool"} */
export const typeOf = (dtype) => (dtype === "i32" || dtype === "bool" ? dtype : "f32");

/** The value of an index expression, an i32. @param {Index} index @param {readonly Ix[]} order @param {Scope} scope @returns {Element} */
function position(index, order, scope) {
  const { w } = scope;
  /** @param {Dim} dim */
  const size = (dim) => w.sizeScalar(dim, "i32");
  switch (index.i) {
    case "dim":
      return { name: size(index.dim), dtype: "i32", has: new Set() };
    case "ix": {
      const [zero, one] = [0, 1].map((v) => w.constant("i32", [v]));
      const range = w.op("Range", [zero, size(scope.extents[index.ix]), one]);
      return { name: aligned({ name: range, axes: [index.ix] }, order, scope), dtype: "i32", has: new Set([index.ix]) };
    }
    case "add":
      return index.of
        .map((part) => position(part, order, scope))
        .reduce((a, b) => joinElements(a, b, w.op("Add", [a.name, b.name])));
    case "mul":
    case "floordiv":
    case "mod": {
      const of = position(index.of, order, scope);
      return { ...of, name: call(index.i, "i32", [of.name, size(index.by)], scope) };
    }
    case "value": {
      const view = readUse(index.of, scope);
      return { name: aligned(view, order, scope), dtype: "i32", has: new Set(view.axes) };
    }
  }
}

/**
 * A use as a tensor whose axes are the indices that it mentions, each once. An axis read by an index of its own length
 * stays; axes whose subscripts share an index are merged into one; what is not read whole is a `Gather` of positions,
 * clamped, which is what reading out of range means.
 *
 * @param {Use} use @param {Scope} scope @returns {View}
 */
export function readUse(use, scope) {
  const { w } = scope;
  const { shape } = scope.type(use.value);
  const groups = sharedAxes(use.at);
  const order = groups.flatMap((g) => g.axes);
  let name = scope.value(use.value);
  if (order.some((axis, i) => axis !== i)) name = w.op("Transpose", [name], { perm: order });
  if (groups.length !== order.length) {
    const sizes = groups.map((g) => w.size(productOf(g.axes.map((axis) => shape[axis]))));
    name = w.op("Reshape", [name, w.shape(sizes)]);
  }
  const reads = groups.map(({ axes, indices }) => {
    const [first] = axes;
    const index = use.at[first];
    if (axes.length === 1 && index.i === "ix" && keyOf(scope.extents[index.ix]) === keyOf(shape[first]))
      return { over: [index.ix], at: undefined };
    const over = [...indices];
    const at = axes
      .map((axis) => within(position(use.at[axis], over, scope), shape[axis], scope))
      .reduce((sum, next, i) => {
        const scaled = w.op("Mul", [sum.name, w.sizeScalar(shape[axes[i]], "i32")]);
        return joinElements(sum, next, w.op("Add", [scaled, next.name]));
      });
    return { over, at: whole(at, over, scope) };
  });
  // from the last to the first, so that the axes before keep their places
  for (let axis = reads.length - 1; axis >= 0; axis--) {
    const { at } = reads[axis];
    if (at !== undefined) name = w.op("Gather", [name, at], { axis });
  }
  return { name, axes: reads.flatMap((r) => r.over) };
}

/** @param {Element} a @param {Element} b @param {string} name @returns {Element} */
const joinElements = (a, b, name) => ({ name, dtype: a.dtype, has: new Set([...a.has, ...b.has]) });

/** @param {Element} at @param {Dim} extent @param {Scope} scope @returns {Element} */
function within(at, extent, { w }) {
  const last = w.op("Sub", [w.sizeScalar(extent, "i32"), w.constant("i32", [1])]);
  return { ...at, name: w.op("Min", [w.op("Max", [at.name, w.constant("i32", [0])]), last]) };
}

/** The axes that are read together. @param {readonly Index[]} at */
function sharedAxes(at) {
  /** @type {{ axes: number[], indices: Set<Ix> }[]} */
  let groups = [];
  at.forEach((index, axis) => {
    const joined = { axes: [axis], indices: indexIndices(index) };
    groups = groups.filter((g) => {
      if (![...g.indices].some((ix) => joined.indices.has(ix))) return true;
      joined.axes.push(...g.axes);
      joined.indices = new Set([...g.indices, ...joined.indices]);
      return false;
    });
    joined.axes.sort((a, b) => a - b);
    groups.push(joined);
  });
  return groups.sort((a, b) => a.axes[0] - b.axes[0]);
}

/** A product of sizes that are never simplified: only `foldDim` reads it. @param {readonly Dim[]} dims @returns {Dim} */
export const productOf = (dims) => ({ op: "poly", terms: [[1, 1, dims.map((d) => /** @type {const} */ ([d, 1]))]] });
