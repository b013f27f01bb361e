import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, count, error, list, noteAt } from "./message.js";

/** Messages about .lfir, the text of the IRs: LF0601 … LF0649. Its readers are people who write passes and tests. */

export const unknownCharacter = (span: Span, text: string): Diagnostic =>
  error("LF0601", span, `${code(text)} is no part of .lfir`, {
    help: "values are %x, arguments $0, comments begin with //; the remainder a % b has a blank behind its sign",
  });

export const expected = (span: Span, what: readonly string[], found: string): Diagnostic =>
  error("LF0602", span, `${list(what, "or")} is expected, not ${found}`);

export const tooDeep = (span: Span): Diagnostic =>
  error("LF0603", span, "brackets are nested too deeply, or one expression has too many operators");

export const badString = (span: Span): Diagnostic =>
  error("LF0604", span, "this is no JSON string", { help: 'write " and \\ inside as \\" and \\\\' });

export const wrongContent = (span: Span, wanted: string, found: string): Diagnostic =>
  error("LF0605", span, `the text holds ${found}, not ${wanted}`);

const guess = (near: string | undefined): string | undefined =>
  near === undefined ? undefined : `did you mean ${near}?`;

export type NameKind = "value" | "size" | "index" | "variable" | "buffer" | "function" | "element type" | "initialiser";

export const unknownName = (span: Span, kind: NameKind, name: string, near?: string): Diagnostic =>
  error("LF0606", span, `there is no ${kind} ${name}`, { help: guess(near) });

export const nameTwice = (span: Span, kind: string, name: string, earlier?: Span): Diagnostic =>
  error("LF0607", span, `the ${kind} ${name} is there already`, { notes: noteAt(earlier, "it is first here") });

export const subscriptCount = (span: Span, value: string, type: string, found: number): Diagnostic =>
  error("LF0608", span, `${value} is ${type}, but has ${count(found, "subscript", "subscripts")}`);

export const wrongType = (span: Span, written: string, is: string): Diagnostic =>
  error("LF0609", span, `it is written ${written}, but is ${is}`);

export const unknownExtent = (span: Span, index: string): Diagnostic =>
  error("LF0610", span, `the extent of the index ${index} is not known`, {
    help: `say it: ${code(`over ${index}=…`)}`,
  });

export const indexMissing = (span: Span, index: string): Diagnostic =>
  error("LF0611", span, `a map has every index in its result, ${index} is missing`);

export const argumentCount = (span: Span, name: string, wanted: string, found: number): Diagnostic =>
  error("LF0612", span, `${name} takes ${wanted === "1" ? "one argument" : `${wanted} arguments`}, not ${found}`);

export const noArgument = (span: Span, position: number, known: number): Diagnostic =>
  error("LF0613", span, `there is no $${position}: the node has ${count(known, "argument", "arguments")}`);

export type Place =
  | "size"
  | "whole number"
  | "subscript"
  | "use"
  | "scalar"
  | "kernel expression"
  | "loop"
  | "condition";

const made: Readonly<Record<Place, string>> = {
  size: "whole numbers, sizes, + - * / %, floor(a / b) and ceil(a / b)",
  "whole number": "digits",
  subscript: "indices, sizes, sums, products with sizes, quotients and remainders by sizes, and values",
  use: "a value and one subscript for each of its axes: %x[i, j]",
  scalar: "$0, numbers, indices, dim(Size), functions and operators",
  "kernel expression": "numbers, variables, sizes dim.0, loads, lanes, functions and operators",
  loop: "for, unroll, grid.x, grid.y, grid.z, local.x, local.y, local.z",
  condition: "Size < 64",
};

export const misplaced = (span: Span, place: Place): Diagnostic =>
  error("LF0614", span, `this is no ${place}`, { help: `a ${place} is made of ${made[place]}` });

export const notExact = (span: Span): Diagnostic =>
  error("LF0615", span, "a size divides exactly only by a single product", {
    help: "round: floor(a / b) or ceil(a / b)",
  });

export const badRange = (span: Span, name: string): Diagnostic =>
  error("LF0616", span, `the range of ${name} is not one of whole numbers, the smaller first`);

export const noGraphs = (span: Span, op: string, wanted: boolean): Diagnostic =>
  error("LF0617", span, wanted ? "a region has a body" : `a ${op} has no body`, {
    help: "only a region is followed by { graph … }",
  });

/** What a verifier found in a text that can be read. */
export const unsound = (span: Span | undefined, problem: string): Diagnostic => ({
  code: "LF0620",
  severity: "error",
  message: problem,
  ...(span === undefined ? {} : { span }),
});
