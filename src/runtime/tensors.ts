import type { DType, TensorData } from "../ir/dtype.js";
import type { Resource } from "../ir/program/program.js";
import { runtimeError } from "./errors.js";
import { fromHalf, toHalf } from "./half.js";
import { evaluate, type Sizes } from "./sizes.js";

export const bytesOf = (dtype: DType): number => (dtype === "f16" ? 2 : 4);
export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of a resource's buffer: never none, which a binding may not have, and whole vectors. */
export const byteLength = (r: Resource, sizes: Sizes): number =>
  Math.max(16, roundUp(evaluate(r.length, sizes) * bytesOf(r.dtype), 16));

export function createBuffer(device: GPUDevice, label: string, size: number, usage: number): GPUBuffer {
  const most = device.limits.maxBufferSize;
  if (size > most)
    throw runtimeError("limit", label, `${label} needs ${size} bytes, the device allows ${most} a buffer`);
  return device.createBuffer({ label, size, usage });
}

/** Writes a tensor to the start of a buffer: f16 as its words, an odd last one with a neighbour of 0. */
export function upload(device: GPUDevice, buffer: GPUBuffer, { dtype, data }: TensorData): void {
  if (data.length === 0) return;
  let words: TensorData["data"] | Uint16Array = data;
  if (dtype === "f16") {
    words = new Uint16Array(roundUp(data.length, 2));
    words.set(toHalf(data));
  }
  device.queue.writeBuffer(buffer, 0, words as GPUAllowSharedBufferSource);
}

/** The values of a tensor from the bytes that `upload` would have written. */
export function decode(dtype: DType, bytes: ArrayBuffer, count: number): TensorData["data"] {
  switch (dtype) {
    case "f32":
      return new Float32Array(bytes, 0, count);
    case "i32":
      return new Int32Array(bytes, 0, count);
    case "u32":
    case "bool":
      return new Uint32Array(bytes, 0, count);
    case "f16":
      return fromHalf(new Uint16Array(bytes, 0, count));
  }
}
