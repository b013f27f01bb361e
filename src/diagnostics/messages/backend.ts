import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";

/** Messages about backends and their options: LF0450 … LF0459 and, about what they lack, LF0501 … LF0509. */

export const unknownBackendOption = (backend: string, name: string, known: readonly string[]): Diagnostic => ({
  code: "LF0450",
  severity: "error",
  message: `the backend ${backend} has no option ${name}`,
  help: known.length === 0 ? "it has no options" : `its options: ${known.join(", ")}`,
});

/** An option of a backend with a wrong value. */
export const wrongBackendOption = (backend: string, name: string, wanted: string): Diagnostic => ({
  code: "LF0451",
  severity: "error",
  message: `the option ${name} of the backend ${backend} must be ${wanted}`,
});

export const pluginNotLoaded = (name: string, from: string, reason: string): Diagnostic => ({
  code: "LF0452",
  severity: "error",
  message: `the backend ${name} (${from}) does not load: ${reason}`,
  help: "the module has to export a backend by default, made with defineBackend from lfc/backend",
});

export const pluginWrongAbi = (name: string, from: string, found: string): Diagnostic => ({
  code: "LF0453",
  severity: "error",
  message: `the backend ${name} (${from}) is written for abi ${found}, this lfc has abi 1`,
  help: "install a version of the backend that fits this lfc",
});

export const pluginMember = (name: string, from: string, member: string, wanted: string): Diagnostic => ({
  code: "LF0454",
  severity: "error",
  message: `the backend ${name} (${from}) is wrong: its ${member} must be ${wanted}`,
  help: "this is a fault of that backend; tell its author",
});

export const pluginThrew = (name: string, from: string, member: string, reason: string): Diagnostic => ({
  code: "LF0455",
  severity: "error",
  message: `the backend ${name} (${from}) failed in ${member}: ${reason}`,
  help: "this is a fault of that backend; tell its author",
});

export const pluginHangs = (name: string, seconds: number): Diagnostic => ({
  code: "LF0456",
  severity: "error",
  message: `the backend ${name} gave no answer within ${seconds} seconds and was stopped; nothing was written`,
  help: "this is a fault of that backend; LFC_PLUGIN_SECONDS gives it more time",
});

export const badConfig = (path: string, reason: string): Diagnostic => ({
  code: "LF0457",
  severity: "error",
  message: `${path} cannot be used: ${reason}`,
  help: 'it is a module with `export default { backends: { name: "./path.js" } }`',
});

/** What a backend cannot express: LF0501 … LF0509. */
export const unsupportedElementType = (backend: string, dtype: string, span?: Span): Diagnostic => ({
  code: "LF0501",
  severity: "error",
  message: `the backend ${backend} has no ${dtype}, which this computes with`,
  ...(span === undefined ? {} : { span }),
  help: "use another backend, or another element type",
});
