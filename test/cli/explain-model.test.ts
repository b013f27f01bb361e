import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import js from "../../backends/js/index.js";
import type { Plan } from "../../src/cost/plan.js";
import { lower } from "../../src/driver/compile.js";
import { explainModel, type ModelReport } from "../../src/driver/explain.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import { lfc, lfcJson } from "../support/cli.js";
import { graphOfFile, randomRun, root } from "../support/model.js";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lfc-explain-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const linformer = join(root, "examples/linformer.lf");
const corpus = (name: string): string => join(root, "test/corpus/good", `${name}.lf`);

/** Without kernels: what is decided on the graph, quickly. */
const onGraph = ["--backend", "tfjs"] as const;
const shallow = ["--dim", "Depth=2"] as const;

async function explained(...args: readonly string[]): Promise<ModelReport> {
  const { code, json } = await lfcJson("explain", ...args);
  expect(code).toBe(0);
  return json as ModelReport;
}

describe("the numbers", () => {
  const small = new Map([
    ["Seq", 24],
    ["Model", 16],
    ["Heads", 2],
    ["Proj", 5],
    ["Depth", 2],
    ["Vocab", 256],
  ]);
  const sharing = new Map([
    ["Depth", 2],
    ["Model", 16],
    ["Proj", 6],
  ]);
  test.each([
    { file: "examples/linformer.lf", model: "Linformer", dims: small, sizes: new Map<string, number>() },
    ...["PaperNone", "PaperHeadwise", "PaperKeyValue"].map((model) => ({
      file: "test/corpus/good/sharing.lf",
      model,
      dims: sharing,
      sizes: new Map([
        ["Batch", 1],
        ["Seq", 17],
      ]),
    })),
  ])("of $model are what the reference and the checked machine count", async ({ file, model, dims, sizes }) => {
    const graph = graphOfFile(file, { model, dims });
    const lowered = lower(graph, js, { backendOptions: { checked: true, count: true } });
    if (!lowered.ok) throw new Error(lowered.error[0]?.message);
    const { inputs, params } = randomRun(graph, 1, sizes);
    const { totals } = explainModel(graph, lowered.value, sizes);
    expect(totals.flops + totals.loadFlops).toBe(interpret(lowered.value.graph, inputs, params).counts.total);

    const machine = await js.load(lowered.value.artifact, { params });
    await machine.run(inputs);
    const run = machine.counts().filter((d) => !d.prepare);
    const bytes = run.reduce((n, d) => n + d.bytes, 0);
    expect(totals.dispatches).toBe(run.length);
    expect(Math.abs((totals.bytes ?? 0) / bytes - 1)).toBeLessThan(0.1);
  });

  test("of textbook and standard attention are the formulas", async () => {
    const { attentions, totals } = await explained(linformer, ...onGraph);
    const [n, k, d, h, layers] = [512, 64, 128, 4, 4];
    // 8nd² + 8nkd without queries and output projection (4nd²), five operations a softmax weight and one for the scale
    const textbook = 4 * n * d * d + 8 * n * k * d + 6 * n * k * h;
    const standard = 4 * n * d * d + 4 * n * n * d + 6 * n * n * h;
    expect(attentions).toMatchObject([{ rows: n, context: n, slots: k, heads: h, width: d / h, textbook, standard }]);
    expect(attentions[0]?.labels).toHaveLength(layers);
    expect((totals.standard ?? 0) - (totals.textbook ?? 0)).toBe(layers * (standard - textbook));
    expect(totals.flops).toBeLessThan(totals.written);
    expect(totals.written).toBeLessThan(totals.textbook ?? 0);
  });

  test("the length from which Linformer pays is that of the cheaper of the two orders", async () => {
    const { attentions } = await explained(linformer, ...onGraph);
    const [k, d, h] = [64, 128, 4];
    const pairs = (n: number, m: number): number => 4 * n * m * d + 6 * n * m * h;
    const standard = (n: number): number => 4 * n * d * d + pairs(n, n);
    const best = (n: number): number =>
      pairs(n, k) + Math.min(4 * n * d * d + 4 * n * k * d, 2 * n * k * d + 4 * k * d * d);
    const from = Array.from({ length: 512 }, (_, i) => i + 1).find((n) => best(n) < standard(n));
    expect(attentions[0]?.paysFrom).toBe(from);
  });
});

