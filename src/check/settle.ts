import type { Callable, Name } from "../../grammar/lf.ast.js";
import * as say from "../diagnostics/messages/calls.js";
import { constDim, type Dim, dimKey, subDim, symbolDim, symbolsOf } from "../ir/dim.js";
import { invariant } from "../util/invariant.js";
import { type Context, report, show } from "./context.js";
import type { CallSite, Frame, Obligation } from "./frame.js";
import { inequality, isOpaque, proveAny, wholeHere } from "./prove.js";
import type { Signature } from "./signature.js";
import { checkFixed, sizeValue, substituted } from "./sizes.js";

/**
 * What can only be said once every body is known: recursion (F2), the obligations of signatures at each call (F3),
 * instances with two sizes (F4), run-time dims of models (D6). Callees come before their callers.
 */
export function settleCalls(cx: Context, signatures: readonly Signature[]): void {
  for (const signature of calleesFirst(cx, signatures)) {
    const f = signature.frame;
    for (const call of f.calls) {
      const callee = cx.signatures.get(call.callee)?.frame;
      if (callee === undefined) continue;
      for (const obligation of callee.obligations.values()) meet(f, call, obligation);
      for (const [symbol, { parameter }] of callee.parameterSymbols)
        for (const own of symbolsOf(call.bindings.get(symbol) ?? constDim(0)))
          if (cx.opaque.has(own.name) && !f.parameterSymbols.has(own.name))
            f.parameterSymbols.set(own.name, { parameter });
      for (const [symbol, use] of callee.runtime) if (!f.runtime.has(symbol)) f.runtime.set(symbol, use);
    }
    oneSizeForEachInstance(f);
    if (signature.callable.kind !== "model") continue;
    runTimeDimsAreInputs(cx, signature);
    invariant(
      f.obligations.size === 0 || cx.diagnostics.length > 0,
      () => `${signature.callable.name.text} asks its caller`,
    );
  }
}

/** Callables in an order in which callees come first; calls in a circle are reported and left out (F2). */
function calleesFirst(cx: Context, signatures: readonly Signature[]): readonly Signature[] {
  const order: Signature[] = [];
  const state = new Map<Callable, "open" | "done">();
  for (const start of signatures) {
    if (state.has(start.callable)) continue;
    const path: { readonly signature: Signature; next: number }[] = [{ signature: start, next: 0 }];
    state.set(start.callable, "open");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const call = top.signature.frame.calls[top.next++];
      if (call === undefined) {
        state.set(top.signature.callable, "done");
        order.push(top.signature);
        path.pop();
        continue;
      }
      const callee = cx.signatures.get(call.callee);
      const seen = state.get(call.callee);
      if (callee === undefined || seen === "done") continue;
      if (seen === "open") {
        const circle = path.slice(path.findIndex((p) => p.signature.callable === call.callee));
        report(
          cx,
          say.recursion(
            call.span,
            circle.map((p) => p.signature.callable.name),
          ),
        );
        return [];
      }
      state.set(call.callee, "open");
      path.push({ signature: callee, next: 0 });
    }
  }
  return order;
}

