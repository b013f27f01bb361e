import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/syntax.js";
import type { Span } from "../src/diagnostics/span.js";
import { invariant } from "../src/util/invariant.js";
import type { Binder, Compare, Expr, ReductionOp } from "./lf.ast.js";
import { nestingLimit, operandLimit } from "./lf.limits.js";

/**
 * Levels and associativity of operators (language.md 1, Precedence), tightest last. The parser reads an expression as a
 * flat list; this file turns it into a tree by recursive descent over the list. A sum, a product, `or` and `and` stay
 * flat operand lists; only prefixes and `^` nest.
 */

/** One operand with what stands before it: `-`, `not` and reductions, outermost first. */
export interface FlatOperand {
  readonly prefixes: readonly Prefix[];
  readonly primary: Expr;
}
export type Prefix =
  | { readonly kind: "neg" | "not"; readonly span: Span }
  | { readonly kind: "reduction"; readonly op: ReductionOp; readonly binders: readonly Binder[]; readonly span: Span };

export type Infix = "or" | "and" | Compare | "+" | "-" | "*" | "/" | "%" | "^";
export interface FlatOperator {
  readonly op: Infix;
  readonly span: Span;
}

export const precedence: readonly {
  readonly level: number;
  readonly operators: string;
  readonly associates: string;
  readonly note: string;
}[] = [
  { level: 1, operators: "`x[…]` `f(…)`", associates: "left", note: "subscripts and calls" },
  { level: 2, operators: "`^`", associates: "right", note: "`-x ^ 2` is `-(x ^ 2)`; the exponent may begin with `-`" },
  { level: 3, operators: "`-x`", associates: "prefix", note: "" },
  { level: 4, operators: "`*` `/` `%`", associates: "left", note: "" },
  {
    level: 5,
    operators: "`sum[…]` `mean[…]` `max[…]` `min[…]` `prod[…]` `softmax[…]` `argmax[…]` `argmin[…]`",
    associates: "prefix",
    note: "takes the whole product to its right: `a * sum[d] b / c` is `a * (sum[d] (b / c))`",
  },
  { level: 6, operators: "`+` `-`", associates: "left", note: "" },
  {
    level: 7,
    operators: "`==` `!=` `<` `<=` `>` `>=`",
    associates: "chain",
    note: "a chain has at most two, in one direction: `0 <= i < n`",
  },
  { level: 8, operators: "`not`", associates: "prefix", note: "" },
  { level: 9, operators: "`and`", associates: "left", note: "" },
  { level: 10, operators: "`or`", associates: "left", note: "" },
  { level: 11, operators: "`if … then … else …`", associates: "right", note: "needs brackets inside arithmetic" },
];

