import type { DimDecl, SizeExpr } from "../../grammar/lf.ast.js";
import * as say from "../diagnostics/messages/sizes.js";
import { type Dim, type DimSymbol, dimKey, dimRange, symbolDim, symbolsOf } from "../ir/dim.js";
import type { DimEntity } from "./checked.js";
import { type Context, report, show, type TableInfo, topName } from "./context.js";
import { createFrame, type Frame } from "./frame.js";
import { createScope, type Module, type TopLevel } from "./scope.js";
import { checkSize, completeSize, maxSize, sizeValue } from "./sizes.js";

export type TopDim = Extract<TopLevel, { kind: "dim" }>;
type Done = Extract<TopDim["state"], { is: "done" }>;

const broken: Done = { is: "done", entity: undefined, binding: undefined, runtime: [] };

/** Resolves all dims of all files, each after the ones that it is made of: they may stand in any order. */
export function resolveDims(cx: Context, modules: readonly Module[]): void {
  const entered = new Set<TopDim>();
  for (const module of modules)
    for (const start of module.declared.values()) {
      if (start.kind !== "dim") continue;
      const stack: TopDim[] = [start];
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        if (entered.has(top)) {
          topDim(cx, top);
          stack.pop();
          continue;
        }
        entered.add(top);
        for (const name of namesIn(top.decl)) {
          const made = top.module.visible.get(name)?.top;
          if (made?.kind !== "dim" || made.state.is !== "new") continue;
          if (!entered.has(made)) stack.push(made);
          else {
            report(cx, say.dimOfItself(made.name));
            made.state = broken;
          }
        }
      }
    }
}

/** The names that a declaration is made of. */
function namesIn({ index, value }: DimDecl): Set<string> {
  const found = new Set<string>();
  const open: SizeExpr[] = index === undefined ? [] : [index.over];
  if (value.kind === "size") open.push(value.size);
  else if (value.kind === "table") open.push(...value.entries);
  else open.push(value.lo, value.hi, ...(value.step === undefined ? [] : [value.step]));
  for (let e = open.pop(); e !== undefined; e = open.pop()) {
    if (e.kind === "name") found.add(e.name.text);
    else if (e.kind === "entry") {
      found.add(e.table.text);
      open.push(e.at);
    } else if (e.kind === "round") open.push(e.of);
    else if (e.kind === "binary") open.push(e.left, e.right);
  }
  return found;
}

/** What a top-level dim is (D2, D5); found once. */
export function topDim(cx: Context, top: TopDim): Done {
  const { state } = top;
  if (state.is === "done") return state;
  if (state.is === "open") {
    report(cx, say.dimOfItself(top.name));
    top.state = broken;
    return broken;
  }
  top.state = { is: "open" };
  const f = createFrame(cx, createScope(top.module), undefined);
  const entity = resolve(f, top, cx.overrides.get(top.decl));
  const after = top.state as TopDim["state"];
  if (after.is === "done") return after; // it was found to be made of itself
  const runtime = [...f.runtime.values()].map((r) => r.symbol as DimSymbol);
  if (entity?.kind === "runtime") runtime.push(entity.symbol as DimSymbol);
  const { name } = top;
  const binding =
    entity === undefined
      ? undefined
      : ({ entity: { kind: "dim", dim: entity }, name: name.text, at: name.span } as const);
  const done: Done = { is: "done", entity, binding, runtime };
  top.state = done;
  if (entity !== undefined) cx.dims.set(name, entity);
  return done;
}

