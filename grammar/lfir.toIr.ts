import { type IRecognitionException, type IToken, tokenMatcher } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/lfir.js";
import { overrideUnknown } from "../src/diagnostics/messages/sizes.js";
import type { SourceFile, Span } from "../src/diagnostics/span.js";
import { nearest } from "../src/diagnostics/suggest.js";
import type { DimSymbol } from "../src/ir/dim.js";
import type { Graph } from "../src/ir/graph/ops.js";
import { verifyGraph } from "../src/ir/graph/verify.js";
import type { Kernel } from "../src/ir/kernel/ops.js";
import type { Program } from "../src/ir/program/program.js";
import { fail, ok, type Result } from "../src/util/result.js";
import type { FileText } from "./lfir.ast.js";
import { lfirParser } from "./lfir.parser.js";
import { attempt, type Context, declareDim } from "./lfir.terms.js";
import { toGraph } from "./lfir.toGraph.js";
import { toKernel } from "./lfir.toKernel.js";
import * as t from "./lfir.tokens.js";
import { toProgram } from "./lfir.toProgram.js";

/**
 * The text of the IRs, read back: what `src/ir/graph/print.ts` and `src/ir/kernel/print.ts` write, and what people write
 * in tests. A line `// ---` ends the text; what a filetest expects follows it.
 *
 * What a text stands for, or what is wrong with it:
 */
export type Read<T> = Result<T, readonly Diagnostic[]>;

/** How to read a graph. */
export interface GraphOptions {
  /** False: also a graph that `verifyGraph` refuses, as far as the builder takes it. */
  readonly verify?: boolean;
  /** `--dim Name=value`: sizes of the text that become numbers. */
  readonly dims?: ReadonlyMap<string, number>;
  /** The source files that `loc(…)` names, so that messages can show them. */
  readonly source?: (path: string) => SourceFile | undefined;
}

/** A graph. Its nodes stand in the text where no `loc(…)` says otherwise. */
export function parseGraph(file: SourceFile, options: GraphOptions = {}): Read<Graph> {
  const { verify = true, dims = new Map(), source = () => undefined } = options;
  return read(file, { dims }, "one graph", (text, cx) => {
    const [graph, ...more] = text.graphs;
    if (graph === undefined || more.length + text.programs.length + text.kernels.length > 0) return undefined;
    const spans: Span[] = [];
    const made = toGraph({ ...cx, spans, source }, graph);
    for (const name of dims.keys())
      if (!cx.symbols.has(name))
        cx.diagnostics.push(overrideUnknown(name, nearest(name, cx.symbols.keys()), file.path));
    if (made === undefined || !verify) return made;
    for (const problem of verifyGraph(made)) {
      const at = /^%(\d+) /.exec(problem)?.[1];
      cx.diagnostics.push(say.unsound(at === undefined ? undefined : spans[Number(at)], problem));
    }
    return made;
  });
}

/** A kernel; `dim` lines before it, or `symbols`, declare the run-time sizes in the lengths of its buffers. */
export function parseKernel(file: SourceFile, symbols: readonly DimSymbol[] = []): Read<Kernel> {
  const kernels = parseKernels(file, symbols);
  if (!kernels.ok) return kernels;
  const [kernel, ...more] = kernels.value;
  return kernel === undefined || more.length > 0
    ? fail([say.wrongContent(whole(file), "one kernel", "several")])
    : ok(kernel);
}

/** One or several kernels. */
export function parseKernels(file: SourceFile, symbols: readonly DimSymbol[] = []): Read<readonly Kernel[]> {
  return read(file, { symbols }, "kernels", (text, cx) => {
    if (text.kernels.length === 0 || text.graphs.length + text.programs.length > 0) return undefined;
    return text.kernels.flatMap((k) => toKernel(cx, k) ?? []);
  });
}

/** A program and its kernels. */
export function parseProgram(file: SourceFile): Read<Program> {
  return read(file, {}, "one program", (text, cx) => {
    const [program, ...more] = text.programs;
    if (program === undefined || more.length + text.graphs.length > 0) return undefined;
    return toProgram(cx, program, text.kernels);
  });
}

/** Deeper text would overflow the stack of the passes that recurse over it. */
const nestingLimit = 256;
const operatorLimit = 1024;

