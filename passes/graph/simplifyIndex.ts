import {
  addDim,
  constDim,
  constValue,
  type Dim,
  dimKey,
  divDim,
  isWhole,
  modDim,
  mulDim,
  provablyAtLeast,
  sameDim,
  subDim,
} from "../../src/ir/dim.js";
import type { Index, Use } from "../../src/ir/graph/ops.js";

/**
 * Subscripts in one normal form: a sum of atoms times sizes, and a constant. An atom is an index, a quotient, a
 * remainder or a gathered value. Quotients and remainders split where bounds prove it:
 *
 *     (q · S + r) / S = q      (q · S + r) % S = r      (n / S) · S + n % S = n      where 0 ≤ r < S
 */

/** Bounds of a subscript, both included. */
export interface IndexRange {
  readonly lo: Dim;
  readonly hi: Dim;
}

interface Linear {
  /** By key of the atom. */
  readonly terms: ReadonlyMap<string, { readonly atom: Index; readonly by: Dim }>;
  readonly rest: Dim;
}

const zero = constDim(0);
const one = constDim(1);
const isZero = (d: Dim): boolean => constValue(d) === 0;

/** The normal form; the same object where it is one already. */
export function simplifyIndex(index: Index, extents: readonly Dim[]): Index {
  const result = fromLinear(toLinear(index, extents));
  return indexKey(result) === indexKey(index) ? index : result;
}

/** Equal for equal subscripts. */
export function indexKey(index: Index): string {
  switch (index.i) {
    case "ix":
      return `i${index.ix}`;
    case "dim":
      return `d${dimKey(index.dim)}`;
    case "add":
      return `(${index.of.map(indexKey).join("+")})`;
    case "mul":
      return `${indexKey(index.of)}*${dimKey(index.by)}`;
    case "floordiv":
      return `(${indexKey(index.of)}/${dimKey(index.by)})`;
    case "mod":
      return `(${indexKey(index.of)}%${dimKey(index.by)})`;
    case "value":
      return useKey(index.of);
  }
}

/** Equal for equal uses. */
export const useKey = (use: Use): string => `%${use.value}[${use.at.map(indexKey).join(",")}]`;

/** Bounds proved from the extents of the indices; `undefined` for gathered values. */
export function indexRange(index: Index, extents: readonly Dim[]): IndexRange | undefined {
  switch (index.i) {
    case "ix": {
      const extent = extents[index.ix];
      return extent === undefined ? undefined : { lo: zero, hi: subDim(extent, one) };
    }
    case "dim":
      return { lo: index.dim, hi: index.dim };
    case "add": {
      let lo: Dim = zero;
      let hi: Dim = zero;
      for (const part of index.of) {
        const range = indexRange(part, extents);
        if (range === undefined) return undefined;
        lo = addDim(lo, range.lo);
        hi = addDim(hi, range.hi);
      }
      return { lo, hi };
    }
    case "mul": {
      const range = indexRange(index.of, extents);
      if (range === undefined) return undefined;
      const ends = [mulDim(range.lo, index.by), mulDim(range.hi, index.by)] as const;
      if (provablyAtLeast(index.by, zero)) return { lo: ends[0], hi: ends[1] };
      return provablyAtLeast(zero, index.by) ? { lo: ends[1], hi: ends[0] } : undefined;
    }
    case "floordiv": {
      const range = indexRange(index.of, extents);
      if (range === undefined || !provablyAtLeast(range.lo, zero)) return undefined;
      // (hi + 1) / S − 1 is exact where it is whole and never too small where hi + 1 is a multiple; else round down
      const whole = divDim(addDim(range.hi, one), index.by);
      if (whole !== undefined && isWhole(whole)) return { lo: zero, hi: subDim(whole, one) };
      const [hi, by] = [constValue(range.hi), constValue(index.by)];
      return hi === undefined || by === undefined ? undefined : { lo: zero, hi: constDim(Math.floor(hi / by)) };
    }
    case "mod":
      return { lo: zero, hi: subDim(index.by, one) };
    case "value":
      return undefined;
  }
}

/** Whether the subscript lies in 0 … extent − 1 whatever its indices are. */
export function provablyWithin(index: Index, extent: Dim, extents: readonly Dim[]): boolean {
  const range = indexRange(index, extents);
  return range !== undefined && provablyAtLeast(range.lo, zero) && provablyAtLeast(subDim(extent, one), range.hi);
}

