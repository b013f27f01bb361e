import type { Callable, Name, TypeExpr } from "../../grammar/lf.ast.js";
import * as calls from "../diagnostics/messages/calls.js";
import * as say from "../diagnostics/messages/types.js";
import { type Dim, dimRange, symbolsOf } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import type { Type } from "./checked.js";
import { type Context, freshSymbol, report, show } from "./context.js";
import { createFrame, type Frame } from "./frame.js";
import { bindDim, bindValue, describe, lookup, reportUnknown } from "./names.js";
import { createScope, type Module } from "./scope.js";
import { type AxisNames, completeSize, maxSize } from "./sizes.js";
import { errorValue, tensor, type Value } from "./value.js";

export interface FormalSignature {
  readonly name: Name;
  readonly type: TypeExpr;
  /** `undefined`: its type is in error. */
  readonly is:
    | { readonly kind: "dim"; readonly symbol: string }
    | { readonly kind: "tensor"; readonly dtype: DType; readonly shape: readonly Dim[] }
    | undefined;
}

/** What a caller sees of a callable (F1). */
export interface Signature {
  readonly callable: Callable;
  readonly frame: Frame;
  readonly formals: readonly FormalSignature[];
  readonly results: readonly {
    readonly name: string;
    readonly type: TypeExpr;
    readonly dtype: DType;
    readonly shape: readonly Dim[];
  }[];
  /** The result types are known. */
  readonly complete: boolean;
  /** Symbol names of its generics: found from the arguments. */
  readonly generics: readonly { readonly name: Name; readonly symbol: string }[];
}

/** A body knows nothing of its caller's sizes but that they are at least 1. */
const unbounded = Number.POSITIVE_INFINITY;

/** Resolves the types of a callable and binds its generics and formals in the scope of its body. */
export function resolveSignature(cx: Context, module: Module, callable: Callable): Signature {
  const f = createFrame(cx, createScope(module), callable);
  const generics: { name: Name; symbol: string }[] = [];
  for (const name of callable.generics) {
    const symbol = freshSymbol(cx, name.text, 1, unbounded);
    cx.opaque.add(symbol.name);
    if (bindDim(f, name, { kind: "generic", symbol }, "generic")) generics.push({ name, symbol: symbol.name });
  }
  if (callable.kind === "model" && callable.generics.length > 0)
    report(cx, calls.genericModel(callable.name, callable.generics));
  const dimFormals = new Map<Name, string>();
  // dim arguments first: `fn f(x: f32[K], K: dim)` may name them in any order
  for (const formal of callable.formals) {
    if (formal.type.head.kind !== "dim") continue;
    const symbol = freshSymbol(cx, formal.name.text, 1, unbounded);
    cx.opaque.add(symbol.name);
    bindDim(f, formal.name, { kind: "argument", symbol }, "argument");
    dimFormals.set(formal.name, symbol.name);
    if (callable.kind === "model") report(cx, calls.dimOfModel(formal.name, callable.name.text));
  }
  const resolved = new Map<TypeExpr, FormalSignature["is"]>();
  const typeOf = (type: TypeExpr): FormalSignature["is"] => {
    if (!resolved.has(type)) resolved.set(type, tensorType(f, type, "argument"));
    return resolved.get(type);
  };
  const formals = callable.formals.map((formal): FormalSignature => {
    const symbol = dimFormals.get(formal.name);
    if (symbol !== undefined) return { name: formal.name, type: formal.type, is: { kind: "dim", symbol } };
    const is = typeOf(formal.type);
    const value: Value = is?.kind === "tensor" ? tensor(is.dtype, is.shape) : errorValue;
    bindValue(f, formal.name, value, "argument");
    if (value.kind === "tensor") cx.declared.set(formal.name, value as Type);
    return { name: formal.name, type: formal.type, is };
  });
  let complete = true;
  const results: Signature["results"][number][] = [];
  const seen = new Map<string, Name>();
  for (const { name, type } of callable.results) {
    if (name !== undefined) {
      const first = seen.get(name.text);
      if (first !== undefined) report(cx, calls.resultTwice(name, first));
      seen.set(name.text, name);
    }
    const is = tensorType(f, type, "result");
    if (is?.kind !== "tensor") complete = false;
    else results.push({ name: name?.text ?? "", type, dtype: is.dtype, shape: is.shape });
  }
  checkGenericsFound(f, callable, formals, generics);
  f.pending.splice(0).forEach((run) => {
    run();
  });
  return { callable, frame: f, formals, results, complete, generics };
}

