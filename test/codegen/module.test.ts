import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import type { LoadedModel, RuntimeError } from "../../src/runtime/webgpu.js";
import { openTestDevice, testDevice } from "../support/dawn.js";
import { expectGolden } from "../support/golden.js";
import { randomRun, root } from "../support/model.js";
import { importFrom, makeModule, testFolder, writeFiles } from "./support.js";

/** The generated module of a model, imported from a folder of its own and run in Dawn. Its types have their own test. */
interface Module {
  readonly dims: Readonly<Record<string, unknown>>;
  readonly requiredLimits: Readonly<Record<string, number>>;
  readonly requiredFeatures: readonly GPUFeatureName[];
  load(device: GPUDevice, weights: object, options?: object): Promise<LoadedModel>;
  isRuntimeError(error: unknown): boolean;
}

const device = testDevice();
const folder = testFolder();
const golden = join(import.meta.dirname, "golden");

/** Text classification in the small: tokens of a length that each run chooses, and docs everywhere. */
const pooled = `lf 1
/// Texts at a time.
dim Batch = ? in 1..4
/// Tokens of a text.
dim Seq = ? in 8..64 step 8
dim Vocab = 11
dim Model = 16
dim Proj = 8

/// Looks tokens up, mixes them in linear time
/// and pools them: a */ in a comment is harmless.
model Pooled(tokens: i32[Batch, Seq]) -> (rows: f32[Batch, Seq, Model], pooled: f32[Batch, Model]) {
  /// One row a token.
  param table: f32[Vocab, Model] = normal(1)
  param e: f32[Proj, 64] = normal(0.1)
  let here = e[:, 0..Seq]
  let x[b, n, d] = table[tokens[b, n], d]
  let slots[b, k, d] = sum[m] here[k, m] * x[b, m, d]
  let p[b, n, k] = softmax[k] sum[d] x[b, n, d] * slots[b, k, d]
  /// What each token has heard.
  let rows[b, n, d] = x[b, n, d] + sum[k] p[b, n, k] * slots[b, k, d]
  let pooled[b, d] = mean[n] rows[b, n, d]
  return rows, pooled
}
`;

const head = await makeModule({ file: "examples/linformer_head.lf" });
const pool = await makeModule({ text: pooled });
writeFiles(folder, head.files);
writeFiles(folder, pool.files);
const headModule = await importFrom<Module>(folder, "LinformerHead.js");
const poolModule = await importFrom<Module>(folder, "Pooled.js");

const headRun = randomRun(head.graph);
const weightsOf = (params: ReadonlyMap<string, TensorData>): Record<string, TensorData> => Object.fromEntries(params);

const loadHead = async (on?: GPUDevice): Promise<LoadedModel> =>
  headModule.load(on ?? (await device()), weightsOf(headRun.params));

const failure = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "nothing thrown";
  } catch (error) {
    const { name, code, subject, message } = error as RuntimeError;
    return `${name} ${code} ${subject}: ${message}`;
  }
};

function agree(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: ReadonlyMap<string, TensorData>,
  outputs: Readonly<Record<string, TensorData>>,
): void {
  const expected = interpret(graph, inputs, params).outputs;
  expect(Object.keys(outputs).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, reference] of Object.entries(expected)) {
    const got = outputs[name];
    if (got === undefined) throw new Error(`${name} is missing`);
    expect(compareToReference(reference, got), name).toMatchObject({ passed: true });
  }
}

