import type { Name, SizeExpr } from "../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import * as say from "../diagnostics/messages/sizes.js";
import type { Span } from "../diagnostics/span.js";
import {
  addDim,
  ceilDivDim,
  constDim,
  type Dim,
  dimKey,
  dimRange,
  divDim,
  floorDivDim,
  mulDim,
  sameDim,
  subDim,
  substituteDim,
  symbolDim,
  symbolsOf,
} from "../ir/dim.js";
import { invariant } from "../util/invariant.js";
import type { DimEntity, TableEntry } from "./checked.js";
import { type Context, report, show } from "./context.js";
import type { Frame } from "./frame.js";
import { fail, type IndexVar, knownRange } from "./indices.js";
import { describe, lookup, reportUnknown } from "./names.js";
import { isOpaque, prove, wholeHere } from "./prove.js";
import { runtimeSymbols } from "./topDims.js";

/** Sizes are below 2^31, so that positions are i32 on every machine. */
export const maxSize = 2 ** 31 - 1;
const maxTerms = 64;
const one = constDim(1);

type Table = Extract<DimEntity, { kind: "table" }>;

/** In a type: the earlier axis of a name, for `f32[h: Heads, K[h]]`. */
export type AxisNames = ReadonlyMap<string, { readonly axis: number; readonly size: Dim }>;

/** The value of a size that is a constant, `--dim` included. */
export function sizeValue(d: Dim): number | undefined {
  if (d.op === "const") return d.value;
  const { lo, hi } = dimRange(d);
  return lo === hi ? lo : undefined;
}

/** A whole size expression: at least 1, below 2^31 (D3). Undefined if in error, which has been reported. */
export function completeSize(f: Frame, e: SizeExpr, axes?: AxisNames): Dim | undefined {
  const d = checkSize(f, e, axes);
  if (d === undefined) return undefined;
  if (!checkPositive(f, d, e.span)) return undefined;
  f.cx.sizes.set(e, d);
  return d;
}

/** Every size is at least 1 (D3) and at most 2^31 - 1. */
export function checkPositive(f: Frame, d: Dim, span: Span): boolean {
  if (d.op === "const" || d.op === "symbol") {
    if (d.op === "const" && d.value < 1) {
      report(f.cx, say.sizeBelowOne(span, show(f.cx, d)));
      return false;
    }
    const least = d.op === "const" ? d.value : d.lo;
    if (least >= 1 && least <= maxSize) return true;
  }
  const { lo } = dimRange(d);
  if (lo > maxSize) {
    report(f.cx, say.sizeTooLarge(span, show(f.cx, d), lo));
    return false;
  }
  return prove(f, [d, one], f.facts, span, () => say.sizeBelowOne(span, show(f.cx, d), lo));
}

/** A size or a part of one. Long sums lean to the left: their spine is walked, not recursed into. */
export function checkSize(f: Frame, e: SizeExpr, axes?: AxisNames): Dim | undefined {
  const spine: Extract<SizeExpr, { kind: "binary" }>[] = [];
  let at = e;
  while (at.kind === "binary") {
    spine.push(at);
    at = at.left;
  }
  let d = checkAtom(f, at, axes);
  for (let i = spine.length - 1; i >= 0; i--) {
    const node = spine[i];
    if (node === undefined) break;
    const right = checkSize(f, node.right, axes);
    d = d === undefined || right === undefined ? undefined : binary(f, node, d, right);
  }
  return d;
}

function binary(f: Frame, e: Extract<SizeExpr, { kind: "binary" }>, a: Dim, b: Dim): Dim | undefined {
  switch (e.op) {
    case "+":
      return bounded(f, e.span, addDim(a, b));
    case "-":
      return bounded(f, e.span, subDim(a, b));
    case "*":
      return bounded(f, e.span, mulDim(a, b));
    case "/":
      return exactQuotient(f, e.span, a, b);
  }
}

/** Keeps sizes within what is counted exactly. */
export function bounded(f: Frame, span: Span, d: Dim): Dim | undefined {
  const exact =
    d.op === "const"
      ? Number.isSafeInteger(d.value)
      : d.op !== "poly" ||
        (d.terms.length <= maxTerms &&
          d.terms.every(([num, den]) => Number.isSafeInteger(num) && Number.isSafeInteger(den)));
  if (exact) return d;
  report(f.cx, d.op === "poly" && d.terms.length > maxTerms ? say.sizeTooLong(span) : say.sizeOverflow(span));
  return undefined;
}

