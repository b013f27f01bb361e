import type { Executable, Profile } from "../../src/backend/backend.js";
import { evalDim } from "../../src/ir/dim.js";
import { allocate, byteSize, type TensorData, type TensorValues } from "../../src/ir/dtype.js";
import { isPredicate } from "../../src/ir/kernel/arith.js";
import type { KBuffer, Kernel } from "../../src/ir/kernel/ops.js";
import type { Program, Resource, Step } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import {
  type CheckedArray,
  type Counts,
  checkedArray,
  globalMemory,
  kernelFault,
  type Memory,
  type Runtime,
  trackDispatch,
} from "./memory.js";
import { bufferName } from "./print.js";
import { bindParams, bindSizes, type Sizes } from "./sizes.js";

/** A printed kernel: runs one whole dispatch. */
export type KernelFunction = (
  dims: readonly number[],
  buffers: Readonly<Record<string, TensorValues | Memory>>,
  rt?: Runtime,
) => void;

/** What one dispatch did, exactly. */
export interface DispatchCounts extends Readonly<Counts> {
  readonly kernel: string;
  readonly label: string;
  readonly prepare: boolean;
  /** Lanes of each float operation, by name; `fma` is a multiply-add. */
  readonly operations: Readonly<Record<string, number>>;
  /** One for each float function, two for `fma`, eight for `madd4`; comparisons and logic are free, as in the graph's count. */
  readonly flops: number;
}

export interface JsExecutable extends Executable {
  /** Of the last run, in order, the `prepare` steps of the first run before them; empty unless counted. */
  counts(): readonly DispatchCounts[];
}

export interface Mode {
  readonly checked: boolean;
  readonly count: boolean;
}

interface Stored {
  readonly resource: Resource;
  readonly length: number;
  readonly data: TensorValues;
  readonly checks?: CheckedArray;
  /** Bytes in the transient arena. */
  readonly place?: readonly [from: number, to: number];
}

type TimedStep = Profile["steps"][number];

const product = (xs: readonly number[]): number => xs.reduce((a, b) => a * b, 1);

