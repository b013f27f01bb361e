import { expect } from "vitest";
import tfjs, { type TfjsDevice } from "../../backends/tfjs/index.js";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline } from "../../passes/pipelines.js";
import { constDim } from "../../src/ir/dim.js";
import { allocate, type DType, type TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { type Build, build, testContext } from "../passes/support.js";
import { randomValues } from "../support/random-graph.js";

export const devices: readonly TfjsDevice[] = ["cpu", "wasm"];

export const moduleOf = (graph: Graph, device: TfjsDevice = "cpu"): string => {
  const text = tfjs.emit(graph, testContext(), { device }).files[0]?.text;
  if (typeof text !== "string") throw new Error("no module");
  return text;
};

export const optimised = (graph: Graph): Graph => runPasses(graph, graphPipeline, testContext());

/** Runs the graph and holds every output to the reference of `meaning`, which is the graph itself unless given. */
export async function expectRight(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: ReadonlyMap<string, TensorData>,
  device: TfjsDevice,
  meaning: Graph = graph,
  relL2?: number,
): Promise<{ readonly undecided: number; readonly elements: number }> {
  const artifact = tfjs.emit(graph, testContext(), { device });
  const model = await tfjs.load(artifact, { params });
  expect(model.note).toBeUndefined();
  let undecided = 0;
  let elements = 0;
  try {
    const actual = await model.run(inputs);
    const expected = interpret(meaning, inputs, params).outputs;
    for (const [name, reference] of Object.entries(expected)) {
      const got = actual[name];
      if (got === undefined) throw new Error(`no output ${name}`);
      const c = compareToReference(reference, got, relL2 === undefined ? {} : { relL2 });
      undecided += c.undecided;
      elements += c.elements;
      if (!c.passed) {
        const [is, was] = [got.data[c.worst], reference.value[c.worst]];
        throw new Error(
          `${device}: ${name}[${c.worst}] is ${is}, should be ${was} ± ${reference.bound[c.worst]}\n${printGraph(graph)}\n${moduleOf(graph)}`,
        );
      }
    }
  } finally {
    model.dispose();
  }
  return { undecided, elements };
}

/** Host data of any dtype. */
export const tensor = (dtype: DType, shape: readonly number[], values: readonly number[]): TensorData => {
  const data = allocate(dtype, values.length);
  data.set(values);
  return { dtype, shape, data };
};

/** Runs the graph on random values, or the given ones, against the reference; the number of undecided elements. */
export async function holds(
  graph: Graph,
  device: TfjsDevice,
  given: Readonly<Record<string, TensorData>> = {},
): Promise<number> {
  const { inputs, params } = randomValues(graph, 7);
  const { undecided } = await expectRight(graph, { ...inputs, ...given }, params, device);
  return undecided;
}

export const extents = (...sizes: number[]) => sizes.map((n) => constDim(n));

/** A graph of one op over the inputs of `make`. */
export function graphOf(make: (t: Build) => ValueId): Graph {
  const t = build();
  return t.finish({ y: make(t) });
}
