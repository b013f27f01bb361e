import { unreachable } from "../../../util/invariant.js";
import type { DType } from "../../dtype.js";
import { erf, roundF16 } from "../../kernel/arith.js";
import type { ScalarFn } from "../../scalar.js";
import {
  divisionUlps,
  divisorLimit,
  expUlps,
  logUlps,
  multipliedExponent,
  type Precision,
  precisionOf,
  rootUlps,
  sigmoidalUlps,
} from "./errors.js";
import { undecidedBy } from "./tensor.js";

/**
 * One scalar operation on values with error bounds: the exact result in `v`, how far a machine may be from it in `b`,
 * and in `u` why it is undecided (0 if it is decided). A rule writes into a `Result` that the caller owns and has
 * cleared of flags.
 *
 * Monotone functions take the ends of the operand's interval; the others a first derivative and a bound of the second.
 */
export interface Bounded {
  v: number;
  b: number;
  u: number;
}

export type Unary = (x: number, bx: number, out: Bounded) => void;
export type Binary = (x: number, bx: number, y: number, by: number, out: Bounded) => void;

const { decision, range } = undecidedBy;

/** Adds what flushing to zero may cost, and marks what may overflow or is no number. */
export function settle(p: Precision, v: number, b: number, out: Bounded): void {
  const size = Math.abs(v);
  const bound = size - b < p.tiny ? b + Math.min(p.tiny, size + b) : b;
  out.v = v;
  out.b = bound;
  if (!(size + bound <= p.max)) out.u |= range;
}

const open = (out: Bounded, why: number, v = Number.NaN): void => {
  out.v = v;
  out.b = 0;
  out.u |= why;
};

/** `error` is added for the operation itself. */
function monotone(p: Precision, f: (x: number) => number, x: number, bx: number, out: Bounded): number {
  const v = f(x);
  out.v = v;
  if (bx === 0) {
    out.b = 0;
    return Math.abs(v);
  }
  const above = f(x + bx);
  const below = f(x - bx);
  out.b = Math.max(Math.abs(above - v), Math.abs(v - below));
  return Math.max(Math.abs(above), Math.abs(below), p.tiny);
}

const representable = (p: Precision, v: number): boolean => (p.ulp === 2 ** -10 ? roundF16(v) : Math.fround(v)) === v;

/** + − ×: `b` is the operands' share. */
function rounded(p: Precision, v: number, b: number, out: Bounded): void {
  if (b === 0 && representable(p, v)) settle(p, v, 0, out);
  else settle(p, v, b + p.ulp * (Math.abs(v) + b), out);
}

function floatQuotient(p: Precision, x: number, bx: number, y: number, by: number, out: Bounded): void {
  const least = Math.abs(y) - by;
  const v = x / y;
  if (!(least >= p.tiny && Math.abs(y) + by <= divisorLimit)) {
    open(out, range, v);
    return;
  }
  const b = (bx + Math.abs(v) * by) / least;
  settle(p, v, b + divisionUlps * p.ulp * (Math.abs(v) + b), out);
}

function floatFloor(p: Precision, x: number, bx: number, y: number, by: number, out: Bounded): void {
  floatQuotient(p, x, bx, y, by, out);
  const { v, b } = out;
  const floor = Math.floor(v);
  if (Math.floor(v - b) !== floor || Math.floor(v + b) !== floor) out.u |= decision;
  out.v = floor;
  out.b = 0;
}

function floatMod(p: Precision, x: number, bx: number, y: number, by: number, out: Bounded): void {
  floatFloor(p, x, bx, y, by, out);
  const floor = out.v;
  const b = bx + Math.abs(floor) * by;
  settle(p, x - floor * y, b + p.ulp * (Math.abs(x) + Math.abs(floor * y) + b), out);
}

