import { type IToken, tokenMatcher } from "chevrotain";
import type { Diagnostic } from "../src/diagnostics/diagnostic.js";
import { quote } from "../src/diagnostics/messages/characters.js";
import * as say from "../src/diagnostics/messages/syntax.js";
import type { SourceFile, Span } from "../src/diagnostics/span.js";
import { nearest } from "../src/diagnostics/suggest.js";
import { tokenEnd, tokenSpan } from "./lf.lex.js";
import * as t from "./lf.tokens.js";

/**
 * From an exception of the parser to a message. The parser only knows which kinds of token could have followed; what a
 * user meant is guessed from the rule, the token found and the one before it. The guesses come first, the plain
 * "expected …, found …" last.
 */
export interface SyntaxError {
  readonly file: SourceFile;
  readonly tokens: readonly IToken[];
  /** Position of the unexpected token; the end of the declaration when it is cut off. */
  readonly at: number;
  /** Where the declaration being parsed begins and ends. */
  readonly from: number;
  readonly to: number;
  readonly expected: readonly string[];
  /** Grammar rules being read, outermost first. */
  readonly rules: readonly string[];
}

export function describe(e: SyntaxError): Diagnostic {
  const found = e.tokens[e.at];
  const before = e.at > e.from ? e.tokens[e.at - 1] : undefined;
  const span = found ? tokenSpan(e.file, found) : endSpan(e);
  const cx: Context = {
    ...e,
    found,
    before,
    after: e.tokens[e.at + 1],
    rule: e.rules.at(-1) ?? "file",
    span,
    gap: before && /[\r\n]/.test(e.file.text.slice(tokenEnd(before), span.start)) ? endSpan(e) : span,
    text: found ? quote(found.image) : "the end of the file",
  };
  return (
    ofDeclaration(cx) ?? ofSize(cx) ?? ofStatement(cx) ?? ofOperand(cx) ?? ofExpression(cx) ?? ofName(cx) ?? plain(cx)
  );
}

interface Context extends SyntaxError {
  readonly found: IToken | undefined;
  readonly before: IToken | undefined;
  readonly after: IToken | undefined;
  readonly rule: string;
  /** The token found. */
  readonly span: Span;
  /** Where something is missing: the token found, or the end of the line before it. */
  readonly gap: Span;
  /** The token found, in words. */
  readonly text: string;
}

type Guess = Diagnostic | undefined;

function endSpan(e: SyntaxError): Span {
  const last = e.tokens[e.at - 1];
  const end = last ? tokenEnd(last) : e.file.text.length;
  return { file: e.file, start: end, end };
}

const is = (token: IToken | undefined, ...types: readonly unknown[]): boolean =>
  token !== undefined && types.includes(token.tokenType);

const isName = (token: IToken | undefined): token is IToken => token !== undefined && tokenMatcher(token, t.Name);

const declarationWords = ["import", "dim", "fn", "block", "model"];
const statementWords = ["let", "return", "param", "dim"];

/** Heads of declarations: what surrounds a body. */
function ofDeclaration(c: Context): Guess {
  const { found, before, rule, span, expected } = c;
  // The declaration is complete, or never began: something follows that begins none.
  if (c.rules.length <= 1 && (expected.includes("EOF") || rule === "file")) {
    if (is(found, t.Let, t.Param, t.Return)) return say.statementOutside(span, found?.image ?? "");
    return say.expectedDeclaration(span, c.text, isName(found) ? nearest(found.image, declarationWords) : undefined);
  }
  switch (rule) {
    case "importDecl":
      if (expected.includes("Str")) {
        return say.expected(c.gap, "the path of a file", c.text, 'a path is a string: `import "attention.lf"`');
      }
      return undefined;
    case "formal":
      if (expected.includes("Colon") && isName(before)) return say.missingType(tokenSpan(c.file, before), before.image);
      return undefined;
    case "callable":
      if (expected.includes("Arrow")) return say.missingResult(c.gap, c.text);
      return undefined;
    case "tableIndex":
      if (expected.includes("Colon") || expected.includes("Name")) {
        return say.tableIndex(span, isName(before) ? before.image : "Depth");
      }
      return undefined;
    case "runtimeRange":
      return say.runtimeRange(c.gap, c.text);
    case "body":
      if (expected.includes("LCurly")) {
        const after = c.rules.includes("repeat") ? "the states of the `repeat`" : "the type of the result";
        return say.expected(c.gap, "a body in braces", c.text, `write \`{ … }\` after ${after}`);
      }
      return undefined;
    default:
      return undefined;
  }
}

