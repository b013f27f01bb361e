import type { Expr } from "../../../grammar/lf.ast.js";
import { addDim } from "../../ir/dim.js";
import type { Ix } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import { type Context, inOrder, newVariable } from "./context.js";
import { type Element, unify, useElement, variablesOf } from "./element.js";
import { emitConcat } from "./emit.js";
import { evaluate } from "./expression.js";
import { bindIndex, boundIndex, indexOf, inner, locIn, type Scope } from "./scope.js";
import { resolve } from "./size.js";
import { asScalar, type Replacement, substitute } from "./value.js";

/**
 * `concat[n](a, b)`: n is a new index in each part, with a range of its own; outside it runs over the sum (E5). The parts
 * have the indices of all parts as axes, and the joined axis where the index outside has its place.
 */
export function concatenation(cx: Context, expr: Extract<Expr, { kind: "concat" }>, scope: Scope): Element {
  const loc = locIn(scope, expr.span);
  const outer = boundIndex(scope, expr.index.name);
  const ranges = cx.program.partRanges.get(expr);
  invariant(ranges?.length === expr.parts.length, () => "the checker knows the range of each part");
  const along = ranges.map((range) => newVariable(cx, expr.index.name.text, resolve(cx, range, scope)));
  const { operands } = unify(
    expr.parts.map((part, i) => {
      const within = inner(scope);
      bindIndex(within, [expr.index], indexOf(along[i] ?? -1));
      return asScalar(evaluate(cx, part, within));
    }),
  );
  const total = ranges.map((range) => resolve(cx, range, scope)).reduce(addDim);
  const others = inOrder([...variablesOf(...operands)].filter((ix) => !along.includes(ix)));
  const axis = others.filter((ix) => ix < outer.ix).length;
  const node = emitConcat(cx, operands, along, others, axis, loc);
  const joined = newVariable(cx, expr.index.name.text, total);
  const order: readonly Ix[] = [...others.slice(0, axis), joined, ...others.slice(axis)];
  const element = useElement({ value: node, at: order.map((ix) => ({ i: "ix", ix })) }, cx.builder.type(node).dtype);
  return substitute(element, new Map<Ix, Replacement>([[joined, { element: outer.element, index: outer.index }]]));
}
