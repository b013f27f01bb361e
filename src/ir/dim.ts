import { invariant } from "../util/invariant.js";

/**
 * Symbolic sizes: polynomials over named dims with rational coefficients and whole, possibly negative exponents
 * (language.md D1), kept in one normal form, so that equal sizes have equal keys.
 *
 * The normal form: a number is `const`; one dim alone is that dim; all else is `poly` with terms sorted by key, no two
 * of one key and none of coefficient 0. `floordiv`, `ceildiv` and `mod` are opaque factors, made only where no exact
 * simplification exists. Every constructor returns the normal form; `Dim`s are never built by hand.
 */
export type Dim =
  | { readonly op: "const"; readonly value: number }
  /** A run-time or nominal size: a whole number in lo … hi (both included), a multiple of `step`. Named uniquely. */
  | { readonly op: "symbol"; readonly name: string; readonly lo: number; readonly hi: number; readonly step: number }
  | { readonly op: "poly"; readonly terms: readonly Term[] }
  | { readonly op: "floordiv" | "ceildiv" | "mod"; readonly num: Dim; readonly den: Dim };

/** A named size. */
export type DimSymbol = Extract<Dim, { op: "symbol" }>;

/** num / den · Π dim ^ exponent, in lowest terms, den > 0, powers sorted by key; the constant term has no powers. */
export type Term = readonly [num: number, den: number, powers: readonly Power[]];
/** A factor of a term and how often it stands there; negative: in the divisor. */
export type Power = readonly [dim: Dim, exponent: number];

/** A sum of `Range`s: real bounds, both attained or beyond reach. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

/** A whole number as a size. */
export const constDim = (value: number): Dim => ({ op: "const", value });

/** A named whole number in lo … hi, a multiple of `step`. */
export const symbolDim = (name: string, lo: number, hi: number, step = 1): Dim => ({
  op: "symbol",
  name,
  lo,
  hi,
  step,
});

const keys = new WeakMap<Dim, string>();

/** Equal if and only if the normal forms are equal. */
export function dimKey(d: Dim): string {
  if (d.op === "const") return String(d.value);
  if (d.op === "symbol") return d.name;
  let key = keys.get(d);
  if (key === undefined) {
    key =
      d.op === "poly"
        ? `(${d.terms.map((t) => `${t[0]}/${t[1]}${powersKey(t[2])}`).join("+")})`
        : `${d.op}(${dimKey(d.num)},${dimKey(d.den)})`;
    keys.set(d, key);
  }
  return key;
}

const powersKey = (powers: readonly Power[]): string => powers.map(([d, e]) => `*${dimKey(d)}^${e}`).join("");

/** Whether two sizes are equal for all values of their symbols. */
export const sameDim = (a: Dim, b: Dim): boolean => a === b || dimKey(a) === dimKey(b);

/** The number that a size is; `undefined` if it has symbols. */
export const constValue = (d: Dim): number | undefined => (d.op === "const" ? d.value : undefined);

/** a + b. */
export const addDim = (a: Dim, b: Dim): Dim => {
  if (a.op === "const" && b.op === "const") return constDim(a.value + b.value);
  return fromTerms([...termsOf(a), ...termsOf(b)]);
};

/** a - b. */
export const subDim = (a: Dim, b: Dim): Dim => addDim(a, scaleDim(b, -1, 1));

/** a · num / den. */
export const scaleDim = (a: Dim, num: number, den: number): Dim =>
  fromTerms(termsOf(a).map(([n, d, p]) => [n * num, d * den, p]));

/** a · b. */
export function mulDim(a: Dim, b: Dim): Dim {
  if (a.op === "const" && b.op === "const") return constDim(a.value * b.value);
  const product: Term[] = [];
  for (const s of termsOf(a)) for (const t of termsOf(b)) product.push(mulTerm(s, t));
  return fromTerms(product);
}

/** The product of all; 1 for none. */
export const productDim = (dims: readonly Dim[]): Dim => dims.reduce(mulDim, constDim(1));

/** Exact a / b for a divisor of one term; `undefined` for a sum as divisor, or zero. Whether the result is whole is `isWhole`. */
export function divDim(a: Dim, b: Dim): Dim | undefined {
  const divisor = termsOf(b);
  const [term] = divisor;
  if (divisor.length !== 1 || term === undefined) return undefined;
  const [num, den, powers] = term;
  const inverse: Term = [num < 0 ? -den : den, Math.abs(num), powers.map(([d, e]) => [d, -e] as const)];
  return fromTerms(termsOf(a).map((t) => mulTerm(t, inverse)));
}

