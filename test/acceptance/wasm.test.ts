import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { disassemble } from "../../backends/wasm/disassemble.js";
import wasm, { modelOf } from "../../backends/wasm/index.js";
import { arenaPeak } from "../../passes/kernel/planBuffers.js";
import { builtinNames, resolveBackend } from "../../src/driver/backends.js";
import { lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { evalDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import type { RuntimeError } from "../../src/runtime/errors.js";
import { load } from "../../src/runtime/wasm.js";
import { callsOf, layOut } from "../../src/runtime/wasmPlan.js";
import { lfc } from "../support/cli.js";
import { graphOfText, randomRun, root, unwrap } from "../support/model.js";

const attention = (keys: string, dims: string): string => `lf 1
${dims}
dim Model = 32
dim Heads = 2
dim Head = Model / Heads
model Attend(x: f32[Seq, Model]) -> f32[Seq, Model] {
  param wq, wk, wv: f32[Heads, Model, Head] = normal(0.3)
  param wo: f32[Heads, Head, Model] = normal(0.3)
${keys}
  let q[h, n, c] = sum[d] x[n, d] * wq[h, d, c]
  let p[h, n, k] = softmax[k] (sum[c] q[h, n, c] * keys[h, k, c]) / sqrt(Head)
  let o[h, n, c] = sum[k] p[h, n, k] * vals[h, k, c]
  let y[n, j] = x[n, j] + sum[h, c] o[h, n, c] * wo[h, c, j]
  return y
}
`;
const ownKeys = `  let keys[h, m, c] = sum[d] x[m, d] * wk[h, d, c]
  let vals[h, m, c] = sum[d] x[m, d] * wv[h, d, c]`;
const slotKeys = `  param e, f: f32[64, Seq] = normal(0.1)
  let keys[h, k, c] = sum[m, d] e[k, m] * x[m, d] * wk[h, d, c]
  let vals[h, k, c] = sum[m, d] f[k, m] * x[m, d] * wv[h, d, c]`;

const linformer = graphOfText(attention(slotKeys, "dim Seq = 300"));
const standard = graphOfText(attention(ownKeys, "dim Seq = ? in 1..65536"));

const programOf = (
  graph: typeof linformer,
): { readonly program: Program; readonly artifact: ReturnType<typeof wasm.emit> } => {
  const { program, artifact } = unwrap(lower(graph, wasm));
  if (program === undefined) throw new Error("kernels are a program");
  return { program, artifact };
};

/** Full speed without a GPU: WebAssembly. */
describe("full speed without a GPU: WebAssembly", () => {
  test("1 backend through the public interface: own encoder, WebAssembly.validate, a disassembler for the golden text; kernels over the linear grid; plain and relaxed SIMD modules", async () => {
    const backend = unwrap(await resolveBackend("wasm"));
    expect(backend).toMatchObject({ abi: 1, consumes: "kernel", name: "wasm" });
    const { artifact, program } = programOf(linformer);
    expect(await backend.validate?.(artifact)).toEqual([]);
    const model = modelOf(artifact);
    expect(WebAssembly.validate(model.plain)).toBe(true);
    const [plain, relaxed] = [disassemble(model.plain), disassemble(model.relaxed)];
    expect(plain).not.toContain("relaxed");
    expect(relaxed).toContain("f32x4.relaxed_madd");
    // A module that is cut short is not valid: the validator is asked, not believed.
    const cut = { ...artifact, files: artifact.files.map((f) => ({ ...f, text: f.text.slice(0, -9) as Uint8Array })) };
    cut.files[2] = artifact.files[2] as (typeof cut.files)[2];
    expect(await backend.validate?.(cut)).not.toEqual([]);

    // Half of the cells and then the other half are all cells.
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(model.plain), { lfc: { memory } });
    expect(Object.keys(exports).sort()).toEqual(program.kernels.map((k) => k.name).sort());
    const at = layOut(model.program.resources, new Map(), 2 ** 20).at;
    const bytes = (cuts: readonly number[]): readonly number[] => {
      const floats = new Float32Array(memory.buffer);
      floats.forEach((_, i) => {
        floats[i] = Math.sin(i);
      });
      for (const c of callsOf(model.program, [...model.program.prepare, ...model.program.steps], new Map(), at)) {
        const run = exports[c.kernel] as (...args: readonly number[]) => void;
        const ends = [0, ...cuts.map((x) => Math.floor(c.total * x)), c.total];
        ends.slice(1).forEach((hi, i) => {
          run(ends[i] ?? 0, hi, ...c.args, ...(c.scratch ? [1024] : []));
        });
      }
      const y = at.get("output.output") ?? at.get("output.y") ?? 0;
      return [...new Int32Array(memory.buffer, y, 300 * 32)];
    };
    const whole = bytes([]);
    expect(bytes([0.5])).toEqual(whole);
    expect(bytes([0.1, 0.1, 0.7])).toEqual(whole);
    expect(new Set(whole).size).toBeGreaterThan(9000);
  });

  test("2 threads over SharedArrayBuffer, the same bits at any thread count; arena from planBuffers; no allocation during run", async () => {
    const { artifact, program } = programOf(linformer);
    const { inputs, params } = randomRun(linformer, 1);
    const model = modelOf(artifact);
    const results: Readonly<Record<string, TensorData>>[] = [];
    for (const threads of [1, 2, 3]) {
      const loaded = await load(model, params, { threads });
      results.push(await loaded.run(inputs));
      const memory = WebAssembly.Memory.prototype.grow;
      let grown = 0;
      WebAssembly.Memory.prototype.grow = function (pages) {
        grown++;
        return memory.call(this, pages);
      };
      await loaded.run(inputs);
      WebAssembly.Memory.prototype.grow = memory;
      expect(grown).toBe(0);
      loaded.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    // Temporaries share bytes, and everything starts at a cache line.
    const { at } = layOut(model.program.resources, new Map(), 1);
    expect([...at.values()].every((a) => a % 64 === 0)).toBe(true);
    const temps = program.resources.filter((r) => r.arena !== undefined);
    const sum = temps.reduce((n, r) => n + 4 * evalDim(r.length, new Map()), 0);
    expect(arenaPeak(program)).toBeLessThan(sum);
  });

  test("3 exp, tanh, erf as vector polynomials, exp within 2 ULP over dense samples against float64", async () => {
    const graph = graphOfText(`lf 1
dim N = 65536
model Functions(x: f32[N]) -> (e: f32[N], t: f32[N], r: f32[N]) {
  let e[n] = exp(x[n])
  let t[n] = tanh(x[n] / 8)
  let r[n] = erf(x[n] / 20)
  return e, t, r
}
`);
    const { artifact } = programOf(graph);
    const x = Float32Array.from({ length: 65536 }, (_, i) => -80 * ((i + 0.5) / 65536));
    const loaded = await load(modelOf(artifact), {});
    const { e, t, r } = await loaded.run({ x: { shape: [65536], data: x } });
    loaded.dispose();
    let worst = 0;
    e?.data.forEach((v, i) => {
      const exact = Math.exp(x[i] ?? 0);
      worst = Math.max(worst, Math.abs(v - exact) / 2 ** (Math.floor(Math.log2(exact)) - 23));
    });
    expect(worst).toBeGreaterThan(0.4);
    expect(worst).toBeLessThanOrEqual(2);
    const reference = runReference(graph, { x: { dtype: "f32", shape: [65536], data: x } }, new Map());
    for (const [name, got] of [["t", t] as const, ["r", r] as const]) {
      const expected = reference[name];
      if (expected === undefined || got === undefined) throw new Error(`${name} is missing`);
      expect(compareToReference(expected, got), name).toMatchObject({ passed: true });
    }
    expect(disassemble(modelOf(artifact).plain)).toContain("f32x4.mul");
  });

  test("4 fused attention on the CPU; standard attention as a streaming kernel", async () => {
    /** The greatest temporary of a run, in elements; what is prepared at load is none. */
    const largest = (program: Program, sizes: ReadonlyMap<string, number>): number =>
      Math.max(...program.resources.flatMap((r) => (r.arena === undefined ? [] : [evalDim(r.length, sizes)])));
    const labels = (steps: readonly Step[]): readonly string[] =>
      steps.flatMap((s) => (s.step === "dispatch" ? [s.label] : labels([...s.then, ...s.else])));
    const few = programOf(linformer);
    expect(labels(few.program.steps)).toContain("o (attention)");
    // n x k would be 2 · 300 · 64 = 38,400.
    expect(largest(few.program, new Map())).toBeLessThanOrEqual(300 * 32);
    const many = programOf(standard);
    expect(labels(many.program.steps)).toContain("o (attention)");
    for (const n of [1000, 65536]) {
      const padded = Math.ceil(n / 16) * 16;
      // Queries, keys and values together.
      expect(largest(many.program, new Map([["Seq", n]]))).toBeLessThanOrEqual(padded * 3 * 32);
    }
    const loaded = await load(modelOf(many.artifact), randomRun(standard, 1, new Map([["Seq", 1]])).params, {
      threads: 1,
    });
    for (const n of [1, 130, 257]) {
      const { inputs, params } = randomRun(standard, 1, new Map([["Seq", n]]));
      const outputs = await loaded.run(inputs);
      for (const [name, expected] of Object.entries(runReference(standard, inputs, params))) {
        const got = outputs[name];
        if (got === undefined) throw new Error(`${name} is missing`);
        expect(compareToReference(expected, got), `${name} at ${n}`).toMatchObject({ passed: true });
      }
    }
    loaded.dispose();
  });

  test("5 everywhere the other backends are: generated module, lfc run default, compare, conformance, golden, random programs, bench and bench:peers", async () => {
    expect(builtinNames).toContain("wasm");
    const model = join(root, "examples/attention_head.lf");
    const ran = await lfc("run", model, "--input", "x=random", "--seed", "1", "--json");
    expect(ran.code).toBe(0);
    const adapterless = await lfc("run", model, "--input", "x=random", "--seed", "1");
    // A machine with a GPU takes that; every other takes WebAssembly.
    expect(adapterless.out + adapterless.err).toMatch(/backend: (wasm; no GPU here|wgsl; this machine has a GPU)/);
    const compared = await lfc("compare", model, "--backends", "reference,wasm");
    expect(compared.code).toBe(0);
    expect(compared.out).toMatch(/wasm/);
    const listed = (file: string): string => readFileSync(join(root, file), "utf8");
    for (const file of ["test/conformance/builtin.test.ts", "test/numeric/corpus.test.ts", "test/random/run.ts"])
      expect(listed(file), file).toMatch(/"wasm"/);
    expect(listed("bench/peers/contestants.ts")).toContain('backend: "wasm"');
    expect(listed("test/wasm/golden/product.plain.wat")).toContain("v128.load32_splat");
  });

  test("6 faults: no SIMD, no SharedArrayBuffer, memory refused, a worker that dies; 1,000 runs level; dispose ends the workers", async () => {
    const { artifact } = programOf(linformer);
    const { params, inputs } = randomRun(linformer, 1);
    const model = modelOf(artifact);
    const code = async (work: () => Promise<unknown>): Promise<string> => {
      try {
        await work();
        return "none";
      } catch (error) {
        return (error as RuntimeError).code;
      }
    };
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    expect(await code(() => load(model, params))).toBe("feature");
    WebAssembly.validate = validate;
    const shared = globalThis.SharedArrayBuffer;
    Object.assign(globalThis, { SharedArrayBuffer: undefined });
    const alone = await load(model, params, { threads: 2 });
    Object.assign(globalThis, { SharedArrayBuffer: shared });
    expect(alone.how.threads).toBe(1);
    await alone.run(inputs);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1000; i++) await alone.run(inputs);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
    alone.dispose();
    expect(await code(() => alone.run(inputs))).toBe("disposed");
    // The rest, a worker that dies and memory that is refused among it, is in test/wasm/runtime.test.ts.
    expect(readFileSync(join(root, "test/wasm/runtime.test.ts"), "utf8")).toMatch(/a worker that dies ends the run/);
  });
});
