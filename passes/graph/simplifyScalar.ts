import { constDim, constValue, type Dim, provablyAtLeast, scaleDim, subDim } from "../../src/ir/dim.js";
import { type DType, isFloat } from "../../src/ir/dtype.js";
import type { Index, Scalar } from "../../src/ir/graph/ops.js";
import { call, constant, select } from "../../src/ir/graph/scalars.js";
import { scalarType } from "../../src/ir/graph/types.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { indexRange, simplifyIndex } from "./simplifyIndex.js";

/**
 * Algebra on one element's arithmetic. A rule holds for every value that IEEE f32 or wrapping i32 can take, NaN and
 * infinities included (so `x * 0` stays for floats), up to the sign of zero. A folded constant is what a machine gets that
 * rounds each operation correctly.
 */
export interface ScalarContext {
  argType(arg: number): DType;
  /** Extents of the node's indices; they settle comparisons of indices. */
  readonly extents: readonly Dim[];
}

/** Equal for equal scalars. */
export const scalarKey = (s: Scalar): string => JSON.stringify(s);

const same = (a: Scalar, b: Scalar): boolean => a === b || scalarKey(a) === scalarKey(b);

const isConst = (s: Scalar | undefined, value: number): boolean => s?.e === "const" && s.value === value;

/** The simplest form that the rules reach; the same object where none applies. */
export function simplifyScalar(s: Scalar, cx: ScalarContext): Scalar {
  const inner = mapChildren(s, (c) => simplifyScalar(c, cx));
  const next = step(inner, cx);
  return next === undefined ? inner : simplifyScalar(next, cx);
}

function mapChildren(s: Scalar, f: (s: Scalar) => Scalar): Scalar {
  switch (s.e) {
    case "const":
    case "arg":
    case "index":
    case "dim":
      return s;
    case "call": {
      const args = s.args.map(f);
      return args.every((a, i) => a === s.args[i]) ? s : { ...s, args };
    }
    case "select": {
      const [cond, then, otherwise] = [f(s.cond), f(s.then), f(s.else)];
      return cond === s.cond && then === s.then && otherwise === s.else ? s : select(cond, then, otherwise);
    }
    case "convert": {
      const of = f(s.of);
      return of === s.of ? s : { ...s, of };
    }
  }
}

/** One rule at the root, or nothing. */
function step(s: Scalar, cx: ScalarContext): Scalar | undefined {
  switch (s.e) {
    case "const":
    case "arg":
    case "index":
      return undefined;
    case "dim": {
      // a size that is a number
      const value = constValue(s.dim);
      return value === undefined ? undefined : constant(value, "i32");
    }
    case "select":
      return selectRules(s);
    case "convert":
      return convertRules(s, cx);
    case "call":
      return foldCall(s, cx) ?? callRules(s, cx);
  }
}

function selectRules(s: Extract<Scalar, { e: "select" }>): Scalar | undefined {
  // if true then a else b = a
  if (s.cond.e === "const") return s.cond.value !== 0 ? s.then : s.else;
  // if c then a else a = a
  if (same(s.then, s.else)) return s.then;
  // if not c then a else b = if c then b else a
  const [negated] = s.cond.e === "call" && s.cond.fn === "not" ? s.cond.args : [];
  if (negated !== undefined) return select(negated, s.else, s.then);
  // if c then true else false = c
  if (s.then.e === "const" && s.then.dtype === "bool" && s.else.e === "const" && isConst(s.then, 1)) return s.cond;
  // if c then (if c then a else b) else d = if c then a else d
  if (s.then.e === "select" && same(s.then.cond, s.cond)) return select(s.cond, s.then.then, s.else);
  if (s.else.e === "select" && same(s.else.cond, s.cond)) return select(s.cond, s.then, s.else.else);
  return undefined;
}

function convertRules(s: Extract<Scalar, { e: "convert" }>, cx: ScalarContext): Scalar | undefined {
  const from = scalarType(s.of, cx.argType);
  // t(x) = x where x is a t
  if (from === s.to) return s.of;
  if (s.of.e !== "const") return undefined;
  const { value } = s.of;
  if (isFloat(s.to)) return isFloat(from) || holds(value, s.to) ? constant(value, s.to) : undefined;
  if (s.to === "bool") return constant(value !== 0 ? 1 : 0, "bool");
  const whole = Math.trunc(value);
  return holds(whole, s.to) ? constant(whole, s.to) : undefined;
}

/** Whether a type holds the number: whole types exactly, floats within their range. */
function holds(value: number, dtype: DType): boolean {
  switch (dtype) {
    case "f32":
      return Number.isFinite(Math.fround(value));
    case "f16":
      return Math.abs(value) <= 65504;
    case "i32":
      return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
    case "u32":
      return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
    case "bool":
      return value === 0 || value === 1;
  }
}