/** F3: a call substitutes its sizes into what the body asks, and proves it or passes it on. */
function meet(f: Frame, call: CallSite, obligation: Obligation): void {
  const { cx } = f;
  const where = (d: Dim): string =>
    symbolsOf(d)
      .filter((s) => call.bindings.has(s.name))
      .map((s) => `${show(cx, s)} = ${show(cx, call.bindings.get(s.name) ?? s)}`)
      .join(", ");
  const replace = (d: Dim): Dim | undefined => {
    const own = substituted(d, call.bindings);
    if (typeof own !== "string") return own;
    report(
      cx,
      say.divisorBecomesSum(
        call.span,
        own.replace(/#.*/, ""),
        show(cx, call.bindings.get(own) ?? d),
        obligation.because,
        obligation.place,
      ),
    );
    return undefined;
  };
  const name = call.callee.name.text;
  switch (obligation.kind) {
    case "atLeastZero": {
      const goals: Dim[] = [];
      for (const d of obligation.any) {
        const own = replace(d);
        if (own === undefined) return;
        goals.push(own);
      }
      const [asked] = obligation.any;
      const [goal] = goals;
      if (asked === undefined || goal === undefined) return;
      proveAny(f, goals, call.facts, obligation.place, obligation.because, (because) =>
        say.needsAtLeast(
          call.span,
          name,
          inequality(cx, asked),
          where(asked),
          because,
          sizesIn(cx, goal),
          obligation.place,
        ),
      );
      return;
    }
    case "whole": {
      const own = replace(obligation.of);
      if (own === undefined || wholeHere(f, own)) return;
      if (f.callable !== undefined && isOpaque(cx, own)) {
        const key = dimKey(own);
        f.whole.add(key);
        if (!f.obligations.has(`whole ${key}`)) f.obligations.set(`whole ${key}`, { ...obligation, of: own });
        return;
      }
      report(
        cx,
        say.needsWhole(
          call.span,
          name,
          obligation.because,
          where(obligation.of),
          show(cx, own),
          sizesIn(cx, own),
          obligation.place,
        ),
      );
      return;
    }
    case "fixed": {
      const own = replace(obligation.of);
      if (own === undefined) return;
      checkFixed(f, own, obligation.place, obligation.because, (dim) =>
        say.needsFixed(call.span, name, obligation.because, where(obligation.of), dim, obligation.place),
      );
    }
  }
}

/** `S in 2..64, N = 8`: what is known of the dims in a size. */
function sizesIn(cx: Context, d: Dim): string {
  return symbolsOf(d)
    .filter((s) => Number.isFinite(s.hi))
    .map((s) => (s.lo === s.hi ? `${show(cx, s)} = ${s.lo}` : `${show(cx, s)} in ${s.lo}..${s.hi}`))
    .join(", ");
}

/** F4: one instance has its parameters once, so the dims that they mention have one value in all of its calls. */
function oneSizeForEachInstance(f: Frame): void {
  if (f.instances.length === 0) return;
  const calls = new Map<Name, CallSite[]>();
  for (const call of f.calls) {
    if (call.instance === undefined) continue;
    const known = calls.get(call.instance.name);
    if (known === undefined) calls.set(call.instance.name, [call]);
    else known.push(call);
  }
  for (const [name, sites] of calls) {
    const block = f.cx.signatures.get((sites[0] as CallSite).callee)?.frame; // a list in `calls` has an element
    if (block !== undefined && block.parameterSymbols.size > 0) compareCalls(f, name, sites, block);
  }
}

function compareCalls(f: Frame, name: Name, sites: readonly CallSite[], block: Frame): void {
  const { cx } = f;
  const distinct = new Map<string, { readonly site: CallSite; readonly uses: readonly Use[] }>();
  for (const site of sites) {
    const uses: Use[] = [];
    for (const [symbol, { parameter }] of block.parameterSymbols) {
      const size = site.bindings.get(symbol);
      if (size !== undefined) uses.push({ symbol, parameter, size });
    }
    const changing = uses.find((use) => changes(cx, use.size, site));
    if (changing !== undefined) {
      report(
        cx,
        say.sizeChanges(
          site.span,
          name,
          changing.symbol.replace(/#.*/, ""),
          show(cx, changing.size),
          changing.parameter,
        ),
      );
      return;
    }
    const key = [...(site.instance?.layer ?? []).map(dimKey), ...uses.map((u) => dimKey(u.size))].join(" ");
    if (!distinct.has(key)) distinct.set(key, { site, uses });
  }
  for (const [a, b] of pairs([...distinct.values()])) {
    const differing = firstDifference(cx, a, b);
    if (differing === undefined) continue;
    const [first, second] = differing;
    report(
      cx,
      say.twoSizes(
        name,
        first.symbol.replace(/#.*/, ""),
        { span: a.site.span, size: show(cx, first.size) },
        { span: b.site.span, size: show(cx, second.size) },
        first.parameter,
      ),
    );
    return;
  }
}

/** Calls that may be of one layer: of those with a fixed layer number only equal ones. */
function* pairs(groups: readonly Group[]): Iterable<readonly [Group, Group]> {
  const fixed = new Map<string, Group>();
  const moving: Group[] = [];
  for (const group of groups) {
    const numbers = (group.site.instance?.layer ?? []).map(sizeValue);
    if (numbers.includes(undefined)) {
      for (const other of fixed.values()) yield [other, group];
      for (const other of moving) yield [other, group];
      moving.push(group);
      continue;
    }
    const key = numbers.join(",");
    const same = fixed.get(key);
    if (same !== undefined) yield [same, group];
    else fixed.set(key, group);
    for (const other of moving) yield [other, group];
  }
}

interface Use {
  readonly symbol: string;
  readonly parameter: Name;
  readonly size: Dim;
}

/** The counters that a size depends on, by symbol name. */
function countersIn(cx: Context, d: Dim): string[] {
  const found: string[] = [];
  for (const symbol of symbolsOf(d)) {
    const at = cx.entries.get(symbol.name)?.at;
    if (at?.kind === "counter") found.push(at.symbol);
    else if (cx.atoms.get(symbol.name)?.kind === "counter") found.push(symbol.name);
  }
  return found;
}

/** Whether a size differs from step to step (or head to head) while the instance that is called stays the same. */
function changes(cx: Context, size: Dim, site: CallSite): boolean {
  if (symbolsOf(size).some((s) => cx.entries.get(s.name)?.at.kind === "index")) return true;
  const layers = (site.instance?.layer ?? []).map((d) => offsetOf(cx, d));
  return countersIn(cx, size).some((counter) => !layers.some((l) => l?.counter === counter));
}

/** A layer number `l + 2` or `2`. */
function offsetOf(cx: Context, d: Dim): { readonly counter?: string; readonly offset: Dim } | undefined {
  const counters = symbolsOf(d).filter((s) => cx.atoms.get(s.name)?.kind === "counter");
  const [counter] = counters;
  if (counter === undefined) return { offset: d };
  const offset = subDim(d, counter);
  return counters.length === 1 && !symbolsOf(offset).some((s) => s.name === counter.name)
    ? { counter: counter.name, offset }
    : undefined;
}

type Group = { readonly site: CallSite; readonly uses: readonly Use[] };

/** The first pair of sizes that differ between two calls of one instance; undefined if they call different layers. */
function firstDifference(cx: Context, a: Group, b: Group): readonly [Use, Use] | undefined {
  const as = a.site.instance?.layer ?? [];
  const bs = b.site.instance?.layer ?? [];
  const common: (readonly [ReturnType<typeof offsetOf>, ReturnType<typeof offsetOf>])[] = [];
  for (const [i, layer] of as.entries()) {
    const other = bs[i];
    if (other === undefined) return undefined;
    if (apart(cx, layer, other)) return undefined;
    common.push([offsetOf(cx, layer), offsetOf(cx, other)]);
  }
  for (const [i, use] of a.uses.entries()) {
    const other = b.uses[i];
    if (other === undefined) continue;
    const left = inLayers(
      cx,
      use.size,
      common.map(([l]) => l),
      common.map(([, r]) => r),
    );
    const right = inLayers(
      cx,
      other.size,
      common.map(([, r]) => r),
      common.map(([l]) => l),
    );
    if (dimKey(left) !== dimKey(right)) return [use, other];
  }
  return undefined;
}

/** Whether two layer numbers are never equal. */
function apart(cx: Context, a: Dim, b: Dim): boolean {
  const [x, y] = [bounds(cx, a), bounds(cx, b)];
  return x !== undefined && y !== undefined && (x.most < y.least || y.most < x.least);
}

function bounds(cx: Context, d: Dim): { readonly least: number; readonly most: number } | undefined {
  const parts = offsetOf(cx, d);
  const offset = parts === undefined ? undefined : sizeValue(parts.offset);
  if (parts === undefined || offset === undefined) return undefined;
  if (parts.counter === undefined) return { least: offset, most: offset };
  const atom = cx.atoms.get(parts.counter);
  const last = atom?.kind === "counter" ? sizeValue(atom.last) : undefined;
  return last === undefined ? undefined : { least: offset, most: offset + last };
}

/** A size in terms of the layer number instead of the counter, so that two calls can be compared. */
function inLayers(
  cx: Context,
  size: Dim,
  own: readonly ReturnType<typeof offsetOf>[],
  other: readonly ReturnType<typeof offsetOf>[],
): Dim {
  const map = new Map<string, Dim>();
  for (const symbol of symbolsOf(size)) {
    const entry = cx.entries.get(symbol.name);
    const counter = entry?.at.kind === "counter" ? entry.at.symbol : symbol.name;
    const place = own.findIndex((l) => l?.counter === counter);
    const layer = own[place];
    if (layer === undefined) continue;
    // the other call names a fixed layer: the counter has one value there
    const fixed = other[place]?.counter === undefined ? other[place]?.offset : undefined;
    const number = subDim(fixed ?? symbolDim(`@${place}`, 0, Number.POSITIVE_INFINITY), layer.offset);
    if (entry === undefined) map.set(symbol.name, number);
    else {
      const value = sizeValue(number);
      const known = fixed === undefined || value === undefined ? undefined : entry.table.entries[value];
      map.set(
        symbol.name,
        known ??
          symbolDim(`${cx.tableNames.get(entry.table)?.name}[${dimKey(number)}]`, symbol.lo, symbol.hi, symbol.step),
      );
    }
  }
  const result = substituted(size, map);
  return typeof result === "string" ? size : result;
}

/** D6: a `?` dim of a model is an axis by itself of some input. */
function runTimeDimsAreInputs(cx: Context, { callable, formals, frame }: Signature): void {
  if (formals.some((formal) => formal.is === undefined)) return; // reported
  const inputs = new Set<string>();
  for (const { is } of formals)
    if (is?.kind === "tensor") for (const axis of is.shape) if (axis.op === "symbol") inputs.add(axis.name);
  for (const [name, { symbol, place }] of frame.runtime) {
    if (inputs.has(name)) continue;
    const inside = formals.find(
      (o) => o.is?.kind === "tensor" && o.is.shape.some((d) => symbolsOf(d).some((s) => s.name === name)),
    );
    report(cx, say.runTimeUnbound(callable.name, show(cx, symbol), place, inside?.type.span));
  }
}