/** D3: `/` between constants is exact; D1: by a single term. What the caller's sizes decide becomes an obligation. */
export function exactQuotient(
  f: Frame,
  span: Span,
  a: Dim,
  b: Dim,
  fail: (a: string, b: string, why: say.NotWhole) => Diagnostic = (x, y, why) => say.notDivisible(span, x, y, why),
): Dim | undefined {
  const { cx } = f;
  if (b.op === "const" && b.value === 0) {
    report(cx, say.divideByZero(span));
    return undefined;
  }
  const q = divDim(a, b);
  if (q === undefined) {
    report(cx, say.divisorIsSum(span, show(cx, b)));
    return undefined;
  }
  if (bounded(f, span, q) === undefined) return undefined;
  if (wholeHere(f, q)) return q;
  if (f.callable !== undefined && isOpaque(cx, q)) {
    const key = dimKey(q);
    const because = `${show(cx, a)} / ${show(cx, b)}`;
    f.whole.add(key);
    f.obligations.set(`whole ${key}`, { kind: "whole", of: q, place: span, because });
    return q;
  }
  const key = dimKey(q);
  if (!cx.notWhole.has(key)) report(cx, fail(show(cx, a), show(cx, b), whyNotWhole(f, a, b)));
  cx.notWhole.add(key);
  return undefined;
}

function whyNotWhole(f: Frame, a: Dim, b: Dim): say.NotWhole {
  const x = sizeValue(a);
  const y = sizeValue(b);
  if (x !== undefined && y !== undefined) return { is: "values", a: x, b: y };
  const [runtime] = runtimeSymbols(a);
  if (runtime !== undefined && !f.cx.atoms.has(runtime.name))
    return {
      is: "step",
      dim: show(f.cx, runtime),
      step: runtime.step,
      ...(y === undefined ? {} : { wanted: y }),
    };
  return { is: "unknown" };
}

function checkAtom(f: Frame, e: Exclude<SizeExpr, { kind: "binary" }> | SizeExpr, axes?: AxisNames): Dim | undefined {
  const { cx } = f;
  switch (e.kind) {
    case "number":
      if (!Number.isInteger(e.value)) {
        report(cx, say.fractionalSize(e.span, e.value));
        return undefined;
      }
      if (e.value > maxSize) {
        report(cx, say.sizeTooLarge(e.span, e.span.file.text.slice(e.span.start, e.span.end), e.value));
        return undefined;
      }
      return constDim(e.value);
    case "name":
      return namedSize(f, e.name, axes);
    case "entry":
      return tableEntry(f, e, axes);
    case "round": {
      if (e.fn.text !== "ceil" && e.fn.text !== "floor") {
        report(cx, say.notARounding(e.fn));
        return undefined;
      }
      if (e.of.kind !== "binary" || e.of.op !== "/") {
        report(cx, say.roundingWithoutDivision(e.span, e.fn.text));
        return undefined;
      }
      const a = checkSize(f, e.of.left, axes);
      const b = checkSize(f, e.of.right, axes);
      if (a === undefined || b === undefined) return undefined;
      if (dimRange(b).lo < 1) {
        report(cx, say.divideByZero(e.of.right.span));
        return undefined;
      }
      return bounded(f, e.span, e.fn.text === "ceil" ? ceilDivDim(a, b) : floorDivDim(a, b));
    }
    case "binary":
      return checkSize(f, e, axes);
  }
}

/** The size that a dim stands for; undefined for a table. */
export function sizeOf(dim: DimEntity): Dim | undefined {
  switch (dim.kind) {
    case "table":
      return undefined;
    case "derived":
      return dim.size;
    default:
      return dim.symbol;
  }
}

function namedSize(f: Frame, name: Name, axes?: AxisNames): Dim | undefined {
  const { cx } = f;
  const found = lookup(f, name);
  if (found === "broken") return undefined;
  if (found === "unknown") {
    if (axes?.has(name.text)) report(cx, say.axisNameAsSize(name));
    else reportUnknown(f, name, "size");
    return undefined;
  }
  const { entity } = found;
  if (entity.kind === "dim") {
    const size = sizeOf(entity.dim);
    if (size === undefined) report(cx, say.tableAsSize(name, found.at));
    return size;
  }
  if (entity.kind === "value" && found.value?.kind === "error") return undefined;
  report(cx, say.notASize(name, describe(found), found.at, entity.kind === "index"));
  return undefined;
}

/** D5: `T[i]` by a bound index or counter over the dim of the table, an axis name in a type, or a number. */
function tableEntry(f: Frame, e: Extract<SizeExpr, { kind: "entry" }>, axes?: AxisNames): Dim | undefined {
  const { cx } = f;
  const found = lookup(f, e.table);
  if (found === "broken") return undefined;
  if (found === "unknown") {
    reportUnknown(f, e.table, "size");
    return undefined;
  }
  if (found.entity.kind !== "dim" || found.entity.dim.kind !== "table") {
    report(cx, say.notATable(e.table, describe(found), found.at));
    return undefined;
  }
  const table = found.entity.dim;
  const { at } = e;
  if (at.kind === "number") return entryOfNumber(f, e.table, table, at.value, at.span);
  if (at.kind !== "name") {
    report(cx, say.tableSubscript(at.span, e.table.text));
    return undefined;
  }
  const axis = axes?.get(at.name.text);
  if (axis !== undefined) {
    if (!sameDim(axis.size, table.over)) {
      report(cx, say.tableOverOther(at.span, e.table.text, show(cx, table.over), at.name.text, show(cx, axis.size)));
      return undefined;
    }
    return axisEntry(cx, table, axis.axis);
  }
  const by = lookup(f, at.name);
  if (by === "broken") return undefined;
  if (by === "unknown") {
    if (axes === undefined) reportUnknown(f, at.name, "size");
    else report(cx, say.tableAxisUnnamed(at.name, e.table.text, show(cx, table.over)));
    return undefined;
  }
  return entryOfBinding(f, e.table, table, by, at.span);
}