describe("lfc explain FILE", () => {
  test("shows equal layers once, with the order written and chosen, totals and a verdict", async () => {
    const { code, out } = await lfc("explain", linformer);
    expect(code).toBe(0);
    expect(out).toMatch(/^Linformer for wgsl \(generic\)\n/);
    expect(out).toMatch(/order of y\.\*\.a, layers 0–3, linformer\.lf:46\n {2}chosen +\S+ +[\d.]+ Mflop/);
    expect(out).toMatch(/a run +[\d.]+ Mflop in \d+ dispatches, [\d.]+ MiB touched/);
    expect(out).toMatch(/standard +[\d.]+ Gflop, [\d.]+ times this program/);
    expect(out).toMatch(
      /Linformer pays at n = 512: with standard attention the model would take 1\.\d+ times the work/,
    );
  });

  test("says when Linformer does not pay, and from which length on it does", async () => {
    const short = await explained(linformer, ...onGraph, "--dim", "Seq=64");
    expect(short.verdict).toMatch(/^Linformer does not pay at n = 64: .* it pays from n = 76 on\.$/);
    expect((await explained(linformer, ...onGraph, "--dim", "Seq=75")).verdict).toMatch(
      /^Linformer does not pay at n = 75/,
    );
    expect((await explained(linformer, ...onGraph, "--dim", "Seq=76")).verdict).toMatch(/^Linformer pays at n = 76/);
  });

  test("standard attention and programs without any", async () => {
    expect((await explained(join(root, "examples/attention_head.lf"), ...onGraph)).verdict).toMatch(
      /^Attention is standard here/,
    );
    expect((await explained(join(root, "examples/elementwise.lf"), ...onGraph)).verdict).toBeNull();
  });

  test.each([
    { model: "PaperHeadwise", projection: "matrix", slots: 64 },
    { model: "TiedValues", projection: "matrix", slots: 64 },
  ])("sharing: $model", async ({ model, projection, slots }) => {
    const { attentions } = await explained(corpus("sharing"), ...onGraph, "--model", model);
    expect(attentions).toMatchObject([{ rows: 512, context: 512, projection, slots, heads: 4 }]);
  });

  test.each([
    { file: "projections", model: "Pools", projections: ["window", "window", "window"] },
    { file: "projections", model: "Convolutions", projections: ["window", "window", "window"] },
    { file: "projections", model: "FixedRandom", projections: ["matrix"] },
    { file: "causal", model: "Triangle", projections: [undefined] },
  ])("what projects the rows of $model", async ({ file, model, projections }) => {
    const { attentions } = await explained(corpus(file), ...onGraph, "--model", model);
    expect(attentions.flatMap((a) => a.labels.map(() => a.projection))).toEqual(projections);
  });

  test("--target chooses the device that costs are for; --backend whose decisions", async () => {
    expect((await explained(linformer, "--target", "swiftshader", ...shallow)).target).toBe("swiftshader");
    expect(await explained(linformer, ...onGraph)).toMatchObject({ backend: "tfjs", totals: { bytes: null } });
    expect((await lfc("explain", linformer, "--target", "abacus")).code).toBe(1);
  });
});

