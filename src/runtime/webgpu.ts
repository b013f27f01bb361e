import type { TensorData } from "../ir/dtype.js";
import type { Program, Step } from "../ir/program/program.js";
import { isRuntimeError, runtimeError } from "./errors.js";
import type { WgslModel } from "./model.js";
import { createPipelines } from "./pipelines.js";
import { allDispatches, makePlan, type Plan, type Planner } from "./plan.js";
import { bindSizes, checkForm, checkShape, evaluate, type Sizes } from "./sizes.js";
import { byteLength, createBuffer, decode, upload } from "./tensors.js";

export { isRuntimeError, type RuntimeError, type RuntimeErrorCode } from "./errors.js";
export type { KernelHead, WgslModel } from "./model.js";

/**
 * Runs a scheduled program on a WebGPU device, in Node and in pages. It reads the program's JSON and the text of its
 * kernels and knows nothing of the compiler.
 */
export interface LoadedModel {
  /**
   * Runs once. The run-time sizes are those of the inputs' shapes; buffers are kept until other sizes come. Concurrent
   * calls run one after the other.
   *
   * @throws RuntimeError
   */
  run(inputs: Tensors): Promise<Tensors>;
  /** Frees all memory, after a run that is under way. */
  dispose(): void;
}

type Tensors = Readonly<Record<string, TensorData>>;

const none: Sizes = new Map();

/**
 * Creates the pipelines, uploads the parameters and runs the steps that depend on them alone.
 *
 * @param params parameters by path
 * @throws RuntimeError
 */
