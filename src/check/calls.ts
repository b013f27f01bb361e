import type { Callable, Expr, Name } from "../../grammar/lf.ast.js";
import * as say from "../diagnostics/messages/calls.js";
import * as names from "../diagnostics/messages/names.js";
import * as types from "../diagnostics/messages/types.js";
import type { Span } from "../diagnostics/span.js";
import { constDim, type Dim, sameDim, subDim, symbolsOf } from "../ir/dim.js";
import { type Context, report, show, showShape, showTensor } from "./context.js";
import { adapt, infer, inferTensor, settle, showValue } from "./expressions.js";
import type { CallSite, Frame } from "./frame.js";
import { describe, lookup, reportUnknown } from "./names.js";
import { commonShape, commonType, inferOperands } from "./operands.js";
import { powerOf } from "./operators.js";
import { prove } from "./prove.js";
import { builtins } from "./scope.js";
import type { FormalSignature, Signature } from "./signature.js";
import { checkPositive, substituted } from "./sizes.js";
import { errorValue, isFlexible, isReal, type TensorValue, tensor, type Value } from "./value.js";
import { bare, textOf } from "./walk.js";

type CallExpr = Extract<Expr, { kind: "call" }>;

export function inferCall(f: Frame, e: CallExpr): Value {
  const callee = bare(e.callee);
  if (callee.kind === "name") return callNamed(f, e, callee.name);
  if (callee.kind === "subscript") {
    const of = bare(callee.of);
    const binding = of.kind === "name" ? f.scope.local.get(of.name.text) : undefined;
    if (of.kind === "name" && binding?.value?.kind === "instance") {
      lookup(f, of.name);
      return callLayer(f, e, callee, of.name, binding.value);
    }
  }
  inferAll(f, e.args);
  const value = infer(f, callee);
  if (value.kind !== "error") report(f.cx, say.notCallable(callee.span, textOf(callee), "a value"));
  return errorValue;
}

function callNamed(f: Frame, e: CallExpr, name: Name): Value {
  const { cx } = f;
  const found = lookup(f, name);
  if (typeof found === "string") {
    if (found === "unknown") reportUnknown(f, name, "function");
    inferAll(f, e.args);
    return errorValue;
  }
  const { entity } = found;
  if (entity.kind === "builtin") return callBuiltin(f, e, name);
  if (entity.kind === "callable") {
    const { callable } = entity;
    if (callable.kind === "model") {
      report(cx, say.callOfModel(name));
      inferAll(f, e.args);
      return errorValue;
    }
    if (callable.kind === "block" && f.callable?.kind === "fn") {
      report(cx, say.blockInFn(name, f.callable.name.text));
      inferAll(f, e.args);
      return errorValue;
    }
    return callCallable(f, e, callable, undefined);
  }
  if (found.value?.kind === "instance") {
    const { declared } = entity as { declared: Name }; // instances are values
    if (found.value.shape.length > 0) {
      report(cx, say.layerMissing(name, found.value.block.name.text, showShape(cx, found.value.shape)));
      inferAll(f, e.args);
      return errorValue;
    }
    return callCallable(f, e, found.value.block, { name: declared, layer: [] });
  }
  inferAll(f, e.args);
  if (found.value?.kind !== "error") report(cx, say.notCallable(name.span, name.text, describe(found), found.at));
  return errorValue;
}

function inferAll(f: Frame, args: readonly Expr[]): void {
  for (const arg of args) infer(f, arg);
}

/** F4, I7: `layers[l](x)`: a layer is chosen by constants, proved within the list. */
function callLayer(
  f: Frame,
  e: CallExpr,
  callee: Extract<Expr, { kind: "subscript" }>,
  name: Name,
  list: Extract<Value, { kind: "instance" }>,
): Value {
  const { cx } = f;
  const declared = (cx.names.get(name) as { declared: Name }).declared; // a value: looked up just before
  const layer: Dim[] = [];
  let failed = false;
  if (callee.subs.length !== list.shape.length) {
    report(cx, say.layerCount(callee.span, name.text, callee.subs.length, showShape(cx, list.shape), declared.span));
    inferAll(f, e.args);
    return errorValue;
  }
  callee.subs.forEach((sub, i) => {
    const count = list.shape[i];
    if (count === undefined) return;
    if (sub.kind !== "at") {
      report(cx, say.layerSlice(sub.span, name.text));
      failed = true;
      return;
    }
    const value = inferTensor(f, sub.expr);
    if (value === undefined) {
      failed = true;
      return;
    }
    settle(f, sub.expr, value);
    if (value.form === undefined || value.form.indexed) {
      report(cx, say.layerByIndex(sub.span, name.text, textOf(sub.expr), value.form !== undefined));
      failed = true;
      return;
    }
    const { dim } = value.form;
    const outside = () =>
      say.layerOutside(
        sub.span,
        `${name.text}[${textOf(sub.expr)}]`,
        textOf(sub.expr),
        name.text,
        show(cx, count),
        declared.span,
      );
    const ok =
      prove(f, [dim, constDim(0)], f.facts, sub.span, outside) &&
      prove(f, [subDim(count, constDim(1)), dim], f.facts, sub.span, outside);
    if (!ok) failed = true;
    layer.push(dim);
  });
  const result = callCallable(f, e, list.block, failed ? undefined : { name: declared, layer });
  return result;
}

