import { join } from "node:path";
import { builtinNames } from "../../src/driver/backends.js";
import { root } from "../../test/support/environment.js";
import { kernelsCase } from "../baselines/kernels.js";
import { naiveLayer } from "../baselines/naive.js";
import { tunedLayer } from "../baselines/tuned.js";
import type { Case } from "../support/cases.js";
import type { BenchHost } from "../support/host.js";
import { openBenchProcess } from "../support/process.js";
import { programCase } from "../support/program.js";
import { layerSource, type PeerSpec } from "./lfc.js";

/**
 * `std` is standard attention; `lin` Linformer as written, keys and values before their projection; `linr` the same
 * function with the products reordered by hand, which only those need who do not reorder.
 */
export const variants = ["std", "lin", "linr"] as const;
export type Variant = (typeof variants)[number];

/** Who runs the layer, and where. */
export interface Contestant {
  readonly name: string;
  /** The browser's page, where all share one adapter, or a Node process of its own. */
  readonly where: "page" | "process";
  readonly variants: readonly Variant[];
  /** Not a package of `bench/peers`. */
  readonly own: boolean;
  /** For `process`. */
  open?(): Promise<BenchHost>;
  /** Name of the case is the caller's. */
  make(name: string, spec: PeerSpec): Case;
}

const inPage = (name: string): Contestant => ({
  name,
  where: "page",
  variants,
  own: false,
  make: (caseName, spec) => ({ kind: "module", name: caseName, module: name, spec }),
});

const inProcess = (name: string, module: string, threads?: number): Contestant => ({
  name,
  where: "process",
  variants,
  own: false,
  open: () =>
    openBenchProcess(module, {
      from: "bench/peers",
      ...(threads === undefined ? {} : { env: { LFC_BENCH_THREADS: String(threads) } }),
    }),
  make: (caseName, spec) => ({ kind: "module", name: caseName, module: name, spec }),
});

const compiled = (name: string, fp: "relaxed" | "strict"): Contestant => ({
  name,
  where: "page",
  variants: ["std", "lin"],
  own: true,
  make: (caseName, spec) => {
    const { file, dims, params } = layerSource(join(root, "bench/layer"), spec);
    const inputs = spec.tensors.x === undefined ? {} : { x: spec.tensors.x };
    return programCase(file, { name: caseName, dims, params, inputs, fp }).case;
  },
});

const onCpu = (threads: number): Contestant => ({
  name: `lfc wasm, ${counted(threads)}`,
  where: "process",
  variants: ["std", "lin"],
  own: true,
  open: () => openBenchProcess("bench/peers/node/lfc.ts"),
  make: (caseName, spec) => ({
    kind: "module",
    name: caseName,
    module: "lfc",
    spec: { ...spec, backend: "wasm", options: { threads } },
  }),
});

function counted(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

/** Everyone, in the order of the table. */
export const contestants: readonly Contestant[] = [
  compiled("lfc wgsl", "relaxed"),
  compiled("lfc wgsl --fp strict", "strict"),
  {
    name: "tuned WGSL",
    where: "page",
    variants,
    own: true,
    make: (name, { size, order, tensors }) => kernelsCase(name, tunedLayer(size, order), tensors),
  },
  {
    name: "naive WGSL",
    where: "page",
    variants: ["std", "lin"],
    own: true,
    make: (name, { size, tensors }) => kernelsCase(name, naiveLayer(size), tensors),
  },
  inPage("jax-webgpu"),
  inPage("ort-webgpu"),
  inPage("tfjs-webgpu"),
  ...(builtinNames.includes("wasm") ? [onCpu(1), onCpu(2)] : []),
  inProcess(`ort-wasm, ${counted(1)}`, "bench/peers/node/ort.mjs", 1),
  inProcess(`ort-wasm, ${counted(2)}`, "bench/peers/node/ort.mjs", 2),
  inProcess("jax-wasm", "bench/peers/node/jax.mjs"),
  inProcess("tfjs-wasm", "bench/peers/node/tfjs.mjs"),
];
