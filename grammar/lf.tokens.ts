import { createToken, Lexer, type TokenType } from "chevrotain";

/**
 * Every token of .lf (language.md 1). Lexing never fails: whatever is no token of the language becomes one of the
 * `wrongTokens`, which `lf.lex.ts` reports with a hand-written message.
 */

// Categories: one token kind that stands for several in the grammar.
/** `f32 f16 i32 u32 bool` */
export const DTypeName = createToken({ name: "DTypeName", pattern: Lexer.NA });
/** Words that begin a reduction. */
export const ReductionName = createToken({ name: "ReductionName", pattern: Lexer.NA });
/** `max` and `min`: reductions before `[`, functions before `(`. */
export const Extremum = createToken({ name: "Extremum", pattern: Lexer.NA });
/** Infix operators of an expression; `lf.operators.ts` knows their levels. */
export const InfixOperator = createToken({ name: "InfixOperator", pattern: Lexer.NA });
/** Infix operators of a size. */
export const SizeOperator = createToken({ name: "SizeOperator", pattern: Lexer.NA });
/** `fn`, `block`, `model` */
export const CallableWord = createToken({ name: "CallableWord", pattern: Lexer.NA });

export const Name = createToken({ name: "Name", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

/** The patterns of words that aren't keywords everywhere: names, except in the one place that asks for them. */
const contextual = (word: string): TokenType =>
  createToken({ name: title(word), pattern: word, longer_alt: Name, categories: [Name] });

const keyword = (word: string, ...categories: TokenType[]): TokenType =>
  createToken({ name: title(word), pattern: word, longer_alt: Name, categories });

const symbol = (name: string, text: string, ...categories: TokenType[]): TokenType =>
  createToken({ name, pattern: text, label: text, categories });

function title(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

export const Lf = contextual("lf");
export const Step = contextual("step");
export const From = contextual("from");
export const As = contextual("as");
export const Fixed = contextual("fixed");

export const Dim = keyword("dim");
export const Fn = keyword("fn", CallableWord);
export const Block = keyword("block", CallableWord);
export const Model = keyword("model", CallableWord);
export const Param = keyword("param");
export const Let = keyword("let");
export const Return = keyword("return");
export const Repeat = keyword("repeat");
export const In = keyword("in");
export const If = keyword("if");
export const Then = keyword("then");
export const Else = keyword("else");
export const Where = keyword("where");
export const Import = keyword("import");
export const And = keyword("and", InfixOperator);
export const Or = keyword("or", InfixOperator);
export const Not = keyword("not");
export const True = keyword("true");
export const False = keyword("false");
export const Sum = keyword("sum", ReductionName);
export const Mean = keyword("mean", ReductionName);
export const Max = keyword("max", ReductionName, Extremum);
export const Min = keyword("min", ReductionName, Extremum);
export const Prod = keyword("prod", ReductionName);
export const Softmax = keyword("softmax", ReductionName);
export const Argmax = keyword("argmax", ReductionName);
export const Argmin = keyword("argmin", ReductionName);
export const Concat = keyword("concat");
export const F32 = keyword("f32", DTypeName);
export const F16 = keyword("f16", DTypeName);
export const I32 = keyword("i32", DTypeName);
export const U32 = keyword("u32", DTypeName);
export const Bool = keyword("bool", DTypeName);

export const Num = createToken({
  name: "Num",
  pattern: /[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_]|\.(?!\.))/,
});
export const Str = createToken({ name: "Str", pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/ });

export const Arrow = symbol("Arrow", "->");
export const DotDot = symbol("DotDot", "..");
export const LessEqual = symbol("LessEqual", "<=", InfixOperator);
export const GreaterEqual = symbol("GreaterEqual", ">=", InfixOperator);
export const EqualEqual = symbol("EqualEqual", "==", InfixOperator);
export const NotEqual = symbol("NotEqual", "!=", InfixOperator);
export const Less = symbol("Less", "<", InfixOperator);
export const Greater = symbol("Greater", ">", InfixOperator);
export const Equals = symbol("Equals", "=");
export const Plus = symbol("Plus", "+", InfixOperator, SizeOperator);
export const Minus = symbol("Minus", "-", InfixOperator, SizeOperator);
export const Star = symbol("Star", "*", InfixOperator, SizeOperator);
export const Slash = symbol("Slash", "/", InfixOperator, SizeOperator);
export const Percent = symbol("Percent", "%", InfixOperator);
export const Caret = symbol("Caret", "^", InfixOperator);
export const Question = symbol("Question", "?");
export const Colon = symbol("Colon", ":");
export const Comma = symbol("Comma", ",");
export const LParen = symbol("LParen", "(");
export const RParen = symbol("RParen", ")");
export const LSquare = symbol("LSquare", "[");
export const RSquare = symbol("RSquare", "]");
export const LCurly = symbol("LCurly", "{");
export const RCurly = symbol("RCurly", "}");

/** `1.`, `.5`: not numbers here (`0..N` must be a range), but surely meant as such, so that the parser reads on. */
export const OpenNumber = createToken({
  name: "OpenNumber",
  pattern: /(?:[0-9][0-9_]*\.(?![.0-9])|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_])/,
  categories: [Num],
});
/** Digits run into letters: `2x`, `0xff`, `1e`. */
export const GluedNumber = createToken({
  name: "GluedNumber",
  pattern: /(?:\.[0-9]|[0-9])(?:[0-9A-Za-z_]|\.(?!\.))*/,
  categories: [Num],
});
/** A string without its closing quote on the line. */
export const OpenString = createToken({
  name: "OpenString",
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/,
  categories: [Str],
});
/** What other languages write: said in one message each. */
export const Foreign = createToken({
  name: "Foreign",
  pattern: /#[^\r\n]*|'(?:[^'\r\n]*')?|&&?|\|\|?|[!;~@$\\.`]/,
});
/** Those that begin with a symbol of ours, tried before it. */
export const ForeignLong = createToken({
  name: "ForeignLong",
  pattern: /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|\*\*|=>|[+\-*/]=/,
  line_breaks: true,
  categories: [Foreign],
});
/** Anything else, one character (two units for those beyond the Basic Multilingual Plane). */
export const Unknown = createToken({
  name: "Unknown",
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every character, and chevrotain cannot index `[^]`
  pattern: /[\uD800-\uDBFF][\uDC00-\uDFFF]|[\u0000-\uFFFF]/,
  line_breaks: false,
});

const WhiteSpace = createToken({ name: "WhiteSpace", pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED });
const CommentText = createToken({ name: "CommentText", pattern: /\/\/[^\r\n]*/, group: "comments" });

export const keywords: readonly TokenType[] = [
  ...[Dim, Fn, Block, Model, Param, Let, Return, Repeat, In, If, Then, Else, Where, Import, And, Or, Not, True, False],
  ...[Sum, Mean, Max, Min, Prod, Softmax, Argmax, Argmin, Concat, F32, F16, I32, U32, Bool],
];

export const contextualWords: readonly TokenType[] = [Lf, Step, From, As, Fixed];

/** In this order the lexer tries them. */
export const allTokens: readonly TokenType[] = [
  ...[WhiteSpace, CommentText],
  ...keywords,
  ...contextualWords,
  ...[Name, Num, OpenNumber, GluedNumber, Str, OpenString],
  ForeignLong,
  ...[Arrow, DotDot, LessEqual, GreaterEqual, EqualEqual, NotEqual, Less, Greater, Equals, Plus, Minus, Star, Slash],
  ...[Percent, Caret, Question, Colon, Comma, LParen, RParen, LSquare, RSquare, LCurly, RCurly],
  ...[Foreign, Unknown],
  ...[DTypeName, ReductionName, Extremum, InfixOperator, SizeOperator, CallableWord],
];

/** The word or symbol of a token kind as users write it; undefined for names, numbers, strings. */
export function spelling(type: TokenType): string | undefined {
  return typeof type.PATTERN === "string" ? type.PATTERN : undefined;
}
