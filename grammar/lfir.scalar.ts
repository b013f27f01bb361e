import * as say from "../src/diagnostics/messages/lfir.js";
import { nearest } from "../src/diagnostics/suggest.js";
import { constDim, type Dim } from "../src/ir/dim.js";
import { fnArity } from "../src/ir/graph/functions.js";
import type { Index, Scalar, Use } from "../src/ir/graph/ops.js";
import { printType } from "../src/ir/graph/print.js";
import { argument, call, constant, convert, indexValue, select } from "../src/ir/graph/scalars.js";
import { type ScalarFn, scalarFns } from "../src/ir/scalar.js";
import type { Expr } from "./lfir.ast.js";
import { type Indices, type Scope, valueNamed } from "./lfir.scope.js";
import { asDType, calledName, exprSpan, literalOf, refuse, sizeOf, tokenSpan, wholeNumber } from "./lfir.terms.js";

/** Expressions inside a node of a graph: uses, their subscripts, scalars. */
export function useOf(scope: Scope, ixs: Indices, e: Expr): Use {
  const { cx, builder } = scope;
  const of = e.e === "subscripts" ? e.of : e;
  if (of.e !== "value") return refuse(cx, say.misplaced(exprSpan(cx, e), "use"));
  const value = valueNamed(scope, of.token);
  const subscripts = e.e === "subscripts" ? e.at : [];
  const type = builder.type(value);
  if (subscripts.length !== type.shape.length)
    refuse(cx, say.subscriptCount(exprSpan(cx, e), of.token.image, printType(type), subscripts.length));
  const at = subscripts.map((s, axis) => indexOf(scope, ixs, s, type.shape[axis]));
  return { value, at };
}

/** `along` is the axis that the subscript stands at: an index alone runs along all of it unless its extent is said. */
function indexOf(scope: Scope, ixs: Indices, e: Expr, along?: Dim): Index {
  const { cx } = scope;
  const number = literalOf(e);
  if (number !== undefined) return { i: "dim", dim: constDim(wholeNumber(cx, e)) };
  switch (e.e) {
    case "name": {
      const name = e.token.image;
      const known = ixs.letters.get(name);
      const symbol = cx.symbols.get(name);
      if (known === undefined && symbol !== undefined) return { i: "dim", dim: symbol };
      if (known === undefined && !ixs.open)
        refuse(cx, say.unknownName(tokenSpan(cx, e.token), "index", name, nearest(name, ixs.letters.keys())));
      const ix = known ?? ixs.extents.push(undefined) - 1;
      ixs.letters.set(name, ix);
      if (along !== undefined) ixs.extents[ix] ??= along;
      return { i: "ix", ix };
    }
    case "group":
      return indexOf(scope, ixs, e.of);
    case "value":
    case "subscripts":
      return { i: "value", of: useOf(scope, ixs, e) };
    case "call":
      return calledName(e) === "dim"
        ? { i: "dim", dim: sizeOf(cx, e) }
        : refuse(cx, say.misplaced(exprSpan(cx, e), "subscript"));
    case "prefix":
      // `(+ i)` is a sum of one part
      return e.op.image === "+"
        ? { i: "add", of: [indexOf(scope, ixs, e.of)] }
        : refuse(cx, say.misplaced(exprSpan(cx, e), "subscript"));
    case "infix":
      switch (e.op.image) {
        case "+":
        case "-":
          return { i: "add", of: summands(e).map((s) => summand(scope, ixs, s)) };
        case "*":
          return { i: "mul", of: indexOf(scope, ixs, e.left), by: sizeOf(cx, e.right) };
        case "/":
          return { i: "floordiv", of: indexOf(scope, ixs, e.left), by: sizeOf(cx, e.right) };
        case "%":
          return { i: "mod", of: indexOf(scope, ixs, e.left), by: sizeOf(cx, e.right) };
        default:
          return refuse(cx, say.misplaced(exprSpan(cx, e), "subscript"));
      }
    default:
      return refuse(cx, say.misplaced(exprSpan(cx, e), "subscript"));
  }
}

