import type { Expr, IndexDecl, Name, Subscript } from "../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import * as say from "../diagnostics/messages/indices.js";
import type { Span } from "../diagnostics/span.js";
import { constDim, type Dim, dimKey, provablyAtLeast, sameDim, subDim, symbolDim, symbolsOf } from "../ir/dim.js";
import { type Context, report, show } from "./context.js";
import type { Frame } from "./frame.js";
import { nameIsFree } from "./names.js";
import { prove } from "./prove.js";
import type { Binding } from "./scope.js";
import { completeSize } from "./sizes.js";
import { errorValue, type TensorValue } from "./value.js";
import { textOf } from "./walk.js";

const one = constDim(1);

/** A subscript that is just an index, on one axis of a value of some rank. */
export interface BareSubscript {
  readonly e: Extract<Expr, { kind: "subscript" }>;
  readonly sub: Subscript;
  readonly axis: number;
  readonly rank: number;
}

/** Something that says what an index ranges over (I2). */
export interface RangeSource {
  readonly range: Dim;
  readonly span: Span;
  readonly by: "annotation" | "subscript" | "concat";
  readonly subscripted: BareSubscript | undefined;
  /** The index that it was said of, and where. */
  readonly index: Name;
}

/** Indices that range over the same size: linked by the short form `m <= n`, or one index seen from in- and outside. */
interface RangeClass {
  into: RangeClass | undefined;
  first: RangeSource | undefined;
  /** The short form that made one class of two. */
  link: Span | undefined;
}

/** An index while its statement is checked. */
export interface IndexVar {
  readonly name: Name;
  readonly decl: IndexDecl;
  readonly how: "left" | "reduction" | "softmax" | "concat";
  readonly annotation: RangeSource | undefined;
  readonly cls: RangeClass;
  /** The index as a number: an `Atom`, made when it is used as one. */
  value: TensorValue | undefined;
  /** Order of binding. */
  readonly serial: number;
  /** A subscript in which it occurs with arithmetic, which gives no range. */
  arithmetic: Span | undefined;
  /** The same index outside of a softmax or concat. */
  readonly around: IndexVar | undefined;
  /** What its name meant before: the index outside of a softmax or concat. */
  readonly hidden: Binding | undefined;
  state: "open" | "settled" | "failed";
}

/** Its range is in error, which has been reported: nothing more is said about it. */
export function fail(f: Frame, index: IndexVar): void {
  f.broken = true;
  f.everBroken = true;
  index.state = "failed";
  if (index.around !== undefined) fail(f, index.around);
}

const root = (cls: RangeClass): RangeClass => {
  let top = cls;
  while (top.into !== undefined) top = top.into;
  return top;
};

/** Makes an index known by its name (I1). The name in `around` is the same index seen from outside (softmax, concat). */
export function openIndex(f: Frame, decl: IndexDecl, how: IndexVar["how"], around?: IndexVar): IndexVar {
  const { cx, scope } = f;
  const hidden = scope.local.get(decl.name.text);
  const free = around !== undefined || nameIsFree(f, decl.name, "index");
  if (!free && hidden?.index?.state === "open") fail(f, hidden.index);
  const range = decl.size === undefined ? undefined : completeSize(f, decl.size);
  const own: RangeSource | undefined =
    range === undefined || decl.size === undefined
      ? undefined
      : { range, span: decl.size.span, by: "annotation", index: decl.name, subscripted: undefined };
  const inherits = how === "softmax" ? around : undefined;
  const index: IndexVar = {
    name: decl.name,
    decl,
    how,
    annotation: own ?? inherits?.annotation,
    cls: inherits?.cls ?? { into: undefined, first: undefined, link: undefined },
    value: undefined,
    serial: ++cx.nextId,
    arithmetic: undefined,
    around,
    hidden,
    state: !free || (decl.size !== undefined && range === undefined) ? "failed" : "open",
  };
  if (own !== undefined) unify(f, index, own);
  scope.indices.push(index);
  f.opened.push(index);
  const entity = { kind: "index", index: decl } as const;
  const { text, span } = decl.name;
  // a name that means two things is silent from here on
  scope.local.set(
    text,
    free ? { entity, name: text, at: span, index } : { entity, name: text, at: span, value: errorValue },
  );
  return index;
}

/** Takes an index out of the scope again; what it hid becomes visible instead. */
export function closeIndex(f: Frame, index: IndexVar): void {
  const { scope } = f;
  scope.indices.pop();
  if (index.hidden === undefined) scope.local.delete(index.name.text);
  else scope.local.set(index.name.text, index.hidden);
}

/** The range of an index as far as it is known. */
export const knownRange = (index: IndexVar): Dim | undefined => index.annotation?.range ?? root(index.cls).first?.range;

/** The index as a number in an expression. */
export function indexValue(f: Frame, index: IndexVar): TensorValue {
  if (index.value !== undefined) return index.value;
  const symbol = symbolDim(`${index.name.text}#${index.serial}`, 0, Number.POSITIVE_INFINITY);
  f.cx.atoms.set(dimKey(symbol), { kind: "index", index });
  index.value = { kind: "tensor", dtype: "i32", shape: [], form: { dim: symbol, indexed: true } };
  return index.value;
}

/**
 * I3: a bare subscript says what an unannotated index ranges over; an annotated one is proved in range, with the facts
 * that hold there (`if i < A then a[i] else b[i - A]`).
 */
