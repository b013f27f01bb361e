import { type Doc, fill, flatText, group, ifBroken, indent, joinDocs, line, softline } from "./doc.js";
import type * as ast from "./lf.ast.js";
import { type CommentCursor, endOfBracket } from "./lf.comments.js";

/** Documents of sizes, types and expressions. Words are given out in the order of the text, with their comments. */
export interface ExprFormatter {
  /** A word that stands at `offset` in the source, behind the comments before it. */
  word(offset: number, text: string): Doc;
  name(name: ast.Name): Doc;
  size(e: ast.SizeExpr): Doc;
  type(t: ast.TypeExpr): Doc;
  target(t: ast.Target): Doc;
  expr(e: ast.Expr): Doc;
  args(list: readonly ast.Expr[], end: number, trailingComma: boolean): Doc;
  /** `open … close`, filled; `end` is the offset behind the closing bracket. */
  bracketed(open: string, items: readonly Doc[], close: string, end: number, trailingComma?: boolean): Doc;
}

/** The longest type that is never broken. */
const wordLength = 60;

export function formatExpr(text: string, cursor: CommentCursor, body: (b: ast.Body) => Doc): ExprFormatter {
  const word = (offset: number, text: string): Doc => [...cursor.before(offset), text];
  const name = (n: ast.Name): Doc => word(n.span.start, n.text);
  const comma: Doc = [",", line];

  function bracketed(open: string, items: readonly Doc[], close: string, end: number, trailingComma = false): Doc {
    const last = trailingComma && items.length > 0 ? ifBroken(",") : "";
    const inside = [softline, fill(joinDocs(items, comma)), last, ...cursor.before(end - 1)];
    return group(open, indent(...inside), softline, close);
  }

  function size(e: ast.SizeExpr): Doc {
    switch (e.kind) {
      case "number":
        return word(e.span.start, e.text ?? String(e.value));
      case "name":
        return name(e.name);
      case "entry":
        return [name(e.table), bracketed("[", [size(e.at)], "]", e.span.end)];
      case "round":
        return [name(e.fn), bracketed("(", [size(e.of)], ")", e.span.end)];
      case "binary": {
        const level = sizeLevel(e);
        return [sizeAt(e.left, level), line, `${e.op} `, sizeAt(e.right, level + 1)];
      }
    }
  }

  /** In brackets if it binds looser than its place asks for. */
  function sizeAt(e: ast.SizeExpr, level: number): Doc {
    return sizeLevel(e) < level ? ["(", size(e), ")"] : size(e);
  }

  function type(t: ast.TypeExpr): Doc {
    const head = t.head.kind === "dim" ? "dim" : t.head.kind === "dtype" ? t.head.dtype : t.head.name.text;
    const start = word(t.span.start, head);
    if (t.axes.length === 0) return start;
    const axes = t.axes.map((a) => labelled(a.name, a.size));
    // A type of usual length is one word: what stands around it breaks.
    const whole = bracketed("[", axes, "]", t.span.end);
    const flat = flatText(whole);
    return [start, flat !== undefined && flat.length <= wordLength ? flat : whole];
  }

  function labelled(own: ast.Name | undefined, of: ast.SizeExpr | undefined): Doc {
    if (own === undefined) return of === undefined ? "" : group(size(of));
    return of === undefined ? name(own) : [name(own), ": ", group(size(of))];
  }

  function target(t: ast.Target): Doc {
    const own = name(t.name);
    if (t.indices.length === 0) return own;
    const indices = t.indices.map((i) => labelled(i.name, i.size));
    return [own, bracketed("[", indices, "]", t.span.end)];
  }

  const args = (list: readonly ast.Expr[], end: number, trailingComma: boolean): Doc =>
    bracketed("(", list.map(expr), ")", end, trailingComma);

  function expr(e: ast.Expr): Doc {
    switch (e.kind) {
      case "number":
        return word(e.span.start, e.text);
      case "bool":
        return word(e.span.start, String(e.value));
      case "name":
        return name(e.name);
      case "if":
        return group(choice(e));
      case "or":
      case "and":
        return operation(e.operands, () => e.kind);
      case "not":
        return [word(e.span.start, "not "), expr(e.of)];
      case "neg":
        return [word(e.span.start, "-"), expr(e.of)];
      case "compare":
        return operation(e.operands, (i) => e.ops[i - 1] ?? "");
      case "sum":
        return operation(e.operands, (i) => e.signs[i] ?? "");
      case "product":
        return operation(e.operands, (i) => e.ops[i] ?? "");
      case "power":
        return [expr(e.base), " ^ ", expr(e.exponent)];
      case "reduction": {
        const start = word(e.span.start, e.op);
        const binders = e.binders.map(binder);
        const end = e.binders.at(-1)?.span.end ?? e.span.start;
        return [start, bracketed("[", binders, "]", endOfBracket(text, end)), " ", expr(e.of)];
      }
      case "subscript":
        return [expr(e.of), bracketed("[", e.subs.map(subscript), "]", e.span.end)];
      case "call":
        return [expr(e.callee), args(e.args, e.span.end, true)];
      case "convert":
        return [word(e.span.start, e.to), bracketed("(", [expr(e.of)], ")", e.span.end)];
      case "concat":
        return [word(e.span.start, "concat"), "[", name(e.index.name), "]", args(e.parts, e.span.end, true)];
      case "repeat": {
        const start = word(e.span.start, "repeat ");
        const counter: Doc = e.counter ? [name(e.counter), " in "] : "";
        const count = size(e.count);
        const states = e.states.map((s): Doc => [name(s.name), " = ", expr(s.init)]);
        const end = e.states.at(-1)?.init.span.end ?? e.span.start;
        return [start, counter, count, " ", bracketed("(", states, ")", endOfBracket(text, end)), " ", body(e.body)];
      }
      case "paren":
        return [...cursor.before(e.span.start), bracketed("(", [expr(e.of)], ")", e.span.end)];
    }
  }

  /** An operator begins its line. */
  function operation(operands: readonly ast.Expr[], op: (i: number) => string): Doc {
    return group(operands.map((o, i): Doc => (i === 0 ? expr(o) : [line, `${op(i)} `, expr(o)])));
  }

  /** `else if` stays on the level of the first `if`. */
  function choice(e: Extract<ast.Expr, { kind: "if" }>): Doc {
    const start = word(e.span.start, "if ");
    const cond = expr(e.cond);
    const then = expr(e.then);
    const otherwise = e.else.kind === "if" ? choice(e.else) : expr(e.else);
    return [
      start,
      indent(cond),
      " then ",
      indent(then),
      line,
      "else ",
      e.else.kind === "if" ? otherwise : indent(otherwise),
    ];
  }

  function binder(b: ast.Binder): Doc {
    const { chain } = b;
    const bound = chain
      ? chain.operands.map((o, i): Doc => (i === 0 ? expr(o) : [` ${chain.ops[i - 1] ?? ""} `, expr(o)]))
      : labelled(b.index.name, b.index.size);
    return b.where ? [bound, " where ", expr(b.where)] : bound;
  }

  function subscript(s: ast.Subscript): Doc {
    switch (s.kind) {
      case "all":
        return word(s.span.start, ":");
      case "slice":
        return [expr(s.from), "..", expr(s.to)];
      case "at":
        return expr(s.expr);
    }
  }

  return { word, name, size: (e) => group(size(e)), type, target, expr, args, bracketed };
}

function sizeLevel(e: ast.SizeExpr): number {
  if (e.kind !== "binary") return 3;
  return e.op === "*" || e.op === "/" ? 2 : 1;
}
