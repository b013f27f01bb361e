import { existsSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { parseFile } from "../../grammar/parse.js";
import { type Checked, check } from "../../src/check/check.js";
import type { CheckedProgram } from "../../src/check/checked.js";
import type { SourceFile } from "../../src/diagnostics/span.js";

const root = resolve(import.meta.dirname, "../..");

/** Checks a file of the repository with what it imports; paths in messages are relative to the repository. */
export function checkPath(path: string, dims: Readonly<Record<string, number>> = {}): Checked {
  const read = (at: string): SourceFile => ({ path: relative(root, at), text: readFileSync(at, "utf8") });
  return check(read(resolve(root, path)), {
    dims: new Map(Object.entries(dims)),
    parse: parseFile,
    load: (importPath, from) => {
      const at = resolve(root, dirname(from.path), importPath);
      return existsSync(at) ? read(at) : undefined;
    },
  });
}

/** Checks texts by path; the first is the entry file. `lf 1` is put in front of each. */
export function checkFiles(
  files: Readonly<Record<string, string>>,
  dims: ReadonlyMap<string, number> = new Map(),
): Checked {
  const sources = Object.entries(files).map(([path, text]): SourceFile => ({ path, text: `lf 1\n${text}` }));
  const [entry] = sources;
  if (entry === undefined) throw new Error("no file");
  return check(entry, { dims, parse: parseFile, load: (path) => sources.find((s) => s.path === path) });
}

export const checkText = (text: string, dims?: ReadonlyMap<string, number>): Checked =>
  checkFiles({ "a.lf": text }, dims);

/** The program, or a failure that shows the messages. */
export function accepted(checked: Checked): CheckedProgram {
  if (checked.program === undefined) throw new Error(messages(checked).join("\n") || "refused without a message");
  return checked.program;
}

/** `LF0203 index n ranges over …` for each message. */
export const messages = (checked: Checked): string[] => checked.diagnostics.map((d) => `${d.code} ${d.message}`);

/** The text that each message marks. */
export const marked = (checked: Checked): string[] =>
  checked.diagnostics.map((d) => (d.span === undefined ? "" : d.span.file.text.slice(d.span.start, d.span.end)));
