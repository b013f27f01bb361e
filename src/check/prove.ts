import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Span } from "../diagnostics/span.js";
import {
  addDim,
  constDim,
  type Dim,
  dimKey,
  dimRange,
  divDim,
  isWhole,
  scaleDim,
  subDim,
  substituteDim,
  symbolsOf,
} from "../ir/dim.js";
import { type Atom, type Context, report, show } from "./context.js";
import type { Facts, Frame } from "./frame.js";
import { knownRange } from "./indices.js";

const zero = constDim(0);
const one = constDim(1);

/** The innermost facts are the ones that matter; a bound keeps hostile input from making proofs quadratic. */
const factLimit = 32;

/** How an attempt went. `lost`: an index without a range is in it, which has been reported. */
type Attempt =
  | { readonly is: "proved" }
  | { readonly is: "lost" }
  /** The least value found, over dims only. */
  | { readonly is: "open"; readonly least: Dim };

/**
 * Proves `a >= b` (D4, I4): each index, counter, quotient and remainder is replaced by its least or greatest value,
 * then each term is bounded by the ranges of its dims. If that fails, once for each fact: what the fact leaves over.
 * What only the caller's sizes decide becomes an obligation of the signature (F3). Otherwise the message is reported.
 *
 * Returns whether it holds (or is the caller's duty); `guarded` is called when a fact was needed.
 */
export function prove(
  f: Frame,
  [a, b]: readonly [Dim, Dim],
  facts: Facts | undefined,
  place: Span,
  fail: (because: string) => Diagnostic | undefined,
  guarded?: () => void,
): boolean {
  return proveAny(f, [subDim(a, b)], facts, place, undefined, fail, guarded);
}

/** The same for one of several polynomials >= 0; `because` explains an obligation that was passed on. */
export function proveAny(
  f: Frame,
  goals: readonly Dim[],
  facts: Facts | undefined,
  place: Span,
  because: string | undefined,
  fail: (because: string) => Diagnostic | undefined,
  guarded?: () => void,
): boolean {
  const open: Dim[] = [];
  for (const goal of goals) {
    const found = attempt(f, goal, undefined);
    if (found.is !== "open") return true;
    open.push(found.least);
  }
  if (facts !== undefined && goals.some((goal) => attempt(f, goal, facts).is === "proved")) {
    guarded?.(); // what stands under a division is bounded by the facts
    return true;
  }
  let tries = factLimit;
  for (let fact = facts; fact !== undefined && tries > 0; fact = fact.outer, tries--) {
    const known = atLeastZero(f, fact);
    if (known === undefined) continue;
    for (const goal of goals) {
      const next = attempt(f, subDim(goal, known), facts);
      if (next.is === "proved") {
        guarded?.();
        return true;
      }
      if (next.is === "open") open.push(next.least);
    }
  }
  const reachable = open.filter((least) => dimRange(least).hi >= 0 && isCallersDuty(f.cx, least));
  const [first] = open;
  if (f.callable !== undefined && reachable.length > 0) {
    addObligation(f, reachable, place, because ?? inequality(f.cx, reachable[0] ?? zero));
    if (facts !== undefined) guarded?.();
    return true;
  }
  const message = fail(inequality(f.cx, first ?? zero));
  if (message !== undefined) report(f.cx, message);
  return false;
}

function addObligation(f: Frame, any: readonly Dim[], place: Span, because: string): void {
  const key = any.map(dimKey).join("|");
  if (!f.obligations.has(key)) f.obligations.set(key, { kind: "atLeastZero", any, place, because });
}

/** Whether only the caller's sizes are open: an index whose factor has no known sign stays a matter of the body. */
const isCallersDuty = (cx: Context, d: Dim): boolean =>
  isOpaque(cx, d) && !symbolsOf(d).some((s) => cx.atoms.has(s.name));

/** Whether something in a size is known only to the caller. */
export const isOpaque = (cx: Context, d: Dim): boolean =>
  cx.opaque.size > 0 && symbolsOf(d).some((s) => cx.opaque.has(s.name));

/** `a >= b` for the polynomial a - b. */
export function inequality(cx: Context, atLeastZero: Dim): string {
  if (atLeastZero.op !== "poly") return `${show(cx, atLeastZero)} >= 0`;
  let left: Dim = zero;
  let right: Dim = zero;
  for (const term of atLeastZero.terms) {
    const single: Dim = { op: "poly", terms: [term] };
    if (term[0] > 0) left = addDim(left, single);
    else right = subDim(right, single);
  }
  return `${show(cx, left)} >= ${show(cx, right)}`;
}

function attempt(f: Frame, goal: Dim, facts: Facts | undefined): Attempt {
  const least = lowerBound(f, goal, facts);
  if (least === undefined) return { is: "lost" };
  return dimRange(least).lo >= 0 ? { is: "proved" } : { is: "open", least };
}

/** A size over dims alone that is never above `d`, or undefined if an index in it has no range. */
export function lowerBound(f: Frame, d: Dim, facts: Facts | undefined): Dim | undefined {
  const { cx } = f;
  if (cx.atoms.size === 0) return d;
  let rest = d;
  const kept = new Set<string>();
  for (;;) {
    const next = nextAtom(cx, rest, kept);
    if (next === undefined) return rest;
    const [name, atom] = next;
    const slope = linearSlope(rest, name);
    if (slope === undefined) {
      kept.add(name); // only its own bounds count
      continue;
    }
    const { lo, hi } = dimRange(slope);
    const bound = lo >= 0 ? leastOf(f, atom, facts) : hi <= 0 ? greatestOf(f, atom, facts) : "none";
    if (bound === undefined) return undefined;
    if (bound === "none") kept.add(name);
    else rest = substituteDim(rest, new Map([[name, bound]]));
  }
}

