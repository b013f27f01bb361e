import { expect } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { runReference } from "../../src/driver/machine.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { type CompareOptions, compareToReference } from "../../src/ir/graph/compare.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { randomRun, root, runOn, unwrap } from "../support/model.js";

/** The package as the command line finds it: a folder, by its path. */
export const onnx = async (): Promise<Backend> => unwrap(await resolveBackend("./examples/lfc-backend-onnx", root));

/**
 * Runs a model with ONNX Runtime and holds every output to the float64 reference: by its bounds, and as a whole by 1e-5,
 * since the bounds of a deep model leave few elements or none decided. Gives the number of elements that no open
 * decision reaches.
 */
export async function agrees(graph: Graph, sizes: Readonly<Record<string, number>> = {}): Promise<number> {
  const { inputs, params } = randomRun(graph, 3, new Map(Object.entries(sizes)));
  return agreesOn(graph, inputs, params, { relL2: 1e-5 });
}

/** The same with the given values, by the bounds alone unless `options` asks for more. */
export async function agreesOn(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: ReadonlyMap<string, TensorData>,
  options: CompareOptions = {},
): Promise<number> {
  const outputs = await runOn(graph, await onnx(), inputs, params);
  let compared = 0;
  for (const [name, expected] of Object.entries(runReference(graph, inputs, params))) {
    const tensor = outputs[name];
    if (tensor === undefined) throw new Error(`${name} is missing`);
    expect(compareToReference(expected, tensor, options), name).toMatchObject({ passed: true });
    compared += expected.undecided.reduce((count, flags) => count + ((flags & 1) === 0 ? 1 : 0), 0);
  }
  return compared;
}
