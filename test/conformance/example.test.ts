import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import c, { type COptions } from "../../examples/lfc-backend-c/index.js";
import type { KernelBackend } from "../../src/backend/backend.js";
import { type CasePattern, conformance, conformanceCases, runConformance } from "../../src/conformance/index.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { graphOfText, randomRun, root, runOn, unwrap } from "../support/model.js";

/** The backend of docs/backends.md: a package of its own, in examples/lfc-backend-c. */
const folder = join(root, "examples/lfc-backend-c");
const compiles = spawnSync("cc", ["--version"]).status === 0;
const cases = conformanceCases();
const { load: _load, validate: _validate, ...emitOnly } = c;

describe("as text", () => {
  conformance(emitOnly, { cases, only: ["names/*", "outputs/*", "symbolic/*"], test: { describe, test } });
});

/** One case of each area, since each is compiled twice; the package's own test runs all. */
const sample: readonly CasePattern[] = [
  ...new Map(cases.map((x) => [x.area, x.id as CasePattern])).values(),
  "names/of_c",
];

describe("compiled and run, one case of each area", () => {
  conformance(compiles ? c : emitOnly, { cases, only: sample, parallel: 2, test: { describe, test } });
});

test("text that is no C is refused by its validator", async () => {
  if (c.consumes !== "kernel") throw new Error("the example consumes kernels");
  const { emit, load, validate, ...rest } = c;
  const wrong: KernelBackend<COptions> = {
    ...rest,
    emit(program, cx, options) {
      const { files, meta } = emit(program, cx, options);
      return { files: files.map((f) => ({ ...f, text: `${String(f.text)} }` })), meta };
    },
    validate: compiles && validate !== undefined ? validate : async () => ["error: no compiler"],
  };
  const { results } = await runConformance(wrong, { cases, only: ["map/transpose"] });
  expect(results[0]?.outcome).toMatchObject({
    kind: "fails",
    problems: [expect.stringMatching(/refuses: .*error: /s)],
  });
});

describe("installed as a package", () => {
  const project = mkdtempSync(join(tmpdir(), "lfc-c-"));
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test("it is found by its name, and knows its options", async () => {
    const at = join(project, "node_modules/lfc-backend-c");
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, "package.json"), readFileSync(join(folder, "package.json")));
    await build({
      absWorkingDir: root,
      entryPoints: [join(folder, "index.ts")],
      outfile: join(at, "index.js"),
      bundle: true,
      format: "esm",
      platform: "node",
      alias: { "lfc/backend": join(root, "src/backend/index.ts") },
    });
    const backend = unwrap(await resolveBackend("c", project));
    expect(backend.name).toBe("c");
    expect(backend.parseOptions({ optimise: true })).toMatchObject({ ok: false, error: { code: "LF0450" } });
    expect(backend.parseOptions({ compiler: 3 })).toMatchObject({ ok: false, error: { code: "LF0451" } });
    const graph = graphOfText("lf 1\nmodel Sum(x: f32[4]) -> f32 { return sum[i] x[i] }\n");
    const { inputs, params } = randomRun(graph);
    if (compiles) {
      const before = readdirSync(tmpdir()).filter((f) => f.startsWith("lfc-backend-c-"));
      const { output } = await runOn(graph, backend, inputs, params);
      expect(output?.data[0]).toBeCloseTo(
        [...(inputs.x?.data ?? [])].reduce((a, b) => a + b),
        5,
      );
      const after = readdirSync(tmpdir()).filter((f) => f.startsWith("lfc-backend-c-"));
      expect(after.filter((f) => !before.includes(f) && existsSync(join(tmpdir(), f, "model")))).toEqual([]);
    }
    await expect(
      runOn(graph, backend, inputs, params, undefined, { backendOptions: { compiler: "no-such-cc" } }),
    ).rejects.toThrow(/no-such-cc/);
  });
});

test("docs/backends.md shows the example as it is", () => {
  const text = readFileSync(join(root, "docs/backends.md"), "utf8");
  const blocks = [...text.matchAll(/^```(?:ts|json)\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)];
  expect(new Set(blocks.map((b) => b[1]))).toEqual(
    new Set(["package.json", "index.ts", "expressions.ts", "file.ts", "compiler.ts", "test.ts"]),
  );
  for (const [, file = "", code = ""] of blocks) {
    const source = readFileSync(join(folder, file), "utf8");
    // a line of dots leaves something out
    for (const part of code.split(/^\s*\/\/ …\n/m)) expect(source, file).toContain(part);
  }
});
