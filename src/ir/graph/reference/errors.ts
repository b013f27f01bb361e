import type { DType } from "../../dtype.js";

/**
 * How far a machine may be from the exact result of one operation: the only numbers behind the tolerance.
 *
 * | operation | f32 | source |
 * |---|---|---|
 * | data movement, neg, abs, min, max, relu, select | exact | any machine |
 * | + − × | 1 ULP; exact where operands are exact and the result is representable | WGSL: correctly rounded, direction free |
 * | ÷ | 2.5 ULP, divisor within 2^±126 | WGSL |
 * | sqrt, rsqrt | 2 ULP | WGSL for inverseSqrt; measured 0.5 and 1.5 |
 * | exp | 3 + 2·abs(x) ULP | WGSL |
 * | log | abs 2⁻²¹ in [0.5, 2], 3 ULP elsewhere | WGSL |
 * | pow | exp2(y · log2(x)) by the two rows above; a whole exponent up to 4 is a product of that many factors | WGSL |
 * | sin, cos | abs 5e-7, plus abs(x) ULP for bringing the argument into range | own WGSL, measured 3e-7; libm elsewhere |
 * | tanh, erf, sigmoid, gelu, silu | abs 1e-5 or 4 ULP, whichever is more | WGSL for tanh; measured at most 1.5e-6 and 16 ULP near 0 |
 * | softmax | abs 1e-6 | rows up to 4096 |
 * | sum of K products | 2K · 2⁻²⁴ · Σ abs(a·b), any order | standard error analysis, factor 2 for the products |
 * | result below the least normal number | may be 0 | WGSL lets machines flush subnormals; measured |
 * | result above the greatest number, NaN, infinity | undecided | WGSL machines may assume that there are none |
 *
 * A ULP of v is taken as 2⁻²³·abs(v), which is never less than the true one. f16: the same rows with a ULP of
 * 2⁻¹⁰·abs(v), so that every f16 result carries its own rounding, and the f16 columns of WGSL for absolute errors.
 */
export interface Precision {
  /** One unit in the last place of 1. */
  readonly ulp: number;
  /** Least normal and greatest finite number. */
  readonly tiny: number;
  readonly max: number;
  /** Absolute errors of log in [0.5, 2], of sin and cos, and of tanh and its kin. */
  readonly log: number;
  readonly trigonometric: number;
  readonly sigmoidal: number;
  readonly softmax: number;
}

export const f32Precision: Precision = {
  ulp: 2 ** -23,
  tiny: 2 ** -126,
  max: 3.4028234663852886e38,
  log: 2 ** -21,
  trigonometric: 5e-7,
  sigmoidal: 1e-5,
  softmax: 1e-6,
};

export const f16Precision: Precision = {
  ulp: 2 ** -10,
  tiny: 2 ** -14,
  max: 65504,
  log: 2 ** -7,
  trigonometric: 2 ** -7,
  sigmoidal: 1e-3,
  softmax: 1e-3,
};

/** Undefined for whole numbers and bool, which are exact. */
export function precisionOf(dtype: DType): Precision | undefined {
  return dtype === "f32" ? f32Precision : dtype === "f16" ? f16Precision : undefined;
}

export const divisionUlps = 2.5;
export const rootUlps = 2;
export const expUlps = (x: number): number => 3 + 2 * Math.abs(x);
export const logUlps = 3;
export const sigmoidalUlps = 4;
/** A divisor beyond this, or below its inverse, has no stated accuracy. */
export const divisorLimit = 2 ** 126;
/** Exponents up to this are computed by multiplication. */
export const multipliedExponent = 4;

/** The unit roundoff of an accumulator: half a ULP, as in 2K·2⁻²⁴. */
export const accumulatorUnit = (accum: DType): number => (accum === "f16" ? 2 ** -11 : 2 ** -24);
