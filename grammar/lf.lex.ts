import { type IToken, tokenMatcher } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/characters.js";
import { keywordAsName } from "../src/diagnostics/messages/syntax.js";
import type { SourceFile, Span } from "../src/diagnostics/span.js";
import type { Comment } from "./lf.ast.js";
import { lfLexer } from "./lf.instances.js";
import { errorLimit } from "./lf.limits.js";
import { lookAlike } from "./lf.lookAlikes.js";
import * as t from "./lf.tokens.js";

/** The tokens of a file and what stands between them. Everything is in the order of the text. */
export interface Lexed {
  /** Only tokens of the language; malformed numbers and strings count as numbers and strings. */
  readonly tokens: readonly IToken[];
  readonly comments: readonly Comment[];
  /** Joined `///` text by the start of the token that it stands before. */
  readonly docs: ReadonlyMap<number, string>;
  readonly diagnostics: readonly Diagnostic[];
  /** Keywords that were read as names after saying so: an error about another use of one is the same mistake. */
  readonly renamed: ReadonlySet<string>;
}

export function lex(file: SourceFile): Lexed {
  // A byte order mark at the front says only that the file is Unicode. A blank of the same length keeps the offsets.
  const text = file.text.startsWith("\uFEFF") ? ` ${file.text.slice(1)}` : file.text;
  const { tokens: all, groups } = lfLexer().tokenize(text);
  const commentTokens = groups.comments ?? [];
  const comments = commentTokens.map((c): Comment => {
    const written = c.image.trimEnd();
    return {
      text: written,
      doc: /^\/\/\/(?!\/)/.test(written),
      span: { file, start: c.startOffset, end: c.startOffset + written.length },
    };
  });
  const { tokens, diagnostics } = reportWrong(file, all);
  const renamed = new Set<string>();
  const repaired = keywordsAsNames(file, tokens, diagnostics, renamed);
  return { tokens: repaired, comments, docs: attachDocs(repaired, comments), diagnostics, renamed };
}

export function tokenSpan(file: SourceFile, token: IToken): Span {
  return { file, start: token.startOffset, end: tokenEnd(token) };
}

export function tokenEnd(token: IToken): number {
  return token.startOffset + token.image.length;
}

/** Says what is wrong with tokens that aren't of the language, and leaves out those that mean nothing to the parser. */
function reportWrong(file: SourceFile, all: readonly IToken[]): { tokens: IToken[]; diagnostics: Diagnostic[] } {
  const tokens: IToken[] = [];
  const diagnostics: Diagnostic[] = [];
  let unknownEnd = -1; // neighbouring unknown characters are one mistake
  for (const token of all) {
    if (!mayBeWrong.has(token.tokenType) || diagnostics.length > errorLimit) {
      if (token.tokenType !== t.Unknown && !tokenMatcher(token, t.Foreign)) tokens.push(token);
      continue;
    }
    const span = tokenSpan(file, token);
    switch (token.tokenType) {
      case t.Unknown: {
        if (token.startOffset === unknownEnd) {
          unknownEnd = span.end;
          break;
        }
        unknownEnd = span.end;
        diagnostics.push(unknownCharacter(file, token, span));
        break;
      }
      case t.Foreign:
      case t.ForeignLong:
        diagnostics.push(say.foreignSymbol(span, token.image));
        break;
      case t.OpenNumber:
        diagnostics.push(say.openNumber(span, token.image));
        tokens.push(token);
        break;
      case t.GluedNumber:
        diagnostics.push(say.gluedNumber(span, token.image));
        tokens.push(token);
        break;
      case t.OpenString:
        diagnostics.push(say.openString(span));
        tokens.push(token);
        break;
      case t.Num:
        if (!isExact(token.image)) diagnostics.push(say.numberTooLarge(span, token.image));
        tokens.push(token);
        break;
      case t.Str: {
        const bad = /\\[^"\\]/.exec(token.image.replace(/\\["\\]/g, "__"));
        if (bad) {
          const start = span.start + bad.index;
          diagnostics.push(say.badEscape({ file, start, end: start + 2 }, bad[0]));
        }
        tokens.push(token);
        break;
      }
      default:
        tokens.push(token);
    }
  }
  return { tokens, diagnostics };
}

