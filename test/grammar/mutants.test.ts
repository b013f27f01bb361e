import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { format } from "../../grammar/lf.format.js";
import { lex, tokenEnd } from "../../grammar/lf.lex.js";
import { parseFile } from "../../grammar/parse.js";
import { diagnosticToJson, renderDiagnostics } from "../../src/diagnostics/frame.js";
import { position } from "../../src/diagnostics/span.js";
import { bare } from "./support/tree.js";

const folder = join(import.meta.dirname, "../corpus/good");
const programs = readdirSync(folder)
  .filter((name) => name.endsWith(".lf"))
  .map((name) => ({ path: name, text: readFileSync(join(folder, name), "utf8") }));

/** Mutants of each kind for each program. LFC_MUTANTS=1000 makes a long run of it. */
const perKind = Number(process.env.LFC_MUTANTS ?? 25);

interface Mutant {
  readonly kind: string;
  readonly text: string;
  /** Where the text was changed. */
  readonly at: number;
}

function* mutants(text: string, below: (n: number) => number): Generator<Mutant> {
  const tokens = lex({ path: "", text }).tokens;
  const token = (i: number) => ({
    start: tokens[i]?.startOffset ?? 0,
    end: tokens[i] ? tokenEnd(tokens[i]) : 0,
    image: tokens[i]?.image ?? "",
  });
  const splice = (from: number, to: number, by: string): string => text.slice(0, from) + by + text.slice(to);
  for (let n = 0; n < perKind; n++) {
    const char = below(text.length);
    const flipped = String.fromCharCode(text.charCodeAt(char) ^ (1 << below(8)));
    yield { kind: "flip", text: splice(char, char + 1, flipped), at: char };
    yield { kind: "cut", text: text.slice(0, char), at: char };
    const i = below(tokens.length - 1);
    const [own, next] = [token(i), token(i + 1)];
    yield { kind: "drop", text: splice(own.start, own.end, ""), at: own.start };
    yield { kind: "double", text: splice(own.end, own.end, ` ${own.image}`), at: own.start };
    const between = text.slice(own.end, next.start);
    yield { kind: "swap", text: splice(own.start, next.end, next.image + between + own.image), at: own.start };
    const other = token(below(tokens.length));
    yield { kind: "replace", text: splice(own.start, own.end, other.image), at: own.start };
    yield { kind: "insert", text: splice(own.start, own.start, `${other.image} `), at: own.start };
  }
}

/** A linear congruential sequence: the same mutants on every run. */
function sequence(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

test("a mutant is a program, or is refused in time with coded messages that have a place", () => {
  const right: Record<string, [lines: number, of: number]> = {};
  let refused = 0;
  let spurious = 0;
  programs.forEach((program, n) => {
    for (const { kind, text, at } of mutants(program.text, sequence(n + 1))) {
      const file = { path: program.path, text };
      const start = performance.now();
      const { ast, comments, diagnostics } = parseFile(file);
      if (performance.now() - start > 1000) throw new Error(`slow: ${text}`);
      if (ast) {
        expect(diagnostics).toEqual([]);
        const again = parseFile({ path: program.path, text: format(ast, comments, file) });
        if (again.ast === undefined) throw new Error(`fmt broke ${kind} of ${program.path} at ${at}`);
        expect(bare(again.ast)).toEqual(bare(ast));
        continue;
      }
      refused++;
      expect(diagnostics.length).toBeGreaterThan(0);
      if (diagnostics.length > 1) spurious++;
      for (const d of diagnostics) {
        expect(d.code).toMatch(/^LF01\d\d$/);
        expect(d.span?.file).toBe(file);
        expect(d.span?.start).toBeGreaterThanOrEqual(0);
        expect(d.span?.end).toBeGreaterThanOrEqual(d.span?.start ?? 0);
        expect(d.span?.end).toBeLessThanOrEqual(text.length);
      }
      expect(renderDiagnostics(diagnostics).length).toBeGreaterThan(0);
      expect(JSON.stringify(diagnostics.map(diagnosticToJson))).not.toContain('"text"');
      if (kind === "cut") continue;
      const spans = diagnostics.flatMap((d) => [d.span, ...(d.notes ?? []).map((note) => note.span)]);
      const line = position(file, at).line;
      const hit = spans.some((span) => span !== undefined && position(file, span.start).line === line);
      const [lines, of] = right[kind] ?? [0, 0];
      right[kind] = [lines + (hit ? 1 : 0), of + 1];
    }
  });
  if (process.env.LFC_MUTANTS) console.log(right, { refused, spurious });
  for (const [kind, [lines, of]] of Object.entries(right)) {
    expect(lines / of, `${kind}: reported on the line of the mistake`).toBeGreaterThan(0.9);
  }
  // One change is one mistake, and mostly one message.
  expect(spurious / refused).toBeLessThan(0.2);
});

test("a program cut at any offset never throws", () => {
  const program = programs.find((p) => p.path === "names.lf") ?? programs[0];
  for (let end = 0; end < (program?.text.length ?? 0); end++) {
    const { ast, diagnostics } = parseFile({ path: "cut.lf", text: program?.text.slice(0, end) ?? "" });
    expect(ast === undefined).toBe(diagnostics.length > 0);
  }
});
