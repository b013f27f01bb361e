import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cstTypes, updateReference } from "../../grammar/generate.js";
import { format } from "../../grammar/lf.format.js";
import { lfParser } from "../../grammar/lf.instances.js";
import { LfParser } from "../../grammar/lf.parser.js";
import { contextualWords, keywords, spelling } from "../../grammar/lf.tokens.js";
import { parseFile } from "../../grammar/parse.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";

const grammar = join(import.meta.dirname, "../../grammar");
const read = (name: string): string => readFileSync(join(grammar, name), "utf8");

/** The checked-in text equals the one made now; LFC_BLESS=1 writes it. */
function checkedIn(name: string, made: string): void {
  if (process.env.LFC_BLESS) writeFileSync(join(grammar, name), made);
  expect(read(name)).toBe(made);
}

test("the types of the concrete tree are those of the grammar", () => checkedIn("lf.cst.d.ts", cstTypes()));

test("REFERENCE.md shows the grammar, the levels, the words, the functions and the library of the language", () => {
  const std = join(grammar, "../src/std");
  const library = readdirSync(std)
    .sort()
    .map((name) => ({ path: `std/${name}`, text: readFileSync(join(std, name), "utf8") }));
  checkedIn("REFERENCE.md", updateReference(read("REFERENCE.md"), library));
});

test("the grammar has no ambiguity with two tokens of lookahead", () => {
  // Chevrotain analyses it when a parser is made, and throws.
  expect(() => new LfParser({ errors: 0 })).not.toThrow();
  expect(lfParser()).toBe(lfParser());
});

const programs = [...read("REFERENCE.md").matchAll(/```lf\n([\s\S]*?)```/g)].map((m) => m[1] ?? "");

test("the reference has an example for every keyword", () => {
  const text = programs.join("\n").replace(/\/\/.*/g, "");
  const missing = keywords.map(spelling).filter((word) => !new RegExp(`\\b${word}\\b`).test(text));
  expect(missing).toEqual([]);
});

test.each(programs.map((text) => [text.split("\n").find((l) => /^(model|block)/.test(l)) ?? "", text]))(
  "the example with %s is a program, laid out as fmt does",
  (_, text) => {
    const file = { path: "REFERENCE.md", text };
    const { ast, comments, diagnostics } = parseFile(file);
    if (ast === undefined) throw new Error(renderDiagnostics(diagnostics));
    expect(format(ast, comments, file)).toBe(text);
  },
);

test("the highlighting knows the words of the lexer, no more and no fewer", () => {
  const { repository } = JSON.parse(read("lf.tmLanguage.json")) as {
    repository: Record<string, { patterns: readonly { match: string }[] }>;
  };
  const words = (part: string): string[] => {
    const found = (repository[part]?.patterns ?? []).flatMap((p) => {
      const list = /\(\?:([a-z0-9|]+)\)/.exec(p.match);
      return list?.[1]?.split("|") ?? [];
    });
    return [...new Set(found)].sort();
  };
  const spelled = (types: typeof keywords): string[] => types.map((type) => spelling(type) ?? "").sort();
  expect(words("keywords")).toEqual(spelled(keywords));
  expect([...words("contextual"), "lf"].sort()).toEqual(spelled(contextualWords));
});

test("the patterns of the highlighting are regular expressions that match what they should", () => {
  const text = read("lf.tmLanguage.json");
  const patterns = [...text.matchAll(/"(?:match|begin|end)": ("(?:[^"\\]|\\.)*")/g)].map((m) =>
    JSON.parse(m[1] ?? '""'),
  );
  expect(patterns.length).toBeGreaterThan(20);
  for (const pattern of patterns) expect(() => new RegExp(pattern, "m")).not.toThrow();
  const number = new RegExp(`^(?:${patterns.find((p: string) => p.includes("eE"))})$`);
  for (const n of ["0", "30_522", "0.5", "1e-5", "2.5e+3"]) expect(n).toMatch(number);
});
