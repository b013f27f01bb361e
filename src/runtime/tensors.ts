import type { DType, TensorData, TensorValues } from "../ir/dtype.js";
import { fromHalf, toHalf } from "./half.js";
import type { ModelTensor } from "./model.js";
import { evaluate, type Sizes, storeOf } from "./sizes.js";

export const bytesOf = (dtype: DType): number => (dtype === "f16" ? 2 : 4);
export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of a resource's buffer: never none, which a binding may not have, and whole vectors. */
export const byteLength = (r: ModelTensor, sizes: Sizes): number =>
  Math.max(16, roundUp(evaluate(r.length, sizes) * bytesOf(r.dtype), 16));

/** Writes values to the start of a buffer: f16 as its words, an odd last one with a neighbour of 0. */
export function upload(device: GPUDevice, buffer: GPUBuffer, dtype: DType, data: TensorValues): void {
  if (data.length === 0) return;
  let words: TensorValues | Uint16Array = data;
  if (dtype === "f16") {
    words = new Uint16Array(roundUp(data.length, 2));
    words.set(toHalf(data));
  }
  device.queue.writeBuffer(buffer, 0, words as GPUAllowSharedBufferSource);
}

/** The values of a tensor from the bytes that `upload` would have written. */
export function decode(dtype: DType, bytes: ArrayBuffer, count: number): TensorData["data"] {
  return dtype === "f16" ? fromHalf(new Uint16Array(bytes, 0, count)) : new (storeOf(dtype))(bytes, 0, count);
}
