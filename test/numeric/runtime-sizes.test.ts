import { expect, test } from "vitest";
import { resolveBackend } from "../../src/driver/backends.js";
import { loadMachine, runMachine, runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, randomRun, unwrap } from "../support/model.js";

/**
 * One compiled program serves every run-time size: both ends of its range and the sizes around each tile (the schedules'
 * register tiles are 2, 4, 8, 16 rows, their workgroups 8 of those).
 */
const text = `lf 1
dim Batch = ? in 1..3
dim Seq   = ? in 1..200
dim Model = 24
dim Heads = 3
dim Head  = Model / Heads
dim Proj  = 10

fn head<N, D, C, K>(x: f32[N, D], wq: f32[D, C], wk: f32[D, C], e: f32[K, N], keep: bool[N]) -> f32[N, C] {
  let q[n, c]    = sum[d] x[n, d] * wq[d, c]
  let keys[k, c] = sum[m where keep[m], d] e[k, m] * x[m, d] * wk[d, c]
  let p[n, k]    = softmax[k] (sum[c] q[n, c] * keys[k, c]) / sqrt(C)
  let o[n, c]    = sum[k] p[n, k] * keys[k, c]
  return o
}
fn causal<N, C>(x: f32[N, C]) -> f32[N, C] {
  let p[n, m] = softmax[m <= n] (sum[c] x[n, c] * x[m, c]) / sqrt(C)
  let o[n, c] = sum[m <= n] p[n, m] * x[m, c]
  return o
}

model Sizes(x: f32[Batch, Seq, Model], keep: bool[Batch, Seq])
  -> (y: f32[Batch, Seq, Model], pooled: f32[Batch, Model], best: i32[Batch], joined: f32[Batch, Seq + 1, Model]) {
  param wq, wk: f32[Heads, Model, Head] = normal(0.3)
  param wo: f32[Heads, Head, Model] = normal(0.3)
  param E: f32[Proj, 200] = normal(0.3)
  param cls: f32[1, Model]
  let heads[b, h] = head(x[b], wq[h], wk[h], E[:, 0..Seq], keep[b])
  let a[b, n, o]  = x[b, n, o] + sum[h, c] heads[b, h, n, c] * wo[h, c, o]
  let c[b]        = causal(a[b])
  let y[b, n, d]  = a[b, n, d] + tanh(c[b, n, d])
  let pooled[b, d] = mean[n where keep[b, n]] y[b, n, d]
  let norm[b, n]   = sum[d] y[b, n, d] ^ 2
  let best[b]      = argmax[n] norm[b, n]
  let joined[b, n, d] = concat[n](cls[n, d], y[b, n, d])
  return y, pooled, best, joined
}
`;
const sizes: readonly (readonly [batch: number, seq: number])[] = [
  ...[1, 2, 7, 8, 9, 15, 16, 17, 31, 33].map((n) => [2, n] as const),
  ...[63, 64, 65, 127, 128, 129, 200].map((n) => [1, n] as const),
  [3, 1],
  [3, 200],
];

const device = testDevice();

test.each([
  { backend: "js", options: { checked: true } },
  { backend: "tfjs", options: { device: "wasm" } },
  { backend: "wgsl", options: {} },
  { backend: "wasm", options: {} },
])("$backend: one program, $backend, at every size", async ({ backend, options }) => {
  const graph = graphOfText(text);
  const { params } = randomRun(graph, 1);
  const on = backend === "wgsl" ? await device() : undefined;
  const found = unwrap(await resolveBackend(backend));
  const machine = unwrap(await loadMachine(graph, found, params, on, { backendOptions: options }));
  try {
    for (const [batch, seq] of sizes) {
      const { inputs } = randomRun(
        graph,
        seq,
        new Map([
          ["Batch", batch],
          ["Seq", seq],
        ]),
      );
      expect(inputs.x?.shape).toEqual([batch, seq, 24]);
      const reference = runReference(graph, inputs, params);
      const outputs = unwrap(await runMachine(machine, inputs));
      for (const [name, expected] of Object.entries(reference)) {
        const tensor = outputs[name];
        if (tensor === undefined) throw new Error(`${name} is missing`);
        expect(compareToReference(expected, tensor), `${name} at ${batch} x ${seq}`).toMatchObject({ passed: true });
      }
    }
  } finally {
    machine.executable.dispose();
  }
});

test("a size out of range is refused by every backend, in words", async () => {
  const graph = graphOfText(text);
  const { params } = randomRun(graph, 1);
  for (const backend of ["js", "tfjs", "wgsl", "wasm"]) {
    const on = backend === "wgsl" ? await device() : undefined;
    const machine = unwrap(await loadMachine(graph, unwrap(await resolveBackend(backend)), params, on));
    const x = { dtype: "f32", shape: [1, 201, 24], data: new Float32Array(201 * 24) } as const;
    const keep = { dtype: "bool", shape: [1, 201], data: new Uint32Array(201) } as const;
    const ran = await runMachine(machine, { x, keep });
    machine.executable.dispose();
    expect(ran.ok, backend).toBe(false);
    if (!ran.ok) expect(ran.error[0]?.message, backend).toMatch(/Seq/);
  }
});
