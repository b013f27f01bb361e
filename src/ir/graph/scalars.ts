import type { Dim } from "../dim.js";
import { constValue } from "../dim.js";
import type { DType } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";
import type { Ix, Scalar } from "./ops.js";

/** Constructors of scalar expressions. They fold nothing; that is the work of passes. */
export const constant = (value: number, dtype: DType = "f32"): Scalar => ({ e: "const", value, dtype });
export const argument = (arg: number): Scalar => ({ e: "arg", arg });
export const indexValue = (ix: Ix): Scalar => ({ e: "index", ix });
export const call = (fn: ScalarFn, ...args: readonly Scalar[]): Scalar => ({ e: "call", fn, args });
export const convert = (to: DType, of: Scalar): Scalar => ({ e: "convert", to, of });

/** The value of a size: a constant where it is one. */
export function sizeValue(dim: Dim): Scalar {
  const value = constValue(dim);
  return value === undefined ? { e: "dim", dim } : constant(value, "i32");
}

export const select = (cond: Scalar, yes: Scalar, no: Scalar): Scalar => ({
  e: "select",
  cond,
  // biome-ignore lint/suspicious/noThenProperty: an arm of the expression; nothing awaits a scalar.
  then: yes,
  else: no,
});
