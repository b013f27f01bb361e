import type { Body, Expr, Stmt, Target } from "../../grammar/lf.ast.js";
import * as calls from "../diagnostics/messages/calls.js";
import * as say from "../diagnostics/messages/types.js";
import type { Span } from "../diagnostics/span.js";
import { type Dim, dimRange, substituteDim, symbolsOf } from "../ir/dim.js";
import { invariant } from "../util/invariant.js";
import type { Type } from "./checked.js";
import { freshSymbol, report, showShape, showTensor } from "./context.js";
import { adapt, infer, settle, showValue } from "./expressions.js";
import type { Frame } from "./frame.js";
import { closeIndex, fail, type IndexVar, knownRange, openIndex, settleIndices } from "./indices.js";
import { bindDim, bindValue } from "./names.js";
import { sameShape } from "./operands.js";
import { checkParam } from "./params.js";
import type { Signature } from "./signature.js";
import { axisEntry, completeSize, maxSize } from "./sizes.js";
import { nameSize, numberDim } from "./topDims.js";
import { errorValue, isFlexible, isReal, type TensorValue, tensor, type Value } from "./value.js";
import { textOf } from "./walk.js";

/** One value of a `return`, with its expression. */
export interface Returned {
  readonly expr: Expr;
  readonly value: Value;
}

/** Checks the body of a callable against its declared results. */
export function checkCallable(signature: Signature): void {
  const { callable, frame: f, results } = signature;
  const returned = checkBody(f, callable.body);
  if (!signature.complete) return;
  const { cx } = f;
  if (returned.values.length !== results.length) {
    report(
      cx,
      calls.resultCount(
        returned.span,
        callable.name.text,
        returned.values.length,
        results.length,
        callable.results[0]?.type.span ?? callable.name.span,
      ),
    );
    return;
  }
  results.forEach((wanted, i) => {
    const item = returned.values[i];
    if (item === undefined) return;
    const { expr, value } = item;
    if (value.kind === "several") {
      report(
        cx,
        say.severalResults(
          expr.span,
          value.of.map((r) => r.name),
        ),
      );
      return;
    }
    if (value.kind !== "tensor") return;
    checkReturned(f, expr, value, wanted.dtype, wanted.shape, wanted.type.span, wanted.name);
  });
}

function checkReturned(
  f: Frame,
  expr: Expr,
  value: TensorValue,
  dtype: Exclude<TensorValue["dtype"], "int" | "real">,
  shape: readonly Dim[],
  declared: Span,
  name: string,
): void {
  const { cx } = f;
  const fits = isFlexible(value.dtype)
    ? dtype !== "bool" && (value.dtype === "int" || isReal(dtype))
    : value.dtype === dtype;
  if (!fits || !sameShape(value.shape, shape)) {
    const transposed =
      value.shape.length === shape.length &&
      !sameShape(value.shape, shape) &&
      sameShape([...value.shape].reverse(), shape);
    const found = isFlexible(value.dtype) ? settle(f, expr, value) : value;
    report(
      cx,
      calls.resultDiffers(
        { span: expr.span, text: textOf(expr), type: showValue(f, found) },
        { span: declared, type: showTensor(cx, dtype, shape), ...(name === "" ? {} : { name }) },
        fits ? (transposed ? "transposed" : "shape") : "dtype",
      ),
    );
    return;
  }
  if (isFlexible(value.dtype)) adapt(f, expr, value, dtype);
}

/** Statements of a body in order, the last of which is its `return`; what they bind is gone after it. */
export function checkBody(f: Frame, body: Body): { readonly values: readonly Returned[]; readonly span: Span } {
  const { scope } = f;
  const before = scope.bound.length;
  let returned: { values: Returned[]; span: Span } | undefined;
  for (const stmt of body.stmts) {
    if (stmt.kind === "return") returned = { values: checkReturn(f, stmt), span: stmt.span };
    else checkStatement(f, stmt);
  }
  invariant(returned !== undefined, () => "a body without a return");
  for (const name of scope.bound.splice(before)) scope.local.delete(name);
  return returned;
}

function checkReturn(f: Frame, stmt: Extract<Stmt, { kind: "return" }>): Returned[] {
  const opened = beginStatement(f);
  const values = stmt.values.map((expr): Returned => ({ expr, value: infer(f, expr) }));
  endStatement(f, opened);
  return values;
}

function checkStatement(f: Frame, stmt: Exclude<Stmt, { kind: "return" }>): void {
  switch (stmt.kind) {
    case "dim": {
      const size = completeSize(f, stmt.size);
      flush(f);
      if (size === undefined) {
        bindValue(f, stmt.name, errorValue, "dim");
        return;
      }
      if (stmt.size.kind === "number" && size.op === "const") {
        const symbol = freshSymbol(f.cx, stmt.name.text, size.value, size.value, size.value);
        bindDim(f, stmt.name, numberDim(f.cx, symbol.name, size.value), "dim");
        return;
      }
      nameSize(f.cx, size, stmt.name.text);
      bindDim(f, stmt.name, { kind: "derived", size }, "dim");
      return;
    }
    case "param":
      checkParam(f, stmt);
      flush(f);
      return;
    case "let":
      checkLet(f, stmt);
  }
}

/** Proofs wait for the end of the outermost statement: only then are all ranges known. */
const beginStatement = (f: Frame): number => {
  if (f.depth === 0) f.broken = false;
  f.depth++;
  return f.opened.length;
};

