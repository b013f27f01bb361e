import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import js from "../../backends/js/index.js";
import { kernelsCase } from "../../bench/baselines/kernels.js";
import { naiveLayer } from "../../bench/baselines/naive.js";
import { tunedLayer } from "../../bench/baselines/tuned.js";
import { layerValues, seededTensors } from "../../bench/layer/layer.js";
import { errorOf, largestError, referenceRows } from "../../bench/layer/reference.js";
import { contestants } from "../../bench/peers/contestants.js";
import { markdown, plot, type Report } from "../../bench/peers/report.js";
import { kernelsRunner } from "../../bench/support/kernelsRunner.js";
import { candidateOrders } from "../../passes/graph/candidateOrders.js";
import { parameterOnly } from "../../passes/graph/hoistWeights.js";
import { runPasses } from "../../passes/manager.js";
import type { PassContext, Remark } from "../../passes/pass.js";
import { graphPipeline } from "../../passes/pipelines.js";
import type { Benchmark } from "../../src/bench/bench.js";
import { emptyPlan } from "../../src/cost/plan.js";
import type { AdapterProfile } from "../../src/cost/profile.js";
import type { Target } from "../../src/cost/target.js";
import { targets } from "../../src/cost/targets.js";
import { lower } from "../../src/driver/compile.js";
import type { ModelReport } from "../../src/driver/explain.js";
import { runReference } from "../../src/driver/machine.js";
import { evalDim } from "../../src/ir/dim.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { liveValues } from "../../src/ir/graph/visit.js";
import { leastCost } from "../passes/bruteForce.js";
import { graphOfLayer, layer } from "../passes/layer.js";
import { lfc, lfcJson } from "../support/cli.js";
import { testDevice } from "../support/dawn.js";
import { linformerLayer } from "../support/linformer-layer.js";
import { graphOfFile, graphOfText, lowerFor, randomRun, root, runOn } from "../support/model.js";

const device = testDevice();