/** F1: each generic is an axis by itself of some argument. */
function checkGenericsFound(
  f: Frame,
  callable: Callable,
  formals: readonly FormalSignature[],
  generics: readonly { readonly name: Name; readonly symbol: string }[],
): void {
  const found = new Set<string>();
  for (const { is } of formals)
    if (is?.kind === "tensor") for (const axis of is.shape) if (axis.op === "symbol") found.add(axis.name);
  if (formals.some((formal) => formal.is === undefined)) return;
  for (const { name, symbol } of generics) {
    if (found.has(symbol)) continue;
    const inside = formals.find(
      (o) => o.is?.kind === "tensor" && o.is.shape.some((d) => symbolsOf(d).some((s) => s.name === symbol)),
    );
    report(f.cx, calls.genericNotFound(name, callable.name.text, inside?.type.span));
  }
}

/** The type of a formal, result or tensor parameter. */
export function tensorType(
  f: Frame,
  type: TypeExpr,
  what: "argument" | "result" | "parameter",
): Extract<FormalSignature["is"], { kind: "tensor" }> | undefined {
  const { cx } = f;
  const { head } = type;
  if (head.kind === "dim") {
    report(cx, say.dimType(type.span, what));
    return undefined;
  }
  if (head.kind === "block") {
    const found = lookup(f, head.name);
    if (found === "unknown") reportUnknown(f, head.name, "name");
    else if (found !== "broken") report(cx, say.notAType(head.name, describe(found), what, found.entity));
    return undefined;
  }
  const shape = resolveAxes(f, type);
  return shape === undefined ? undefined : { kind: "tensor", dtype: head.dtype, shape };
}

/** The sizes of the axes of a type; a named axis can be the parent of a ragged one behind it (D5). */
export function resolveAxes(f: Frame, type: TypeExpr): readonly Dim[] | undefined {
  const { cx } = f;
  const names = new Map<string, { readonly axis: number; readonly size: Dim; readonly name: Name }>();
  const shape: Dim[] = [];
  let failed = false;
  type.axes.forEach((axis, i) => {
    const size = completeSize(f, axis.size, names as AxisNames);
    if (size === undefined) failed = true;
    else {
      shape.push(size);
      if (axis.name !== undefined) {
        const first = names.get(axis.name.text);
        if (first !== undefined) report(cx, say.axisTwice(axis.name, first.name));
        else names.set(axis.name.text, { axis: i, size, name: axis.name });
      }
    }
  });
  if (failed) return undefined;
  if (!checkElements(f, shape, type)) return undefined;
  cx.shapes.set(type, shape);
  return shape;
}

/** One tensor has fewer than 2^31 elements, whatever the run-time sizes are within their ranges. */
function checkElements(f: Frame, shape: readonly Dim[], type: TypeExpr): boolean {
  let least = 1;
  let most = 1;
  for (const d of shape) {
    const { lo, hi } = dimRange(d);
    least *= Math.max(1, lo);
    most *= Math.max(1, hi);
  }
  if (least <= maxSize && (most <= maxSize || !Number.isFinite(most))) return true;
  report(
    f.cx,
    say.tooManyElements(
      type.span,
      shape.map((d) => show(f.cx, d)),
      least > maxSize ? least : most,
      least <= maxSize,
    ),
  );
  return false;
}
