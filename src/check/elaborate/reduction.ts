import type { Binder, Expr, IndexDecl, Order } from "../../../grammar/lf.ast.js";
import type { Loc } from "../../diagnostics/span.js";
import { addDim, constDim, type Dim, productDim } from "../../ir/dim.js";
import type { DType } from "../../ir/dtype.js";
import type { Ix, Monoid } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import { type Context, extentOf, newVariable } from "./context.js";
import { countOf, sumOf } from "./contraction.js";
import {
  adapt,
  and,
  arithmetic,
  type Comparison,
  compare,
  concrete,
  constElement,
  convert,
  type Element,
  select,
  sizeElement,
  toReal,
  variablesOf,
} from "./element.js";
import { emitReduce, storedOver } from "./emit.js";
import { evaluate } from "./expression.js";
import { indexParts } from "./ragged.js";
import { bindIndex, indexOf, inner, locIn, type Scope } from "./scope.js";
import { rangeOf } from "./size.js";
import { softmax } from "./softmax.js";
import { asScalar, scalarValue, type Value } from "./value.js";

type Reduction = Extract<Expr, { kind: "reduction" }>;

export const comparisonOf = (op: Order | "==" | "!="): Comparison => {
  switch (op) {
    case "<":
      return "lt";
    case "<=":
      return "le";
    case ">":
      return "gt";
    case ">=":
      return "ge";
    case "==":
      return "eq";
    case "!=":
      return "ne";
  }
};

/** Which elements of a bound index take part: its short form and its `where`, both with the index in scope. */
export function conditionsOf(cx: Context, binder: Binder, scope: Scope): readonly Element[] {
  const found: Element[] = [];
  const { chain } = binder;
  if (chain !== undefined) {
    const operands = chain.operands.map((o) => asScalar(evaluate(cx, o, scope)));
    chain.ops.forEach((op, i) => {
      const left = operands[i];
      const right = operands[i + 1];
      invariant(left !== undefined && right !== undefined, () => "a chain has one operand more than operators");
      found.push(compare(comparisonOf(op), left, right));
    });
  }
  if (binder.where !== undefined) found.push(asScalar(evaluate(cx, binder.where, scope)));
  return found;
}

/** One condition of several; `undefined` where all is selected. */
export function selection(conditions: readonly Element[]): Element | undefined {
  const all = and(conditions);
  return all.e === "const" && all.value !== 0 ? undefined : all;
}

/** What the parts of a reduction are combined from. */
interface Partial {
  readonly value: Element;
  /** For mean: how many elements there are, and the number of the selected where there is a condition. */
  readonly size: Dim;
  readonly count?: Element;
  /** The type of the mean, where the sum has a wider one. */
  readonly dtype?: DType;
  /** For argmax and argmin: the extreme itself. */
  readonly extreme?: Element;
}

export function reduction(cx: Context, expr: Reduction, scope: Scope): Value {
  if (expr.op === "softmax") return scalarValue(softmax(cx, expr, scope));
  const result = overBinders(cx, expr, expr.op, scope, (within, reduced, condition) =>
    reduceOver(cx, expr, within, reduced, condition),
  );
  return scalarValue(expr.op === "mean" ? meanOf(result) : result.value);
}

/** What is computed under all indices of a reduction, with those of its indices that are bound to variables of their own. */
type Leaf = (scope: Scope, reduced: readonly Ix[], condition: Element | undefined) => Partial;

/** Binds the indices of a reduction in turn; over an index of ragged sizes part by part, the results combined as `op` says. */
function overBinders(
  cx: Context,
  expr: Reduction,
  op: Exclude<Reduction["op"], "softmax">,
  scope: Scope,
  leaf: Leaf,
): Partial {
  const from = (position: number, outer: Scope, reduced: readonly Ix[], conditions: readonly Element[]): Partial => {
    const binder = expr.binders[position];
    if (binder === undefined) return leaf(outer, reduced, selection(conditions));
    const decl = binder.index;
    const extent = rangeOf(cx, decl, outer);
    const parts = indexParts(cx, [decl], ...readUnder(expr, position), extent, outer) ?? [undefined];
    const started = new Map(scope.occurrences);
    const partials = parts.map((part) => {
      restore(scope.occurrences, started);
      const ix = newVariable(cx, decl.name.text, part === undefined ? extent : constDim(part.length));
      const within = inner(outer);
      bindIndex(within, [decl], indexOf(ix, part));
      return from(position + 1, within, [...reduced, ix], [...conditions, ...conditionsOf(cx, binder, within)]);
    });
    return partials.reduce((a, b) => combine(op, a, b));
  };
  return from(0, scope, [], []);
}

/** What is read under the index of a binder, and the indices bound after it. */
export function readUnder(expr: Reduction, position: number): readonly [readonly Expr[], readonly IndexDecl[]] {
  const later = expr.binders.slice(position);
  const conditions = later.flatMap((b) => [...(b.chain?.operands ?? []), ...(b.where === undefined ? [] : [b.where])]);
  return [[expr.of, ...conditions], later.slice(1).map((b) => b.index)];
}