/** Contraction order by cost. */
describe("contraction order by cost", () => {
  test("1 frozen baselines in bench/baselines: the naive nine-dispatch layer and a tuned hand-written WGSL layer in textbook order, both checked against float64", async () => {
    const size = { n: 16, d: 16, heads: 2, k: 8 };
    const reference = referenceRows(size, layerValues(size, 5), [0, 7, 15]);
    for (const [name, kernels] of [
      ["naive", naiveLayer(size)],
      ["tuned", tunedLayer(size)],
    ] as const) {
      // held to be what they were by test/bench/baselines.test.ts
      expect(readFileSync(join(root, `bench/baselines/${name}.ts`), "utf8")).toMatch(/^ \* FROZEN\./m);
      expect(kernels.steps, name).toHaveLength(9);
      const runner = await kernelsRunner(await device(), kernelsCase(name, kernels, seededTensors(size, 5)));
      await runner.run();
      expect(errorOf(reference, (await runner.output?.())?.y?.data ?? [], size.d), name).toBeLessThan(5e-6);
      runner.dispose();
    }
  });
  test("2 lfc bench FILE: --vs, --sweep, --backends, --json, --plot; warm-up, interleaved runs, minima and medians, cold and warm, per kernel, share of the measured peak", async () => {
    const dir = mkdtempSync(join(tmpdir(), "lfc-bench-"));
    try {
      const [first, json, plot] = [join(root, "examples/first.lf"), join(dir, "out.json"), join(dir, "out.svg")];
      const args = ["--backends", "wgsl,js", "--vs", "standard", "--vs", first, "--sweep", "Seq=16..32", "--runs", "3"];
      const { code, out, err } = await lfc("bench", first, ...args, "--json", json, "--plot", plot);
      expect([code, err]).toEqual([0, ""]);
      expect(out).toMatch(/3 runs each in turn/);
      expect(out).toMatch(/^measured: .*flop\/s/m);
      const { points, setting } = JSON.parse(readFileSync(json, "utf8")) as Benchmark & {
        readonly setting: { readonly adapter: string; readonly profile: AdapterProfile };
      };
      expect(setting.adapter).toMatch(/\w/);
      expect(setting.profile.measured.flops).toBeGreaterThan(0);
      expect(points.map((p) => p.sizes.Seq)).toEqual([16, 32]);
      for (const { contestants, leftOut } of points) {
        expect(leftOut).toEqual([]);
        const names = contestants.map((c) => `${c.name === first ? "file" : c.name} ${c.backend}`);
        expect(names).toEqual(
          ["this", "textbook", "standard", "file"].flatMap((name) => [`${name} wgsl`, `${name} js`]),
        );
        for (const c of contestants) {
          expect(c.warm.count).toBe(3);
          expect(c.warm.min).toBeLessThanOrEqual(c.warm.median);
          expect(c.cold.first).toBeGreaterThan(0);
          expect(c.kernels.length).toBeGreaterThan(0);
          expect(c.kernels.reduce((n, k) => n + (k.flops ?? 0), 0)).toBe(c.work?.flops);
          expect((c.peak?.flops ?? 0) > 0).toBe(c.backend === "wgsl");
        }
      }
      expect(readFileSync(plot, "utf8")).toMatch(/^<svg .*this, wgsl.*standard, js.*<\/svg>\n$/s);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
  test("3 npm run bench:peers: onnxruntime-web, tfjs, jax-js, the baselines and lfc on one adapter, as each runs it and reordered by hand, checked against float64; table, JSON, SVG", () => {
    // the whole run takes minutes and packages that are installed for it: its smallest form, and what the last one left
    const dir = mkdtempSync(join(tmpdir(), "lfc-peers-"));
    try {
      const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      };
      const [command, ...args] = (scripts["bench:peers"] ?? "").split(" ");
      expect(command).toBe("node");
      const out = join(dir, "peers");
      const table = execFileSync(process.execPath, [...args, "--quick", "--out", out], { cwd: root, encoding: "utf8" });
      const quick = JSON.parse(readFileSync(`${out}.json`, "utf8")) as Report;
      const own = contestants.filter((c) => c.own);
      expect(quick.entries.map((e) => `${e.peer} ${e.variant}`)).toEqual(
        own.flatMap((c) => c.variants.map((v) => `${c.name} ${v}`)),
      );
      for (const e of quick.entries) expect(e.error, `${e.peer} ${e.variant}`).toBeLessThan(5e-6);
      expect(table).toBe(markdown(quick));
      expect(readFileSync(`${out}.svg`, "utf8")).toBe(plot(quick));
    } finally {
      rmSync(dir, { recursive: true });
    }
    const last = JSON.parse(readFileSync(join(root, "bench/results/peers.json"), "utf8")) as Report;
    expect(last.machine.adapter).toMatch(/\w/);
    expect(Object.keys(last.machine.versions)).toEqual(
      expect.arrayContaining(["lfc", "onnxruntime-web", "@tensorflow/tfjs-core", "@jax-js/jax"]),
    );
    for (const { name, variants } of contestants)
      for (const variant of variants) {
        const entries = last.entries.filter((e) => e.peer === name && e.variant === variant);
        expect(entries.length, `${name} ${variant}`).toBeGreaterThan(0);
        // each has a time and is right, or says why not
        for (const e of entries)
          if (e.failure === undefined && e.expected === undefined) {
            expect(e.error, `${name} ${variant}`).toBeLessThan(largestError);
            expect(e.samples?.length).toBeGreaterThan(0);
          }
      }
    expect(readFileSync(join(root, "docs/bench.md"), "utf8")).toContain(markdown(last));
  }, 120_000);
  test("4 order: growContractions and reassociate by roofline cost, equal to a brute-force minimum on a grid, sharing once, parameter-only free, choose at a crossover, siblings joined, --fp strict keeps the written order", async () => {
    // the grid of test/passes/orderSearch.test.ts, thinned out: a point on each side of each crossing, on two machines
    const { generic, swiftshader } = targets;
    if (generic === undefined || swiftshader === undefined) throw new Error("a target is missing");
    for (const [k, sharing, mask] of [
      [72, "none", false],
      [74, "none", true],
      [169, "heads' own, E = F", true],
      [172, "heads' own, E = F", false],
      [64, "headwise", false],
      [128, "key-value", true],
    ] as const)
      for (const target of [generic, swiftshader]) {
        const point = layer({ n: 4096, k, d: 512, h: 8, sharing, mask });
        const cx = context(target);
        const [group, ...more] = candidateOrders(graphOfLayer(point), cx);
        const found = [group, ...more].reduce((sum, g) => sum + (g?.[0]?.cost.seconds ?? 0), 0);
        const least = leastCost(point.problems, point.sizes, target.peak).seconds;
        expect(found / least, `${target.name}: k = ${k}, ${sharing}`).toBeCloseTo(1, 9);
        expect(group?.length).toBeLessThanOrEqual(4);
      }

    // biases move out, under the mask too: e·x is made once for keys and values
    const biased = graphOfText(linformerLayer({ n: 4096, k: 128, sharing: "key-value", mask: true, bias: true }));
    const remarks: Remark[] = [];
    const ordered = orderedGraph(biased, { ...context(generic), remark: (r) => remarks.push(r) });
    const plain = graphOfText(linformerLayer({ n: 4096, k: 128, sharing: "key-value", mask: true }));
    const [with_, without] = [flopsOf(ordered), flopsOf(orderedGraph(plain, context(generic)))];
    expect(with_ / without).toBeLessThan(1.01);
    expect(remarks.filter((r) => r.pass === "growContractions")).toHaveLength(2);

    // a run-time size that decides, and siblings
    const choosing = graphOfText(linformerLayer({ n: "? in 16..8192", k: 256, d: 128, h: 2, sharing: "key-value" }));
    const { program, remarks: said } = await lowerFor(choosing, "js");
    const [choose] = program?.steps ?? [];
    expect(choose?.step === "choose" && choose.below > 16 && choose.below < 256).toBe(true);
    expect(said.some((r) => r.pass === "chooseOrders")).toBe(true);
    const siblings = graphOfText(linformerLayer({ n: 256, k: 16, d: 64, h: 4, sharing: "headwise" }));
    const joined = (await lowerFor(siblings, "wgsl")).remarks;
    expect(joined.filter((r) => r.pass === "joinParallel").length).toBeGreaterThan(0);

    // strict: what is written, by parts
    const strict = orderedGraph(plain, { ...context(generic), fp: "strict" });
    expect(flopsOf(strict)).toBe(flopsOf(plain));
  });
  test("5 lfc explain FILE [--json], --save-plan, --plan; the numbers equal what the checked interpreter counts", async () => {
    const dims = ["Depth=2", "Seq=40", "Model=16", "Heads=2", "Proj=5"];
    const args = [join(root, "examples/linformer.lf"), "--backend", "js", ...dims.flatMap((d) => ["--dim", d])];
    const folder = mkdtempSync(join(tmpdir(), "lfc-order-"));
    const at = (name: string): string => join(folder, name);
    const text = await lfc("explain", ...args, "--save-plan", at("plan.json"));
    expect(text.out).toMatch(
      /order of y\.\*\.\S+, layers 0–1, linformer\.lf:\d+\n +chosen +\S+ +[\d.]+ kflop +[\d.]+ KiB/,
    );
    expect(text.out).toMatch(
      /textbook order +[\d.]+ kflop.*\nstandard +[\d.]+ kflop.*\n\nLinformer (pays|does not pay) at n = 40/,
    );

    const { json } = await lfcJson("explain", ...args, "--plan", at("plan.json"));
    const { totals, decisions } = json as ModelReport;
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.every((d) => d.decision.pinned)).toBe(true);
    const graph = graphOfFile("examples/linformer.lf", {
      dims: new Map(dims.map((d) => [d.split("=")[0] ?? "", Number(d.split("=")[1])])),
    });
    const lowered = lower(graph, js, { backendOptions: { checked: true, count: true } });
    if (!lowered.ok) throw new Error(lowered.error[0]?.message);
    const { inputs, params } = randomRun(graph, 1);
    expect(totals.flops + totals.loadFlops).toBe(interpret(lowered.value.graph, inputs, params).counts.total);
    const machine = await js.load(lowered.value.artifact, { params });
    await machine.run(inputs);
    const touched = machine.counts().reduce((n, d) => n + (d.prepare ? 0 : d.bytes), 0);
    expect(Math.abs((totals.bytes ?? 0) / touched - 1)).toBeLessThan(0.1);

    await lfc("compile", ...args, "-o", at("a"));
    await lfc("compile", ...args, "-o", at("b"), "--plan", at("plan.json"));
    const files = readdirSync(at("a"));
    for (const file of files)
      expect(readFileSync(join(at("b"), file)).equals(readFileSync(join(at("a"), file)))).toBe(true);
    rmSync(folder, { recursive: true, force: true });
  });
  test("6 filetests and property tests for both passes; rounding held to the one tolerance in every order", async () => {
    // that they hold is what they say themselves; here, that they are there and say it of every order
    const tests = (path: string): string => readFileSync(join(root, "test", path), "utf8");
    for (const pass of ["growContractions", "reassociate", "joinParallel"])
      expect(readdirSync(join(root, "test/filetests", pass)).length, pass).toBeGreaterThanOrEqual(4);
    for (const file of ["growContractions", "distribution", "reassociate", "joinParallel"])
      expect(tests(`passes/${file}.test.ts`)).toMatch(/test\("(on )?random \w+/);
    expect(tests("passes/everyOrder.test.ts")).toContain("random products in every order are within the one tolerance");
    // and a layer in some of its orders, kernels in f32 beside the float64 reference of what is written
    const graph = graphOfText(linformerLayer({ n: 24, k: 3, d: 8, h: 2, sharing: "key-value", mask: true }));
    const { inputs, params } = randomRun(graph, 3);
    const expected = runReference(graph, inputs, params).y;
    for (const order of ["(x·wq)·(e·(x·wk))", "x·(wq·((e·x)·wk))", "(x·(wq·wk))·(e·x)", "((x·wq)·wk)·(e·x)"]) {
      const plan = { ...emptyPlan, orders: { p: order } };
      const { remarks } = await lowerFor(graph, "js", { plan });
      const decision = remarks.flatMap((r) => r.decision ?? []).find((d) => d.kind === "order" && d.subject === "p");
      expect([decision?.chosen.name, decision?.pinned]).toEqual([order, true]);
      const found = (await runOn(graph, "js", inputs, params, undefined, { plan })).y;
      if (expected === undefined || found === undefined) throw new Error("y is missing");
      expect(compareToReference(expected, found), order).toMatchObject({ passed: true });
    }
  });
  test.each(["generic", "swiftshader"])(
    "7 bar: flops at n = 4096, k = 256, d = 512, h = 8: headwise 1.45x, key-value 1.66x fewer than textbook, one E a head unchanged, k = 32 key-value 3.9x (%s)",
    (name) => {
      const target = targets[name];
      if (target === undefined) throw new Error("a target is missing");
      const [n, d, h] = [4096, 512, 8];
      for (const { k, sharing, multiplyAdds, gain } of [
        { k: 256, sharing: "headwise", multiplyAdds: 2 * n * d * d + 4 * n * 256 * d + 2 * 256 * d * d, gain: 1.45 },
        { k: 256, sharing: "key-value", multiplyAdds: 2 * n * d * d + 3 * n * 256 * d + 2 * 256 * d * d, gain: 1.66 },
        { k: 256, sharing: "none", multiplyAdds: 4 * n * d * d + 4 * n * 256 * d, gain: 1 },
        { k: 32, sharing: "key-value", multiplyAdds: n * 32 * d + 4 * 32 * d * d + 2 * n * 32 * d * h, gain: 3.89 },
      ] as const) {
        const graph = graphOfText(linformerLayer({ n, k, d, h, sharing }));
        const textbook = flopsOf(graph);
        expect(textbook).toBe(2 * (4 * n * d * d + 4 * n * k * d));
        const flops = flopsOf(orderedGraph(graph, context(target)));
        expect(flops, `k = ${k}, ${sharing}`).toBe(2 * multiplyAdds);
        expect(textbook / flops).toBeCloseTo(gain, 2);
      }
    },
  );
});

const context = (target: Target): PassContext => ({ target, strategies: new Set(), fp: "relaxed", remark: () => {} });

/** A graph with every product in its order. */
const orderedGraph = (graph: Graph, cx: PassContext): Graph =>
  runPasses(graph, graphPipeline.slice(0, graphPipeline.findIndex((p) => p.name === "reassociate") + 1), cx);

/** Flops of the products of a run; what is made when the weights are loaded is no part of it. */
function flopsOf(graph: Graph): number {
  const live = liveValues(graph);
  const once = parameterOnly(graph);
  return graph.nodes.reduce(
    (sum, node, v) =>
      node.op === "contract" && live[v] && !once.has(v)
        ? sum + node.extents.reduce((n, d) => n * evalDim(d, new Map()), node.factors.length)
        : sum,
    0,
  );
}
