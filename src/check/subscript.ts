import type { Expr, Subscript } from "../../grammar/lf.ast.js";
import * as ranges from "../diagnostics/messages/indices.js";
import * as names from "../diagnostics/messages/names.js";
import * as say from "../diagnostics/messages/types.js";
import { constDim, type Dim, dimRange, subDim, substituteDim, symbolsOf } from "../ir/dim.js";
import type { DimEntity, Type } from "./checked.js";
import { type Context, report, show } from "./context.js";
import { infer, inferTensor, settle } from "./expressions.js";
import type { Frame } from "./frame.js";
import { addSubscript, type IndexVar } from "./indices.js";
import { describe, lookup, reportUnknown } from "./names.js";
import { indexOf } from "./operators.js";
import { lowerBound, prove } from "./prove.js";
import {
  axisEntry,
  checkPositive,
  counterEntry,
  entryOfBinding,
  entryOfNumber,
  indexEntry,
  sizeValue,
} from "./sizes.js";
import { errorValue, type Form, isReal, scalar, tensor, type Value } from "./value.js";
import { bare, textOf } from "./walk.js";

type SubscriptExpr = Extract<Expr, { kind: "subscript" }>;
const zero = constDim(0);
const one = constDim(1);

/** How an axis was subscripted; what a ragged axis behind it needs to know (D5). */
type Taken =
  | { readonly is: "kept"; readonly to: number }
  | { readonly is: "index"; readonly index: IndexVar }
  | { readonly is: "counter"; readonly symbol: string }
  | { readonly is: "number"; readonly value: number }
  | { readonly is: "other"; readonly sub: Subscript };

/** E1: subscripts take axes from the left; an index or number removes one, a slice keeps it, missing ones are `:`. */
export function inferSubscript(f: Frame, e: SubscriptExpr): Value {
  const { cx } = f;
  const entry = tableSubscript(f, e);
  if (entry !== undefined) return entry;
  const value = subscripted(f, e.of);
  if (value.kind !== "tensor") {
    if (value.kind === "several")
      report(
        cx,
        say.severalResults(
          e.of.span,
          value.of.map((r) => r.name),
        ),
      );
    for (const sub of e.subs) if (sub.kind === "at") infer(f, sub.expr);
    return errorValue;
  }
  const { shape } = value;
  if (e.subs.length > shape.length) {
    for (const sub of e.subs) if (sub.kind === "at") infer(f, sub.expr);
    const extra = e.subs[shape.length] as Subscript; // longer than shape
    const last = e.subs.at(-1) ?? extra;
    report(
      cx,
      say.tooManySubscripts(
        { ...extra.span, end: last.span.end },
        textOf(e.of),
        e.subs.length,
        shape.map((d) => show(cx, d)),
        declaredAt(f, e.of),
      ),
    );
    return errorValue;
  }
  const ragged = cx.entries.size > 0 && shape.some((d) => symbolsOf(d).some((s) => axisOf(cx, s.name) !== undefined));
  const taken: Taken[] = [];
  const axes: Dim[] = [];
  let failed = false;
  for (let i = 0; i < shape.length; i++) {
    const axis = shape[i] as Dim; // i < length
    const sub = e.subs[i];
    const extent = ragged ? raggedExtent(f, e, axis, taken, sub) : axis;
    if (extent === undefined) {
      failed = true;
      if (sub?.kind === "at") infer(f, sub.expr);
      taken.push({ is: "kept", to: axes.length });
      continue;
    }
    if (sub === undefined || sub.kind === "all") {
      if (ragged) taken.push({ is: "kept", to: axes.length });
      axes.push(extent);
    } else if (sub.kind === "slice") {
      const length = slice(f, e, sub, extent);
      if (length === undefined) failed = true;
      axes.push(length ?? extent);
      taken.push({ is: "other", sub });
    } else {
      const how = at(f, e, sub, extent, i, shape.length);
      if (how === undefined) failed = true;
      taken.push(how ?? { is: "other", sub });
    }
  }
  return failed ? errorValue : tensor(value.dtype, axes);
}

/** What is subscripted; an unknown name there is meant to be a tensor. */
function subscripted(f: Frame, e: Expr): Value {
  if (e.kind !== "name" || lookup(f, e.name) !== "unknown") return infer(f, e);
  reportUnknown(f, e.name, "tensor");
  return errorValue;
}

/** The axis on which the entry of a ragged axis depends. */
const axisOf = (cx: Context, symbol: string): number | undefined => {
  const at = cx.entries.get(symbol)?.at;
  return at?.kind === "axis" ? at.axis : undefined;
};

