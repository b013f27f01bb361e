import type { Expr } from "../../grammar/lf.ast.js";
import * as say from "../diagnostics/messages/types.js";
import type { Span } from "../diagnostics/span.js";
import { type Dim, sameDim } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import { report } from "./context.js";
import { adapt, infer, showValue } from "./expressions.js";
import type { Frame } from "./frame.js";
import { knownRange } from "./indices.js";
import { type Element, isFlexible, type TensorValue, type Value } from "./value.js";
import { bare, mentionsIndex, textOf } from "./walk.js";

/** An operand of an operator or function that works element by element. */
export interface Operand {
  readonly expr: Expr;
  readonly value: TensorValue;
}

/** Infers operands; undefined if one is in error (each is checked all the same). */
export function inferOperands(f: Frame, exprs: readonly Expr[]): Operand[] | undefined {
  const operands: Operand[] = [];
  for (const expr of exprs) {
    const value = tensorOf(f, expr, infer(f, expr));
    if (value !== undefined) operands.push({ expr, value });
  }
  return operands.length === exprs.length ? operands : undefined;
}

function tensorOf(f: Frame, e: Expr, value: Value): TensorValue | undefined {
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

/** E2: operands of one shape; a scalar beside a tensor mentions no index. Undefined after a message. */
export function commonShape(f: Frame, span: Span, operands: readonly Operand[]): readonly Dim[] | undefined {
  let whole: Operand | undefined;
  let scalars = false;
  for (const operand of operands) {
    if (operand.value.shape.length === 0) {
      scalars = true;
      continue;
    }
    if (whole === undefined) whole = operand;
    else if (!sameShape(whole.value.shape, operand.value.shape)) {
      report(f.cx, say.twoShapes(span, described(f, whole), described(f, operand)));
      return undefined;
    }
  }
  if (whole === undefined) return operands[0]?.value.shape ?? [];
  if (scalars && f.scope.indices.length > 0)
    for (const operand of operands)
      if (operand.value.shape.length === 0 && mentionsIndex(f.cx, operand.expr)) {
        report(f.cx, say.tensorBesideElement(described(f, whole), described(f, operand), suggestSubscript(f, whole)));
        return undefined;
      }
  return whole.value.shape;
}

export const described = (f: Frame, operand: Operand): say.Described => ({
  span: operand.expr.span,
  text: textOf(bare(operand.expr)),
  type: showValue(f, operand.value),
});

/** `g[d]`: indices in scope that range over the axes of a tensor, one each. */
function suggestSubscript(f: Frame, operand: Operand): string | undefined {
  const taken = new Set<string>();
  const subs: string[] = [];
  for (const axis of operand.value.shape) {
    const index = f.scope.indices.findLast((i) => {
      const range = knownRange(i);
      return !taken.has(i.name.text) && range !== undefined && sameDim(range, axis);
    });
    if (index === undefined) return undefined;
    taken.add(index.name.text);
    subs.push(index.name.text);
  }
  const inner = bare(operand.expr);
  if (inner.kind === "name") return `${textOf(inner)}[${subs.join(", ")}]`;
  if (inner.kind === "subscript") return `${textOf(inner).replace(/\]\s*$/, "")}, ${subs.join(", ")}]`;
  return undefined;
}

export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || !sameDim(x, y)) return false;
  }
  return true;
}

/**
 * E6: one element type for all; constants adapt to it. `int` or `real` if all are constants. `bool` is no number.
 * `context` says what joins them, for the message.
 */
export function commonType(
  f: Frame,
  span: Span,
  operands: readonly Operand[],
  context: say.Joined,
): Element | undefined {
  let concrete: Operand | undefined;
  let real = false;
  for (const operand of operands) {
    const { dtype } = operand.value;
    if (dtype === "bool") {
      report(f.cx, say.boolInArithmetic(operand.expr.span, textOf(bare(operand.expr)), context));
      return undefined;
    }
    if (isFlexible(dtype)) {
      real ||= dtype === "real";
      continue;
    }
    if (concrete === undefined) concrete = operand;
    else if (concrete.value.dtype !== dtype) {
      report(f.cx, say.mixedTypes(span, typed(concrete), typed(operand), context));
      return undefined;
    }
  }
  if (concrete === undefined) return real ? "real" : "int";
  const dtype = concrete.value.dtype as DType;
  if (real && dtype !== "f32" && dtype !== "f16") {
    const literal = operands.find((o) => o.value.dtype === "real");
    if (literal !== undefined) report(f.cx, say.mixedTypes(span, typed(concrete), typed(literal), context));
    return undefined;
  }
  adaptAll(f, operands, dtype);
  return dtype;
}

export const typed = (operand: Operand): say.Typed => ({
  span: operand.expr.span,
  text: textOf(bare(operand.expr)),
  dtype: operand.value.dtype === "int" ? "i32" : operand.value.dtype === "real" ? "f32" : operand.value.dtype,
});

export function adaptAll(f: Frame, operands: readonly Operand[], dtype: DType): void {
  for (const operand of operands) if (isFlexible(operand.value.dtype)) adapt(f, operand.expr, operand.value, dtype);
}
