import js from "../../backends/js/index.js";
import type { Artifact, Backend, Executable } from "../../src/backend/backend.js";
import type { Store } from "../../src/driver/cache.js";
import type { Program } from "../../src/ir/program/program.js";

/** A machine whose kernels take as long as a formula says, and which counts how often it is asked. */
export interface StandIn {
  readonly backend: Backend;
  /** Timed runs so far. */
  timed(): number;
}

/** @param seconds of one run of a program of one dispatch */
export function standIn(seconds: (program: Program) => number): StandIn {
  let count = 0;
  const backend = {
    ...js,
    name: "stand-in",
    // small tiles: their kernels are compiled faster
    target: () => ({ ...js.target({ checked: false, count: false, execution: "simt" }), registers: 32 }),
    async load({ meta }: Artifact): Promise<Executable> {
      const program = meta.program as Program;
      return {
        run: async () => ({}),
        async profile() {
          count++;
          const steps = program.steps.flatMap((s) =>
            s.step === "dispatch" ? [{ label: s.label, kernel: s.kernel, seconds: seconds(program) }] : [],
          );
          return { outputs: {}, steps };
        },
        dispose() {},
      };
    },
  } as Backend;
  return { backend, timed: () => count };
}

export function memoryStore(): Store & { readonly kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>();
  return { kept, get: (name) => kept.get(name), set: (name, value) => void kept.set(name, value) };
}
