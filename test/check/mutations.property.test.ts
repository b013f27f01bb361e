import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseFile } from "../../grammar/parse.js";
import { check } from "../../src/check/check.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";

const corpus = resolve(import.meta.dirname, "../corpus");
const read = (path: string) => ({ path, text: readFileSync(path, "utf8") });
const folder = (name: string) =>
  readdirSync(resolve(corpus, name))
    .filter((file) => file.endsWith(".lf"))
    .map((file) => read(resolve(corpus, name, file)));
const programs = [...folder("good"), ...folder("bad")];
const tokensOf = (text: string): string[] => text.match(/\s+|\/\/[^\n]*|"[^"\n]*"|\w+|\.\.|->|[<>=!]=|./g) ?? [];

/** Words to put in that every program knows. */
const words = [
  "0",
  "1",
  "2",
  "0.5",
  "n",
  "x",
  "Seq",
  "Model",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "sum",
  "softmax",
  "if",
  "[",
  "]",
  "(",
  ")",
  ":",
  ",",
  "dim",
];

const mutation = fc.record({
  kind: fc.constantFrom("drop", "repeat", "swap", "word", "copy"),
  at: fc.nat(),
  from: fc.nat(),
});

function mutate(text: string, changes: readonly { kind: string; at: number; from: number }[]): string {
  const tokens = tokensOf(text);
  for (const { kind, at, from } of changes) {
    const i = at % tokens.length;
    const j = from % tokens.length;
    const [a = "", b = ""] = [tokens[i], tokens[j]];
    if (kind === "drop") tokens.splice(i, 1);
    else if (kind === "repeat") tokens.splice(i, 0, a, " ");
    else if (kind === "word") tokens[i] = ` ${words[from % words.length]} `;
    else if (kind === "copy") tokens[i] = b;
    else {
      tokens[i] = b;
      tokens[j] = a;
    }
    if (tokens.length === 0) return "";
  }
  return tokens.join("");
}

test("a changed program is accepted or refused with messages; nothing throws", () => {
  let accepted = 0;
  let checked = 0;
  fc.assert(
    fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 2 }), (which, changes) => {
      const program = programs[which % programs.length];
      if (program === undefined) return;
      const file = { path: program.path, text: mutate(program.text, changes) };
      const load = (path: string) => programs.find((p) => p.path.endsWith(`/${path.replace(/^.*\//, "")}`));
      const result = check(file, { dims: new Map(), parse: parseFile, load });
      if (result.program === undefined) expect(result.diagnostics.length).toBeGreaterThan(0);
      else accepted++;
      if (result.diagnostics.some((d) => d.code >= "LF0200")) checked++;
      expect(renderDiagnostics(result.diagnostics)).not.toMatch(/undefined|NaN|Infinity|#\d|\[object/);
    }),
    { numRuns: Number(process.env.LFC_RUNS ?? 400) },
  );
  expect(accepted).toBeGreaterThan(0);
  expect(checked).toBeGreaterThan(5);
});
