import type { SeededTensor } from "../support/cases.js";
import { seededValues } from "../support/values.js";

/**
 * The layer that is measured (DESIGN, "Definitions"): normalised x in, residual sum out, one bias, f32, batch 1.
 *
 *     q, k, v = x·wq, x·wk, x·wv        y = x + bias + concat_h(softmax(q_h·k_hᵀ / √(d/h))·v_h)·wo
 *
 * and for Linformer e·k and f·v (each K×n, shared by the heads) in the places of k and v.
 */
export interface LayerSize {
  readonly n: number;
  readonly d: number;
  readonly heads: number;
  /** Linformer's projected length; absent: standard attention. */
  readonly k?: number;
}

/** `textbook` is E(x·W); `reordered` is (E·x)W, the rewriting that a user can do by hand. */
export type LayerOrder = "textbook" | "reordered";

/** Tensors of a layer by name with their shapes, row-major; weights act from the right. */
export function layerTensors({ n, d, k }: LayerSize): Readonly<Record<string, readonly number[]>> {
  const weights = { wq: [d, d], wk: [d, d], wv: [d, d], wo: [d, d], bias: [d] };
  return { x: [n, d], ...weights, ...(k === undefined ? {} : { e: [k, n], f: [k, n] }) };
}

/** Floating-point operations, 2 a multiply-add, products only; the same count for every peer that runs the order. */
export function layerFlops({ n, d, k }: LayerSize, order: LayerOrder): number {
  const ends = 4 * n * d * d;
  if (k === undefined) return ends + 4 * n * d * d + 4 * n * n * d;
  const attention = 4 * n * k * d;
  const projections = order === "textbook" ? 4 * n * d * d + 4 * n * k * d : 4 * n * k * d + 4 * k * d * d;
  return ends + attention + projections;
}

/** How large the values of each tensor are: variances stay near those of x, and softmax has something to choose. */
function scaleOf(name: string, { n, d }: LayerSize): number {
  if (name === "x" || name === "bias") return 1;
  if (name === "e" || name === "f") return Math.sqrt(3 / n);
  return Math.sqrt(3 / d) * (name === "wq" ? 6 : 1);
}

/** The tensors as the harness makes them, from one seed. */
export function seededTensors(size: LayerSize, seed: number): Readonly<Record<string, SeededTensor>> {
  const entries = Object.entries(layerTensors(size)).map(
    ([name, shape], i) => [name, { shape, seed: seed * 101 + i, scale: scaleOf(name, size) }] as const,
  );
  return Object.fromEntries(entries);
}

/** The same as values. */
export function layerValues(size: LayerSize, seed: number): Readonly<Record<string, Float32Array>> {
  const entries = Object.entries(seededTensors(size, seed)).map(([name, { shape, seed, scale }]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return [name, seededValues(seed, count, scale)] as const;
  });
  return Object.fromEntries(entries);
}
