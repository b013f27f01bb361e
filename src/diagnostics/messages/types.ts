import type { Name } from "../../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, count, error, list, noteAt } from "./message.js";
import type { NotWhole } from "./sizes.js";

/** Messages about element types and shapes (language.md E1–E8, D5): LF0246 … LF0269. */

/** An operand with its type in the user's words. */
export interface Described {
  readonly span: Span;
  readonly text: string;
  readonly type: string;
}

export interface Typed {
  readonly span: Span;
  readonly text: string;
  readonly dtype: string;
}

/** What joins operands. */
export interface Joined {
  readonly by: "operator" | "comparison" | "function" | "if" | "concat";
  readonly text: string;
}

export interface DeclaredAt {
  readonly span: Span;
  readonly what: string;
}

const article = (dtype: string): string => (dtype.startsWith("i") || dtype.startsWith("f") ? "an" : "a");

/** E6: no conversion by itself. */
export function mixedTypes(span: Span, a: Typed, b: Typed, joined: Joined): Diagnostic {
  const what =
    joined.by === "operator"
      ? `${a.dtype} ${joined.text} ${b.dtype}`
      : joined.by === "comparison"
        ? `${a.dtype} compared with ${b.dtype}`
        : joined.by === "if"
          ? `an \`if\` of ${a.dtype} and ${b.dtype}`
          : `${joined.text} of ${a.dtype} and ${b.dtype}`;
  // the one that holds less becomes the other
  const order = ["bool", "u32", "i32", "f16", "f32"];
  const less = order.indexOf(a.dtype) < order.indexOf(b.dtype) ? a : b;
  const other = less === a ? b : a;
  return error("LF0246", b.span, `${what}: element types are not converted by themselves`, {
    label: b.dtype,
    notes: noteAt(a.span.start === b.span.start ? span : a.span, a.dtype),
    help: `convert one of them: ${code(`${other.dtype}(${less.text})`)}`,
  });
}

export const boolInArithmetic = (span: Span, text: string, joined: Joined): Diagnostic =>
  error(
    "LF0247",
    span,
    `a bool is not a number${joined.by === "operator" ? `: it cannot stand beside ${code(joined.text)}` : ""}`,
    {
      label: "bool",
      help: `a mask selects, it does not multiply: ${code(`sum[m where ${text}] …`)}, or ${code(`if ${text} then … else 0`)}`,
    },
  );

/** `where`, `if`, `and`, `or`, `not` take a bool. */
export function notBool(span: Span, text: string, dtype: string, wanted: string): Diagnostic {
  return error("LF0248", span, `${code(wanted)} takes a bool`, {
    label: `this is ${article(dtype)} ${dtype}`,
    help: `compare it: ${code(`${text} != 0`)}`,
  });
}

export const conditionOfTensor = (span: Span, wanted: string, text: string): Diagnostic =>
  error("LF0248", span, `${code(wanted)} takes one bool, not a whole tensor`, {
    label: "a tensor",
    help: `subscript it with the bound index: ${code(`${text}[…]`)}`,
  });

export const orderOfBools = (span: Span, op: string): Diagnostic =>
  error("LF0248", span, `bools have no order: ${code(op)}`, {
    label: "two bools",
    help: "compare them by `==` or `!=`, or join them by `and`, `or`",
  });

/** E2: no axis is stretched. */
export const twoShapes = (span: Span, a: Described, b: Described): Diagnostic =>
  error("LF0249", b.span, `${a.type} and ${b.type} are different shapes; no axis is stretched to fit`, {
    label: b.type,
    notes: noteAt(a.span.start === b.span.start ? span : a.span, a.type),
    help: `say with indices which elements meet: ${code("let y[i, j] = a[i, j] + b[j]")}`,
  });

/** E2: a forgotten subscript. */
export const tensorBesideElement = (tensor: Described, element: Described, fix: string | undefined): Diagnostic =>
  error("LF0250", tensor.span, `${code(tensor.text)} is a whole tensor beside one element`, {
    label: tensor.type,
    notes: noteAt(element.span, "one element"),
    help: fix === undefined ? `subscript it: ${code(`${tensor.text}[…]`)}` : `write ${code(fix)}`,
  });

