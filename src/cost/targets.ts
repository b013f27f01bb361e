import type { Target } from "./target.js";

/**
 * Named device profiles. A backend starts from one of them and puts in what it learns from its device; `lfc bench
 * --explore` may replace the peak rates by measured ones. Rates marked "guess" are orders of magnitude, good enough to
 * rank schedules.
 */

/** The default limits of WebGPU (W3C WebGPU, "Limits"): what every adapter grants. */
const webgpuLimits = {
  maxInvocations: 256,
  maxGrid: 65535,
  sharedBytes: 16384,
  maxBuffers: 8,
  maxBinding: 134217728,
} as const;

/** A graphics processor of unknown make, through WebGPU. */
export const generic: Target = {
  name: "generic",
  execution: "simt",
  dtypes: new Set(["f32", "i32", "u32", "bool"]),
  subgroups: false,
  subgroupSize: 32,
  ...webgpuLimits,
  privateBytes: 1024,
  registers: 128,
  parallel: 16384,
  vectors: true,
  // guess: an integrated processor (2 TF/s, 60 GB/s), at a third of its peak
  peak: { flops: 7e11, bandwidth: 5e10, exps: 5e10, dispatch: 1e-5, workgroup: 1e-8 },
};

/**
 * SwiftShader: WebGPU on the processor's cores, measured on two cores. Register tiles are nearly free, barriers and
 * workgroup memory cost much; a 4-lane load takes about 25 ns whatever its pattern.
 */
export const swiftshader: Target = {
  name: "swiftshader",
  execution: "simt",
  dtypes: new Set(["f32", "i32", "u32", "bool"]),
  subgroups: false,
  subgroupSize: 4,
  ...webgpuLimits,
  privateBytes: 8192,
  registers: 512,
  parallel: 32,
  reuse: 10,
  vectors: true,
  // 8 GF/s is the best matrix product measured, 20 ns an exp with what surrounds it, 0.1 ms an empty submit; the rest is guess
  peak: { flops: 8e9, bandwidth: 5e9, exps: 5e7, dispatch: 1e-4, workgroup: 2e-6 },
};

/** By name. */
export const targets: Readonly<Record<string, Target>> = { generic, swiftshader };