export function addSubscript(f: Frame, index: IndexVar, range: Dim, at: BareSubscript): void {
  const known = knownRange(index);
  if (known !== undefined && sameDim(known, range)) return;
  const source: RangeSource = { range, span: at.sub.span, by: "subscript", index: index.name, subscripted: at };
  const said = index.annotation;
  if (said === undefined) {
    unify(f, index, source);
    return;
  }
  const { cx, facts } = f;
  const { form } = indexValue(f, index);
  if (form === undefined) return;
  f.pending.push(() => {
    const inside = prove(
      f,
      [subDim(range, one), form.dim],
      facts,
      source.span,
      () => say.annotationTooLong(index.name.text, place(cx, said), place(cx, source), facts !== undefined),
      () => cx.guarded.add(at.sub),
    );
    if (!inside) fail(f, index);
  });
}

/** E5: outside of a concat the index ranges over all of its parts. */
export function addConcat(f: Frame, index: IndexVar, range: Dim, span: Span): void {
  const source: RangeSource = { range, span, by: "concat", index: index.name, subscripted: undefined };
  const said = index.annotation;
  if (said === undefined) unify(f, index, source);
  else if (!sameDim(said.range, range)) {
    fail(f, index);
    report(f.cx, clash(f.cx, index, said, source));
  }
}

function unify(f: Frame, index: IndexVar, source: RangeSource): void {
  const cls = root(index.cls);
  if (cls.first === undefined) {
    cls.first = source;
    return;
  }
  if (sameDim(cls.first.range, source.range)) return;
  if (index.state === "open") {
    const linked = cls.link !== undefined && cls.first.index.text !== source.index.text ? cls.link : undefined;
    report(
      f.cx,
      linked === undefined
        ? clash(f.cx, index, cls.first, source)
        : say.linkedRanges(linked, sideOf(f.cx, cls.first), sideOf(f.cx, source)),
    );
  }
  fail(f, index);
}

const sideOf = (cx: Context, s: RangeSource): say.LinkedSide => ({
  span: s.span,
  size: show(cx, s.range),
  index: s.index.text,
});

function clash(cx: Context, index: IndexVar, first: RangeSource, second: RangeSource): Diagnostic {
  const longer = provablyAtLeast(second.range, first.range)
    ? "second"
    : provablyAtLeast(first.range, second.range)
      ? "first"
      : "neither";
  return say.rangeClash(index.name.text, place(cx, first), place(cx, second), longer);
}

/** The short form `m <= n` links two indices (I2 c). */
export function linkIndices(f: Frame, a: IndexVar, b: IndexVar, span: Span): void {
  const x = root(a.cls);
  const y = root(b.cls);
  if (x === y) return;
  if (x.first !== undefined && y.first !== undefined && !sameDim(x.first.range, y.first.range)) {
    if (a.state !== "failed" && b.state !== "failed")
      report(f.cx, say.linkedRanges(span, sideOf(f.cx, x.first), sideOf(f.cx, y.first)));
    fail(f, a);
    fail(f, b);
    return;
  }
  y.first ??= x.first;
  y.link ??= span;
  x.into = y;
}

const place = (cx: Context, s: RangeSource): say.RangePlace => ({
  span: s.span,
  size: show(cx, s.range),
  value: numberOf(s.range),
  by: s.by,
  ...(s.subscripted === undefined ? {} : { sliced: slicedBy(s.subscripted) }),
});

function slicedBy({ e, axis, rank }: BareSubscript): say.Sliced {
  const [first, last] = [e.subs[0], e.subs.at(-1)];
  const subs = first === undefined || last === undefined ? "" : e.span.file.text.slice(first.span.start, last.span.end);
  return { of: textOf(e.of), axis, rank, subs };
}

const numberOf = (d: Dim): number | undefined =>
  d.op === "const" ? d.value : d.op === "symbol" && d.lo === d.hi ? d.lo : undefined;

/**
 * Settles the ranges of indices: each must have one by now (I2). An index over an entry `T[h]` must be bound after h,
 * or there is no order in which the two can run (D5).
 */
export function settleIndices(f: Frame, indices: readonly IndexVar[]): void {
  const without: IndexVar[] = [];
  const { broken } = f;
  for (const index of indices) {
    if (index.state === "settled") continue;
    const range = knownRange(index);
    if (range === undefined) {
      if (index.state === "open") without.push(index);
      fail(f, index);
      continue;
    }
    if (f.cx.entryIndex.size > 0)
      for (const symbol of symbolsOf(range)) {
        const parent = f.cx.entryIndex.get(symbol.name);
        if (parent === undefined || parent.serial < index.serial) continue;
        if (index.state === "open")
          report(f.cx, say.parentAfter(index.name, parent.name, show(f.cx, range), index.how === "left"));
        fail(f, index);
      }
    f.cx.ranges.set(index.decl, range);
    if (index.state === "open") index.state = "settled";
  }
  const [first] = without;
  if (first !== undefined && !broken) {
    const lefts = without.filter((i) => i.how === "left");
    const results = f.callable === undefined ? undefined : f.cx.signatures.get(f.callable)?.results;
    const result = results?.length === 1 ? results[0]?.shape : undefined;
    const lefthand = f.opened.filter((i) => i.how === "left");
    const guess = (i: IndexVar): string | undefined => {
      const axis = result?.length === lefthand.length && lefts.includes(i) ? result[lefthand.indexOf(i)] : undefined;
      return axis === undefined ? undefined : show(f.cx, axis);
    };
    report(
      f.cx,
      say.noRange(
        without.map((i) => ({
          name: i.name.text,
          span: i.name.span,
          how: i.how,
          ...(i.arithmetic === undefined ? {} : { arithmetic: i.arithmetic }),
          ...(guess(i) === undefined ? {} : { guess: guess(i) }),
        })) as say.Rangeless[],
      ),
    );
  }
}
