import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { quote } from "./characters.js";
import { error } from "./message.js";

/**
 * What lfc says about text that isn't a program (LF0101 – LF0169; `characters.ts` has those of the lexer). Each message names what was found in the user's own
 * words, and its help is something that can be typed.
 */
// The file

export const noHeader = (span: Span): Diagnostic =>
  error("LF0101", span, "the file does not begin with `lf 1`", {
    label: "expected `lf 1` before this",
    help: "write `lf 1` as the first line: it says which version of the language the file is in",
  });

export const noVersion = (span: Span): Diagnostic =>
  error("LF0101", span, "the file does not begin with `lf 1`", {
    label: "expected the version after it",
    help: "write `lf 1`",
  });

export const unknownVersion = (span: Span, found: string): Diagnostic =>
  error("LF0102", span, `unknown language version ${quote(found)}`, {
    label: "this compiler knows version 1",
    help: "write `lf 1`, or use a newer lfc",
  });

export const fileTooLarge = (span: Span, length: number, limit: number): Diagnostic =>
  error("LF0103", span, `the file is too large: ${length} characters, at most ${limit} are read`, {
    help: "split it into files and `import` them; weights do not belong in the source",
  });

// Brackets and nesting

export const unclosedBracket = (span: Span, opener: string, noticed: Span, at: string | undefined): Diagnostic =>
  error("LF0111", span, `this \`${opener}\` is never closed`, {
    label: "opened here",
    notes: [
      {
        message: `\`${partner(opener)}\` is missing before ${at === undefined ? "the end of the file" : quote(at)}`,
        span: noticed,
      },
    ],
    help: `add \`${partner(opener)}\``,
  });

export const mismatchedBracket = (span: Span, closer: string, opened: Span, opener: string): Diagnostic =>
  error("LF0112", span, `\`${closer}\` does not close \`${opener}\``, {
    label: `expected \`${partner(opener)}\``,
    notes: [{ message: "opened here", span: opened }],
    help: `write \`${partner(opener)}\``,
  });

export const strayBracket = (span: Span, closer: string): Diagnostic =>
  error("LF0113", span, `nothing is open that \`${closer}\` could close`, {
    label: "no partner",
    help: `remove it, or add \`${partner(closer)}\` where it should begin`,
  });

function partner(bracket: string): string {
  const pairs = "()[]{}";
  const at = pairs.indexOf(bracket);
  return pairs.charAt(at % 2 === 0 ? at + 1 : at - 1);
}

export const tooDeep = (span: Span, limit: number): Diagnostic =>
  error("LF0114", span, `the program nests too deeply: at most ${limit} levels`, {
    label: "one level too many",
    help: "give an inner part a name with `let`",
  });

export const tooManyOperands = (span: Span, limit: number): Diagnostic =>
  error("LF0115", span, `too many operands in one expression: at most ${limit}`, {
    help: "give parts of it names with `let`, or use a reduction: `sum[i] x[i]`",
  });

// Words

export function keywordAsName(span: Span, word: string): Diagnostic {
  return error("LF0116", span, `${quote(word)} is a keyword and cannot be a name`, {
    label: "expected a name",
    help: `choose another name, for example \`${word}_\``,
  });
}

// Declarations

export function expectedDeclaration(span: Span, found: string, near: string | undefined): Diagnostic {
  return error("LF0118", span, `expected a declaration, found ${found}`, {
    label: "not the beginning of a declaration",
    help:
      near === undefined
        ? "a file consists of `import`, `dim`, `fn`, `block` and `model`"
        : `did you mean \`${near}\`?`,
  });
}

export const statementOutside = (span: Span, word: string): Diagnostic =>
  error("LF0119", span, `${quote(word)} stands outside of a body`, {
    label: "no `fn`, `block` or `model` is open here",
    help: "is there a `}` too many before it?",
  });

export const missingType = (span: Span, name: string): Diagnostic =>
  error("LF0120", span, `the argument ${quote(name)} has no type`, {
    label: "expected `: type` after it",
    help: `say what it is, for example \`${name}: f32[N]\``,
  });

export const missingResult = (span: Span, found: string): Diagnostic =>
  error("LF0121", span, `expected \`->\` and the type of the result, found ${found}`, {
    label: "the result is missing",
    help: "write what is returned before the body, for example `-> f32[N]`",
  });

export const runtimeRange = (span: Span, found: string): Diagnostic =>
  error("LF0122", span, `a run-time size needs its range, found ${found}`, {
    label: "expected `in lowest..highest`",
    help: "for example `dim Seq = ? in 1..8192`; both ends are included",
  });

