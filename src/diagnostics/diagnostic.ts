import type { Span } from "./span.js";

/** How bad it is: only an error stops. */
export type Severity = "error" | "warning" | "remark";

/** One more place that the message speaks of, with a few words about it. */
export interface Note {
  readonly message: string;
  readonly span?: Span;
}

/**
 * The one type of error value. Made only by the functions of `messages.ts`.
 *
 * `code` is stable (`LF0203`); `label` stands under the marked text of the code frame; `notes` point at the
 * other places of a conflict; `help` says what to write instead.
 */
export interface Diagnostic {
  readonly code: `LF${string}`;
  readonly severity: Severity;
  readonly message: string;
  readonly span?: Span;
  readonly label?: string;
  readonly notes?: readonly Note[];
  readonly help?: string;
}