function power(p: Precision, x: number, bx: number, y: number, by: number, out: Bounded): void {
  if (by === 0 && Number.isInteger(y)) {
    wholePower(p, x, bx, y, out);
    return;
  }
  if (!(x - bx >= p.tiny)) {
    open(out, range, x ** y);
    return;
  }
  const v = x ** y;
  // x^y is monotone in each operand, so its extremes over the box lie at corners.
  const corners = [(x - bx) ** (y - by), (x - bx) ** (y + by), (x + bx) ** (y - by), (x + bx) ** (y + by)];
  const b = Math.max(...corners.map((corner) => Math.abs(corner - v)));
  settle(p, v, b + (Math.abs(v) + b) * powerError(p, x, bx, Math.abs(y) + by), out);
}

/** Relative error of exp2(y · log2(x)). */
function powerError(p: Precision, x: number, bx: number, y: number): number {
  const log = Math.max(Math.abs(Math.log2(x - bx)), Math.abs(Math.log2(x + bx)));
  const inner = y * (logError(p, x, bx, log) + p.ulp * log);
  return Math.expm1(Math.LN2 * inner) + expUlps(y * log) * p.ulp;
}

const logError = (p: Precision, x: number, bx: number, log: number): number =>
  Math.max(x + bx >= 0.5 && x - bx <= 2 ? p.log : 0, logUlps * p.ulp * log);

function wholePower(p: Precision, x: number, bx: number, n: number, out: Bounded): void {
  const size = Math.abs(x);
  const v = x ** n;
  if (n === 0) {
    settle(p, 1, 0, out);
    return;
  }
  if (n < 0 && !(size - bx >= p.tiny)) {
    open(out, range, v);
    return;
  }
  const least = Math.max(0, size - bx);
  const b =
    bx === 0
      ? 0
      : Math.max(
          Math.abs((size + bx) ** n - Math.abs(v)),
          Math.abs(Math.abs(v) - least ** n),
          n % 2 !== 0 && size < bx ? (bx - size) ** n + Math.abs(v) : 0,
        );
  const byProducts = (Math.abs(n) - 1) * p.ulp + (n < 0 ? divisionUlps * p.ulp : 0);
  const relative =
    Math.abs(n) <= multipliedExponent || least < p.tiny
      ? Math.abs(n) * p.ulp + byProducts
      : Math.max(byProducts, powerError(p, size, bx, Math.abs(n)));
  if (n === 1) settle(p, v, b, out);
  else settle(p, v, b + relative * (Math.abs(v) + b), out);
}

/** A smooth function by its derivative: |Δ| ≤ min(steepest·b, |f'|·b + ½·curvature·b²). */
function smooth(
  p: Precision,
  v: number,
  slope: number,
  steepest: number,
  curvature: number,
  bx: number,
  out: Bounded,
): void {
  const b = Math.min(steepest * bx, Math.abs(slope) * bx + 0.5 * curvature * bx * bx);
  settle(p, v, b + Math.max(p.sigmoidal, sigmoidalUlps * p.ulp * (Math.abs(v) + b)), out);
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
const normalShare = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));
const geluScale = Math.sqrt(2 / Math.PI);
const geluCube = 0.044715;

/** The exact value of each one-place function, for tests and for constant operands. */
export const exactUnary: Readonly<Partial<Record<ScalarFn, (x: number) => number>>> = {
  neg: (x) => -x,
  abs: Math.abs,
  relu: (x) => Math.max(x, 0),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
  sigmoid: logistic,
  gelu: (x) => x * normalShare(x),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(geluScale * (x + geluCube * x * x * x))),
  silu: (x) => x * logistic(x),
};

const inverseRoot = (x: number): number => 1 / Math.sqrt(x);

