import { type DType, isFloat } from "../../src/ir/dtype.js";
import type { Ix, Scalar, Use } from "../../src/ir/graph/ops.js";
import { walkScalar } from "../../src/ir/graph/visit.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { type Code, js, number, plain } from "./code.js";
import { aligned, extentOf, isOne, mostAxes, product, type Scope, shapeOf, size, tfType, type View } from "./scope.js";
import { readUse } from "./view.js";

/** An element's arithmetic over the indices `order`, with the axes that it really has. */
interface Value {
  readonly code: Code;
  readonly dtype: DType;
  /** A JavaScript number instead of a tensor. */
  readonly bare: boolean;
  readonly has: ReadonlySet<Ix>;
}

/**
 * A scalar expression over `order`, as a tensor with exactly these axes. Arguments broadcast by axes of length 1; beyond
 * the axes that the library can broadcast, everything is spread out and flattened first.
 */
export function scalarTensor(body: Scalar, args: readonly Use[], order: readonly Ix[], scope: Scope): View {
  const flat = order.length > mostAxes;
  const value = compileScalar(body, args, order, scope, flat);
  const shape = shapeOf(
    order.map((ix) => extentOf(ix, scope)),
    scope,
  );
  if (value.bare) return { code: js`tf.fill(${shape}, ${value.code}, "${tfType(value.dtype)}")`, axes: order };
  if (flat) {
    const all =
      value.has.size > 0 ? value.code : js`tf.broadcastTo(${value.code}, [${size(product(order, scope), scope)}])`;
    return { code: js`tf.reshape(${all}, ${shape})`, axes: order };
  }
  const whole = order.every((ix) => value.has.has(ix));
  return { code: whole ? value.code : js`tf.broadcastTo(${value.code}, ${shape})`, axes: order };
}

/** A condition that broadcasts along `order`, and the axes that it really has. */
export function condition(
  body: Scalar,
  args: readonly Use[],
  order: readonly Ix[],
  scope: Scope,
): { readonly code: Code; readonly has: ReadonlySet<Ix> } {
  if (order.length > mostAxes) return { code: scalarTensor(body, args, order, scope).code, has: new Set(order) };
  const value = compileScalar(body, args, order, scope, false);
  return { code: tensor(value), has: value.has };
}

