/**
 * Symbolic sizes: polynomials over named dims with rational coefficients and whole, possibly negative exponents
 * (language.md D1), kept in one normal form, so that equal sizes have equal keys.
 */
export type Dim =
  | { readonly op: "const"; readonly value: number }
  /** A run-time or nominal size: a whole number in lo … hi (both included), a multiple of `step`. */
  | { readonly op: "symbol"; readonly name: string; readonly lo: number; readonly hi: number; readonly step: number }
  | { readonly op: "poly"; readonly terms: readonly Term[] }
  | { readonly op: "floordiv" | "ceildiv" | "mod"; readonly num: Dim; readonly den: Dim };

/** num / den · Π dim ^ exponent, in lowest terms, den > 0, powers sorted by key; the constant term has no powers. */
export type Term = readonly [num: number, den: number, powers: readonly (readonly [dim: Dim, exponent: number])[]];