/** ⌊a / b⌋, exact where b divides a. */
export const floorDivDim = (a: Dim, b: Dim): Dim => roundedDiv("floordiv", a, b);
/** ⌈a / b⌉, exact where b divides a. */
export const ceilDivDim = (a: Dim, b: Dim): Dim => roundedDiv("ceildiv", a, b);

function roundedDiv(op: "floordiv" | "ceildiv", a: Dim, b: Dim): Dim {
  if (a.op === "const" && b.op === "const")
    return constDim(op === "floordiv" ? Math.floor(a.value / b.value) : Math.ceil(a.value / b.value));
  const exact = divDim(a, b);
  if (exact !== undefined && isWhole(exact)) return exact;
  // floor((w·b + r) / b) = w + floor(r / b) for the terms w that divide exactly
  let whole: Dim = constDim(0);
  let rest: Dim = constDim(0);
  for (const term of termsOf(a)) {
    const d = fromTerms([term]);
    const q = divDim(d, b);
    if (q !== undefined && isWhole(q)) whole = addDim(whole, q);
    else rest = addDim(rest, d);
  }
  const range = dimRange(rest);
  const least = dimRange(b).lo;
  if (op === "floordiv" && range.lo >= 0 && range.hi < least) return whole;
  if (op === "ceildiv" && range.lo > 0 && range.hi <= least) return addDim(whole, constDim(1));
  // floor(g·r / g·d) = floor(r / d)
  const common = b.op === "const" ? termsOf(rest).reduce((g, [num, den]) => (den === 1 ? gcd(g, num) : 1), b.value) : 1;
  if (b.op === "const" && common > 1) {
    return addDim(whole, roundedDiv(op, scaleDim(rest, 1, common), constDim(b.value / common)));
  }
  if (rest.op === "const" && b.op === "const") return addDim(whole, roundedDiv(op, rest, b));
  return addDim(whole, { op, num: rest, den: b });
}

/** a mod b, in 0 … b - 1. */
export function modDim(a: Dim, b: Dim): Dim {
  if (a.op === "const" && b.op === "const") return constDim(a.value - b.value * Math.floor(a.value / b.value));
  const exact = divDim(a, b);
  if (exact !== undefined && isWhole(exact)) return constDim(0);
  const range = dimRange(a);
  if (range.lo >= 0 && range.hi < dimRange(b).lo) return a;
  return { op: "mod", num: a, den: b };
}

function termsOf(d: Dim): readonly Term[] {
  if (d.op === "poly") return d.terms;
  if (d.op === "const") return d.value === 0 ? [] : rationalTerm(d.value);
  return [[1, 1, [[d, 1]]]];
}

function rationalTerm(value: number): readonly Term[] {
  invariant(Number.isSafeInteger(value), () => `a size of ${value} is not a whole number`);
  return [[value, 1, []]];
}

function mulTerm(a: Term, b: Term): Term {
  const exponents = new Map<string, { dim: Dim; e: number }>();
  for (const [dim, e] of [...a[2], ...b[2]]) {
    const key = dimKey(dim);
    const old = exponents.get(key);
    if (old === undefined) exponents.set(key, { dim, e });
    else old.e += e;
  }
  const powers = [...exponents]
    .filter(([, p]) => p.e !== 0)
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([, p]) => [p.dim, p.e] as const);
  return [a[0] * b[0], a[1] * b[1], powers];
}

function gcd(a: number, b: number): number {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

function fromTerms(terms: readonly Term[]): Dim {
  const sums = new Map<string, { num: number; den: number; powers: readonly Power[] }>();
  for (const [num, den, powers] of terms) {
    const key = powersKey(powers);
    const old = sums.get(key);
    if (old === undefined) sums.set(key, { num, den, powers });
    else {
      const g = gcd(old.den, den);
      old.num = old.num * (den / g) + num * (old.den / g);
      old.den = old.den * (den / g);
    }
  }
  const normal: (readonly [key: string, term: Term])[] = [];
  for (const [key, { num, den, powers }] of sums) {
    if (num === 0) continue;
    const g = gcd(num, den);
    normal.push([key, [num / g, den / g, powers]]);
  }
  normal.sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0));
  const first = normal[0];
  if (first === undefined) return constDim(0);
  if (normal.length === 1) {
    const [num, den, powers] = first[1];
    const [power] = powers;
    if (power === undefined && den === 1) return constDim(num);
    if (power !== undefined && powers.length === 1 && power[1] === 1 && num === 1 && den === 1) return power[0];
  }
  return { op: "poly", terms: normal.map(([, t]) => t) };
}

