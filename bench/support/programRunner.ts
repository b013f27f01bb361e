import type { TensorData } from "../../src/ir/dtype.js";
import { profileRun } from "../../src/runtime/profile.js";
import { load } from "../../src/runtime/webgpu.js";
import type { ProgramCase, Runner, TensorSource } from "./cases.js";
import { tensorOf } from "./values.js";

const tensors = (given: Readonly<Record<string, TensorSource>>): Record<string, TensorData> =>
  Object.fromEntries(Object.entries(given).map(([name, source]) => [name, tensorOf(source)]));

/** Loads a compiled program with lfc's runtime. */
export async function programRunner(gpu: GPUDevice, spec: ProgramCase): Promise<Runner> {
  const inputs = tensors(spec.inputs);
  const model = await load(gpu, spec.model, new Map(Object.entries(tensors(spec.params))));
  const profile = async () => (await profileRun(gpu, model, inputs)).steps;
  if (spec.transfer !== "device") {
    let last: Readonly<Record<string, TensorData>> | undefined;
    return {
      async run() {
        last = await model.run(inputs);
      },
      output: async () => last ?? model.run(inputs),
      profile,
      dispose: () => model.dispose(),
    };
  }
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const placed = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      const buffer = gpu.createBuffer({ label: name, size: Math.max(data.byteLength, 16), usage });
      gpu.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      return [name, { dtype, shape, data: buffer }];
    }),
  );
  const first = await model.run(placed, { outputs: "device" });
  const outputs = Object.fromEntries(Object.entries(first).map(([name, { data }]) => [name, data]));
  return {
    async run() {
      const encoder = gpu.createCommandEncoder();
      model.encode(encoder, placed, outputs);
      gpu.queue.submit([encoder.finish()]);
      await gpu.queue.onSubmittedWorkDone();
    },
    output: () => model.run(inputs),
    profile,
    dispose() {
      for (const { data } of [...Object.values(placed), ...Object.values(first)]) data.destroy();
      model.dispose();
    },
  };
}
