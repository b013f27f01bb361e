import type { Diagnostic, Note } from "../diagnostic.js";
import type { Span } from "../span.js";

/** What a message says beside its first line. */
export interface More {
  readonly label?: string | undefined;
  readonly notes?: readonly Note[];
  readonly help?: string | undefined;
}

/** An error at a place of the source. */
export function error(code: `LF${string}`, span: Span, message: string, more: More = {}): Diagnostic {
  const { label, notes, help } = more;
  return {
    code,
    severity: "error",
    message,
    span,
    ...(label === undefined ? {} : { label }),
    ...(notes === undefined || notes.length === 0 ? {} : { notes }),
    ...(help === undefined ? {} : { help }),
  };
}

/** A note at another place, or none if the place is not known. */
export const noteAt = (span: Span | undefined, message: string): readonly Note[] =>
  span === undefined ? [] : [{ message, span }];

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** `one axis`, `3 axes`. */
export const count = (n: number, one: string, several: string): string =>
  n === 1 ? `one ${one}` : n === 0 ? `no ${several}` : `${n} ${several}`;

/** Program text inside a sentence: on one line, cut where it is long. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return `\`${line.length > 60 ? `${line.slice(0, 57)}…` : line}\``;
}
