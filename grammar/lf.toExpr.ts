import type { IToken } from "chevrotain";
import * as say from "../src/diagnostics/messages/syntax.js";
import type { DType } from "../src/ir/dtype.js";
import type * as ast from "./lf.ast.js";
import type * as cst from "./lf.cst.js";
import { numberValue, tokenEnd } from "./lf.lex.js";
import { nestingLimit } from "./lf.limits.js";
import {
  type FlatOperand,
  type FlatOperator,
  type Infix,
  join,
  type Prefix,
  resolveOperators,
} from "./lf.operators.js";
import { type AstContext, one, type Shared } from "./lf.toAst.js";

/** The expressions of `lf.toAst.ts`. `depth` is the number of brackets, `if`s, prefixes and powers around a node. */
export interface ToExpr {
  expression(node: cst.ExpressionCstNode | undefined, depth: number): ast.Expr;
  /** Values side by side, as in `return a, b`. */
  list(nodes: readonly cst.ExpressionCstNode[], depth: number): ast.Expr[];
}

export function toExpr(cx: AstContext, { name, span, size, body }: Shared): ToExpr {
  function expression(node: cst.ExpressionCstNode | undefined, depth: number): ast.Expr {
    const c = one(node).children;
    const word = c.If?.[0];
    if (word) {
      const [cond, then, otherwise] = one(c.expression).map((e) => expression(e, depth + 1));
      const last = one(otherwise);
      // biome-ignore lint/suspicious/noThenProperty: a branch of the tree, nobody awaits it
      return { kind: "if", cond: one(cond), then: one(then), else: last, span: span(word.startOffset, last.span.end) };
    }
    const operands = one(c.operand);
    const infix = c.InfixOperator;
    if (!infix) {
      const only = one(operands[0]).children;
      if (!only.prefix) return operand(only, depth).primary;
    }
    return resolveOperators(
      operands.map((o) => operand(o.children, depth)),
      (infix ?? []).map(operator),
      depth,
      cx.report,
    );
  }

  function operator(token: IToken): FlatOperator {
    return { op: token.image as Infix, span: span(token.startOffset, tokenEnd(token)) };
  }

  function list(nodes: readonly cst.ExpressionCstNode[], depth: number): ast.Expr[] {
    const values = nodes.map((e) => expression(e, depth));
    for (let i = 1; i < values.length; i++) explicitGenerics(values[i - 1], values[i]);
    return values;
  }

  /** `f<A, B>(x)` reads as the two comparisons `f < A` and `B > (x)`. */
  function explicitGenerics(left: ast.Expr | undefined, right: ast.Expr | undefined): void {
    if (left?.kind !== "compare" || right?.kind !== "compare") return;
    if (left.ops[0] !== "<" || right.ops[0] !== ">" || right.operands[1]?.kind !== "paren") return;
    const callee = left.operands[0];
    if (callee?.kind !== "name" || !cx.callables.has(callee.name.text)) return;
    cx.report(say.explicitGenerics(span(callee.span.start, right.operands[1].span.start), callee.name.text));
  }

  function operand(c: cst.OperandCstChildren, depth: number): FlatOperand {
    const prefixes = c.prefix ? c.prefix.map((p) => prefix(p.children, depth)) : noPrefixes;
    let of = primary(c, depth);
    let nested = depth;
    for (const suffix of c.suffix ?? []) {
      if (++nested > nestingLimit) {
        cx.report(say.tooDeep(span(of.span.end, of.span.end + 1), nestingLimit));
        break;
      }
      of = withSuffix(of, suffix.children, depth + 1);
    }
    return { prefixes, primary: of };
  }

  function withSuffix(of: ast.Expr, c: cst.SuffixCstChildren, depth: number): ast.Expr {
    const call = c.arguments?.[0];
    if (call) {
      const { values, end } = args(call, depth);
      return { kind: "call", callee: of, args: values, span: span(of.span.start, end) };
    }
    const subs = one(c.subscript).map((s) => subscript(s.children, depth));
    return { kind: "subscript", of, subs, span: span(of.span.start, tokenEnd(one(c.RSquare?.[0]))) };
  }

  function args(node: cst.ArgumentsCstNode | undefined, depth: number): { values: ast.Expr[]; end: number } {
    const c = one(node).children;
    return { values: c.expression ? list(c.expression, depth) : [], end: tokenEnd(one(c.RParen[0])) };
  }

  function subscript(c: cst.SubscriptCstChildren, depth: number): ast.Subscript {
    const colon = c.Colon?.[0];
    if (colon) return { kind: "all", span: span(colon.startOffset, tokenEnd(colon)) };
    const [from, to] = one(c.expression).map((e) => {
      const value = expression(e, depth);
      if (notArithmetic(value)) cx.report(say.subscriptNotArithmetic(value.span, value.kind));
      return value;
    });
    const first = one(from);
    if (!to) return { kind: "at", expr: first, span: first.span };
    return { kind: "slice", from: first, to, span: join(first.span, to.span) };
  }

  function primary(c: cst.OperandCstChildren, depth: number): ast.Expr {
    const own = c.Name?.[0];
    if (own) {
      const of = name(own);
      return { kind: "name", name: of, span: of.span };
    }
    const number = c.Num?.[0];
    if (number) {
      const text = number.image;
      const at = span(number.startOffset, tokenEnd(number));
      return { kind: "number", value: numberValue(text), whole: /^[0-9_]+$/.test(text), text, span: at };
    }
    const bool = c.True?.[0] ?? c.False?.[0];
    if (bool) return { kind: "bool", value: c.True !== undefined, span: span(bool.startOffset, tokenEnd(bool)) };
    const dtype = c.DTypeName?.[0];
    if (dtype) {
      const of = expression(c.expression?.[0], depth + 1);
      const at = span(dtype.startOffset, tokenEnd(one(c.RParen?.[0])));
      return { kind: "convert", to: dtype.image as DType, of, span: at };
    }
    const extremum = c.Extremum?.[0];
    if (extremum) {
      const callee = name(extremum);
      const { values, end } = args(c.arguments?.[0], depth + 1);
      if (values.length === 0) cx.report(say.emptyArguments(span(callee.span.start, end), callee.text));
      const at = span(callee.span.start, end);
      return { kind: "call", callee: { kind: "name", name: callee, span: callee.span }, args: values, span: at };
    }
    if (c.concat) return concat(one(c.concat[0]).children, depth);
    if (c.repeat) return repeat(one(c.repeat[0]).children, depth);
    const open = one(c.LParen?.[0]);
    const of = expression(c.expression?.[0], depth + 1);
    return { kind: "paren", of, span: span(open.startOffset, tokenEnd(one(c.RParen?.[0]))) };
  }

  function concat(c: cst.ConcatCstChildren, depth: number): ast.Expr {
    const start = one(c.Concat[0]).startOffset;
    const { values, end } = args(c.arguments[0], depth + 1);
    if (values.length === 0) cx.report(say.emptyArguments(span(start, end), "concat"));
    return { kind: "concat", index: { name: name(c.Name[0]) }, parts: values, span: span(start, end) };
  }

  function repeat(c: cst.RepeatCstChildren, depth: number): ast.Expr {
    const start = one(c.Repeat[0]).startOffset;
    const names = c.Name ?? [];
    const number = c.Num?.[0];
    const inside = body(c.body[0], depth + 1);
    return {
      kind: "repeat",
      ...(c.In ? { counter: name(names[0]) } : {}),
      count: number ? countNumber(number) : countName(one(names.at(-1))),
      states: c.state.map(({ children }) => ({
        name: name(children.Name[0]),
        init: expression(children.expression[0], depth + 1),
      })),
      body: inside,
      span: span(start, inside.span.end),
    };
  }

  function countNumber(token: IToken): ast.SizeExpr {
    const at = span(token.startOffset, tokenEnd(token));
    return { kind: "number", value: numberValue(token.image), text: token.image, span: at };
  }

  function countName(token: IToken): ast.SizeExpr {
    const of = name(token);
    return { kind: "name", name: of, span: of.span };
  }

  function prefix(c: cst.PrefixCstChildren, depth: number): Prefix {
    const sign = c.Minus?.[0] ?? c.Not?.[0];
    if (sign) {
      return { kind: c.Minus ? "neg" : "not", span: span(sign.startOffset, tokenEnd(sign)) };
    }
    const word = one(c.ReductionName?.[0]);
    const op = word.image as ast.ReductionOp;
    const binders = one(c.binder).map((b) => binder(b.children, op, depth + 1));
    return { kind: "reduction", op, binders, span: span(word.startOffset, tokenEnd(one(c.RSquare?.[0]))) };
  }

  function binder(c: cst.BinderCstChildren, op: ast.ReductionOp, depth: number): ast.Binder {
    const expressions = c.expression ?? [];
    const condition = c.Where ? expression(expressions.at(-1), depth) : undefined;
    const own = c.Name?.[0];
    const tail = condition ? { where: condition } : {};
    if (own) {
      const of = size(c.size?.[0], depth);
      return {
        index: { name: name(own), size: of },
        ...tail,
        span: span(own.startOffset, (condition ?? of).span.end),
      };
    }
    const bound = expression(expressions[0], depth);
    const at = condition ? join(bound.span, condition.span) : bound.span;
    return { ...chain(bound, op), ...tail, span: at };
  }

  /** `d`, `m <= n`, `n - W < m <= n`: the bound index stands alone, first of two or in the middle of three. */
  function chain(e: ast.Expr, op: ast.ReductionOp): Pick<ast.Binder, "index" | "chain"> {
    if (e.kind === "name") return { index: { name: e.name } };
    const dummy = { index: { name: { text: "_", span: e.span } } };
    if (e.kind !== "compare") {
      cx.report(say.binderNotIndex(e.span, op));
      return dummy;
    }
    const position = e.operands.length === 2 ? 0 : 1;
    const own = e.operands[position];
    const ops: ast.Order[] = [];
    for (const o of e.ops) {
      if (o === "==" || o === "!=") {
        cx.report(say.binderEquality(e.span, o, op));
        return dummy;
      }
      ops.push(o);
    }
    if (own?.kind !== "name") {
      const alone = e.operands.find((o) => o.kind === "name");
      cx.report(
        say.binderPosition(
          own?.span ?? e.span,
          op,
          e.operands.length,
          alone?.kind === "name" ? alone.name.text : undefined,
        ),
      );
      return dummy;
    }
    return { index: { name: own.name }, chain: { operands: e.operands, ops, position } };
  }

  return { expression, list };
}

const noPrefixes: readonly Prefix[] = [];

/** Conditions and `if` are no subscripts; in brackets they are left to the types. */
function notArithmetic(e: ast.Expr): boolean {
  return e.kind === "if" || e.kind === "or" || e.kind === "and" || e.kind === "not" || e.kind === "compare";
}