interface Summand {
  readonly of: Expr;
  readonly minus: boolean;
}

/** The parts of a sum as it is written; one in brackets is a part. */
function summands(e: Expr): readonly Summand[] {
  const parts: Summand[] = [];
  let rest = e;
  while (rest.e === "infix" && (rest.op.image === "+" || rest.op.image === "-")) {
    parts.unshift({ of: rest.right, minus: rest.op.image === "-" });
    rest = rest.left;
  }
  return [{ of: rest, minus: false }, ...parts];
}

function summand(scope: Scope, ixs: Indices, { of, minus }: Summand): Index {
  if (!minus) return indexOf(scope, ixs, of);
  const number = literalOf(of);
  if (number !== undefined) return { i: "dim", dim: constDim(-wholeNumber(scope.cx, of)) };
  return { i: "mul", of: indexOf(scope, ixs, of), by: constDim(-1) };
}

const infixFns: Readonly<Record<string, ScalarFn>> = {
  or: "or",
  and: "and",
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "mod",
};

const fns: readonly string[] = scalarFns;
export const asScalarFn = (name: string): ScalarFn | undefined => (fns.includes(name) ? (name as ScalarFn) : undefined);

export function scalarOf(scope: Scope, ixs: Indices, e: Expr): Scalar {
  const { cx } = scope;
  const number = literalOf(e);
  if (number !== undefined) return constant(number.value, number.dtype);
  switch (e.e) {
    case "truth":
      return constant(e.token.image === "true" ? 1 : 0, "bool");
    case "argument":
      return argument(Number(e.token.image.slice(1)));
    case "name": {
      const ix = ixs.letters.get(e.token.image);
      if (ix !== undefined) return indexValue(ix);
      const near = nearest(e.token.image, ixs.letters.keys());
      return refuse(cx, say.unknownName(tokenSpan(cx, e.token), "index", e.token.image, near));
    }
    case "group":
      return scalarOf(scope, ixs, e.of);
    case "prefix":
      if (e.op.image === "+") return refuse(cx, say.misplaced(exprSpan(cx, e), "scalar"));
      return call(e.op.image === "not" ? "not" : "neg", scalarOf(scope, ixs, e.of));
    case "infix": {
      const fn = infixFns[e.op.image];
      if (fn === undefined) return refuse(cx, say.misplaced(exprSpan(cx, e), "scalar"));
      return call(fn, scalarOf(scope, ixs, e.left), scalarOf(scope, ixs, e.right));
    }
    case "call":
      return calledScalar(scope, ixs, e);
    default:
      return refuse(cx, say.misplaced(exprSpan(cx, e), "scalar"));
  }
}

function calledScalar(scope: Scope, ixs: Indices, e: Extract<Expr, { e: "call" }>): Scalar {
  const { cx } = scope;
  const name = calledName(e);
  if (name === undefined) return refuse(cx, say.misplaced(exprSpan(cx, e), "scalar"));
  if (name === "dim") return { e: "dim", dim: sizeOf(cx, e) };
  const args = e.args.map((arg) => scalarOf(scope, ixs, arg));
  const [a, b, c] = args;
  const dtype = asDType(name);
  const fn = asScalarFn(name);
  const arity = dtype !== undefined ? 1 : name === "select" ? 3 : fn === undefined ? undefined : fnArity(fn);
  if (arity === undefined) {
    const near = nearest(name, ["select", "dim", ...scalarFns]);
    return refuse(cx, say.unknownName(exprSpan(cx, e.of), "function", name, near));
  }
  if (args.length !== arity) refuse(cx, say.argumentCount(exprSpan(cx, e), name, String(arity), args.length));
  if (dtype !== undefined && a) return convert(dtype, a);
  if (name === "select" && a && b && c) return select(a, b, c);
  return fn !== undefined ? call(fn, ...args) : refuse(cx, say.misplaced(exprSpan(cx, e), "scalar"));
}
