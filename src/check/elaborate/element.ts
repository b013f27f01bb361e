import { addDim, constDim, constValue, type Dim, divDim, isWhole, mulDim, scaleDim, subDim } from "../../ir/dim.js";
import type { DType } from "../../ir/dtype.js";
import { isFloat } from "../../ir/dtype.js";
import type { Ix, Use } from "../../ir/graph/ops.js";
import { useIndices } from "../../ir/graph/visit.js";
import type { ScalarFn } from "../../ir/scalar.js";
import { invariant } from "../../util/invariant.js";
import { foldScalar } from "./fold.js";

/**
 * One element of a value while it is elaborated: an expression over variables (the indices in scope, language.md I1) and
 * elements of nodes that exist already. It becomes the body of a `map` only where a tensor is wanted.
 *
 * `int` and `real` are the constants that still adapt to what they meet (E6): an `int` to every number, a `real` to
 * `f32` and `f16`. Constants are folded in float64, as the reference would compute them.
 */
export type ElementType = DType | "int" | "real";

export type Element =
  | { readonly e: "const"; readonly value: number; readonly dtype: ElementType }
  /** The value of a size that is known at run time only. */
  | { readonly e: "dim"; readonly dim: Dim; readonly dtype: ElementType }
  | { readonly e: "index"; readonly ix: Ix; readonly dtype: "i32" }
  | { readonly e: "use"; readonly use: Use; readonly dtype: DType }
  | { readonly e: "call"; readonly fn: ScalarFn; readonly args: readonly Element[]; readonly dtype: ElementType }
  | {
      readonly e: "select";
      readonly cond: Element;
      readonly then: Element;
      readonly else: Element;
      readonly dtype: ElementType;
    }
  | { readonly e: "convert"; readonly of: Element; readonly dtype: ElementType };

export const constElement = (value: number, dtype: ElementType): Element => ({ e: "const", value, dtype });
export const indexElement = (ix: Ix): Element => ({ e: "index", ix, dtype: "i32" });
export const useElement = (use: Use, dtype: DType): Element => ({ e: "use", use, dtype });
export const boolElement = (value: boolean): Element => constElement(value ? 1 : 0, "bool");

/** A size as a whole constant. */
export function sizeElement(dim: Dim): Element {
  const value = constValue(dim);
  return value === undefined ? { e: "dim", dim, dtype: "int" } : constElement(value, "int");
}

export const isWeak = (dtype: ElementType): dtype is "int" | "real" => dtype === "int" || dtype === "real";

/** The size that a whole constant stands for, `undefined` for anything else. */
export function sizeOf(e: Element): Dim | undefined {
  if (e.e === "const") return Number.isSafeInteger(e.value) ? constDim(e.value) : undefined;
  return e.e === "dim" ? e.dim : undefined;
}

/** The same element with another constant type; only weak elements change. */
export function adapt(e: Element, dtype: DType): Element {
  if (!isWeak(e.dtype)) return e;
  switch (e.e) {
    case "const":
      return constElement(e.value, dtype);
    case "dim":
      return { ...e, dtype };
    case "call":
      return { ...e, args: e.args.map((a) => adapt(a, dtype)), dtype };
    case "select":
      // biome-ignore lint/suspicious/noThenProperty: a branch of an expression; nothing awaits it.
      return { ...e, then: adapt(e.then, dtype), else: adapt(e.else, dtype), dtype };
    case "convert":
      return e.of.e === "dim" ? { ...e.of, dtype } : { ...e, dtype };
    default:
      return e;
  }
}

/** What a constant left alone becomes (E6). */
export const concreteType = (dtype: ElementType): DType => (dtype === "int" ? "i32" : dtype === "real" ? "f32" : dtype);
export const concrete = (e: Element): Element => adapt(e, concreteType(e.dtype));

/** The type in which several operands meet, and the operands in it. */
export function unify(operands: readonly Element[]): {
  readonly dtype: ElementType;
  readonly operands: readonly Element[];
} {
  const strong = operands.find((o) => !isWeak(o.dtype));
  if (strong === undefined) {
    const dtype = operands.some((o) => o.dtype === "real") ? "real" : "int";
    return { dtype, operands: dtype === "real" ? operands.map(toReal) : operands };
  }
  const dtype = concreteType(strong.dtype);
  const met = operands.map((o) => adapt(o, dtype));
  invariant(
    met.every((o) => o.dtype === dtype),
    () => `operands of ${operands.map((o) => o.dtype).join(" and ")} meet`,
  );
  return { dtype, operands: met };
}

/** A whole constant under a real function (E6). */
export function toReal(e: Element): Element {
  if (e.dtype !== "int") return e;
  return e.e === "const" ? constElement(e.value, "real") : { e: "convert", of: e, dtype: "real" };
}

const allConst = (args: readonly Element[]): args is readonly Extract<Element, { e: "const" }>[] =>
  args.every((a) => a.e === "const");

/** A scalar function of operands that have one type already. */
function call(fn: ScalarFn, args: readonly Element[], dtype: ElementType): Element {
  if (allConst(args)) {
    const value = foldScalar(
      fn,
      args.map((a) => a.value),
    );
    if (value !== undefined) return constElement(value, dtype);
  }
  return { e: "call", fn, args, dtype };
}

