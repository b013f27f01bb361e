import type { FileAst } from "../../../grammar/lf.ast.js";
import { parseFile } from "../../../grammar/parse.js";
import { renderDiagnostics } from "../../../src/diagnostics/frame.js";

/** A tree as plain data without spans: what two texts of one program have in common. */
export function bare(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(bare);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== "span" && key !== "pathSpan")
      .map(([key, value]) => [key, bare(value)]),
  );
}

/** The tree of a text that must be right. */
export function parsed(text: string, path = "test.lf"): FileAst {
  const { ast, diagnostics } = parseFile({ path, text });
  if (ast === undefined) throw new Error(renderDiagnostics(diagnostics));
  return ast;
}

/** The value that a function with this body of one expression returns. */
export function expression(text: string): unknown {
  const ast = parsed(`lf 1 fn f() -> f32 { return ${text} }`);
  const stmt = ast.callables[0]?.body.stmts[0];
  return stmt?.kind === "return" ? shape(bare(stmt.values[0])) : undefined;
}

/** An expression with all brackets, in prefix form: `(+ a (* b c))`. */
export function shape(tree: unknown): string {
  // biome-ignore lint/suspicious/noExplicitAny: a test that looks into every kind of node
  const e = tree as any;
  const list = (nodes: unknown[]): string => nodes.map(shape).join(" ");
  switch (e.kind) {
    case "number":
      return e.text;
    case "bool":
      return String(e.value);
    case "name":
      return e.name.text;
    case "if":
      return `(if ${shape(e.cond)} ${shape(e.then)} ${shape(e.else)})`;
    case "or":
    case "and":
      return `(${e.kind} ${list(e.operands)})`;
    case "not":
    case "neg":
      return `(${e.kind} ${shape(e.of)})`;
    case "compare":
      return `(${e.ops.join(" ")} ${list(e.operands)})`;
    case "sum":
      return `(sum ${e.operands.map((o: unknown, i: number) => `${e.signs[i]}${shape(o)}`).join(" ")})`;
    case "product":
      return `(product ${e.operands.map((o: unknown, i: number) => `${e.ops[i]}${shape(o)}`).join(" ")})`;
    case "power":
      return `(^ ${shape(e.base)} ${shape(e.exponent)})`;
    case "reduction":
      return `(${e.op}[${e.binders.map(binder).join(", ")}] ${shape(e.of)})`;
    case "subscript":
      return `${shape(e.of)}[${e.subs.map(subscript).join(", ")}]`;
    case "call":
      return `${shape(e.callee)}(${e.args.map(shape).join(", ")})`;
    case "convert":
      return `${e.to}(${shape(e.of)})`;
    case "concat":
      return `concat[${e.index.name.text}](${e.parts.map(shape).join(", ")})`;
    case "paren":
      return `{${shape(e.of)}}`;
    default:
      return `<${e.kind}>`;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function binder(b: any): string {
  const own = b.index.name.text;
  const bound = b.chain
    ? b.chain.operands.map((o: unknown, i: number) => (i ? ` ${b.chain.ops[i - 1]} ` : "") + shape(o)).join("")
    : own + (b.index.size ? ": …" : "");
  return bound + (b.where ? ` where ${shape(b.where)}` : "");
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function subscript(s: any): string {
  return s.kind === "all" ? ":" : s.kind === "at" ? shape(s.expr) : `${shape(s.from)}..${shape(s.to)}`;
}
