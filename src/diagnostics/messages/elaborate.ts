import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";

/** Messages of the elaboration of a model: LF0301 … LF0349. */

export const noModel = (file: Span | undefined): Diagnostic => ({
  code: "LF0301",
  severity: "error",
  message: "the file has no model",
  ...(file === undefined ? {} : { span: { ...file, end: file.start } }),
  help: "write model Name(…) -> … { … }; models of imported files are no entry points",
});

export interface Named {
  readonly name: { readonly text: string; readonly span: Span };
}

export const chooseModel = (models: readonly Named[]): Diagnostic => {
  const [first] = models;
  return {
    code: "LF0302",
    severity: "error",
    message: `the file has ${models.length} models: ${models.map((m) => m.name.text).join(", ")}`,
    ...(first === undefined ? {} : { span: first.name.span }),
    label: "one of them",
    help: `say which one with --model ${first?.name.text ?? "NAME"}`,
  };
};

export const unknownModel = (name: string, models: readonly string[], near: string | undefined): Diagnostic => ({
  code: "LF0303",
  severity: "error",
  message: `the file has no model named ${name}; it has ${models.join(", ")}`,
  ...(near === undefined ? {} : { help: `did you mean ${near}?` }),
});

export const parameterKeyTwice = (
  span: Span,
  key: string,
  path: string,
  earlierPath: string,
  earlier: Span,
): Diagnostic => ({
  code: "LF0304",
  severity: "error",
  message: `${path} and ${earlierPath} would both be loaded from "${key}"`,
  span,
  label: "the same key again",
  notes: [{ message: `${earlierPath} is loaded from it here`, span: earlier }],
  help: "give the enclosing instances a from of their own, or declare the parameter once and use it twice",
});

export const modelTooLarge = (model: Named, limit: number, span: Span): Diagnostic => ({
  code: "LF0305",
  severity: "error",
  message: `the model ${model.name.text} is too large: it inlines more than ${limit} bodies`,
  span,
  label: "this one is beyond the limit",
  notes: [{ message: "every call and every step of a repeat is inlined", span: model.name.span }],
  help: "give repeat a smaller count, or make functions call each other less often",
});

export const callsTooDeep = (model: Named): Diagnostic => ({
  code: "LF0306",
  severity: "error",
  message: `the calls of the model ${model.name.text} are nested too deeply`,
  span: model.name.span,
  label: "function calls function calls function …",
  help: "break the longest chain of calls, for instance by a repeat",
});

export const initialiserValue = (name: string, found: string, wanted: string, span: Span): Diagnostic => ({
  code: "LF0307",
  severity: "error",
  message: `${name} takes ${wanted}`,
  span,
  label: found,
  help:
    name === "normal"
      ? "the sign of a standard deviation means nothing: write it without"
      : "write the lower bound first",
});