/** The rule of a one-place function on floats; undefined for functions of two operands or of bool. */
function floatUnary(fn: ScalarFn, p: Precision): Unary | undefined {
  const sigmoidal =
    (f: (x: number) => number): Unary =>
    (x, bx, out) => {
      const size = monotone(p, f, x, bx, out);
      settle(p, out.v, out.b + Math.max(p.sigmoidal, sigmoidalUlps * p.ulp * size), out);
    };
  switch (fn) {
    case "neg":
      return (x, bx, out) => settle(p, -x, bx, out);
    case "abs":
      return (x, bx, out) => settle(p, Math.abs(x), bx, out);
    case "relu":
      return (x, bx, out) => greater(p, x, bx, 0, 0, out);
    case "exp":
      return (x, bx, out) => {
        const size = monotone(p, Math.exp, x, bx, out);
        settle(p, out.v, out.b + expUlps(Math.abs(x) + bx) * p.ulp * size, out);
      };
    case "log":
      return (x, bx, out) => {
        if (!(x - bx >= p.tiny)) {
          open(out, range, Math.log(x));
          return;
        }
        const size = monotone(p, Math.log, x, bx, out);
        settle(p, out.v, out.b + logError(p, x, bx, size), out);
      };
    case "sqrt":
    case "rsqrt": {
      const f = fn === "sqrt" ? Math.sqrt : inverseRoot;
      return (x, bx, out) => {
        if (!(x - bx >= p.tiny)) {
          open(out, range, f(x));
          return;
        }
        const size = monotone(p, f, x, bx, out);
        settle(p, out.v, out.b + rootUlps * p.ulp * size, out);
      };
    }
    case "sin":
    case "cos":
      return (x, bx, out) => {
        const sine = Math.sin(x);
        const cosine = Math.cos(x);
        const slope = Math.abs(fn === "sin" ? cosine : sine);
        const b = Math.min(2, slope * bx + 0.5 * bx * bx);
        settle(p, fn === "sin" ? sine : cosine, b + p.trigonometric + Math.abs(x) * p.ulp, out);
      };
    case "tanh":
      return sigmoidal(Math.tanh);
    case "erf":
      return sigmoidal(erf);
    case "sigmoid":
      return sigmoidal(logistic);
    case "gelu":
      return (x, bx, out) => {
        const share = normalShare(x);
        smooth(p, x * share, share + x * normalDensity(x), 1.13, 0.8, bx, out);
      };
    case "gelu_tanh":
      return (x, bx, out) => {
        const t = Math.tanh(geluScale * (x + geluCube * x * x * x));
        const slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * geluScale * (1 + 3 * geluCube * x * x);
        smooth(p, 0.5 * x * (1 + t), slope, 1.13, 0.81, bx, out);
      };
    case "silu":
      return (x, bx, out) => {
        const s = logistic(x);
        smooth(p, x * s, s * (1 + x * (1 - s)), 1.1, 0.5, bx, out);
      };
    default:
      return undefined;
  }
}

function greater(p: Precision, x: number, bx: number, y: number, by: number, out: Bounded): void {
  if (x - bx >= y + by) {
    settle(p, x, bx, out);
    return;
  }
  if (y - by >= x + bx) {
    settle(p, y, by, out);
    return;
  }
  const v = Math.max(x, y);
  settle(p, v, Math.max(Math.max(x + bx, y + by) - v, v - Math.max(x - bx, y - by)), out);
}

function floatBinary(fn: ScalarFn, p: Precision): Binary | undefined {
  switch (fn) {
    case "add":
      return (x, bx, y, by, out) => rounded(p, x + y, bx + by, out);
    case "sub":
      return (x, bx, y, by, out) => rounded(p, x - y, bx + by, out);
    case "mul":
      return (x, bx, y, by, out) => rounded(p, x * y, Math.abs(x) * by + Math.abs(y) * bx + bx * by, out);
    case "div":
      return (x, bx, y, by, out) => floatQuotient(p, x, bx, y, by, out);
    case "floordiv":
      return (x, bx, y, by, out) => floatFloor(p, x, bx, y, by, out);
    case "mod":
      return (x, bx, y, by, out) => floatMod(p, x, bx, y, by, out);
    case "pow":
      return (x, bx, y, by, out) => power(p, x, bx, y, by, out);
    case "max":
      return (x, bx, y, by, out) => greater(p, x, bx, y, by, out);
    case "min":
      return (x, bx, y, by, out) => {
        greater(p, -x, bx, -y, by, out);
        out.v = -out.v;
      };
    default:
      return undefined;
  }
}