/** Types and sizes. */
function ofSize(c: Context): Guess {
  const { found, before, span, rule } = c;
  if (rule === "dimStatement" && is(found, t.LSquare)) {
    return say.tableElsewhere(span);
  }
  if ((rule === "type" || rule === "callable") && c.expected.includes("DTypeName")) {
    return say.expected(
      c.gap,
      "a type",
      c.text,
      "a type is `f32[N, D]`, `i32[N]`, `bool[N]`, `f32` or the name of a block",
    );
  }
  if (rule !== "sizeOperand" && rule !== "axis" && !(rule === "dimDecl" && c.expected.includes("Question")))
    return undefined;
  if (!c.expected.includes("Num")) return undefined;
  const inType = c.rules.includes("type");
  if (is(found, t.Question)) return say.runtimeElsewhere(span);
  if (is(found, t.LSquare) && c.rules.includes("dimStatement")) return say.tableElsewhere(span);
  if (is(found, t.Minus) && !tokenMatcher(before ?? c.tokens[0] ?? nothing, t.SizeOperator))
    return say.negativeSize(span);
  if (is(found, t.RSquare) && is(before, t.LSquare)) return say.emptyBrackets(span, inType ? "type" : "table");
  if (is(found, t.RSquare) && is(before, t.Comma))
    return say.trailingComma(span, "]", inType ? "the axes of a type" : "a table");
  if (is(found, t.Colon) && inType) return say.wholeAxis(span);
  return say.expected(c.gap, "a size", c.text, "a size is made of numbers, dims and `+ - * /`");
}

const nothing = { tokenTypeIdx: -1 } as IToken;

/** Between statements, and their left sides. */
function ofStatement(c: Context): Guess {
  const { found, before, after, span, rule, expected } = c;
  switch (rule) {
    case "letStatement":
    case "target":
      if (is(found, t.Colon)) return say.typeAnnotation(span);
      if (is(found, t.EqualEqual))
        return say.expected(span, "`=`", c.text, "`==` compares; a name is given its value by `=`");
      if (is(found, t.LParen)) {
        return say.expected(
          span,
          "`=`",
          c.text,
          "a function is declared by `fn` outside of the body; indices stand in `[…]`",
        );
      }
      if (rule === "target" && expected.includes("RSquare") && found && tokenMatcher(found, t.InfixOperator)) {
        return say.targetNotName(span, c.text);
      }
      if (expected.includes("Equals")) return say.expected(c.gap, "`=` and the value", c.text);
      return undefined;
    case "index":
      if (!expected.includes("Name") || isName(found)) return undefined;
      if (is(found, t.RSquare) && is(before, t.LSquare)) return say.emptyBrackets(span, "target");
      if (is(found, t.RSquare) && is(before, t.Comma)) return say.trailingComma(span, "]", "a list of indices");
      if (found && (tokenMatcher(found, t.Num) || is(found, t.Colon, t.LParen, t.Minus)))
        return say.targetNotName(span, c.text);
      return undefined;
    case "paramStatement":
      if (expected.includes("Colon")) {
        return say.expected(
          c.gap,
          "`:` and the type of the parameter",
          c.text,
          "for example `param w: f32[Model, Head]`",
        );
      }
      if (expected.includes("Str")) {
        return say.expected(c.gap, "a string", c.text, 'for example `from "to_q.weight" as "(h c) d"`');
      }
      return undefined;
    case "initialiser":
      return expected.includes("Name") ? say.initialiser(span, c.text) : undefined;
    case "body":
      break;
    default:
      return undefined;
  }
  if (expected.includes("LCurly")) return undefined;
  if (is(found, t.RCurly) && is(before, t.LCurly)) return say.emptyBody(span);
  if (!expected.includes("RCurly")) return undefined;
  // A statement is complete; the next one, `}` or more of its expression could follow.
  if (is(found, t.Equals)) {
    const target = bareTarget(c);
    return target ? say.assignment(tokenSpan(c.file, target), target.image) : say.assignInside(span);
  }
  if (is(found, t.Comma)) return say.severalValues(span);
  if (is(found, t.DotDot)) return say.strayRange(span);
  if (is(found, t.Question)) return say.strayQuestion(span);
  if (is(found, t.From) && is(c.tokens[c.at - 2], t.As)) return say.layoutBeforeFrom(span);
  if (is(found, t.Where, t.Then, t.Else, t.In)) return say.misplacedWord(span, found?.image ?? "");
  if (isName(found) && startsLine(c)) {
    const near = nearest(found.image, statementWords);
    if (near !== undefined && (isName(after) || tokenMatcher(after ?? nothing, t.Num)))
      return say.misspelled(span, c.text, near);
    if (assigns(c)) return say.assignment(span, found.image);
  }
  if (startsOperand(found)) {
    if (startsLine(c)) return say.bareAfterStatement(span, found?.image ?? "");
    return misspelledBefore(c) ?? missingOperator(c);
  }
  return undefined;
}

