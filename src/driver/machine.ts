import type { Backend, Executable } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { backendFailed, emitOnly } from "../diagnostics/messages/io.js";
import type { TensorData } from "../ir/dtype.js";
import { interpret, type ReferenceTensor } from "../ir/graph/interpret.js";
import type { Graph } from "../ir/graph/ops.js";
import { InternalError } from "../util/invariant.js";
import { fail, ok, type Result } from "../util/result.js";
import { type Lowered, type LowerOptions, lower } from "./compile.js";
import type { Parameters } from "./parameters.js";
import { PluginFault } from "./plugin.js";

export type Outputs = Readonly<Record<string, TensorData>>;

/** The float64 reference on the unoptimised graph. */
export const runReference = (
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: Parameters,
): Readonly<Record<string, ReferenceTensor>> => interpret(graph, inputs, params).outputs;

export interface Machine {
  readonly lowered: Lowered;
  readonly executable: Executable;
}

/** Compiles a graph for a backend and loads it. `device` is for backends that compute on a GPU. */
export async function loadMachine(
  graph: Graph,
  backend: Backend,
  params: Parameters,
  device: GPUDevice | undefined,
  options: LowerOptions = {},
): Promise<Result<Machine, readonly Diagnostic[]>> {
  const lowered = lower(graph, backend, options);
  return lowered.ok ? loadLowered(lowered.value, params, device) : lowered;
}

/** Loads what is compiled. */
export async function loadLowered(
  lowered: Lowered,
  params: Parameters,
  device: GPUDevice | undefined,
): Promise<Result<Machine, readonly Diagnostic[]>> {
  const { backend, artifact } = lowered;
  if (backend.load === undefined) return fail([emitOnly(backend.name)]);
  try {
    const executable = await backend.load(artifact, { params, ...(device === undefined ? {} : { device }) });
    return ok({ lowered, executable });
  } catch (error) {
    return fail([failure(backend.name, error)]);
  }
}

/** One run; what a backend throws becomes a diagnostic, a fault of lfc itself goes on. */
export async function runMachine(
  machine: Machine,
  inputs: Readonly<Record<string, TensorData>>,
): Promise<Result<Outputs, readonly Diagnostic[]>> {
  try {
    return ok(await machine.executable.run(inputs));
  } catch (error) {
    return fail([failure(machine.lowered.backend.name, error)]);
  }
}

function failure(backend: string, error: unknown): Diagnostic {
  if (error instanceof PluginFault) return error.diagnostic;
  if (error instanceof InternalError || error instanceof TypeError || error instanceof RangeError) throw error;
  return backendFailed(backend, error instanceof Error ? error.message : String(error));
}
