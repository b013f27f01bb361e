import { invariant } from "../../util/invariant.js";
import {
  addDim,
  constDim,
  type Dim,
  dimKey,
  dimRange,
  divDim,
  evalDim,
  mulDim,
  sameDim,
  scaleDim,
  subDim,
  substituteDim,
  symbolDim,
  symbolsOf,
  type Term,
} from "../dim.js";
import { magnitudeOf } from "./affine.js";

/**
 * Whether a size is at least 0 whatever its symbols are. Three steps, each a proof or nothing: its terms one by one; its
 * rounded quotients replaced by the fractions that make it least; its symbols counted from their least values, so that
 * 2·M·S - S - 1 with M, S >= 1 is the sum m·(2·s + 2) + s over m, s >= 0.
 */
export function sizeAtLeastZero(d: Dim): boolean {
  if (dimRange(d).lo >= 0) return true;
  if (dimRange(d).hi < 0 || d.op !== "poly" || magnitudeOf(d) > 2 ** 50) return false;
  // Most of what does not hold fails at an end of the ranges, which is quickly seen.
  const symbols = symbolsOf(d);
  if ((["lo", "hi"] as const).some((end) => evalDim(d, new Map(symbols.map((s) => [s.name, s[end]]))) < 0))
    return false;
  return withoutRounding(d, 8).some((least) => dimRange(least).lo >= 0 || fromLeast(least));
}

/** Whether a >= b, whatever their symbols are: more than `provablyAtLeast`, which is the rule of the language (D4). */
export const sizeAtLeast = (a: Dim, b: Dim): boolean => sizeAtLeastZero(subDim(a, b));

/** Sizes that are nowhere greater, without rounded quotients and remainders: d = q·c + rest with the least of q·c. */
function withoutRounding(d: Dim, turns: number): readonly Dim[] {
  const terms = d.op === "poly" ? d.terms : [];
  const of = terms.flatMap(([, , powers]) => powers).find(([dim]) => isRounded(dim))?.[0];
  if (of === undefined) return [d];
  const holds = ([, , powers]: Term): boolean => powers.some(([dim]) => sameDim(dim, of));
  const once = ([, , powers]: Term): boolean => powers.every(([dim, e]) => !sameDim(dim, of) || e === 1);
  if (turns === 0 || !terms.every(once)) return [];
  const factor = dimOf(
    terms.filter(holds).map(([num, den, powers]) => [num, den, powers.filter(([dim]) => !sameDim(dim, of))]),
  );
  const rest = dimOf(terms.filter((t) => !holds(t)));
  const { lo, hi } = dimRange(of);
  const bounds = sizeAtLeastZero(factor)
    ? [constDim(lo), lowerOf(of)]
    : sizeAtLeastZero(scaleDim(factor, -1, 1))
      ? [constDim(hi), upperOf(of)]
      : [];
  return bounds
    .filter((b) => b !== undefined)
    .flatMap((b) => withoutRounding(addDim(rest, mulDim(factor, b)), turns - 1));
}

type Rounded = Extract<Dim, { op: "floordiv" | "ceildiv" | "mod" }>;
const isRounded = (d: Dim): d is Rounded => d.op === "floordiv" || d.op === "ceildiv" || d.op === "mod";

const dimOf = (terms: readonly Term[]): Dim =>
  terms.reduce<Dim>((sum, [num, den, powers]) => {
    let product: Dim = constDim(1);
    for (const [dim, e] of powers) {
      for (let i = 0; i < Math.abs(e); i++) product = e > 0 ? mulDim(product, dim) : divided(product, dim);
    }
    return addDim(sum, scaleDim(product, num, den));
  }, constDim(0));

function divided(a: Dim, by: Dim): Dim {
  const quotient = divDim(a, by);
  invariant(quotient !== undefined, () => "a power is of one dim");
  return quotient;
}

function lowerOf(d: Dim): Dim | undefined {
  if (!isRounded(d)) return d;
  if (d.op === "mod") return constDim(0);
  return divDim(d.op === "ceildiv" ? d.num : subDim(d.num, subDim(d.den, constDim(1))), d.den);
}

function upperOf(d: Dim): Dim | undefined {
  if (!isRounded(d)) return d;
  if (d.op === "mod") return subDim(d.den, constDim(1));
  return divDim(d.op === "floordiv" ? d.num : addDim(d.num, subDim(d.den, constDim(1))), d.den);
}

/** The same with every symbol as its least value and a rest. */
function fromLeast(d: Dim): boolean {
  if (d.op !== "poly") return false;
  const divisors = d.terms.some(([, , powers]) => powers.some(([, e]) => e < 0));
  if (divisors) return false;
  const shifted = symbolsOf(d).map(
    (s) => [s.name, addDim(constDim(s.lo), symbolDim(`${s.name}'`, 0, s.hi - s.lo))] as const,
  );
  return dimRange(substituteDim(d, new Map(shifted))).lo >= 0;
}

/** a / b, also where b is a sum and a is the same. */
export const quotientOf = (a: Dim, b: Dim): Dim | undefined => (sameDim(a, b) ? constDim(1) : divDim(a, b));

const termsOf = (d: Dim): readonly Term[] => (d.op === "poly" ? d.terms : d.op === "symbol" ? [[1, 1, [[d, 1]]]] : []);

/** How often `f` goes into `d`, by each product of sizes that both have. */
export function ratios(d: Dim, f: Dim): readonly number[] {
  const alone = ([, , powers]: Term): string => dimKey({ op: "poly", terms: [[1, 1, powers]] });
  return termsOf(f).flatMap((t) => {
    const same = t[2].length === 0 ? undefined : termsOf(d).find((u) => alone(u) === alone(t));
    if (same === undefined) return [];
    const times = (same[0] * t[1]) / (same[1] * t[0]);
    return Number.isInteger(times) && times > 1 && times < 2 ** 20 ? [times] : [];
  });
}
