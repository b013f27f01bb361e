import { createToken, Lexer, type TokenType } from "chevrotain";

/**
 * Every token of .lfir, the text of the graph IR, the kernel IR and programs. Words are names wherever a name may stand:
 * a buffer may be called `step`.
 */
export const Name = createToken({ name: "Name", pattern: /[A-Za-z_]\w*/ });

/** A word of the language; a name too unless it has other categories. */
const word = (text: string, ...categories: TokenType[]): TokenType =>
  createToken({
    name: text.replace(/(?:^|_)(\w)/g, (_, first: string) => first.toUpperCase()),
    pattern: text,
    label: text,
    longer_alt: Name,
    categories: categories.length > 0 ? categories : [Name],
  });
const symbol = (name: string, text: string, ...categories: TokenType[]): TokenType =>
  createToken({ name, pattern: text, label: text, categories });

/** Infix operators; `lfir.operators.ts` knows their levels. */
export const Infix = createToken({ name: "Infix", pattern: Lexer.NA });
/** Prefix operators: `-`, `not`, and `+`, which marks a sum of one part. */
export const Prefix = createToken({ name: "Prefix", pattern: Lexer.NA });

/** `Encoder.3.wq`, `grid.x`, `splat.f32x4` */
export const Dotted = createToken({ name: "Dotted", pattern: /[A-Za-z_]\w*(?:\.\w+)+/ });
/** `model.lf:5:3` in a `loc(…)`; the printer quotes longer paths. */
export const Place = createToken({ name: "Place", pattern: /[\w./\\~+@-]{1,200}:[0-9]+:[0-9]+/ });
/** `%x`, `%Encoder.3.wq`, `%7`; the remainder `a % b` has a blank behind its sign. */
export const Value = createToken({ name: "Value", pattern: /%\w[\w.]*/ });
/** `$0` */
export const Argument = createToken({ name: "Argument", pattern: /\$[0-9]+/ });
/** `@Encoder.attention` */
export const GraphName = createToken({ name: "GraphName", pattern: /@[A-Za-z_][\w.]*/ });
/** `8x4x1` */
export const Triple = createToken({ name: "Triple", pattern: /[0-9]+x[0-9]+x[0-9]+(?!\w)/ });
/** `3`, `3u`, `0.5`, `1e-7`, `0.5h` */
export const Num = createToken({ name: "Num", pattern: /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[uh]?(?![\w])/ });
export const Str = createToken({ name: "Str", pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/ });

/** `true` and `false` */
export const Truth = createToken({ name: "Truth", pattern: Lexer.NA });
export const And = word("and", Infix);
export const Or = word("or", Infix);
export const Not = word("not", Prefix);
export const True = word("true", Truth);
export const False = word("false", Truth);

// Of graphs.
export const Graph = word("graph");
export const Dim = word("dim");
export const In = word("in");
export const Step = word("step");
export const Input = word("input");
export const Param = word("param");
export const Fixed = word("fixed");
export const From = word("from");
export const As = word("as");
export const Axes = word("axes");
export const Contract = word("contract");
export const Mapping = word("map");
export const Reduce = word("reduce");
export const Softmax = word("softmax");
export const Concat = word("concat");
export const Region = word("region");
export const Result = word("result");
export const Plan = word("plan");
export const Where = word("where");
export const Over = word("over");
export const Accum = word("accum");
export const Return = word("return");
export const Loc = word("loc");
export const Fused = word("fused");
export const None = word("none");
export const Of = word("of");

// Of programs and kernels.
export const Program = word("program");
export const Output = word("output");
export const Temp = word("temp");
export const Length = word("length");
export const At = word("at");
export const Subscript = word("subscript");
export const Below = word("below");
export const Prepare = word("prepare");
export const Run = word("run");
export const Dispatch = word("dispatch");
export const Grid = word("grid");
export const By = word("x");
export const Dims = word("dims");
export const Bind = word("bind");
export const Flops = word("flops");
export const Bytes = word("bytes");
export const Choose = word("choose");
export const Kernel = word("kernel");
export const Local = word("local");
export const Subgroup = word("subgroup");
export const Read = word("read");
export const Write = word("write");
export const ReadWrite = word("read_write");
export const Shared = word("shared");
export const Scratch = word("scratch");
export const Register = word("register");
export const For = word("for");
export const Unroll = word("unroll");
export const Let = word("let");
export const If = word("if");
export const Else = word("else");
export const Pin = word("pin");
export const Barrier = word("barrier");

export const Arrow = symbol("Arrow", "->");
export const DotDot = symbol("DotDot", "..");
export const EqualEqual = symbol("EqualEqual", "==", Infix);
export const NotEqual = symbol("NotEqual", "!=", Infix);
export const LessEqual = symbol("LessEqual", "<=", Infix);
export const GreaterEqual = symbol("GreaterEqual", ">=", Infix);
export const Less = symbol("Less", "<", Infix);
export const Greater = symbol("Greater", ">", Infix);
export const Equals = symbol("Equals", "=");
export const Plus = symbol("Plus", "+", Infix, Prefix);
export const Minus = symbol("Minus", "-", Infix, Prefix);
export const Star = symbol("Star", "*", Infix);
export const Slash = symbol("Slash", "/", Infix);
export const Percent = symbol("Percent", "%", Infix);
export const Colon = symbol("Colon", ":");
export const Comma = symbol("Comma", ",");
export const Dot = symbol("Dot", ".");
export const Sign = symbol("Sign", "@");
export const LParen = symbol("LParen", "(");
export const RParen = symbol("RParen", ")");
export const LSquare = symbol("LSquare", "[");
export const RSquare = symbol("RSquare", "]");
export const LCurly = symbol("LCurly", "{");
export const RCurly = symbol("RCurly", "}");

const WhiteSpace = createToken({ name: "WhiteSpace", pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED });
const CommentText = createToken({ name: "CommentText", pattern: /\/\/[^\r\n]*/, group: Lexer.SKIPPED });

const words: readonly TokenType[] = [
  ...[And, Or, Not, True, False],
  ...[Graph, Dim, In, Step, Input, Param, Fixed, From, As, Axes, Contract, Mapping, Reduce, Softmax, Concat, Region],
  ...[Result, Plan, Where, Over, Accum, Return, Loc, Fused, None, Of],
  ...[Program, Output, Temp, Length, At, Subscript, Below, Prepare, Run, Dispatch, Grid, By, Dims, Bind, Flops, Bytes],
  ...[Choose, Kernel, Local, Subgroup, ReadWrite, Read, Write, Shared, Scratch, Register, For, Unroll, Let, If, Else],
  ...[Pin, Barrier],
];
const spelling = (type: TokenType): string => String(type.PATTERN);

/** In this order the lexer tries them; a word before those that it begins with. */
export const allTokens: readonly TokenType[] = [
  ...[WhiteSpace, CommentText, Place, Dotted],
  ...[...words].sort((a, b) => spelling(b).length - spelling(a).length),
  ...[Name, Value, Argument, GraphName, Triple, Num, Str],
  ...[Arrow, DotDot, EqualEqual, NotEqual, LessEqual, GreaterEqual, Less, Greater, Equals, Plus, Minus, Star, Slash],
  ...[Percent, Colon, Comma, Dot, Sign, LParen, RParen, LSquare, RSquare, LCurly, RCurly],
  ...[Infix, Prefix, Truth],
];
