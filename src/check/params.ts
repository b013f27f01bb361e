import type { Expr, Name, Stmt } from "../../grammar/lf.ast.js";
import * as say from "../diagnostics/messages/params.js";
import * as types from "../diagnostics/messages/types.js";
import { nearest } from "../diagnostics/suggest.js";
import { type Dim, symbolsOf } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import type { Type } from "./checked.js";
import { report } from "./context.js";
import { adapt, inferTensor, settle } from "./expressions.js";
import type { Frame } from "./frame.js";
import { bindValue, describe, lookup, reportUnknown } from "./names.js";
import { resolveAxes, tensorType } from "./signature.js";
import { checkFixed } from "./sizes.js";
import { errorValue, tensor, type Value } from "./value.js";
import { forEachChild, textOf } from "./walk.js";

type Param = Extract<Stmt, { kind: "param" }>;

/** Initialisers with their number of arguments (F8). */
const initialisers: ReadonlyMap<string, readonly string[]> = new Map([
  ["zeros", []],
  ["ones", []],
  ["normal", ["std"]],
  ["uniform", ["lo", "hi"]],
  ["xavier", []],
]);

/** A tensor parameter or a named instance (F2, F4, F6, F8). */
export function checkParam(f: Frame, stmt: Param): void {
  const { cx } = f;
  let value = allowedHere(f, stmt) ? parameterValue(f, stmt) : errorValue;
  if (stmt.from !== undefined && stmt.names.length > 1) {
    report(cx, say.fromOfSeveral(stmt.from.span, stmt.from.text, stmt.names));
    value = errorValue;
  } else checkKey(f, stmt);
  for (const name of stmt.names) {
    bindValue(f, name, value, "param");
    if (value.kind === "tensor" || value.kind === "instance") cx.declared.set(name, value as Type);
  }
  if (value.kind === "tensor" || value.kind === "instance")
    for (const d of value.shape)
      for (const symbol of symbolsOf(d))
        if (cx.opaque.has(symbol.name) && !f.parameterSymbols.has(symbol.name)) {
          const [parameter] = stmt.names;
          if (parameter !== undefined) f.parameterSymbols.set(symbol.name, { parameter });
        }
}

function allowedHere(f: Frame, stmt: Param): boolean {
  if (f.callable?.kind === "fn") {
    report(f.cx, say.paramInFn(stmt.span, f.callable.name));
    return false;
  }
  if (f.depth > 0) {
    report(f.cx, say.paramInRepeat(stmt.span));
    return false;
  }
  return true;
}

function parameterValue(f: Frame, stmt: Param): Value {
  const { type } = stmt;
  if (type.head.kind === "block") return instanceValue(f, stmt, type.head.name);
  const resolved = tensorType(f, type, "parameter");
  if (resolved === undefined) return errorValue;
  if (!fixedAxes(f, stmt, resolved.shape)) return errorValue;
  checkInit(f, stmt, resolved.dtype);
  return tensor(resolved.dtype, resolved.shape);
}

function instanceValue(f: Frame, stmt: Param, name: Name): Value {
  const { cx } = f;
  const found = lookup(f, name);
  if (found === "unknown") reportUnknown(f, name, "name");
  if (typeof found === "string") return errorValue;
  const { entity } = found;
  if (entity.kind !== "callable" || entity.callable.kind !== "block") {
    report(cx, types.notAType(name, describe(found), "parameter", entity));
    return errorValue;
  }
  const shape = resolveAxes(f, stmt.type);
  if (shape === undefined || !fixedAxes(f, stmt, shape)) return errorValue;
  if (stmt.init !== undefined) {
    report(cx, say.initOfInstance(stmt.init.span, name.text));
    return errorValue;
  }
  if (stmt.layout !== undefined) {
    report(cx, say.layoutOfInstance(stmt.layout.span, name.text));
    return errorValue;
  }
  f.instances.push(...stmt.names);
  return { kind: "instance", block: entity.callable, shape };
}

/** Parameters are stored: their sizes don't change from run to run. */
function fixedAxes(f: Frame, stmt: Param, shape: readonly Dim[]): boolean {
  return shape.every((d, i) => {
    const span = stmt.type.axes[i]?.size.span ?? stmt.type.span;
    const name = stmt.names[0]?.text ?? "";
    return checkFixed(f, d, span, `the parameter ${name}`, (dim) => say.runTimeParameter(span, name, dim));
  });
}

