import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { renderDiagnostics } from "../diagnostics/frame.js";
import type { Result } from "../util/result.js";

/** What this entry point throws for a mistake of its user: the same diagnostics that the command line prints. */
export class LfError extends Error {
  override readonly name = "LfError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(renderDiagnostics(diagnostics, { color: false }));
    this.diagnostics = diagnostics;
  }
}

/** The value of a result, or its diagnostics thrown. */
export function unwrap<T>(result: Result<T, Diagnostic | readonly Diagnostic[]>): T {
  if (result.ok) return result.value;
  throw new LfError("code" in result.error ? [result.error] : result.error);
}
