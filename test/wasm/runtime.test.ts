import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { codeBuilder } from "../../backends/wasm/code.js";
import { encodeModule } from "../../backends/wasm/encode.js";
import wasm, { modelOf } from "../../backends/wasm/index.js";
import { lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import type { RuntimeError } from "../../src/runtime/errors.js";
import { load, type WasmModel, type WasmProgram } from "../../src/runtime/wasm.js";
import { graphOfText, randomRun, unwrap } from "../support/model.js";

const graph = graphOfText(`lf 1
dim Seq = ? in 1..120
dim Model = 24
dim Heads = 3
dim Head = Model / Heads
model Layer(x: f32[Seq, Model]) -> (y: f32[Seq, Model], top: f32[Model]) {
  param wq, wk: f32[Heads, Model, Head] = normal(0.3)
  param wo: f32[Heads, Head, Model] = normal(0.3)
  let q[h, n, c] = sum[d] x[n, d] * wq[h, d, c]
  let k[h, m, c] = sum[d] x[m, d] * wk[h, d, c]
  let p[h, n, m] = softmax[m] sum[c] q[h, n, c] * k[h, m, c]
  let o[h, n, c] = sum[m] p[h, n, m] * k[h, m, c]
  let y[n, e] = x[n, e] + sum[h, c] o[h, n, c] * wo[h, c, e]
  let top[e] = max[n] y[n, e]
  return y, top
}
`);
const model = modelOf(unwrap(lower(graph, wasm)).artifact);
const at = (seq: number) => randomRun(graph, 7, new Map([["Seq", seq]]));
const { params } = at(1);
const runs = [97, 5, 120].map((seq) => ({ seq, inputs: at(seq).inputs }));

const failure = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
    return "nothing thrown";
  } catch (error) {
    const { code, message } = error as RuntimeError;
    return `${code}: ${message}`;
  }
};

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The workers that are started while something is done. */
async function workersOf<T>(work: () => Promise<T>): Promise<readonly [T, readonly Worker[]]> {
  const seen = new Set<Worker>();
  const post = Worker.prototype.postMessage;
  const spy = vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, ...args) {
    seen.add(this);
    return post.apply(this, args);
  });
  const result = await work();
  spy.mockRestore();
  return [result, [...seen]];
}

const ended = (w: Worker): Promise<unknown> => new Promise((resolve) => w.once("exit", resolve));

test("the same bits at any number of threads, at sizes that change", async () => {
  const found: Readonly<Record<string, TensorData>>[][] = [];
  for (const threads of [1, 2, 3]) {
    const loaded = await load(model, params, { threads });
    expect(loaded.how.threads).toBe(threads);
    const results: Readonly<Record<string, TensorData>>[] = [];
    for (const { inputs } of [...runs, ...runs]) results.push(await loaded.run(inputs));
    found.push(results);
    loaded.dispose();
  }
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
  runs.forEach(({ inputs, seq }, i) => {
    for (const [name, expected] of Object.entries(runReference(graph, inputs, params))) {
      const got = found[0]?.[i]?.[name];
      if (got === undefined) throw new Error(`${name} is missing`);
      expect(compareToReference(expected, got), `${name} at ${seq}`).toMatchObject({ passed: true });
    }
  });
});

test("threads by themselves only where a run is worth them", async () => {
  const small = await load(model, params);
  expect(small.how.threads).toBe(1);
  small.dispose();
  const large = await load({ ...model, program: { ...model.program, flops: 1e9 } }, params);
  expect(large.how.threads).toBeGreaterThanOrEqual(1);
  large.dispose();
});

test("dispose ends the workers, after the run that is under way", async () => {
  const [loaded, workers] = await workersOf(() => load(model, params, { threads: 2 }));
  expect(workers).toHaveLength(2);
  const ends = workers.map(ended);
  const run = loaded.run(runs[0]?.inputs ?? {});
  // It begins when those who wait for nothing have had their turn.
  await new Promise((resolve) => setImmediate(resolve));
  loaded.dispose();
  expect((await run).y?.shape).toEqual([97, 24]);
  expect(await Promise.all(ends)).toHaveLength(2);
  expect(await failure(() => loaded.run({}))).toMatch(/^disposed/);
});

test.each([1, 2])("1,000 runs on %d threads leave memory as it is", async (threads) => {
  const loaded = await load(model, params, { threads });
  const inputs = runs[1]?.inputs ?? {};
  await loaded.run(inputs);
  const grow = vi.spyOn(WebAssembly.Memory.prototype, "grow");
  const instance = vi.spyOn(WebAssembly, "Instance");
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 1000; i++) await loaded.run(inputs);
  expect(grow).not.toHaveBeenCalled();
  expect(instance).not.toHaveBeenCalled();
  // What the collector has not come to yet, and nothing beside it.
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
  loaded.dispose();
});