/** D5: the extent of an axis once the axes before it are subscripted; its parent takes a plain index, counter or number. */
function raggedExtent(
  f: Frame,
  e: SubscriptExpr,
  axis: Dim,
  taken: readonly Taken[],
  sub: Subscript | undefined,
): Dim | undefined {
  const { cx } = f;
  const map = new Map<string, Dim>();
  for (const symbol of symbolsOf(axis)) {
    const entry = cx.entries.get(symbol.name);
    if (entry?.at.kind !== "axis") continue;
    const parent = taken[entry.at.axis];
    switch (parent?.is) {
      case undefined:
        break;
      case "kept":
        if (sub !== undefined && sub.kind !== "all") {
          report(cx, say.raggedParentKept(sub.span, textOf(e.of), show(cx, axis)));
          return undefined;
        }
        map.set(symbol.name, axisEntry(cx, entry.table, parent.to));
        break;
      case "index":
        map.set(symbol.name, indexEntry(cx, entry.table, parent.index));
        break;
      case "counter":
        map.set(symbol.name, counterEntry(cx, entry.table, parent.symbol));
        break;
      case "number": {
        const value = entry.table.entries[parent.value];
        if (value === undefined) return undefined; // out of range: reported there
        map.set(symbol.name, value);
        break;
      }
      case "other":
        report(cx, say.raggedParent(parent.sub.span, textOf(e.of), show(cx, axis)));
        return undefined;
    }
  }
  return map.size === 0 ? axis : substituteDim(axis, map);
}

/** `a..b`: bounds are sizes, the end is not included; the axis stays, b - a long. */
function slice(f: Frame, e: SubscriptExpr, sub: Extract<Subscript, { kind: "slice" }>, extent: Dim): Dim | undefined {
  const from = bound(f, sub.from);
  const to = bound(f, sub.to);
  if (from === undefined || to === undefined) return undefined;
  const { cx } = f;
  const of = textOf(e.of);
  const least = prove(f, [from, zero], f.facts, sub.from.span, () =>
    say.sliceBelowZero(sub.from.span, textOf(sub.from)),
  );
  const most = prove(
    f,
    [extent, to],
    f.facts,
    sub.to.span,
    () =>
      say.sliceTooLong(
        sub.span,
        of,
        show(cx, to),
        greatest(to),
        sizeValue(to) !== undefined,
        show(cx, extent),
        sizeValue(extent),
      ),
    () => cx.guarded.add(sub),
  );
  const length = subDim(to, from);
  return least && most && checkPositive(f, length, sub.span) ? length : undefined;
}

function greatest(d: Dim): number | undefined {
  const { hi } = dimRange(d);
  return Number.isFinite(hi) ? hi : undefined;
}

function bound(f: Frame, e: Expr): Dim | undefined {
  const value = inferTensor(f, e);
  if (value === undefined) return undefined;
  if (value.form !== undefined && !value.form.indexed) {
    settle(f, e, value);
    return value.form.dim;
  }
  report(f.cx, say.sliceNotConstant(e.span, textOf(e)));
  return undefined;
}

function at(
  f: Frame,
  e: SubscriptExpr,
  sub: Extract<Subscript, { kind: "at" }>,
  extent: Dim,
  axis: number,
  rank: number,
): Taken | undefined {
  const { cx } = f;
  const inner = bare(sub.expr);
  if (inner.kind === "name") {
    const binding = f.scope.local.get(inner.name.text);
    if (binding?.index !== undefined) {
      cx.names.set(inner.name, binding.entity);
      for (let part = sub.expr; ; part = part.of) {
        cx.types.set(part, scalar("i32") as Type);
        if (part.kind !== "paren") break;
      }
      addSubscript(f, binding.index, extent, { e, sub, axis, rank });
      return { is: "index", index: binding.index };
    }
  }
  const value = inferTensor(f, sub.expr);
  if (value === undefined) return undefined;
  if (value.shape.length > 0) {
    report(cx, say.tensorSubscript(sub.span, textOf(sub.expr), show(cx, value.shape[0] as Dim)));
    return undefined;
  }
  if (isReal(value.dtype) || value.dtype === "bool") {
    report(cx, say.subscriptNotWhole(sub.span, textOf(sub.expr), value.dtype === "real" ? "f32" : value.dtype));
    return undefined;
  }
  settle(f, sub.expr, value);
  const { form } = value;
  if (form === undefined) {
    cx.gathers.add(sub); // I5
    return { is: "other", sub };
  }
  inRange(f, e, sub, form, extent);
  if (form.indexed) return { is: "other", sub };
  if (form.dim.op === "const") return { is: "number", value: form.dim.value };
  if (form.dim.op === "symbol" && cx.atoms.get(form.dim.name)?.kind === "counter")
    return { is: "counter", symbol: form.dim.name };
  const fixed = sizeValue(form.dim);
  return fixed === undefined ? { is: "other", sub } : { is: "number", value: fixed };
}

