import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import wasm, { modelOf } from "../backends/wasm/index.js";
import { graphOf, lower } from "../src/driver/compile.js";
import type { TensorData } from "../src/ir/dtype.js";
import { type LoadedWasm, load } from "../src/runtime/wasm.js";
import { root } from "../test/support/environment.js";
import { layerFlops, layerValues } from "./layer/layer.js";
import { ceilingProbe } from "./wasm/ceiling.js";

const usage = `npm run bench:wasm -- [options]
  --rounds 25    interleaved rounds; each number is the best of them
  --n 2048       rows of the layers (d = 512, 8 heads, k = 128)
  --threads 1    of the layers' whole runs; products run on one
  --wall         time by the clock; by default by the processor time of this process, which others' work does not enter

Every rate stands beside the ceiling of the same rounds: multiply-adds in registers and nothing else. For relaxed SIMD on
Node 20 give node --experimental-wasm-relaxed-simd.
`;

interface Subject {
  readonly name: string;
  readonly flops: number;
  readonly loaded: LoadedWasm;
  readonly inputs: Readonly<Record<string, TensorData>>;
  readonly relaxed: boolean;
  /** Of the best run, copies of inputs and results included. */
  seconds: number;
}

const product = (m: number, cols: number, depth: number): string => `lf 1
dim M = ${m}
dim N = ${cols}
dim K = ${depth}
model Product(a: f32[M, K]) -> f32[M, N] {
  param b: f32[K, N]
  let y[m, n] = sum[k] a[m, k] * b[k, n]
  return y
}
`;

const random = (shape: readonly number[], scale = 1): TensorData => ({
  dtype: "f32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (2 * Math.random() - 1) * scale),
});

interface Settings {
  readonly rounds: number;
  readonly n: number;
  readonly threads: number;
  readonly wall: boolean;
}

async function subject(
  name: string,
  threads: number,
  text: string,
  dims: Readonly<Record<string, number>>,
  flops: number,
  values: Readonly<Record<string, Float32Array>> | undefined,
  relaxed: boolean,
): Promise<Subject | undefined> {
  const graph = graphOf({ path: `${name}.lf`, text }, { dims: new Map(Object.entries(dims)) });
  if (!graph.ok) throw new Error(JSON.stringify(graph.error));
  const lowered = lower(graph.value, wasm);
  if (!lowered.ok) throw new Error(JSON.stringify(lowered.error));
  const model = modelOf(lowered.value.artifact);
  const tensor = (r: { readonly name: string; readonly shape: readonly unknown[] }): TensorData => {
    const shape = r.shape.map((d) => (d as { readonly value: number }).value);
    const data = values?.[r.name];
    return data === undefined ? random(shape) : { dtype: "f32", shape, data };
  };
  const of = (kind: string) => model.program.resources.filter((r) => r.kind === kind);
  const params = new Map(of("param").map((r) => [r.name, tensor(r)] as const));
  const loaded = await load(model, params, { threads, relaxed });
  if (relaxed && !loaded.how.relaxed) {
    loaded.dispose();
    return undefined;
  }
  const inputs = Object.fromEntries(of("input").map((r) => [r.name, tensor(r)]));
  return { name, flops, loaded, inputs, relaxed, seconds: Number.POSITIVE_INFINITY };
}

async function subjects({ n, threads }: Settings): Promise<readonly Subject[]> {
  const layer = (file: string): string => readFileSync(join(root, "bench/layer", file), "utf8");
  const sized = { d: 512, heads: 8, k: 128 };
  const dims = { Seq: n, Model: sized.d, Heads: sized.heads };
  const linformer = { n, ...sized };
  const standard = { n, d: sized.d, heads: sized.heads };
  const found: Subject[] = [];
  for (const relaxed of [false, true]) {
    const list = [
      await subject("product 512 x 512 x 512", 1, product(512, 512, 512), {}, 2 * 512 ** 3, undefined, relaxed),
      await subject(
        "product 2048 x 512 x 512",
        1,
        product(2048, 512, 512),
        {},
        2 * 2048 * 512 ** 2,
        undefined,
        relaxed,
      ),
      await subject(
        `layer, Linformer, n = ${n}`,
        threads,
        layer("linformer.lf"),
        { ...dims, Proj: sized.k },
        layerFlops(linformer, "reordered"),
        layerValues(linformer, 1),
        relaxed,
      ),
      await subject(
        `layer, standard, n = ${n}`,
        threads,
        layer("standard.lf"),
        dims,
        layerFlops(standard, "textbook"),
        layerValues(standard, 1),
        relaxed,
      ),
    ];
    found.push(...list.filter((s) => s !== undefined));
  }
  return found;
}

/** Rates of all subjects beside the ceiling, in rounds in which each has its turn. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "25" },
      n: { type: "string", default: "2048" },
      threads: { type: "string", default: "1" },
      wall: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const [rounds, n, threads] = [values.rounds, values.n, values.threads].map(Number) as [number, number, number];
  // The processor time of several threads is not the time of a run.
  const wall = values.wall || threads > 1;
  const now = (): number => {
    if (wall) return performance.now() / 1e3;
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const all = await subjects({ rounds, n, threads, wall });
  const ceilings = new Map<boolean, number>();
  for (let round = 0; round < rounds; round++) {
    for (const relaxed of [false, true]) {
      const probe = ceilingProbe(relaxed);
      if (probe === undefined) continue;
      probe(1000);
      const begin = now();
      const flops = probe(400_000);
      ceilings.set(relaxed, Math.max(ceilings.get(relaxed) ?? 0, flops / (now() - begin)));
    }
    for (const s of all) {
      const begin = now();
      await s.loaded.run(s.inputs);
      s.seconds = Math.min(s.seconds, now() - begin);
    }
  }
  for (const [relaxed, rate] of ceilings)
    console.log(`ceiling, ${relaxed ? "relaxed" : "plain"}: ${(rate / 1e9).toFixed(1)} GF/s`);
  for (const s of all) {
    const rate = s.flops / s.seconds;
    const share = Math.round((100 * rate) / ((ceilings.get(s.relaxed) ?? 0) * s.loaded.how.threads));
    const [ms, gigaflops] = [(s.seconds * 1e3).toFixed(2), (rate / 1e9).toFixed(1)];
    console.log(`${s.name}, ${s.relaxed ? "relaxed" : "plain"}: ${ms} ms, ${gigaflops} GF/s, ${share} %`);
    s.loaded.dispose();
  }
  return 0;
}