/** `{ retrun x`: the word that should begin the statement was read as an expression. */
function misspelledBefore(c: Context): Guess {
  const { before } = c;
  if (!isName(before) || !is(c.tokens[c.at - 2], t.LCurly)) return undefined;
  const near = nearest(before.image, statementWords);
  return near === undefined ? undefined : say.misspelled(tokenSpan(c.file, before), quote(before.image), near);
}

/** `{ y = x` or `{ y[n] = x`: the name that begins the body, when only its subscripts precede the `=`. */
function bareTarget(c: Context): IToken | undefined {
  let depth = 0;
  for (let i = c.at - 1; i > c.from && i > c.at - 64; i--) {
    const token = c.tokens[i];
    if (is(token, t.RSquare)) depth++;
    else if (is(token, t.LSquare)) depth--;
    else if (depth === 0) return isName(token) && is(c.tokens[i - 1], t.LCurly) ? token : undefined;
  }
  return undefined;
}

/** `x = …` or `x[i] = …` */
function assigns(c: Context): boolean {
  let depth = 0;
  for (let i = c.at + 1; i < c.to && i < c.at + 64; i++) {
    const token = c.tokens[i];
    if (is(token, t.LSquare)) depth++;
    else if (is(token, t.RSquare)) depth--;
    else if (depth === 0) return is(token, t.Equals);
  }
  return false;
}

/** Where a value is wanted. */
function ofOperand(c: Context): Guess {
  const { found, before, after, span, rule, expected } = c;
  if (rule === "prefix" && expected.includes("LSquare") && before) {
    return say.reductionNeedsIndex(tokenSpan(c.file, before), before.image, is(found, t.LParen));
  }
  if (rule === "concat" && expected.includes("LSquare") && before) {
    return say.reductionNeedsIndex(tokenSpan(c.file, before), before.image, true);
  }
  if (rule === "arguments" && expected.includes("LParen") && is(before, t.Max, t.Min) && before) {
    return say.reductionNeedsIndex(tokenSpan(c.file, before), before.image, false);
  }
  const wanted =
    (rule === "operand" || rule === "expression" || rule === "body" || rule === "subscript" || rule === "binder") &&
    expected.includes("Name");
  if (!wanted) return undefined;
  if (is(found, t.If)) return say.ifNeedsBrackets(span);
  if (is(found, t.Max, t.Min)) return say.reductionNeedsIndex(span, found?.image ?? "", false);
  if (is(found, t.RSquare, t.RParen, t.RCurly)) {
    const closer = found?.image ?? "";
    if (is(before, t.Comma)) return say.trailingComma(span, closer, listWord(c));
    if (is(found, t.RSquare) && is(before, t.LSquare)) {
      return say.emptyBrackets(span, rule === "binder" || c.rules.at(-2) === "binder" ? "reduction" : "subscript");
    }
    if (is(found, t.RCurly) && is(before, t.LCurly)) return say.emptyBody(span);
  }
  if (found && tokenMatcher(found, t.InfixOperator)) {
    if (before && tokenMatcher(before, t.InfixOperator)) return say.twoOperators(span, c.text, quote(before.image));
  }
  if (is(found, t.DotDot) || is(before, t.DotDot)) return say.sliceEnds(span);
  if (tokenMatcher(found ?? nothing, t.Str)) return say.strayString(span);
  if (is(found, t.Question)) return say.strayQuestion(span);
  if (is(found, t.Equals)) return say.assignInside(span);
  if (is(found, t.Colon) && is(before, t.Colon)) return say.pythonSlice(span);
  if (found && tokenMatcher(found, t.ReductionName) && !is(after, t.LSquare)) {
    return say.reductionNeedsIndex(span, found.image, false);
  }
  return say.expectedExpression(c.gap, c.text, before && quote(before.image));
}

function listWord(c: Context): string {
  if (c.rules.includes("binder") && c.rules.lastIndexOf("binder") > c.rules.lastIndexOf("suffix"))
    return "the indices of a reduction";
  return c.rules.at(-2) === "returnStatement" || c.rule === "returnStatement" ? "a `return`" : "subscripts";
}

