import type { Name } from "../../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, count, error, list, noteAt } from "./message.js";

/** Messages about parameters (language.md F2, F4, F6, F8): LF0292 … LF0299. */

export const paramInFn = (span: Span, fn: Name): Diagnostic =>
  error("LF0292", span, "a fn is pure: parameters belong to a block or a model", {
    label: `inside the fn ${fn.text}`,
    help: `make ${fn.text} a block, or take the tensor as an argument`,
  });

export const paramInRepeat = (span: Span): Diagnostic =>
  error("LF0292", span, "a parameter is declared in the body of a block or a model, not inside a repeat", {
    label: "inside a repeat",
    help: `for weights of its own in each step put the step into a block, or declare ${code("param w: f32[l: Depth, …]")} outside and use ${code("w[l]")}`,
  });

export const runTimeParameter = (span: Span, name: string, dim: string): Diagnostic =>
  error("LF0293", span, `the size of the parameter ${name} changes from run to run`, {
    label: `${dim} is bound at run time`,
    help: `declare it for the greatest size and use a part: ${code(`${name}[0..${dim}]`)}`,
  });

export const initOfInstance = (span: Span, block: string): Diagnostic =>
  error("LF0294", span, `an instance of ${block} has no initialiser`, {
    label: "belongs to a tensor",
    help: `the params inside ${block} have their own`,
  });

export const initNeeded = (span: Span, names: readonly Name[], dtype: string): Diagnostic =>
  error("LF0294", span, `${dtype.startsWith("i") ? "an" : "a"} ${dtype} parameter has no random values`, {
    label: dtype,
    help: `say what it holds: ${code(`param ${list(names.map((n) => n.text))}: ${dtype}[…] = zeros`)}`,
  });

export const initOfWhole = (span: Span, init: string, dtype: string): Diagnostic =>
  error("LF0294", span, `${init} gives real numbers, the parameter is ${dtype}`, {
    label: `${dtype} takes zeros or ones`,
  });

export const unknownInit = (name: Name, near: string | undefined): Diagnostic =>
  error("LF0295", name.span, `there is no initialiser called ${name.text}`, {
    label: near === undefined ? "unknown" : `did you mean ${near}?`,
    help: "initialisers are zeros, ones, normal(std), uniform(lo, hi) and xavier",
  });

export const initArguments = (span: Span, init: string, wanted: readonly string[], given: number): Diagnostic =>
  error(
    "LF0295",
    span,
    `${init} takes ${count(wanted.length, "number", "numbers")}, ${given} ${given === 1 ? "is" : "are"} given`,
    {
      label: `${given} given`,
      help: `write ${code(wanted.length === 0 ? init : `${init}(${wanted.join(", ")})`)}${init === "normal" ? "; the mean is 0" : ""}`,
    },
  );

export const initNotConstant = (span: Span, text: string): Diagnostic =>
  error("LF0295", span, `the numbers of an initialiser are constants: ${code(text)} is not`, {
    label: "not a constant",
    help: "use numbers, dims and functions of these",
  });

export const initAtRunTime = (span: Span, init: string, dim: string): Diagnostic =>
  error("LF0295", span, `the numbers of ${init} are known when the program is compiled`, {
    label: `${dim} is bound at run time`,
    help: "use a dim that is given by a number",
  });

export const initNotNumber = (span: Span, text: string, dtype: string): Diagnostic =>
  error("LF0295", span, `the numbers of an initialiser are f32: ${code(text)} is ${dtype}`, { label: dtype });

// Checkpoint keys and layouts (F6)

export const fromOfSeveral = (span: Span, key: string, names: readonly Name[]): Diagnostic =>
  error("LF0296", span, `${code("from")} names one stored tensor, ${names.length} parameters are declared here`, {
    label: `for ${list(names.map((n) => n.text))}`,
    help: `write one param for each, with a key of its own: ${code(`param ${names[0]?.text ?? "w"}: … from "${key}"`)}`,
  });

export const placeholder = (span: Span, word: string, axes: readonly string[], name: string): Diagnostic =>
  error("LF0297", span, `${code(`{${word}}`)} is not an axis of the parameter ${name}`, {
    label:
      axes.length === 0
        ? "its type names no axis"
        : axes.length === 1
          ? `its only named axis is ${axes[0]}`
          : `its axes are ${list(axes)}`,
    help: `a key with ${code(`{${word}}`)} stands for one stored tensor for each ${word}: name that axis in the type, ${code(`[${word}: …]`)}`,
  });

export const keyOfList = (span: Span, key: string, axis: string | undefined, at: Span): Diagnostic =>
  error("LF0297", span, "every instance of a list has a key of its own", {
    label: axis === undefined ? "the same for all" : `no ${code(`{${axis}}`)} in it`,
    notes: noteAt(at, "a list"),
    help:
      axis === undefined
        ? `name the axis and use it in the key: ${code("[l: …]")} and ${code(`"${key}.{l}"`)}`
        : `write ${code(`"${key}.{${axis}}"`)}`,
  });

export const layoutWithoutFrom = (span: Span): Diagnostic =>
  error("LF0298", span, "a stored layout belongs to a key", {
    label: "of which stored tensor?",
    help: `write ${code('from "key" as "…"')}`,
  });

export const layoutOfInstance = (span: Span, block: string): Diagnostic =>
  error("LF0298", span, `an instance of ${block} has no layout`, { label: "belongs to a tensor" });

export const layoutUnnamed = (span: Span, axis: Span): Diagnostic =>
  error("LF0298", span, "a layout needs a name for every axis of the type", {
    label: "in the axis names of the type",
    notes: noteAt(axis, "this axis has no name"),
    help: `name it: ${code("d: …")}`,
  });

export type LayoutProblem =
  | { readonly is: "brackets" }
  | { readonly is: "character"; readonly text: string }
  | { readonly is: "unknown" | "twice" | "missing" | "placeholder"; readonly name: string };

export function layoutNames(span: Span, layout: string, problem: LayoutProblem, axes: readonly string[]): Diagnostic {
  const what = `the layout ${code(layout)}`;
  const message =
    problem.is === "brackets"
      ? `the brackets of ${what} do not match`
      : problem.is === "character"
        ? `${code(problem.text)} has no meaning in ${what}`
        : problem.is === "unknown"
          ? `${what} names ${problem.name}, which is no axis of the type`
          : problem.is === "twice"
            ? `${what} names ${problem.name} twice`
            : problem.is === "placeholder"
              ? `${what} names ${problem.name}, which is in the key already`
              : `${what} leaves out ${problem.name}`;
  return error("LF0299", span, message, {
    label: axes.length === 1 ? `the only axis is ${axes[0]}` : `the axes are ${list(axes)}`,
    help: "a layout holds each axis once, in stored order; brackets join axes that are stored as one, as in `(h c) d`",
  });
}