async function readBuffer(buffer: GPUBuffer, bytes: number): Promise<Float32Array> {
  const on = await device();
  const staging = on.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = on.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
  on.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

async function bufferOf(data: Float32Array | Int32Array, usage: number): Promise<GPUBuffer> {
  const on = await device();
  const buffer = on.createBuffer({ size: data.byteLength, usage: usage | GPUBufferUsage.COPY_DST });
  on.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
  return buffer;
}

describe("texts", () => {
  const headOf = (text: string): string => text.slice(0, text.indexOf("const wgsl = {"));

  test("declarations and the head of the script are as they were", () => {
    for (const { files } of [head, pool])
      for (const [path, text] of files)
        expectGolden(join(golden, `${path}.txt`), path.endsWith(".js") ? headOf(text) : text);
  });

  test("the same model gives the same bytes", async () => {
    const again = await makeModule({ text: pooled });
    expect(again.files).toEqual(pool.files);
    expect(again.sizes).toEqual(pool.sizes);
  });

  /** An attention layer: projections, heads, output projection, bias and residual. */
  const layer = `lf 1
dim Batch = ? in 1..8
dim Seq = ? in 128..4096
dim MaxSeq = 4096
dim Model = 512
dim Heads = 8
dim Head = Model / Heads
dim Proj = 256
model Layer(x: f32[Batch, Seq, Model]) -> f32[Batch, Seq, Model] {
  param wq, wk, wv: f32[Heads, Model, Head]
  param wo: f32[Heads, Head, Model]
  param bias: f32[Model]
  param E, F: f32[Proj, MaxSeq]
  let e = E[:, 0..Seq]
  let f = F[:, 0..Seq]
  let q[b, h, n, c] = sum[d] x[b, n, d] * wq[h, d, c]
  let keys[b, h, k, c] = sum[m, d] e[k, m] * x[b, m, d] * wk[h, d, c]
  let vals[b, h, k, c] = sum[m, d] f[k, m] * x[b, m, d] * wv[h, d, c]
  let p[b, h, n, k] = softmax[k] (sum[c] q[b, h, n, c] * keys[b, h, k, c]) / sqrt(Head)
  let o[b, h, n, c] = sum[k] p[b, h, n, k] * vals[b, h, k, c]
  let y[b, n, d] = x[b, n, d] + bias[d] + sum[h, c] o[b, h, n, c] * wo[h, c, d]
  return y
}
`;

  test("one attention block is at most 8 kB of JavaScript and 8 kB of WGSL, gzipped", async () => {
    // with a length that is known there is one plan; for a run-time length on both sides of a crossing, two
    const known = layer.replace("dim Seq = ? in 128..4096", "dim Seq = 2048");
    expect(known).not.toBe(layer);
    const two = await makeModule({ text: layer });
    expect(two.sizes.javascript).toBeLessThanOrEqual(8000);
    expect(two.sizes.wgsl).toBeLessThanOrEqual(16000);
    for (const made of [
      head,
      await makeModule({ file: "examples/attention_head.lf" }),
      await makeModule({ text: known }),
    ]) {
      expect(made.sizes.javascript).toBeLessThanOrEqual(8000);
      expect(made.sizes.wgsl).toBeGreaterThan(500);
      expect(made.sizes.wgsl).toBeLessThanOrEqual(8000);
    }
  });

  test("nothing is imported, or the package alone", async () => {
    const script = head.files.get("LinformerHead.js") ?? "";
    expect(script).not.toMatch(/\bimport\b/);
    const thin = await makeModule({ file: "examples/linformer_head.lf" }, "wgsl", { runtime: "import" });
    const text = thin.files.get("LinformerHead.js") ?? "";
    expect(text.match(/\bimport\b.*/g)).toEqual(['import * as runtime from "lfc/runtime";']);
    expect(thin.sizes.javascript).toBeLessThan(1500);
    expect(thin.files.get("LinformerHead.d.ts")).toBe(head.files.get("LinformerHead.d.ts"));
  });

  test("each kernel says what it computes and where it is written", () => {
    const script = pool.files.get("Pooled.js") ?? "";
    const kernels = script.match(/^ {2}[\w"$]+: `.*$/gm) ?? [];
    expect(kernels.length).toBeGreaterThan(2);
    for (const first of kernels) expect(first).toMatch(/`\/\/ .*test\.lf:\d+/);
  });
});

describe("numbers", () => {
  test("a head, and what the module says of itself", async () => {
    const model = await loadHead();
    agree(head.graph, headRun.inputs, headRun.params, await model.run(headRun.inputs));
    model.dispose();
    expect(headModule.dims).toEqual({ Seq: 128, Model: 64, Head: 32, Proj: 16 });
    expect(poolModule.dims).toMatchObject({ Seq: { min: 8, max: 64, step: 8 }, Vocab: 11 });
    expect(headModule.requiredLimits).toEqual({});
    expect(headModule.requiredFeatures).toEqual([]);
  });

  test("sizes are chosen by each run; arrays alone where they are fixed", async () => {
    const { params } = randomRun(pool.graph);
    const model = await poolModule.load(
      await device(),
      Object.fromEntries([...params].map(([name, { data }]) => [name, data])),
    );
    await model.warmup({ Seq: 24 });
    for (const [batch, seq] of [
      [1, 8],
      [3, 64],
      [2, 24],
    ] as const) {
      const data = Int32Array.from({ length: batch * seq }, (_, i) => (i * 7) % 11);
      const tokens = { dtype: "i32", shape: [batch, seq], data } as const;
      agree(pool.graph, { tokens }, params, await model.run({ tokens: { shape: [batch, seq], data } }));
    }
    model.dispose();
  });
});

describe("what is wrong is said before anything runs", () => {
  test("inputs, sizes, weights", async () => {
    const { params } = randomRun(pool.graph);
    const weights = weightsOf(params);
    const model = await poolModule.load(await device(), weights);
    const run = (shape: number[], length = shape.reduce((a, b) => a * b, 1), value = 0) =>
      failure(() => model.run({ tokens: { shape, data: new Int32Array(length).fill(value) } }));
    expect(await run([2, 12])).toBe("LfcRuntimeError size Seq: Seq is 12, it ranges over 8..64 in multiples of 8");
    expect(await run([5, 8])).toBe("LfcRuntimeError size Batch: Batch is 5, it ranges over 1..4");
    expect(await run([1, 8], 9)).toMatch(/input tokens: .*the shape given holds 8 values, its data 9/);
    expect(await run([8])).toMatch(
      /input tokens: the input tokens is i32\[Batch, Seq\], the value given has the shape \[8\]/,
    );
    expect(await run([1, 8], 8, 11)).toMatch(/input tokens: .*holds 11 at position 0; it selects one of 11/);
    expect(await failure(() => model.run({ tokens: new Int32Array(8) }))).toMatch(/give \{ shape, data \}/);
    expect(await failure(() => model.run({ tokens: 3 as never }))).toMatch(/is no tensor/);
    expect(await failure(() => model.run({}))).toMatch(/is missing/);
    expect(await failure(() => model.warmup({ Seq: 9 }))).toMatch(/size Seq/);
    model.dispose();
    const { table: _, ...lacking } = weights;
    const loading = async (given: object) => failure(async () => poolModule.load(await device(), given));
    expect(await loading(lacking)).toMatch(/^LfcRuntimeError parameter table: the parameter table is missing/);
    expect(await loading({ ...weights, table: new Float32Array(3) })).toMatch(/holds 176 values, its data 3/);
    expect(await loading({ ...weights, table: new Int32Array(176) })).toMatch(/belong in a Float32Array/);
  });

  test("what the device lacks, by tensor, with both numbers", async () => {
    const large = await makeModule({
      // rows are taken by number, from anywhere: no window of the table would do
      text: `lf 1
dim N = 40_000_000
dim Few = 4
model Large(x: f32[N], at: i32[Few]) -> f32[Few] {
  let y[n] = x[at[n]] * 2
  return y
}
`,
    });
    writeFiles(folder, large.files);
    const module = await importFrom<Module>(folder, "Large.js");
    expect(module.requiredLimits).toMatchObject({ maxStorageBufferBindingSize: 160000000 });
    const on = await device();
    const small = new Proxy(on, {
      get(target, key) {
        if (key === "limits") return { ...defaultLimits };
        if (String(key).startsWith("create")) return () => expect.unreachable("nothing may be made");
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const defaultLimits = {
      maxBufferSize: 268435456,
      maxStorageBufferBindingSize: 134217728,
      maxComputeWorkgroupsPerDimension: 2 ** 30,
      maxStorageBuffersPerShaderStage: 8,
    };
    expect(await failure(() => module.load(small, {}))).toBe(
      "LfcRuntimeError limit x: x needs 160000000 bytes in one binding, the device allows 134217728",
    );
  });
});

test("a feature that the device was made without is named before any work", async () => {
  const half = await makeModule(
    {
      text: `lf 1
model Half(x: f16[8]) -> f16[8] {
  let y[n] = x[n] * x[n]
  return y
}
`,
    },
    "wgsl",
    { backendOptions: { f16: true } },
  );
  expect(half.files.get("Half.d.ts")).toContain("Rounded to f16");
  // the bits from which on an f32 rounds to an infinity: only this runtime converts
  expect(half.files.get("Half.js")).toContain("1199566848");
  expect(head.files.get("LinformerHead.js")).not.toContain("1199566848");
  writeFiles(folder, half.files);
  const module = await importFrom<Module>(folder, "Half.js");
  expect(module.requiredFeatures).toEqual(["shader-f16"]);
  const on = await device();
  const without = new Proxy(on, {
    get(target, key) {
      if (key === "features") return new Set(["subgroups"]);
      if (String(key).startsWith("create")) return () => expect.unreachable("nothing may be made");
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  expect(await failure(() => module.load(without, {}))).toBe(
    "LfcRuntimeError feature shader-f16: Half needs the feature shader-f16, which the device was made without",
  );
  // Where a machine has it, the numbers are those of f16.
  if (!on.features.has("shader-f16")) return;
  const model = await module.load(on, {});
  const { output } = await model.run({ x: Float32Array.of(1, 2, 3, 4, 0.5, -1, 300, 0.1) });
  expect([...(output?.data ?? [])].slice(0, 6)).toEqual([1, 4, 9, 16, 0.25, 1]);
  model.dispose();
});

test("on the package's runtime instead of its own", async () => {
  const own = join(folder, "thin");
  writeFiles(own, (await makeModule({ file: "examples/linformer_head.lf" }, "wgsl", { runtime: "import" })).files);
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["src/runtime/webgpu.ts"],
    bundle: true,
    format: "esm",
    write: false,
  });
  // a project of its own: in this one `lfc` would be this repository
  writeFiles(own, new Map([["package.json", JSON.stringify({ name: "consumer", type: "module" })]]));
  const manifest = { name: "lfc", type: "module", exports: { "./runtime": "./runtime.js" } };
  writeFiles(
    join(own, "node_modules", "lfc"),
    new Map([
      ["package.json", JSON.stringify(manifest)],
      ["runtime.js", outputFiles[0]?.text ?? ""],
    ]),
  );
  const { load } = await importFrom<Module>(own, "LinformerHead.js");
  const model = await load(await device(), weightsOf(headRun.params));
  agree(head.graph, headRun.inputs, headRun.params, await model.run(headRun.inputs));
  model.dispose();
});

describe("tensors that stay on the device", () => {
  const x = headRun.inputs.x as TensorData;
  const bytes = 128 * 32 * 4;

  test("buffers in, results in new buffers and in the caller's", async () => {
    const model = await loadHead();
    const given = await bufferOf(x.data as Float32Array, GPUBufferUsage.COPY_SRC);
    const expected = (await model.run({ x })).output?.data;
    expect((await model.run({ x: given })).output?.data).toEqual(expected);
    const { output } = await model.run({ x: { shape: [128, 64], data: given } }, { outputs: "device" });
    expect(output).toMatchObject({ dtype: "f32", shape: [128, 32] });
    expect(await readBuffer(output?.data as GPUBuffer, bytes)).toEqual(expected);
    output?.data.destroy();
    const own = await bufferOf(new Float32Array(bytes / 4), GPUBufferUsage.COPY_SRC);
    const written = await model.run({ x }, { outputs: { output: own } });
    expect(written.output?.data).toBe(own);
    expect(await readBuffer(own, bytes)).toEqual(expected);
    // The device is asked for nothing that a buffer lacks.
    const useless = await bufferOf(x.data as Float32Array, GPUBufferUsage.STORAGE);
    expect(await failure(() => model.run({ x: useless }))).toMatch(/input x: .* 32768 bytes with the usage COPY_SRC/);
    const short = await bufferOf(new Float32Array(8), GPUBufferUsage.COPY_SRC);
    expect(await failure(() => model.run({ x }, { outputs: { output: short } }))).toMatch(
      /output output: .* 16384 bytes/,
    );
    expect(await failure(() => model.run({ x }, { outputs: { result: own } }))).toMatch(
      /output result: there is no output/,
    );
    expect((await model.run({ x })).output?.data).toEqual(expected);
    model.dispose();
    for (const b of [given, own, useless, short]) b.destroy();
  });

  test("weights in buffers are used as they are and stay", async () => {
    const { params } = headRun;
    const shared = await bufferOf(params.get("e")?.data as Float32Array, GPUBufferUsage.STORAGE);
    for (let i = 0; i < 2; i++) {
      const model = await headModule.load(await device(), { ...weightsOf(params), e: shared });
      agree(head.graph, headRun.inputs, params, await model.run(headRun.inputs));
      model.dispose();
    }
    const uniform = await bufferOf(params.get("e")?.data as Float32Array, GPUBufferUsage.UNIFORM);
    expect(await failure(async () => headModule.load(await device(), { ...weightsOf(params), e: uniform }))).toMatch(
      /parameter e: .*STORAGE/,
    );
    shared.destroy();
    uniform.destroy();
  });

  test("encode records into the caller's encoder: several runs, several sizes, one submit", async () => {
    const { params } = randomRun(pool.graph);
    const on = await device();
    const model = await poolModule.load(on, weightsOf(params));
    const encoder = on.createCommandEncoder();
    const recorded = [];
    for (const seq of [16, 64, 16]) {
      const data = Int32Array.from({ length: seq }, (_, i) => (i * 3 + seq + recorded.length) % 11);
      const buffer = await bufferOf(data, GPUBufferUsage.COPY_SRC);
      const outputs = model.encode(encoder, { tokens: { shape: [1, seq], data: buffer } });
      recorded.push({ seq, data, buffer, outputs });
    }
    // A run of other sizes in between replaces what was recorded with, and must not free it.
    await model.run({ tokens: { shape: [2, 8], data: new Int32Array(16) } });
    on.queue.submit([encoder.finish()]);
    for (const { seq, data, buffer, outputs } of recorded) {
      const { rows, pooled } = outputs;
      expect(rows?.shape).toEqual([1, seq, 16]);
      agree(pool.graph, { tokens: { dtype: "i32", shape: [1, seq], data } }, params, {
        rows: { dtype: "f32", shape: [1, seq, 16], data: await readBuffer(rows?.data as GPUBuffer, seq * 64) },
        pooled: { dtype: "f32", shape: [1, 16], data: await readBuffer(pooled?.data as GPUBuffer, 64) },
      });
      for (const b of [buffer, rows?.data, pooled?.data]) b?.destroy();
    }
    expect(
      await failure(() =>
        model.encode(on.createCommandEncoder(), { tokens: { shape: [1, 8], data: new Int32Array(8) } }),
      ),
    ).toMatch(/input tokens: .*is a GPUBuffer/);
    model.dispose();
    expect(await failure(() => model.encode(on.createCommandEncoder(), {}))).toMatch(/^LfcRuntimeError disposed/);
  });
});

describe("lives", () => {
  test("runs that overlap queue, and an aborted one stops nobody", async () => {
    const model = await loadHead();
    const abort = new AbortController();
    const inputs = Array.from({ length: 6 }, (_, i) => ({ x: new Float32Array(128 * 64).fill(i / 8) }));
    const settled: number[] = [];
    const runs = inputs.map((given, i) =>
      model.run(given, i === 3 ? { signal: abort.signal } : {}).finally(() => settled.push(i)),
    );
    const outcomes = Promise.allSettled(runs);
    abort.abort(new Error("enough"));
    const results = await outcomes;
    expect(results.map((r) => r.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(settled).toEqual([3, 0, 1, 2, 4, 5]);
    const [, , , rejected] = results;
    expect((rejected as PromiseRejectedResult).reason).toMatchObject({
      code: "aborted",
      subject: "LinformerHead",
      cause: new Error("enough"),
    });
    expect(headModule.isRuntimeError((rejected as PromiseRejectedResult).reason)).toBe(true);
    for (const [i, r] of results.entries()) {
      if (r.status === "rejected") continue;
      const x = { dtype: "f32", shape: [128, 64], data: inputs[i]?.x as Float32Array } as const;
      agree(head.graph, { x }, headRun.params, r.value);
    }
    expect(await failure(() => model.run(inputs[0] ?? {}, { signal: AbortSignal.abort() }))).toMatch(/aborted/);
    model.dispose();
  });

  test("loading can be aborted", async () => {
    const loading = headModule.load(await device(), weightsOf(headRun.params), { signal: AbortSignal.timeout(0) });
    expect(await failure(() => loading)).toMatch(/^LfcRuntimeError aborted LinformerHead|nothing thrown/);
    const aborted = headModule.load(await device(), weightsOf(headRun.params), { signal: AbortSignal.abort() });
    expect(await failure(() => aborted)).toMatch(/^LfcRuntimeError aborted LinformerHead/);
  });

  test("`using` disposes, and a run after that is refused", async () => {
    const model = await loadHead();
    model[Symbol.dispose]();
    model.dispose();
    expect(await failure(() => model.run(headRun.inputs))).toBe(
      "LfcRuntimeError disposed LinformerHead: LinformerHead has been disposed",
    );
    expect(await failure(() => model.warmup())).toMatch(/^LfcRuntimeError disposed/);
  });

  test("everything pending settles when the device is lost, and another device serves", async () => {
    const opened = await openTestDevice();
    const model = await loadHead(opened.device);
    await model.warmup();
    const pending = Array.from({ length: 3 }, () => failure(() => model.run(headRun.inputs)));
    opened.close();
    for (const outcome of await Promise.all(pending))
      expect(outcome).toMatch(/^nothing thrown$|^LfcRuntimeError device-lost LinformerHead: .*destroyed/);
    expect(await failure(() => model.run(headRun.inputs))).toMatch(/^LfcRuntimeError device-lost/);
    expect(await failure(() => loadHead(opened.device))).toMatch(/^LfcRuntimeError device-lost/);
    model.dispose();
    const again = await loadHead();
    agree(head.graph, headRun.inputs, headRun.params, await again.run(headRun.inputs));
    again.dispose();
  });
});
