import type { Backend } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { type LowerOptions, lower } from "../driver/compile.js";
import { loadLowered, type Machine, type Outputs, runMachine } from "../driver/machine.js";
import type { Parameters } from "../driver/parameters.js";
import type { Graph } from "../ir/graph/ops.js";
import { ok, type Result } from "../util/result.js";
import type { Timed } from "./interleave.js";

/** A model on a machine with all that a run needs. */
export interface Entry {
  readonly name: string;
  readonly graph: Graph;
  readonly backend: Backend;
  readonly options: LowerOptions;
  readonly device?: GPUDevice | undefined;
  readonly params: Parameters;
  readonly inputs: Outputs;
}

/** Seconds from nothing to the first result. */
export interface Cold {
  /** From the graph to the artifact. */
  readonly compile: number;
  /** Pipelines, parameters, and what depends on them alone. */
  readonly load: number;
  readonly first: number;
}

/** An entry that has been compiled, loaded and run once. */
export interface Contestant extends Timed {
  readonly entry: Entry;
  readonly machine: Machine;
  readonly cold: Cold;
  /** Of the first run. */
  readonly outputs: Outputs;
  /** What a later run was refused for: its time is infinite from then on. */
  fault(): readonly Diagnostic[] | undefined;
  dispose(): void;
}

const seconds = async <T>(work: () => T | Promise<T>): Promise<readonly [T, number]> => {
  const start = performance.now();
  const value = await work();
  return [value, (performance.now() - start) / 1e3];
};

/** Compiles, loads and runs an entry once. */
export async function enter(entry: Entry): Promise<Result<Contestant, readonly Diagnostic[]>> {
  const { graph, backend, options, params, device, inputs } = entry;
  const [lowered, compile] = await seconds(() => lower(graph, backend, options));
  if (!lowered.ok) return lowered;
  const [loaded, load] = await seconds(() => loadLowered(lowered.value, params, device));
  if (!loaded.ok) return loaded;
  const machine = loaded.value;
  const [outputs, first] = await seconds(() => runMachine(machine, inputs));
  if (!outputs.ok) {
    machine.executable.dispose();
    return outputs;
  }
  let fault: readonly Diagnostic[] | undefined;
  return ok({
    entry,
    machine,
    cold: { compile, load, first },
    outputs: outputs.value,
    fault: () => fault,
    dispose: () => machine.executable.dispose(),
    async run() {
      if (fault !== undefined) return Number.POSITIVE_INFINITY;
      const [result, taken] = await seconds(() => runMachine(machine, inputs));
      if (result.ok) return taken;
      fault = result.error;
      return Number.POSITIVE_INFINITY;
    },
  });
}

/** Relative L2 distance of two runs over the outputs that both have in one shape; nothing where they have none. */
export function distance(a: Outputs, b: Outputs): number | undefined {
  let [apart, size, shared] = [0, 0, 0];
  for (const [name, { shape, data }] of Object.entries(a)) {
    const other = b[name];
    if (other === undefined || other.shape.join() !== shape.join()) continue;
    shared++;
    for (let i = 0; i < data.length; i++) {
      const x = data[i] ?? 0;
      apart += (x - (other.data[i] ?? 0)) ** 2;
      size += x * x;
    }
  }
  if (shared === 0) return undefined;
  return apart === 0 ? 0 : Math.sqrt(apart / size);
}
