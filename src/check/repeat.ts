import type { Expr, Name } from "../../grammar/lf.ast.js";
import * as calls from "../diagnostics/messages/calls.js";
import * as say from "../diagnostics/messages/types.js";
import type { Span } from "../diagnostics/span.js";
import { constDim, dimRange, subDim } from "../ir/dim.js";
import { checkBody, type Returned } from "./body.js";
import type { Type } from "./checked.js";
import { freshSymbol, report } from "./context.js";
import { adapt, inferTensor, settle, showValue } from "./expressions.js";
import type { Frame } from "./frame.js";
import { nameIsFree } from "./names.js";
import { sameShape } from "./operands.js";
import { checkFixed, completeSize } from "./sizes.js";
import { errorValue, isFlexible, isReal, type TensorValue, tensor, type Value } from "./value.js";

/** I7: the count is a constant, the counter too; each step turns the states into the next ones. */
export function inferRepeat(f: Frame, e: Extract<Expr, { kind: "repeat" }>): Value {
  const { cx, scope } = f;
  const count = completeSize(f, e.count);
  const fixed =
    count !== undefined &&
    checkFixed(f, count, e.count.span, `repeat ${textOfSize(e.count.span)}`, (dim) =>
      calls.repeatAtRunTime(e.count.span, dim),
    );
  const states = e.states.map((state) => {
    const value = inferTensor(f, state.init);
    return value === undefined ? undefined : settle(f, state.init, value);
  });
  const bound: Name[] = [];
  if (e.counter !== undefined) {
    const last = subDim(count ?? constDim(1), constDim(1));
    const most = dimRange(last).hi;
    const symbol = freshSymbol(
      cx,
      e.counter.text,
      0,
      Number.isNaN(most) ? Number.POSITIVE_INFINITY : Math.max(0, most),
    );
    cx.atoms.set(symbol.name, { kind: "counter", last });
    if (nameIsFree(f, e.counter, "counter")) {
      bound.push(e.counter);
      scope.local.set(e.counter.text, {
        entity: { kind: "dim", dim: { kind: "counter", symbol } },
        name: e.counter.text,
        at: e.counter.span,
        ...(fixed ? {} : { value: errorValue }),
      });
    }
    cx.dims.set(e.counter, { kind: "counter", symbol });
  }
  e.states.forEach(({ name }, i) => {
    const value = states[i];
    if (nameIsFree(f, name, "state")) {
      bound.push(name);
      scope.local.set(name.text, {
        entity: { kind: "value", declared: name },
        name: name.text,
        at: name.span,
        value: value ?? errorValue,
      });
    }
    if (value !== undefined) cx.declared.set(name, value as Type);
  });
  f.depth++; // a return inside is no statement of its own: its indices and proofs belong to this one
  const returned = checkBody(f, e.body);
  f.depth--;
  for (const name of bound) scope.local.delete(name.text);
  if (!fixed) return errorValue;
  if (returned.values.length !== e.states.length) {
    report(
      cx,
      calls.stateCount(
        returned.span,
        returned.values.length,
        e.states.map((s) => s.name),
      ),
    );
    return errorValue;
  }
  const results: { name: string; value: Value }[] = [];
  for (const [i, state] of e.states.entries()) {
    const first = states[i];
    const next = returned.values[i];
    if (first === undefined || next === undefined) return errorValue;
    if (!checkNextState(f, state.name, first, next)) return errorValue;
    results.push({ name: state.name.text, value: tensor(first.dtype, first.shape) });
  }
  const [only] = results;
  return results.length === 1 && only !== undefined ? only.value : { kind: "several", of: results };
}

const textOfSize = (span: Span): string => span.file.text.slice(span.start, span.end);

function checkNextState(f: Frame, name: Name, first: TensorValue, next: Returned): boolean {
  const { value, expr } = next;
  if (value.kind === "several") {
    report(
      f.cx,
      say.severalResults(
        expr.span,
        value.of.map((r) => r.name),
      ),
    );
    return false;
  }
  if (value.kind !== "tensor") return false;
  const dtype = first.dtype;
  const adapts =
    isFlexible(value.dtype) && !isFlexible(dtype) && dtype !== "bool" && (value.dtype === "int" || isReal(dtype));
  if ((!adapts && value.dtype !== dtype) || !sameShape(value.shape, first.shape)) {
    const found = isFlexible(value.dtype) ? settle(f, expr, value) : value;
    report(f.cx, calls.stateChanges(expr.span, name, showValue(f, first), showValue(f, found)));
    return false;
  }
  if (adapts && !isFlexible(dtype)) adapt(f, expr, value, dtype);
  return true;
}
