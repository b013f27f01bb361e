import type { IToken } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/syntax.js";
import type { SourceFile, Span } from "../src/diagnostics/span.js";
import type { DType } from "../src/ir/dtype.js";
import { invariant } from "../src/util/invariant.js";
import type * as ast from "./lf.ast.js";
import type * as cst from "./lf.cst.js";
import { numberValue, tokenEnd } from "./lf.lex.js";
import { sizeTermLimit } from "./lf.limits.js";
import { type ToExpr, toExpr } from "./lf.toExpr.js";

/**
 * Concrete tree → syntax tree, one declaration at a time. Reports what the grammar lets pass on purpose, to say it
 * better: bodies without `return`, chains in binders, a softmax before `+`, too many operands.
 *
 * Trees given to it are complete: nothing in them was recovered.
 */
export interface ToAst {
  importDecl(node: cst.ImportDeclCstNode): ast.Import;
  dimDecl(node: cst.DimDeclCstNode): ast.DimDecl;
  callable(node: cst.CallableCstNode): ast.Callable;
}

export interface AstContext {
  readonly file: SourceFile;
  /** `///` text by the offset of the declaration's first token. */
  readonly docs: ReadonlyMap<number, string>;
  readonly report: (d: Diagnostic) => void;
  /** Names declared by `fn` and `block` in this file: `f<A, B>(x)` is told from comparisons by them. */
  readonly callables: ReadonlySet<string>;
}

/** Helpers that both halves (declarations here, expressions in `lf.toExpr.ts`) use. */
export interface Shared {
  name(token: IToken | undefined): ast.Name;
  span(start: number, end: number): Span;
  size(node: cst.SizeCstNode | undefined, depth: number): ast.SizeExpr;
  body(node: cst.BodyCstNode | undefined, depth: number): ast.Body;
}

