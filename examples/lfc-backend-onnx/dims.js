/** @import { Dim } from "./types.js" */

/**
 * What sizes are computed with: numbers, or values of a model.
 *
 * @template T
 * @typedef {object} Arithmetic
 * @property {(value: number) => T} constant
 * @property {(name: string) => T} symbol
 * @property {(a: T, b: T) => T} add
 * @property {(a: T, b: T) => T} mul
 * @property {(a: T, b: T) => T} floorDiv
 * @property {(a: T, b: T) => T} mod
 */

/**
 * The value of a size. The terms of a sum are whole together, not one by one, so they are brought to one denominator
 * and divided once.
 *
 * @template T
 * @param {Dim} d
 * @param {Arithmetic<T>} m
 * @returns {T}
 */
export function foldDim(d, m) {
  switch (d.op) {
    case "const":
      return m.constant(d.value);
    case "symbol":
      return d.lo === d.hi ? m.constant(d.lo) : m.symbol(d.name);
    case "floordiv":
      return m.floorDiv(foldDim(d.num, m), foldDim(d.den, m));
    case "ceildiv": {
      const den = foldDim(d.den, m);
      return m.floorDiv(m.add(m.add(foldDim(d.num, m), den), m.constant(-1)), den);
    }
    case "mod":
      return m.mod(foldDim(d.num, m), foldDim(d.den, m));
    case "poly": {
      /** @type {Map<string, { readonly dim: Dim, readonly e: number }>} */
      const below = new Map();
      let common = 1;
      for (const [, den, powers] of d.terms) {
        common = (common / gcd(common, den)) * den;
        for (const [dim, e] of powers) {
          const key = keyOf(dim);
          if (-e > (below.get(key)?.e ?? 0)) below.set(key, { dim, e: -e });
        }
      }
      const terms = d.terms.map(([num, den, powers]) => {
        const exponents = new Map(below);
        for (const [dim, e] of powers) exponents.set(keyOf(dim), { dim, e: e + (exponents.get(keyOf(dim))?.e ?? 0) });
        return product(m, num * (common / den), exponents);
      });
      const sum = terms.reduce((a, b) => m.add(a, b));
      return common === 1 && below.size === 0 ? sum : m.floorDiv(sum, product(m, common, below));
    }
  }
}

/**
 * @template T
 * @param {Arithmetic<T>} m
 * @param {number} factor
 * @param {ReadonlyMap<string, { readonly dim: Dim, readonly e: number }>} exponents
 */
function product(m, factor, exponents) {
  let value = m.constant(factor);
  for (const { dim, e } of exponents.values()) for (let i = 0; i < e; i++) value = m.mul(value, foldDim(dim, m));
  return value;
}

/** @type {(a: number, b: number) => number} */
const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));

/** Sizes are kept in one normal form, so equal sizes are equal as data. @param {Dim} d */
export const keyOf = (d) => JSON.stringify(d);

/** @type {Omit<Arithmetic<number>, "symbol">} */
export const plainNumbers = {
  constant: (value) => value,
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  floorDiv: (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
};
