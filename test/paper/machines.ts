import { builtinNames, resolveBackend } from "../../src/driver/backends.js";
import type { LowerOptions } from "../../src/driver/compile.js";
import { loadMachine, type Outputs, runMachine } from "../../src/driver/machine.js";
import type { Parameters } from "../../src/driver/parameters.js";
import { allocate, type TensorData } from "../../src/ir/dtype.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { unwrap } from "../support/model.js";

/** Every backend that comes with lfc. */
export const backends = builtinNames;

type Inputs = Readonly<Record<string, TensorData>>;

/** A model that is compiled once and runs several times; what it holds is let go with `dispose`. */
export async function machineFor(
  graph: Graph,
  backend: string,
  params: Parameters,
  device: () => Promise<GPUDevice>,
  options: LowerOptions = {},
): Promise<{ run(inputs: Inputs): Promise<Outputs>; dispose(): void }> {
  const machine = unwrap(
    await loadMachine(
      graph,
      unwrap(await resolveBackend(backend)),
      params,
      backend === "wgsl" ? await device() : undefined,
      options,
    ),
  );
  return {
    run: async (inputs) => unwrap(await runMachine(machine, inputs)),
    dispose: () => machine.executable.dispose(),
  };
}

/** The tensor with other values in the rows of its first axis that are asked for. */
export function withRows(
  tensor: TensorData,
  which: (row: number) => boolean,
  value: (i: number) => number,
): TensorData {
  const width = tensor.data.length / (tensor.shape[0] ?? 1);
  const data = allocate(tensor.dtype, tensor.data.length);
  tensor.data.forEach((v, i) => {
    data[i] = which(Math.floor(i / width)) ? value(i) : v;
  });
  return { ...tensor, data };
}

/** The bits of the rows `from` to `to` of a tensor. */
export function rowBits(tensor: TensorData | undefined, from: number, to: number): readonly number[] {
  if (tensor === undefined) throw new Error("an output is missing");
  const width = tensor.data.length / (tensor.shape[0] ?? 1);
  const part = Float32Array.from(tensor.data.slice(from * width, to * width));
  return [...new Uint32Array(part.buffer)];
}