/** The entry under something that a name is bound to; used by expressions too. */
export function entryOfBinding(
  f: Frame,
  name: Name,
  table: Table,
  by: Exclude<ReturnType<typeof lookup>, string>,
  span: Span,
): Dim | undefined {
  const { cx } = f;
  if (by.index !== undefined) {
    const { index } = by;
    f.pending.push(() => {
      const range = knownRange(index);
      if (range === undefined || index.state === "failed" || sameDim(range, table.over)) return;
      report(cx, say.tableOverOther(span, name.text, show(cx, table.over), index.name.text, show(cx, range)));
      fail(f, index);
    });
    return indexEntry(cx, table, index);
  }
  if (by.entity.kind === "dim" && by.entity.dim.kind === "counter") {
    const { symbol } = by.entity.dim;
    const atom = symbol.op === "symbol" ? cx.atoms.get(symbol.name) : undefined;
    const count = atom?.kind === "counter" ? addDim(atom.last, one) : undefined;
    if (count === undefined || symbol.op !== "symbol") return undefined;
    if (!sameDim(count, table.over)) {
      report(cx, say.tableOverOther(span, name.text, show(cx, table.over), by.name, show(cx, count)));
      return undefined;
    }
    return counterEntry(cx, table, symbol.name);
  }
  if (by.value?.kind !== "error") report(cx, say.tableSubscript(span, name.text));
  return undefined;
}

export function entryOfNumber(f: Frame, name: Name, table: Table, at: number, span: Span): Dim | undefined {
  const entry = table.entries[at];
  if (entry === undefined)
    report(f.cx, say.tableEntryOutside(span, name.text, at, table.entries.length, show(f.cx, table.over)));
  return entry;
}

/** The entry that belongs to the position on an earlier axis of the same shape. Equal for equal tables and axes. */
export const axisEntry = (cx: Context, table: Table, axis: number): Dim =>
  entrySymbol(cx, table, cx.tableNames.get(table)?.index ?? "i", `$${axis}`, { kind: "axis", axis });

export function indexEntry(cx: Context, table: Table, index: IndexVar): Dim {
  const symbol = entrySymbol(cx, table, index.name.text, String(index.serial), { kind: "index", index: index.decl });
  cx.entryIndex.set(dimKey(symbol), index);
  return symbol;
}

/** `counter`: the name of its symbol. */
export function counterEntry(cx: Context, table: Table, counter: string): Dim {
  const [word = counter, id = ""] = counter.split("#");
  return entrySymbol(cx, table, word, id, { kind: "counter", symbol: counter });
}

function entrySymbol(cx: Context, table: Table, word: string, id: string, at: TableEntry["at"]): Dim {
  const info = cx.tableNames.get(table);
  invariant(info !== undefined, () => "a table without a name");
  const name = `${info.name}[${word}]#${id}`;
  const known = cx.entrySymbols.get(name);
  if (known !== undefined) return known;
  const { lo, hi, step } = info.bounds;
  const symbol = symbolDim(name, lo, hi, step);
  cx.entries.set(name, { table, at });
  cx.entrySymbols.set(name, symbol);
  return symbol;
}

/** The size must be known when the program is compiled: counts, sizes of parameters. */
export function checkFixed(f: Frame, d: Dim, span: Span, because: string, fail: (dim: string) => Diagnostic): boolean {
  if (d.op === "const") return true;
  const symbols = symbolsOf(d);
  const runtime = symbols.find((s) => f.cx.runtime.has(s.name));
  if (runtime !== undefined) {
    report(f.cx, fail(show(f.cx, runtime)));
    return false;
  }
  if (symbols.some((s) => f.cx.opaque.has(s.name))) {
    const key = `fixed ${dimKey(d)}`;
    if (!f.obligations.has(key)) f.obligations.set(key, { kind: "fixed", of: d, place: span, because });
  }
  return true;
}

/** Replaces symbols by sizes; the name of a symbol that is divided by and would become a sum (D1). */
export function substituted(d: Dim, bindings: ReadonlyMap<string, Dim>): Dim | string {
  const sum = summedDivisor(d, bindings);
  return sum ?? substituteDim(d, bindings);
}

function summedDivisor(d: Dim, bindings: ReadonlyMap<string, Dim>): string | undefined {
  if (d.op === "poly") {
    for (const [, , powers] of d.terms)
      for (const [dim, exponent] of powers) {
        if (dim.op === "symbol") {
          const to = exponent < 0 ? bindings.get(dim.name) : undefined;
          if (to?.op === "poly" && to.terms.length > 1) return dim.name;
        } else {
          const inner = summedDivisor(dim, bindings);
          if (inner !== undefined) return inner;
        }
      }
    return undefined;
  }
  if (d.op === "const" || d.op === "symbol") return undefined;
  return summedDivisor(d.num, bindings) ?? summedDivisor(d.den, bindings);
}