/** A body elaborated once for each part calls the same anonymous instances each time. */
export function restore(occurrences: Map<string, number>, to: ReadonlyMap<string, number>): void {
  occurrences.clear();
  for (const [name, count] of to) occurrences.set(name, count);
}

function combine(op: Exclude<Reduction["op"], "softmax">, a: Partial, b: Partial): Partial {
  const size = addDim(a.size, b.size);
  switch (op) {
    case "sum":
      return { value: arithmetic("add", a.value, b.value), size };
    case "mean":
      return {
        value: arithmetic("add", a.value, b.value),
        size,
        ...(a.dtype === undefined ? {} : { dtype: a.dtype }),
        ...(a.count === undefined || b.count === undefined ? {} : { count: arithmetic("add", a.count, b.count) }),
      };
    case "prod":
      return { value: arithmetic("mul", a.value, b.value), size };
    case "max":
    case "min":
      return { value: arithmetic(op, a.value, b.value), size };
    case "argmax":
    case "argmin": {
      invariant(a.extreme !== undefined && b.extreme !== undefined, () => "argmax keeps its extreme");
      const later = compare(op === "argmax" ? "gt" : "lt", b.extreme, a.extreme);
      return {
        value: select(later, b.value, a.value),
        extreme: arithmetic(op === "argmax" ? "max" : "min", a.extreme, b.extreme),
        size,
      };
    }
  }
}

function reduceOver(
  cx: Context,
  expr: Reduction,
  scope: Scope,
  reduced: readonly Ix[],
  condition: Element | undefined,
): Partial {
  const loc = locIn(scope, expr.span);
  const of = operand(cx, expr, scope);
  const size = productDim(reduced.map((ix) => extentOf(cx, ix)));
  switch (expr.op) {
    case "sum":
      return { value: sumOf(cx, of, reduced, condition, loc), size };
    case "mean":
      return meanPart(cx, of, reduced, condition, loc);
    case "softmax":
      invariant(false, () => "softmax keeps its index");
      break;
    case "argmax":
    case "argmin": {
      const [ix] = reduced;
      const bound = ix === undefined ? undefined : [...scope.indices.values()].find((b) => b.ix === ix);
      const found = extremum(cx, expr.op, of, reduced, condition, loc);
      const start = bound?.part?.start ?? 0;
      const value = start === 0 ? found : arithmetic("add", found, constElement(start, "int"));
      if (bound?.part === undefined) return { value, size };
      return { value, size, extreme: extremum(cx, expr.op === "argmax" ? "max" : "min", of, reduced, condition, loc) };
    }
    default:
      return { value: extremum(cx, expr.op, of, reduced, condition, loc), size };
  }
}

/** The operand, a constant in the type that the checker found for it. */
export function operand(cx: Context, expr: Reduction, scope: Scope): Element {
  const value = asScalar(evaluate(cx, expr.of, scope));
  const of = expr.op === "mean" || expr.op === "softmax" ? toReal(value) : value;
  const type = cx.program.types.get(expr);
  const wanted = type?.kind === "tensor" && type.dtype !== "int" ? type.dtype : undefined;
  return concrete(wanted === undefined || expr.op === "argmax" || expr.op === "argmin" ? of : adapt(of, wanted));
}

function extremum(
  cx: Context,
  monoid: Exclude<Monoid, "sum">,
  of: Element,
  reduced: readonly Ix[],
  condition: Element | undefined,
  loc: Loc,
): Element {
  const variables = variablesOf(of, condition);
  const used = reduced.filter((ix) => variables.has(ix));
  if (monoid === "prod" && used.length < reduced.length)
    return emitReduce(cx, "prod", storedOver(cx, of, reduced, loc), reduced, condition, loc);
  if (used.length === 0) return monoid === "argmax" || monoid === "argmin" ? constElement(0, "i32") : of;
  return emitReduce(cx, monoid, of, used, condition, loc);
}

/** Sum and number of the selected; an index on which nothing depends changes neither. */
function meanPart(cx: Context, of: Element, reduced: readonly Ix[], condition: Element | undefined, loc: Loc): Partial {
  // A sum of halves leaves their range long before their mean does.
  const half = of.dtype === "f16";
  const wide = half ? convert("f32", of) : of;
  const narrow = half ? { dtype: "f16" as const } : {};
  const value = sumOf(cx, wide, reduced, condition, loc);
  const size = productDim(reduced.map((ix) => extentOf(cx, ix)));
  if (condition === undefined) return { value, size, ...narrow };
  return { value, size, count: countOf(cx, condition, reduced, loc), ...narrow };
}

/** The sum of nothing is 0, so a divisor of at least 1 makes the mean of nothing 0. */
function meanOf(p: Partial): Element {
  const divisor =
    p.count === undefined ? sizeElement(p.size) : convert("f32", arithmetic("max", p.count, constElement(1, "int")));
  const mean = arithmetic("div", p.value, divisor);
  return p.dtype === undefined ? mean : convert(p.dtype, mean);
}