export function toAst(cx: AstContext): ToAst {
  const { file } = cx;
  const span = (start: number, end: number): Span => ({ file, start, end });
  const shared: Shared = { name, span, size, body };
  const expr: ToExpr = toExpr(cx, shared);
  const doc = (token: IToken): string => cx.docs.get(token.startOffset) ?? "";

  function name(token: IToken | undefined): ast.Name {
    const at = one(token);
    return { text: at.image, span: span(at.startOffset, tokenEnd(at)) };
  }

  function importDecl({ children: c }: cst.ImportDeclCstNode): ast.Import {
    const path = one(c.Str[0]);
    const start = one(c.Import[0]).startOffset;
    const end = tokenEnd(c.RParen?.[0] ?? path);
    const common = {
      path: stringValue(path),
      pathSpan: span(path.startOffset, tokenEnd(path)),
      span: span(start, end),
    };
    if (!c.importName) return common;
    const names = c.importName.map(({ children }) => {
      const as = children.Name[1];
      return as ? { name: name(children.Name[0]), as: name(as) } : { name: name(children.Name[0]) };
    });
    return { ...common, names };
  }

  function dimDecl({ children: c }: cst.DimDeclCstNode): ast.DimDecl {
    const start = one(c.Dim[0]);
    const { value, end } = dimValue(c);
    const table = c.tableIndex?.[0]?.children;
    return {
      name: name(c.Name[0]),
      ...(table ? { index: { name: name(table.Name[0]), over: size(table.size[0], 1) } } : {}),
      value,
      doc: doc(start),
      span: span(start.startOffset, end),
    };
  }

  function dimValue(c: cst.DimDeclCstChildren): { value: ast.DimDecl["value"]; end: number } {
    const range = c.runtimeRange?.[0]?.children;
    if (range) {
      const [lo, hi, step] = range.size.map((s) => size(s, 0));
      const end = one(step ?? hi).span.end;
      return { value: { kind: "runtime", lo: one(lo), hi: one(hi), ...(step ? { step } : {}) }, end };
    }
    const table = c.tableEntries?.[0]?.children;
    if (table) {
      return {
        value: { kind: "table", entries: table.size.map((s) => size(s, 1)) },
        end: tokenEnd(one(table.RSquare[0])),
      };
    }
    const of = size(c.size?.[0], 0);
    return { value: { kind: "size", size: of }, end: of.span.end };
  }

  function callable({ children: c }: cst.CallableCstNode): ast.Callable {
    const word = one(c.CallableWord[0]);
    const inside = body(c.body[0], 1);
    return {
      kind: word.image as "fn" | "block" | "model",
      name: name(c.Name[0]),
      generics: c.generics?.[0]?.children.Name.map(name) ?? [],
      formals: (one(c.formals[0]).children.formal ?? []).flatMap(formal),
      results: results(c),
      body: inside,
      doc: doc(word),
      span: span(word.startOffset, inside.span.end),
    };
  }

  function formal({ children: c }: cst.FormalCstNode): ast.Formal[] {
    const of = type(c.type[0], 1);
    return c.Name.map((n) => ({ name: name(n), type: of }));
  }

  function results(c: cst.CallableCstChildren): ast.Callable["results"] {
    const several = c.results?.[0]?.children.result;
    if (!several) return [{ type: type(c.type?.[0], 0) }];
    return several.map(({ children }) => ({ name: name(children.Name[0]), type: type(children.type[0], 1) }));
  }

  function type(node: cst.TypeCstNode | undefined, depth: number): ast.TypeExpr {
    const c = one(node).children;
    const dim = c.Dim?.[0];
    if (dim) {
      return { head: { kind: "dim" }, axes: [], span: span(dim.startOffset, tokenEnd(dim)) };
    }
    const dtype = c.DTypeName?.[0];
    const start = one(dtype ?? c.Name?.[0]);
    return {
      head: dtype ? { kind: "dtype", dtype: dtype.image as DType } : { kind: "block", name: name(start) },
      axes: (c.axis ?? []).map(({ children }) => axis(children, depth + 1)),
      span: span(start.startOffset, tokenEnd(c.RSquare?.[0] ?? start)),
    };
  }

  function axis(c: cst.AxisCstChildren, depth: number): ast.TypeExpr["axes"][number] {
    const of = size(c.size[0], depth);
    const own = c.Name?.[0];
    if (!own) return { size: of, span: of.span };
    return { name: name(own), size: of, span: span(own.startOffset, of.span.end) };
  }

  function size(node: cst.SizeCstNode | undefined, depth: number): ast.SizeExpr {
    const { sizeOperand, SizeOperator } = one(node).children;
    const ops = SizeOperator ?? [];
    const operands = sizeOperand.length > sizeTermLimit ? sizeOperand.slice(0, sizeTermLimit) : sizeOperand;
    const terms = operands.map((o) => sizeOf(o.children, depth));
    let at = 0;
    const product = (): ast.SizeExpr => {
      let left = one(terms[at]);
      for (let op = ops[at]?.image; (op === "*" || op === "/") && at + 1 < terms.length; op = ops[at]?.image) {
        const right = one(terms[++at]);
        left = { kind: "binary", op, left, right, span: span(left.span.start, right.span.end) };
      }
      return left;
    };
    let left = product();
    for (let op = ops[at]?.image; (op === "+" || op === "-") && at + 1 < terms.length; op = ops[at]?.image) {
      at++;
      const right = product();
      left = { kind: "binary", op, left, right, span: span(left.span.start, right.span.end) };
    }
    if (operands !== sizeOperand) cx.report(say.tooManyOperands(left.span, sizeTermLimit));
    return left;
  }

  function sizeOf(c: cst.SizeOperandCstChildren, depth: number): ast.SizeExpr {
    const number = c.Num?.[0];
    if (number) {
      return {
        kind: "number",
        value: numberValue(number.image),
        text: number.image,
        span: span(number.startOffset, tokenEnd(number)),
      };
    }
    const own = c.Name?.[0];
    const inner = c.size?.[0];
    if (!own) {
      // Brackets leave no node; the span takes them in, so that marks and the formatter see them.
      const of = size(inner, depth + 1);
      return { ...of, span: span(one(c.LParen?.[0]).startOffset, tokenEnd(one(c.RParen?.[0]))) };
    }
    if (!inner) return { kind: "name", name: name(own), span: span(own.startOffset, tokenEnd(own)) };
    const of = size(inner, depth + 1);
    const end = tokenEnd(one(c.RSquare?.[0] ?? c.RParen?.[0]));
    const at = span(own.startOffset, end);
    return c.RSquare
      ? { kind: "entry", table: name(own), at: of, span: at }
      : { kind: "round", fn: name(own), of, span: at };
  }

  function body(node: cst.BodyCstNode | undefined, depth: number): ast.Body {
    const c = one(node).children;
    const open = one(c.LCurly[0]);
    const close = one(c.RCurly[0]);
    const whole = span(open.startOffset, tokenEnd(close));
    if (c.expression) {
      const value = expr.expression(c.expression[0], depth);
      return { stmts: [{ kind: "return", values: [value], bare: true, span: value.span }], span: whole };
    }
    const stmts = (c.statement ?? []).map((s) => statement(s.children, depth));
    checkReturn(stmts, span(close.startOffset, tokenEnd(close)));
    return { stmts, span: whole };
  }

  function checkReturn(stmts: readonly ast.Stmt[], close: Span): void {
    const at = stmts.findIndex((s) => s.kind === "return");
    if (at === stmts.length - 1) return;
    const returned = stmts[at];
    const following = stmts[at + 1];
    if (returned && following && at >= 0) {
      cx.report(say.afterReturn(following.span, returned.span));
      return;
    }
    const last = stmts.at(-1);
    const value = last?.kind === "let" ? last.value : undefined;
    cx.report(say.bodyWithoutReturn(close, value && continuedOnNextLine(value)));
  }

  /** `let t = z` and a bare expression on the next line read as one: `z\n(t + x)` is a call, `z\n-t` a difference. */
  function continuedOnNextLine(e: ast.Expr): Span | undefined {
    const breaks = (from: number, to: number): boolean => file.text.slice(from, to).includes("\n");
    if (e.kind === "call" || e.kind === "subscript") {
      const of = e.kind === "call" ? e.callee : e.of;
      const start = file.text.indexOf(e.kind === "call" ? "(" : "[", of.span.end);
      if (breaks(of.span.end, start)) return span(start, start + 1);
    }
    if (e.kind === "sum" && e.operands.length > 1) {
      const [before, after] = [one(e.operands.at(-2)), one(e.operands.at(-1))];
      const start = file.text.indexOf("-", before.span.end);
      if (e.signs.at(-1) === "-" && breaks(before.span.end, start) && start < after.span.start)
        return span(start, start + 1);
    }
    return undefined;
  }

  function statement(c: cst.StatementCstChildren, depth: number): ast.Stmt {
    if (c.letStatement) return letStatement(one(c.letStatement[0]).children, depth);
    if (c.paramStatement) return paramStatement(one(c.paramStatement[0]).children, depth);
    if (c.dimStatement) {
      const { Dim, Name, size: node } = one(c.dimStatement[0]).children;
      const word = one(Dim[0]);
      const of = size(node[0], depth);
      return { kind: "dim", name: name(Name[0]), size: of, doc: doc(word), span: span(word.startOffset, of.span.end) };
    }
    const { Return, expression } = one(c.returnStatement?.[0]).children;
    const values = expr.list(expression, depth);
    const end = one(values.at(-1)).span.end;
    return { kind: "return", values, bare: false, span: span(one(Return[0]).startOffset, end) };
  }

  function letStatement(c: cst.LetStatementCstChildren, depth: number): ast.Stmt {
    const word = one(c.Let[0]);
    const value = expr.expression(c.expression[0], depth);
    return {
      kind: "let",
      targets: c.target.map((t) => target(t.children, depth)),
      value,
      doc: doc(word),
      span: span(word.startOffset, value.span.end),
    };
  }

  function target(c: cst.TargetCstChildren, depth: number): ast.Target {
    const own = one(c.Name[0]);
    const indices = (c.index ?? []).map(({ children }): ast.IndexDecl => {
      const of = children.size?.[0];
      return of ? { name: name(children.Name[0]), size: size(of, depth + 1) } : { name: name(children.Name[0]) };
    });
    return { name: name(own), indices, span: span(own.startOffset, tokenEnd(c.RSquare?.[0] ?? own)) };
  }

  function paramStatement(c: cst.ParamStatementCstChildren, depth: number): ast.Stmt {
    const word = one(c.Param[0]);
    const of = type(c.type[0], depth);
    const init = c.initialiser?.[0]?.children;
    const strings = (c.Str ?? []).map((s) => ({ text: stringValue(s), span: span(s.startOffset, tokenEnd(s)) }));
    const from = c.From ? one(strings[0]) : undefined;
    const layout = c.As ? one(strings.at(-1)) : undefined;
    const start = init && initialiser(init, depth);
    const end = (layout ?? from ?? start ?? of).span.end;
    return {
      kind: "param",
      names: c.Name.map(name),
      type: of,
      ...(start ? { init: start } : {}),
      ...(from ? { from } : {}),
      ...(layout ? { layout } : {}),
      doc: doc(word),
      span: span(word.startOffset, end),
    };
  }

  function initialiser(
    c: cst.InitialiserCstChildren,
    depth: number,
  ): NonNullable<Extract<ast.Stmt, { kind: "param" }>["init"]> {
    const own = one(c.Name[0]);
    const start = one(c.Fixed?.[0] ?? own).startOffset;
    return {
      fixed: c.Fixed !== undefined,
      name: name(own),
      args: c.expression ? expr.list(c.expression, depth + 1) : [],
      span: span(start, tokenEnd(c.RParen?.[0] ?? own)),
    };
  }

  return { importDecl, dimDecl, callable };
}

/** What the grammar guarantees to be there. */
export function one<T>(value: T | undefined): T {
  invariant(value !== undefined, () => "a complete concrete tree");
  return value;
}

export function stringValue(token: IToken): string {
  return token.image.slice(1, -1).replace(/\\(["\\])/g, "$1");
}