/** F1: generics from the first argument axis that is just their name, then all axes are compared. */
function callCallable(f: Frame, e: CallExpr, callee: Callable, instance: CallSite["instance"]): Value {
  const { cx } = f;
  const signature = cx.signatures.get(callee);
  if (signature === undefined) {
    inferAll(f, e.args);
    return errorValue;
  }
  const { formals } = signature;
  if (e.args.length !== formals.length) {
    report(
      cx,
      say.argumentCount(
        e.span,
        callee.name,
        formals.map((o) => o.name.text),
        e.args.length,
      ),
    );
    inferAll(f, e.args);
    return errorValue;
  }
  const bindings = new Map<string, Dim>();
  const boundBy = new Map<string, Bound>();
  const values: (TensorValue | undefined)[] = [];
  let failed = false;
  formals.forEach((formal, i) => {
    const arg = e.args[i] as Expr; // as many as formals
    if (formal.is?.kind === "dim") {
      const dim = dimArgument(f, arg, callee, formal);
      if (dim === undefined) failed = true;
      else bindings.set(formal.is.symbol, dim);
      values.push(undefined);
      return;
    }
    const value = inferTensor(f, arg);
    values.push(value);
    if (value === undefined || formal.is === undefined) {
      failed = true;
      return;
    }
    const { shape } = formal.is;
    if (shape.length !== value.shape.length) return; // reported below
    for (let a = 0; a < shape.length; a++) {
      const axis = shape[a];
      const given = value.shape[a];
      if (axis?.op !== "symbol" || given === undefined || bindings.has(axis.name)) continue;
      if (!signature.generics.some((g) => g.symbol === axis.name)) continue;
      if (dependsOnAxis(cx, given)) {
        report(cx, say.raggedArgument(arg.span, textOf(arg), show(cx, given)));
        failed = true;
        return;
      }
      bindings.set(axis.name, given);
      boundBy.set(axis.name, { formal: formal.name, axis: a, arg, size: given });
    }
  });
  if (failed) return errorValue;
  formals.forEach((formal, i) => {
    const arg = e.args[i];
    const value = values[i];
    if (failed || arg === undefined || value === undefined || formal.is?.kind !== "tensor") return;
    if (!checkArgument(f, callee, formal, formal.is, arg, value, bindings, boundBy)) failed = true;
  });
  const result = failed ? undefined : resultOf(f, signature, bindings, e.span);
  if (result === undefined) return errorValue;
  cx.bindings.set(e, bindings);
  f.calls.push({
    expr: e,
    span: e.span,
    callee,
    bindings,
    facts: f.facts,
    ...(instance === undefined ? {} : { instance }),
  });
  return result;
}

interface Bound {
  readonly formal: Name;
  readonly axis: number;
  readonly arg: Expr;
  readonly size: Dim;
}

const dependsOnAxis = (cx: Context, d: Dim): boolean =>
  cx.entries.size > 0 && symbolsOf(d).some((s) => cx.entries.get(s.name)?.at.kind === "axis");

/** `K: dim` takes a constant size, at least 1. */
function dimArgument(f: Frame, arg: Expr, callee: Callable, formal: FormalSignature): Dim | undefined {
  const { cx } = f;
  const value = inferTensor(f, arg);
  if (value === undefined) return undefined;
  if (value.form === undefined || value.form.indexed) {
    report(cx, say.dimArgument(arg.span, textOf(arg), callee.name.text, formal.name));
    return undefined;
  }
  const { dim } = value.form;
  if (!checkPositive(f, dim, arg.span)) return undefined;
  settle(f, arg, value);
  cx.types.set(arg, { kind: "dim", size: dim });
  return dim;
}

