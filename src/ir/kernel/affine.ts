import { addDim, constDim, constValue, type Dim, dimRange, mulDim, sameDim, scaleDim } from "../dim.js";
import { sameExpr } from "./linear.js";
import type { KExpr } from "./ops.js";

/** Σ by · of + constant over atoms, with sizes as coefficients: what index bounds are compared as. */
export interface Affine {
  readonly terms: readonly AffineTerm[];
  readonly constant: Dim;
}

export interface AffineTerm {
  readonly of: KExpr;
  readonly by: Dim;
}

export const constantAffine = (d: Dim): Affine => ({ terms: [], constant: d });
export const atomAffine = (e: KExpr): Affine => ({ terms: [{ of: e, by: constDim(1) }], constant: constDim(0) });

const isZero = (d: Dim): boolean => constValue(d) === 0;

export function addAffine(a: Affine, b: Affine): Affine {
  const terms = [...a.terms];
  for (const t of b.terms) {
    const i = terms.findIndex((u) => sameExpr(u.of, t.of));
    const old = terms[i];
    if (old) terms[i] = { of: old.of, by: addDim(old.by, t.by) };
    else terms.push(t);
  }
  return { terms: terms.filter((t) => !isZero(t.by)), constant: addDim(a.constant, b.constant) };
}

export function scaleAffine(a: Affine, by: Dim): Affine {
  if (isZero(by)) return constantAffine(constDim(0));
  if (constValue(by) === 1) return a;
  return {
    terms: a.terms.map((t) => ({ of: t.of, by: mulDim(t.by, by) })),
    constant: mulDim(a.constant, by),
  };
}

export const subAffine = (a: Affine, b: Affine): Affine => addAffine(a, scaleAffine(b, constDim(-1)));
export const shiftAffine = (a: Affine, by: number): Affine => ({ ...a, constant: addDim(a.constant, constDim(by)) });
export const divideAffine = (a: Affine, by: number): Affine => ({
  terms: a.terms.map((t) => ({ of: t.of, by: scaleDim(t.by, 1, by) })),
  constant: scaleDim(a.constant, 1, by),
});

/** The sum with one of its atoms replaced by a sum. */
export const replaceTerm = (a: Affine, term: AffineTerm, to: Affine): Affine =>
  addAffine({ terms: a.terms.filter((t) => t !== term), constant: a.constant }, scaleAffine(to, term.by));

/** ⌊x / d⌋ · (d · m) + (x % d) · m is x · m, for sizes d: what an index split over run-time sizes is joined to again. */
export function rejoinQuotients(a: Affine, affineOf: (e: KExpr) => Affine): Affine {
  for (const low of a.terms) {
    if (low.of.k !== "op" || low.of.op !== "mod") continue;
    const [x, y] = low.of.args;
    const d = x && y && affineOf(y);
    if (!d || d.terms.length > 0) continue;
    const high = a.terms.find(
      (t) =>
        t.of.k === "op" &&
        t.of.op === "floordiv" &&
        sameExpr(t.of.args[0] ?? t.of, x) &&
        sameExpr(t.of.args[1] ?? t.of, y) &&
        sameDim(t.by, mulDim(low.by, d.constant)),
    );
    if (!high) continue;
    const others = { terms: a.terms.filter((t) => t !== low && t !== high), constant: a.constant };
    return rejoinQuotients(addAffine(others, scaleAffine(affineOf(x), low.by)), affineOf);
  }
  return a;
}

/** The greatest magnitude of a coefficient or of the constant. */
export const magnitude = (a: Affine): number => Math.max(...[a.constant, ...a.terms.map((t) => t.by)].map(magnitudeOf));

export function magnitudeOf(d: Dim): number {
  const { lo, hi } = dimRange(d);
  return Math.max(Math.abs(lo), Math.abs(hi));
}

export type Sign = "positive" | "negative" | "unknown";

export function signOf(d: Dim): Sign {
  const { lo, hi } = dimRange(d);
  return lo >= 0 ? "positive" : hi <= 0 ? "negative" : "unknown";
}
