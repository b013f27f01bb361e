import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { format } from "../../grammar/lf.format.js";
import { parseFile } from "../../grammar/parse.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { checkSource } from "../../src/driver/compile.js";

const folder = join(import.meta.dirname, "../../src/std");
const files = readdirSync(folder).map((name) => {
  const file = { path: `std/${name}`, text: readFileSync(join(folder, name), "utf8") };
  return { file, ...parseFile(file) };
});
const callables = files.flatMap((f) => f.ast?.callables ?? []);

test.each(files.map((f) => [f.file.path, f] as const))("%s checks, and is laid out as fmt does", (_, f) => {
  expect(renderDiagnostics(checkSource(f.file).diagnostics)).toBe("");
  expect(f.ast === undefined ? "" : format(f.ast, f.comments, f.file)).toBe(f.file.text);
});

test("every function and block says what it does", () => {
  for (const c of callables) expect(c.doc.length, c.name.text).toBeGreaterThan(20);
});

test("each name is given once in the whole library, so that all files can be imported together", () => {
  const names = callables.map((c) => c.name.text);
  expect(new Set(names).size).toBe(names.length);
});

test("every function and block is held against plain JavaScript", () => {
  const tests = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".test.ts") && name !== "library.test.ts")
    .map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
    .join("\n");
  const names = callables.map((c) => c.name.text).filter((name) => !name.startsWith("_"));
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(tests))).toEqual([]);
});