export async function load(
  device: GPUDevice,
  model: WgslModel,
  params: ReadonlyMap<string, TensorData>,
): Promise<LoadedModel> {
  const { program } = model;
  const { name } = program;
  const wanted = program.resources.filter((r) => r.kind === "input");
  const fixed = new Map<string, GPUBuffer>();
  let lost: GPUDeviceLostInfo | undefined;
  void device.lost.then((info) => {
    lost = info;
  });
  let plan: (Plan & { readonly key: string }) | undefined;
  let disposed = false;
  let running = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const freeAll = (): void => {
    plan?.destroy();
    for (const b of fixed.values()) b.destroy();
    fixed.clear();
  };

  const checkDevice = (): void => {
    if (lost === undefined) return;
    throw runtimeError("device-lost", name, `the device of ${name} is lost (${lost.reason}): ${lost.message}`);
  };

  /** Errors of the API become ours. After a loss every promise is rejected, with one error or another. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isRuntimeError(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve));
      checkDevice();
      throw runtimeError("device", name, `${name}: ${error instanceof Error ? error.message : error}`);
    }
  };

  /** Does what creates things on the device, and throws what the device says against it. */
  const scoped = async <T>(work: () => T): Promise<T> => {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    let result: T;
    let scopes: readonly (GPUError | null)[];
    try {
      result = work();
    } finally {
      scopes = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    }
    const [invalid, full] = scopes;
    if (full) throw runtimeError("memory", name, `${name}: ${full.message || "the device is out of memory"}`);
    if (invalid) throw runtimeError("device", name, `${name}: ${invalid.message}`);
    return result;
  };

  const submit = (made: Plan): void => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const c of made.commands) {
      pass.setPipeline(c.pipeline);
      pass.setBindGroup(0, c.group);
      pass.dispatchWorkgroups(...c.grid);
    }
    pass.end();
    for (const { resource, staging, bytes } of made.outputs) {
      const from = made.buffers.get(resource.id);
      if (from !== undefined && bytes > 0) encoder.copyBufferToBuffer(from, 0, staging, 0, bytes);
    }
    device.queue.submit([encoder.finish()]);
  };

  const uploadParameters = (): void => {
    for (const r of program.resources) {
      if (r.kind !== "param") continue;
      const tensor = params.get(r.name);
      if (tensor === undefined) throw runtimeError("parameter", r.name, `the parameter ${r.name} is missing`);
      checkForm("parameter", r, tensor);
      checkShape("parameter", r, tensor, none);
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
      const buffer = createBuffer(device, r.name, byteLength(r, none), usage);
      fixed.set(r.id, buffer);
      upload(device, buffer, tensor);
    }
  };

  const prepare = async (planner: Planner): Promise<void> => {
    if (program.prepare.length === 0) return;
    const made = await planned(planner, program.prepare, none, true);
    // What the steps read stays, the rest is freed: intermediate results, and weights in a form no longer needed.
    const read = new Set(allDispatches(program.steps).flatMap((d) => Object.values(d.bind).map((b) => b.resource)));
    for (const [id, buffer] of made.buffers) {
      if (read.has(id)) fixed.set(id, buffer);
      else if (fixed.delete(id)) buffer.destroy();
    }
    made.destroy(new Set(fixed.values()));
  };

  /** A plan that has run once without complaint; later runs need no error scope. */
  const planned = async (planner: Planner, steps: readonly Step[], sizes: Sizes, preparing: boolean): Promise<Plan> => {
    let made: Plan | undefined;
    try {
      return await scoped(() => {
        made = makePlan(planner, steps, sizes, fixed, preparing);
        if (preparing) submit(made);
        return made;
      });
    } catch (error) {
      made?.destroy();
      throw error;
    }
  };

  const runOnce = async (planner: Planner, inputs: Tensors): Promise<Tensors> => {
    if (disposed) throw runtimeError("disposed", name, `${name} has been disposed`);
    checkDevice();
    const sizes = bindSizes(program.symbols, wanted, inputs);
    checkSubscripts(program.subscripts ?? [], inputs, sizes);
    const key = [...sizes].join();
    const fresh = plan?.key !== key;
    if (plan === undefined || fresh) {
      plan?.destroy();
      plan = undefined;
      plan = { ...(await planned(planner, program.steps, sizes, false)), key };
    }
    const { buffers, outputs } = plan;
    for (const r of wanted) {
      const [buffer, tensor] = [buffers.get(r.id), inputs[r.name]];
      if (buffer !== undefined && tensor !== undefined) upload(device, buffer, tensor);
    }
    const submitted = plan;
    if (fresh) await scoped(() => submit(submitted));
    else submit(submitted);
    await Promise.all(outputs.map((o) => o.staging.mapAsync(GPUMapMode.READ)));
    const result: Record<string, TensorData> = {};
    for (const { resource: r, staging, bytes } of outputs) {
      const shape = r.shape.map((d) => evaluate(d, sizes));
      const count = shape.reduce((a, b) => a * b, 1);
      const data = decode(r.dtype, staging.getMappedRange().slice(0, bytes), count);
      staging.unmap();
      // An output may be called __proto__.
      Object.defineProperty(result, r.name, { value: { dtype: r.dtype, shape, data }, enumerable: true });
    }
    return result;
  };

  let planner: Planner;
  try {
    planner = await guarded(async () => {
      const kernels = await createPipelines(device, model);
      const made = { device, name, resources: new Map(program.resources.map((r) => [r.id, r])), kernels };
      await scoped(uploadParameters);
      await prepare(made);
      return made;
    });
  } catch (error) {
    freeAll();
    throw error;
  }

  return {
    run(inputs) {
      running++;
      const result = tail
        .then(() => guarded(() => runOnce(planner, inputs)))
        .finally(() => {
          running--;
          if (disposed && running === 0) freeAll();
        });
      tail = result.catch(() => undefined);
      return result;
    },
    dispose() {
      disposed = true;
      if (running === 0) freeAll();
    },
  };
}

/** Inputs whose values are subscripts: one that is out of range would read something else in silence. */
function checkSubscripts(subscripts: NonNullable<Program["subscripts"]>, inputs: Tensors, sizes: Sizes): void {
  for (const { input, extent } of subscripts) {
    const most = evaluate(extent, sizes);
    (inputs[input]?.data ?? []).forEach((value: number, i: number) => {
      if (value >= 0 && value < most) return;
      throw runtimeError(
        "input",
        input,
        `the input ${input} holds ${value} at position ${i}; it selects one of ${most}`,
      );
    });
  }
}