/** The tree of a flat expression. `depth` is how deep it already lies; mistakes go to `report`. */
export function resolveOperators(
  operands: readonly FlatOperand[],
  operators: readonly FlatOperator[],
  depth: number,
  report: (d: Diagnostic) => void,
): Expr {
  const first = operands[0];
  invariant(first !== undefined && operands.length === operators.length + 1, () => "an operator between operands");
  if (operators.length === 0 && first.prefixes.length === 0) return first.primary;

  let at = 0; // the operand to read
  let prefix = 0; // the next of its prefixes
  let nested = depth;
  let saidDeep = false;

  const here = (): FlatOperand => operands[at] ?? first;
  const next = (): FlatOperator | undefined => operators[at];
  const advance = (): void => {
    at++;
    prefix = 0;
  };
  /** One level down. At the limit: says so and passes over the prefixes and powers that would nest further. */
  const enter = (span: Span): boolean => {
    if (nested < nestingLimit) {
      nested++;
      return true;
    }
    if (!saidDeep) report(say.tooDeep(span, nestingLimit));
    saidDeep = true;
    prefix = here().prefixes.length;
    while (next()?.op === "^") advance();
    prefix = here().prefixes.length;
    return false;
  };

  const list = (of: () => Expr, accepts: (op: Infix) => boolean): { operands: Expr[]; ops: FlatOperator[] } => {
    const list = [of()];
    const ops: FlatOperator[] = [];
    for (let op = next(); op !== undefined && accepts(op.op); op = next()) {
      ops.push(op);
      advance();
      list.push(of());
    }
    if (list.length > operandLimit) report(say.tooManyOperands(spanOf(list), operandLimit));
    return { operands: list, ops };
  };

  const or = (): Expr => {
    const { operands } = list(and, (op) => op === "or");
    return operands.length === 1 ? (operands[0] as Expr) : { kind: "or", operands, span: spanOf(operands) };
  };

  const and = (): Expr => {
    const { operands } = list(not, (op) => op === "and");
    return operands.length === 1 ? (operands[0] as Expr) : { kind: "and", operands, span: spanOf(operands) };
  };

  const not = (): Expr => {
    const before = here().prefixes[prefix];
    if (before?.kind !== "not") return compare();
    prefix++;
    if (!enter(before.span)) return not();
    const of = not();
    nested--;
    return { kind: "not", of, span: join(before.span, of.span) };
  };

  const compare = (): Expr => {
    const { operands, ops } = list(sum, isCompare);
    if (ops.length === 0) return operands[0] as Expr;
    checkChain(operands, ops, report);
    return { kind: "compare", operands, ops: ops.map((o) => o.op as Compare), span: spanOf(operands) };
  };

  const sum = (): Expr => {
    const { operands, ops } = list(product, (op) => op === "+" || op === "-");
    if (ops.length === 0) return operands[0] as Expr;
    for (let i = 0; i < ops.length; i++) {
      const softmax = trailingSoftmax(operands[i] as Expr);
      const op = ops[i];
      if (softmax && op) report(say.softmaxBeforeSum(softmax.span, softmax.of.span, op.span, op.op));
    }
    const signs = ["+" as const, ...ops.map((o) => o.op as "+" | "-")];
    return { kind: "sum", operands, signs, span: spanOf(operands) };
  };

  const product = (): Expr => {
    const { operands, ops } = list(unary, (op) => op === "*" || op === "/" || op === "%");
    if (ops.length === 0) return operands[0] as Expr;
    return {
      kind: "product",
      operands,
      ops: ["*", ...ops.map((o) => o.op as "*" | "/" | "%")],
      span: spanOf(operands),
    };
  };

  /** `-x ^ 2`, or a reduction, which reads the rest of the product. */
  const unary = (): Expr => {
    const before = here().prefixes[prefix];
    if (before === undefined) return power();
    prefix++;
    if (!enter(before.span)) return unary();
    let out: Expr;
    if (before.kind === "reduction") {
      const of = product();
      out = { kind: "reduction", op: before.op, binders: before.binders, of, span: join(before.span, of.span) };
    } else {
      const of = unary();
      if (before.kind === "not") report(say.notNeedsBrackets(before.span, of.span));
      out = { kind: before.kind, of, span: join(before.span, of.span) };
    }
    nested--;
    return out;
  };

  const power = (): Expr => {
    const base = here().primary;
    const op = next();
    if (op?.op !== "^") return base;
    advance();
    if (!enter(op.span)) return base;
    const exponent = exponentOf();
    nested--;
    return { kind: "power", base, exponent, span: join(base.span, exponent.span) };
  };

  const exponentOf = (): Expr => {
    const before = here().prefixes[prefix];
    if (before === undefined) return power();
    if (before.kind !== "neg") {
      report(
        before.kind === "reduction"
          ? say.reductionAsExponent(before.span, before.op)
          : say.notNeedsBrackets(before.span, here().primary.span),
      );
      return unary();
    }
    prefix++;
    if (!enter(before.span)) return exponentOf();
    const of = exponentOf();
    nested--;
    return { kind: "neg", of, span: join(before.span, of.span) };
  };

  const tree = or();
  invariant(at === operands.length - 1, () => "every operand is read");
  return tree;
}

const isCompare = (op: Infix): op is Compare =>
  op === "==" || op === "!=" || op === "<" || op === "<=" || op === ">" || op === ">=";

/** A chain has at most two comparisons, both upward or both downward. */
function checkChain(operands: readonly Expr[], ops: readonly FlatOperator[], report: (d: Diagnostic) => void): void {
  if (ops.length < 2) return;
  const [a, b] = ops;
  const [callee, , args] = operands;
  invariant(a && b && callee && args, () => "two operators, three operands");
  if (a.op === "<" && b.op === ">" && callee.kind === "name" && args.kind === "paren") {
    report(say.explicitGenerics(join(callee.span, b.span), callee.name.text));
    return;
  }
  const third = ops[2];
  if (third) {
    report(say.chainTooLong(third.span, ops.length));
    return;
  }
  const up = (op: Infix): boolean => op === "<" || op === "<=";
  const down = (op: Infix): boolean => op === ">" || op === ">=";
  if ((up(a.op) && up(b.op)) || (down(a.op) && down(b.op))) return;
  if (a.op === "==" || a.op === "!=" || b.op === "==" || b.op === "!=") report(say.equalityInChain(a, b));
  else report(say.chainDirections(a, b));
}

/** The unbracketed softmax at the right end of an operand: `softmax[k] s`, `2 * softmax[k] s`, `-softmax[k] s`. */
function trailingSoftmax(e: Expr): Extract<Expr, { kind: "reduction" }> | undefined {
  if (e.kind === "reduction") return e.op === "softmax" ? e : trailingSoftmax(e.of);
  if (e.kind === "neg") return trailingSoftmax(e.of);
  const last = e.kind === "product" ? e.operands.at(-1) : undefined;
  return last && trailingSoftmax(last);
}

export function join(from: Span, to: Span): Span {
  return { file: from.file, start: from.start, end: to.end };
}

function spanOf(list: readonly Expr[]): Span {
  const first = list[0];
  const last = list.at(-1);
  invariant(first && last, () => "an operand");
  return join(first.span, last.span);
}
