import { runtimeError } from "./errors.js";
import { checkLimits, chosenDispatches, gridOf, resourceOf, windowOf } from "./limits.js";
import type { ModelDispatch, ModelProgram, ModelStep, ModelTensor } from "./model.js";
import type { Pipeline } from "./pipelines.js";
import { countOf, evaluate, type Sizes } from "./sizes.js";
import { byteLength, bytesOf, roundUp } from "./tensors.js";

/** What plans of one program have in common. */
export interface Planner {
  readonly device: GPUDevice;
  readonly program: ModelProgram;
  readonly resources: ReadonlyMap<string, ModelTensor>;
  readonly kernels: ReadonlyMap<string, Pipeline>;
}

/** Everything of a run that depends on its sizes only. */
export interface Plan {
  readonly sizes: Sizes;
  /** By resource: the fixed ones and those of the plan. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly outputs: readonly Output[];
  /** The dispatches in order. */
  record(encoder: GPUCommandEncoder): void;
  /** The buffer through which an output comes to the host; made when it is first asked for. */
  staging(output: Output): GPUBuffer;
  /** Frees what the plan has made, except these. */
  destroy(keep?: ReadonlySet<GPUBuffer>): void;
}

export interface Output {
  readonly resource: ModelTensor;
  readonly shape: readonly number[];
  /** Whole words. */
  readonly bytes: number;
}

/**
 * Buffers, bind groups and sizes of a run. Temporaries whose lives don't overlap share a buffer; two that one dispatch
 * reads and writes never do, which WebGPU forbids even for ranges that are apart.
 *
 * @param fixed buffers that exist already
 * @param preparing whether these are the steps at load: they touch neither inputs nor outputs, what they make stays
 */
export function makePlan(
  planner: Planner,
  steps: readonly ModelStep[],
  sizes: Sizes,
  fixed: ReadonlyMap<string, GPUBuffer>,
  preparing: boolean,
): Plan {
  const { device, resources, program } = planner;
  const { COPY_DST, COPY_SRC, MAP_READ, STORAGE, UNIFORM } = GPUBufferUsage;
  checkLimits(device, program, steps, sizes);
  const own: GPUBuffer[] = [];
  const create = (label: string, size: number, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ label, size, usage });
    own.push(buffer);
    return buffer;
  };
  const destroy: Plan["destroy"] = (keep) => {
    for (const b of own) if (!keep?.has(b)) b.destroy();
  };
  // No program that lfc writes does.
  const lacks = (what: string): Error => runtimeError("kernel", what, `${program.name} names ${what}, which it lacks`);
  const find = (id: string): ModelTensor => {
    const r = resources.get(id);
    if (r === undefined) throw lacks(id);
    return r;
  };
  try {
    const dispatches = chosenDispatches(steps, sizes);
    const buffers = new Map(fixed);
    const outputs: Output[] = [];
    for (const r of preparing ? [] : resources.values()) {
      if (r.kind !== "input" && r.kind !== "output") continue;
      buffers.set(r.id, create(r.name, byteLength(r, sizes), STORAGE | COPY_DST | COPY_SRC));
      if (r.kind === "input") continue;
      const shape = r.shape.map((d) => evaluate(d, sizes));
      outputs.push({ resource: r, shape, bytes: roundUp(countOf(shape, sizes) * bytesOf(r.dtype), 4) });
    }
    const lives = dispatches.map((d) =>
      Object.values(d.bind)
        .map(resourceOf)
        .filter((id) => !buffers.has(id)),
    );
    const slots = shareSlots(lives, (id) => byteLength(find(id), sizes), !preparing);
    const pool = slots.bytes.map((bytes, i) => create(`temporary ${i}`, bytes, STORAGE));
    for (const [id, slot] of slots.of) buffers.set(id, pool[slot] as GPUBuffer);

    const rows = dispatches.map((d) => d.dims.map((x) => evaluate(x, sizes)));
    const { offsets, words } = layOut(rows);
    const uniform = words.length > 0 ? create("sizes", words.byteLength, UNIFORM | COPY_DST) : undefined;
    if (uniform !== undefined) device.queue.writeBuffer(uniform, 0, words);

    const commandOf = (d: ModelDispatch, i: number) => {
      const kernel = planner.kernels.get(d.kernel);
      if (kernel === undefined) throw lacks(d.kernel);
      const { head, layout, pipeline } = kernel;
      const entries = head.buffers.map((b, binding): GPUBindGroupEntry => {
        const bound = d.bind[b.id];
        const buffer = bound && buffers.get(resourceOf(bound));
        if (!bound || !buffer) throw lacks(b.id);
        return { binding, resource: { buffer, ...windowOf(bound, find(resourceOf(bound)), b.type.width, sizes) } };
      });
      if (uniform !== undefined && head.dims > 0) {
        const resource = { buffer: uniform, offset: offsets[i] ?? 0, size: head.dims * 4 };
        entries.push({ binding: entries.length, resource });
      }
      const label = d.label ?? d.kernel;
      return { pipeline, group: device.createBindGroup({ label, layout, entries }), grid: gridOf(d, sizes) };
    };
    const commands = dispatches.map(commandOf);

    const stagings = new Map<Output, GPUBuffer>();
    return {
      sizes,
      buffers,
      outputs,
      destroy,
      record(encoder) {
        const pass = encoder.beginComputePass();
        for (const { pipeline, group, grid } of commands) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(...grid);
        }
        pass.end();
      },
      staging(output) {
        const found =
          stagings.get(output) ?? create(output.resource.name, Math.max(output.bytes, 4), COPY_DST | MAP_READ);
        stagings.set(output, found);
        return found;
      },
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

/**
 * Gives each temporary a slot: a free one is taken again, the smallest that is large enough, else the largest, grown.
 * Without `reuse` each has its own.
 */
function shareSlots(
  lives: readonly (readonly string[])[],
  needed: (id: string) => number,
  reuse: boolean,
): { readonly of: ReadonlyMap<string, number>; readonly bytes: readonly number[] } {
  const last = new Map<string, number>();
  lives.forEach((ids, step) => {
    for (const id of ids) last.set(id, step);
  });
  const of = new Map<string, number>();
  const bytes: number[] = [];
  const free = new Set<number>();
  const bytesIn = (slot: number): number => bytes[slot] ?? 0;
  lives.forEach((ids, step) => {
    for (const id of ids) {
      if (of.has(id)) continue;
      const size = needed(id);
      const by = [...free].sort((a, b) => bytesIn(a) - bytesIn(b));
      const slot = by.find((s) => bytesIn(s) >= size) ?? by.at(-1) ?? bytes.length;
      free.delete(slot);
      bytes[slot] = Math.max(bytesIn(slot), size);
      of.set(id, slot);
    }
    for (const id of reuse ? ids : []) {
      const slot = of.get(id);
      if (slot !== undefined && last.get(id) === step) free.add(slot);
    }
  });
  return { of, bytes };
}

/** The sizes of all dispatches in one buffer, each at an offset that a binding may have. */
function layOut(rows: readonly (readonly number[])[]): {
  readonly offsets: readonly number[];
  readonly words: Int32Array<ArrayBuffer>;
} {
  let end = 0;
  const offsets = rows.map((row) => {
    const at = end;
    end += roundUp(row.length * 4, 256);
    return at;
  });
  const words = new Int32Array(end / 4);
  rows.forEach((row, i) => {
    words.set(row, (offsets[i] ?? 0) / 4);
  });
  return { offsets, words };
}
