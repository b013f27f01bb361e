import type { Name } from "../../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, count, error, noteAt } from "./message.js";

/** Messages about names and imports (language.md I1, F7 and section 3): LF0214 … LF0228. */

/** What a name is about to be. */
export type NewName =
  | "index"
  | "dim"
  | "fn"
  | "block"
  | "model"
  | "generic"
  | "argument"
  | "param"
  | "let"
  | "counter"
  | "state";

const nouns: Readonly<Record<NewName, string>> = {
  index: "an index",
  dim: "a dim",
  fn: "a fn",
  block: "a block",
  model: "a model",
  generic: "a generic size",
  argument: "an argument",
  param: "a param",
  let: "another value",
  counter: "the counter of a repeat",
  state: "the state of a repeat",
};

/** F7: nothing is hidden. */
export const nameTaken = (
  name: Name,
  what: NewName,
  owner: string,
  at: Span | undefined,
  imported = false,
): Diagnostic =>
  error("LF0214", name.span, `${name.text} is already the name of ${owner}`, {
    label: what === "let" ? "the same name again" : `cannot be ${nouns[what]} too`,
    notes: noteAt(at, imported ? "imported here" : "declared here"),
    help:
      what === "index"
        ? "an index may not have the name of anything that is visible; choose another letter"
        : imported
          ? `rename one of them; an import can rename too: ${code(`import "…" (${name.text} as …)`)}`
          : "a name means one thing in all of its scope; choose another one",
  });

/** I1: the same index bound twice, one inside the other. */
export const indexBoundTwice = (name: Name, outer: Span): Diagnostic =>
  error("LF0215", name.span, `index ${name.text} is already bound around this`, {
    label: "bound again here",
    notes: noteAt(outer, `${name.text} is bound here`),
    help: "an index means one thing until its scope ends: use another letter here, or leave this one out if both are the same index",
  });

export const builtinName = (name: Name, what: NewName): Diagnostic =>
  error("LF0216", name.span, `${name.text} is a built-in function`, {
    label: `cannot be the name of ${nouns[what]}`,
    help: "choose another name",
  });

/** What an unknown name would have to be. */
export type Wanted = "name" | "tensor" | "function" | "size";

export function unknownName(name: Name, wanted: Wanted, near: string | undefined): Diagnostic {
  const what = wanted;
  return error("LF0217", name.span, `there is no ${what} called ${name.text} here`, {
    label: near === undefined ? "unknown" : `did you mean ${near}?`,
    help:
      near !== undefined
        ? `write ${code(near)}, or declare ${name.text}`
        : wanted === "size"
          ? `declare it at the top of the file: ${code(`dim ${name.text} = …`)}`
          : wanted === "function"
            ? "functions are declared in this file, imported, or built in (exp, sqrt, gelu, max, …)"
            : wanted === "name" && name.text.length <= 2
              ? `an index is bound on the left of the \`let\`, as in ${code(`let y[…, ${name.text}] = …`)}, or by a reduction, as in ${code(`sum[${name.text}] …`)}`
              : "declare it before it is used: an argument, a `param` or a `let`",
  });
}

/** An index used beyond the product that its reduction takes. */
export const usedAfterReduction = (name: Name, op: string, reduction: Span): Diagnostic =>
  error("LF0218", name.span, `${name.text} is used after the end of the ${op} that binds it`, {
    label: `${name.text} means nothing here`,
    notes: noteAt(reduction, `the ${op} ends here: it takes the product to its right, up to the next + or -`),
    help: `put brackets round all that is reduced: ${code(`${op}[${name.text}] (… + …)`)}`,
  });

export const callableAsValue = (name: Name, what: string): Diagnostic =>
  error("LF0219", name.span, `${name.text} is ${what}, not a value`, {
    label: "not called",
    help: `call it: ${code(`${name.text}(…)`)}`,
  });

export const instanceAsValue = (name: Name, block: string, many: boolean): Diagnostic =>
  error(
    "LF0219",
    name.span,
    `${name.text} is ${many ? "a list of instances" : "an instance"} of ${block}, not a value`,
    {
      label: "not called",
      help: `call it: ${code(many ? `${name.text}[l](…)` : `${name.text}(…)`)}`,
    },
  );

export const tableAsValue = (name: Name): Diagnostic =>
  error("LF0219", name.span, `${name.text} is a table of sizes, not a value`, {
    label: "which entry?",
    help: `take one entry: ${code(`${name.text}[i]`)}`,
  });

export const tableEntryBy = (span: Span, table: string): Diagnostic =>
  error(
    "LF0239",
    span,
    `an entry of the table ${table} is taken by a bound index, the counter of a repeat or a number`,
    {
      label: "none of these",
    },
  );

export function builtinArguments(span: Span, name: string, given: number, least: number, most: number): Diagnostic {
  const wanted = most === least ? count(least, "argument", "arguments") : `at least ${least} arguments`;
  return error("LF0220", span, `${name} takes ${wanted}, ${given} ${given === 1 ? "is" : "are"} given`, {
    label: `${given} given`,
    help:
      name === "max" || name === "min"
        ? `${code(`${name}(a, b)`)} compares values; to reduce over an index write ${code(`${name}[i] …`)}`
        : undefined,
  });
}

// Imports

export const importMissing = (span: Span, path: string): Diagnostic =>
  error("LF0221", span, `there is no file ${code(path)}`, {
    label: "not found",
    help: path.startsWith("std/")
      ? `\`std/…\` names a file of the standard library; one of yours is ${code(`./${path}`)}`
      : "a path is relative to the file that imports; the standard library is `std/…`",
  });

export const importOfItself = (span: Span): Diagnostic =>
  error("LF0222", span, "a file cannot import itself", { label: "this file", help: "remove the import" });

export const notInImport = (name: Name, path: string, near: string | undefined): Diagnostic =>
  error("LF0223", name.span, `${code(path)} declares nothing called ${name.text}`, {
    label: near === undefined ? "not declared there" : `did you mean ${near}?`,
    help: "an import brings what the file itself declares, not what it imports",
  });

export const privateImport = (name: Name, path: string): Diagnostic =>
  error("LF0224", name.span, `${name.text} is private to ${code(path)}`, {
    label: "names that begin with `_` are not exported",
    help: "rename it there if it is meant to be used elsewhere",
  });

export const importedAndDeclared = (name: Name, imported: Span, path: string): Diagnostic =>
  error("LF0225", name.span, `${name.text} is imported and declared`, {
    label: "declared here",
    notes: noteAt(imported, "imported here"),
    help: `rename this one, or import by names: ${code(`import "${path}" (${name.text} as …)`)}`,
  });

export const importedTwice = (span: Span, name: string, first: Span): Diagnostic =>
  error("LF0226", span, `${name} is imported from two files`, {
    label: `a second ${name}`,
    notes: noteAt(first, "the first comes from here"),
    help: `rename one of them: ${code(`import "…" (${name} as …)`)}`,
  });
