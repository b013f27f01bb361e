import type { IToken } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/lfir.js";
import { overrideNotStep, overrideOutOfRange } from "../src/diagnostics/messages/sizes.js";
import type { SourceFile, Span } from "../src/diagnostics/span.js";
import { nearest } from "../src/diagnostics/suggest.js";
import {
  addDim,
  ceilDivDim,
  constDim,
  type Dim,
  divDim,
  floorDivDim,
  modDim,
  mulDim,
  subDim,
  symbolDim,
} from "../src/ir/dim.js";
import type { DType } from "../src/ir/dtype.js";
import type { DimText, Expr } from "./lfir.ast.js";

/** What the conversions of a file share. */
export interface Context {
  readonly file: SourceFile;
  readonly diagnostics: Diagnostic[];
  /** The sizes declared so far; those that the caller fixes are numbers. */
  readonly symbols: Map<string, Dim>;
  /** Sizes that are not to stay open. */
  readonly fixed: ReadonlyMap<string, number>;
}

/** Leaves the conversion of one node or statement, after what is wrong with it has been said. */
class Refused extends Error {}

export function refuse(cx: Context, diagnostic: Diagnostic): never {
  cx.diagnostics.push(diagnostic);
  throw new Refused();
}

/** Leaves without a word: something that this depends on has been refused. */
export function giveUp(): never {
  throw new Refused();
}

/** What `convert` gives, or undefined if it was refused. */
export function attempt<T>(convert: () => T): T | undefined {
  try {
    return convert();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

export const tokenSpan = ({ file }: Context, token: IToken): Span => ({
  file,
  start: token.startOffset,
  end: token.startOffset + token.image.length,
});

export const exprSpan = (cx: Context, e: Expr): Span => ({
  file: cx.file,
  start: tokenSpan(cx, first(e)).start,
  end: tokenSpan(cx, last(e)).end,
});

function first(e: Expr): IToken {
  if ("token" in e) return e.token;
  if (e.e === "group") return e.start;
  return e.e === "prefix" ? e.op : first(e.e === "infix" ? e.left : e.of);
}

function last(e: Expr): IToken {
  if ("token" in e) return e.token;
  if ("end" in e) return e.end;
  return e.e === "member" ? e.name : last(e.e === "infix" ? e.right : e.of);
}

/** The name that a token gives: without its sign, its quotes taken off. */
export function nameOf(cx: Context, token: IToken): string {
  const { image } = token;
  if (image.startsWith("%") || image.startsWith("@") || image.startsWith("$")) return image.slice(1);
  if (!image.startsWith('"')) return image;
  try {
    return String(JSON.parse(image));
  } catch {
    return refuse(cx, say.badString(tokenSpan(cx, token)));
  }
}

export function dtypeOf(cx: Context, token: IToken): DType {
  return asDType(token.image) ?? refuse(cx, say.unknownName(tokenSpan(cx, token), "element type", token.image));
}

const dtypes: readonly string[] = ["f32", "f16", "i32", "u32", "bool"] satisfies readonly DType[];
export const asDType = (text: string): DType | undefined => (dtypes.includes(text) ? (text as DType) : undefined);

/** `3` is an i32, `3u` an u32, `3.0` an f32, `3.0h` an f16. */
export function numberOf(image: string): { readonly value: number; readonly dtype: DType } {
  const suffix = image.at(-1);
  const value = Number.parseFloat(image);
  if (suffix === "u") return { value, dtype: "u32" };
  if (suffix === "h") return { value, dtype: "f16" };
  return { value, dtype: /[.eE]/.test(image) ? "f32" : "i32" };
}

/** A number with its sign, if the expression is one. */
export function literalOf(e: Expr): { readonly value: number; readonly dtype: DType } | undefined {
  if (e.e === "number") return numberOf(e.token.image);
  if (e.e !== "prefix" || e.op.image !== "-" || e.of.e !== "number") return undefined;
  const { value, dtype } = numberOf(e.of.token.image);
  return { value: -value, dtype };
}

export function wholeNumber(cx: Context, e: Expr): number {
  const found = literalOf(e);
  return found?.dtype === "i32" && Number.isSafeInteger(found.value)
    ? found.value
    : refuse(cx, say.misplaced(exprSpan(cx, e), "whole number"));
}

export function wholeToken(cx: Context, token: IToken): number {
  return wholeNumber(cx, { e: "number", token });
}

/** The name of a function or constructor in a call. */
export const calledName = (e: Expr): string | undefined =>
  e.e === "call" && e.of.e === "name" ? e.of.token.image : undefined;

export function declareDim(cx: Context, d: DimText): void {
  const name = d.name.image;
  const [lo, hi, step] = [wholeNumber(cx, d.lo), wholeNumber(cx, d.hi), d.step ? wholeNumber(cx, d.step) : 1];
  const span = tokenSpan(cx, d.name);
  if (cx.symbols.has(name)) refuse(cx, say.nameTwice(span, "size", name));
  const value = cx.fixed.get(name);
  // Known even if its range is refused: one message is enough.
  cx.symbols.set(name, value === undefined ? symbolDim(name, lo, hi, step) : constDim(value));
  if (lo < 0 || hi < lo || step < 1) refuse(cx, say.badRange(span, name));
  const given = { text: name, span };
  if (value !== undefined && (value < lo || value > hi)) refuse(cx, overrideOutOfRange(given, value, lo, hi));
  if (value !== undefined && value % step !== 0) refuse(cx, overrideNotStep(given, value, step));
}

export function sizeOf(cx: Context, e: Expr): Dim {
  const misplaced = (): never => refuse(cx, say.misplaced(exprSpan(cx, e), "size"));
  switch (e.e) {
    case "number":
      return constDim(wholeNumber(cx, e));
    case "name": {
      const name = e.token.image;
      return (
        cx.symbols.get(name) ??
        refuse(cx, say.unknownName(tokenSpan(cx, e.token), "size", name, nearest(name, cx.symbols.keys())))
      );
    }
    case "group":
      return sizeOf(cx, e.of);
    case "prefix":
      return e.op.image === "-" ? subDim(constDim(0), sizeOf(cx, e.of)) : misplaced();
    case "call": {
      const name = calledName(e);
      const [quotient, ...more] = e.args;
      if (quotient === undefined || more.length > 0) return misplaced();
      if (name === "dim") return sizeOf(cx, quotient);
      if ((name !== "floor" && name !== "ceil") || quotient.e !== "infix" || quotient.op.image !== "/")
        return misplaced();
      const [num, den] = [sizeOf(cx, quotient.left), sizeOf(cx, quotient.right)];
      return name === "floor" ? floorDivDim(num, den) : ceilDivDim(num, den);
    }
    case "infix": {
      const [left, right] = [sizeOf(cx, e.left), sizeOf(cx, e.right)];
      switch (e.op.image) {
        case "+":
          return addDim(left, right);
        case "-":
          return subDim(left, right);
        case "*":
          return mulDim(left, right);
        case "/":
          return divDim(left, right) ?? refuse(cx, say.notExact(exprSpan(cx, e)));
        case "%":
          return modDim(left, right);
        default:
          return misplaced();
      }
    }
    default:
      return misplaced();
  }
}
