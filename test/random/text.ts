/**
 * Pieces of expressions as text, with what is needed to put them together: how tightly they bind, and an interval that
 * holds their value. The interval keeps every number of a generated program finite and every function in its domain.
 */
export interface Ex {
  readonly text: string;
  readonly level: Level;
  /** Ends in a reduction that takes the product to its right: nothing may follow it in a product. */
  readonly open: boolean;
  readonly lo: number;
  readonly hi: number;
  /** Numbers and dims only: it has no element type of its own. */
  readonly constant: boolean;
  /** A whole constant, which must not meet another one (language.md E7). */
  readonly whole: boolean;
}

/** The table of language.md 1, loosest first. */
export const levels = ["if", "or", "and", "not", "compare", "sum", "product", "unary", "power", "postfix"] as const;
export type Level = (typeof levels)[number];

const rank = (level: Level): number => levels.indexOf(level);

export type Interval = readonly [lo: number, hi: number];

export const ex = (
  text: string,
  level: Level,
  [lo, hi]: Interval,
  flags: Partial<Pick<Ex, "open" | "constant" | "whole">> = {},
): Ex => ({ text, level, open: false, lo, hi, constant: false, whole: false, ...flags });

export const bracket = (e: Ex): Ex => ({ ...e, text: `(${e.text})`, level: "postfix", open: false });

/** In brackets unless it binds at least as tightly as `least`. */
export const at = (e: Ex, least: Level): string => (rank(e.level) >= rank(least) ? e.text : `(${e.text})`);
/** The same where something follows it in a product. */
const closed = (e: Ex, least: Level): string => (e.open ? `(${e.text})` : at(e, least));

export const interval = (e: Ex): Interval => [e.lo, e.hi];
export const hull = (...of: readonly Interval[]): Interval => [
  Math.min(...of.map(([lo]) => lo)),
  Math.max(...of.map(([, hi]) => hi)),
];
export const size = ([lo, hi]: Interval): number => Math.max(Math.abs(lo), Math.abs(hi));

const both = (a: Ex, b: Ex) => ({ constant: a.constant && b.constant, whole: a.whole && b.whole });

export const plus = (a: Ex, b: Ex): Ex =>
  ex(`${at(a, "sum")} + ${at(b, "product")}`, "sum", [a.lo + b.lo, a.hi + b.hi], both(a, b));
export const minus = (a: Ex, b: Ex): Ex =>
  ex(`${at(a, "sum")} - ${at(b, "product")}`, "sum", [a.lo - b.hi, a.hi - b.lo], both(a, b));

export const times = (a: Ex, b: Ex): Ex => {
  const ends = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
  const right = b.open && rank(b.level) >= rank("product") && startsWithReduction(b) ? b.text : at(b, "unary");
  return ex(`${closed(a, "product")} * ${right}`, "product", [Math.min(...ends), Math.max(...ends)], {
    ...both(a, b),
    open: right === b.text && b.open,
  });
};

/** A product whose first factor is the reduction itself may be the last factor of a longer product. */
const startsWithReduction = (e: Ex): boolean => /^(sum|mean|max|min|prod)\[/.test(e.text);

/** `b` is kept away from 0 by the caller. */
export const over = (a: Ex, b: Ex): Ex => {
  const ends = [a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi];
  return ex(
    `${closed(a, "product")} / ${closed(b, "unary")}`,
    "product",
    [Math.min(...ends), Math.max(...ends)],
    both(a, b),
  );
};

export const negative = (e: Ex): Ex => {
  const bare = e.open && startsWithReduction(e);
  return ex(`-${bare ? e.text : at(e, "unary")}`, bare ? "product" : "unary", [-e.hi, -e.lo], {
    constant: e.constant,
    whole: e.whole,
    open: bare,
  });
};

export const call = (fn: string, args: readonly Ex[], range: Interval): Ex =>
  ex(`${fn}(${args.map((a) => a.text).join(", ")})`, "postfix", range, { constant: args.every((a) => a.constant) });

export const choose = (cond: Ex, yes: Ex, no: Ex): Ex =>
  ex(`if ${cond.text} then ${yes.text} else ${no.text}`, "if", hull(interval(yes), interval(no)), both(yes, no));

export const raised = (base: Ex, exponent: string, range: Interval): Ex =>
  ex(`${at(base, "postfix")} ^ ${exponent}`, "power", range, { constant: base.constant });

export const yes: Interval = [0, 1];
