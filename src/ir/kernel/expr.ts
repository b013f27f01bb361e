import { invariant, unreachable } from "../../util/invariant.js";
import { type DType, isFloat } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";
import { applyScalar, isLogic, isPredicate, roundTo } from "./arith.js";
import {
  addLinear,
  difference,
  fromLinear,
  intLit,
  type Linear,
  type LinearTerm,
  sameExpr,
  scaleLinear,
  toLinear,
} from "./linear.js";
import type { BufId, KExpr, KOp, KType, VarId, Width } from "./ops.js";

/**
 * Constructors of kernel expressions. Each returns the simplest expression it can see without ranges: constants are
 * folded with the target's rounding, i32 sums are kept in the form of `linear.ts`, x*1, x+0 and (x*4)/4 disappear.
 * Operands of one function have one type: a scalar beside a vector is splatted, a plain number takes the type of the
 * other operand. Floats are not reassociated, and x*0 stays (0 · NaN is NaN).
 */
export type Ex = KExpr | number;

export const kType = (dtype: DType, width: Width = 1): KType => ({ dtype, width });
const i32 = kType("i32");

/** The type of an expression. */
export const typeOf = (e: KExpr): KType => (e.k === "dim" ? i32 : e.type);
const sameType = (a: KType, b: KType): boolean => a.dtype === b.dtype && a.width === b.width;

export const lit = (value: number, type: KType = kType("f32")): KExpr => ({
  k: "lit",
  type,
  value: roundTo(type.dtype, value),
});
export const int = (value: number): KExpr => intLit(value);
export const float = (value: number, width: Width = 1): KExpr => lit(value, kType("f32", width));
export const bool = (value: boolean): KExpr => lit(value ? 1 : 0, kType("bool"));
export const variable = (name: VarId, type: KType = i32): KExpr => ({ k: "var", var: name, type });
export const slot = (index: number): KExpr => ({ k: "dim", slot: index });

/** The value of a literal. */
export const literalOf = (e: KExpr): number | undefined => (e.k === "lit" ? e.value : undefined);
const isLit = (e: KExpr, value: number): boolean => e.k === "lit" && e.value === value;
const isIndex = (type: KType): boolean => type.dtype === "i32" && type.width === 1;

/** A number as a literal of `type`, an expression as it is. */
export const asExpr = (x: Ex, type: KType = i32): KExpr => (typeof x === "number" ? lit(x, type) : x);

/** Operands brought to one width; numbers take the type of the first expression among them. */
function unify(xs: readonly Ex[]): KExpr[] {
  const first = xs.find((x): x is KExpr => typeof x !== "number");
  const dtype = first ? typeOf(first).dtype : "i32";
  const exprs = xs.map((x) => asExpr(x, kType(dtype)));
  const width = Math.max(...exprs.map((e) => typeOf(e).width)) as Width;
  return exprs.map((e) => (typeOf(e).width === width ? e : splat(e, width)));
}

const raw = (op: KOp, args: readonly KExpr[], type: KType): KExpr => ({ k: "op", op, args, type });

/** Any scalar function, by name. */
export function call(fn: ScalarFn, ...operands: readonly Ex[]): KExpr {
  const args = unify(operands);
  const [a, b] = args;
  invariant(a, () => `${fn} needs an operand`);
  const type = typeOf(a);
  invariant(
    args.every((x) => sameType(typeOf(x), type)),
    () => `${fn} of ${args.map((x) => `${typeOf(x).dtype}x${typeOf(x).width}`).join(", ")}`,
  );
  invariant(!isLogic(fn) || type.dtype === "bool", () => `${fn} of ${type.dtype}`);
  const result: KType = isPredicate(fn) ? kType("bool", type.width) : type;
  if (a.k === "lit" && (!b || b.k === "lit")) {
    return { k: "lit", type: result, value: applyScalar(fn, type.dtype, a.value, b?.value ?? 0) };
  }
  return simplified(fn, a, b) ?? raw(fn, args, result);
}

