import type { Expr, Name } from "../../../grammar/lf.ast.js";
import type { Dim } from "../../ir/dim.js";
import { invariant } from "../../util/invariant.js";
import type { DimEntity } from "../checked.js";
import { callExpr } from "./call.js";
import { concatenation } from "./concat.js";
import type { Context } from "./context.js";
import {
  type Arithmetic,
  and,
  arithmetic,
  boolElement,
  compare,
  constElement,
  convert,
  type Element,
  negate,
  not,
  or,
  select,
  sizeElement,
} from "./element.js";
import { comparisonOf, reduction } from "./reduction.js";
import { repeat } from "./repeat.js";
import { lookUp, type Scope } from "./scope.js";
import { constantExpr, resolve } from "./size.js";
import { subscript } from "./subscript.js";
import { lift, scalarValue, type Value } from "./value.js";

/** The value of an expression. Nodes are made only for what is no element by itself: reductions, softmax, joined parts. */
export function evaluate(cx: Context, expr: Expr, scope: Scope): Value {
  const constant = constantExpr(cx, expr, scope);
  if (constant !== undefined) return scalarValue(sizeElement(constant));
  switch (expr.kind) {
    case "number":
      return scalarValue(constElement(expr.value, expr.whole ? "int" : "real"));
    case "bool":
      return scalarValue(boolElement(expr.value));
    case "name":
      return nameValue(cx, expr.name, scope);
    case "paren":
      return evaluate(cx, expr.of, scope);
    case "if":
      return conditional(cx, expr, scope);
    case "or":
      return lifted(cx, expr.operands, scope, or);
    case "and":
      return lifted(cx, expr.operands, scope, and);
    case "not":
      return lifted(cx, [expr.of], scope, ([e]) => not(needed(e)));
    case "neg":
      return lifted(cx, [expr.of], scope, ([e]) => negate(needed(e)));
    case "compare":
      return lifted(cx, expr.operands, scope, (operands) =>
        and(expr.ops.map((op, i) => compare(comparisonOf(op), needed(operands[i]), needed(operands[i + 1])))),
      );
    case "sum":
      return fold(cx, expr.operands, scope, (i) => (expr.signs[i] === "-" ? "sub" : "add"));
    case "product":
      return fold(cx, expr.operands, scope, (i) => productOf(expr.ops[i]));
    case "power":
      return lifted(cx, [expr.base, expr.exponent], scope, ([a, b]) => arithmetic("pow", needed(a), needed(b)));
    case "convert":
      return lifted(cx, [expr.of], scope, ([e]) => convert(expr.to, needed(e)));
    case "reduction":
      return reduction(cx, expr, scope);
    case "subscript":
      return subscript(cx, evaluate(cx, expr.of, scope), expr.subs, scope, expr.span);
    case "call":
      return callExpr(cx, expr, scope);
    case "concat":
      return scalarValue(concatenation(cx, expr, scope));
    case "repeat":
      return repeat(cx, expr, scope);
  }
}

function needed(e: Element | undefined): Element {
  invariant(e !== undefined, () => "an operand is missing");
  return e;
}

const productOf = (op: "*" | "/" | "%" | undefined): Arithmetic => (op === "/" ? "div" : op === "%" ? "mod" : "mul");

const lifted = (
  cx: Context,
  operands: readonly Expr[],
  scope: Scope,
  f: (elements: readonly Element[]) => Element,
): Value =>
  lift(
    cx,
    operands.map((o) => evaluate(cx, o, scope)),
    f,
  );

/** A chain of binary operators from the left. */
function fold(cx: Context, operands: readonly Expr[], scope: Scope, fn: (position: number) => Arithmetic): Value {
  return lifted(cx, operands, scope, ([first, ...rest]) =>
    rest.reduce((left, right, i) => arithmetic(fn(i + 1), left, right), needed(first)),
  );
}

/** `if` with a constant condition is decided here, and the other branch makes nothing (E8). */
function conditional(cx: Context, expr: Extract<Expr, { kind: "if" }>, scope: Scope): Value {
  const cond = evaluate(cx, expr.cond, scope);
  if (cond.kind === "tensor" && cond.element.e === "const")
    return evaluate(cx, cond.element.value !== 0 ? expr.then : expr.else, scope);
  const branches = [evaluate(cx, expr.then, scope), evaluate(cx, expr.else, scope)];
  return lift(cx, [cond, ...branches], ([c, a, b]) => select(needed(c), needed(a), needed(b)));
}

function nameValue(cx: Context, name: Name, scope: Scope): Value {
  const entity = cx.program.names.get(name);
  if (entity?.kind === "dim") return scalarValue(sizeElement(resolve(cx, sizeOfEntity(entity.dim), scope)));
  const binding = lookUp(scope, name.text);
  invariant(binding !== undefined && binding.is !== "instances", () => `${name.text} has no value here`);
  return binding.is === "value" ? binding.value : scalarValue(binding.index.element);
}

function sizeOfEntity(dim: DimEntity): Dim {
  invariant(dim.kind !== "table", () => "a table stands only under a subscript");
  return dim.kind === "derived" ? dim.size : dim.symbol;
}