describe("plans", () => {
  const how = [...onGraph, ...shallow];
  const saved = async (): Promise<{ readonly path: string; readonly plan: Plan }> => {
    const path = join(dir, "plan.json");
    expect((await lfc("explain", linformer, ...how, "--save-plan", path)).code).toBe(0);
    return { path, plan: JSON.parse(readFileSync(path, "utf8")) as Plan };
  };
  const write = (plan: unknown): string => {
    const path = join(dir, "changed.json");
    writeFileSync(path, JSON.stringify(plan));
    return path;
  };
  const contents = (folder: string): readonly string[] =>
    readdirSync(folder).map((name) => `${name}\n${readFileSync(join(folder, name), "utf8")}`);

  test("a plan that is saved and loaded gives the same bytes, and itself again", async () => {
    const [a, b, path, again] = ["a", "b", "plan.json", "again.json"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
      string,
    ];
    expect((await lfc("compile", linformer, ...shallow, "-o", a, "--save-plan", path)).code).toBe(0);
    const second = await lfc("compile", linformer, ...shallow, "-o", b, "--plan", path, "--save-plan", again);
    expect(second).toMatchObject({ code: 0, err: "" });
    expect(contents(b).filter((text, i) => text !== contents(a)[i])).toEqual([]);
    expect(readFileSync(again, "utf8")).toBe(readFileSync(path, "utf8"));
    const { decisions } = await explained(linformer, ...shallow, "--plan", path);
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.every((d) => d.decision.pinned)).toBe(true);
  });

  test("another order is taken, costs what it said, and means the same", async () => {
    const { plan } = await saved();
    const before = await explained(linformer, ...how);
    const order = before.decisions.find((d) => d.decision.kind === "order" && d.decision.others.length > 0);
    const other = order?.decision.others[0];
    if (order === undefined || other === undefined) throw new Error("no order has another");
    const orders = { ...plan.orders, ...Object.fromEntries(order.subjects.map((s) => [s, other.name])) };
    const after = await explained(linformer, ...how, "--plan", write({ ...plan, orders }));
    const pinned = after.decisions.find((d) => d.subjects.includes(order.subjects[0] ?? ""));
    expect(pinned?.decision).toMatchObject({ pinned: true, chosen: { name: other.name, flops: other.flops } });
    expect(after.totals.flops).not.toBe(before.totals.flops);
    const small = ["Depth=2", "Seq=24", "Model=16", "Heads=2", "Proj=5"].flatMap((d) => ["--dim", d]);
    const ran = await lfc("compare", linformer, "--backends", "js", "--plan", join(dir, "changed.json"), ...small);
    expect(ran.out).toMatch(/js +embedding .* agrees/);
  });

  test("a subject that the model has not is a warning that names the nearest", async () => {
    const { plan } = await saved();
    const [subject = "", order = ""] = Object.entries(plan.orders)[0] ?? [];
    const orders = { [`${subject}s`]: order };
    const { code, err } = await lfc("explain", linformer, ...how, "--plan", write({ ...plan, orders }));
    expect(code).toBe(0);
    expect(err).toContain(`warning LF0422: the plan has an order for ${subject}s, about which nothing is decided`);
    expect(err).toContain(`did you mean ${subject}?`);
    const { json } = await lfcJson(
      "compile",
      linformer,
      ...how,
      "-o",
      join(dir, "o"),
      "--plan",
      write({ ...plan, orders }),
    );
    expect(json).toMatchObject({ diagnostics: [{ code: "LF0422", severity: "warning" }] });
  });

  test("an order that cannot be had is a warning, and the compiler's own is taken", async () => {
    const { plan } = await saved();
    const [subject = ""] = Object.keys(plan.orders);
    const orders = { ...plan.orders, [subject]: "(a·b)·c" };
    const { code, err } = await lfc("explain", linformer, ...how, "--plan", write({ ...plan, orders }));
    expect(code).toBe(0);
    expect(err).toContain(`warning LF0423: the order (a·b)·c of the plan cannot be had for ${subject} on tfjs`);
  });

  test.each([
    ["{", /LF0420: .* is not a plan: /],
    ["[]", /LF0420: .* is not a plan: it is no JSON object/],
    ["{}", /LF0420: .* is not a plan: planVersion is no number/],
    ['{ "planVersion": 2 }', /LF0421: .* is a plan of version 2, this lfc reads version 1/],
    ['{ "planVersion": 1, "ordres": {} }', /there is no member ordres; did you mean orders\?/],
    ['{ "planVersion": 1, "orders": [] }', /orders is no object/],
    [
      '{ "planVersion": 1, "orders": { "q": 1 }, "tiles": { "q": { "tm": "8" } } }',
      /orders: the entry of q is no text/,
    ],
    ['{ "planVersion": 1, "tiles": { "q": { "tm": "8" } } }', /tiles: the entry of q is no object of numbers/],
    ['{ "planVersion": 1, "model": 5 }', /model is no text/],
  ])("%s is refused", async (text, message) => {
    const path = join(dir, "bad.json");
    writeFileSync(path, text);
    for (const command of ["explain", "compile", "compare"]) {
      const { code, err } = await lfc(command, linformer, "--plan", path);
      expect(code).toBe(1);
      expect(err).toMatch(message);
    }
  });

  test("all that is wrong with a plan is said at once", async () => {
    const { err } = await lfc(
      "explain",
      linformer,
      ...how,
      "--plan",
      write({ planVersion: 1, orders: { q: 1 }, tile: {} }),
    );
    expect(err).toContain("there is no member tile; did you mean tiles?");
    expect(err).toContain("orders: the entry of q is no text");
  });
});
