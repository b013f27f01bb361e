import type { TensorData } from "../ir/dtype.js";
import { countOf } from "./sizes.js";
import { bytesOf, decode, roundUp, upload } from "./tensors.js";
import type { DeviceTensor, LoadedModel } from "./webgpu.js";

/** What one run gave, and what each of its dispatches took, in order. */
export interface RunProfile {
  readonly outputs: Readonly<Record<string, TensorData>>;
  readonly steps: readonly { readonly label: string; readonly kernel: string; readonly seconds: number }[];
}

/**
 * Runs a model once and times each of its dispatches: by timestamps on the device where it has `timestamp-query`, a pass
 * for each; else by the clock, each submitted by itself and awaited, less what an empty submission takes. Not part of what
 * generated modules carry: the model is recorded by `encode`, and taken apart here.
 */
export async function profileRun(
  device: GPUDevice,
  model: Pick<LoadedModel, "encode">,
  inputs: Readonly<Record<string, TensorData>>,
): Promise<RunProfile> {
  const { COPY_DST, COPY_SRC } = GPUBufferUsage;
  const given = Object.entries(inputs).map(([name, { dtype, shape, data }]): [string, DeviceTensor] => {
    const size = Math.max(4, roundUp(data.length * bytesOf(dtype), 4));
    const buffer = device.createBuffer({ label: name, size, usage: COPY_SRC | COPY_DST });
    upload(device, buffer, dtype, data);
    return [name, { dtype, shape, data: buffer }];
  });
  const taken = recorder();
  let outputs: Readonly<Record<string, DeviceTensor>> = {};
  try {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    outputs = model.encode(taken.encoder, Object.fromEntries(given));
    const { before, dispatches, after } = taken;
    submit(device, (encoder) => {
      for (const copy of before) copy(encoder);
    });
    const seconds = device.features.has("timestamp-query")
      ? await byTimestamps(device, dispatches)
      : await byClock(device, dispatches);
    submit(device, (encoder) => {
      for (const copy of after) copy(encoder);
    });
    const refused = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    for (const error of refused) if (error !== null) throw new Error(error.message);
    const read = await Promise.all(
      Object.entries(outputs).map(async ([name, { dtype, shape, data }]) => {
        const count = countOf(shape, new Map());
        const bytes = await readBuffer(device, data, roundUp(count * bytesOf(dtype), 4));
        return [name, { dtype, shape, data: decode(dtype, bytes, count) }] as const;
      }),
    );
    const steps = dispatches.map(({ label, kernel }, i) => ({ label, kernel, seconds: seconds[i] ?? 0 }));
    return { outputs: Object.fromEntries(read), steps };
  } finally {
    for (const [, { data }] of given) data.destroy();
    for (const { data } of Object.values(outputs)) data.destroy();
  }
}

function submit(device: GPUDevice, fill: (encoder: GPUCommandEncoder) => void): void {
  const encoder = device.createCommandEncoder();
  fill(encoder);
  device.queue.submit([encoder.finish()]);
}

interface Dispatch {
  readonly label: string;
  readonly kernel: string;
  record(pass: GPUComputePassEncoder): void;
}

interface Taken {
  /** Takes what is recorded into it, and passes nothing on. */
  readonly encoder: GPUCommandEncoder;
  readonly before: ((encoder: GPUCommandEncoder) => void)[];
  readonly dispatches: Dispatch[];
  readonly after: ((encoder: GPUCommandEncoder) => void)[];
}