function simplified(fn: ScalarFn, a: KExpr, b: KExpr | undefined): KExpr | undefined {
  if (isIndex(typeOf(a))) return simplifiedIndex(fn, a, b);
  const dtype = typeOf(a).dtype;
  switch (fn) {
    case "add":
      return b && isLit(b, 0) ? a : isLit(a, 0) ? b : undefined;
    case "sub":
      return b && isLit(b, 0) ? a : undefined;
    case "mul":
      return b && isLit(b, 1) ? a : isLit(a, 1) ? b : undefined;
    case "div":
      return b && isLit(b, 1) ? a : undefined;
    case "pow":
      return b && isFloat(dtype) ? simplifiedPower(a, b) : undefined;
    case "neg":
      return a.k === "op" && a.op === "neg" ? a.args[0] : undefined;
    case "min":
    case "max":
      return b && sameExpr(a, b) ? a : undefined;
    case "relu":
      return raw("max", [a, lit(0, typeOf(a))], typeOf(a));
    case "and":
      return b && (isLit(b, 1) || isLit(a, 0) || sameExpr(a, b))
        ? a
        : b && (isLit(a, 1) || isLit(b, 0))
          ? b
          : undefined;
    case "or":
      return b && (isLit(b, 0) || isLit(a, 1) || sameExpr(a, b))
        ? a
        : b && (isLit(a, 0) || isLit(b, 1))
          ? b
          : undefined;
    case "not":
      return negated(a);
    default:
      return undefined;
  }
}

/** `pow` with a constant exponent that multiplications give exactly, for negative bases too. */
function simplifiedPower(x: KExpr, exponent: KExpr): KExpr | undefined {
  switch (literalOf(exponent)) {
    case 0:
      return lit(1, typeOf(x));
    case 1:
      return x;
    case 2:
      return call("mul", x, x);
    case 3:
      return call("mul", call("mul", x, x), x);
    case 4: {
      const square = call("mul", x, x);
      return call("mul", square, square);
    }
    case 0.5:
      return call("sqrt", x);
    case -0.5:
      return call("rsqrt", x);
    case -1:
      return call("div", 1, x);
    case -2:
      return call("div", 1, call("mul", x, x));
    default:
      return undefined;
  }
}

const opposite: Partial<Record<KOp, ScalarFn>> = { lt: "ge", ge: "lt", le: "gt", gt: "le", eq: "ne", ne: "eq" };

/** The negation of an integer comparison is a comparison; of a float comparison it is not (NaN). */
function negated(a: KExpr): KExpr | undefined {
  if (a.k !== "op") return undefined;
  const [x, y] = a.args;
  if (a.op === "not") return x;
  const fn = opposite[a.op];
  return fn && x && y && !isFloat(typeOf(x).dtype) ? call(fn, x, y) : undefined;
}

function simplifiedIndex(fn: ScalarFn, a: KExpr, b: KExpr | undefined): KExpr | undefined {
  switch (fn) {
    case "neg":
      return fromLinear(scaleLinear(toLinear(a), -1));
    case "abs":
      return a.k === "op" && a.op === "abs" ? a : undefined;
    default:
      return b ? simplifiedIndexPair(fn, a, b) : undefined;
  }
}

function simplifiedIndexPair(fn: ScalarFn, a: KExpr, b: KExpr): KExpr | undefined {
  switch (fn) {
    case "add":
      return fromLinear(addLinear(toLinear(a), toLinear(b)));
    case "sub":
      return fromLinear(addLinear(toLinear(a), toLinear(b), -1));
    case "mul":
      if (b.k === "lit") return fromLinear(scaleLinear(toLinear(a), b.value));
      if (a.k === "lit") return fromLinear(scaleLinear(toLinear(b), a.value));
      // A size distributes over a sum, so that addresses share their variable part.
      if (b.k === "dim") return distribute(toLinear(a), b);
      return a.k === "dim" ? distribute(toLinear(b), a) : undefined;
    case "div":
      return isLit(b, 1) ? a : undefined;
    case "floordiv":
      return b.k === "lit" && b.value > 0 ? dividedBy(a, b.value) : undefined;
    case "mod":
      return b.k === "lit" && b.value > 0 ? remainderOf(a, b.value) : undefined;
    case "min":
    case "max":
      return extreme(fn, a, b);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const d = difference(a, b);
      return d === undefined ? undefined : bool(applyScalar(fn, "i32", d, 0) === 1);
    }
    default:
      return undefined;
  }
}

