import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { disassemble } from "../../backends/wasm/disassemble.js";
import { modelOf as wasmModelOf } from "../../backends/wasm/index.js";
import type { ExploredKernel } from "../../src/bench/explore.js";
import { emptyPlan } from "../../src/cost/plan.js";
import type { Target } from "../../src/cost/target.js";
import { gpuTargets, targets } from "../../src/cost/targets.js";
import { adapterProfile } from "../../src/driver/adapterProfile.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { decisionsOf } from "../../src/driver/plan.js";
import { tune } from "../../src/driver/tune.js";
import { constValue } from "../../src/ir/dim.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { dispatchesOf, sharedBytes, verifyKernel, verifyProgram } from "../../src/ir/kernel/verify.js";
import { memoryStore } from "../bench-cli/standIn.js";
import { lfc } from "../support/cli.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, lowerFor, randomRun, root, runOn, unwrap } from "../support/model.js";

const device = testDevice();

const gemm = `lf 1
model Gemm(x: f32[64, 32]) -> f32[64, 32] {
  param w: f32[32, 32]
  let y[n, m] = sum[k] x[n, k] * w[k, m]
  return y
}
`;

/** Tiles chosen per adapter. */
describe("tiles chosen per adapter", () => {
  test("1 the contraction space is real: tile, register tile, width, k-step, staging, splits, subgroup broadcast, workgroup shape; at most 400 legal points, a sample of them right in CI; prologues and epilogues", async () => {
    // odd columns, a prologue and an epilogue; test/schedule/tiles.test.ts holds many more points
    const graph = graphOfText(`lf 1
model Layer(x: f32[48, 261], keep: bool[261], bias: f32[23]) -> f32[48, 23] {
  param w: f32[261, 23]
  let y[n, m] = gelu(bias[m] + sum[k where keep[k]] 2 * x[n, k] * w[k, m])
  return y
}`);
    const wgsl = unwrap(await resolveBackend("wgsl"));
    const others = Number.POSITIVE_INFINITY;
    const options = { others, backendOptions: { profile: "generic", subgroups: true } };
    const lowered = unwrap(lower(graph, { ...wgsl, target: (o) => ({ ...wgsl.target(o), subgroupSize: 4 }) }, options));
    const [tile] = decisionsOf(lowered.remarks).filter(
      (d) => d.kind === "tile" && d.chosen.params?.splits !== undefined,
    );
    const points = [tile?.chosen, ...(tile?.others ?? [])].map((c) => c?.params ?? {});
    expect(points.length).toBeLessThanOrEqual(400);
    const values = (name: string): ReadonlySet<number | undefined> => new Set(points.map((p) => p[name]));
    for (const name of ["regRows", "regCols", "laneRows", "laneCols", "width", "step", "stage", "share", "splits"])
      expect(values(name).size, name).toBeGreaterThan(1);
    expect(values("stage")).toEqual(new Set([0, 1, 2, 3]));

    const { inputs, params } = randomRun(graph, 3);
    const [expected] = Object.values(runReference(graph, inputs, params));
    const simt = { checked: true, execution: "simt" };
    for (const want of [{ stage: 3 }, { splits: 2 }, { step: 8 }, { width: 1 }]) {
      const plan = { ...emptyPlan, tiles: { [tile?.subject ?? ""]: { ...want, share: 0 } } };
      const made = await lowerFor(graph, "js", { plan, backendOptions: simt });
      expect(decisionsOf(made.remarks).some((d) => d.pinned)).toBe(true);
      const [got] = Object.values(await runOn(graph, "js", inputs, params, undefined, { plan, backendOptions: simt }));
      if (expected === undefined || got === undefined) throw new Error("no output");
      expect(compareToReference(expected, got)).toMatchObject({ passed: true });
    }
  });
  test("2 selection: adapter profile from micro-probes under 1 s, cached; estimate ranks; --tune times the best few and caches; named profiles without a device", async () => {
    const graph = graphOfText(gemm);
    const gpu = await device();
    const store = memoryStore();
    // Of processor time, which other work beside it does not stretch: two cores share it.
    const before = process.cpuUsage();
    const profile = await adapterProfile(gpu, "test", store);
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1e6).toBeLessThan(2);
    expect(profile.measured.flops).toBeGreaterThan(0);
    if (profile.steady) expect(await adapterProfile(gpu, "test", store)).toBe(profile);

    const options = { backendOptions: { profile: "swiftshader" }, measured: profile.measured };
    const lowered = await lowerFor(graph, "wgsl", { ...options, others: 399 });
    const [tile] = decisionsOf(lowered.remarks).filter((d) => d.kind === "tile");
    expect(tile?.others.length).toBeGreaterThan(8);
    const estimates = [tile?.chosen, ...(tile?.others ?? [])].map((c) => c?.seconds ?? Number.NaN);
    // a cut reduction has to look clearly better (contractionSpace.ts)
    expect(Math.min(...estimates) * 1.3).toBeGreaterThanOrEqual(estimates[0] ?? Number.NaN);
    expect(estimates.at(-1)).toBeGreaterThan(estimates[0] ?? Number.NaN);

    const spec = { graph, options, device: gpu, sizes: new Map(), machine: profile.key, store, candidates: 3 };
    const backend = unwrap(await resolveBackend("wgsl"));
    const tuned = unwrap(await tune({ ...spec, backend }));
    expect(tuned.kernels.map((k) => [k.cached, k.candidates.length])).toEqual([[false, 3]]);
    // loading is refused from here on: what was tuned needs no run
    const asleep = { ...backend, load: () => Promise.reject(new Error("nothing may run")) } as typeof backend;
    const again = unwrap(await tune({ ...spec, backend: asleep }));
    expect(again.plan).toEqual(tuned.plan);
    expect(again.kernels[0]?.cached).toBe(true);

    expect(Object.keys(gpuTargets)).toEqual(["generic", "swiftshader", "apple", "nvidia", "intel", "mobile"]);
    for (const name of Object.keys(gpuTargets)) {
      const { target, program } = await lowerFor(graph, "wgsl", { backendOptions: { profile: name } });
      expect([target.name, program?.steps.length]).toEqual([name, expect.any(Number)]);
    }
  });
  test("3 default variants stay within WebGPU's default limits; large matrices are cut into windows under the binding limit", async () => {
    // every model of the corpus: test/wgsl/limits.test.ts; windows that run: test/kernel/windowBindings.test.ts
    const large = graphOfText(`lf 1
model Large(x: f32[131_072, 512]) -> f32[131_072, 512] {
  param w: f32[512, 512]
  let y[n, m] = sum[k] x[n, k] * w[k, m]
  return y
}`);
    const { program, target } = await lowerFor(large, "wgsl");
    if (program === undefined) throw new Error("wgsl consumes kernels");
    expect(target.maxBinding).toBe(134217728);
    expect(program.kernels.length).toBe(1);
    expect(program.steps.length).toBeGreaterThan(1);
    for (const k of program.kernels) {
      expect(sharedBytes(k)).toBeLessThanOrEqual(16384);
      expect(k.local[0] * k.local[1] * k.local[2]).toBeLessThanOrEqual(256);
      expect(k.buffers.filter((b) => b.space === "global").length).toBeLessThanOrEqual(8);
    }
    for (const d of dispatchesOf(program.steps)) {
      for (const { offset, length } of Object.values(d.bind)) {
        expect(4 * (constValue(length) ?? Number.NaN)).toBeLessThanOrEqual(134217728);
        expect((4 * (constValue(offset) ?? Number.NaN)) % 256).toBe(0);
      }
    }
    expect(verifyProgram(program, target, ["legalize"])).toEqual([]);
  });
  test("4 lfc explain shows tile, estimate and why; lfc bench --explore shows estimate against measured as a table and an SVG", async () => {
    const dir = mkdtempSync(join(tmpdir(), "lfc-tiles-"));
    try {
      const [file, plot, json] = [join(dir, "gemm.lf"), join(dir, "tiles.svg"), join(dir, "tiles.json")];
      writeFileSync(file, gemm);
      const explained = await lfc("explain", file);
      expect(explained.code).toBe(0);
      // what was chosen, its estimate, and how the next best compares
      expect(explained.out).toMatch(/^y \(contract\) +regRows \d+, regCols \d+, .* ~[\d.]+ µs .*\d\.\d\d× the time$/m);

      const args = ["--backends", "wgsl", "--explore", "4", "--runs", "2", "--plot", plot, "--json", json];
      const explored = await lfc("bench", file, ...args);
      expect(explored.code).toBe(0);
      expect(explored.out).toMatch(/^y \(contract\): 4 of \d+ points, rank correlation /m);
      expect(explored.out).toMatch(/^ *1 +\d+ +[\d.]+ +[\d.]+ +[\d.]+ +regRows/m);
      const { results } = JSON.parse(readFileSync(json, "utf8")) as {
        readonly results: readonly { readonly kernels: readonly ExploredKernel[] }[];
      };
      const [kernel] = results[0]?.kernels ?? [];
      expect(kernel?.points).toHaveLength(4);
      expect(kernel?.points.every((p) => p.seconds > 0 && p.choice.seconds > 0)).toBe(true);
      expect(readFileSync(plot, "utf8").match(/<circle [^>]*r="3"/g)).toHaveLength(4);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
  test("5 a spike kept as a note: one-thread GEMM in WebAssembly from the same kernel IR", async () => {
    const graph = graphOfText(gemm);
    const { program, artifact } = await lowerFor(graph, "wasm");
    expect(program?.kernels.flatMap((k) => verifyKernel(k, targets.cpu as Target, ["unroll", "guardBounds"]))).toEqual(
      [],
    );
    // a row of columns, then for each row one element in all lanes: 2 x 4 sums, two steps a turn
    const text = disassemble(wasmModelOf(artifact).relaxed);
    expect(text.match(/f32x4\.relaxed_madd/g)).toHaveLength(2 * 4 * 2);
    expect(text.match(/v128\.load32_splat/g)).toHaveLength(2 * 2);
    const { inputs, params } = randomRun(graph, 1);
    const outputs = await runOn(graph, "wasm", inputs, params, undefined, { backendOptions: { threads: 1 } });
    for (const [name, expected] of Object.entries(runReference(graph, inputs, params))) {
      const got = outputs[name];
      if (got === undefined) throw new Error(`${name} is missing`);
      expect(compareToReference(expected, got)).toMatchObject({ passed: true });
    }
    const note = readFileSync(join(root, "docs/notes/wasm-gemm.md"), "utf8");
    expect(note).toMatch(/What had to change or be added/);
  });
});
