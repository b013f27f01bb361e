import type { Kernel } from "../../src/ir/kernel/ops.js";
import type { Step } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";

/** Kernels of a program under construction, each with a name of its own. */
export interface KernelPool {
  kernels(): readonly Kernel[];
  /** Takes the kernels of a match; gives its steps, which name them as the pool does. */
  add(kernels: readonly Kernel[], steps: readonly Step[]): readonly Step[];
}

export function kernelPool(): KernelPool {
  const kernels: Kernel[] = [];
  const taken = new Set<string>();
  /** Matches of one form share their kernels. */
  const names = new Map<Kernel, string>();

  const unique = (name: string): string => {
    let result = name;
    for (let n = 2; taken.has(result); n++) result = `${name}_${n}`;
    taken.add(result);
    return result;
  };

  return {
    kernels: () => kernels,
    add(own, steps) {
      const renamed = own.map((k) => {
        const known = names.get(k);
        if (known !== undefined) return { from: k.name, to: known };
        const name = unique(k.name);
        names.set(k, name);
        kernels.push({ ...k, name });
        return { from: k.name, to: name };
      });
      // Kernels of a match and the dispatches that first use them come in the same order; a name may occur twice.
      let next = 0;
      return steps.map((step) => {
        invariant(step.step === "dispatch", () => "a schedule makes dispatches");
        const at = renamed.findIndex((r, i) => i >= next && r.from === step.kernel);
        const found = renamed[at];
        invariant(found, () => `no kernel ${step.kernel} for a step`);
        next = at + 1;
        return { ...step, kernel: found.to };
      });
    },
  };
}
