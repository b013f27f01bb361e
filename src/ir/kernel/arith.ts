import { unreachable } from "../../util/invariant.js";
import type { DType } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";

/**
 * What each kernel operation means for one lane, in numbers: the reference for constant folding and for the text that
 * backends print. Floats are rounded after every operation (f32 by `Math.fround`, f16 by `roundF16`), i32 and u32 wrap,
 * bools are 0 and 1. `floordiv` and `mod` round towards minus infinity, so that `mod` has the sign of the divisor;
 * `div` of integers truncates. An integer division by 0 gives 0.
 */

/** The nearest f16 value (ties to even), as a number; beyond 65504 the infinities. */
export function roundF16(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const magnitude = Math.abs(x);
  // The spacing of f16 numbers near x; 2^-24 below the smallest normal number.
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  let scale = 2 ** (exponent - 10);
  if (magnitude >= 2 ** (exponent + 1)) scale *= 2;
  const units = magnitude / scale;
  const floor = Math.floor(units);
  const rest = units - floor;
  const rounded = (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor) * scale;
  return Math.sign(x) * (rounded > 65504 ? Number.POSITIVE_INFINITY : rounded);
}

/** A number as the nearest value of `dtype`; floats towards integers truncate and saturate, NaN becomes 0. */
export function roundTo(dtype: DType, x: number): number {
  switch (dtype) {
    case "f32":
      return Math.fround(x);
    case "f16":
      return roundF16(x);
    case "i32":
      return Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, -2147483648), 2147483647)) + 0;
    case "u32":
      return Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, 0), 4294967295)) + 0;
    case "bool":
      return x !== 0 ? 1 : 0;
  }
}

/**
 * The error function to about 1e-15: a Maclaurin series near 0, a continued fraction for the complement elsewhere
 * (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (a < 2.5) {
    // erf(x) = 2/√π · e^(-x²) · Σ 2^n x^(2n+1) / (1·3·5…(2n+1)): all terms positive, nothing cancels.
    let term = a;
    let sum = a;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * 1.1283791670955126 * Math.exp(-a * a) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - (0.5641895835477563 * Math.exp(-a * a)) / (a + fraction));
}

/** A float function before rounding, in float64. */
function real(op: ScalarFn, x: number, y: number): number {
  switch (op) {
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x * y;
    case "div":
      return x / y;
    case "floordiv":
      return Math.floor(x / y);
    case "mod":
      return x - Math.floor(x / y) * y;
    case "neg":
      return -x;
    case "pow":
      return x ** y;
    case "min":
      return Math.min(x, y);
    case "max":
      return Math.max(x, y);
    case "abs":
      return Math.abs(x);
    case "exp":
      return Math.exp(x);
    case "log":
      return Math.log(x);
    case "sqrt":
      return Math.sqrt(x);
    case "rsqrt":
      return 1 / Math.sqrt(x);
    case "sin":
      return Math.sin(x);
    case "cos":
      return Math.cos(x);
    case "tanh":
      return Math.tanh(x);
    case "erf":
      return erf(x);
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "relu":
      return Math.max(x, 0);
    case "gelu":
      return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    case "gelu_tanh":
      return 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case "silu":
      return x / (1 + Math.exp(-x));
    default:
      return truth(op, x, y);
  }
}

/** Comparisons and logic: the same for every dtype. */
function truth(op: "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "and" | "or" | "not", x: number, y: number): number {
  switch (op) {
    case "eq":
      return x === y ? 1 : 0;
    case "ne":
      return x !== y ? 1 : 0;
    case "lt":
      return x < y ? 1 : 0;
    case "le":
      return x <= y ? 1 : 0;
    case "gt":
      return x > y ? 1 : 0;
    case "ge":
      return x >= y ? 1 : 0;
    case "and":
      return x !== 0 && y !== 0 ? 1 : 0;
    case "or":
      return x !== 0 || y !== 0 ? 1 : 0;
    case "not":
      return x === 0 ? 1 : 0;
    default:
      return unreachable(op);
  }
}

const wrap = (dtype: "i32" | "u32", x: number): number => (dtype === "i32" ? x | 0 : x >>> 0);

function whole(op: ScalarFn, dtype: "i32" | "u32", x: number, y: number): number {
  switch (op) {
    case "mul":
      return wrap(dtype, Math.imul(x, y));
    case "div":
      return y === 0 ? 0 : wrap(dtype, Math.trunc(x / y));
    case "floordiv":
      return y === 0 ? 0 : wrap(dtype, Math.floor(x / y));
    case "mod":
      return y === 0 ? 0 : wrap(dtype, x - Math.floor(x / y) * y);
    case "pow":
      return roundTo(dtype, x ** y);
    default:
      return wrap(dtype, real(op, x, y));
  }
}

/** One lane of a scalar function whose operands have type `dtype`. A comparison gives 0 or 1. */
export function applyScalar(op: ScalarFn, dtype: DType, x: number, y = 0): number {
  switch (dtype) {
    case "f32":
      return Math.fround(real(op, x, y));
    case "f16":
      return roundF16(real(op, x, y));
    case "bool":
      return real(op, x, y) !== 0 ? 1 : 0;
    case "i32":
    case "u32":
      return whole(op, dtype, x, y);
  }
}

/** Whether a function's result is a bool whatever its operands are. */
export const isPredicate = (op: string): boolean =>
  op === "eq" || op === "ne" || op === "lt" || op === "le" || op === "gt" || op === "ge" || isLogic(op);

/** Whether a function's operands are bools. */
export const isLogic = (op: string): boolean => op === "and" || op === "or" || op === "not";