describe("what an engine lacks or refuses", () => {
  test("no SIMD: an error that says so, before any work", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect(await failure(() => load(model, params))).toBe(
      "feature: Layer needs WebAssembly with SIMD, which this engine has not",
    );
  });

  test("no relaxed SIMD: the module for all engines", async () => {
    vi.spyOn(WebAssembly, "validate").mockImplementation((bytes) => bytes !== model.relaxed);
    const loaded = await load(model, params);
    expect(loaded.how.relaxed).toBe(false);
    loaded.dispose();
  });

  test("no shared memory: one thread, whatever was asked for", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const loaded = await load(model, params, { threads: 2 });
    expect(loaded.how.threads).toBe(1);
    expect((await loaded.run(runs[1]?.inputs ?? {})).y?.shape).toEqual([5, 24]);
    loaded.dispose();
  });

  test("memory that is refused, at load and for a larger run", async () => {
    const loaded = await load(model, params);
    vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(() => {
      throw new RangeError("no more");
    });
    const pages = modelWith({ seq: 3_000_000 });
    const large = await load(pages, params);
    const x = { shape: [3_000_000, 24], data: new Float32Array(72_000_000) };
    expect(await failure(() => large.run({ x }))).toMatch(/^memory: Layer needs \d+ bytes of memory, which the engine/);
    // The next run finds the model as it was.
    expect((await large.run(runs[1]?.inputs ?? {})).y?.shape).toEqual([5, 24]);
    loaded.dispose();
    large.dispose();
  });

  test("more memory than there is", async () => {
    const large = await load(modelWith({ seq: 2 ** 26 }), params);
    expect(await failure(() => large.warmup({ Seq: 2 ** 26 }))).toMatch(/^memory: .*WebAssembly has 4 GiB/);
    large.dispose();
  });
});

/** The model with a longer sequence: its memory alone is what is asked about. */
function modelWith({ seq }: { readonly seq: number }): WasmModel {
  const text = JSON.stringify(model.program).replaceAll('"hi":120', `"hi":${seq}`);
  const program = JSON.parse(text) as WasmProgram;
  return { ...model, program };
}

describe("threads that fail", () => {
  /** One kernel that traps in the cells from 2 on. */
  const trapping: WasmModel = (() => {
    const c = codeBuilder({ params: ["i32", "i32", "i32"], results: [] });
    c.get(1);
    c.i32(2);
    c.op("i32.gt_s");
    c.if(() => c.op("unreachable"));
    const bytes = encodeModule({ functions: [c.finish()], exports: [["k", 0]], memory: ["lfc", "memory"] });
    const y = { id: "y", kind: "output", name: "y", dtype: "f32", shape: [4], length: 4 } as const;
    const dispatch = { step: "dispatch", kernel: "k", grid: [4, 1, 1], dims: [], bind: { y: "y" } } as const;
    const program: WasmProgram = {
      name: "Trap",
      symbols: [],
      resources: [y],
      kernels: [
        { name: "k", dims: 0, scratch: 0, buffers: [{ id: "y", type: { dtype: "f32", width: 1 }, access: "write" }] },
      ],
      prepare: [],
      steps: [dispatch, dispatch],
      flops: 0,
    };
    return { program, plain: bytes, relaxed: bytes };
  })();

  test("a kernel that traps on one thread or several is an error, not a wait for ever", async () => {
    const alone = await load(trapping, {}, { threads: 1 });
    expect(await failure(() => alone.run({}))).toMatch(/^device: Trap: unreachable/);
    const [two, workers] = await workersOf(() => load(trapping, {}, { threads: 2 }));
    const ends = workers.map(ended);
    expect(await failure(() => two.run({}))).toMatch(/^worker: thread 1 of Trap failed: .*unreachable/);
    expect(await failure(() => two.run({}))).toMatch(/^worker: thread 1 of Trap failed/);
    await Promise.all(ends);
    two.dispose();
  });

  test("a worker that dies ends the run, and the others", async () => {
    const [loaded, workers] = await workersOf(() => load(model, params, { threads: 2 }));
    const run = failure(() => loaded.run(runs[2]?.inputs ?? {}));
    await workers[0]?.terminate();
    // It may have been done before; then the next run says so.
    const first = await run;
    const said = first === "nothing thrown" ? await failure(() => loaded.run(runs[2]?.inputs ?? {})) : first;
    expect(said).toMatch(/^worker: thread 0 of Layer failed: it ended with code/);
    loaded.dispose();
  });
});