const upperBound = (f: Frame, d: Dim): Dim | undefined => {
  const least = lowerBound(f, scaleDim(d, -1, 1), undefined);
  return least === undefined ? undefined : scaleDim(least, -1, 1);
};

function remembered(
  atom: Extract<Atom, { kind: "quotient" | "remainder" }>,
  side: "least" | "most",
  find: () => Dim | undefined,
): Dim | undefined {
  const known = atom.bounds[side];
  if (known !== undefined) return known;
  const found = find();
  if (found !== undefined) atom.bounds[side] = found;
  return found;
}

/** Quotients and remainders first, counters last: an index may have a counter in its factor. */
function nextAtom(cx: Context, d: Dim, kept: ReadonlySet<string>): readonly [string, Atom] | undefined {
  let found: readonly [string, Atom] | undefined;
  for (const symbol of symbolsOf(d)) {
    const atom = cx.atoms.get(symbol.name);
    if (atom === undefined || kept.has(symbol.name)) continue;
    if (found === undefined || rank(atom) < rank(found[1])) found = [symbol.name, atom];
  }
  return found;
}

const rank = (atom: Atom): number => (atom.kind === "counter" ? 2 : atom.kind === "index" ? 1 : 0);

/** The factor of a symbol that occurs to the first power only; undefined otherwise. */
function linearSlope(d: Dim, name: string): Dim | undefined {
  if (d.op === "symbol") return one;
  if (d.op !== "poly") return undefined;
  for (const [, , powers] of d.terms)
    for (const [dim, exponent] of powers) {
      if (dim.op === "symbol" ? dim.name === name && exponent !== 1 : symbolsOf(dim).some((s) => s.name === name))
        return undefined;
    }
  return subDim(substituteDim(d, new Map([[name, one]])), substituteDim(d, new Map([[name, zero]])));
}

type Bound = Dim | "none" | undefined;

function leastOf(f: Frame, atom: Atom, facts: Facts | undefined): Bound {
  switch (atom.kind) {
    case "index":
      return atom.index.state === "failed" ? undefined : zero;
    case "counter":
    case "remainder":
      return zero;
    case "quotient": {
      // what stands inside is bounded without the facts, once: nested divisions would double the work at each level
      const least = remembered(atom, "least", () => lowerBound(f, atom.of, undefined));
      if (least === undefined) return undefined;
      const exact = divDim(least, atom.by);
      if (exact !== undefined && wholeHere(f, exact)) return exact;
      if (facts !== undefined && holds(f, atom.of, facts)) return zero;
      return divDim(addDim(subDim(least, atom.by), one), atom.by) ?? "none";
    }
  }
}

function greatestOf(f: Frame, atom: Atom, _facts: Facts | undefined): Bound {
  switch (atom.kind) {
    case "index": {
      if (atom.index.state === "failed") return undefined;
      const range = knownRange(atom.index);
      return range === undefined ? undefined : subDim(range, one);
    }
    case "counter":
      return atom.last;
    case "remainder":
      return subDim(atom.by, one);
    case "quotient": {
      const most = remembered(atom, "most", () => upperBound(f, atom.of));
      if (most === undefined) return undefined;
      const exact = divDim(addDim(most, one), atom.by);
      if (exact !== undefined && wholeHere(f, exact)) return subDim(exact, one);
      return divDim(most, atom.by) ?? "none";
    }
  }
}

/** What a fact says as `>= 0`: a number that is not 0 and never below is at least 1. */
function atLeastZero(f: Frame, { is, of }: Facts): Dim | undefined {
  if (is === "atLeastZero") return of;
  if (attempt(f, of, undefined).is === "proved") return subDim(of, one);
  const opposite = scaleDim(of, -1, 1);
  return attempt(f, opposite, undefined).is === "proved" ? subDim(opposite, one) : undefined;
}

/** Whether `d >= 0`, with each fact tried once. */
function holds(f: Frame, d: Dim, facts: Facts | undefined): boolean {
  if (attempt(f, d, undefined).is === "proved") return true;
  let tries = factLimit;
  for (let fact: Facts | undefined = facts; fact !== undefined && tries > 0; fact = fact.outer, tries--) {
    const known = atLeastZero(f, fact);
    if (known !== undefined && attempt(f, subDim(d, known), undefined).is === "proved") return true;
  }
  return false;
}

/** Whole by the values and steps of its dims, or because this signature requires it (D3, I4). */
export function wholeHere(f: Frame, d: Dim): boolean {
  if (isWhole(d)) return true;
  if (f.whole.size === 0 || d.op !== "poly") return false;
  if (f.whole.has(dimKey(d))) return true;
  return d.terms.every((term) => {
    const [num, den] = term;
    const single: Dim = { op: "poly", terms: [term] };
    if (den === 1 && num !== 1) {
      const unit = divDim(single, constDim(num));
      if (unit !== undefined && f.whole.has(dimKey(unit))) return true;
    }
    return isWhole(single) || f.whole.has(dimKey(single));
  });
}
