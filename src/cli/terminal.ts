import pc from "picocolors";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { diagnosticToJson, renderDiagnostics } from "../diagnostics/frame.js";

/** Exit codes: 0 ok, 1 diagnostics, 2 usage, 3 internal error. */
export const exit = { ok: 0, diagnostics: 1, usage: 2, internal: 3 } as const;

/** Colours only where a person looks: NO_COLOR and FORCE_COLOR decide otherwise; a log file of CI gets none. */
const colored = (stream: NodeJS.WriteStream): boolean => {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
};

/** Colours of standard output, and whether it has any. */
export const color = colored(process.stdout);
export const paint = pc.createColors(color);

export const print = (text: string): void => {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
};

/** Prints diagnostics (to stderr, or as JSON to stdout) and gives the exit code that they mean. */
export function report(diagnostics: readonly Diagnostic[], json: boolean): number {
  const failed = diagnostics.some((d) => d.severity === "error");
  if (json) print(JSON.stringify({ diagnostics: diagnostics.map(diagnosticToJson) }, null, 2));
  else if (diagnostics.length > 0)
    process.stderr.write(`${renderDiagnostics(diagnostics, { color: colored(process.stderr) })}\n`);
  return failed ? exit.diagnostics : exit.ok;
}

/** Rows under headings, columns aligned; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]?.length ?? 0)));
  const numeric = headings.map((_, i) => rows.every((r) => /^[\d.,+\-e%x ]*$/.test(r[i] ?? "")));
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => (numeric[i] === true ? c.padStart(widths[i] ?? 0) : c.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [paint.bold(line(headings)), ...rows.map(line)].join("\n");
}

/** One line that says what is going on, written over again and again: on a terminal, and nowhere else. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): {
  readonly show: (text: string) => void;
  readonly clear: () => void;
} {
  if (stream.isTTY !== true) return { show: () => {}, clear: () => {} };
  const width = stream.columns ?? 80;
  return {
    show: (text) => void stream.write(`\r\u001b[K${text.slice(0, width - 1)}`),
    clear: () => void stream.write("\r\u001b[K"),
  };
}