/** A program whose kernels are functions, as something that runs. */
export function executable(
  program: Program,
  functions: ReadonlyMap<string, KernelFunction>,
  params: ReadonlyMap<string, TensorData>,
  mode: Mode,
): JsExecutable {
  const instrumented = mode.checked || mode.count;
  const kernels = new Map(program.kernels.map((k) => [k.name, k] as const));
  const parameters = bindParams(program, params);
  const persistent = preparedIds(program);
  const memory = new Map<string, Stored>();
  const record: DispatchCounts[] = [];
  let prepared: { readonly key: string; readonly counts: readonly DispatchCounts[] } | undefined;
  let arena = new ArrayBuffer(0);
  let dispatches = 0;
  let stamp = 1;
  let disposed = false;

  /** Memory for the sizes of this run; what has the right length already is kept. */
  const provide = (sizes: Sizes, inputs: Readonly<Record<string, TensorData>>): void => {
    // Values of f16 take four bytes here and two in the plan, so such an arena is not shared.
    const shares = !instrumented && program.resources.every((r) => r.arena === undefined || r.dtype !== "f16");
    const needed = program.resources.reduce((peak, r) => {
      if (!r.arena) return peak;
      return Math.max(peak, evalDim(r.arena.offset, sizes) + evalDim(r.length, sizes) * byteSize(r.dtype));
    }, 0);
    if (shares && arena.byteLength < needed) arena = new ArrayBuffer(Math.ceil(needed / 4) * 4);
    for (const r of program.resources) {
      const length = evalDim(r.length, sizes);
      const offset = r.arena ? evalDim(r.arena.offset, sizes) : undefined;
      const place = offset === undefined ? {} : { place: [offset, offset + length * byteSize(r.dtype)] as const };
      const old = memory.get(r.id);
      const store = (data: TensorValues, known: boolean): void => {
        const checks = instrumented ? { checks: checkedArray(data, known) } : {};
        memory.set(r.id, { resource: r, length, data, ...place, ...checks });
      };
      switch (r.kind) {
        case "param":
          if (old?.length !== length) store(padded(r, parameters.get(r.id), length), true);
          break;
        case "input":
          store(padded(r, inputs[r.name], length), true);
          break;
        case "output":
          store(allocate(r.dtype, length), false);
          break;
        case "temp":
          if (shares && offset !== undefined) store(viewOf(arena, r, offset, length), false);
          else if (old?.length !== length || (mode.checked && !persistent.has(r.id))) {
            store(allocate(r.dtype, length), false);
          }
          break;
      }
    }
  };

  const stored = (id: string): Stored => {
    const s = memory.get(id);
    invariant(s, () => `no resource ${id}`);
    return s;
  };

  const dispatch = (step: Step & { readonly step: "dispatch" }, sizes: Sizes, prepare: boolean): void => {
    const kernel = kernels.get(step.kernel);
    const run = functions.get(step.kernel);
    invariant(kernel && run, () => `no kernel ${step.kernel}`);
    const dims = step.dims.map((d) => evalDim(d, sizes));
    invariant(dims.length === kernel.dims, () => `${kernel.name} takes ${kernel.dims} sizes, ${dims.length} are given`);
    const globals = kernel.buffers.filter((b) => b.space === "global");
    const windows = globals.map((b) => window(kernel, b, step, sizes));
    if (!instrumented) {
      const views = globals.map((b, i) => {
        const w = windows[i];
        return [bufferName(b.id), w?.stored.data.subarray(w.offset, w.offset + w.length)] as const;
      });
      run(dims, Object.fromEntries(views) as Record<string, TensorValues>);
      return;
    }
    dispatches++;
    const tracker = trackDispatch(kernel.name, dispatches, stamp);
    if (mode.checked) claimArena(kernel, globals, windows);
    const views: Record<string, Memory> = {};
    globals.forEach((b, i) => {
      const w = windows[i];
      if (!w?.stored.checks || b.space !== "global") return;
      const { width } = b.type;
      views[bufferName(b.id)] = globalMemory(
        tracker,
        b.id,
        w.stored.checks,
        w.offset,
        Math.floor(w.length / width),
        width,
        byteSize(b.type.dtype),
        b.access,
        mode.checked,
      );
    });
    run(dims, views, tracker.rt);
    stamp = tracker.end();
    record.push({
      kernel: kernel.name,
      label: step.label,
      prepare,
      ...tracker.counts,
      operations: tracker.operations,
      flops: flopsOf(tracker.operations),
    });
  };

  /** The window of a resource that a buffer is bound to, in lanes. */
  const window = (
    kernel: Kernel,
    b: KBuffer,
    step: Step & { readonly step: "dispatch" },
    sizes: Sizes,
  ): { readonly stored: Stored; readonly offset: number; readonly length: number } => {
    const bound = Object.hasOwn(step.bind, b.id) ? step.bind[b.id] : undefined;
    const fault = (detail: string): Error =>
      kernelFault({ kind: "binding", kernel: kernel.name, buffer: b.id, index: -1, detail });
    if (!bound) throw fault("nothing is bound");
    const s = stored(bound.resource);
    const offset = evalDim(bound.offset, sizes);
    const length = evalDim(bound.length, sizes);
    if (s.resource.dtype !== b.type.dtype) {
      throw fault(`it holds ${b.type.dtype}, ${bound.resource} holds ${s.resource.dtype}`);
    }
    if (offset < 0 || offset + length > s.length) {
      throw fault(`${length} elements from ${offset} on of ${bound.resource}, which has ${s.length}`);
    }
    const declared = b.space === "global" ? evalDim(b.length, sizes) * b.type.width : 0;
    if (declared > length) throw fault(`it has ${declared} lanes, ${length} of ${bound.resource} are bound`);
    return { stored: s, offset, length: Math.min(length, declared) };
  };

  /** Writing a temporary makes every other one that lies in the same bytes of the arena unknown. */
  const claimArena = (
    kernel: Kernel,
    globals: readonly KBuffer[],
    windows: readonly { readonly stored: Stored }[],
  ): void => {
    globals.forEach((b, i) => {
      const mine = windows[i]?.stored;
      const place = mine?.place;
      if (b.space !== "global" || b.access === "read" || !mine || !place) return;
      for (const s of memory.values()) {
        if (s === mine || !s.place || s.place[1] <= place[0] || place[1] <= s.place[0]) continue;
        if (windows.some((w) => w.stored === s)) {
          throw kernelFault({
            kind: "binding",
            kernel: kernel.name,
            buffer: b.id,
            index: -1,
            detail: `${mine.resource.id} and ${s.resource.id} of one dispatch share bytes of the arena`,
          });
        }
        s.checks?.known.fill(0);
      }
    });
  };

  const runSteps = (steps: readonly Step[], sizes: Sizes, prepare: boolean, times?: TimedStep[]): void => {
    for (const step of steps) {
      if (step.step === "choose") {
        runSteps(evalDim(step.dim, sizes) < step.below ? step.then : step.else, sizes, prepare, times);
        continue;
      }
      const start = performance.now();
      dispatch(step, sizes, prepare);
      times?.push({ label: step.label, kernel: step.kernel, seconds: (performance.now() - start) / 1e3 });
    }
  };

  const run = (inputs: Readonly<Record<string, TensorData>>, times?: TimedStep[]): Profile["outputs"] => {
    invariant(!disposed, () => `${program.name} was disposed of`);
    const sizes = bindSizes(program, inputs);
    record.length = 0;
    provide(sizes, inputs);
    // Parameters never change; only a preparation that depends on run-time sizes is made again.
    const key = JSON.stringify([...sizes]);
    if (prepared?.key !== key) {
      runSteps(program.prepare, sizes, true);
      prepared = { key, counts: [...record] };
    } else record.push(...prepared.counts);
    runSteps(program.steps, sizes, false, times);
    const outputs = program.resources.filter((r) => r.kind === "output");
    return Object.fromEntries(
      outputs.map((r) => {
        const shape = r.shape.map((d) => evalDim(d, sizes));
        return [r.name, { dtype: r.dtype, shape, data: stored(r.id).data.slice(0, product(shape)) }];
      }),
    );
  };

  return {
    run: async (inputs) => run(inputs),
    async profile(inputs) {
      const steps: TimedStep[] = [];
      return { outputs: run(inputs, steps), steps };
    },
    counts: () => [...record],
    dispose() {
      disposed = true;
      memory.clear();
      arena = new ArrayBuffer(0);
    },
  };
}