/** E7: `1 / 2` of whole constants. */
export function inexactConstant(
  span: Span,
  left: string,
  right: string,
  a: string,
  b: string,
  why: NotWhole,
): Diagnostic {
  const value = why.is === "values" ? `${why.a} / ${why.b} is not whole` : `${a} / ${b} is not always whole`;
  const real = /^\d+$/.test(left.trim()) ? `${left.trim()}.0 / ${right}` : `f32(${left}) / ${right}`;
  return error("LF0252", span, "`/` between whole constants is exact, and this one is not", {
    label: value,
    help: `for a real number write ${code(real)}`,
  });
}

export const integerDivisor = (span: Span, text: string, op: string): Diagnostic =>
  error("LF0253", span, `whole numbers are divided by constants only`, {
    label: "not a constant",
    help: `${code(op)} of i32 takes a number or a dim on its right; for real division convert both sides: ${code(`f32(${text})`)}`,
  });

export const divisorNotPositive = (span: Span, text: string, op: string): Diagnostic =>
  error("LF0253", span, `the right side of ${code(op)} between whole numbers is at least 1`, {
    label: `${text} can be less`,
  });

export const remainderOfReals = (span: Span, text: string): Diagnostic =>
  error("LF0253", span, "`%` is for whole numbers", {
    label: `${text} is real`,
    help: "it is the remainder of a division by a positive constant",
  });

export const realFunctionOfWhole = (span: Span, fn: string, text: string, dtype: string): Diagnostic =>
  error("LF0254", span, `${fn === "^" || fn === "pow" ? code(fn) : fn} is for real numbers`, {
    label: dtype,
    help: `convert it: ${code(`f32(${text})`)}`,
  });

export const negativeUnsigned = (span: Span): Diagnostic =>
  error("LF0255", span, "a u32 is never negative", { label: "u32", help: "use i32" });

const limits: Readonly<Record<string, string>> = {
  i32: "-2147483648 … 2147483647",
  u32: "0 … 4294967295",
  f16: "at most 65504",
  f32: "at most about 3.4e38",
};

export const numberDoesNotFit = (span: Span, text: string, dtype: string): Diagnostic =>
  error("LF0255", span, `${code(text)} does not fit into ${dtype}`, {
    label: `${dtype} holds ${limits[dtype] ?? "less"}`,
  });

export const severalResults = (span: Span, names: readonly string[]): Diagnostic =>
  error("LF0256", span, `this gives ${names.length} results, not one value`, {
    label: list(names),
    help: `take them apart first: ${code(`let ${names.join(", ")} = …`)}`,
  });

export const branchesDiffer = (span: Span, a: Described, b: Described): Diagnostic =>
  error("LF0257", b.span, "both sides of an `if` have one type", {
    label: b.type,
    notes: noteAt(a.span.start === b.span.start ? span : a.span, a.type),
  });

// Subscripts (E1, D5)

export const tooManySubscripts = (
  span: Span,
  of: string,
  given: number,
  axes: readonly string[],
  declared: DeclaredAt | undefined,
): Diagnostic =>
  error(
    "LF0259",
    span,
    `${code(of)} has ${count(axes.length, "axis", "axes")}, ${count(given, "subscript is", "subscripts are")} given`,
    {
      label: "no axis is left",
      notes:
        declared === undefined ? [] : noteAt(declared.span, axes.length === 0 ? "one number" : `[${axes.join(", ")}]`),
    },
  );

export const subscriptNotWhole = (span: Span, text: string, dtype: string): Diagnostic =>
  error("LF0260", span, "a subscript is a whole number", {
    label: dtype,
    help:
      dtype === "bool" ? "to select by a mask, use `where`" : `convert it: ${code(`i32(${text})`)} rounds towards zero`,
  });

export const tensorSubscript = (span: Span, text: string, axis: string): Diagnostic =>
  error("LF0260", span, "a subscript is one number", {
    label: "a whole tensor",
    help: `subscript it too: ${code(`${text}[i]`)}, with an index i over ${axis}`,
  });

export const sliceNotConstant = (span: Span, text: string): Diagnostic =>
  error("LF0261", span, `the bounds of a slice are sizes: ${code(text)} is not known when the program is compiled`, {
    label: "not a constant",
    help: `use an index with its own range instead: ${code("let y[i: …] = x[start + i]")}`,
  });

export const sliceBelowZero = (span: Span, text: string): Diagnostic =>
  error("LF0261", span, `a slice begins at 0 or later`, { label: `${text} can be below 0` });