function endStatement(f: Frame, opened: number): void {
  f.depth--;
  f.scope.ended.clear();
  if (f.depth > 0) {
    // indices on the left shape what the next statements see; the others may still get a range from further out
    settleIndices(
      f,
      f.opened.slice(opened).filter((i) => i.how === "left"),
    );
    return;
  }
  settleIndices(f, f.opened);
  flush(f);
  f.opened = [];
  f.unknown.clear();
}

function flush(f: Frame): void {
  if (f.depth > 0) return;
  const { pending } = f;
  if (pending.length === 0) return;
  f.pending = [];
  for (const run of pending) run();
}

/** E3: `let t = e` names a value, `let t[i, j] = e` has the axes of i and j and then those of e. */
function checkLet(f: Frame, stmt: Extract<Stmt, { kind: "let" }>): void {
  const { cx } = f;
  const [first] = stmt.targets;
  if (first === undefined) return;
  const opened = beginStatement(f);
  const indices = first.indices.map((decl) => openIndex(f, decl, "left"));
  const same = sameIndices(f, stmt.targets, indices);
  for (const target of stmt.targets)
    for (const index of indices)
      if (index.name.text === target.name.text) {
        report(cx, say.indexNamedLikeResult(index.name, target.name));
        fail(f, index);
      }
  const value = infer(f, stmt.value);
  const results = resultsFor(f, stmt, value);
  endStatement(f, opened);
  for (const index of [...indices].reverse()) closeIndex(f, index);
  const extents = indices.map((index) => (index.state === "failed" ? undefined : knownRange(index)));
  const known = same && extents.every((d) => d !== undefined);
  stmt.targets.forEach((target, i) => {
    target.indices.forEach((decl, a) => {
      const range = extents[a];
      if (range !== undefined) cx.ranges.set(decl, range);
    });
    const result = results[i];
    let bound: Value = errorValue;
    if (known && result?.kind === "tensor") {
      const shape = withAxes(f, indices, extents as Dim[], result.shape, stmt.value.span);
      if (shape !== undefined) {
        bound = tensor(result.dtype, shape);
        tooLarge(f, target, shape);
        cx.declared.set(target.name, bound as Type);
      }
    }
    bindValue(f, target.name, bound, "let");
  });
}

function tooLarge(f: Frame, target: Target, shape: readonly Dim[]): void {
  let least = 1;
  for (const d of shape) least *= Math.max(1, dimRange(d).lo);
  if (least > maxSize)
    report(
      f.cx,
      say.tooManyElements(
        target.span,
        shape.map((d) => showShape(f.cx, [d]).slice(1, -1)),
        least,
        false,
      ),
    );
}

/** F5: in `let a[i], b[i] = …` all targets have the same indices. */
function sameIndices(f: Frame, targets: readonly Target[], indices: readonly IndexVar[]): boolean {
  const [first] = targets;
  for (const target of targets) {
    if (target === first || first === undefined) continue;
    const same =
      target.indices.length === indices.length && target.indices.every((d, i) => d.name.text === indices[i]?.name.text);
    if (!same) {
      report(f.cx, calls.targetIndices(target.span, first.span));
      return false;
    }
    target.indices.forEach((decl, i) => {
      const index = indices[i];
      if (index !== undefined) f.cx.names.set(decl.name, { kind: "index", index: index.decl });
    });
  }
  return true;
}

/** One value for each target. */
function resultsFor(f: Frame, stmt: Extract<Stmt, { kind: "let" }>, value: Value): readonly Value[] {
  const { cx } = f;
  const { targets } = stmt;
  if (value.kind === "several") {
    if (value.of.length !== targets.length) {
      report(
        cx,
        calls.targetCount(
          stmt.span,
          targets.map((t) => t.name),
          textOf(stmt.value),
          value.of.map((r) => r.name),
        ),
      );
      return [];
    }
    return value.of.map((r) => r.value);
  }
  if (value.kind === "error") return [];
  if (targets.length > 1) {
    report(
      cx,
      calls.targetCount(
        stmt.span,
        targets.map((t) => t.name),
        textOf(stmt.value),
        [""],
      ),
    );
    return [];
  }
  return [value.kind === "tensor" ? settle(f, stmt.value, value) : value];
}

/**
 * The axes of the indices, then those of the element. A size `T[h]` now depends on the axis of h; if h is not on the
 * left before it, there is no such tensor (D5).
 */
function withAxes(
  f: Frame,
  indices: readonly IndexVar[],
  extents: readonly Dim[],
  shape: readonly Dim[],
  span: Span,
): readonly Dim[] | undefined {
  const { cx } = f;
  const axes = [...extents, ...shape];
  if (cx.entries.size === 0) return axes;
  const result: Dim[] = [];
  for (let a = 0; a < axes.length; a++) {
    const axis = axes[a] as Dim; // a < length
    const map = new Map<string, Dim>();
    for (const symbol of symbolsOf(axis)) {
      const entry = cx.entries.get(symbol.name);
      if (entry?.at.kind === "axis") map.set(symbol.name, axisEntry(cx, entry.table, entry.at.axis + indices.length));
      else if (entry?.at.kind === "index") {
        const parent = cx.entryIndex.get(symbol.name);
        const at = parent === undefined ? -1 : indices.indexOf(parent);
        if (at === -1 && f.scope.indices.some((i) => i === parent)) continue; // an index further out: fixed here
        if (at === -1 || at >= a) {
          report(cx, say.raggedResult(span, showShape(cx, [axis]).slice(1, -1), parent?.name.text ?? "h"));
          return undefined;
        }
        map.set(symbol.name, axisEntry(cx, entry.table, at));
      }
    }
    result.push(map.size === 0 ? axis : substituteDim(axis, map));
  }
  return result;
}