/** After a complete value, inside brackets or an `if`. */
function ofExpression(c: Context): Guess {
  const { found, before, span, rule, expected } = c;
  if (rule === "repeat") {
    if (expected.includes("LParen") || expected.includes("Num")) return say.repeatCount(span);
  }
  if (rule === "state" && expected.includes("Equals")) return say.repeatState(span, c.text);
  if (expected.includes("Then") || expected.includes("Else")) {
    const missing = expected.includes("Then") ? "then" : "else";
    if (is(found, t.Equals)) return say.assignInside(span);
    return say.ifIncomplete(c.gap, missing, c.text);
  }
  const closes = expected.includes("RSquare") || expected.includes("RParen");
  if (!closes || !endsOperand(before)) {
    if (closes && rule === "suffix" && is(before, t.Colon)) return say.pythonSlice(span);
    return undefined;
  }
  const inExpression =
    rule === "suffix" ||
    rule === "arguments" ||
    rule === "operand" ||
    rule === "prefix" ||
    rule === "initialiser" ||
    rule === "repeat";
  if (!inExpression) return undefined;
  if (is(found, t.Equals)) return say.assignInside(span);
  if (is(found, t.Colon) && rule === "suffix") return say.pythonSlice(span);
  if (is(found, t.Comma) && rule === "operand") {
    const list = c.rules.includes("returnStatement") ? "`return x, y` lists several" : "there are no tuples";
    return say.expected(span, "`)`", c.text, `brackets hold one value; ${list}`);
  }
  if (is(found, t.DotDot)) return say.strayRange(span);
  if (is(found, t.Question)) return say.strayQuestion(span);
  if (is(found, t.Where, t.Then, t.Else, t.In)) return say.misplacedWord(span, found?.image ?? "");
  if (startsOperand(found)) return missingOperator(c);
  return undefined;
}

function missingOperator(c: Context): Diagnostic {
  return say.missingOperator(c.span, c.before ? quote(c.before.image) : "what precedes", c.text);
}

/** Where only a name can stand. */
function ofName(c: Context): Guess {
  const { found, before, span } = c;
  if (!c.expected.includes("Name") || c.expected.length > 1) return undefined;
  if (found && keywordTypes.has(found.tokenType)) return say.keywordAsName(span, found.image);
  if (is(found, t.RSquare, t.RParen, t.Greater) && is(before, t.Comma)) {
    return say.trailingComma(span, found?.image ?? "", "this list");
  }
  if (is(found, t.RParen) && is(before, t.LParen) && c.rule === "importName") {
    return say.expected(span, "a name", c.text, "leave the brackets out to import everything");
  }
  if (is(found, t.Greater) && is(before, t.Less)) {
    return say.expected(span, "a name", c.text, "leave `<>` out when there are no generics");
  }
  return undefined;
}

const keywordTypes: ReadonlySet<unknown> = new Set(t.keywords);

function plain(c: Context): Diagnostic {
  const last = c.rules.at(-1);
  const words = c.expected.map((name) =>
    name === "RSquare" || name === "RParen" || name === "Greater" ? `\`,\` or ${inWords(name)}` : inWords(name),
  );
  const list = [...new Set(words)];
  const help = last === "repeat" ? "write `repeat Depth (z = x) { … }`" : undefined;
  return say.expected(c.gap, oneOf(list), c.text, help);
}

function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? "something else";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

function inWords(name: string): string {
  switch (name) {
    case "Name":
      return "a name";
    case "Num":
      return "a number";
    case "Str":
      return "a string";
    case "EOF":
      return "a declaration";
    case "DTypeName":
      return "an element type";
    case "CallableWord":
      return "`fn`, `block` or `model`";
    default: {
      const type = t.allTokens.find((x) => x.name === name);
      return `\`${(type && t.spelling(type)) ?? name}\``;
    }
  }
}

function startsLine(c: Context): boolean {
  const end = c.before ? tokenEnd(c.before) : 0;
  return c.file.text.slice(end, c.span.start).includes("\n");
}

function endsOperand(token: IToken | undefined): boolean {
  if (token === undefined) return false;
  return isName(token) || tokenMatcher(token, t.Num) || is(token, t.RParen, t.RSquare, t.RCurly, t.True, t.False);
}

function startsOperand(token: IToken | undefined): boolean {
  if (token === undefined) return false;
  if (
    isName(token) ||
    tokenMatcher(token, t.Num) ||
    tokenMatcher(token, t.ReductionName) ||
    tokenMatcher(token, t.DTypeName)
  )
    return true;
  return is(token, t.True, t.False, t.Not, t.If, t.Concat, t.Repeat, t.LParen);
}
