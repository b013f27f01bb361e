import type { TensorData } from "../../src/ir/dtype.js";
import type { KernelsCase, Runner } from "./cases.js";
import { tensorOf } from "./values.js";

async function readBuffer(gpu: GPUDevice, from: GPUBuffer, staging: GPUBuffer): Promise<ArrayBuffer> {
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, staging, 0, from.size);
  gpu.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.unmap();
  return bytes;
}

/** Sets WGSL by hand up on a device: the pipelines side by side, the buffers with their contents. */
export async function kernelsRunner(gpu: GPUDevice, spec: KernelsCase): Promise<Runner> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const contents = new Map<string, TensorData>();
  const buffers = new Map(
    Object.entries(spec.buffers).map(([name, given]) => {
      if ("bytes" in given) return [name, gpu.createBuffer({ label: name, size: given.bytes, usage })];
      const tensor = tensorOf(given);
      contents.set(name, tensor);
      const buffer = gpu.createBuffer({ label: name, size: tensor.data.byteLength, usage });
      gpu.queue.writeBuffer(buffer, 0, tensor.data as Float32Array<ArrayBuffer>);
      return [name, buffer];
    }),
  );
  const bufferOf = (name: string): GPUBuffer => {
    const buffer = buffers.get(name);
    if (buffer === undefined) throw new Error(`${spec.name}: there is no buffer ${name}`);
    return buffer;
  };
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const pipelineOf = (code: string, entryPoint: string): Promise<GPUComputePipeline> => {
    const key = `${entryPoint} ${code}`;
    const made =
      pipelines.get(key) ??
      gpu.createComputePipelineAsync({
        layout: "auto",
        compute: { module: gpu.createShaderModule({ code }), entryPoint },
      });
    pipelines.set(key, made);
    return made;
  };
  const steps = await Promise.all(
    spec.steps.map(async ({ code, entry = "main", bind, grid }) => {
      const pipeline = await pipelineOf(code, entry);
      const entries = bind.map((name, binding) => ({ binding, resource: { buffer: bufferOf(name) } }));
      return { pipeline, grid, group: gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
    }),
  );
  const result = spec.output === undefined ? undefined : bufferOf(spec.output);
  const staging =
    result && gpu.createBuffer({ size: result.size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const host = spec.transfer === "host";
  const input = spec.input === undefined ? undefined : contents.get(spec.input);
  const read = async (): Promise<ArrayBuffer> => {
    if (result === undefined || staging === undefined) throw new Error(`${spec.name} names no output`);
    return readBuffer(gpu, result, staging);
  };
  return {
    async run() {
      if (host && input !== undefined && spec.input !== undefined)
        gpu.queue.writeBuffer(bufferOf(spec.input), 0, input.data as Float32Array<ArrayBuffer>);
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (const { pipeline, group, grid } of steps) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...grid);
      }
      pass.end();
      gpu.queue.submit([encoder.finish()]);
      if (host) await read();
      else await gpu.queue.onSubmittedWorkDone();
    },
    async output() {
      const data = new Float32Array(await read());
      return { [spec.output ?? ""]: { dtype: "f32", shape: [data.length], data } };
    },
    dispose() {
      for (const b of buffers.values()) b.destroy();
      staging?.destroy();
    },
  };
}
