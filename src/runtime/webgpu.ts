import type { DType, TensorData } from "../ir/dtype.js";
import { runtimeError } from "./errors.js";
import { checkLimits, resourceOf } from "./limits.js";
import type { ModelDispatch, ModelStep, ModelTensor, WgslModel } from "./model.js";
import { createPipelines, type Pipeline } from "./pipelines.js";
import { makePlan, type Output, type Plan } from "./plan.js";
import { createQueue } from "./queue.js";
import {
  type Boxed,
  bindInputs,
  box,
  checkForm,
  checkRanges,
  checkShape,
  checkSubscripts,
  countOf,
  type Given,
  member,
  none,
  type Sizes,
} from "./sizes.js";
import { byteLength, bytesOf, decode, roundUp, upload } from "./tensors.js";

export { isRuntimeError, type RuntimeError, type RuntimeErrorCode } from "./errors.js";
export type {
  ModelBound,
  ModelDispatch,
  ModelKernel,
  ModelProgram,
  ModelStep,
  ModelTensor,
  Size,
  WgslModel,
} from "./model.js";

/**
 * Runs a scheduled program on a WebGPU device: in pages, workers and Node. It reads the program and the text of its
 * kernels and knows nothing of the compiler.
 */
export interface LoadedModel {
  /**
   * Runs once. The run-time sizes are those of the inputs' shapes; buffers are kept until other sizes come. Concurrent
   * calls run one after the other. With `outputs` the results stay on the device, and the promise need not wait for them.
   *
   * @throws RuntimeError
   */
  run(inputs: Inputs, options?: HostOptions): Promise<Tensors>;
  /** Runs once, and leaves the results on the device. */
  run(inputs: Inputs, options: DeviceOptions): Promise<DeviceTensors>;
  /**
   * Records a run into an encoder of the caller, who submits it. Inputs are buffers of the device. Submit before the
   * model is disposed.
   *
   * @param outputs buffers to write to; new ones, which the caller destroys, for those that are not named
   * @throws RuntimeError
   */
  encode(encoder: GPUCommandEncoder, inputs: Inputs, outputs?: Buffers): DeviceTensors;
  /** Runs on what the buffers hold, so that the first run finds all in place. Sizes not given are the least. */
  warmup(sizes?: Readonly<Record<string, number>>): Promise<void>;
  /** Frees all memory, after a run that is under way. */
  dispose(): void;
  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void;
}

/** A run whose results come to the host. */
export interface HostOptions {
  readonly signal?: AbortSignal | undefined;
  readonly outputs?: undefined;
}

/** A run whose results stay on the device. */
export interface DeviceOptions {
  readonly signal?: AbortSignal | undefined;
  /** New buffers, or these by name where they are given; the caller destroys either. */
  readonly outputs: "device" | Buffers;
}

/** A result that stays on the device. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Values as they lie in a typed array, from the start; bool as words of 0 and 1. */
  readonly data: GPUBuffer;
}

/** Inputs by name: arrays, or buffers of the device. */
export type Inputs = Readonly<Record<string, Given<GPUBuffer>>>;
type Buffers = Readonly<Record<string, GPUBuffer>>;
type Tensors = Readonly<Record<string, TensorData>>;
/** Results by name. */
export type DeviceTensors = Readonly<Record<string, DeviceTensor>>;
type BoundTensors = readonly (readonly [ModelTensor, Boxed<GPUBuffer>])[];

/** A plan and how many use it: one that was replaced is freed when the last has let go. */
interface Held {
  readonly plan: Plan;
  readonly key: string;
  holds: number;
  /** It has run once without complaint: later runs need no error scope. */
  ran: boolean;
}

/** Every dispatch, in both arms of each choice. */
const allDispatches = (steps: readonly ModelStep[]): readonly ModelDispatch[] =>
  steps.flatMap((s) => (s.step === "choose" ? allDispatches([...s.then, ...s.else]) : [s]));

