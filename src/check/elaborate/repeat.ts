import type { Expr } from "../../../grammar/lf.ast.js";
import { constDim } from "../../ir/dim.js";
import { invariant } from "../../util/invariant.js";
import type { Context } from "./context.js";
import { evaluate } from "./expression.js";
import { inner, locIn, type Scope } from "./scope.js";
import { numberOf, sizeExpr } from "./size.js";
import { runBody } from "./statement.js";
import { adaptDeclared, settle, type Value } from "./value.js";

/** `repeat` is unrolled; each step has its own place in the call stack of locations. */
export function repeat(cx: Context, expr: Extract<Expr, { kind: "repeat" }>, scope: Scope): Value {
  const loc = locIn(scope, expr.span);
  const count = numberOf(sizeExpr(cx, expr.count, scope), "the count of a repeat");
  const counter = expr.counter === undefined ? undefined : cx.program.dims.get(expr.counter);
  let states: readonly Value[] = expr.states.map(({ name, init }) =>
    settle(cx, adaptDeclared(cx, name, evaluate(cx, init, scope)), locIn(scope, init.span)),
  );
  for (let step = 0; step < count; step++) {
    const symbols = new Map(scope.symbols);
    if (counter?.kind === "counter" && counter.symbol.op === "symbol") symbols.set(counter.symbol.name, constDim(step));
    const body = inner(scope, { symbols, caller: { loc, step } });
    expr.states.forEach(({ name }, i) => {
      const value = states[i];
      invariant(value !== undefined, () => `the state ${name.text} has a value`);
      body.names.set(name.text, { is: "value", value });
    });
    states = runBody(cx, expr.body, body).map((value, i) => {
      return settle(cx, adaptDeclared(cx, expr.states[i]?.name, value), locIn(body, expr.body.span));
    });
  }
  const [only] = states;
  return states.length === 1 && only !== undefined ? only : { kind: "several", of: states };
}
