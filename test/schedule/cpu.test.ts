import { describe, expect, test } from "vitest";
import js from "../../backends/js/index.js";
import wasm from "../../backends/wasm/index.js";
import { emptyPlan, type Plan } from "../../src/cost/plan.js";
import { cpu } from "../../src/cost/targets.js";
import { lower } from "../../src/driver/compile.js";
import { loadLowered, runMachine, runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Step } from "../../src/ir/program/program.js";
import { graphOfText, randomRun, unwrap } from "../support/model.js";

/** The schedules for one core, run as WebAssembly and held against the reference at sizes round their tiles. */
const labels = (steps: readonly Step[]): readonly string[] =>
  steps.flatMap((s) => (s.step === "dispatch" ? [s.label] : labels([...s.then, ...s.else])));

async function agrees(
  graph: Graph,
  plan: Partial<Plan> = {},
  sizes: readonly ReadonlyMap<string, number>[] = [new Map()],
): Promise<readonly string[]> {
  const lowered = unwrap(lower(graph, wasm, { plan: { ...emptyPlan, ...plan }, backendOptions: { threads: 1 } }));
  const { program, remarks } = lowered;
  if (program === undefined) throw new Error("kernels are a program");
  expect(remarks.filter((r) => /not followed/.test(r.message))).toEqual([]);
  expect(verifyProgram(program, cpu, ["schedule", "unroll", "planShared", "guardBounds"])).toEqual([]);
  const { params } = randomRun(graph, 5, sizes[0]);
  const machine = unwrap(await loadLowered(lowered, params, undefined));
  for (const at of sizes) {
    const { inputs } = randomRun(graph, 5, at);
    const outputs = unwrap(await runMachine(machine, inputs));
    for (const [name, expected] of Object.entries(runReference(graph, inputs, params))) {
      const got = outputs[name];
      if (got === undefined) throw new Error(`${name} is missing`);
      expect(compareToReference(expected, got), `${name} at ${[...at]}`).toMatchObject({ passed: true });
    }
  }
  machine.executable.dispose();
  return labels(program.steps);
}