export const runtimeElsewhere = (span: Span): Diagnostic =>
  error("LF0123", span, "`?` only stands in a `dim` of the file", {
    label: "a size is expected here",
    help: "declare `dim Seq = ? in 1..8192` at the top and use its name",
  });

export const tableElsewhere = (span: Span): Diagnostic =>
  error("LF0169", span, "a table of sizes only stands in a `dim` of the file", {
    label: "a size is expected here",
    help: "move the `dim` out of the body",
  });

export const tableIndex = (span: Span, over: string): Diagnostic =>
  error("LF0124", span, "the index of a table needs a name and a size", {
    label: "expected `name: size`",
    help: `for example \`dim T[i: ${over}] = […]\``,
  });

export const negativeSize = (span: Span): Diagnostic =>
  error("LF0125", span, "a size cannot begin with `-`", {
    label: "a size is at least 1",
    help: "a difference is written `N - 1`",
  });

export const wholeAxis = (span: Span): Diagnostic =>
  error("LF0126", span, "each axis of a type has a size", {
    label: "expected a size",
    help: "`:` stands in subscripts only; in a `fn` make the size a generic: `fn f<N>(x: f32[N])`",
  });

export const emptyBrackets = (span: Span, what: "type" | "subscript" | "reduction" | "table" | "target"): Diagnostic =>
  error("LF0127", span, "the brackets are empty", {
    label: "nothing between them",
    help: {
      type: "a single number is written without brackets: `x: f32`",
      subscript: "write the subscripts, or leave the brackets out for the whole tensor",
      reduction: "name the index that is reduced: `sum[i] x[i]`",
      table: "a table has one size for each entry: `[128, 64]`",
      target: "name the indices, or leave the brackets out",
    }[what],
  });

export const typeAnnotation = (span: Span): Diagnostic =>
  error("LF0128", span, "a `let` has no type", {
    label: "expected `=`",
    help: "leave the type out: it is found from the value; an index may have a range: `let y[n: Seq] = …`",
  });

export const targetNotName = (span: Span, found: string): Diagnostic =>
  error("LF0129", span, `the left side of a \`let\` binds indices by name, found ${found}`, {
    label: "expected the name of an index",
    help: "write `let y[n, d] = …`, and use `if` in the value for single elements: `if n == 0 then a else b`",
  });

export const initialiser = (span: Span, found: string): Diagnostic =>
  error("LF0130", span, `expected the name of an initialiser, found ${found}`, {
    label: "not an initialiser",
    help: "write `zeros`, `ones`, `normal(std)`, `uniform(lo, hi)` or `xavier`",
  });

// Bodies

export const emptyBody = (span: Span): Diagnostic =>
  error("LF0131", span, "the body is empty", {
    label: "nothing is returned",
    help: "write statements that end with `return …`, or one expression",
  });

export const bodyWithoutReturn = (span: Span, joined: Span | undefined): Diagnostic =>
  error("LF0132", span, "the body ends without `return`", {
    label: "expected `return …` before this",
    ...(joined === undefined
      ? {}
      : { notes: [{ message: "this continues the line above; was it meant to begin a new one?", span: joined }] }),
    help: "end the body with `return` and what it gives",
  });

export const afterReturn = (span: Span, returned: Span): Diagnostic =>
  error("LF0133", span, "nothing can follow `return`", {
    label: "never reached",
    notes: [{ message: "the body ends here", span: returned }],
    help: "move it before the `return`, or remove it",
  });

export const bareAfterStatement = (span: Span, found: string): Diagnostic =>
  error("LF0134", span, "after a statement, an expression needs `return`", {
    label: "expected a statement or `}`",
    help: `write \`return ${found}…\`; an expression stands alone in braces only by itself`,
  });

export const misspelled = (span: Span, found: string, near: string): Diagnostic =>
  error("LF0135", span, `expected a statement, found ${found}`, {
    label: "not a keyword",
    help: `did you mean \`${near}\`?`,
  });

export const assignment = (span: Span, name: string): Diagnostic =>
  error("LF0136", span, `${quote(name)} is given a value without \`let\``, {
    label: "expected a statement",
    help: `write \`let ${name} = …\`; a name is given its value once`,
  });

// Expressions

export const expectedExpression = (span: Span, found: string, after: string | undefined): Diagnostic =>
  error("LF0137", span, `expected an expression${after === undefined ? "" : ` after ${after}`}, found ${found}`, {
    label: "a value is missing here",
    help: found === "`+`" ? "there is no sign `+`; leave it out" : undefined,
  });

export const missingOperator = (span: Span, left: string, right: string): Diagnostic =>
  error("LF0138", span, `there is no operator between ${left} and ${right}`, {
    label: "an operator or a comma is missing before this",
    help: "a product is written with `*`",
  });

