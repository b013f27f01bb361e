import {
  arithmetic,
  copying,
  exponentials,
  idle,
  lanes,
  loading,
  perTurn,
  tileAccumulators,
  tiles,
} from "./probeKernels.js";
import { readBuffer } from "./profile.js";

/**
 * What a WebGPU device can do, measured in less than a second: small kernels that do one thing each, made as long as a
 * clock can see and no longer. The least of three runs counts, so that other work beside it does little harm.
 */
export interface Probed {
  /** Floating-point operations a second, 2 a multiply-add, with all operands in registers. */
  readonly flops: number;
  /** The same of the best register tile, fed out of the cache: what a product of matrices can come to. */
  readonly tileFlops: number;
  /** Bytes a second that a copying kernel reads and writes. */
  readonly bandwidth: number;
  /** exp a second. */
  readonly exps: number;
  /** Seconds that a dispatch, and a workgroup, cost by themselves. */
  readonly dispatch: number;
  readonly workgroup: number;
  /** Vector loads a second of what lies in the nearest cache. */
  readonly loads: number;
  /** Scalars an invocation may hold: twice the accumulators of the largest register tile that was not slower than a smaller one. */
  readonly registers: number;
  /** Invocations from which on more do not give more. */
  readonly parallel: number;
  /** The first measurement, made again at the end, came out the same: nothing else disturbed the device. */
  readonly steady: boolean;
}

/** A run is made at least so long, in seconds. */
const enough = 2e-3;
const repeats = 3;
/** Two measurements of one thing that are this far apart say that the machine was busy. */
const apart = 1.4;

/** Measures a device. Nobody else may be using it. */
export async function probe(device: GPUDevice): Promise<Probed> {
  const { STORAGE, UNIFORM, COPY_DST } = GPUBufferUsage;
  const bench = await makeBench(device);
  const made: GPUBuffer[] = [];
  const buffer = (size: number, usage: number): GPUBuffer => {
    const b = device.createBuffer({ size, usage });
    made.push(b);
    return b;
  };
  try {
    const result = buffer(4096, STORAGE);
    const source = buffer(4096, STORAGE);
    const size = buffer(16, UNIFORM | COPY_DST);
    const works = await Promise.all(
      [arithmetic, loading, exponentials, idle, ...tiles].map((code) => bench.work(code, [source, result, size])),
    );
    const [fma, load, exp, calm, ...tiled] = works as [Work, Work, Work, Work, ...Work[]]; // in the order above

    /** Turns of the loop of a kernel a second, on so many workgroups. */
    const turns = async (work: Work, groups: number): Promise<number> => {
      for (let count = 8; ; count *= 4) {
        device.queue.writeBuffer(size, 0, new Uint32Array([count, 0, 0, 0]));
        const first = await bench.time(work, groups, 1);
        if (first < enough && count < 2 ** 22) continue;
        const again = [first, await bench.time(work, groups, 1), await bench.time(work, groups, 1)];
        return (count * lanes * groups) / Math.min(...again);
      }
    };
    const least = async (work: Work, groups: number, times: number): Promise<number> => {
      const taken: number[] = [];
      while (taken.length < repeats) taken.push(await bench.time(work, groups, times));
      return Math.min(...taken);
    };

    // The rate grows with the workgroups until all of the machine is busy; one step without gain may be noise.
    const reached: { readonly groups: number; readonly rate: number }[] = [];
    for (let groups = 1; groups <= 4096; groups *= 4) {
      reached.push({ groups, rate: await turns(fma, groups) });
      const [before, , now] = reached.slice(-3);
      if (before !== undefined && now !== undefined && now.rate < 1.1 * before.rate) break;
    }
    const best = Math.max(...reached.map((r) => r.rate));
    const full = reached.find((r) => r.rate >= 0.9 * best)?.groups ?? 1;

    const one = await least(calm, 1, 1);
    const [dispatches, groups] = [64, 4096];
    const dispatch = Math.max(1e-7, ((await least(calm, 1, dispatches + 1)) - one) / dispatches);
    const workgroup = Math.max(1e-10, ((await least(calm, groups + 1, 1)) - one) / groups);

    const rates: number[] = [];
    for (const [i, work] of tiled.entries()) rates.push((await turns(work, full)) * (tileAccumulators[i] ?? 0));
    const held = tileAccumulators.filter((_, i) => (rates[i] ?? 0) >= 0.9 * Math.max(...rates));
    const loads = perTurn.load * (await turns(load, full));
    const exps = 4 * perTurn.exp * (await turns(exp, full));

    let bandwidth = 0;
    const { maxStorageBufferBindingSize: binding, maxBufferSize: largest } = device.limits;
    for (const wanted of [2 ** 24, 2 ** 27]) {
      const bytes = Math.min(wanted, binding, largest);
      const work = await bench.work(copying, [buffer(bytes, STORAGE), buffer(bytes, STORAGE), size]);
      const many = Math.min(65535, Math.ceil(bytes / 16 / lanes / 16));
      device.queue.writeBuffer(size, 0, new Uint32Array([bytes / 16, many * lanes, 0, 0]));
      const taken = await least(work, many, 1);
      bandwidth = (2 * bytes) / taken;
      // A slow machine has shown all there is to see.
      if (taken > enough) break;
    }
    const again = await turns(fma, full);
    return {
      flops: 8 * perTurn.fma * Math.max(best, again),
      tileFlops: 8 * Math.max(...rates),
      bandwidth,
      exps,
      dispatch,
      workgroup,
      loads,
      registers: 8 * Math.max(...held),
      parallel: full * lanes,
      steady: Math.max(best, again) < apart * Math.min(best, again),
    };
  } finally {
    for (const b of made) b.destroy();
    bench.close();
  }
}