function read<T>(
  file: SourceFile,
  known: { readonly symbols?: readonly DimSymbol[]; readonly dims?: ReadonlyMap<string, number> },
  wanted: string,
  convert: (text: FileText, cx: Context) => T | undefined,
): Read<T> {
  const text = parse(file);
  if (!text.ok) return text;
  const cx: Context = {
    file,
    diagnostics: [],
    symbols: new Map(known.symbols?.map((s) => [s.name, s])),
    fixed: known.dims ?? new Map(),
  };
  for (const d of text.value.dims) attempt(() => declareDim(cx, d));
  const made = convert(text.value, cx);
  if (cx.diagnostics.length > 0) return fail(cx.diagnostics);
  return made === undefined ? fail([say.wrongContent(whole(file), wanted, contents(text.value))]) : ok(made);
}

const whole = (file: SourceFile): Span => ({ file, start: 0, end: 0 });

function contents({ graphs, programs, kernels }: FileText): string {
  const parts = [
    ...(graphs.length > 0 ? [graphs.length === 1 ? "a graph" : "several graphs"] : []),
    ...(programs.length > 0 ? [programs.length === 1 ? "a program" : "several programs"] : []),
    ...(kernels.length > 0 ? [kernels.length === 1 ? "a kernel" : "several kernels"] : []),
  ];
  return parts.length === 0 ? "nothing" : parts.join(" and ");
}

function parse(file: SourceFile): Read<FileText> {
  const end = /^\/\/ ---\s*$/m.exec(file.text)?.index ?? file.text.length;
  const { lexer, parser } = lfirParser();
  const { tokens, errors } = lexer.tokenize(file.text.slice(0, end));
  const [wrong] = errors;
  if (wrong !== undefined) {
    const span: Span = { file, start: wrong.offset, end: wrong.offset + wrong.length };
    return fail([say.unknownCharacter(span, file.text.slice(span.start, span.end))]);
  }
  const deep = tooDeep(tokens);
  if (deep !== undefined) return fail([say.tooDeep(spanOf(file, deep))]);
  parser.input = tokens;
  const text = parser.file();
  const [error] = parser.errors;
  return error === undefined ? ok(text) : fail([syntaxError(file, error, end)]);
}

const spanOf = (file: SourceFile, token: IToken): Span => ({
  file,
  start: token.startOffset,
  end: token.startOffset + token.image.length,
});

/** The token at which brackets, or operators one after the other, are nested too deeply. */
function tooDeep(tokens: readonly IToken[]): IToken | undefined {
  /** Operators since the last operand list began, one number for each open bracket. */
  const operators = [0];
  for (const token of tokens) {
    const here = operators.length - 1;
    if (separating.has(token.tokenType)) operators[here] = 0;
    if (opening.has(token.tokenType)) operators.push(0);
    else if (closing.has(token.tokenType) && here > 0) operators.pop();
    else if (tokenMatcher(token, t.Infix) || tokenMatcher(token, t.Prefix))
      operators[here] = (operators[here] ?? 0) + 1;
    if (operators.length > nestingLimit || (operators.at(-1) ?? 0) > operatorLimit) return token;
  }
  return undefined;
}

const opening: ReadonlySet<unknown> = new Set([t.LParen, t.LSquare, t.LCurly]);
const closing: ReadonlySet<unknown> = new Set([t.RParen, t.RSquare, t.RCurly]);
const separating: ReadonlySet<unknown> = new Set([t.Equals, t.Comma, t.DotDot, t.Arrow, t.Str, t.LCurly]);

function syntaxError(file: SourceFile, error: IRecognitionException, end: number): Diagnostic {
  const { token } = error;
  const atEnd = Number.isNaN(token.startOffset) || token.image === "";
  const span: Span = atEnd ? { file, start: end, end } : spanOf(file, token);
  const what = error.message.split(" ").map(inWords);
  return say.expected(span, [...new Set(what)], atEnd ? "the end" : `\`${token.image}\``);
}

function inWords(name: string): string {
  const special: Readonly<Record<string, string>> = {
    Name: "a name",
    Dotted: "a name with dots",
    Place: "file:line:column",
    Value: "a value %x",
    Argument: "an argument $0",
    GraphName: "a name @x",
    Triple: "three sizes 8x8x1",
    Num: "a number",
    Str: "a string",
    Infix: "an operator",
    Prefix: "a sign",
    Truth: "true or false",
    EOF: "the end",
  };
  const type = t.allTokens.find((x) => x.name === name);
  return special[name] ?? (typeof type?.PATTERN === "string" ? `\`${type.PATTERN}\`` : name);
}
