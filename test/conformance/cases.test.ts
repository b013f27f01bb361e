import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { format } from "../../grammar/lf.format.js";
import { parseFile } from "../../grammar/parse.js";
import { casesIn, conformanceCases } from "../../src/conformance/cases.js";
import { graphDTypes } from "../../src/ir/graph/dtypes.js";

const cases = conformanceCases();

test("at least 150 cases, a name and a sentence each of its own", () => {
  expect(cases.length).toBeGreaterThanOrEqual(150);
  expect(new Set(cases.map((c) => c.id)).size).toBe(cases.length);
  const said = cases.map((c) => c.says);
  expect(said.filter((s, i) => said.indexOf(s) !== i)).toEqual([]);
});

test("every area that the language has", () => {
  const areas =
    "affine attention blocks concat contract dims f16 functions gather groups integers map names outputs reduce scalars slice softmax symbolic u32 where";
  expect([...new Set(cases.map((c) => c.area))].join(" ")).toBe(areas);
});

test("run-time sizes at 1, tile - 1, tile and tile + 1", () => {
  const sizes = cases.flatMap((c) => (c.area === "symbolic" ? c.model().runs.map((r) => r.sizes) : []));
  expect(sizes).toEqual(expect.arrayContaining(["N=1", "N=7", "N=8", "N=9", "N=255", "N=256", "N=257"]));
});

describe.each([...new Set(cases.map((c) => c.area))])("%s", (area) => {
  test.each(cases.filter((c) => c.area === area))("$name", ({ path, model }) => {
    const text = readFileSync(path, "utf8");
    const { ast, comments } = parseFile({ path, text });
    expect(ast === undefined ? undefined : format(ast, comments, { path, text })).toBe(text);
    // a case that leaves elements open, or whose bounds are wide, would let a wrong backend pass
    for (const run of model().runs) {
      const outputs = Object.values(run.reference());
      expect(outputs.length).toBeGreaterThan(0);
      for (const { value, bound, undecided } of outputs) {
        expect(undecided.every((u) => u === 0)).toBe(true);
        expect(value.every(Number.isFinite)).toBe(true);
        const greatest = value.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
        expect(bound.every((b) => b <= 0.02 * greatest)).toBe(true);
      }
    }
  });
});

test("f16 and u32 stand apart: no other area needs them", () => {
  const stray = cases.filter((c) => c.area !== "f16" && c.area !== "u32");
  const needing = stray.filter((c) => ["f16", "u32"].some((t) => graphDTypes(c.model().graph).has(t as "f16" | "u32")));
  expect(needing.map((c) => c.id)).toEqual([]);
});

describe("a file that is no case is refused in words", () => {
  const folder = mkdtempSync(join(tmpdir(), "lfc-cases-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  const of = (text: string) => {
    const at = join(folder, String(count++));
    mkdirSync(join(at, "area"), { recursive: true });
    writeFileSync(join(at, "area", "one.lf"), text);
    const [only] = casesIn(at);
    if (only === undefined) throw new Error("no case");
    return only;
  };
  const model = "lf 1\ndim N = ? in 1..4\nmodel M(x: f32[N]) -> f32[N] { return x + 1 }\n";

  test("one that is right", () => {
    const one = of(`// Adds one.\n// sizes: N=1 | N=3\n// inputs: x=count\n${model}`);
    expect(one).toMatchObject({ id: "area/one", says: "Adds one." });
    const { runs } = one.model();
    expect(runs.map((r) => [r.sizes, [...(r.reference().output?.value ?? [])]])).toEqual([
      ["N=1", [1]],
      ["N=3", [1, 2, 3]],
    ]);
  });
  test.each([
    ["no sentence", model, /one sentence/],
    ["another comment", `// Adds one.\n// seed: 3\n${model}`, /“seed: 3” is neither sizes nor inputs/],
    ["a size that is none", `// Adds one.\n// sizes: N=1 | N\n${model}`, /“N” is no size/],
    ["an unknown kind of value", `// Adds one.\n// inputs: x=huge\n${model}`, /one of zeros, ones/],
  ])("%s", (_, text, message) => {
    expect(() => of(text)).toThrow(message);
  });
  test.each([
    ["no sizes", `// Adds one.\n${model}`, /need a line/],
    ["a size out of range", `// Adds one.\n// sizes: N=5\n${model}`, /cannot run with N=5/],
    ["a size that is not there", `// Adds one.\n// sizes: N=1 M=2\n${model}`, /cannot run with N=1, M=2/],
    ["an input that is not there", `// Adds one.\n// sizes: N=1\n// inputs: y=zeros\n${model}`, /no input y/],
    ["a program with errors", "// Adds one.\nlf 1\nmodel M(x: f32[N]) -> f32[N] { return x }\n", /LF02/],
  ])("%s", (_, text, message) => {
    expect(() => of(text).model()).toThrow(message);
  });
});
