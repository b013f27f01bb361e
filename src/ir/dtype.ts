/** The type of an element. */
export type DType = "f32" | "f16" | "i32" | "u32" | "bool";

/** Bytes that one stored element takes on a device: a `bool` is stored as an `u32` word. */
export const byteSize = (dtype: DType): number => (dtype === "f16" ? 2 : 4);

/** Whether elements are floating-point numbers. */
export const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f16";

/** Host memory of a tensor: `bool` and `u32` share an unsigned word, `f16` is kept as f32 values rounded to f16. */
export type TensorValues = Float32Array | Int32Array | Uint32Array;

/** A tensor on the host: row-major values and a concrete shape. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorValues;
}

/** Zeroed host memory for so many elements. */
export function allocate(dtype: DType, length: number): TensorValues {
  switch (dtype) {
    case "f32":
    case "f16":
      return new Float32Array(length);
    case "i32":
      return new Int32Array(length);
    case "u32":
    case "bool":
      return new Uint32Array(length);
  }
}