interface Work {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

interface Bench {
  /** A kernel on its buffers: two of storage, then one of sizes. */
  work(code: string, buffers: readonly GPUBuffer[]): Promise<Work>;
  /** Seconds of `times` dispatches of `groups` workgroups in one pass. */
  time(work: Work, groups: number, times: number): Promise<number>;
  close(): void;
}

/** Times by timestamps on the device where it has them, else by the clock, less what an empty submission takes. */
async function makeBench(device: GPUDevice): Promise<Bench> {
  const types = ["storage", "storage", "uniform"] as const;
  const visibility = GPUShaderStage.COMPUTE;
  const layout = device.createBindGroupLayout({
    entries: types.map((type, binding) => ({ binding, visibility, buffer: { type } })),
  });
  const work: Bench["work"] = async (code, buffers) => ({
    pipeline: await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
    }),
    group: device.createBindGroup({
      layout,
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    }),
  });
  const record = (pass: GPUComputePassEncoder, { pipeline, group }: Work, groups: number, times: number): void => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(groups);
    pass.end();
  };
  if (device.features.has("timestamp-query")) {
    const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
    const { QUERY_RESOLVE, COPY_SRC } = GPUBufferUsage;
    const resolved = device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC });
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    return {
      work,
      async time(of, groups, times) {
        const encoder = device.createCommandEncoder();
        record(encoder.beginComputePass({ timestampWrites }), of, groups, times);
        encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
        device.queue.submit([encoder.finish()]);
        const [from = 0n, to = 0n] = new BigUint64Array(await readBuffer(device, resolved, 16));
        return Math.max(1e-9, Number(to - from) / 1e9);
      },
      close() {
        querySet.destroy();
        resolved.destroy();
      },
    };
  }
  const submitted = async (fill?: (encoder: GPUCommandEncoder) => void): Promise<number> => {
    const encoder = device.createCommandEncoder();
    fill?.(encoder);
    const commands = [encoder.finish()];
    const start = performance.now();
    device.queue.submit(commands);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / 1e3;
  };
  await submitted();
  const empty = Math.min(await submitted(), await submitted(), await submitted());
  return {
    work,
    time: async (of, groups, times) =>
      Math.max(1e-9, (await submitted((e) => record(e.beginComputePass(), of, groups, times))) - empty),
    close: () => {},
  };
}
