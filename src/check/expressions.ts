import type { Expr } from "../../grammar/lf.ast.js";
import * as names from "../diagnostics/messages/names.js";
import * as say from "../diagnostics/messages/types.js";
import { constDim } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import { inferCall } from "./calls.js";
import type { Type } from "./checked.js";
import { report, showTensor } from "./context.js";
import type { Frame } from "./frame.js";
import { indexValue } from "./indices.js";
import { describe, lookup, reportUnknown } from "./names.js";
import {
  inferCompare,
  inferConvert,
  inferIf,
  inferLogic,
  inferNegative,
  inferPower,
  inferProduct,
  inferSum,
} from "./operators.js";
import { inferConcat, inferReduction } from "./reductions.js";
import { inferRepeat } from "./repeat.js";
import { sizeOf } from "./sizes.js";
import { inferSubscript } from "./subscript.js";
import { errorValue, isFlexible, scalar, type TensorValue, tensor, type Value } from "./value.js";

/** Finds the element type and shape of an expression (E1) and records them, except for constants that adapt later. */
export function infer(f: Frame, e: Expr): Value {
  const value = inferKind(f, e);
  if (value.kind === "error") {
    f.broken = true;
    f.everBroken = true;
  }
  if (value.kind === "tensor") {
    if (!isFlexible(value.dtype)) f.cx.types.set(e, value as Type);
    else if (value.shape.length > 0) f.cx.flexible.set(e, value.shape);
    if (value.form !== undefined && !value.form.indexed) f.cx.constants.set(e, value.form.dim);
  } else if (value.kind === "several") f.cx.types.set(e, severalType(value));
  return value;
}

const severalType = ({ of }: Extract<Value, { kind: "several" }>): Type => ({
  kind: "several",
  of: of.map(({ name, value }) => ({ name, type: value as Type })), // results of calls and repeats are settled
});

function inferKind(f: Frame, e: Expr): Value {
  switch (e.kind) {
    case "number":
      if (!e.whole) return scalar("real");
      return { kind: "tensor", dtype: "int", shape: [], form: { dim: constDim(e.value), indexed: false } };
    case "bool":
      return scalar("bool");
    case "name":
      return inferName(f, e);
    case "paren":
      return infer(f, e.of);
    case "if":
      return inferIf(f, e);
    case "or":
    case "and":
    case "not":
      return inferLogic(f, e);
    case "neg":
      return inferNegative(f, e);
    case "compare":
      return inferCompare(f, e);
    case "sum":
      return inferSum(f, e);
    case "product":
      return inferProduct(f, e);
    case "power":
      return inferPower(f, e);
    case "convert":
      return inferConvert(f, e);
    case "reduction":
      return inferReduction(f, e);
    case "concat":
      return inferConcat(f, e);
    case "subscript":
      return inferSubscript(f, e);
    case "call":
      return inferCall(f, e);
    case "repeat":
      return inferRepeat(f, e);
  }
}

function inferName(f: Frame, e: Extract<Expr, { kind: "name" }>): Value {
  const { cx } = f;
  const found = lookup(f, e.name);
  if (found === "broken") return errorValue;
  if (found === "unknown") {
    reportUnknown(f, e.name, "name");
    return errorValue;
  }
  if (found.index !== undefined) return indexValue(f, found.index);
  if (found.value !== undefined) {
    if (found.value.kind !== "instance") return found.value;
    report(cx, names.instanceAsValue(e.name, found.value.block.name.text, found.value.shape.length > 0));
    return errorValue;
  }
  if (found.entity.kind === "dim") {
    const size = sizeOf(found.entity.dim);
    if (size !== undefined) return { kind: "tensor", dtype: "int", shape: [], form: { dim: size, indexed: false } };
    report(cx, names.tableAsValue(e.name));
    return errorValue;
  }
  report(cx, names.callableAsValue(e.name, describe(found)));
  return errorValue;
}

/** A value that can be used in arithmetic; anything else is reported. */
export function inferTensor(f: Frame, e: Expr): TensorValue | undefined {
  const value = infer(f, e);
  if (value.kind === "tensor") return value;
  if (value.kind === "several")
    report(
      f.cx,
      say.severalResults(
        e.span,
        value.of.map((r) => r.name),
      ),
    );
  return undefined;
}

/** A constant that nothing around it has given a type: i32, or f32 for a real one (E6). */
export function settle(f: Frame, e: Expr, value: TensorValue): TensorValue {
  if (!isFlexible(value.dtype)) return value;
  return adapt(f, e, value, value.dtype === "int" ? "i32" : "f32");
}

/** Gives a constant the element type that its surroundings want (E6), all the way down. */
export function adapt(f: Frame, e: Expr, value: TensorValue, dtype: DType): TensorValue {
  adaptInside(f, e, dtype, false);
  return value.form === undefined && value.shape.length === 0 ? scalar(dtype) : { ...value, dtype };
}

const greatest: ReadonlyMap<DType, number> = new Map([
  ["i32", 2 ** 31 - 1],
  ["u32", 2 ** 32 - 1],
  ["f16", 65504],
  ["f32", 3.4028234663852886e38],
]);

function adaptInside(f: Frame, e: Expr, dtype: DType, negative: boolean): void {
  const { types } = f.cx;
  if (types.has(e)) return; // has a type of its own
  types.set(e, tensor(dtype, f.cx.flexible.get(e) ?? []) as Type);
  switch (e.kind) {
    case "number": {
      const limit = greatest.get(dtype);
      if (limit !== undefined && e.value > limit + (negative && dtype === "i32" ? 1 : 0))
        report(f.cx, say.numberDoesNotFit(e.span, e.text, dtype));
      return;
    }
    case "neg":
      if (dtype === "u32") report(f.cx, say.negativeUnsigned(e.span));
      adaptInside(f, e.of, dtype, !negative);
      return;
    case "paren":
      adaptInside(f, e.of, dtype, negative);
      return;
    case "if":
      adaptInside(f, e.then, dtype, negative);
      adaptInside(f, e.else, dtype, negative);
      return;
    case "sum":
    case "product":
      for (const operand of e.operands) adaptInside(f, operand, dtype, negative);
      return;
    case "power":
      adaptInside(f, e.base, dtype, false);
      adaptInside(f, e.exponent, dtype, false);
      return;
    case "reduction":
      adaptInside(f, e.of, dtype, negative);
      return;
    case "call":
      for (const arg of e.args) adaptInside(f, arg, dtype, negative);
      return;
    case "concat":
      for (const part of e.parts) adaptInside(f, part, dtype, negative);
      return;
    default:
      return;
  }
}

/** `f32[Seq, Model]` for messages. */
export const showValue = (f: Frame, value: TensorValue): string => showTensor(f.cx, value.dtype, value.shape);