/** The shape that a callee's shape is here; a message if a size is divided by what is a sum here (D1). */
function substituteShape(
  f: Frame,
  span: Span,
  shape: readonly Dim[],
  bindings: ReadonlyMap<string, Dim>,
): readonly Dim[] | undefined {
  if (bindings.size === 0) return shape;
  const result: Dim[] = [];
  for (const d of shape) {
    const own = substituted(d, bindings);
    if (typeof own === "string") {
      const divisor = bindings.get(own);
      report(
        f.cx,
        say.divisorBecomesSum(
          span,
          own.replace(/#.*/, ""),
          divisor === undefined ? "" : show(f.cx, divisor),
          show(f.cx, d),
        ),
      );
      return undefined;
    }
    result.push(own);
  }
  return result;
}

function checkArgument(
  f: Frame,
  callee: Callable,
  formal: FormalSignature,
  wanted: { readonly dtype: TensorValue["dtype"]; readonly shape: readonly Dim[] },
  arg: Expr,
  value: TensorValue,
  bindings: ReadonlyMap<string, Dim>,
  boundBy: ReadonlyMap<string, Bound>,
): boolean {
  const { cx } = f;
  const place = { span: arg.span, text: textOf(arg), type: showValue(f, value) };
  if (value.shape.length !== wanted.shape.length) {
    report(
      cx,
      say.argumentRank(
        place,
        callee.name.text,
        formal.name,
        showTensor(cx, wanted.dtype, wanted.shape),
        value.shape.length,
        wanted.shape.length,
      ),
    );
    return false;
  }
  if (isFlexible(value.dtype)) {
    if (wanted.dtype === "bool" || (value.dtype === "real" && !isReal(wanted.dtype))) {
      report(
        cx,
        say.argumentType(place, callee.name.text, formal.name, value.dtype === "int" ? "i32" : "f32", wanted.dtype),
      );
      return false;
    }
    adapt(f, arg, value, wanted.dtype as Exclude<TensorValue["dtype"], "int" | "real">);
  } else if (value.dtype !== wanted.dtype) {
    report(cx, say.argumentType(place, callee.name.text, formal.name, value.dtype, wanted.dtype));
    return false;
  }
  const expectedShape = substituteShape(f, arg.span, wanted.shape, bindings);
  if (expectedShape === undefined) return false;
  for (let a = 0; a < wanted.shape.length; a++) {
    const axis = wanted.shape[a];
    const given = value.shape[a];
    const expected = expectedShape[a];
    if (axis === undefined || given === undefined || expected === undefined) continue;
    if (sameDim(expected, given)) continue;
    const first = axis.op === "symbol" ? boundBy.get(axis.name) : undefined;
    if (first !== undefined)
      report(
        cx,
        say.genericClash(
          callee.name.text,
          show(cx, axis),
          { span: first.arg.span, formal: first.formal.text, size: show(cx, first.size), text: textOf(first.arg) },
          { span: arg.span, formal: formal.name.text, size: show(cx, given), text: textOf(arg) },
        ),
      );
    else
      report(
        cx,
        say.argumentShape(
          place,
          callee.name.text,
          formal.name,
          showTensor(cx, wanted.dtype, expectedShape),
          a + 1,
          show(cx, expected),
          show(cx, given),
        ),
      );
    return false;
  }
  return true;
}

/** The result of a call; undefined after a message, or if the declared type is in error. */
function resultOf(f: Frame, signature: Signature, bindings: ReadonlyMap<string, Dim>, span: Span): Value | undefined {
  if (!signature.complete) return undefined;
  const values: { name: string; value: Value }[] = [];
  for (const { name, dtype, shape } of signature.results) {
    const own = substituteShape(f, span, shape, bindings);
    if (own === undefined) return undefined;
    values.push({ name, value: tensor(dtype, own) });
  }
  const [first] = values;
  return values.length === 1 && first !== undefined ? first.value : { kind: "several", of: values };
}

/** F9: scalar functions, element by element on tensors (E2). */
function callBuiltin(f: Frame, e: CallExpr, name: Name): Value {
  const { cx } = f;
  const arity = builtins.get(name.text);
  if (arity === undefined) return errorValue;
  const operands = inferOperands(f, e.args);
  if (e.args.length < arity.least || e.args.length > arity.most) {
    report(cx, names.builtinArguments(e.span, name.text, e.args.length, arity.least, arity.most));
    return errorValue;
  }
  if (operands === undefined) return errorValue;
  if (name.text === "pow") return powerOf(f, e.span, operands, "pow");
  const dtype = commonType(f, e.span, operands, { by: "function", text: name.text });
  if (dtype === undefined) return errorValue;
  const shape = commonShape(f, e.span, operands);
  if (shape === undefined) return errorValue;
  if (name.text === "max" || name.text === "min" || name.text === "abs") return tensor(dtype, shape);
  const [first] = operands;
  if (dtype === "i32" || dtype === "u32") {
    if (first !== undefined)
      report(cx, types.realFunctionOfWhole(first.expr.span, name.text, textOf(first.expr), dtype));
    return errorValue;
  }
  return tensor(dtype === "int" ? "real" : dtype, shape);
}