/** The commands of a model, in pieces. Its pipelines are called after their kernels, its bind groups after their steps. */
function recorder(): Taken {
  const taken = { before: [] as Taken["before"], dispatches: [] as Dispatch[], after: [] as Taken["after"] };
  let pipeline: GPUComputePipeline | undefined;
  let group: GPUBindGroup | undefined;
  const pass: Pick<GPUComputePassEncoder, "setPipeline" | "setBindGroup" | "dispatchWorkgroups" | "end"> = {
    setPipeline(next) {
      pipeline = next;
    },
    setBindGroup(_: number, next: GPUBindGroup | null | undefined) {
      group = next ?? undefined;
    },
    dispatchWorkgroups(...grid) {
      const [now, bound] = [pipeline, group];
      if (now === undefined || bound === undefined) return;
      taken.dispatches.push({
        label: bound.label,
        kernel: now.label,
        record(into) {
          into.setPipeline(now);
          into.setBindGroup(0, bound);
          into.dispatchWorkgroups(...grid);
        },
      });
    },
    end() {},
  };
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer(...of: Parameters<GPUCommandEncoder["copyBufferToBuffer"]>) {
      const list = taken.dispatches.length === 0 ? taken.before : taken.after;
      list.push((into) => into.copyBufferToBuffer(...of));
    },
  };
  // What a model records into is these calls and no others.
  return { ...taken, encoder: encoder as unknown as GPUCommandEncoder };
}

/** Queries that one set may hold (WebGPU, "GPUQuerySet"). */
const most = 4096;

async function byTimestamps(device: GPUDevice, commands: readonly Dispatch[]): Promise<readonly number[]> {
  const count = 2 * commands.length;
  if (count === 0) return [];
  const sets = Array.from({ length: Math.ceil(count / most) }, (_, i) =>
    device.createQuerySet({ type: "timestamp", count: Math.min(most, count - i * most) }),
  );
  const { COPY_SRC, QUERY_RESOLVE } = GPUBufferUsage;
  const resolved = device.createBuffer({ size: 8 * count, usage: QUERY_RESOLVE | COPY_SRC });
  try {
    const encoder = device.createCommandEncoder();
    commands.forEach((c, i) => {
      const querySet = sets[Math.floor((2 * i) / most)] as GPUQuerySet; // enough were made
      const at = (2 * i) % most;
      const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
      const pass = encoder.beginComputePass({ label: c.label, timestampWrites });
      c.record(pass);
      pass.end();
    });
    // Offsets are multiples of 256, as `resolveQuerySet` wants them.
    sets.forEach((set, i) => {
      encoder.resolveQuerySet(set, 0, set.count, resolved, 8 * most * i);
    });
    device.queue.submit([encoder.finish()]);
    const times = new BigUint64Array(await readBuffer(device, resolved, 8 * count));
    // Some drivers count the end before the start where both fall into one tick.
    return commands.map((_, i) => Math.max(0, Number((times[2 * i + 1] ?? 0n) - (times[2 * i] ?? 0n)) / 1e9));
  } finally {
    resolved.destroy();
    for (const set of sets) set.destroy();
  }
}

async function byClock(device: GPUDevice, commands: readonly Dispatch[]): Promise<readonly number[]> {
  const timed = async (fill?: (encoder: GPUCommandEncoder) => void): Promise<number> => {
    const encoder = device.createCommandEncoder();
    fill?.(encoder);
    const work = [encoder.finish()];
    const start = performance.now();
    device.queue.submit(work);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / 1e3;
  };
  await timed();
  const empty = Math.min(await timed(), await timed(), await timed());
  const seconds: number[] = [];
  for (const c of commands) {
    const taken = await timed((encoder) => {
      const pass = encoder.beginComputePass({ label: c.label });
      c.record(pass);
      pass.end();
    });
    seconds.push(Math.max(0, taken - empty));
  }
  return seconds;
}

/** A copy of the first `bytes` of a buffer on the host. */
export async function readBuffer(device: GPUDevice, buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  const { COPY_DST, MAP_READ } = GPUBufferUsage;
  const staging = device.createBuffer({ size: Math.max(bytes, 4), usage: COPY_DST | MAP_READ });
  try {
    if (bytes > 0) {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
    }
    await staging.mapAsync(GPUMapMode.READ);
    return staging.getMappedRange().slice(0, bytes);
  } finally {
    staging.destroy();
  }
}
