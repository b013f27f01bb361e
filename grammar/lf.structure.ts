import { type IToken, tokenMatcher } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import * as say from "../src/diagnostics/messages/syntax.js";
import type { SourceFile, Span } from "../src/diagnostics/span.js";
import { tokenEnd, tokenSpan } from "./lf.lex.js";
import { errorLimit, nestingLimit } from "./lf.limits.js";
import * as t from "./lf.tokens.js";

/**
 * What can be seen of a file before it is parsed, in one pass over its tokens: which brackets belong together, where
 * declarations and statements begin, how deep it nests.
 *
 * Every statement begins with a reserved word, and none of these can stand inside `(…)` or `[…]`. So a bracket that is
 * still open at the next statement was forgotten, and can be named; the parser alone would only notice much later. The
 * same words cut the file into declarations that are parsed one by one: a mistake stays in its declaration, and the
 * concrete tree of one is garbage before the next is built.
 */
export interface Structure {
  /** Token ranges, `to` exclusive; the first may begin with tokens that start no declaration. */
  readonly declarations: readonly { readonly from: number; readonly to: number }[];
  /** Offsets at which declarations and statements begin, ascending. */
  readonly segments: readonly number[];
  readonly diagnostics: readonly Diagnostic[];
  /** Offsets in statements of which the diagnostics speak. */
  readonly damage: readonly number[];
  /** Nests beyond the limit: not to be parsed. */
  readonly tooDeep: boolean;
}

type Open =
  | { readonly kind: "bracket"; readonly token: IToken }
  /** `if` until its `then`, then until its `else`, then until its expression ends. */
  | { readonly kind: "if"; part: "if" | "then" | "else" };

export function structure(file: SourceFile, tokens: readonly IToken[], from: number): Structure {
  const declarations: { from: number; to: number }[] = [];
  const segments: number[] = [];
  const diagnostics: Diagnostic[] = [];
  const damage: number[] = [];
  const stack: Open[] = [];
  let start = from;

  const note = (d: Diagnostic, ...offsets: number[]): void => {
    if (diagnostics.length <= errorLimit) diagnostics.push(d);
    damage.push(...offsets);
  };
  const missing = (open: IToken, at: number): void => {
    const noticed = spanAt(file, tokens, at);
    const before = tokens[at - 1] ?? open;
    const found = tokens[at]?.image;
    const d = say.unclosedBracket(tokenSpan(file, open), open.image, noticed, found);
    // What precedes the place where it was noticed is the statement that the parser cannot finish.
    note(d, open.startOffset, before.startOffset);
  };
  const popIfs = (): void => {
    while (stack.at(-1)?.kind === "if") stack.pop();
  };
  /** Drops what is open above the innermost `{` (or everything), naming the innermost forgotten bracket. */
  const drop = (at: number, keepBraces: boolean): void => {
    let named = false;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.kind === "bracket") {
        if (keepBraces && top.token.tokenType === t.LCurly) return;
        if (!named) missing(top.token, at);
        named = true;
      }
      stack.pop();
    }
  };
  const close = (token: IToken, at: number): void => {
    popIfs();
    const wanted = openerOf(token);
    const top = stack.at(-1);
    if (top?.kind === "bracket" && top.token.tokenType === wanted) {
      stack.pop();
      return;
    }
    // Is its partner open further out, within the same braces (or, for a brace, at all)?
    let depth = stack.length - 1;
    for (; depth >= 0; depth--) {
      const open = stack[depth];
      if (open?.kind !== "bracket") continue;
      if (open.token.tokenType === wanted) break;
      if (open.token.tokenType === t.LCurly) depth = -1;
    }
    if (depth >= 0) {
      if (top?.kind === "bracket") missing(top.token, at);
      stack.length = depth;
    } else if (top?.kind === "bracket" && top.token.tokenType !== t.LCurly && token.tokenType !== t.RCurly) {
      const opened = tokenSpan(file, top.token);
      note(say.mismatchedBracket(tokenSpan(file, token), token.image, opened, top.token.image), token.startOffset);
      stack.pop();
    } else {
      note(say.strayBracket(tokenSpan(file, token), token.image), token.startOffset);
    }
  };

  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    switch (token.tokenType) {
      case t.LParen:
      case t.LSquare:
      case t.LCurly:
        stack.push({ kind: "bracket", token });
        break;
      case t.RParen:
      case t.RSquare:
      case t.RCurly:
        close(token, i);
        break;
      case t.If:
        stack.push({ kind: "if", part: "if" });
        break;
      case t.Then:
      case t.Else: {
        // Inner ones that are complete end here.
        const before = token.tokenType === t.Then ? "if" : "then";
        for (let top = stack.at(-1); top?.kind === "if"; top = stack.at(-1)) {
          if (top.part === before) {
            top.part = token.tokenType === t.Then ? "then" : "else";
            break;
          }
          stack.pop();
        }
        break;
      }
      case t.Comma:
      case t.DotDot:
        popIfs();
        break;
      case t.Let:
      case t.Param:
      case t.Return:
        drop(i, true);
        segments.push(token.startOffset);
        break;
      case t.Dim:
        if (isType(tokens[i - 1])) break;
        drop(i, true);
        segments.push(token.startOffset);
        if (stack.length === 0) {
          if (i > start) declarations.push({ from: start, to: i });
          start = i;
        }
        break;
      default:
        if (token.tokenType !== t.Import && !tokenMatcher(token, t.CallableWord)) break;
        drop(i, false);
        segments.push(token.startOffset);
        if (i > start) declarations.push({ from: start, to: i });
        start = i;
    }
    if (stack.length > nestingLimit) {
      const deep = say.tooDeep(tokenSpan(file, token), nestingLimit);
      return { declarations, segments, diagnostics: [deep], damage, tooDeep: true };
    }
  }
  drop(tokens.length, false);
  if (tokens.length > start) declarations.push({ from: start, to: tokens.length });
  return { declarations, segments, diagnostics, damage, tooDeep: false };
}

/** Whether a `dim` behind this token is the type of an argument (or, against the rules of types, of a result). */
export function isType(before: IToken | undefined): boolean {
  return before?.tokenType === t.Colon || before?.tokenType === t.Arrow;
}

/** The token at a position, or the end of the file. */
function spanAt(file: SourceFile, tokens: readonly IToken[], at: number): Span {
  const token = tokens[at];
  if (token) return tokenSpan(file, token);
  const last = tokens.at(-1);
  const end = last ? tokenEnd(last) : 0;
  return { file, start: end, end };
}

function openerOf(token: IToken): unknown {
  return token.tokenType === t.RParen ? t.LParen : token.tokenType === t.RSquare ? t.LSquare : t.LCurly;
}

/** Which statement an offset belongs to: the number of segments that begin at or before it. */
export function segmentAt(segments: readonly number[], offset: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((segments[mid] ?? 0) <= offset) low = mid + 1;
    else high = mid;
  }
  return low;
}