function foldCall(s: Extract<Scalar, { e: "call" }>, cx: ScalarContext): Scalar | undefined {
  const [first] = s.args;
  if (first === undefined || !s.args.every((a) => a.e === "const")) return undefined;
  const from = scalarType(first, cx.argType);
  const dtype = scalarType(s, cx.argType);
  if (from === "f16") return undefined; // JavaScript does not round to it
  // what a machine that rounds correctly makes of the constants as it holds them
  const round = from === "f32" ? Math.fround : (x: number): number => x;
  const result = evaluate(
    s.fn,
    s.args.map((a) => (a.e === "const" ? round(a.value) : Number.NaN)),
  );
  if (result === undefined || !holds(result, dtype)) return undefined;
  return constant(dtype === "f32" ? Math.fround(result) : result, dtype);
}

/** Exact arithmetic in float64; `undefined` where it is not defined or JavaScript has no such function. */
function evaluate(fn: ScalarFn, values: readonly number[]): number | undefined {
  const [a = Number.NaN, b = Number.NaN] = values;
  const truth = (x: boolean): number => (x ? 1 : 0);
  switch (fn) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return b === 0 ? undefined : a / b;
    case "floordiv":
      return b > 0 ? Math.floor(a / b) : undefined;
    case "mod":
      return b > 0 ? a - b * Math.floor(a / b) : undefined;
    case "neg":
      return -a;
    case "pow":
      return a > 0 || Number.isInteger(b) ? a ** b : undefined;
    case "eq":
      return truth(a === b);
    case "ne":
      return truth(a !== b);
    case "lt":
      return truth(a < b);
    case "le":
      return truth(a <= b);
    case "gt":
      return truth(a > b);
    case "ge":
      return truth(a >= b);
    case "and":
      return truth(a !== 0 && b !== 0);
    case "or":
      return truth(a !== 0 || b !== 0);
    case "not":
      return truth(a === 0);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "abs":
      return Math.abs(a);
    case "exp":
      return Math.exp(a);
    case "log":
      return a > 0 ? Math.log(a) : undefined;
    case "sqrt":
      return a >= 0 ? Math.sqrt(a) : undefined;
    case "rsqrt":
      return a > 0 ? 1 / Math.sqrt(a) : undefined;
    case "sin":
      return Math.sin(a);
    case "cos":
      return Math.cos(a);
    case "tanh":
      return Math.tanh(a);
    case "relu":
      return Math.max(a, 0);
    case "sigmoid":
      return 1 / (1 + Math.exp(-a));
    case "silu":
      return a / (1 + Math.exp(-a));
    case "erf":
    case "gelu":
    case "gelu_tanh":
      return undefined;
  }
}

function callRules(s: Extract<Scalar, { e: "call" }>, cx: ScalarContext): Scalar | undefined {
  const [a, b] = s.args;
  if (a === undefined) return undefined;
  const type = scalarType(a, cx.argType);
  const whole = !isFloat(type);
  switch (s.fn) {
    case "add":
      // x + 0 = x
      if (isConst(b, 0)) return a;
      if (isConst(a, 0)) return b;
      // x + (-y) = x - y
      if (b?.e === "call" && b.fn === "neg") return call("sub", a, ...b.args);
      return undefined;
    case "sub":
      // x - 0 = x
      if (isConst(b, 0)) return a;
      // x - (-y) = x + y
      if (b?.e === "call" && b.fn === "neg") return call("add", a, ...b.args);
      return undefined;
    case "mul":
      return b === undefined ? undefined : productRules(a, b, whole, type);
    case "div":
      // x / 1 = x
      if (isConst(b, 1)) return a;
      // x / 2ⁿ = x · 2⁻ⁿ, exactly
      if (b?.e === "const" && type === "f32" && isPowerOfTwo(b.value))
        return call("mul", a, constant(1 / b.value, type));
      // 1 / sqrt(x) = rsqrt(x)
      if (isConst(a, 1) && b?.e === "call" && b.fn === "sqrt") return call("rsqrt", ...b.args);
      return undefined;
    case "floordiv":
      // x / 1 = x
      return isConst(b, 1) ? a : undefined;
    case "mod":
      // x % 1 = 0 for whole x
      return whole && isConst(b, 1) ? constant(0, type) : undefined;
    case "neg": {
      // -(-x) = x
      const [x] = a.e === "call" && a.fn === "neg" ? a.args : [];
      return x;
    }
    case "not": {
      if (a.e !== "call") return undefined;
      // not not x = x; not (x == y) = x != y, which also holds for NaN
      if (a.fn === "not") return a.args[0];
      const opposite = a.fn === "eq" ? "ne" : a.fn === "ne" ? "eq" : undefined;
      return opposite === undefined ? undefined : { ...a, fn: opposite };
    }
    case "and":
      // x and true = x, x and false = false, x and x = x
      if (isConst(a, 1)) return b;
      if (isConst(b, 1)) return a;
      if (isConst(a, 0) || isConst(b, 0)) return constant(0, "bool");
      return b !== undefined && same(a, b) ? a : undefined;
    case "or":
      // x or false = x, x or true = true, x or x = x
      if (isConst(a, 0)) return b;
      if (isConst(b, 0)) return a;
      if (isConst(a, 1) || isConst(b, 1)) return constant(1, "bool");
      return b !== undefined && same(a, b) ? a : undefined;
    case "min":
    case "max":
      // max(x, x) = x
      return b !== undefined && same(a, b) ? a : undefined;
    case "pow":
      return b?.e === "const" ? powerRules(a, b.value, type) : undefined;
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return b !== undefined && whole ? compareIndices(s.fn, a, b, cx.extents) : undefined;
    default:
      return undefined;
  }
}

