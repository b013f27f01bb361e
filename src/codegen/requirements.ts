import type { Dim } from "../ir/dim.js";
import { resourceOf, windowOf } from "../runtime/limits.js";
import type { ModelDispatch, ModelProgram, ModelStep } from "../runtime/model.js";
import { evaluate, type Sizes } from "../runtime/sizes.js";
import { byteLength } from "../runtime/tensors.js";

/** What every WebGPU device grants without being asked (WebGPU, 3.6.2 Limits). */
const defaults = {
  maxBufferSize: 268435456,
  maxStorageBufferBindingSize: 134217728,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
} as const;

/** The limits that a program needs beyond the defaults, at the greatest of its run-time sizes. */
export function requiredLimits(program: ModelProgram): Readonly<Record<string, number>> {
  const most: Sizes = new Map(program.symbols.flatMap((s: Dim) => (s.op === "symbol" ? [[s.name, s.hi]] : [])));
  const needs: Record<keyof typeof defaults, number> = { ...defaults };
  const need = (limit: keyof typeof defaults, value: number): void => {
    needs[limit] = Math.max(needs[limit], value);
  };
  const resources = new Map(program.resources.map((r) => [r.id, r]));
  for (const r of program.resources) need("maxBufferSize", byteLength(r, most));
  for (const k of program.kernels) need("maxStorageBuffersPerShaderStage", k.buffers.length);
  const visit = (d: ModelDispatch): void => {
    for (const g of d.grid) need("maxComputeWorkgroupsPerDimension", evaluate(g, most));
    for (const bound of Object.values(d.bind)) {
      const r = resources.get(resourceOf(bound));
      if (r !== undefined) need("maxStorageBufferBindingSize", windowOf(bound, r, 1, most).size);
    }
  };
  for (const d of takenAt([...program.prepare, ...program.steps], most)) visit(d);
  return Object.fromEntries(
    Object.entries(needs).filter(([limit, value]) => value > defaults[limit as keyof typeof defaults]),
  );
}

const takenAt = (steps: readonly ModelStep[], sizes: Sizes): readonly ModelDispatch[] =>
  steps.flatMap((s) =>
    s.step === "choose" ? takenAt(evaluate(s.dim, sizes) < s.below ? s.then : s.else, sizes) : [s],
  );
