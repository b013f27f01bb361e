import { type CstNode, type IToken, tokenMatcher } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/syntax.js";
import type { SourceFile } from "../src/diagnostics/span.js";
import type { Callable, Comment, DimDecl, FileAst, Import } from "./lf.ast.js";
import type { CallableCstNode, DimDeclCstNode, ImportDeclCstNode } from "./lf.cst.js";
import { describe } from "./lf.errors.js";
import { BudgetSpent, expectedOf } from "./lf.expected.js";
import { lfParser } from "./lf.instances.js";
import { type Lexed, lex, tokenSpan } from "./lf.lex.js";
import { errorLimit, sizeLimit } from "./lf.limits.js";
import { type Structure, segmentAt, structure } from "./lf.structure.js";
import { toAst } from "./lf.toAst.js";
import * as t from "./lf.tokens.js";

export interface Parsed {
  /** Given when there is no error. */
  readonly ast: FileAst | undefined;
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Text → syntax tree. Never throws on any text; time is linear in its length.
 *
 * Several mistakes are reported in one run, at most one for each statement: what a parser says about the rest of a
 * statement after its first error is mostly wrong.
 */
export function parseFile(file: SourceFile): Parsed {
  const { length } = file.text;
  if (length > sizeLimit) {
    const diagnostics = [say.fileTooLarge({ file, start: 0, end: 0 }, length, sizeLimit)];
    return { ast: undefined, comments: [], diagnostics };
  }
  const lexed = lex(file);
  const { comments, tokens } = lexed;
  const header = readHeader(file, tokens);
  if (header.fatal) return { ast: undefined, comments, diagnostics: [header.fatal] };
  const form = structure(file, tokens, header.next);
  const early = [...lexed.diagnostics, ...(header.missing ? [header.missing] : []), ...form.diagnostics];
  if (form.tooDeep) return { ast: undefined, comments, diagnostics: inOrder(early) };

  const { declarations, diagnostics } = parseDeclarations(file, lexed, form, early);
  if (diagnostics.length > 0) return { ast: undefined, comments, diagnostics: inOrder(diagnostics) };
  const ast: FileAst = { version: 1, ...declarations, span: { file, start: 0, end: length } };
  return { ast, comments, diagnostics: [] };
}

interface Header {
  /** The first token after the header. */
  readonly next: number;
  readonly missing?: Diagnostic;
  /** The rest may be in a language that this compiler does not know. */
  readonly fatal?: Diagnostic;
}

function readHeader(file: SourceFile, tokens: readonly IToken[]): Header {
  const [word, number] = tokens;
  if (word === undefined) {
    return { next: 0, missing: say.noHeader({ file, start: file.text.length, end: file.text.length }) };
  }
  if (word.tokenType !== t.Lf || number === undefined || !tokenMatcher(number, t.Num)) {
    const lf = word.tokenType === t.Lf;
    return {
      next: lf ? 1 : 0,
      missing: lf ? say.noVersion(tokenSpan(file, word)) : say.noHeader(tokenSpan(file, word)),
    };
  }
  if (number.image !== "1") return { next: 2, fatal: say.unknownVersion(tokenSpan(file, number), number.image) };
  return { next: 2 };
}

interface Declarations {
  readonly imports: Import[];
  readonly dims: DimDecl[];
  readonly callables: Callable[];
}

function parseDeclarations(
  file: SourceFile,
  lexed: Lexed,
  { declarations: ranges, segments, damage }: Structure,
  early: readonly Diagnostic[],
): { declarations: Declarations; diagnostics: Diagnostic[] } {
  const { tokens, docs, renamed } = lexed;
  const parser = lfParser();
  const diagnostics = [...early];
  /** Statements of which something has been said. */
  const damaged = new Set<number>();
  for (const d of early) damaged.add(segmentAt(segments, d.span?.start ?? 0));
  for (const offset of damage) damaged.add(segmentAt(segments, offset));
  const declarations: Declarations = { imports: [], dims: [], callables: [] };
  const ofText: Diagnostic[] = [];
  const convert = toAst({ file, docs, callables: callableNames(tokens), report: (d) => ofText.push(d) });

  for (const { from, to } of ranges) {
    const first = tokens[from];
    if (first === undefined) continue;
    if (diagnostics.length > errorLimit) break;
    parser.input = tokens.slice(from, to);
    parser.budget.errors = errorLimit;
    const node = parseOne(first);
    for (const error of node === undefined ? [undefined] : parser.errors) {
      const at = error === undefined ? from : positionOf(tokens, error.token, from, to);
      const segment = segmentAt(segments, tokens[Math.max(from, at - 1)]?.startOffset ?? 0);
      const found = tokens[at];
      if (damaged.has(segment) || (found && at < to && renamed.has(found.image))) {
        damaged.add(segment);
        continue;
      }
      damaged.add(segment);
      const rules = error?.context.ruleStack ?? ["file"];
      const expected = error === undefined ? ["EOF"] : expectedOf(error);
      diagnostics.push(describe({ file, tokens, at, from, to, expected, rules }));
    }
    if (node === undefined || parser.errors.length > 0) continue;
    convertOne(node);
  }
  parser.input = []; // lets the last declaration go
  for (const d of ofText) {
    if (!damaged.has(segmentAt(segments, d.span?.start ?? 0))) diagnostics.push(d);
  }
  return { declarations, diagnostics };

  /** Undefined when the first token begins no declaration. */
  function parseOne(first: IToken): CstNode | undefined {
    try {
      if (first.tokenType === t.Import) return parser.importDecl();
      if (first.tokenType === t.Dim) return parser.dimDecl();
      return tokenMatcher(first, t.CallableWord) ? parser.callable() : undefined;
    } catch (thrown) {
      if (thrown instanceof BudgetSpent) return { name: "partial", children: {} };
      throw thrown;
    }
  }

  function convertOne(node: CstNode): void {
    switch (node.name) {
      case "importDecl":
        declarations.imports.push(convert.importDecl(node as ImportDeclCstNode));
        break;
      case "dimDecl":
        declarations.dims.push(convert.dimDecl(node as DimDeclCstNode));
        break;
      default:
        declarations.callables.push(convert.callable(node as CallableCstNode));
    }
  }
}

function callableNames(tokens: readonly IToken[]): ReadonlySet<string> {
  const names = new Set<string>();
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (next !== undefined && tokenMatcher(token, t.CallableWord)) names.add(next.image);
  });
  return names;
}

/** Which token an error of the parser is about: `to` for the end of the declaration. */
function positionOf(tokens: readonly IToken[], token: IToken, from: number, to: number): number {
  if (Number.isNaN(token.startOffset)) return to;
  let low = from;
  let high = to;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((tokens[mid]?.startOffset ?? 0) < token.startOffset) low = mid + 1;
    else high = mid;
  }
  return low;
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const sorted = diagnostics.toSorted((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
  if (sorted.length <= errorLimit) return sorted;
  const last = sorted[errorLimit - 1]?.span;
  const shown = sorted.slice(0, errorLimit);
  return last ? [...shown, say.moreErrors(last)] : shown;
}