/** Whole numbers: exact, floor division; what leaves the dtype's range has no portable meaning. */
function whole(dtype: DType, f: (x: number, y: number) => number): Binary {
  const [least, greatest] = dtype === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  return (x, _bx, y, _by, out) => {
    const v = f(x, y);
    out.v = v;
    out.b = 0;
    if (!(v >= least && v <= greatest)) out.u |= range;
  };
}

/** −0 has no place among whole numbers. */
const floorQuotient = (x: number, y: number): number => Math.floor(x / y) + 0;

const wholeFunctions: Readonly<Partial<Record<ScalarFn, (x: number, y: number) => number>>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y + 0,
  div: floorQuotient,
  floordiv: floorQuotient,
  mod: (x, y) => x - y * Math.floor(x / y) + 0,
  min: Math.min,
  max: Math.max,
  neg: (x) => 0 - x,
  abs: Math.abs,
  relu: (x) => Math.max(x, 0),
};

/** Whether the difference of x and y can have either sign, or be 0 for one machine and not for another. */
const close = (x: number, bx: number, y: number, by: number): boolean => bx + by > 0 && !(Math.abs(x - y) > bx + by);

function comparison(holds: (x: number, y: number) => boolean): Binary {
  return (x, bx, y, by, out) => {
    out.v = holds(x, y) ? 1 : 0;
    out.b = 0;
    if (close(x, bx, y, by)) out.u |= decision;
  };
}

const comparisons: Readonly<Partial<Record<ScalarFn, Binary>>> = {
  eq: comparison((x, y) => x === y),
  ne: comparison((x, y) => x !== y),
  lt: comparison((x, y) => x < y),
  le: comparison((x, y) => x <= y),
  gt: comparison((x, y) => x > y),
  ge: comparison((x, y) => x >= y),
};

/** The rule of a one-place function for operands of `dtype`. */
export function unaryRule(fn: ScalarFn, dtype: DType): Unary | undefined {
  if (fn === "not")
    return (x, _bx, out) => {
      out.v = x === 0 ? 1 : 0;
      out.b = 0;
    };
  const p = precisionOf(dtype);
  if (p) return floatUnary(fn, p);
  const f = wholeFunctions[fn];
  const rule = f && whole(dtype, f);
  return rule && ((x, bx, out) => rule(x, bx, 0, 0, out));
}

/** The rule of a two-place function for operands of `dtype`; `and` and `or` also look at flags and are not here. */
export function binaryRule(fn: ScalarFn, dtype: DType): Binary | undefined {
  const compare = comparisons[fn];
  if (compare) return compare;
  const p = precisionOf(dtype);
  if (p) return floatBinary(fn, p);
  const f = wholeFunctions[fn];
  return f && whole(dtype, f);
}

/** Conversion: towards whole numbers it truncates, towards bool it asks for ≠ 0. */
export function convertRule(from: DType, to: DType): Unary {
  const target = precisionOf(to);
  const source = precisionOf(from);
  switch (to) {
    case "f32":
    case "f16":
      return (x, bx, out) => {
        // target is defined for f32 and f16
        const p = target as Precision;
        if (source !== undefined && source.ulp <= p.ulp && from === to) settle(p, x, bx, out);
        else if (representable(p, x) && (bx === 0 || from === "f16")) settle(p, x, bx, out);
        else settle(p, x, bx + p.ulp * (Math.abs(x) + bx), out);
      };
    case "i32":
    case "u32": {
      const [least, greatest] = to === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
      return (x, bx, out) => {
        const v = Math.trunc(x) + 0;
        out.v = v;
        out.b = 0;
        if (bx > 0 && (Math.trunc(x - bx) !== v || Math.trunc(x + bx) !== v)) out.u |= decision;
        if (!(v >= least && v <= greatest)) out.u |= range;
      };
    }
    case "bool":
      return (x, bx, out) => {
        out.v = x === 0 ? 0 : 1;
        out.b = 0;
        if (close(x, bx, 0, 0)) out.u |= decision;
      };
    default:
      return unreachable(to);
  }
}
