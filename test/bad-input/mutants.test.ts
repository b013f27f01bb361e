import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lex, tokenEnd } from "../../grammar/lf.lex.js";
import { Name } from "../../grammar/lf.tokens.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { diagnosticToJson, renderDiagnostics } from "../../src/diagnostics/frame.js";
import type { SourceFile } from "../../src/diagnostics/span.js";
import { graphOf } from "../../src/driver/compile.js";
import { loadImport } from "../../src/driver/sources.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { randomFrom } from "../support/random.js";

/**
 * Every example and corpus program with one thing wrong, through parser, checker and elaboration: it is either a program,
 * or refused in time by messages that have a code and a place. LFC_MUTANTS=20000 makes a long run of it.
 */
const count = Number(process.env.LFC_MUTANTS ?? 2000);
/** Milliseconds of processor time for one: a busy machine does not count. */
const patience = 1000;
/** A model that is too large is refused when its limit is reached, after that much work. */
const patienceTooLarge = 5000;

const root = join(import.meta.dirname, "../..");
const programs = ["examples", "test/corpus/good"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".lf"))
    .sort()
    .map((name): SourceFile => {
      const path = join(root, folder, name);
      return { path, text: readFileSync(path, "utf8") };
    }),
);

const imported = new Map<string, SourceFile | undefined>();
function load(path: string, from: SourceFile): SourceFile | undefined {
  const key = `${from.path} ${path}`;
  if (!imported.has(key)) imported.set(key, loadImport(path, from));
  return imported.get(key);
}

const kinds = [
  "flip",
  "cut",
  "drop",
  "double",
  "swap",
  "replace",
  "insert",
  "digit",
  "name",
  "name2",
  "operator",
  "line",
] as const;
type Kind = (typeof kinds)[number];

function mutant(text: string, kind: Kind, below: (n: number) => number): string {
  const { tokens } = lex({ path: "", text });
  const token = (i: number) => {
    const t = tokens[i];
    return t === undefined
      ? { start: 0, end: 0, image: "" }
      : { start: t.startOffset, end: tokenEnd(t), image: t.image };
  };
  const matching = (pattern: RegExp): readonly number[] => tokens.flatMap((t, n) => (pattern.test(t.image) ? [n] : []));
  const pick = (of: readonly number[]): number => of[below(of.length)] ?? 0;
  const splice = (from: number, to: number, by: string): string => text.slice(0, from) + by + text.slice(to);
  const i = below(tokens.length - 1);
  const [own, next, other] = [token(i), token(i + 1), token(below(tokens.length))];
  const char = below(text.length);
  switch (kind) {
    case "flip":
      return splice(char, char + 1, String.fromCharCode(text.charCodeAt(char) ^ (1 << below(8))));
    case "cut":
      return text.slice(0, char);
    case "drop":
      return splice(own.start, own.end, "");
    case "double":
      return splice(own.end, own.end, ` ${own.image}`);
    case "swap":
      return splice(own.start, next.end, next.image + text.slice(own.end, next.start) + own.image);
    case "replace":
      return splice(own.start, own.end, other.image);
    case "insert":
      return splice(own.start, own.start, `${other.image} `);
    // the next ones mostly parse, and are for the checker to judge
    case "name":
    case "name2": {
      const names = tokens.flatMap((t, n) => (t.tokenType === Name ? [n] : []));
      const [at, by] = [token(pick(names)), token(pick(names))];
      return splice(at.start, at.end, by.image);
    }
    case "operator": {
      const at = token(pick(matching(/^([-+*/%<>]|<=|>=|==|!=)$/)));
      const by = ["+", "-", "*", "/", "%", "<", "<=", ">", "==", "^"];
      return splice(at.start, at.end, by[below(by.length)] ?? "+");
    }
    case "line": {
      const lines = text.split("\n");
      const [gone] = lines.splice(below(lines.length), 1);
      // left out, or moved
      if (gone !== undefined && below(2) === 0) lines.splice(below(lines.length), 0, gone);
      return lines.join("\n");
    }
    case "digit": {
      const at = token(pick(matching(/^\d/)));
      const values = ["0", "1", "2", "3", "7", "64", "65", "1.5", "100000", "2147483647", "9007199254740992", "1e300"];
      return splice(at.start, at.end, values[below(values.length)] ?? "0");
    }
  }
}

/** The graph of the first model of a text. */
function refusal(file: SourceFile): readonly Diagnostic[] {
  const model = /^model (\w+)/m.exec(file.text)?.[1];
  const graph = graphOf(file, { load, ...(model === undefined ? {} : { model }) });
  // a mutant may have lost that model; the option is not part of the text
  const found = graph.ok || graph.error[0]?.code !== "LF0303" ? graph : graphOf(file, { load });
  if (!found.ok) return found.error;
  expect(verifyGraph(found.value)).toEqual([]);
  return [];
}

test(`${count} mutants: a program, or refused in time with coded messages that have a place`, {
  timeout: 600_000,
}, () => {
  const random = randomFrom(20);
  const below = (n: number): number => random.int(0, Math.max(0, n - 1));
  const seen = { accepted: 0, syntax: 0, meaning: 0 };
  const codes = new Set<string>();
  for (let n = 0; n < count; n++) {
    const program = programs[n % programs.length];
    const kind = kinds[Math.floor(n / programs.length) % kinds.length];
    if (program === undefined || kind === undefined) continue;
    const file: SourceFile = { path: program.path, text: mutant(program.text, kind, below) };
    const show = (): string => `${kind} of ${program.path}:\n${file.text}`;
    const before = process.cpuUsage();
    let found: readonly Diagnostic[];
    try {
      found = refusal(file);
    } catch (error) {
      throw new Error(show(), { cause: error });
    }
    const { user, system } = process.cpuUsage(before);
    const time = (user + system) / 1000;
    if (time > (found[0]?.code === "LF0305" ? patienceTooLarge : patience))
      throw new Error(`${Math.round(time)} ms for the ${show()}`);
    const [first] = found;
    if (first === undefined) seen.accepted++;
    else if (first.code < "LF0200") seen.syntax++;
    else seen.meaning++;
    if (found.length === 0) continue;
    for (const d of found) {
      codes.add(d.code);
      if (!/^LF0[1-3]\d\d$/.test(d.code) || d.message === "") throw new Error(`${d.code} ${d.message}: ${show()}`);
      for (const note of d.notes ?? []) if (note.span !== undefined) placed(note.span, show);
    }
    // at least one has a place
    if (!found.some((d) => d.span !== undefined)) throw new Error(`no place: ${show()}`);
    for (const d of found) if (d.span !== undefined) placed(d.span, show);
    expect(renderDiagnostics(found).length).toBeGreaterThan(0);
    expect(JSON.stringify(found.map(diagnosticToJson))).not.toContain('"text"');
  }
  if (process.env.LFC_MUTANTS) console.log(seen, [...codes].sort().join(" "));
  // the mutants reach all of the front end
  expect(Math.min(seen.accepted, seen.syntax, seen.meaning)).toBeGreaterThan(count / 50);
  expect(codes.size).toBeGreaterThan(40);
});

function placed(span: NonNullable<Diagnostic["span"]>, show: () => string): void {
  const { file, start, end } = span;
  if (!(start >= 0 && start <= end && end <= file.text.length)) throw new Error(`bad span ${start}..${end}: ${show()}`);
}
