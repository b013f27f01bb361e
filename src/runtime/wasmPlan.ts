import { runtimeError } from "./errors.js";
import { chosenDispatches, gridOf, resourceOf, windowOf } from "./limits.js";
import type { ModelKernel, ModelProgram, ModelStep, ModelTensor } from "./model.js";
import { countOf, evaluate, type Sizes } from "./sizes.js";
import { byteLength, roundUp } from "./tensors.js";

/** A tensor of a WebAssembly program: those that live for a part of a run have a place in the arena, in bytes. */
export interface WasmTensor extends ModelTensor {
  readonly arena?: { readonly offset: ModelTensor["length"] };
}

export interface WasmKernel extends ModelKernel {
  /** Bytes of memory that a thread brings. */
  readonly scratch: number;
}

export interface WasmProgram extends ModelProgram {
  readonly resources: readonly WasmTensor[];
  readonly kernels: readonly WasmKernel[];
  /** Operations of a run at the least sizes: what decides whether threads are worth it. */
  readonly flops: number;
}

/** A call of a kernel: cells 0 … total-1, then its sizes, pointers and, where it has some, scratch memory. */
export interface Call {
  readonly kernel: string;
  readonly label: string;
  readonly total: number;
  readonly args: readonly number[];
  /** Whether the thread's scratch memory follows. */
  readonly scratch: boolean;
}

/** Bytes at which everything in memory starts at a multiple of: a cache line. */
const line = 64;

/** What stands at the start of memory: the words by which threads meet. No tensor lies at a small address. */
export const reserved = 1024;

export interface Layout {
  /** Address of each resource. */
  readonly at: ReadonlyMap<string, number>;
  /** The first free byte. */
  readonly end: number;
}

/** Places resources one after the other from `start` on; those with a place in the arena share it, behind the others. */
export function layOut(resources: readonly WasmTensor[], sizes: Sizes, start: number): Layout {
  const at = new Map<string, number>();
  let end = roundUp(start, line);
  for (const r of resources) {
    if (r.arena !== undefined) continue;
    at.set(r.id, end);
    end = roundUp(end + byteLength(r, sizes), line);
  }
  const arena = end;
  for (const r of resources) {
    if (r.arena === undefined) continue;
    const from = arena + evaluate(r.arena.offset, sizes);
    at.set(r.id, from);
    end = Math.max(end, roundUp(from + byteLength(r, sizes), line));
  }
  return { at, end };
}

/** The kernels to call for these sizes, in order. */
export function callsOf(
  program: WasmProgram,
  steps: readonly ModelStep[],
  sizes: Sizes,
  at: ReadonlyMap<string, number>,
): readonly Call[] {
  const resources = new Map(program.resources.map((r) => [r.id, r]));
  const kernels = new Map(program.kernels.map((k) => [k.name, k]));
  return chosenDispatches(steps, sizes).map((d): Call => {
    const kernel = kernels.get(d.kernel);
    if (kernel === undefined) throw runtimeError("kernel", d.kernel, `${program.name} has no kernel ${d.kernel}`);
    const pointers = kernel.buffers.map((b) => {
      const bound = d.bind[b.id];
      const r = bound === undefined ? undefined : resources.get(resourceOf(bound));
      const base = r === undefined ? undefined : at.get(r.id);
      if (bound === undefined || r === undefined || base === undefined)
        throw runtimeError("kernel", d.kernel, `the buffer ${b.id} of the kernel ${d.kernel} is bound to nothing`);
      return base + windowOf(bound, r, b.type.width, sizes).offset;
    });
    const [x, y, z] = gridOf(d, sizes);
    return {
      kernel: d.kernel,
      label: d.label ?? d.kernel,
      total: x * y * z,
      args: [...d.dims.map((dim) => evaluate(dim, sizes)), ...pointers],
      scratch: kernel.scratch > 0,
    };
  });
}

/** An output as a caller sees it: its shape and where its values lie. */
export interface Output {
  readonly resource: WasmTensor;
  readonly shape: readonly number[];
  readonly count: number;
  readonly at: number;
}

export const outputsOf = (program: WasmProgram, sizes: Sizes, at: ReadonlyMap<string, number>): readonly Output[] =>
  program.resources
    .filter((r) => r.kind === "output")
    .map((resource) => {
      const shape = resource.shape.map((d) => evaluate(d, sizes));
      return { resource, shape, count: countOf(shape, sizes), at: at.get(resource.id) ?? 0 };
    });