const mayBeWrong: ReadonlySet<unknown> = new Set([
  ...[t.Unknown, t.Foreign, t.ForeignLong, t.OpenNumber, t.GluedNumber, t.OpenString, t.Num, t.Str],
]);

/** A whole number is a count or an index: it must be exact. One with a dot must at least be finite. */
function isExact(image: string): boolean {
  const value = numberValue(image);
  return Number.isFinite(value) && (!/^[0-9_]+$/.test(image) || Number.isSafeInteger(value));
}

export function numberValue(image: string): number {
  return Number.parseFloat(image.replaceAll("_", ""));
}

function unknownCharacter(file: SourceFile, token: IToken, span: Span): Diagnostic {
  const char = token.image;
  if (char === "\0") return say.nulCharacter(span, /^(?:[^\0]\0|\0[^\0]){4}/.test(file.text.slice(0, 8)));
  return say.unknownCharacter(span, char, lookAlike(char));
}

/**
 * A keyword where a name is surely wanted is read as that name, so that `let sum = x` costs one message and the parser
 * stays in step. Sure are: the word after one that declares, and a word before `:` or `=` inside brackets.
 */
function keywordsAsNames(
  file: SourceFile,
  tokens: readonly IToken[],
  diagnostics: Diagnostic[],
  renamed: Set<string>,
): readonly IToken[] {
  let out: IToken[] | undefined;
  for (let i = 1; i < tokens.length; i++) {
    const token = tokens[i];
    const before = tokens[i - 1];
    const after = tokens[i + 1];
    if (token === undefined || before === undefined || !keywordSet.has(token.tokenType)) continue;
    const declares =
      (before.tokenType === t.Let ||
        before.tokenType === t.Param ||
        tokenMatcher(before, t.CallableWord) ||
        (before.tokenType === t.Dim && tokens[i - 2]?.tokenType !== t.Colon && tokens[i - 2]?.tokenType !== t.Arrow)) &&
      after !== undefined &&
      afterName.has(after.tokenType);
    const labelled =
      (before.tokenType === t.LParen || before.tokenType === t.LSquare || before.tokenType === t.Comma) &&
      (after?.tokenType === t.Colon || after?.tokenType === t.Equals);
    // A use of that name later on is no second mistake, where the keyword could not stand.
    const used = renamed.has(token.image) && !followsKeyword(token, after);
    if (!declares && !labelled && !used) continue;
    if (!used) diagnostics.push(keywordAsName(tokenSpan(file, token), token.image));
    renamed.add(token.image);
    out ??= [...tokens];
    out[i] = { ...token, tokenType: t.Name, tokenTypeIdx: t.Name.tokenTypeIdx ?? token.tokenTypeIdx };
  }
  return out ?? tokens;
}

/** Whether `after` may follow the word as a keyword; where that is hard to tell, it may. */
function followsKeyword(word: IToken, after: IToken | undefined): boolean {
  if (tokenMatcher(word, t.ReductionName) || word.tokenType === t.Concat) {
    return after?.tokenType === t.LSquare || (tokenMatcher(word, t.Extremum) && after?.tokenType === t.LParen);
  }
  if (tokenMatcher(word, t.CallableWord) || word.tokenType === t.Let || word.tokenType === t.Param) {
    return after !== undefined && tokenMatcher(after, t.Name);
  }
  if (tokenMatcher(word, t.DTypeName)) return false;
  return true;
}

const keywordSet: ReadonlySet<unknown> = new Set(t.keywords);
const afterName: ReadonlySet<unknown> = new Set([t.Equals, t.LSquare, t.Comma, t.Colon, t.LParen, t.Less]);

function attachDocs(tokens: readonly IToken[], comments: readonly Comment[]): ReadonlyMap<number, string> {
  const docs = new Map<number, string>();
  let at = 0;
  for (const comment of comments) {
    if (!comment.doc) continue;
    let token = tokens[at];
    while (token !== undefined && token.startOffset < comment.span.start) token = tokens[++at];
    if (token === undefined) break;
    const line = comment.text.slice(3).replace(/^ /, "");
    const earlier = docs.get(token.startOffset);
    docs.set(token.startOffset, earlier === undefined ? line : `${earlier}\n${line}`);
  }
  return docs;
}
