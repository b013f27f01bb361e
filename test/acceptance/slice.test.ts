import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { modelOf } from "../../backends/wgsl/index.js";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline, programPipeline } from "../../passes/pipelines.js";
import type { PassContext, Remark } from "../../src/backend/backend.js";
import { generic } from "../../src/cost/targets.js";
import { builtinNames, resolveBackend } from "../../src/driver/backends.js";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { verifyKernel, verifyProgram } from "../../src/ir/kernel/verify.js";
import { runInBrowser, testPage } from "../support/browser.js";
import { lfc, lfcJson } from "../support/cli.js";
import { testDevice, validateWgsl } from "../support/dawn.js";
import { graphOfFile, graphOfText, lowerFor, randomRun, root, runOn, unwrap } from "../support/model.js";

const device = testDevice();
const page = testPage();
const out = mkdtempSync(join(tmpdir(), "lfc-slice-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const examples = ["attention_head", "linformer_head", "linformer", "elementwise"] as const;
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The thinnest path through every layer: one Linformer encoder from text to numbers that agree. */
describe("the slice", () => {
  test("1 npm run demo and npm test each work by themselves; .ci/run calls npm test", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    expect(scripts.test).toBe("node scripts/test.mjs");
    // both begin with an installation where one is missing, from Node's own modules alone
    for (const script of ["scripts/test.mjs", "scripts/build.mjs"]) expect(read(script)).toMatch(/ensureInstalled/);
    expect(read(".ci/run")).toMatch(/^npm test$/m);
    const shown = execFileSync(process.execPath, [join(root, "scripts/demo.mjs")], { cwd: root, encoding: "utf8" });
    expect(shown).toMatch(/Linformer for wgsl/);
    expect(shown).toMatch(/^backend: .+; .+$/m);
    expect(shown).toMatch(/embedding: f32\[1, 128\]/);
    expect(read("README.md")).toContain("npm run demo");
  }, 120_000);

  test("2 language, first part: dims, params, fn, block, model, let, repeat, mapping, reductions, softmax, gather, functions", () => {
    const graph = graphOfText(`lf 1
dim N = 6
dim D = 2 * N
fn scale<K>(x: f32[K], by: f32) -> f32[K] { return x * by }
block Layer(x: f32[N, D]) -> f32[N, D] {
  param w: f32[D, D] = xavier
  param g: f32[D] = ones
  let y[n, e] = g[e] * gelu(sum[d] x[n, d] * w[d, e])
  let p[n, e] = softmax[e] y[n, e]
  let z[n] = scale(p[n], 2.0)
  return x + z
}
model M(t: i32[N]) -> (y: f32[N, D], top: f32[N], best: i32[N], low: f32[N], all: f32[N], avg: f32[N]) {
  param table: f32[7, D] = normal(0.5)
  let x[n, d] = table[t[n], d]
  let y = repeat 2 (z = x) { Layer(z) }
  let top[n] = max[d] y[n, d]
  let best[n] = argmax[d] y[n, d]
  let low[n] = min[d] y[n, d]
  let all[n] = prod[d] tanh(y[n, d])
  let avg[n] = mean[d] y[n, d]
  return y, top, best, low, all, avg
}
`);
    const params = graph.nodes.flatMap((n) => (n.op === "param" ? [n.path] : []));
    expect(params).toEqual(expect.arrayContaining(["table", "Layer.0.w", "Layer.1.w"]));
    const { inputs, params: values } = randomRun(graph);
    const results = runReference(graph, inputs, values);
    expect([...(results.y?.value ?? [])].every(Number.isFinite)).toBe(true);
    expect(results.best?.dtype).toBe("i32");
  });

  test("3 graph IR: few ops, printer, verifier, float64 reference with a running bound", () => {
    const graph = graphOfFile("examples/linformer.lf");
    const ops = new Set(graph.nodes.map((n) => n.op));
    const eight = ["input", "param", "contract", "map", "reduce", "softmax", "concat", "region"];
    expect([...ops].every((op) => eight.includes(op))).toBe(true);
    expect(verifyGraph(graph, "elaborated")).toEqual([]);
    expect(printGraph(graph)).toMatch(/^graph @Linformer/);
    const { inputs, params } = randomRun(graphOfFile("examples/attention_head.lf"));
    const { output } = runReference(graphOfFile("examples/attention_head.lf"), inputs, params);
    expect(output?.bound.every((b) => b > 0 && b < 1e-1)).toBe(true);
  });

  test("4 kernel IR: every kernel of the examples keeps the rules; register tiles and vec4 loads", async () => {
    for (const name of examples) {
      const { program } = await lowerFor(graphOfFile(`examples/${name}.lf`), "wgsl");
      if (program === undefined) throw new Error("wgsl consumes kernels");
      const after = ["schedule", ...programPipeline.map((p) => p.name)];
      expect(verifyProgram(program, generic, after), name).toEqual([]);
      for (const k of program.kernels) expect(verifyKernel(k, generic, after), k.name).toEqual([]);
      if (name === "elementwise") continue;
      const products = program.kernels.filter((k) => k.name.includes("contract"));
      expect(products.some((k) => k.buffers.some((b) => b.space === "register" && b.type.width === 4))).toBe(true);
      expect(products.some((k) => k.buffers.some((b) => b.space === "global" && b.type.width === 4))).toBe(true);
    }
  });

  test("5 passes: reassociate takes (e·x)·w and shares e·x; remarks say so; dead code goes; maps fuse; buffers are planned", async () => {
    const graph = graphOfFile("examples/linformer.lf");
    const remarks: Remark[] = [];
    const cx: PassContext = { target: generic, strategies: new Set(), fp: "relaxed", remark: (r) => remarks.push(r) };
    const optimised = runPasses(graph, graphPipeline, cx, []);
    expect(verifyGraph(optimised, "reassociated")).toEqual([]);
    expect(remarks.some((r) => r.pass === "reassociate")).toBe(true);
    const chain = graphOfText(`lf 1
dim N = 8
model Chain(x: f32[N]) -> f32[N] {
  let unused[n] = x[n] * 7
  let a[n] = x[n] + 1
  let b[n] = a[n] * 2
  let y[n] = exp(b[n])
  return y
}
`);
    const fused = runPasses(chain, graphPipeline, cx, []);
    expect(fused.nodes.map((n) => n.op)).toEqual(["input", "map"]);
    const { program } = await lowerFor(graph, "wgsl");
    expect(program?.resources.some((r) => r.kind === "temp" && r.arena !== undefined)).toBe(true);
  });

  test("6 backends wgsl, js and tfjs through one interface; user names are prefixed", async () => {
    expect([...builtinNames].sort()).toEqual(["js", "tfjs", "wasm", "wgsl"]);
    const graph = graphOfText(`lf 1
dim N = 8
model main(array: f32[N], vec4: f32[N]) -> (select: f32[N]) {
  param fn_: f32[N]
  let loop[n] = array[n] * vec4[n] + fn_[n]
  return loop
}
`);
    const { inputs, params } = randomRun(graph);
    const { select: expected } = runReference(graph, inputs, params);
    if (expected === undefined) throw new Error("select is missing");
    for (const name of builtinNames) {
      expect(unwrap(await resolveBackend(name)).abi).toBe(1);
      const options = name === "js" ? { backendOptions: { checked: true } } : {};
      const { select } = await runOn(
        graph,
        name,
        inputs,
        params,
        name === "wgsl" ? await device() : undefined,
        options,
      );
      if (select === undefined) throw new Error("select is missing");
      expect(compareToReference(expected, select)).toMatchObject({ passed: true });
    }
  });

  test("7 runtime: one file for Node and browsers, the device is passed in, dispose ends it", async () => {
    const graph = graphOfFile("examples/linformer_head.lf");
    const { artifact } = await lowerFor(graph, "wgsl");
    const { inputs, params } = randomRun(graph);
    const { output: expected } = runReference(graph, inputs, params);
    const inNode = await runOn(graph, "wgsl", inputs, params, await device());
    const inPage = await runInBrowser(await page(), modelOf(artifact), params, inputs);
    for (const { output } of [inNode, inPage]) {
      if (expected === undefined || output === undefined) throw new Error("output is missing");
      expect(compareToReference(expected, output, { relL2: 1e-5 })).toMatchObject({ passed: true });
    }
    const backend = unwrap(await resolveBackend("wgsl"));
    const executable = await backend.load?.(artifact, { device: await device(), params });
    executable?.dispose();
    await expect(executable?.run(inputs)).rejects.toThrow();
  });

  test("8 lfc compile, check, run, compare, ir", async () => {
    const file = join(root, "examples/linformer_head.lf");
    const compiled = await lfcJson("compile", file, "-o", join(out, "head"));
    expect(compiled.json).toMatchObject({
      files: expect.any(Array),
      dispatches: expect.any(Number),
      parameterBytes: expect.any(Number),
      transientBytes: expect.any(Number),
      flops: expect.any(Number),
    });
    expect((await lfc("check", file)).code).toBe(0);
    expect((await lfc("check", join(root, "test/corpus/bad/unknown_name.lf"))).code).toBe(1);
    expect((await lfc("run", file, "--input", "x=random", "-o", join(out, "run"))).code).toBe(0);
    expect(existsSync(join(out, "run", "output.npy"))).toBe(true);
    expect((await lfc("compare", file)).code).toBe(0);
    expect((await lfc("ir", file, "--pass", "reassociate")).code).toBe(0);
    expect((await lfc("frobnicate")).code).toBe(2);
  });

  test("9 golden tests hold texts and numbers of every example; every WGSL is valid", async () => {
    for (const name of examples) {
      const folder = join(root, "test/golden", `${name}.expected`);
      const files = readdirSync(folder);
      expect(files).toContain("graph.lfir");
      expect(files.some((f) => f.includes("tfjs"))).toBe(true);
      for (const f of files.filter((f) => f.endsWith(".wgsl"))) {
        expect(await validateWgsl(await device(), readFileSync(join(folder, f), "utf8")), f).toEqual([]);
      }
    }
  });

  test("10 examples: a standard head, a Linformer head, linformer.lf, an elementwise one", async () => {
    const files = examples.map((name) => join(root, "examples", `${name}.lf`));
    expect((await lfc("check", ...files)).code).toBe(0);
  });

  test("11 house: import DAG test, biome, strict TypeScript, licence, README, CONTRIBUTING", () => {
    for (const f of ["test/architecture.test.ts", "biome.json", "LICENSE", "README.md", "CONTRIBUTING.md"]) {
      expect(existsSync(join(root, f)), f).toBe(true);
    }
    const { compilerOptions } = JSON.parse(read("tsconfig.json")) as { compilerOptions: Record<string, unknown> };
    expect(compilerOptions).toMatchObject({
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
    });
    expect(read("LICENSE")).toMatch(/^MIT License/);
    expect(read("package-lock.json")).not.toMatch(/"resolved"/);
  });
});