function productRules(a: Scalar, b: Scalar, whole: boolean, type: DType): Scalar | undefined {
  // x · 1 = x
  if (isConst(b, 1)) return a;
  if (isConst(a, 1)) return b;
  // x · (-1) = -x
  if (isConst(b, -1)) return call("neg", a);
  if (isConst(a, -1)) return call("neg", b);
  // x · 0 = 0 for whole x
  if (whole && (isConst(a, 0) || isConst(b, 0))) return constant(0, type);
  // (x · 2ᵐ) · 2ⁿ = x · 2ᵐ⁺ⁿ: exact unless a range is left, which `holds` of the product rules out for finite results
  if (b.e === "const" && a.e === "call" && a.fn === "mul") {
    const [x, c] = a.args;
    const exact = type === "f32" && c?.e === "const" && (isPowerOfTwo(c.value) || isPowerOfTwo(b.value));
    if (exact && x !== undefined && Math.abs(c.value) <= 1 === Math.abs(b.value) <= 1 && holds(c.value * b.value, type))
      return call("mul", x, constant(c.value * b.value, type));
  }
  return undefined;
}

function powerRules(x: Scalar, exponent: number, type: DType): Scalar | undefined {
  const leaf = x.e === "arg" || x.e === "index" || x.e === "dim";
  switch (exponent) {
    case 0:
      return constant(1, type);
    case 1:
      return x;
    case 2:
      // x² = x · x where x need not be computed twice
      return leaf ? call("mul", x, x) : undefined;
    case 0.5:
      return call("sqrt", x);
    case -0.5:
      return call("rsqrt", x);
    case -1:
      return call("div", constant(1, type), x);
    default:
      return undefined;
  }
}

const isPowerOfTwo = (x: number): boolean => {
  const n = Math.log2(Math.abs(x));
  return Number.isInteger(n) && Math.abs(n) <= 60;
};

/** A comparison that the extents decide: `n >= 0`, `n < Seq`. */
function compareIndices(
  fn: "lt" | "le" | "gt" | "ge",
  a: Scalar,
  b: Scalar,
  extents: readonly Dim[],
): Scalar | undefined {
  const [left, right] = [toIndex(a), toIndex(b)];
  if (left === undefined || right === undefined) return undefined;
  const [less, more] = fn === "lt" || fn === "le" ? [left, right] : [right, left];
  // less ≤ more − strict
  const gap = simplifyIndex({ i: "add", of: [more, { i: "mul", of: less, by: constDim(-1) }] }, extents);
  const difference = indexRange(gap, extents);
  if (difference === undefined) return undefined;
  const margin = constDim(fn === "lt" || fn === "gt" ? 1 : 0);
  if (provablyAtLeast(difference.lo, margin)) return constant(1, "bool");
  if (provablyAtLeast(subDim(margin, constDim(1)), difference.hi)) return constant(0, "bool");
  return undefined;
}

/** Whole-number arithmetic on indices, as a subscript. */
export function toIndex(s: Scalar): Index | undefined {
  switch (s.e) {
    case "index":
      return { i: "ix", ix: s.ix };
    case "dim":
      return { i: "dim", dim: s.dim };
    case "const":
      return s.dtype === "i32" ? { i: "dim", dim: constDim(s.value) } : undefined;
    case "call": {
      const [a, b] = s.args.map(toIndex);
      if (a === undefined) return undefined;
      if (s.fn === "neg") return { i: "mul", of: a, by: constDim(-1) };
      if (b === undefined) return undefined;
      if (s.fn === "add") return { i: "add", of: [a, b] };
      if (s.fn === "sub")
        return {
          i: "add",
          of: [a, b.i === "dim" ? { i: "dim", dim: scaleDim(b.dim, -1, 1) } : { i: "mul", of: b, by: constDim(-1) }],
        };
      if (s.fn === "mul" && b.i === "dim") return { i: "mul", of: a, by: b.dim };
      if (s.fn === "mul" && a.i === "dim") return { i: "mul", of: b, by: a.dim };
      const positive = b.i === "dim" && provablyAtLeast(b.dim, constDim(1));
      if ((s.fn === "floordiv" || s.fn === "mod") && positive) return { i: s.fn, of: a, by: b.dim };
      return undefined;
    }
    default:
      return undefined;
  }
}