/**
 * Creates the pipelines, uploads the parameters and runs the steps that depend on them alone. What the device lacks is
 * found before any of this.
 *
 * @param params parameters by path; a `GPUBuffer` among them is bound as it is and stays the caller's
 * @throws RuntimeError
 */
export async function load(
  device: GPUDevice,
  model: WgslModel,
  params: ReadonlyMap<string, TensorData> | Inputs,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedModel> {
  const { program } = model;
  const { name, resources, symbols } = program;
  const usages = GPUBufferUsage;
  const ofKind = (kind: ModelTensor["kind"]): readonly ModelTensor[] => resources.filter((r) => r.kind === kind);
  const fixed = new Map<string, GPUBuffer>();
  /** Those of `fixed` that are not the caller's. */
  const own = new Set<GPUBuffer>();
  let kernels: ReadonlyMap<string, Pipeline> = new Map();
  let current: Held | undefined;
  let lost: GPUDeviceLostInfo | undefined;
  void device.lost.then((info) => {
    lost = info;
  });

  const lossError = (): Error | undefined =>
    lost && runtimeError("device-lost", name, `the device of ${name} is lost (${lost.reason}): ${lost.message}`);
  const checkDevice = (): void => {
    if (lost) throw lossError();
  };

  const queue = createQueue(
    name,
    () => {
      current?.plan.destroy();
      for (const b of own) b.destroy();
    },
    async (error) => {
      // After a loss every promise is rejected, with one error or another, and the news of it may come later.
      await new Promise((resolve) => setTimeout(resolve));
      return (
        lossError() ?? runtimeError("device", name, `${name}: ${error instanceof Error ? error.message : error}`, error)
      );
    },
  );

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
    checkDevice();
    const [invalid, full] = scopes;
    // the first line says what could not be had, the others where in the driver
    if (full) throw runtimeError("memory", name, `${name} is out of memory: ${full.message.split("\n")[0]}`);
    if (invalid) throw runtimeError("device", name, `${name}: ${invalid.message}`);
    return result;
  };

  const checkBuffer = (
    code: "input" | "parameter" | "output",
    r: ModelTensor,
    buffer: GPUBuffer,
    bytes: number,
    usage: "COPY_SRC" | "COPY_DST" | "STORAGE",
  ): void => {
    if (buffer.size >= bytes && (buffer.usage & usages[usage]) !== 0) return;
    throw runtimeError(
      code,
      r.name,
      `the ${code} ${r.name} needs a GPUBuffer of ${bytes} bytes with the usage ${usage}`,
    );
  };

  const wordBytes = (r: ModelTensor, shape: readonly number[]): number =>
    roundUp(countOf(shape, none) * bytesOf(r.dtype), 4);

  const uploadParameters = (): void => {
    for (const r of ofKind("param")) {
      const given = member<Given<GPUBuffer>>(params, r.name);
      if (given === undefined) throw runtimeError("parameter", r.name, `the parameter ${r.name} is missing`);
      const tensor = box("parameter", r, given);
      checkForm("parameter", r, tensor);
      checkShape("parameter", r, tensor, none);
      const { data, shape } = tensor;
      if (ArrayBuffer.isView(data)) {
        const usage = usages.STORAGE | usages.COPY_DST;
        const buffer = device.createBuffer({ label: r.name, size: byteLength(r, none), usage });
        own.add(buffer);
        fixed.set(r.id, buffer);
        upload(device, buffer, r.dtype, data);
      } else {
        checkBuffer("parameter", r, data, wordBytes(r, shape), "STORAGE");
        fixed.set(r.id, data);
      }
    }
  };

  const planFor = (steps: readonly ModelStep[], sizes: Sizes, preparing: boolean): Plan =>
    makePlan(
      { device, program, kernels, resources: new Map(resources.map((r) => [r.id, r])) },
      steps,
      sizes,
      fixed,
      preparing,
    );

  const submit = (fill: (encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder({ label: name });
    fill(encoder);
    device.queue.submit([encoder.finish()]);
  };

  const prepare = (): void => {
    if (program.prepare.length === 0) return;
    const made = planFor(program.prepare, none, true);
    submit((encoder) => made.record(encoder));
    // What the steps read stays, the rest is freed: intermediate results, and weights in a form no longer needed.
    const read = new Set(allDispatches(program.steps).flatMap((d) => Object.values(d.bind).map(resourceOf)));
    for (const [id, buffer] of made.buffers) {
      if (read.has(id)) {
        if (!fixed.has(id)) own.add(buffer);
        fixed.set(id, buffer);
      } else if (fixed.delete(id) && own.delete(buffer)) buffer.destroy();
    }
    made.destroy(own);
  };

  const release = (held: Held): void => {
    if (--held.holds < 0) held.plan.destroy();
  };

  const forget = (held: Held | undefined): void => {
    if (!held || held !== current) return;
    current = undefined;
    release(held);
  };

  /** Sizes not given are the least. */
  const sizesFrom = (wanted: Readonly<Record<string, number>>): Sizes =>
    new Map(symbols.flatMap((s) => (s.op === "symbol" ? [[s.name, member(wanted, s.name) ?? s.lo]] : [])));

  const keyOf = (sizes: Sizes): string => symbols.map((s) => "name" in s && sizes.get(s.name)).join();

  /** The plan for these sizes. The caller releases it. */
  const hold = (sizes: Sizes): Held => {
    const key = keyOf(sizes);
    if (current?.key !== key) {
      forget(current);
      current = { plan: planFor(program.steps, sizes, false), key, holds: 0, ran: false };
    }
    current.holds++;
    return current;
  };

  const copy = (encoder: GPUCommandEncoder, from: GPUBuffer, to: GPUBuffer, bytes: number): void => {
    if (bytes > 0) encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
  };

  const bind = (given: Inputs): { readonly sizes: Sizes; readonly tensors: BoundTensors } => {
    const { sizes, tensors } = bindInputs<GPUBuffer>(symbols, ofKind("input"), given);
    checkSubscripts(program.subscripts, tensors, sizes);
    for (const [r, { data, shape }] of tensors)
      if (!ArrayBuffer.isView(data)) checkBuffer("input", r, data, wordBytes(r, shape), "COPY_SRC");
    return { sizes, tensors };
  };

  /** Inputs to their places, the dispatches, outputs to theirs. */
  const record = (
    { buffers, outputs, ...plan }: Plan,
    encoder: GPUCommandEncoder,
    tensors: BoundTensors,
    to: (output: Output) => GPUBuffer,
  ): void => {
    const place = (r: ModelTensor): GPUBuffer => buffers.get(r.id) as GPUBuffer; // a plan has one for each
    for (const [r, { data, shape }] of tensors) {
      if (ArrayBuffer.isView(data)) upload(device, place(r), r.dtype, data);
      else copy(encoder, data, place(r), wordBytes(r, shape));
    }
    plan.record(encoder);
    for (const o of outputs) copy(encoder, place(o.resource), to(o), o.bytes);
  };

  const collect = <T>(plan: Plan, data: (output: Output) => T) =>
    Object.fromEntries(
      plan.outputs.map((o) => [o.resource.name, { dtype: o.resource.dtype, shape: o.shape, data: data(o) }]),
    );

  /** Where outputs stay: the buffers given, and new ones, which are added to `made`. */
  const keep = (plan: Plan, given: Buffers, made: GPUBuffer[]): ((output: Output) => GPUBuffer) => {
    for (const unknown of Object.keys(given))
      if (!plan.outputs.some((o) => o.resource.name === unknown))
        throw runtimeError("output", unknown, `there is no output ${unknown}`);
    const kept = new Map(
      plan.outputs.map((o) => {
        const { resource: r, bytes } = o;
        const wanted = member(given, r.name);
        if (wanted !== undefined) {
          checkBuffer("output", r, wanted, bytes, "COPY_DST");
          return [o, wanted];
        }
        const usage = usages.STORAGE | usages.COPY_SRC | usages.COPY_DST;
        const buffer = device.createBuffer({ label: r.name, size: Math.max(bytes, 16), usage });
        made.push(buffer);
        return [o, buffer];
      }),
    );
    return (o) => kept.get(o) as GPUBuffer; // each has its own
  };

  const execute = async (
    sizes: Sizes,
    tensors: BoundTensors,
    where?: "device" | Buffers,
  ): Promise<Tensors | DeviceTensors> => {
    const made: GPUBuffer[] = [];
    let held: Held | undefined;
    let kept: ((output: Output) => GPUBuffer) | undefined;
    const begin = (): Held => {
      held = hold(sizes);
      const { plan } = held;
      if (where !== undefined) kept = keep(plan, where === "device" ? {} : where, made);
      submit((encoder) => record(plan, encoder, tensors, kept ?? plan.staging));
      return held;
    };
    try {
      const safe =
        current?.ran &&
        current.key === keyOf(sizes) &&
        where === undefined &&
        tensors.every(([, t]) => ArrayBuffer.isView(t.data));
      const { plan } = safe ? begin() : await scoped(begin);
      if (kept) return collect(plan, kept);
      await Promise.all(plan.outputs.map((o) => plan.staging(o).mapAsync(GPUMapMode.READ)));
      if (held) held.ran = true;
      return collect(plan, (o) => {
        const staging = plan.staging(o);
        const data = decode(o.resource.dtype, staging.getMappedRange().slice(0, o.bytes), countOf(o.shape, none));
        staging.unmap();
        return data;
      });
    } catch (error) {
      for (const b of made) b.destroy();
      forget(held);
      throw error;
    } finally {
      if (held) release(held);
    }
  };

  const loading = queue.add(async () => {
    checkDevice();
    for (const feature of program.features ?? [])
      if (!device.features.has(feature))
        throw runtimeError(
          "feature",
          feature,
          `${name} needs the feature ${feature}, which the device was made without`,
        );
    checkLimits(device, program, [...program.prepare, ...program.steps], sizesFrom({}));
    kernels = await createPipelines(device, model);
    await scoped(() => {
      uploadParameters();
      prepare();
    });
  }, signal);
  try {
    await loading;
  } catch (error) {
    queue.dispose();
    throw error;
  }

  function run(inputs: Inputs, options?: HostOptions): Promise<Tensors>;
  function run(inputs: Inputs, options: DeviceOptions): Promise<DeviceTensors>;
  function run(inputs: Inputs, options: HostOptions | DeviceOptions = {}): Promise<Tensors | DeviceTensors> {
    return queue.add(async () => {
      checkDevice();
      const { sizes, tensors } = bind(inputs);
      return execute(sizes, tensors, options.outputs);
    }, options.signal);
  }

  return {
    run,
    encode(encoder, inputs, outputs = {}) {
      queue.checkAlive();
      checkDevice();
      const { sizes, tensors } = bind(inputs);
      for (const [r, { data }] of tensors)
        if (ArrayBuffer.isView(data))
          throw runtimeError("input", r.name, `the input ${r.name} of an encoded run is a GPUBuffer`);
      // Held for good, since the encoder may be submitted at any time: what takes its place leaves it to the collector.
      const { plan } = hold(sizes);
      const kept = keep(plan, outputs, []);
      record(plan, encoder, tensors, kept);
      return collect(plan, kept);
    },
    async warmup(wanted = {}) {
      await queue.add(async () => {
        checkDevice();
        const sizes = sizesFrom(wanted);
        checkRanges(symbols, sizes);
        await execute(sizes, []);
      });
    },
    dispose: queue.dispose,
    // Absent in older browsers.
    [Symbol.dispose ?? Symbol()]: queue.dispose,
  };
}