function distribute(sum: Linear, size: KExpr): KExpr {
  const terms: LinearTerm[] = sum.terms.map((t) => ({ of: raw("mul", [t.of, size], i32), by: t.by }));
  if (sum.constant !== 0) terms.push({ of: size, by: sum.constant });
  return fromLinear({ terms, constant: 0 });
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** ⌊a / c⌋: whole multiples of c come out, a common factor is cancelled, divisions of divisions join. */
function dividedBy(a: KExpr, c: number): KExpr {
  if (c === 1) return a;
  const sum = toLinear(a);
  const out: Linear = {
    terms: sum.terms.filter((t) => t.by % c === 0).map((t) => ({ of: t.of, by: t.by / c })),
    constant: Math.floor(sum.constant / c),
  };
  const rest: Linear = {
    terms: sum.terms.filter((t) => t.by % c !== 0),
    constant: sum.constant - out.constant * c,
  };
  if (rest.terms.length === 0) return fromLinear(out);
  const common = rest.terms.reduce((g, t) => gcd(g, t.by), c);
  const reduced = fromLinear({
    terms: rest.terms.map((t) => ({ of: t.of, by: t.by / common })),
    constant: Math.floor(rest.constant / common),
  });
  return fromLinear(addLinear(out, toLinear(quotient(reduced, c / common))));
}

function quotient(a: KExpr, c: number): KExpr {
  if (c === 1) return a;
  if (a.k === "op" && (a.op === "floordiv" || a.op === "mod")) {
    const [x, d] = a.args;
    if (x && d?.k === "lit" && d.value > 0) {
      if (a.op === "floordiv") return dividedBy(x, d.value * c);
      // 0 <= x % d < d
      if (d.value <= c) return int(0);
      if (d.value % c === 0) return remainderOf(dividedBy(x, c), d.value / c);
    }
  }
  return raw("floordiv", [a, int(c)], i32);
}

/** a mod c, in 0 … c-1: multiples of c vanish. */
function remainderOf(a: KExpr, c: number): KExpr {
  if (c === 1) return int(0);
  const sum = toLinear(a);
  const constant = sum.constant - Math.floor(sum.constant / c) * c;
  const terms = sum.terms.filter((t) => t.by % c !== 0);
  if (terms.length === 0) return int(constant);
  const common = terms.reduce((g, t) => gcd(g, t.by), gcd(c, constant));
  if (common > 1) {
    const reduced = fromLinear({
      terms: terms.map((t) => ({ of: t.of, by: t.by / common })),
      constant: constant / common,
    });
    return fromLinear(scaleLinear(toLinear(remainderOf(reduced, c / common)), common));
  }
  const rest = fromLinear({ terms, constant });
  if (rest.k === "op" && rest.op === "mod") {
    const [x, d] = rest.args;
    if (x && d?.k === "lit" && d.value > 0) {
      if (d.value % c === 0) return remainderOf(x, c);
      if (d.value <= c) return rest;
    }
  }
  return raw("mod", [rest, int(c)], i32);
}

function extreme(fn: "min" | "max", a: KExpr, b: KExpr): KExpr | undefined {
  const d = difference(a, b);
  if (d !== undefined) return (fn === "min") === d <= 0 ? a : b;
  if (b.k === "lit" && a.k === "op" && a.op === fn && a.args[0] && a.args[1]?.k === "lit") {
    return call(fn, a.args[0], int(applyScalar(fn, "i32", a.args[1].value, b.value)));
  }
  // A constant stands on the right.
  return a.k === "lit" && b.k !== "lit" ? call(fn, b, a) : undefined;
}

export const add = (a: Ex, b: Ex): KExpr => call("add", a, b);
export const sub = (a: Ex, b: Ex): KExpr => call("sub", a, b);
export const mul = (a: Ex, b: Ex): KExpr => call("mul", a, b);
export const div = (a: Ex, b: Ex): KExpr => call("div", a, b);
/** Rounds towards minus infinity. */
export const floordiv = (a: Ex, b: Ex): KExpr => call("floordiv", a, b);
/** a - floordiv(a, b) * b. */
export const mod = (a: Ex, b: Ex): KExpr => call("mod", a, b);
/** ⌈a / c⌉ of an i32. */
export const ceildiv = (a: Ex, c: number): KExpr => floordiv(add(a, c - 1), c);
export const neg = (a: Ex): KExpr => call("neg", a);
export const min = (a: Ex, b: Ex): KExpr => call("min", a, b);
export const max = (a: Ex, b: Ex): KExpr => call("max", a, b);
export const clamp = (a: Ex, lo: Ex, hi: Ex): KExpr => min(max(a, lo), hi);
export const eq = (a: Ex, b: Ex): KExpr => call("eq", a, b);
export const ne = (a: Ex, b: Ex): KExpr => call("ne", a, b);
export const lt = (a: Ex, b: Ex): KExpr => call("lt", a, b);
export const le = (a: Ex, b: Ex): KExpr => call("le", a, b);
export const gt = (a: Ex, b: Ex): KExpr => call("gt", a, b);
export const ge = (a: Ex, b: Ex): KExpr => call("ge", a, b);
export const and = (a: KExpr, b: KExpr): KExpr => call("and", a, b);
export const or = (a: KExpr, b: KExpr): KExpr => call("or", a, b);
export const not = (a: KExpr): KExpr => call("not", a);
/** Σ of i32 (or float) terms, left to right; 0 of nothing. */
export const sum = (terms: readonly Ex[]): KExpr =>
  terms.slice(1).reduce<KExpr>((s, t) => add(s, t), asExpr(terms[0] ?? 0));

/** a · b + c, rounded once or twice as the machine likes. Integers become plain sums. */
export function fma(a: Ex, b: Ex, c: Ex): KExpr {
  const [x, y, z] = unify([a, b, c]);
  invariant(x && y && z, () => "fma needs three operands");
  if (!isFloat(typeOf(x).dtype) || isLit(z, 0)) return add(mul(x, y), z);
  if (isLit(x, 1) || isLit(y, 1) || (x.k === "lit" && y.k === "lit")) return add(mul(x, y), z);
  return raw("fma", [x, y, z], typeOf(x));
}

/** acc + Σ x.i · columns[i] over the four lanes of x. Integers become plain sums. */
export function madd4(x: KExpr, columns: readonly KExpr[], acc: KExpr): KExpr {
  const type = typeOf(acc);
  invariant(typeOf(x).width === 4 && columns.length === 4, () => "madd4 has four steps");
  if (!isFloat(type.dtype)) return columns.reduce((s, c, i) => fma(splat(lane(x, i), type.width), c, s), acc);
  invariant(
    columns.every((c) => sameType(typeOf(c), type)),
    () => "columns and sum of madd4 are alike",
  );
  return raw("madd4", [x, ...columns, acc], type);
}

/** `cond ? then : otherwise`; both arms may be evaluated. A scalar condition chooses between whole vectors. */
export function select(cond: KExpr, then: Ex, otherwise: Ex): KExpr {
  const [a, b] = unify([then, otherwise]);
  invariant(a && b && typeOf(cond).dtype === "bool", () => "select needs a bool and two arms");
  invariant(sameType(typeOf(a), typeOf(b)), () => "the arms of a select have one type");
  const width = Math.max(typeOf(a).width, typeOf(cond).width) as Width;
  if (cond.k === "lit") return splat(cond.value !== 0 ? a : b, width);
  if (sameExpr(a, b)) return splat(a, width);
  return raw("select", [splat(cond, width), splat(a, width), splat(b, width)], kType(typeOf(a).dtype, width));
}

/** A scalar in every lane; a value that has the width already stays. */
export function splat(e: KExpr, width: Width): KExpr {
  const type = typeOf(e);
  if (type.width === width) return e;
  invariant(type.width === 1, () => `cannot splat ${type.width} lanes to ${width}`);
  if (e.k === "lit") return { ...e, type: kType(type.dtype, width) };
  return raw("splat", [e], kType(type.dtype, width));
}

/** One lane of a vector; of a scalar, lane 0 is the scalar. */
export function lane(e: KExpr, index: number): KExpr {
  const type = typeOf(e);
  invariant(index >= 0 && index < type.width, () => `lane ${index} of ${type.width}`);
  if (type.width === 1) return e;
  if (e.k === "lit") return lit(e.value, kType(type.dtype));
  if (e.k === "op" && e.op === "splat" && e.args[0]) return e.args[0];
  if (e.k === "pack") return e.lanes[index] ?? e;
  return { k: "lane", of: e, lane: index as 0 | 1 | 2 | 3, type: kType(type.dtype) };
}

/** The lane whose number is an expression: chosen by selects unless it is a literal. */
export function laneAt(e: KExpr, index: Ex): KExpr {
  const at = asExpr(index);
  if (at.k === "lit") return lane(e, at.value);
  let result = lane(e, 0);
  for (let i = 1; i < typeOf(e).width; i++) result = select(eq(at, i), lane(e, i), result);
  return result;
}

/** A vector of 2 or 4 scalars; one scalar is itself. */
export function pack(lanes: readonly KExpr[]): KExpr {
  const first = lanes[0];
  invariant(first && (lanes.length === 1 || lanes.length === 2 || lanes.length === 4), () => `pack of ${lanes.length}`);
  const width = lanes.length as Width;
  if (width === 1) return first;
  invariant(
    lanes.every((l) => sameType(typeOf(l), kType(typeOf(first).dtype))),
    () => "the lanes of a pack are scalars of one type",
  );
  if (lanes.every((l) => sameExpr(l, first))) return splat(first, width);
  if (first.k === "lane") {
    const whole = first.of;
    const inOrder = lanes.every((l, i) => l.k === "lane" && l.lane === i && sameExpr(l.of, whole));
    if (inOrder && typeOf(whole).width === width) return whole;
  }
  return { k: "pack", lanes, type: kType(typeOf(first).dtype, width) };
}

/** Across the lanes of one vector, in order. */
export function fold(op: "add" | "max" | "min" | "mul", of: KExpr): KExpr {
  const type = typeOf(of);
  if (type.width === 1) return of;
  return { k: "fold", op, of, type: kType(type.dtype) };
}

/** Between the invocations of a subgroup. */
export function subgroup(
  op: "broadcast" | "shuffleXor" | "add" | "max" | "min" | "mul",
  of: KExpr,
  lane?: number,
): KExpr {
  return { k: "subgroup", op, of, ...(lane === undefined ? {} : { lane }), type: typeOf(of) };
}

/** The nearest value of another dtype; floats towards integers truncate, between integers the bits stay. */
export function convert(dtype: DType, e: KExpr): KExpr {
  const type = typeOf(e);
  if (type.dtype === dtype) return e;
  const to = kType(dtype, type.width);
  if (e.k === "lit") {
    const whole = type.dtype === "i32" || type.dtype === "u32";
    if (whole && dtype === "i32") return lit(e.value | 0, to);
    return lit(whole && dtype === "u32" ? e.value >>> 0 : e.value, to);
  }
  return raw("convert", [e], to);
}

/** The same 32 bits as another dtype. */
export function bitcast(dtype: "f32" | "i32" | "u32", e: KExpr): KExpr {
  const type = typeOf(e);
  return type.dtype === dtype ? e : raw("bitcast", [e], kType(dtype, type.width));
}

/** Element `at` of a buffer whose elements are of `type`. */
export const load = (buffer: BufId, type: KType, at: Ex): KExpr => ({ k: "load", buffer, at: asExpr(at), type });

/** The operands of an expression, in order. */
export function operands(e: KExpr): readonly KExpr[] {
  switch (e.k) {
    case "lit":
    case "var":
    case "dim":
      return [];
    case "load":
      return [e.at];
    case "op":
      return e.args;
    case "pack":
      return e.lanes;
    case "lane":
    case "fold":
    case "subgroup":
      return [e.of];
    default:
      return unreachable(e);
  }
}

/** The expression with other operands, simplified; the same object when none differs. */
export function withOperands(e: KExpr, xs: readonly KExpr[]): KExpr {
  const old = operands(e);
  if (old.every((x, i) => x === xs[i])) return e;
  const [a, b, c] = xs;
  invariant(a && old.length === xs.length, () => "an expression keeps the number of its operands");
  switch (e.k) {
    case "lit":
    case "var":
    case "dim":
      return e;
    case "load":
      return load(e.buffer, e.type, a);
    case "lane":
      return lane(a, e.lane);
    case "pack":
      return pack(xs);
    case "fold":
      return fold(e.op, a);
    case "subgroup":
      return subgroup(e.op, a, e.lane);
    case "op":
      switch (e.op) {
        case "fma":
          return b && c ? fma(a, b, c) : e;
        case "madd4": {
          const acc = xs[5];
          return acc ? madd4(a, xs.slice(1, 5), acc) : e;
        }
        case "select":
          return b && c ? select(a, b, c) : e;
        case "splat":
          return splat(a, e.type.width);
        case "convert":
          return convert(e.type.dtype, a);
        case "bitcast":
          return raw("bitcast", [a], e.type);
        default:
          return call(e.op, ...xs);
      }
    default:
      return unreachable(e);
  }
}
