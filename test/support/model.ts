import { resolve } from "node:path";
import type { Backend } from "../../src/backend/backend.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { type FrontendOptions, graphOf, type Lowered, type LowerOptions, lower } from "../../src/driver/compile.js";
import { type BoundInputs, bindInputs, inputNodes } from "../../src/driver/inputs.js";
import { loadMachine, type Outputs, runMachine } from "../../src/driver/machine.js";
import { initialParameters, type Parameters } from "../../src/driver/parameters.js";
import { readSource } from "../../src/driver/sources.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import type { Result } from "../../src/util/result.js";

/** Compiling and running models in tests: what fails is thrown with its rendered diagnostics. */
export const root = resolve(import.meta.dirname, "../..");

export function unwrap<T>(result: Result<T, readonly Diagnostic[] | Diagnostic>): T {
  if (result.ok) return result.value;
  const list = Array.isArray(result.error) ? (result.error as readonly Diagnostic[]) : [result.error as Diagnostic];
  throw new Error(renderDiagnostics(list, { color: false }));
}

export const graphOfText = (text: string, options: FrontendOptions = {}): Graph =>
  unwrap(graphOf({ path: "test.lf", text }, options));

export const graphOfFile = (path: string, options: FrontendOptions = {}): Graph =>
  unwrap(graphOf(unwrap(readSource(resolve(root, path))), options));

/** Random values for every input, and the initial parameters. */
export function randomRun(
  graph: Graph,
  seed = 1,
  sizes: ReadonlyMap<string, number> = new Map(),
): BoundInputs & { readonly params: Parameters } {
  const sources = new Map(inputNodes(graph).map((n) => [n.name, { kind: "random" } as const]));
  return { ...unwrap(bindInputs(graph, sources, seed, sizes)), params: initialParameters(graph, seed) };
}

export async function lowerFor(graph: Graph, name: string, options: LowerOptions = {}): Promise<Lowered> {
  return unwrap(lower(graph, unwrap(await resolveBackend(name)), options));
}

/** Compiles, runs once and frees. */
export async function runOn(
  graph: Graph,
  backend: Backend | string,
  inputs: Outputs,
  params: Parameters,
  device?: GPUDevice,
  options: LowerOptions = {},
): Promise<Outputs> {
  const found = typeof backend === "string" ? unwrap(await resolveBackend(backend)) : backend;
  const machine = unwrap(await loadMachine(graph, found, params, device, options));
  try {
    return unwrap(await runMachine(machine, inputs));
  } finally {
    machine.executable.dispose();
  }
}