const flopsOf = (operations: Readonly<Record<string, number>>): number =>
  Object.entries(operations).reduce((n, [op, times]) => (isPredicate(op) ? n : n + (flopsOfOne[op] ?? 1) * times), 0);

const flopsOfOne: Readonly<Record<string, number>> = { fma: 2, madd4: 8 };

/** Temporaries that the preparation writes: they outlive a run. */
function preparedIds(program: Program): ReadonlySet<string> {
  const ids = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const s of steps) {
      if (s.step === "dispatch") for (const b of Object.values(s.bind)) ids.add(b.resource);
      else {
        visit(s.then);
        visit(s.else);
      }
    }
  };
  visit(program.prepare);
  return ids;
}

/** A copy of a tensor with zeros after it up to `length`; f16 values are rounded. */
function padded(r: Resource, t: TensorData | undefined, length: number): TensorValues {
  invariant(t, () => `no value for ${r.name}`);
  const data = allocate(r.dtype, length);
  data.set(t.data.length > length ? t.data.subarray(0, length) : t.data);
  return data;
}

function viewOf(arena: ArrayBuffer, r: Resource, offset: number, length: number): TensorValues {
  switch (r.dtype) {
    case "f32":
    case "f16":
      return new Float32Array(arena, offset, length);
    case "i32":
      return new Int32Array(arena, offset, length);
    case "u32":
    case "bool":
      return new Uint32Array(arena, offset, length);
  }
}
