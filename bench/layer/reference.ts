import type { LayerSize } from "./layer.js";

/** Rows of the layer's result in float64, and the part of them that is not the residual and the bias. */
export interface ReferenceRows {
  readonly rows: readonly number[];
  /** One after another. */
  readonly y: Float64Array;
  /** The largest magnitude of attention's own share: errors are relative to it. */
  readonly magnitude: number;
}

/** a·b for row-major matrices, in float64. */
function multiply(a: ArrayLike<number>, b: ArrayLike<number>, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < k; j++) {
      const factor = a[i * k + j] ?? Number.NaN;
      for (let l = 0; l < n; l++) c[i * n + l] = (c[i * n + l] ?? 0) + factor * (b[j * n + l] ?? Number.NaN);
    }
  return c;
}

/**
 * The layer's rows by the formulas, in whatever order of products is cheapest for a few rows: a score is
 * (q_h·wk_hᵀ)·z_jᵀ where z is x, or e·x for Linformer, and a head's output is ((p·z')·wv_h).
 *
 * @param rows which rows of y
 */
export function referenceRows(
  size: LayerSize,
  values: Readonly<Record<string, Float32Array>>,
  rows: readonly number[],
): ReferenceRows {
  const { n, d, heads, k } = size;
  const tensor = (name: string): Float32Array => {
    const found = values[name];
    if (found === undefined) throw new Error(`the layer needs ${name}`);
    return found;
  };
  const x = tensor("x");
  const slots = k ?? n;
  const keysOf = k === undefined ? x : multiply(tensor("e"), x, k, n, d);
  const valuesOf = k === undefined ? x : multiply(tensor("f"), x, k, n, d);
  const [wq, wk, wv, wo, bias] = ["wq", "wk", "wv", "wo", "bias"].map(tensor) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const c = d / heads;
  const y = new Float64Array(rows.length * d);
  let magnitude = 0;
  for (const [r, row] of rows.entries()) {
    const own = x.subarray(row * d, (row + 1) * d);
    const q = multiply(own, wq, 1, d, d);
    const mixed = new Float64Array(d);
    for (let h = 0; h < heads; h++) {
      // q_h · wk_hᵀ
      const folded = new Float64Array(d);
      for (let i = 0; i < d; i++) {
        let sum = 0;
        for (let j = 0; j < c; j++) sum += (q[h * c + j] ?? 0) * (wk[i * d + h * c + j] ?? 0);
        folded[i] = sum / Math.sqrt(c);
      }
      const p = multiply(keysOf, folded, slots, d, 1);
      const top = p.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      let total = 0;
      for (let j = 0; j < slots; j++) total += p[j] = Math.exp((p[j] ?? 0) - top);
      for (let j = 0; j < slots; j++) p[j] = (p[j] ?? 0) / total;
      const pooled = multiply(p, valuesOf, 1, slots, d);
      for (let j = 0; j < c; j++) {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += (pooled[i] ?? 0) * (wv[i * d + h * c + j] ?? 0);
        mixed[h * c + j] = sum;
      }
    }
    const out = multiply(mixed, wo, 1, d, d);
    for (let o = 0; o < d; o++) {
      magnitude = Math.max(magnitude, Math.abs(out[o] ?? 0));
      y[r * d + o] = (out[o] ?? 0) + (own[o] ?? 0) + (bias[o] ?? 0);
    }
  }
  return { rows, y, magnitude };
}

/** The largest difference of the sampled rows, relative to attention's own share of them; NaN counts as infinite. */
export function errorOf(reference: ReferenceRows, y: ArrayLike<number>, d: number): number {
  let worst = 0;
  for (const [r, row] of reference.rows.entries())
    for (let o = 0; o < d; o++) {
      const difference = Math.abs((y[row * d + o] ?? Number.NaN) - (reference.y[r * d + o] ?? Number.NaN));
      worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    }
  return worst / reference.magnitude;
}

/** Above it a result is called wrong: f32 in any order stays far below. */
export const largestError = 1e-4;

/** Four rows, the first and the last among them. */
export const sampleRows = (n: number): readonly number[] => [
  ...new Set([0, Math.floor(n / 3), Math.floor((2 * n) / 3), n - 1]),
];
