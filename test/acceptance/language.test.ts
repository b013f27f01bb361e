import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ebnf } from "../../grammar/generate.js";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { cases } from "../numeric/cases.js";
import { lfc, lfcJson } from "../support/cli.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, graphOfText, randomRun, root, runOn } from "../support/model.js";

const device = testDevice();
const dir = mkdtempSync(join(tmpdir(), "lfc-language-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const lfFiles = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((f) => f.endsWith(".lf"))
    .map((f) => join(root, folder, f));
const write = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

async function agrees(graph: ReturnType<typeof graphOfFile>, sizes: ReadonlyMap<string, number>): Promise<void> {
  const { inputs, params } = randomRun(graph, 5, sizes);
  const reference = runReference(graph, inputs, params);
  for (const backend of ["js", "tfjs", "wgsl"]) {
    const outputs = await runOn(graph, backend, inputs, params, backend === "wgsl" ? await device() : undefined);
    for (const [name, expected] of Object.entries(reference)) {
      const tensor = outputs[name];
      if (tensor === undefined) throw new Error(`${backend} gives no ${name}`);
      expect(compareToReference(expected, tensor, { relL2: 1e-5 }), `${backend} ${name}`).toMatchObject({
        passed: true,
      });
    }
  }
}

/** The whole language, and what a person sees of it. */
describe("the whole language", () => {
  test("1 every construct runs on the reference, js, tfjs and wgsl", async () => {
    // test/numeric/corpus.test.ts runs all of them; here the five that use most constructs, with another seed
    for (const [file, model] of [
      ["causal", "BlockJoint"],
      ["modern", "Block"],
      ["projections", "Pools"],
      ["ragged", "HeadsOwn"],
      ["vision", "Conv3"],
    ] as const) {
      const found = cases.find((c) => c.file === file);
      const dims = new Map(Object.entries(found?.dims ?? {}));
      const graph = graphOfFile(`test/corpus/good/${file}.lf`, { model, dims });
      await agrees(graph, new Map(Object.entries(found?.sizes ?? {})));
    }
  });

  test("2 the standard library is documented, and each of its functions is used by an example or a test", () => {
    const users = ["examples", "test/std"].flatMap((folder) =>
      existsSync(join(root, folder))
        ? readdirSync(join(root, folder))
            .filter((f) => /\.(lf|ts)$/.test(f))
            .map((f) => readFileSync(join(root, folder, f), "utf8"))
        : [],
    );
    const names: string[] = [];
    for (const path of lfFiles("src/std")) {
      const text = readFileSync(path, "utf8");
      for (const m of text.matchAll(/((?:^\/\/\/.*\n)*)^(?:fn|block) (\w+)/gm)) {
        expect(m[1], `${m[2]} has a /// text`).not.toBe("");
        names.push(String(m[2]));
      }
    }
    expect(names.length).toBeGreaterThan(15);
    expect(
      names.filter((n) => !n.startsWith("_")).filter((n) => !users.some((u) => new RegExp(`\\b${n}\\b`).test(u))),
    ).toEqual([]);
  });

  test("3 run-time sizes: one program for both ends of the range and the sizes around a tile", async () => {
    const graph = graphOfText(`lf 1
dim N = ? in 1..70
dim D = 12
model M(x: f32[N, D]) -> f32[N, D] {
  param w: f32[D, D]
  let p[n, m] = softmax[m] (sum[d] x[n, d] * x[m, d]) / sqrt(D)
  let y[n, e] = sum[m, d] p[n, m] * x[m, d] * w[d, e]
  return y
}
`);
    for (const n of [1, 7, 8, 9, 63, 64, 65, 70]) await agrees(graph, new Map([["N", n]]));
  });

  test("4 lfc fmt: idempotent, keeps comments; the repository's own files are formatted", async () => {
    const ours = await lfc("fmt", "--check", ...lfFiles("examples"), ...lfFiles("src/std"));
    expect(ours).toMatchObject({ code: 0, out: "" });
    const path = write(
      "c.lf",
      "lf 1 // first\n/// doc\nmodel M(x:f32[4])->f32[4]{ // second\nreturn x /* no */ }\n".replace(
        " /* no */",
        " // third\n",
      ),
    );
    expect((await lfc("fmt", path)).code).toBe(0);
    const text = readFileSync(path, "utf8");
    for (const comment of ["// first", "/// doc", "// second", "// third"]) expect(text).toContain(comment);
    expect((await lfc("fmt", "--check", path)).code).toBe(0);
  });

  test("5 messages: several in one run, code, both places, fix, --json, lfc explain", async () => {
    const path = write(
      "m.lf",
      `lf 1
dim Seq = 64
dim Long = 128
model M(x: f32[Seq], p: f32[Long]) -> f32[Seq] {
  let y[n] = x[n] + p[n]
  let z[n] = gleu(x[n])
  return y
}
`,
    );
    const { code, err } = await lfc("check", path);
    expect(code).toBe(1);
    expect(err).toMatch(/m\.lf:5:\d+: error LF0203: index n ranges over two different dimensions/);
    expect(err).toMatch(/Seq/);
    expect(err).toMatch(/Long/);
    expect(err).toMatch(/gelu/);
    const { json } = await lfcJson("check", path);
    expect(json).toMatchObject({ diagnostics: expect.arrayContaining([expect.objectContaining({ code: "LF0203" })]) });
    const explained = await lfc("explain", "LF0203");
    expect(explained.code).toBe(0);
    expect(explained.out).toMatch(/LF0203/);
    expect(explained.out.length).toBeGreaterThan(400);
  });

  test("6 REFERENCE.md has the generated grammar and an example a construct; the highlighter knows the keywords", () => {
    const reference = readFileSync(join(root, "grammar/REFERENCE.md"), "utf8");
    expect(reference).toContain(ebnf().trim().split("\n")[0]);
    expect(reference.match(/^```lf$/gm)?.length).toBeGreaterThan(15);
    const highlight = readFileSync(join(root, "grammar/lf.tmLanguage.json"), "utf8");
    for (const word of ["model", "softmax", "where", "repeat", "concat"]) expect(highlight).toContain(word);
  });

  test("7 a mebibyte is checked, two and a byte are refused, nesting is refused, each in seconds at most", async () => {
    const fn = (i: number): string =>
      `fn step${i}(x: f32[4]) -> f32[4] {\n  let y[n] = x[n] * ${i} + 1\n  return y\n}\n`;
    const parts = ["lf 1\n"];
    for (let i = 0, length = 5; length < 2 ** 20 - 200; i++) length += parts[parts.push(fn(i)) - 1]?.length ?? 0;
    expect((await lfc("check", write("large.lf", parts.join("")))).code).toBe(0);
    const tooLarge = await lfc("check", write("huge.lf", `lf 1\n//${" ".repeat(2 * 2 ** 20)}\n`));
    expect(tooLarge.code).toBe(1);
    expect(tooLarge.err).toMatch(/LF0103.*too large/);
    const deep = `lf 1\nmodel M(x: f32[4]) -> f32[4] { return ${"(".repeat(100_000)}x${")".repeat(100_000)} }\n`;
    const started = performance.now();
    const nested = await lfc("check", write("deep.lf", deep));
    expect(nested.code).toBe(1);
    expect(nested.err.match(/error LF/g)).toHaveLength(1);
    // a second is the promise on a quiet machine; what this holds is that it is not quadratic
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("8 bad input: every bad program of the corpus is refused with a code, a place and exit code 1", async () => {
    for (const path of lfFiles("test/corpus/bad")) {
      const { code, err } = await lfc("check", path);
      expect(code, path).toBe(1);
      expect(err, path).toMatch(/\.lf:\d+:\d+: error LF\d{4}: /);
      expect(err, path).not.toMatch(/\n\s+at .*:\d+:\d+\)?$/m);
    }
  });
});