function compileScalar(body: Scalar, args: readonly Use[], order: readonly Ix[], scope: Scope, flat: boolean): Value {
  const argument = (view: View, dtype: DType): Value => {
    const code = aligned(view, order, scope);
    if (!flat || view.axes.length === 0) return { code, dtype, bare: false, has: new Set(view.axes) };
    const shape = shapeOf(
      order.map((ix) => extentOf(ix, scope)),
      scope,
    );
    const all = js`tf.reshape(tf.broadcastTo(${code}, ${shape}), [-1])`;
    return { code: scope.writer.bind(all), dtype, bare: false, has: new Set(order) };
  };
  // what occurs twice in the tree becomes a constant
  const counts = new Map<string, number>();
  walkScalar(body, (part) => {
    if (part.e !== "call" && part.e !== "select") return;
    const key = JSON.stringify(part);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  const visit = (s: Scalar): Value => {
    const value = compute(s);
    const twice = (s.e === "call" || s.e === "select") && (counts.get(JSON.stringify(s)) ?? 0) > 1;
    return twice && !value.bare ? { ...value, code: scope.writer.bind(value.code) } : value;
  };
  const compute = (s: Scalar): Value => {
    switch (s.e) {
      case "const":
        return { code: plain(number(s.value)), dtype: s.dtype, bare: true, has: new Set() };
      case "arg": {
        const use = args[s.arg];
        invariant(use !== undefined, () => `no argument ${s.arg}`);
        return argument(readUse(use, scope), scope.type(use.value).dtype);
      }
      case "index": {
        const extent = extentOf(s.ix, scope);
        if (isOne(extent)) return { code: plain("0"), dtype: "i32", bare: true, has: new Set() };
        const range = scope.writer.bind(js`tf.range(0, ${size(extent, scope)}, 1, "int32")`);
        return argument({ code: range, axes: [s.ix] }, "i32");
      }
      case "dim":
        return { code: size(s.dim, scope), dtype: "i32", bare: true, has: new Set() };
      case "select": {
        const [cond, yes, no] = [visit(s.cond), visit(s.then), visit(s.else)];
        return {
          code: chosen(cond, yes, no),
          dtype: yes.dtype,
          bare: false,
          has: new Set([...cond.has, ...yes.has, ...no.has]),
        };
      }
      case "convert":
        return converted(visit(s.of), s.to);
      case "call":
        return called(s.fn, s.args.map(visit), scope);
      default:
        return unreachable(s);
    }
  };
  return visit(body);
}

const boolText = (v: Value): Code => (v.dtype === "bool" ? js`${v.code} !== 0` : v.code);

/** A value as a tensor. */
const tensor = (v: Value): Code =>
  v.bare
    ? v.dtype === "f32"
      ? js`tf.scalar(${v.code})`
      : js`tf.scalar(${boolText(v)}, "${tfType(v.dtype)}")`
    : v.code;

/** A value as the library takes it: a bare number is a float32 there. */
const operandOf = (v: Value): Code => (v.bare && v.dtype === "f32" ? v.code : tensor(v));

/** The wasm `where` takes elements of four bytes: on truth values it writes past their end. */
function chosen(cond: Value, yes: Value, no: Value): Code {
  if (yes.dtype !== "bool") return js`tf.where(${tensor(cond)}, ${operandOf(yes)}, ${operandOf(no)})`;
  const [a, b] = [yes, no].map((v) => tensor(converted(v, "i32")));
  return js`tf.notEqual(tf.where(${tensor(cond)}, ${a ?? ""}, ${b ?? ""}), tf.scalar(0, "int32"))`;
}

function converted(v: Value, to: DType): Value {
  if (v.dtype === to) return v;
  const result = { ...v, dtype: to };
  if (v.bare) {
    if (to === "i32") return { ...result, code: js`Math.trunc(${v.code})` };
    if (to === "bool") return { ...result, code: js`(${v.code} !== 0 ? 1 : 0)` };
    return result;
  }
  if (to === "bool") {
    const zero = v.dtype === "i32" ? `tf.scalar(0, "int32")` : "0";
    return { ...result, code: js`tf.notEqual(${v.code}, ${zero})` };
  }
  return { ...result, code: js`tf.cast(${v.code}, "${tfType(to)}")` };
}

/** Functions that the library has under a name of its own, for every type that they take. */
const direct: Readonly<Partial<Record<ScalarFn, string>>> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  pow: "pow",
  eq: "equal",
  ne: "notEqual",
  lt: "less",
  le: "lessEqual",
  gt: "greater",
  ge: "greaterEqual",
  and: "logicalAnd",
  or: "logicalOr",
  not: "logicalNot",
  min: "minimum",
  max: "maximum",
  mod: "mod",
  exp: "exp",
  log: "log",
  sqrt: "sqrt",
  rsqrt: "rsqrt",
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  erf: "erf",
  sigmoid: "sigmoid",
  relu: "relu",
};

const truths: ReadonlySet<ScalarFn> = new Set(["eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"]);

function called(fn: ScalarFn, args: readonly Value[], scope: Scope): Value {
  const [a, b] = args;
  invariant(a !== undefined, () => `${fn} without operands`);
  const folded = args.every((v) => v.bare) ? onNumbers(fn, args) : undefined;
  if (folded !== undefined) return { code: folded, dtype: a.dtype, bare: true, has: new Set() };
  const result = (code: Code): Value => ({
    code,
    dtype: truths.has(fn) ? "bool" : a.dtype,
    bare: false,
    has: new Set(args.flatMap((v) => [...v.has])),
  });
  const x = operandOf(a);
  const bound = (): Code => scope.writer.bind(tensor(a));
  if (!isFloat(a.dtype)) {
    const whole = wholeNumber(fn, a, b, scope);
    if (whole !== undefined) return result(whole);
  }
  switch (fn) {
    case "pow":
      if (b?.bare === true && b.code.text === "2") return result(js`tf.square(${x})`);
      break;
    case "neg":
      return result(js`tf.neg(${x})`);
    case "abs":
      return result(js`tf.abs(${x})`);
    case "floordiv":
      return result(js`tf.floor(tf.div(${x}, ${b === undefined ? plain("1") : operandOf(b)}))`);
    case "gelu": {
      const t = bound();
      return result(js`tf.mul(tf.mul(${t}, 0.5), tf.add(tf.erf(tf.mul(${t}, Math.SQRT1_2)), 1))`);
    }
    case "gelu_tanh": {
      const t = bound();
      const inner = js`tf.mul(tf.add(${t}, tf.mul(tf.mul(tf.square(${t}), ${t}), 0.044715)), ${Math.sqrt(2 / Math.PI)})`;
      return result(js`tf.mul(tf.mul(${t}, 0.5), tf.add(tf.tanh(${inner}), 1))`);
    }
    case "silu": {
      const t = bound();
      return result(js`tf.mul(${t}, tf.sigmoid(${t}))`);
    }
    default:
  }
  const name = direct[fn];
  invariant(name !== undefined, () => `tfjs has no ${fn}`);
  return result(b === undefined ? js`tf.${name}(${x})` : js`tf.${name}(${x}, ${operandOf(b)})`);
}

/**
 * Whole numbers where the library would go through float32: its wasm `neg`, `floorDiv` and `relu`, and `abs` everywhere,
 * lose whole numbers past 2²⁴. Sums, products, comparisons and `mod` are exact.
 */
function wholeNumber(fn: ScalarFn, a: Value, b: Value | undefined, scope: Scope): Code | undefined {
  const zero = `tf.scalar(0, "int32")`;
  switch (fn) {
    case "neg":
      return js`tf.sub(${zero}, ${tensor(a)})`;
    case "relu":
      return js`tf.maximum(${tensor(a)}, ${zero})`;
    case "abs": {
      const x = scope.writer.bind(tensor(a));
      return js`tf.maximum(${x}, tf.sub(${zero}, ${x}))`;
    }
    case "floordiv": {
      if (b === undefined) return undefined;
      // a first quotient may be off by rounding; what it leaves over is small enough to be divided exactly
      const x = scope.writer.bind(tensor(a));
      const y = scope.writer.bind(tensor(b));
      const q = scope.writer.bind(js`tf.floorDiv(${x}, ${y})`);
      return js`tf.add(${q}, tf.floorDiv(tf.sub(${x}, tf.mul(${q}, ${y})), ${y}))`;
    }
    default:
      return undefined;
  }
}

/** Arithmetic on numbers that are known when the module runs, sizes above all; rounded once, when a tensor takes it. */
function onNumbers(fn: ScalarFn, args: readonly Value[]): Code | undefined {
  const [a, b] = args;
  if (a === undefined || a.dtype === "bool") return undefined;
  const x = a.code;
  const y = b?.code ?? plain("0");
  const whole = !isFloat(a.dtype);
  switch (fn) {
    case "add":
      return js`(${x} + ${y})`;
    case "sub":
      return js`(${x} - ${y})`;
    case "mul":
      return js`(${x} * ${y})`;
    case "div":
      return js`(${x} / ${y})`;
    case "floordiv":
      return js`Math.floor(${x} / ${y})`;
    case "mod":
      return js`(${x} - ${y} * Math.floor(${x} / ${y}))`;
    case "neg":
      return js`(-(${x}))`;
    case "min":
    case "max":
      return js`Math.${fn}(${x}, ${y})`;
    case "abs":
      return js`Math.abs(${x})`;
    case "exp":
    case "log":
    case "sqrt":
    case "sin":
    case "cos":
    case "tanh":
      return whole ? undefined : js`Math.${fn}(${x})`;
    case "rsqrt":
      return js`(1 / Math.sqrt(${x}))`;
    case "pow":
      return js`Math.pow(${x}, ${y})`;
    default:
      return undefined;
  }
}
