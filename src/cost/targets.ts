import { apple, intel, mobile, nvidia } from "./gpuTargets.js";
import type { Target } from "./target.js";

/**
 * Named device profiles. A backend starts from one of them and puts in what it learns from its device; where an adapter
 * was measured, `profile.ts` puts its rates in place of these. Rates marked "guess" are orders of magnitude, good enough to
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
  cores: 2,
  reuse: 7,
  sharedLoad: 0.9,
  barrier: 400,
  vectors: true,
  matrices: true,
  // 8 GF/s is the best matrix product measured, 5 ns an exp in a row of them, 0.1 ms an empty submit; the rest is guess
  peak: { flops: 8e9, bandwidth: 5e9, exps: 2e8, dispatch: 1e-4, workgroup: 5e-7 },
};

/**
 * WebAssembly with four-lane vectors on one core of a processor. 16 vector registers, of which a tile takes half and
 * leaves the rest for operands. Rates are those of a desktop core of 2024 (66 GF/s measured); an exp is a polynomial.
 */
export const cpu: Target = {
  name: "cpu",
  execution: "cpu",
  dtypes: new Set(["f32", "i32", "u32", "bool"]),
  subgroups: false,
  subgroupSize: 1,
  maxInvocations: 1,
  maxGrid: 2 ** 31 - 1,
  sharedBytes: 0,
  privateBytes: 2 ** 20,
  maxBuffers: 64,
  maxBinding: 2 ** 31,
  registers: 64,
  vectors: true,
  peak: { flops: 6e10, bandwidth: 2e10, exps: 2e9, dispatch: 2e-6, workgroup: 2e-8 },
};

/** What WebGPU may compute on, by name. */
export const gpuTargets = { generic, swiftshader, apple, nvidia, intel, mobile } as const satisfies Readonly<
  Record<string, Target>
>;
export type GpuTargetName = keyof typeof gpuTargets;
export const isGpuTarget = (name: unknown): name is GpuTargetName =>
  typeof name === "string" && Object.hasOwn(gpuTargets, name);

/** By name. */
export const targets: Readonly<Record<string, Target>> = { ...gpuTargets, cpu };