function toLinear(index: Index, extents: readonly Dim[]): Linear {
  switch (index.i) {
    case "dim":
      return { terms: new Map(), rest: index.dim };
    case "ix":
      return atom(index);
    case "value": {
      const at = index.of.at.map((i) => simplifyIndex(i, extents));
      return atom({ i: "value", of: { value: index.of.value, at } });
    }
    case "add":
      return mergeBlocks(
        index.of.map((i) => toLinear(i, extents)).reduce(add, { terms: new Map(), rest: zero }),
        extents,
      );
    case "mul":
      return scale(toLinear(index.of, extents), index.by);
    case "floordiv": {
      const { whole, rest } = divide(toLinear(index.of, extents), index.by);
      if (within(rest, index.by, extents)) return whole;
      return add(whole, atom({ i: "floordiv", of: fromLinear(rest), by: index.by }));
    }
    case "mod": {
      const { rest } = divide(toLinear(index.of, extents), index.by);
      if (within(rest, index.by, extents)) return rest;
      return atom({ i: "mod", of: fromLinear(rest), by: index.by });
    }
  }
}

const atom = (index: Index): Linear => ({ terms: new Map([[indexKey(index), { atom: index, by: one }]]), rest: zero });

function add(a: Linear, b: Linear): Linear {
  const terms = new Map(a.terms);
  for (const [key, term] of b.terms) {
    const by = addDim(terms.get(key)?.by ?? zero, term.by);
    if (isZero(by)) terms.delete(key);
    else terms.set(key, { atom: term.atom, by });
  }
  return { terms, rest: addDim(a.rest, b.rest) };
}

function scale(a: Linear, by: Dim): Linear {
  if (isZero(by)) return { terms: new Map(), rest: zero };
  const terms = new Map([...a.terms].map(([key, t]) => [key, { atom: t.atom, by: mulDim(t.by, by) }]));
  return { terms, rest: mulDim(a.rest, by) };
}

/** a = whole · by + rest: the terms that `by` divides, and the others. */
function divide(a: Linear, by: Dim): { readonly whole: Linear; readonly rest: Linear } {
  let whole: Linear = { terms: new Map(), rest: zero };
  let rest: Linear = { terms: new Map(), rest: zero };
  for (const [key, t] of a.terms) {
    const quotient = divDim(t.by, by);
    if (quotient !== undefined && isWhole(quotient))
      whole = add(whole, { terms: new Map([[key, { atom: t.atom, by: quotient }]]), rest: zero });
    else rest = add(rest, { terms: new Map([[key, t]]), rest: zero });
  }
  const quotient = divDim(a.rest, by);
  const [restValue, byValue] = [constValue(a.rest), constValue(by)];
  if (quotient !== undefined && isWhole(quotient)) whole = add(whole, { terms: new Map(), rest: quotient });
  else if (restValue !== undefined && byValue !== undefined && byValue > 0) {
    const remainder = modDim(a.rest, by);
    whole = add(whole, { terms: new Map(), rest: constDim(Math.floor(restValue / byValue)) });
    rest = add(rest, { terms: new Map(), rest: remainder });
  } else rest = add(rest, { terms: new Map(), rest: a.rest });
  return { whole, rest };
}

const within = (a: Linear, extent: Dim, extents: readonly Dim[]): boolean =>
  provablyWithin(fromLinear(a), extent, extents);

/** (n / S) · S + n % S = n, with a common factor on both. */
function mergeBlocks(a: Linear, extents: readonly Dim[]): Linear {
  for (const t of a.terms.values()) {
    if (t.atom.i !== "mod") continue;
    const { of, by } = t.atom;
    const quotient: Index = { i: "floordiv", of, by };
    const other = a.terms.get(indexKey(quotient));
    if (other === undefined || !sameDim(other.by, mulDim(t.by, by))) continue;
    const terms = new Map(a.terms);
    terms.delete(indexKey(t.atom));
    terms.delete(indexKey(quotient));
    return mergeBlocks(add({ terms, rest: a.rest }, scale(toLinear(of, extents), t.by)), extents);
  }
  return a;
}

function fromLinear(a: Linear): Index {
  const terms = [...a.terms].sort(([x], [y]) => (x < y ? -1 : 1));
  const parts = terms.map(([, t]): Index => (sameDim(t.by, one) ? t.atom : { i: "mul", of: t.atom, by: t.by }));
  if (!isZero(a.rest) || parts.length === 0) parts.push({ i: "dim", dim: a.rest });
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { i: "add", of: parts };
}
