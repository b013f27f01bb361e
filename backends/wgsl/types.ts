import type { DType } from "../../src/ir/dtype.js";
import { isFloat } from "../../src/ir/dtype.js";
import type { KType, Width } from "../../src/ir/kernel/ops.js";
import { invariant, unreachable } from "../../src/util/invariant.js";

/** WGSL's names for types and values. */

const vector = (scalar: string, width: Width): string => (width === 1 ? scalar : `vec${width}<${scalar}>`);

/** The type of a value in a register. */
export const valueType = (type: KType): string => vector(type.dtype, type.width);

/** The type of an element in a buffer: `bool` is not host-shareable and lies in an u32 word. */
export const storageType = (type: KType): string => vector(type.dtype === "bool" ? "u32" : type.dtype, type.width);

/** The largest finite value of a float type; what stands in for an infinity. */
export const largest = (dtype: "f32" | "f16"): number => (dtype === "f32" ? 3.4028234663852886e38 : 65504);

/** The shortest decimal that rounds to the same f32. */
function shortest(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return tidy(text);
  }
  return tidy(String(value));
}

/** `1.50e+20` → `1.5e20`, `2` → `2.0`: always recognisable as a float. */
function tidy(text: string): string {
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/0+$/, "").replace(/\.$/, "") : mantissa;
  if (exponent !== undefined) return `${short}e${Number(exponent)}`;
  return short.includes(".") ? short : `${short}.0`;
}

/** One lane of a literal. Floats must be finite: `legalize` has seen to it. */
export function scalarLiteral(value: number, dtype: DType): string {
  invariant(Number.isFinite(value), () => `WGSL has no literal for ${value}`);
  switch (dtype) {
    case "bool":
      return value === 0 ? "false" : "true";
    case "i32":
      // The sign is an operator of its own, so the smallest integer can't carry a suffix.
      return value === -2147483648 ? "i32(-2147483648)" : `${value}i`;
    case "u32":
      return `${value}u`;
    case "f32":
    case "f16": {
      const suffix = dtype === "f32" ? "f" : "h";
      if (Object.is(value, -0)) return `-0.0${suffix}`;
      // A decimal that is above the largest number before it is rounded may be refused.
      if (Math.abs(value) === largest(dtype)) return `${value < 0 ? "-" : ""}${hexLargest[dtype]}${suffix}`;
      return `${shortest(value)}${suffix}`;
    }
    default:
      return unreachable(dtype);
  }
}

const hexLargest = { f32: "0x1.fffffep+127", f16: "0x1.ffcp+15" } as const;

export function literal(value: number, type: KType): string {
  const one = scalarLiteral(type.dtype === "f32" ? Math.fround(value) : value, type.dtype);
  return type.width === 1 ? one : `${valueType(type)}(${one})`;
}

/** Lane names in order. */
export const laneName = (lane: 0 | 1 | 2 | 3): string => (["x", "y", "z", "w"] as const)[lane];

export { isFloat };
