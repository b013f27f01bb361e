import type { TensorData } from "../../src/ir/dtype.js";
import type { TensorSource } from "./cases.js";

/**
 * Values from a seed, the same in Node and in a page, so that large tensors need not cross: uniform in -scale … scale,
 * by the 32-bit generator mulberry32 (Tommy Ettinger, public domain).
 */
export function seededValues(seed: number, count: number, scale: number): Float32Array {
  const values = new Float32Array(count);
  let state = seed | 0;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    values[i] = (((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1) * scale;
  }
  return values;
}

/** A tensor in full. */
export function tensorOf(source: TensorSource): TensorData {
  if ("data" in source) return source;
  const count = source.shape.reduce((a, b) => a * b, 1);
  return { dtype: "f32", shape: source.shape, data: seededValues(source.seed, count, source.scale) };
}
