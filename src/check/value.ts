import type { Callable } from "../../grammar/lf.ast.js";
import type { Dim } from "../ir/dim.js";
import type { ElementType } from "./checked.js";

/**
 * Element types while they are being found (E6): `int` adapts to every number type, `real` (made of literals with a dot
 * or exponent and of real functions of constants) to f32 and f16.
 */
export type Element = ElementType | "real";

/** A whole number made of indices and constants: a polynomial in which each index is a symbol (an `Atom`). */
export interface Form {
  readonly dim: Dim;
  /** Whether an index occurs in it; if not, it is a constant. */
  readonly indexed: boolean;
}

export interface TensorValue {
  readonly kind: "tensor";
  readonly dtype: Element;
  readonly shape: readonly Dim[];
  readonly form?: Form;
}

/** What the checker knows of an expression. `error` has been reported: whatever is built on it stays silent. */
export type Value =
  | TensorValue
  | { readonly kind: "several"; readonly of: readonly { readonly name: string; readonly value: Value }[] }
  | { readonly kind: "instance"; readonly block: Callable; readonly shape: readonly Dim[] }
  | { readonly kind: "error" };

export const errorValue: Value = { kind: "error" };

const noShape: readonly Dim[] = [];
const scalars = new Map<Element, TensorValue>(
  (["f32", "f16", "i32", "u32", "bool", "int", "real"] as const).map((dtype) => [
    dtype,
    { kind: "tensor", dtype, shape: noShape },
  ]),
);

export const scalar = (dtype: Element): TensorValue => scalars.get(dtype) ?? { kind: "tensor", dtype, shape: noShape };

export const tensor = (dtype: Element, shape: readonly Dim[]): TensorValue =>
  shape.length === 0 ? scalar(dtype) : { kind: "tensor", dtype, shape };

export const isFlexible = (element: Element): element is "int" | "real" => element === "int" || element === "real";
export const isReal = (element: Element): boolean => element === "f32" || element === "f16" || element === "real";
export const isWholeNumber = (element: Element): boolean => element === "i32" || element === "u32" || element === "int";