export function sliceTooLong(
  span: Span,
  of: string,
  to: string,
  most: number | undefined,
  fixed: boolean,
  extent: string,
  has: number | undefined,
): Diagnostic {
  const reaches = most === undefined || String(most) === to ? to : `${to} ${fixed ? "=" : "can be"} ${most}`;
  const axis = has === undefined || String(has) === extent ? extent : `${extent} = ${has}`;
  return error("LF0262", span, `the slice goes beyond the end of the axis of ${code(of)}`, {
    label: `${reaches}; the axis has ${axis}`,
    help: "a slice `a..b` takes the elements a … b - 1; b is at most the length of the axis, whatever the run-time sizes are",
  });
}

export const raggedParent = (span: Span, of: string, axis: string): Diagnostic =>
  error("LF0263", span, `another axis of ${code(of)} has the size ${axis}, which depends on this subscript`, {
    label: "not a plain index",
    help: "here an index, the counter of a repeat or a number is wanted, without arithmetic",
  });

export const raggedParentKept = (span: Span, of: string, axis: string): Diagnostic =>
  error("LF0263", span, `the size ${axis} of this axis of ${code(of)} depends on an axis that has no subscript`, {
    label: "how long it is here is not known",
    help: "subscript the axis before it with an index first",
  });

export const raggedResult = (span: Span, size: string, parent: string): Diagnostic =>
  error("LF0263", span, `the result has an axis of size ${size}, but ${parent} is not on the left before it`, {
    label: `depends on ${parent}`,
    help: `a tensor with an axis ${size} has the axis of ${parent} before it: put ${parent} on the left, or reduce the axis`,
  });

// Reductions (E4)

export const reductionOfTensor = (span: Span, op: string, text: string, type: string): Diagnostic =>
  error("LF0264", span, `${op} takes one element at a time`, {
    label: `${code(text)} is ${type}`,
    help: `subscript all axes, with the ones that stay on the left: ${code(`let y[d] = ${op}[n] x[n, d]`)}`,
  });

export const reductionOfBool = (span: Span, op: string, text: string): Diagnostic =>
  error("LF0264", span, `${op} takes numbers, this is a bool`, {
    label: "bool",
    help: `to count, write ${code(`sum[… where ${text}] 1`)}`,
  });

export const argOfSeveral = (span: Span, op: string): Diagnostic =>
  error("LF0265", span, `${op} takes one index`, {
    label: "a second one",
    help: "its result is one position along one axis",
  });

export const indexNamedLikeResult = (index: Name, target: Name): Diagnostic =>
  error("LF0266", index.span, `index ${index.text} has the name of the value that is declared`, {
    label: "the same name",
    notes: noteAt(target.span, "declared here"),
    help: "choose another letter for the index",
  });

// Types

export const dimType = (span: Span, what: "argument" | "result" | "parameter"): Diagnostic =>
  error("LF0267", span, `a ${what} cannot be a dim`, {
    label: "not a tensor type",
    help:
      what === "result"
        ? "a result is a tensor; sizes are known to the caller"
        : "a size that is chosen inside is declared by `dim N = …`; one that is chosen outside is an argument `N: dim`",
  });

export function notAType(name: Name, what: string, place: string, entity: { readonly kind: string }): Diagnostic {
  const block = entity.kind === "callable" && what === "a block";
  return error(
    "LF0268",
    name.span,
    block
      ? `a block cannot be the type of ${place === "result" ? "a result" : "an argument"}`
      : `${name.text} is ${what}, not a type`,
    {
      label: block ? "a block" : "not a type",
      help: block
        ? `declare an instance inside: ${code(`param a: ${name.text}`)}`
        : "types are f32, f16, i32, u32 and bool, with axes in brackets; a param can also be an instance of a block",
    },
  );
}

export const axisTwice = (name: Name, first: Name): Diagnostic =>
  error("LF0269", name.span, `two axes of this type are called ${name.text}`, {
    label: "again",
    notes: noteAt(first.span, "the first"),
    help: "keys and layouts need different names",
  });

export function tooManyElements(span: Span, axes: readonly string[], elements: number, atMost: boolean): Diagnostic {
  const number = elements < 1e15 ? elements.toLocaleString("en-US") : elements.toExponential(1);
  return error(
    "LF0269",
    span,
    `a tensor of [${axes.join(", ")}] has ${atMost ? "up to " : ""}${number} elements, more than 2^31`,
    {
      label: "too large",
      help: atMost
        ? "narrow the ranges of its run-time dims"
        : "positions are 32-bit numbers on every machine; make an axis smaller",
    },
  );
}
