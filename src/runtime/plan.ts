import type { Resource, Step } from "../ir/program/program.js";
import { runtimeError } from "./errors.js";
import type { Pipeline } from "./pipelines.js";
import { evaluate, type Sizes } from "./sizes.js";
import { byteLength, bytesOf, createBuffer, roundUp } from "./tensors.js";

export type Dispatch = Extract<Step, { step: "dispatch" }>;

/** What plans of one program have in common. */
export interface Planner {
  readonly device: GPUDevice;
  readonly name: string;
  readonly resources: ReadonlyMap<string, Resource>;
  readonly kernels: ReadonlyMap<string, Pipeline>;
}

/** Everything of a run that depends on its sizes only. */
export interface Plan {
  /** By resource: the fixed ones and those of the plan. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly outputs: readonly Output[];
  readonly commands: readonly Command[];
  /** Frees what the plan has made, except these. */
  destroy(keep?: ReadonlySet<GPUBuffer>): void;
}

interface Output {
  readonly resource: Resource;
  readonly staging: GPUBuffer;
  readonly bytes: number;
}

interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** Every dispatch, in both arms of each choice. */
export const allDispatches = (steps: readonly Step[]): readonly Dispatch[] =>
  steps.flatMap((s) => (s.step === "dispatch" ? [s] : allDispatches([...s.then, ...s.else])));

/** The dispatches of one run: choices are decided. */
const chosenDispatches = (steps: readonly Step[], sizes: Sizes): readonly Dispatch[] =>
  steps.flatMap((s) =>
    s.step === "dispatch" ? [s] : chosenDispatches(evaluate(s.dim, sizes) < s.below ? s.then : s.else, sizes),
  );

/**
 * Buffers, bind groups and sizes of a run. Temporaries whose lives don't overlap share a buffer; two that one dispatch
 * reads and writes never do, which WebGPU forbids even for ranges that are apart.
 *
 * @param fixed buffers that exist already
 * @param preparing whether these are the steps at load: they touch neither inputs nor outputs, what they make stays
 */
export function makePlan(
  planner: Planner,
  steps: readonly Step[],
  sizes: Sizes,
  fixed: ReadonlyMap<string, GPUBuffer>,
  preparing: boolean,
): Plan {
  const { device, resources } = planner;
  const { COPY_DST, COPY_SRC, MAP_READ, STORAGE, UNIFORM } = GPUBufferUsage;
  const own: GPUBuffer[] = [];
  const create = (label: string, size: number, usage: number): GPUBuffer => {
    const buffer = createBuffer(device, label, size, usage);
    own.push(buffer);
    return buffer;
  };
  const destroy: Plan["destroy"] = (keep) => {
    for (const b of own) if (!keep?.has(b)) b.destroy();
  };
  try {
    const dispatches = chosenDispatches(steps, sizes).filter((d) => d.grid.every((g) => evaluate(g, sizes) > 0));
    const buffers = new Map(fixed);
    const outputs: Output[] = [];
    for (const r of preparing ? [] : resources.values()) {
      if (r.kind !== "input" && r.kind !== "output") continue;
      buffers.set(r.id, create(r.name, byteLength(r, sizes), STORAGE | (r.kind === "input" ? COPY_DST : COPY_SRC)));
      if (r.kind === "input") continue;
      const bytes = roundUp(r.shape.reduce((n, d) => n * evaluate(d, sizes), 1) * bytesOf(r.dtype), 4);
      outputs.push({ resource: r, bytes, staging: create(r.name, Math.max(bytes, 4), COPY_DST | MAP_READ) });
    }
    const needed = (id: string): number => byteLength(resourceOf(planner, id), sizes);
    const lives = dispatches.map((d) => usedBy(d).filter((id) => !buffers.has(id)));
    const slots = shareSlots(lives, needed, !preparing);
    const pool = slots.bytes.map((bytes, i) => create(`temporary ${i}`, bytes, STORAGE));
    for (const [id, slot] of slots.of) buffers.set(id, pool[slot] as GPUBuffer);

    const rows = dispatches.map((d) => d.dims.map((x) => evaluate(x, sizes)));
    const { offsets, words } = layOut(rows);
    const uniform = words.length > 0 ? create("sizes", words.byteLength, UNIFORM | COPY_DST) : undefined;
    if (uniform !== undefined) device.queue.writeBuffer(uniform, 0, words);
    const commands = dispatches.map((d, i): Command => {
      const kernel = planner.kernels.get(d.kernel);
      if (kernel === undefined) throw runtimeError("kernel", d.kernel, `${planner.name} has no kernel ${d.kernel}`);
      const { head, layout, pipeline } = kernel;
      const entries = bindings(planner, kernel, d, buffers, sizes);
      if (uniform !== undefined && head.dims > 0) {
        const resource = { buffer: uniform, offset: offsets[i] ?? 0, size: head.dims * 4 };
        entries.push({ binding: entries.length, resource });
      }
      return {
        pipeline,
        group: device.createBindGroup({ label: d.label, layout, entries }),
        grid: gridOf(device, d, sizes),
      };
    });
    return { buffers, outputs, commands, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

const usedBy = (d: Dispatch): readonly string[] => Object.values(d.bind).map((b) => b.resource);

function resourceOf({ resources, name }: Planner, id: string): Resource {
  const r = resources.get(id);
  if (r === undefined) throw runtimeError("device", id, `${name} has no resource ${id}`);
  return r;
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

function bindings(
  planner: Planner,
  { head }: Pipeline,
  d: Dispatch,
  buffers: ReadonlyMap<string, GPUBuffer>,
  sizes: Sizes,
): GPUBindGroupEntry[] {
  const most = planner.device.limits.maxStorageBufferBindingSize;
  return head.buffers
    .filter((b) => b.space === "global")
    .map((b, binding) => {
      const bound = d.bind[b.id];
      const buffer = bound && buffers.get(bound.resource);
      if (!bound || !buffer) {
        throw runtimeError("kernel", d.kernel, `the buffer ${b.id} of the kernel ${d.kernel} is bound to nothing`);
      }
      const { name, id, dtype } = resourceOf(planner, bound.resource);
      const each = bytesOf(dtype);
      const offset = evaluate(bound.offset, sizes) * each;
      const size = Math.max(roundUp(evaluate(bound.length, sizes) * each, 4), each * b.type.width);
      if (size > most) {
        throw runtimeError("limit", id, `${name || id} needs ${size} bytes in one binding, the device allows ${most}`);
      }
      return { binding, resource: { buffer, offset, size } };
    });
}

function gridOf(device: GPUDevice, d: Dispatch, sizes: Sizes): Command["grid"] {
  const [x, y, z] = d.grid;
  const grid = [evaluate(x, sizes), evaluate(y, sizes), evaluate(z, sizes)] as const;
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  if (Math.max(...grid) > most) {
    throw runtimeError(
      "limit",
      d.kernel,
      `${d.label} needs ${grid.join(" x ")} workgroups, the device allows ${most} an axis`,
    );
  }
  return grid;
}