/** I4: a subscript made of indices and constants is proved within 0 .. extent - 1, once the ranges are known. */
function inRange(f: Frame, e: SubscriptExpr, sub: Extract<Subscript, { kind: "at" }>, form: Form, extent: Dim): void {
  const { cx } = f;
  const { facts } = f;
  if (form.indexed) noteArithmetic(cx, form.dim, sub);
  const guarded = (): void => {
    cx.guarded.add(sub);
  };
  f.pending.push(() => {
    const subject = (): ranges.Subject => ({
      span: sub.span,
      text: textOf(sub.expr),
      of: textOf(e.of),
      whole: textOf(e),
      extent: show(cx, extent),
      extentValue: sizeValue(extent),
      guard: facts !== undefined,
      index: indexOf(cx, form.dim)?.name.text,
    });
    const low = prove(
      f,
      [form.dim, zero],
      facts,
      sub.span,
      () => {
        const least = lowerBound(f, form.dim, undefined);
        return ranges.belowZero(subject(), least === undefined ? undefined : shown(cx, least));
      },
      guarded,
    );
    if (!low) return;
    prove(
      f,
      [subDim(extent, one), form.dim],
      facts,
      sub.span,
      () => {
        const most = lowerBound(f, subDim(zero, form.dim), undefined);
        return ranges.beyondEnd(subject(), most === undefined ? undefined : shown(cx, subDim(zero, most)));
      },
      guarded,
    );
  });
}

function noteArithmetic(cx: Context, d: Dim, sub: Subscript): void {
  for (const symbol of symbolsOf(d)) {
    const atom = cx.atoms.get(symbol.name);
    if (atom?.kind === "index") atom.index.arithmetic ??= sub.span;
    else if (atom?.kind === "quotient" || atom?.kind === "remainder") noteArithmetic(cx, atom.of, sub);
  }
}

/** `T[h]`, `T[2]` in an expression: a table entry as a number (D5). */
function tableSubscript(f: Frame, e: SubscriptExpr): Value | undefined {
  if (e.of.kind !== "name") return undefined;
  const { name } = e.of;
  if (f.scope.local.has(name.text) || f.scope.module.visible.get(name.text)?.top.kind !== "dim") return undefined;
  const found = lookup(f, name);
  if (typeof found === "string") return errorValue;
  if (found.entity.kind !== "dim" || found.entity.dim.kind !== "table") return undefined;
  const table: Extract<DimEntity, { kind: "table" }> = found.entity.dim;
  const [sub] = e.subs;
  if (e.subs.length !== 1 || sub?.kind !== "at") {
    report(f.cx, names.tableAsValue(name));
    return errorValue;
  }
  const value = infer(f, sub.expr);
  if (value.kind === "tensor") settle(f, sub.expr, value);
  const inner = bare(sub.expr);
  let dim: Dim | undefined;
  if (inner.kind === "number" && inner.whole) dim = entryOfNumber(f, name, table, inner.value, sub.span);
  else if (inner.kind === "name") {
    const by = lookup(f, inner.name);
    if (typeof by !== "string") dim = entryOfBinding(f, name, table, by, sub.span);
  } else if (value.kind === "tensor") report(f.cx, names.tableEntryBy(sub.span, name.text));
  return dim === undefined ? errorValue : { kind: "tensor", dtype: "int", shape: [], form: { dim, indexed: false } };
}

/** A size with its number, where it has one. */
function shown(cx: Context, d: Dim): string {
  const text = show(cx, d);
  const value = sizeValue(d);
  return value === undefined || String(value) === text ? text : `${text} = ${value}`;
}

/** Where the thing that is subscripted was declared, for the message. */
function declaredAt(f: Frame, e: Expr): say.DeclaredAt | undefined {
  if (e.kind !== "name") return undefined;
  const binding = f.scope.local.get(e.name.text);
  return binding?.at === undefined ? undefined : { span: binding.at, what: describe(binding) };
}
