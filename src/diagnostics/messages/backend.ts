import type { Diagnostic } from "../diagnostic.js";

/** Messages about the options of backends: LF0450 … LF0459. */

export const unknownBackendOption = (backend: string, name: string, known: readonly string[]): Diagnostic => ({
  code: "LF0450",
  severity: "error",
  message: `the backend ${backend} has no option ${name}`,
  help: known.length === 0 ? "it has no options" : `its options: ${known.join(", ")}`,
});

export const wrongBackendOption = (backend: string, name: string, wanted: string): Diagnostic => ({
  code: "LF0451",
  severity: "error",
  message: `the option ${name} of the backend ${backend} must be ${wanted}`,
});
