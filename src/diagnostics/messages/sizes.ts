import type { Name } from "../../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, count, error, noteAt } from "./message.js";

/** Messages about dims and sizes (language.md D1–D6) and about `--dim`: LF0227 … LF0249. */

/** Why a quotient is not known to be whole. */
export type NotWhole =
  | { readonly is: "values"; readonly a: number; readonly b: number }
  | { readonly is: "step"; readonly dim: string; readonly step: number; readonly wanted?: number }
  | { readonly is: "unknown" };

/** D3: `/` between sizes is exact. */
export function notDivisible(span: Span, a: string, b: string, why: NotWhole): Diagnostic {
  switch (why.is) {
    case "values":
      return error("LF0227", span, `${a} / ${b} is not a whole number`, {
        label: `${why.a} / ${why.b} = ${shortNumber(why.a / why.b)}`,
        help: `choose sizes that divide, or round: ${code(`ceil(${a} / ${b})`)}, ${code(`floor(${a} / ${b})`)}`,
      });
    case "step":
      return error("LF0227", span, `${a} / ${b} is not a whole number for every ${why.dim}`, {
        label: why.step === 1 ? `${why.dim} can be any number of its range` : `${why.dim} goes in steps of ${why.step}`,
        help:
          why.wanted === undefined
            ? `round: ${code(`ceil(${a} / ${b})`)}, ${code(`floor(${a} / ${b})`)}`
            : `say in its declaration that ${why.dim} is a multiple of ${why.wanted}: ${code(`dim ${why.dim} = ? in … step ${why.wanted}`)}; or round: ${code(`ceil(${a} / ${b})`)}`,
      });
    case "unknown":
      return error("LF0227", span, `${a} / ${b} is not a whole number in every case`, {
        label: "`/` between whole constants is exact",
        help: `round: ${code(`floor(${a} / ${b})`)}; or use ${code("%")} for what is left over`,
      });
  }
}

const shortNumber = (x: number): string => String(Number(x.toPrecision(6)));

export const divideByZero = (span: Span): Diagnostic =>
  error("LF0228", span, "this divides by 0, or by something that can be 0", { label: "the divisor is at least 1" });

/** D1. */
export const divisorIsSum = (span: Span, divisor: string): Diagnostic =>
  error("LF0229", span, "a size is divided by a single term only", {
    label: `${divisor} is a sum`,
    help: "give the quotient a dim of its own and write the other size as a product of it",
  });

export const sizeBelowOne = (span: Span, size: string, least?: number): Diagnostic =>
  error("LF0230", span, "a size is at least 1", {
    label:
      least === undefined || String(least) === size || !Number.isFinite(least)
        ? /^-?\d+$/.test(size)
          ? `this is ${size}`
          : `${size} can be less`
        : `${size} can be ${least}`,
  });

export const sizeTooLarge = (span: Span, size: string, value: number): Diagnostic =>
  error("LF0231", span, `the size ${code(size)} is too large`, {
    label: size === String(value) ? "at most 2147483647" : `${value}; at most 2147483647`,
    help: "positions are 32-bit numbers on every machine",
  });

export const sizeOverflow = (span: Span): Diagnostic =>
  error("LF0231", span, "the numbers in this size become too large to be counted exactly", {
    label: "more than 2^53",
    help: "a size is below 2^31; split the dimension",
  });

export const sizeTooLong = (span: Span): Diagnostic =>
  error("LF0231", span, "this size multiplies out to more than 64 terms", {
    label: "too many terms",
    help: "give parts of it a dim of their own",
  });

export const fractionalSize = (span: Span, value: number): Diagnostic =>
  error("LF0232", span, "a size is a whole number", {
    label: `${value} is not whole`,
    help: `write ${Math.max(1, Math.round(value))}`,
  });

export const dimOfItself = (name: Name): Diagnostic =>
  error("LF0233", name.span, `the dim ${name.text} is defined by itself`, {
    label: "its value is needed to find its value",
    help: `give it a number, ${code("? in …")}, or a size made of other dims`,
  });

// `?`

export const rangeNotConstant = (span: Span, dim: string): Diagnostic =>
  error("LF0234", span, `the range of ${dim} is not constant`, {
    label: "made of numbers and dims given by numbers only",
  });

export const emptyRange = (span: Span, dim: string, lo: number, hi: number): Diagnostic =>
  error("LF0234", span, `the range of ${dim} is empty`, {
    label: `${lo} is more than ${hi}`,
    help: `the least value comes first: ${code(`${hi}..${lo}`)}; both ends belong to the range`,
  });

export const rangeNotStep = (span: Span, dim: string, end: number, step: number, at: Span): Diagnostic =>
  error("LF0234", span, `both ends of the range of ${dim} are multiples of its step`, {
    label: `${end} is not a multiple of ${step}`,
    notes: noteAt(at, "the step"),
    help: `the nearest multiples are ${Math.max(step, Math.floor(end / step) * step)} and ${Math.ceil(end / step) * step}`,
  });

// Tables

export const tableWithoutIndex = (name: Name, entries: number): Diagnostic =>
  error("LF0235", name.span, `${name.text} is a list of sizes, but does not say over which dim`, {
    label: `${count(entries, "entry", "entries")} for what?`,
    help: `name an index and its dim: ${code(`dim ${name.text}[i: …] = […]`)}`,
  });

export const indexWithoutTable = (name: Name, index: Name): Diagnostic =>
  error("LF0235", index.span, `${name.text} has an index, but one size only`, {
    label: `one entry for each ${index.text} is wanted`,
    help: `write a list: ${code(`dim ${name.text}[${index.text}: …] = […]`)}`,
  });

