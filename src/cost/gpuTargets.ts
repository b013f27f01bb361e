import type { Target } from "./target.js";

/**
 * Graphics processors that lfc was not measured on. The rates come from public data sheets, taken at the share that WebGPU
 * kernels are reported to reach: a middle model of each family stands for it. They decide between schedules where the
 * adapter itself is not at hand; on a machine that is, `lfc bench`, `lfc doctor --measure` and `--tune` measure it.
 *
 * Where the shares come from: 33 to 72 % of peak for f32 products on an Apple M2 (FL33TW00D/wgpu-mm, issue 20), over 7 of
 * about 18 TF/s on an M4 Max (jax-js, README), "up to 80 %" of native (WebLLM, arXiv 2412.15803). What is not on a data sheet
 * (dispatch, workgroup, exps, registers, `reuse`) is a guess by the width and clock of the machine.
 */

/** The default limits of WebGPU (W3C WebGPU, "Limits"), and what all of these have in common. */
const common = {
  execution: "simt",
  dtypes: new Set(["f32", "i32", "u32", "bool"]),
  subgroups: false,
  maxInvocations: 256,
  maxGrid: 65535,
  sharedBytes: 16384,
  privateBytes: 1024,
  maxBuffers: 8,
  maxBinding: 134217728,
  vectors: true,
} as const satisfies Partial<Target>;

/** Data sheet of a GeForce RTX 4070: 29 TF/s, 504 GB/s, 46 multiprocessors of 1536 threads; 255 registers a thread at most. */
export const nvidia: Target = {
  ...common,
  name: "nvidia",
  subgroupSize: 32,
  registers: 128,
  parallel: 65536,
  reuse: 4,
  peak: { flops: 1.2e13, bandwidth: 4e11, exps: 1e12, dispatch: 5e-6, workgroup: 1e-9 },
};

/** Data sheet of an Apple M2 Pro: 6.8 TF/s, 200 GB/s; 2.6 of 3.6 TF/s were reached on the smaller M2 at 2048³ (wgpu-mm). */
export const apple: Target = {
  ...common,
  name: "apple",
  subgroupSize: 32,
  registers: 128,
  parallel: 16384,
  reuse: 4,
  peak: { flops: 4e12, bandwidth: 1.6e11, exps: 4e11, dispatch: 1e-5, workgroup: 3e-9 },
};

/** Data sheet of an Iris Xe with 96 execution units: 2 TF/s, about 60 GB/s of memory shared with the processor. */
export const intel: Target = {
  ...common,
  name: "intel",
  subgroupSize: 16,
  registers: 64,
  parallel: 8192,
  reuse: 4,
  peak: { flops: 8e11, bandwidth: 4.5e10, exps: 1e11, dispatch: 1.5e-5, workgroup: 1e-8 },
};

/**
 * Adreno and Mali of upper phones of 2023: 1 to 2 TF/s, 50 GB/s by data sheets. Workgroup memory of a Mali is cached memory
 * (Arm, "Mali best practices"), so a load from it is no cheaper than any other.
 */
export const mobile: Target = {
  ...common,
  name: "mobile",
  subgroupSize: 16,
  registers: 64,
  parallel: 4096,
  reuse: 4,
  sharedLoad: 1,
  peak: { flops: 4e11, bandwidth: 3e10, exps: 5e10, dispatch: 3e-5, workgroup: 2e-8 },
};