export const twoOperators = (span: Span, found: string, before: string): Diagnostic =>
  error("LF0139", span, `the operator ${found} follows the operator ${before}`, {
    label: "a value is missing before this",
    help: found === "`+`" ? "there is no sign `+`; leave it out" : undefined,
  });

export const trailingComma = (span: Span, closer: string, where: string): Diagnostic =>
  error("LF0140", span, `there is a comma before \`${closer}\`, but nothing after it`, {
    label: "one more item is expected, or no comma",
    help: `remove the comma: only arguments may end with one, ${where} may not`,
  });

export const explicitGenerics = (span: Span, name: string): Diagnostic =>
  error("LF0141", span, `${quote(name)} is called with sizes in \`<…>\``, {
    label: "reads as two comparisons",
    help: `write \`${name}(…)\`: dims are found from the arguments; a size that is in no argument is passed as one (\`K: dim\`)`,
  });

export const ifNeedsBrackets = (span: Span): Diagnostic =>
  error("LF0142", span, "`if` needs brackets inside an operation", {
    label: "reaches to the end of the expression",
    help: "write `(if … then … else …)`",
  });

export const ifIncomplete = (span: Span, missing: "then" | "else", found: string): Diagnostic =>
  error("LF0143", span, `expected \`${missing}\`, found ${found}`, {
    label: `the \`if\` has no \`${missing}\` yet`,
    help: "`if` is an expression and always has both: `if n > 0 then x[n - 1] else 0`",
  });

export const misplacedWord = (span: Span, word: string): Diagnostic =>
  error("LF0144", span, `${quote(word)} does not belong here`, {
    label: "unexpected",
    help: placeOf(word),
  });

function placeOf(word: string): string | undefined {
  switch (word) {
    case "where":
      return "a condition stands in the brackets of a reduction: `sum[m where keep[m]] x[m]`";
    case "then":
      return "`then` follows the condition of an `if`";
    case "else":
      return "`else` follows the `then` of an `if`; without `if` before it there is no choice";
    case "in":
      return "`in` stands in `dim N = ? in 1..8` and `repeat l in Depth (…)` only";
    default:
      return undefined;
  }
}

export const assignInside = (span: Span): Diagnostic =>
  error("LF0145", span, "`=` does not belong in an expression", {
    label: "gives a name its value",
    help: "equality is written `==`",
  });

export const severalValues = (span: Span): Diagnostic =>
  error("LF0146", span, "a `let` has one value", {
    label: "expected a statement",
    help: "write a `let` for each; `let a, b = f(x)` takes two results of one call apart",
  });

export const strayRange = (span: Span): Diagnostic =>
  error("LF0147", span, "a range `..` stands in subscripts and in `dim … = ? in …` only", {
    label: "unexpected",
    help: "a part of a tensor is `x[0..N]`",
  });

export const sliceEnds = (span: Span): Diagnostic =>
  error("LF0148", span, "a slice names both its ends", {
    label: "an end is missing",
    help: "write `0..N`; the whole axis is `:`",
  });

export const pythonSlice = (span: Span): Diagnostic =>
  error("LF0149", span, "a slice is written with `..`", {
    label: "expected `..`",
    help: "write `0..N`; the whole axis is a single `:`",
  });

export const strayString = (span: Span): Diagnostic =>
  error("LF0150", span, "a string is no value", {
    label: "unexpected",
    help: "strings stand after `import`, `from` and `as`",
  });

export const reductionNeedsIndex = (span: Span, word: string, call: boolean): Diagnostic =>
  error("LF0151", span, `${quote(word)} names the index that it runs over`, {
    label: "expected `[` and an index after it",
    help:
      word === "max" || word === "min"
        ? `write \`${word}[i] x[i]\` to reduce, \`${word}(a, b)\` for the ${word === "max" ? "greater" : "less"} of two`
        : word === "concat"
          ? "write `concat[n](a[n], b[n])`"
          : `write \`${word}[i] x[i]\`${call ? "; nothing is reduced without its index" : ""}`,
  });

export const binderNotIndex = (span: Span, op: string): Diagnostic =>
  error("LF0152", span, `\`${op}[…]\` binds an index, not an expression`, {
    label: "expected the name of an index",
    help: `write \`${op}[i]\`, \`${op}[i: Size]\`, \`${op}[i <= n]\` or \`${op}[i where condition]\``,
  });

export const binderPosition = (span: Span, op: string, operands: number, name: string | undefined): Diagnostic =>
  error(
    "LF0153",
    span,
    operands === 2
      ? "the bound index stands alone, first in the comparison"
      : "the bound index stands alone, in the middle of the chain",
    {
      label: "expected the name of the index",
      help:
        name === undefined || operands !== 2
          ? `write \`${op}[m <= n]\` or \`${op}[n - W < m <= n]\``
          : `turn it round, so that \`${name}\` comes first, or use \`where\`: \`${op}[${name}: Size where …]\``,
    },
  );