/** Takes the rounding of a few additions away: 1/3 + 2/3 is 1. */
const snap = (x: number): number => {
  const whole = Math.round(x);
  return Math.abs(x - whole) <= 1e-12 * Math.max(1, Math.abs(x)) ? whole : x;
};

/** Real bounds of a size over the ranges of its dims, each term by itself (D4). */
export function dimRange(d: Dim): Range {
  switch (d.op) {
    case "const":
      return { lo: d.value, hi: d.value };
    case "symbol":
      return { lo: d.lo, hi: d.hi };
    case "floordiv":
    case "ceildiv": {
      const num = dimRange(d.num);
      const den = dimRange(d.den);
      const round = d.op === "floordiv" ? Math.floor : Math.ceil;
      return {
        lo: round(num.lo >= 0 ? num.lo / den.hi : num.lo / den.lo),
        hi: round(num.hi >= 0 ? num.hi / den.lo : num.hi / den.hi),
      };
    }
    case "mod":
      return { lo: 0, hi: dimRange(d.den).hi - 1 };
    case "poly": {
      let lo = 0;
      let hi = 0;
      for (const [num, den, powers] of d.terms) {
        if (powers.some(([dim]) => dimRange(dim).lo < 0)) {
          const r = signedRange([num, den, powers]);
          lo += r.lo;
          hi += r.hi;
          continue;
        }
        // numerators and denominators apart: a whole quotient must come out whole
        const least = { num, den };
        const most = { num, den };
        for (const [dim, e] of powers) {
          const r = dimRange(dim);
          if (e > 0) {
            least.num *= r.lo ** e;
            most.num *= r.hi ** e;
          } else {
            least.den *= r.hi ** -e;
            most.den *= r.lo ** -e;
          }
        }
        lo += num > 0 ? least.num / least.den : most.num / most.den;
        hi += num > 0 ? most.num / most.den : least.num / least.den;
      }
      lo = snap(lo);
      hi = snap(hi);
      return { lo, hi };
    }
  }
}

/** Bounds of a term with a factor that may be negative, as a rounded quotient of a difference is. */
function signedRange([num, den, powers]: Term): Range {
  let product: Range = { lo: num, hi: num };
  let divisor = den;
  const times = (r: Range): void => {
    const ends = [product.lo * r.lo, product.lo * r.hi, product.hi * r.lo, product.hi * r.hi];
    product = { lo: Math.min(...ends), hi: Math.max(...ends) };
  };
  for (const [dim, e] of powers) {
    const r = dimRange(dim);
    for (let i = 0; i < e; i++) times(r);
    // a divisor is a size, at least 1
    if (e < 0 && r.lo === r.hi) divisor *= r.lo ** -e;
    else if (e < 0) times({ lo: r.hi ** e, hi: r.lo ** e });
  }
  return { lo: product.lo / divisor, hi: product.hi / divisor };
}

/** Whether a ≥ b for all values of the dims, by bounding each term of a − b (D4). */
export const provablyAtLeast = (a: Dim, b: Dim): boolean => dimRange(subDim(a, b)).lo >= 0;

/** Whether the size is a whole number for all values: by value for fixed dims, by `step` for the others (D3). */
export function isWhole(d: Dim): boolean {
  if (d.op !== "poly") return true;
  let fixedPart = 0;
  for (const [num, den, powers] of d.terms) {
    let n = num;
    let m = den;
    let fixed = true;
    for (const [dim, e] of powers) {
      const r = dimRange(dim);
      const base = r.lo === r.hi ? r.lo : dim.op === "symbol" ? dim.step : 1;
      if (r.lo !== r.hi) fixed = false;
      if (e > 0) n *= base ** e;
      else if (r.lo === r.hi) m *= base ** -e;
      else return false;
    }
    if (fixed) fixedPart += n / m;
    else if (n % m !== 0) return false;
  }
  return Math.abs(fixedPart - Math.round(fixedPart)) < 1e-9;
}