function resolve(f: Frame, top: TopDim, override: number | undefined): DimEntity | undefined {
  const { cx } = f;
  const { decl, name } = top;
  const { value } = decl;
  const symbolName = (): string => topName(cx, name.text, top.module.file.path);
  if (decl.index !== undefined) return resolveTable(f, top);
  switch (value.kind) {
    case "table":
      report(cx, say.tableWithoutIndex(name, value.entries.length));
      return undefined;
    case "size": {
      if (value.size.kind === "number") {
        const own = completeSize(f, value.size);
        if (own === undefined) return undefined;
        return numberDim(cx, symbolName(), override ?? sizeValue(own) ?? 1);
      }
      const size = completeSize(f, value.size);
      if (size === undefined) return undefined;
      nameSize(cx, size, name.text);
      return { kind: "derived", size };
    }
    case "runtime": {
      const lo = checkSize(f, value.lo);
      const hi = checkSize(f, value.hi);
      const step = value.step === undefined ? 1 : checkSize(f, value.step);
      if (lo === undefined || hi === undefined || step === undefined) return undefined;
      const low = sizeValue(lo);
      const high = sizeValue(hi);
      const by = step === 1 ? 1 : sizeValue(step);
      if (low === undefined || high === undefined || by === undefined) {
        const open = low === undefined ? value.lo : high === undefined ? value.hi : (value.step ?? value.hi);
        report(cx, say.rangeNotConstant(open.span, name.text));
        return undefined;
      }
      f.runtime.clear();
      if (low < 1) {
        report(cx, say.sizeBelowOne(value.lo.span, String(low)));
        return undefined;
      }
      if (by < 1) {
        report(cx, say.sizeBelowOne(value.step?.span ?? value.lo.span, String(by)));
        return undefined;
      }
      if (high < low) {
        report(cx, say.emptyRange({ ...value.lo.span, end: value.hi.span.end }, name.text, low, high));
        return undefined;
      }
      const off =
        low % by !== 0
          ? { span: value.lo.span, at: low }
          : high % by !== 0
            ? { span: value.hi.span, at: high }
            : undefined;
      if (off !== undefined && value.step !== undefined) {
        report(cx, say.rangeNotStep(off.span, name.text, off.at, by, value.step.span));
        return undefined;
      }
      if (override !== undefined) {
        if (override < low || override > high) {
          report(cx, say.overrideOutOfRange(name, override, low, high));
          return undefined;
        }
        if (override % by !== 0) {
          report(cx, say.overrideNotStep(name, override, by));
          return undefined;
        }
        return numberDim(cx, symbolName(), override);
      }
      const own = symbolName();
      cx.runtime.add(own);
      if (low === high) cx.values.set(own, low); // nothing is left to run time
      return { kind: "runtime", symbol: symbolDim(own, low, high, by) };
    }
  }
}

/** D2: a dim given by a number is a name, equal to no other. Its value is in its bounds. */
export function numberDim(cx: Context, symbolName: string, value: number): DimEntity {
  cx.values.set(symbolName, value);
  // every whole number divides into steps of itself: quotients are then whole by value
  return { kind: "number", symbol: symbolDim(symbolName, value, value, value), value };
}

/** A derived dim is its definition; messages use its name. */
export function nameSize(cx: Context, size: Dim, name: string): void {
  const key = dimKey(size);
  if (size.op !== "const" && !cx.aliases.has(key)) cx.aliases.set(key, name);
}

/** D5: as many entries as the size that it is a table over; constants only. */
function resolveTable(f: Frame, top: TopDim): DimEntity | undefined {
  const { cx } = f;
  const { decl, name } = top;
  const { index, value } = decl;
  if (index === undefined) return undefined;
  if (value.kind !== "table") {
    report(cx, say.indexWithoutTable(name, index.name));
    return undefined;
  }
  const over = completeSize(f, index.over);
  const entries = value.entries.map((entry) => completeSize(f, entry));
  if (over === undefined || entries.some((e) => e === undefined)) return undefined;
  const known = entries.filter((e) => e !== undefined);
  const open = known.findIndex((e) => sizeValue(e) === undefined);
  if (open !== -1) {
    report(cx, say.tableNotConstant(value.entries[open]?.span ?? decl.span, name.text));
    return undefined;
  }
  const length = sizeValue(over);
  if (length === undefined) {
    report(cx, say.tableNotConstant(index.over.span, name.text));
    return undefined;
  }
  if (length !== known.length) {
    const [first, last] = [value.entries[0], value.entries.at(-1)];
    const span = first && last ? { ...first.span, end: last.span.end } : decl.span;
    report(cx, say.tableLength(span, name.text, known.length, show(cx, over), length, index.over.span));
    return undefined;
  }
  const table = { kind: "table", over, entries: known } as const;
  cx.tableNames.set(table, {
    name: topName(cx, name.text, top.module.file.path),
    index: index.name.text,
    bounds: entryBounds(known),
  });
  return table;
}

/** Least, greatest and common step of the entries. */
function entryBounds(entries: readonly Dim[]): TableInfo["bounds"] {
  let lo = maxSize;
  let hi = 1;
  let step = 0;
  for (const entry of entries) {
    const value = dimRange(entry).lo;
    lo = Math.min(lo, value);
    hi = Math.max(hi, value);
    for (let a = step, b = value; ; ) {
      if (b === 0) {
        step = a;
        break;
      }
      [a, b] = [b, a % b];
    }
  }
  return { lo, hi, step };
}

/** The `?` dims in a size. */
export const runtimeSymbols = (d: Dim): readonly DimSymbol[] => symbolsOf(d).filter((s) => s.lo !== s.hi);