/** F8: zeros, ones, normal(std), uniform(lo, hi), xavier; the arguments are constants. */
function checkInit(f: Frame, stmt: Param, dtype: DType): void {
  const { cx } = f;
  const { init } = stmt;
  const real = dtype === "f32" || dtype === "f16";
  if (init === undefined) {
    if (!real) report(cx, say.initNeeded(stmt.type.span, stmt.names, dtype));
    return;
  }
  const arguments_ = initialisers.get(init.name.text);
  if (arguments_ === undefined) {
    report(cx, say.unknownInit(init.name, nearest(init.name.text, initialisers.keys())));
    return;
  }
  if (init.args.length !== arguments_.length) {
    report(cx, say.initArguments(init.span, init.name.text, arguments_, init.args.length));
    return;
  }
  if (!real && init.name.text !== "zeros" && init.name.text !== "ones") {
    report(cx, say.initOfWhole(init.span, init.name.text, dtype));
    return;
  }
  for (const arg of init.args) {
    const value = inferTensor(f, arg);
    if (value === undefined) continue;
    const open = openPart(f, arg);
    if (open !== undefined) report(cx, say.initNotConstant(open.span, textOf(open)));
    else if (!fixedDims(f, arg, init.name.text)) continue;
    else if (value.dtype === "int") adapt(f, arg, value, "f32");
    else {
      const settled = settle(f, arg, value);
      if (settled.dtype !== "f32") report(cx, say.initNotNumber(arg.span, textOf(arg), settled.dtype));
    }
  }
}

/** Whether the dims in an argument are known when the program is compiled. */
function fixedDims(f: Frame, e: Expr, init: string): boolean {
  const size = f.cx.constants.get(e);
  if (size !== undefined)
    return checkFixed(f, size, e.span, `an initialiser ${init}`, (dim) => say.initAtRunTime(e.span, init, dim));
  let fixed = true;
  forEachChild(e, (child) => {
    if (fixed) fixed = fixedDims(f, child, init);
  });
  return fixed;
}

/** A part of an argument that is no constant. */
function openPart(f: Frame, e: Expr): Expr | undefined {
  if (e.kind === "name") {
    const entity = f.cx.names.get(e.name);
    return entity?.kind === "value" || entity?.kind === "index" ? e : undefined;
  }
  if (e.kind === "reduction" || e.kind === "concat" || e.kind === "repeat") return e;
  if (e.kind === "call" && e.callee.kind === "name" && f.cx.names.get(e.callee.name)?.kind === "callable") return e;
  let found: Expr | undefined;
  forEachChild(e, (child) => {
    found ??= openPart(f, child);
  });
  return found;
}

/** F6: the placeholders of a key and the names of a stored layout are axis names of the parameter. */
function checkKey(f: Frame, stmt: Param): void {
  const { cx } = f;
  const { from, layout, type } = stmt;
  if (layout !== undefined && from === undefined) {
    report(cx, say.layoutWithoutFrom(layout.span));
    return;
  }
  if (from === undefined) return;
  const names = type.axes.map((axis) => axis.name?.text);
  const used = new Set<string>();
  for (const match of from.text.matchAll(/\{([^{}]*)\}/g)) {
    const word = match[1] ?? "";
    if (!names.includes(word)) {
      report(cx, say.placeholder(from.span, word, named(names), stmt.names[0]?.text ?? ""));
      return;
    }
    used.add(word);
  }
  if (type.head.kind === "block") {
    const missing = type.axes.find((axis) => axis.name === undefined || !used.has(axis.name.text));
    if (missing !== undefined) report(cx, say.keyOfList(from.span, from.text, missing.name?.text, missing.size.span));
    return;
  }
  if (layout === undefined) return;
  const unnamed = type.axes.find((axis) => axis.name === undefined);
  if (unnamed !== undefined) {
    report(cx, say.layoutUnnamed(layout.span, unnamed.span));
    return;
  }
  const wanted = named(names).filter((name) => !used.has(name));
  const problem = layoutProblem(layout.text, wanted, used);
  if (problem !== undefined) report(cx, say.layoutNames(layout.span, layout.text, problem, wanted));
}

const named = (names: readonly (string | undefined)[]): string[] => names.filter((n) => n !== undefined);

/** `(h c) d`: names and brackets one deep, each axis once. */
function layoutProblem(
  layout: string,
  axes: readonly string[],
  placeholders: ReadonlySet<string>,
): say.LayoutProblem | undefined {
  const tokens = layout.match(/[A-Za-z_][A-Za-z0-9_]*|[()]|\S/g) ?? [];
  const seen = new Set<string>();
  let open = false;
  for (const token of tokens) {
    if (token === "(") {
      if (open) return { is: "brackets" };
      open = true;
    } else if (token === ")") {
      if (!open) return { is: "brackets" };
      open = false;
    } else if (!/^[A-Za-z_]/.test(token)) return { is: "character", text: token };
    else if (placeholders.has(token)) return { is: "placeholder", name: token };
    else if (!axes.includes(token)) return { is: "unknown", name: token };
    else if (seen.has(token)) return { is: "twice", name: token };
    else seen.add(token);
  }
  if (open) return { is: "brackets" };
  const missing = axes.find((axis) => !seen.has(axis));
  return missing === undefined ? undefined : { is: "missing", name: missing };
}