const isInteger = (dtype: ElementType): boolean => dtype === "int" || dtype === "i32" || dtype === "u32";

export type Arithmetic = "add" | "sub" | "mul" | "div" | "mod" | "pow" | "min" | "max";

/** Arithmetic of the language: whole numbers divide downwards, two whole constants exactly (E7). */
export function arithmetic(fn: Arithmetic, left: Element, right: Element): Element {
  const met = unify([left, right]);
  const [a, b] = met.operands;
  invariant(a !== undefined && b !== undefined, () => "two operands");
  const { dtype } = met;
  if (fn === "pow" && isInteger(dtype)) return call("pow", [toReal(a), toReal(b)], "real");
  if (dtype === "int") return sizeArithmetic(fn, a, b);
  if (fn === "div" && isInteger(dtype)) return call("floordiv", [a, b], dtype);
  return call(fn, [a, b], dtype);
}

/** Whole constants stay sizes, so that they can be subscripts and bounds of slices. */
function sizeArithmetic(fn: Arithmetic, a: Element, b: Element): Element {
  const x = sizeOf(a);
  const y = sizeOf(b);
  if (x !== undefined && y !== undefined) {
    if (fn === "add") return sizeElement(addDim(x, y));
    if (fn === "sub") return sizeElement(subDim(x, y));
    if (fn === "mul") return sizeElement(mulDim(x, y));
    if (fn === "div") {
      const quotient = divDim(x, y);
      if (quotient !== undefined && isWhole(quotient)) return sizeElement(quotient);
      return call("div", [toReal(a), toReal(b)], "real");
    }
  }
  return call(fn === "div" ? "floordiv" : fn, [a, b], "int");
}

export function negate(e: Element): Element {
  const size = e.dtype === "int" ? sizeOf(e) : undefined;
  return size === undefined ? call("neg", [e], e.dtype) : sizeElement(scaleDim(size, -1, 1));
}

export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

export function compare(fn: Comparison, left: Element, right: Element): Element {
  return call(fn, unify([left, right]).operands.map(concrete), "bool");
}

export function and(conditions: readonly Element[]): Element {
  const open = conditions.filter((c) => !(c.e === "const" && c.value !== 0));
  const never = open.find((c) => c.e === "const");
  if (never !== undefined) return never;
  return open.length === 0 ? boolElement(true) : open.reduce((a, b) => call("and", [a, b], "bool"));
}

export function or(conditions: readonly Element[]): Element {
  const open = conditions.filter((c) => !(c.e === "const" && c.value === 0));
  const always = open.find((c) => c.e === "const");
  if (always !== undefined) return always;
  return open.length === 0 ? boolElement(false) : open.reduce((a, b) => call("or", [a, b], "bool"));
}

export const not = (e: Element): Element => call("not", [e], "bool");

export function select(cond: Element, then: Element, otherwise: Element): Element {
  const met = unify([then, otherwise]);
  const [a, b] = met.operands;
  invariant(a !== undefined && b !== undefined, () => "two branches");
  if (cond.e === "const") return cond.value !== 0 ? a : b;
  // biome-ignore lint/suspicious/noThenProperty: a branch of an expression; nothing awaits it.
  return { e: "select", cond, then: a, else: b, dtype: met.dtype };
}

/** A built-in function of one argument: under a real function a whole constant is real (E6). */
export function unary(fn: ScalarFn, of: Element): Element {
  const arg = fn === "abs" ? of : toReal(of);
  return call(fn, [arg], arg.dtype);
}

export function convert(to: DType, of: Element): Element {
  if (of.dtype === to) return of;
  if (of.e === "const") {
    const value = to === "bool" ? (of.value !== 0 ? 1 : 0) : isFloat(to) ? of.value : Math.trunc(of.value);
    return constElement(value, to);
  }
  if (of.e === "dim" && to !== "bool") return { ...of, dtype: to };
  return { e: "convert", of: concrete(of), dtype: to };
}

function collect(e: Element, into: Set<Ix>): void {
  switch (e.e) {
    case "const":
    case "dim":
      return;
    case "index":
      into.add(e.ix);
      return;
    case "use":
      for (const ix of useIndices(e.use)) into.add(ix);
      return;
    case "call":
      for (const a of e.args) collect(a, into);
      return;
    case "select":
      collect(e.cond, into);
      collect(e.then, into);
      collect(e.else, into);
      return;
    case "convert":
      collect(e.of, into);
  }
}

/** The variables on which an element really depends. */
export function variablesOf(...elements: readonly (Element | undefined)[]): ReadonlySet<Ix> {
  const found = new Set<Ix>();
  for (const e of elements) if (e !== undefined) collect(e, found);
  return found;
}

/** Whether the element reads any tensor. */
export function readsTensor(e: Element): boolean {
  switch (e.e) {
    case "use":
      return true;
    case "call":
      return e.args.some(readsTensor);
    case "select":
      return readsTensor(e.cond) || readsTensor(e.then) || readsTensor(e.else);
    case "convert":
      return readsTensor(e.of);
    default:
      return false;
  }
}