export const binderEquality = (span: Span, op: string, reduction: string): Diagnostic =>
  error("LF0154", span, `\`${op}\` is no range of an index`, {
    label: "only `<`, `<=`, `>`, `>=` bound it",
    help: `write it as a condition: \`${reduction}[m where m ${op} n]\``,
  });

export const chainDirections = (
  a: { readonly op: string; readonly span: Span },
  b: { readonly op: string; readonly span: Span },
): Diagnostic =>
  error("LF0155", b.span, "a chain of comparisons goes in one direction", {
    label: `\`${b.op}\` turns back`,
    notes: [{ message: `\`${a.op}\``, span: a.span }],
    help: "write two comparisons with `and`",
  });

export const equalityInChain = (
  a: { readonly op: string; readonly span: Span },
  b: { readonly op: string; readonly span: Span },
): Diagnostic => {
  const equality = b.op === "==" || b.op === "!=" ? b : a;
  const other = equality === a ? b : a;
  return error("LF0156", equality.span, `\`${equality.op}\` cannot be part of a chain`, {
    label: "compares a comparison",
    notes: [{ message: `\`${other.op}\``, span: other.span }],
    help: "write two comparisons with `and`",
  });
};

export const chainTooLong = (span: Span, count: number): Diagnostic =>
  error("LF0157", span, `a chain has at most two comparisons, this one has ${count}`, {
    label: "the third",
    help: "join comparisons with `and`",
  });

export const softmaxBeforeSum = (softmax: Span, operand: Span, sign: Span, op: string): Diagnostic =>
  error("LF0158", softmax, `\`softmax\` takes only the product to its right, so the \`${op}\` comes after it`, {
    label: "ends before the operator",
    notes: [{ message: `this \`${op}\` is outside of the softmax`, span: sign }],
    help: `put brackets round all that it should take, \`softmax[…] (${shortText(operand)} ${op} …)\`, or round the softmax`,
  });

function shortText(span: Span): string {
  const text = span.file.text.slice(span.start, span.end);
  return text.length > 24 || /\s\s|\n/.test(text) ? "…" : text;
}

export const notNeedsBrackets = (span: Span, of: Span): Diagnostic =>
  error("LF0159", span, "`not` needs brackets inside an operation", {
    label: "binds looser than the operator before it",
    help: `write \`(not ${shortText(of)})\``,
  });

export const reductionAsExponent = (span: Span, op: string): Diagnostic =>
  error("LF0160", span, `\`${op}\` needs brackets as an exponent`, {
    label: "would take all that follows",
    help: `write \`^ (${op}[…] …)\``,
  });

export const subscriptNotArithmetic = (span: Span, kind: string): Diagnostic =>
  error("LF0161", span, kind === "if" ? "`if` needs brackets in a subscript" : "a condition is no subscript", {
    label: kind === "if" ? "reaches to the end of the subscript" : "expected a whole number",
    help: kind === "if" ? "write `x[(if … then … else …)]`" : "a condition stands after `where` or `if`",
  });

export const emptyArguments = (span: Span, name: string): Diagnostic =>
  error("LF0162", span, `${quote(name)} needs at least one argument`, { label: "none is given" });

export const repeatCount = (span: Span): Diagnostic =>
  error("LF0163", span, "the count of `repeat` is a number or the name of a dim", {
    label: "expected `(` and the first state",
    help: "give the count a name, `dim Count = …`, and write `repeat Count (z = x) { … }`",
  });

export const repeatState = (span: Span, found: string): Diagnostic =>
  error("LF0164", span, `a state of \`repeat\` needs its first value, found ${found}`, {
    label: "expected `= value`",
    help: "write `repeat Depth (z = x) { … }`",
  });

export const strayQuestion = (span: Span): Diagnostic =>
  error("LF0165", span, "`?` does not belong in an expression", {
    label: "unexpected",
    help: "a choice is written `if … then … else …`",
  });

export const expected = (span: Span, wanted: string, found: string, help?: string): Diagnostic =>
  error("LF0166", span, `expected ${wanted}, found ${found}`, {
    label: span.start === span.end ? "missing here" : "unexpected",
    help,
  });

export const layoutBeforeFrom = (span: Span): Diagnostic =>
  error("LF0167", span, "`from` comes before `as`", {
    label: "too late",
    help: 'write `from "key" as "layout"`',
  });

export const moreErrors = (span: Span): Diagnostic =>
  error("LF0168", span, "there are more errors, which are not shown", { help: "correct the ones above first" });
