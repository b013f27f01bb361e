import { runtimeError } from "./errors.js";
import type { ModelKernel, WgslModel } from "./model.js";

export interface Pipeline {
  readonly head: ModelKernel;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/**
 * Creates the pipelines of all kernels at once.
 *
 * @throws RuntimeError of the first kernel in order that fails
 */
export async function createPipelines(device: GPUDevice, model: WgslModel): Promise<ReadonlyMap<string, Pipeline>> {
  const made = await Promise.allSettled(model.program.kernels.map((head) => createPipeline(device, head, model)));
  return new Map(
    made.map((m): [string, Pipeline] => {
      if (m.status === "rejected") throw m.reason;
      return [m.value.head.name, m.value];
    }),
  );
}

async function createPipeline(device: GPUDevice, head: ModelKernel, model: WgslModel): Promise<Pipeline> {
  const label = head.name;
  const refused = (why: string): Error => runtimeError("kernel", label, `the kernel ${label}: ${why}`);
  const code = model.wgsl[label];
  if (code === undefined) throw refused("its text is missing");
  const visibility = GPUShaderStage.COMPUTE;
  const entries = head.buffers.map(
    ({ access }, binding): GPUBindGroupLayoutEntry => ({
      binding,
      visibility,
      buffer: { type: access === "read" ? "read-only-storage" : "storage" },
    }),
  );
  if (head.dims > 0) entries.push({ binding: entries.length, visibility, buffer: { type: "uniform" } });
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label, code });
  const layout = device.createBindGroupLayout({ label, entries });
  const creating = device
    .createComputePipelineAsync({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    })
    .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  const [invalid, pipeline, info] = await Promise.all([device.popErrorScope(), creating, module.getCompilationInfo()]);
  const errors = info.messages.filter((m) => m.type === "error");
  if (errors.length > 0) throw refused(errors.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join("\n"));
  if (pipeline instanceof Error) throw refused(pipeline.message);
  if (invalid !== null) throw refused(invalid.message);
  return { head, pipeline, layout };
}
