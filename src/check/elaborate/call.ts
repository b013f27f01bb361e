import type { Callable, Expr } from "../../../grammar/lf.ast.js";
import type { Dim } from "../../ir/dim.js";
import { type ScalarFn, scalarFns } from "../../ir/scalar.js";
import { invariant } from "../../util/invariant.js";
import type { Context } from "./context.js";
import { arithmetic, unary } from "./element.js";
import { evaluate } from "./expression.js";
import { anonymousInstance, elementOf, type Instance } from "./instance.js";
import { type Binding, locIn, lookUp, type Scope } from "./scope.js";
import { constantExpr, numberOf, resolve } from "./size.js";
import { runBody } from "./statement.js";
import { adaptValue, lift, settle, type Value } from "./value.js";

type Call = Extract<Expr, { kind: "call" }>;

export function callExpr(cx: Context, expr: Call, scope: Scope): Value {
  const callee = bare(expr.callee);
  if (callee.kind === "subscript") {
    const list = bare(callee.of);
    invariant(list.kind === "name", () => "a list of instances has a name");
    const at = callee.subs.map((sub) => {
      const number = sub.kind === "at" ? constantExpr(cx, sub.expr, scope) : undefined;
      invariant(number !== undefined, () => "an instance is chosen by a constant");
      return numberOf(number, "the number of an instance");
    });
    return callInstance(cx, list.name.text, at, expr, scope);
  }
  invariant(callee.kind === "name", () => "what is called has a name");
  const entity = cx.program.names.get(callee.name);
  switch (entity?.kind) {
    case "builtin":
      return callBuiltin(cx, entity.name, expr, scope);
    case "callable": {
      const { callable } = entity;
      if (callable.kind === "fn") return callBody(cx, callable, () => undefined, expr, scope);
      invariant(scope.instance !== undefined, () => "a block is called from a model or block");
      const owner = scope.instance;
      const instance = (): Instance => anonymousInstance(owner, callable.name.text, scope.occurrences);
      return callBody(cx, callable, instance, expr, scope);
    }
    default:
      return callInstance(cx, callee.name.text, [], expr, scope);
  }
}

const bare = (expr: Expr): Expr => (expr.kind === "paren" ? bare(expr.of) : expr);

function callInstance(cx: Context, name: string, at: readonly number[], expr: Call, scope: Scope): Value {
  const binding = lookUp(scope, name);
  invariant(binding?.is === "instances", () => `${name} is an instance`);
  const { instances } = binding;
  return callBody(cx, instances.block, () => elementOf(instances, at), expr, scope);
}

const isScalarFn = (name: string): name is ScalarFn => (scalarFns as readonly string[]).includes(name);

function callBuiltin(cx: Context, name: string, expr: Call, scope: Scope): Value {
  const args = expr.args.map((arg) => evaluate(cx, arg, scope));
  const [first] = args;
  invariant(first !== undefined, () => `${name} takes an argument`);
  if (name === "max" || name === "min" || name === "pow")
    return args.slice(1).reduce(
      (a, b) =>
        lift(cx, [a, b], ([x, y]) => {
          invariant(x !== undefined && y !== undefined, () => "two operands");
          return arithmetic(name, x, y);
        }),
      first,
    );
  return lift(cx, [first], ([x]) => {
    invariant(x !== undefined && isScalarFn(name), () => `${name} is a scalar function`);
    return unary(name, x);
  });
}

/**
 * Inlines the body of a callable. Arguments are computed once, whatever reads them, and before the instance is made:
 * in `B(B(x))` the inner call is the first.
 */
export function callBody(
  cx: Context,
  callable: Callable,
  instance: () => Instance | undefined,
  expr: Call,
  scope: Scope,
): Value {
  const loc = locIn(scope, expr.span);
  const symbols = new Map<string, Dim>(cx.globals);
  for (const [name, dim] of cx.program.bindings.get(expr) ?? []) symbols.set(name, resolve(cx, dim, scope));
  const names = new Map<string, Binding>();
  callable.formals.forEach((formal, i) => {
    const arg = expr.args[i];
    invariant(arg !== undefined, () => `${formal.name.text} has an argument`);
    if (formal.type.head.kind === "dim") return;
    invariant(formal.type.head.kind === "dtype", () => "an argument is a tensor or a size");
    const value = adaptValue(evaluate(cx, arg, scope), formal.type.head.dtype);
    names.set(formal.name.text, { is: "value", value: settle(cx, value, locIn(scope, arg.span)) });
  });
  const body: Scope = {
    outer: undefined,
    names,
    indices: new Map(),
    symbols,
    instance: instance(),
    occurrences: new Map(),
    caller: { loc },
  };
  const results = typedResults(callable, runBody(cx, callable.body, body));
  const [only] = results;
  return results.length === 1 && only !== undefined ? only : { kind: "several", of: results };
}

/** Constants take the declared type of the result. */
export const typedResults = (callable: Callable, values: readonly Value[]): readonly Value[] =>
  values.map((value, i) => {
    const head = callable.results[i]?.type.head;
    return head?.kind === "dtype" ? adaptValue(value, head.dtype) : value;
  });