/** The value of a size; `env` gives every symbol that is not fixed by its own range. */
export function evalDim(d: Dim, env: ReadonlyMap<string, number>): number {
  switch (d.op) {
    case "const":
      return d.value;
    case "symbol": {
      const value = env.get(d.name) ?? (d.lo === d.hi ? d.lo : undefined);
      invariant(value !== undefined, () => `the size ${d.name} has no value`);
      return value;
    }
    case "floordiv":
      return Math.floor(evalDim(d.num, env) / evalDim(d.den, env));
    case "ceildiv":
      return Math.ceil(evalDim(d.num, env) / evalDim(d.den, env));
    case "mod": {
      const den = evalDim(d.den, env);
      const num = evalDim(d.num, env);
      return num - den * Math.floor(num / den);
    }
    case "poly": {
      let sum = 0;
      for (const [num, den, powers] of d.terms) {
        let n = num;
        let m = den;
        for (const [dim, e] of powers) {
          const value = evalDim(dim, env);
          if (e > 0) n *= value ** e;
          else m *= value ** -e;
        }
        sum += n / m;
      }
      const whole = Math.round(sum);
      // + 0: a size is never -0
      return Math.abs(sum - whole) < 1e-6 ? whole + 0 : sum;
    }
  }
}

/** Replaces symbols by sizes. */
export function substituteDim(d: Dim, map: ReadonlyMap<string, Dim>): Dim {
  switch (d.op) {
    case "const":
      return d;
    case "symbol":
      return map.get(d.name) ?? d;
    case "floordiv":
      return floorDivDim(substituteDim(d.num, map), substituteDim(d.den, map));
    case "ceildiv":
      return ceilDivDim(substituteDim(d.num, map), substituteDim(d.den, map));
    case "mod":
      return modDim(substituteDim(d.num, map), substituteDim(d.den, map));
    case "poly": {
      let sum: Dim = constDim(0);
      for (const [num, den, powers] of d.terms) {
        let term: Dim = fromTerms([[num, den, []]]);
        for (const [dim, e] of powers) {
          const to = substituteDim(dim, map);
          for (let i = 0; i < Math.abs(e); i++) {
            if (e > 0) term = mulDim(term, to);
            else {
              const quotient = divDim(term, to);
              invariant(quotient !== undefined, () => `the divisor ${printDim(to)} is not a single term`);
              term = quotient;
            }
          }
        }
        sum = addDim(sum, term);
      }
      return sum;
    }
  }
}

/** The symbols that a size mentions, each once, in order of first use. */
export function symbolsOf(d: Dim): readonly DimSymbol[] {
  const found = new Map<string, DimSymbol>();
  const visit = (x: Dim): void => {
    if (x.op === "symbol") found.set(x.name, x);
    else if (x.op === "poly") for (const [, , powers] of x.terms) for (const [dim] of powers) visit(dim);
    else if (x.op !== "const") {
      visit(x.num);
      visit(x.den);
    }
  };
  visit(d);
  return [...found.values()];
}

/** As a person writes it: `4 * Model`, `Seq / 64 + 1`, `ceil(Seq / 64)`. */
export function printDim(d: Dim): string {
  switch (d.op) {
    case "const":
      return String(d.value);
    case "symbol":
      return d.name;
    case "floordiv":
      return `floor(${printOperand(d.num)} / ${printOperand(d.den)})`;
    case "ceildiv":
      return `ceil(${printOperand(d.num)} / ${printOperand(d.den)})`;
    case "mod":
      return `${printOperand(d.num)} % ${printOperand(d.den)}`;
    case "poly": {
      // the constant last, as in n + 1
      const ordered = [...d.terms].sort((a, b) => Math.sign(b[2].length) - Math.sign(a[2].length));
      return ordered
        .map((t, i) =>
          t[0] < 0 ? `${i === 0 ? "-" : " - "}${printTerm(t)}` : `${i === 0 ? "" : " + "}${printTerm(t)}`,
        )
        .join("");
    }
  }
}

function printTerm([num, den, powers]: Term): string {
  const above: string[] = [];
  const below: string[] = [];
  const size = Math.abs(num);
  for (const [dim, e] of powers) for (let i = 0; i < Math.abs(e); i++) (e > 0 ? above : below).push(printOperand(dim));
  if (size !== 1 || above.length === 0) above.unshift(String(size));
  if (den !== 1) below.push(String(den));
  return [above.join(" * "), ...below].join(" / ");
}

const printOperand = (d: Dim): string => (d.op === "poly" || d.op === "mod" ? `(${printDim(d)})` : printDim(d));