export const tableNotConstant = (span: Span, table: string): Diagnostic =>
  error("LF0235", span, `the table ${table} is not constant`, {
    label: "this size is known only at run time",
    help: "the entries of a table, and how many there are, are made of numbers",
  });

export const tableLength = (
  span: Span,
  table: string,
  entries: number,
  over: string,
  length: number,
  at: Span,
): Diagnostic =>
  error(
    "LF0236",
    span,
    `the table ${table} has ${count(entries, "size", "sizes")}, but ${over === String(length) ? `${length} are wanted` : `${over} is ${length}`}`,
    {
      label: `${entries} here`,
      notes: noteAt(at, over === String(length) ? `${length} wanted` : `${over} = ${length}`),
      help: `write one size for each: ${length} entries`,
    },
  );

export const tableOverOther = (span: Span, table: string, over: string, index: string, range: string): Diagnostic =>
  error("LF0237", span, `${table} is a table over ${over}, but ${index} ranges over ${range}`, {
    label: `not an index of ${over}`,
    help: `take the entry by an index over ${over}; dims are compared by name, not by value`,
  });

export const tableEntryOutside = (span: Span, table: string, at: number, length: number, over: string): Diagnostic =>
  error("LF0238", span, `the table ${table} has no entry ${at}`, {
    label: `it has ${count(length, "entry", "entries")}, 0 … ${length - 1}`,
    help: over === String(length) ? undefined : `${table} is a table over ${over}`,
  });

export const tableSubscript = (span: Span, table: string): Diagnostic =>
  error(
    "LF0239",
    span,
    `an entry of the table ${table} is taken by a bound index, the counter of a repeat or a number`,
    {
      label: "none of these",
    },
  );

export const tableAxisUnnamed = (name: Name, table: string, over: string): Diagnostic =>
  error("LF0239", name.span, `no axis before this one is called ${name.text}`, {
    label: `${table}[${name.text}] needs an axis ${name.text} over ${over}`,
    help: `name it: ${code(`[${name.text}: ${over}, ${table}[${name.text}]]`)}`,
  });

export const tableAsSize = (name: Name, at: Span | undefined): Diagnostic =>
  error("LF0240", name.span, `${name.text} is a table of sizes, not one size`, {
    label: "which entry?",
    notes: noteAt(at, "the table"),
    help: `take one entry: ${code(`${name.text}[i]`)}`,
  });

export const notATable = (name: Name, what: string, at: Span | undefined): Diagnostic =>
  error("LF0240", name.span, `${name.text} is ${what}, not a table of sizes`, {
    label: "has no entries",
    notes: noteAt(at, "declared here"),
    help: `a table is declared by ${code("dim T[i: D] = [1, 2, 3]")}`,
  });

// Names in sizes

export const notASize = (name: Name, what: string, at: Span | undefined, index: boolean): Diagnostic =>
  error("LF0241", name.span, `${name.text} is ${what}, not a size`, {
    label: "not a size",
    notes: noteAt(at, "declared here"),
    help: index
      ? "a size does not change with an index; only an entry of a table can: `T[i]`"
      : "sizes are made of numbers, dims, generics and dim arguments",
  });

export const axisNameAsSize = (name: Name): Diagnostic =>
  error("LF0241", name.span, `${name.text} is the name of an axis, not a size`, {
    label: "not a size",
    help: `an axis name can stand in a table entry, ${code(`T[${name.text}]`)}, in a key, ${code(`"{${name.text}}"`)}, and in a layout`,
  });

export const notARounding = (name: Name): Diagnostic =>
  error("LF0242", name.span, `${name.text} is not a function of sizes`, {
    label: "unknown here",
    help: `sizes are rounded by ${code("ceil(a / b)")} and ${code("floor(a / b)")}`,
  });

export const roundingWithoutDivision = (span: Span, fn: string): Diagnostic =>
  error("LF0242", span, `${fn} rounds a quotient`, {
    label: "no division here",
    help: `write ${code(`${fn}(a / b)`)}`,
  });

// --dim

const option = (
  code_: `LF${string}`,
  message: string,
  name: Name | undefined,
  label?: string,
  help?: string,
): Diagnostic => ({
  code: code_,
  severity: "error",
  message,
  ...(name === undefined ? {} : { span: name.span }),
  ...(label === undefined ? {} : { label }),
  ...(help === undefined ? {} : { help }),
});

export const overrideUnknown = (name: string, near: string | undefined, file: string): Diagnostic =>
  option(
    "LF0243",
    `--dim ${name}: ${file} declares no dim called ${name}`,
    undefined,
    undefined,
    near === undefined ? "only dims that the file itself declares can be set" : `did you mean ${near}?`,
  );

export const overrideDerived = (name: Name, table: boolean): Diagnostic =>
  option(
    "LF0244",
    `--dim ${name.text}: ${table ? "a table cannot be set" : `${name.text} is derived from other dims`}`,
    name,
    table ? "a table" : "derived",
    table ? "change it in the file" : "set the dims that it is made of",
  );

export const overrideNotSize = (name: Name, value: number): Diagnostic =>
  option("LF0245", `--dim ${name.text}=${value}: a size is a whole number from 1 to 2147483647`, name, "declared here");

export const overrideOutOfRange = (name: Name, value: number, lo: number, hi: number): Diagnostic =>
  option("LF0245", `--dim ${name.text}=${value} is outside the declared range`, name, `${lo} … ${hi}`);

export const overrideNotStep = (name: Name, value: number, step: number): Diagnostic =>
  option(
    "LF0245",
    `--dim ${name.text}=${value} is not a multiple of the declared step`,
    name,
    `step ${step}`,
    `the nearest are ${Math.max(step, Math.floor(value / step) * step)} and ${Math.ceil(value / step) * step}`,
  );
