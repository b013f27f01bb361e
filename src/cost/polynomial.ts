import { type Dim, evalDim, symbolsOf } from "../ir/dim.js";

/**
 * A cost as a polynomial of one run-time size: `coefficients[i]` is that of size^i. What other sizes there are is in the
 * coefficients as a number.
 */
export interface Polynomial {
  readonly coefficients: readonly number[];
}

/**
 * A size as a polynomial of the symbol `name`, every other symbol at its value in `sizes`. `undefined` where it is none: the
 * symbol stands in a divisor or inside a rounded quotient.
 */
export function polynomialIn(dim: Dim, name: string, sizes: ReadonlyMap<string, number>): Polynomial | undefined {
  const mentions = (d: Dim): boolean => symbolsOf(d).some((s) => s.name === name);
  if (!mentions(dim)) return { coefficients: [evalDim(dim, sizes)] };
  if (dim.op === "symbol") return { coefficients: [0, 1] };
  if (dim.op !== "poly") return undefined;
  const coefficients: number[] = [];
  for (const [num, den, powers] of dim.terms) {
    let coefficient = num / den;
    let degree = 0;
    for (const [factor, exponent] of powers) {
      if (factor.op === "symbol" && factor.name === name) degree += exponent;
      else if (mentions(factor)) return undefined;
      else coefficient *= evalDim(factor, sizes) ** exponent;
    }
    if (degree < 0) return undefined;
    while (coefficients.length <= degree) coefficients.push(0);
    coefficients[degree] = (coefficients[degree] ?? 0) + coefficient;
  }
  return { coefficients };
}

/** The highest power with a coefficient; 0 for a constant. */
export const degreeOf = ({ coefficients }: Polynomial): number =>
  Math.max(
    0,
    coefficients.findLastIndex((c) => c !== 0),
  );

/** As people write it, the highest power first: `2048 n² + 131072 n`. */
export function printPolynomial({ coefficients }: Polynomial, name: string): string {
  const powers = coefficients.flatMap((c, i) => {
    if (c === 0) return [];
    const power = i === 0 ? "" : i === 1 ? name : `${name}${superscript(i)}`;
    return [power === "" ? number(c) : c === 1 ? power : `${number(c)} ${power}`];
  });
  return powers.length === 0 ? "0" : powers.reverse().join(" + ");
}

/** Whole numbers in full, others to four digits. */
const number = (c: number): string => (Number.isInteger(c) ? String(c) : String(Number(c.toPrecision(4))));

const superscript = (n: number): string => [...String(n)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