describe("products", () => {
  const product = (m: number, n: number, k: number): Graph =>
    graphOfText(`lf 1
model P(a: f32[${m}, ${k}], b: f32[${k}, ${n}]) -> f32[${m}, ${n}] {
  let y[i, j] = sum[d] a[i, d] * b[d, j]
  return y
}
`);

  test.each([
    [8, 4, 4],
    [9, 5, 5],
    [97, 16, 7],
    [100, 17, 64],
    [193, 33, 31],
  ])("%d x %d over %d", async (m, n, k) => {
    expect(await agrees(product(m, n, k))).toContain("y (contract), columns packed");
  });

  test.each([
    { rows: 6, vectors: 2, unroll: 2, pin: 1, blockRows: 48 },
    { rows: 3, vectors: 3, unroll: 4, pin: 1, blockRows: 96 },
    { rows: 4, vectors: 2, unroll: 1, pin: 1, blockRows: 192 },
    { rows: 1, vectors: 4, unroll: 1, pin: 1, blockRows: 48 },
  ])("tile $rows x $vectors vectors, $unroll steps a turn", async (tile) => {
    await agrees(product(101, 29, 19), { tiles: { "y (contract)": tile } });
  });

  test("batches, several sums, masks, conditions on the result, factors that are computed, an epilogue", async () => {
    const graph = graphOfText(`lf 1
dim B = 3
dim N = 19
dim K = 10
dim C = 12
model M(x: f32[B, N, K, 4], w: f32[B, K, 4, C], keep: bool[B, K], on: bool[N], bias: f32[C])
    -> (y: f32[B, N, C], t: f32[C, N], g: f32[N, C], s: f32[B, N, C]) {
  let y[b, n, c] = gelu(bias[c] + sum[k where keep[b, k], r] x[b, n, k, r] * w[b, k, r, c])
  let t[c, n] = sum[k, r where on[n]] exp(x[0, n, k, r]) * w[1, k, r, c] * w[2, k, r, c]
  let g[n, c] = sum[b, k] x[b, n, k, 1] * w[b, k, 0, c]
  let s[b, n, c] = relu(y[b, n, c]) + sum[m] x[b, n, m, 2] * w[0, m, 3, c]
  return y, t, g, s
}
`);
    await agrees(graph);
  });

  test("sizes at run time", async () => {
    const graph = graphOfText(`lf 1
dim N = ? in 1..300
dim M = ? in 1..70
model R(x: f32[N, M], z: f32[M, N]) -> (a: f32[N, N], b: f32[N, 24]) {
  param w: f32[300, 24]
  let a[i, j] = sum[m] x[i, m] * z[m, j]
  let b[i, c] = sum[j] a[i, j] * w[0..N, :][j, c]
  return a, b
}
`);
    const sizes = [
      [1, 1],
      [95, 3],
      [97, 70],
    ] as const;
    await agrees(
      graph,
      {},
      sizes.map(([n, m]) => new Map([["N", n] as const, ["M", m] as const])),
    );
  });

  test("weights are packed at load, what is computed at each run is not", () => {
    const graph = graphOfText(`lf 1
model W(x: f32[16, 8]) -> f32[16, 16] {
  param w: f32[8, 16]
  let y[n, c] = sum[d] x[n, d] * w[d, c]
  let r[n, c] = relu(y[n, c])
  let z[n, m] = sum[c] r[n, c] * r[m, c]
  return z
}
`);
    const { program } = unwrap(lower(graph, wasm));
    expect(labels(program?.prepare ?? [])).toEqual(["r (contract), columns packed"]);
    expect(labels(program?.steps ?? []).filter((l) => l.endsWith("packed"))).toHaveLength(1);
  });

  test("the space is for processors with vectors, and the best tile comes first", () => {
    const tileOn = (backend: typeof wasm | typeof js): string => {
      const { remarks } = unwrap(lower(product(512, 512, 512), backend as typeof wasm));
      return remarks.filter((r) => r.pass === "schedule").map((r) => `${r.message} ${JSON.stringify(r.data)}`)[0] ?? "";
    };
    expect(tileOn(wasm)).toMatch(/^y \(contract\): cpu-contraction \{"rows":2,"vectors":4,"unroll":2,/);
    expect(tileOn(js)).toMatch(/^y \(contract\): contraction /);
  });
});

describe("attention", () => {
  const attention = (n: string, m: string, extra = "", where = "", logits = "s"): Graph =>
    graphOfText(`lf 1
dim H = 2
dim C = 12
dim N = ${n}
dim M = ${m}
model A(q: f32[H, N, C], k: f32[H, M, C], v: f32[H, M, 20]${extra}) -> f32[N, H, 20] {
  let s[h, n, m] = sum[c] q[h, n, c] * k[h, m, c]
  let p[h, n, m] = softmax[m${where}] ${logits}[h, n, m] / sqrt(C)
  let o[n, h, c] = sum[m] p[h, n, m] * v[h, m, c]
  return o
}
`);
  const fused = { strategies: { "o (attention)": "attention/fused" } };
  const streaming = { strategies: { "o (attention)": "attention/streaming" } };

  test.each([
    [2, 16],
    [47, 15],
    [49, 17],
  ])("%d queries, %d keys: whole rows and blocks of them", async (n, m) => {
    const graph = attention(String(n), String(m));
    for (const plan of [fused, streaming]) {
      const steps = await agrees(graph, { ...plan, tiles: {} });
      expect(steps).toContain("o (attention), keys packed");
    }
  });

  test("several blocks of keys, the last one short", async () => {
    const tiles = { "o (attention)": { keyBlock: 64, blockRows: 48 } };
    await agrees(attention("51", "150"), { ...streaming, tiles });
  });

  test("keys that are not seen: by themselves, by the query, all of them", async () => {
    for (const [extra, where] of [
      [", keep: bool[H, M]", " where keep[h, m]"],
      [", near: bool[N, M]", " where near[n, m]"],
      ["", " where m > 60"],
    ] as const) {
      const graph = attention("21", "37", extra, where);
      for (const plan of [fused, streaming]) await agrees(graph, plan);
    }
  });

  test("sizes at run time", async () => {
    const graph = attention("? in 1..400", "? in 1..400");
    const sizes = [
      [1, 1],
      [97, 129],
      [3, 400],
    ] as const;
    const at = sizes.map(([n, m]) => new Map([["N", n] as const, ["M", m] as const]));
    expect(await agrees(graph, streaming, at)).toContain("o (attention), values packed");
  });
});
