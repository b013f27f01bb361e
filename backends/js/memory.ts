import type { TensorValues } from "../../src/ir/dtype.js";
import { invariant } from "../../src/util/invariant.js";

/**
 * Memory of the checked mode. Every element knows whether it was written and by whom it was touched, so the first read
 * of what nobody wrote, the first access out of range and the first race stop the run with a `KernelFault`.
 *
 * Races. In global memory the unit is an invocation of a grid cell: within one dispatch no unit may write what another
 * unit reads or writes. In shared memory the unit is an invocation, and a barrier ends the time in which it counts.
 */
export type FaultKind = "bounds" | "uninitialised" | "race" | "barrier" | "binding";

export interface KernelFault {
  readonly kind: FaultKind;
  readonly kernel: string;
  readonly buffer: string;
  /** Element of the buffer, in its own type; -1 where none is meant. */
  readonly index: number;
  readonly detail: string;
}

/** An error that carries a fault. */
export interface KernelFaultError extends Error {
  readonly fault: KernelFault;
}

export function kernelFault(fault: KernelFault): KernelFaultError {
  const where = fault.index < 0 ? fault.buffer : `${fault.buffer}[${fault.index}]`;
  const error = new Error(`kernel ${fault.kernel}: ${fault.kind} at ${where}: ${fault.detail}`);
  return Object.assign(error, { name: "KernelFault", fault });
}

export const isKernelFault = (e: unknown): e is KernelFaultError => e instanceof Error && "fault" in e;

/** The contents of one resource with what the checks know about it. */
export interface CheckedArray {
  readonly data: TensorValues;
  /** 1 where something was stored. */
  readonly known: Uint8Array;
  /** Stamps of the last writer and reader, and of the last dispatch in which several units read. */
  readonly writer: Float64Array;
  readonly reader: Float64Array;
  readonly readers: Float64Array;
  /** Number of the last dispatch that touched the element. */
  readonly touched: Int32Array;
}

export function checkedArray(data: TensorValues, known: boolean): CheckedArray {
  const length = data.length;
  return {
    data,
    known: new Uint8Array(length).fill(known ? 1 : 0),
    writer: new Float64Array(length),
    reader: new Float64Array(length),
    readers: new Float64Array(length),
    touched: new Int32Array(length),
  };
}

/** What printed kernels call. */
export interface Memory {
  get(at: number, lane: number): number;
  put(at: number, lane: number, value: number): void;
  check(at: number): void;
}

export interface Counts {
  loads: number;
  stores: number;
  /** Bytes of the distinct elements that the dispatch touched. */
  bytes: number;
}

/** The state of one dispatch. Stamps are numbers that grow for ever, so nothing is cleared between dispatches. */
export interface Tracker {
  readonly kernel: string;
  /** Number of the dispatch, from 1. */
  readonly dispatch: number;
  /** Stamps of this dispatch begin here. */
  readonly base: number;
  readonly counts: Counts;
  readonly operations: Record<string, number>;
  /** Stamp of the running invocation of the running cell. */
  unit(): number;
  /** One past the last stamp used. */
  end(): number;
  readonly rt: Runtime;
}

/** The object `rt` of printed kernels. */
export interface Runtime {
  readonly operations: Record<string, number>;
  nextCell(): void;
  nextInvocation(): void;
  meet(threads: readonly Iterator<unknown, unknown, unknown>[], size: number): void;
  memory(space: "shared" | "scratch" | "register", id: string, length: number, width: number): Memory;
  register(value: number | undefined, id: string, element: number): number;
}

interface SubgroupRequest {
  readonly op: string;
  readonly of: number;
  readonly lane?: number;
  readonly combine?: (a: number, b: number) => number;
}

export const operationNames = [
  ..."add sub mul div floordiv mod neg pow eq ne lt le gt ge and or not min max abs exp log sqrt rsqrt sin cos tanh".split(
    " ",
  ),
  ..."erf sigmoid relu gelu gelu_tanh silu fma madd4".split(" "),
] as const;

export function trackDispatch(kernel: string, dispatch: number, base: number): Tracker {
  let unit = base;
  let invocation = -1;
  let phase = 0;
  let cellStart = base;
  let end = base;
  const counts: Counts = { loads: 0, stores: 0, bytes: 0 };
  const operations: Record<string, number> = Object.fromEntries(operationNames.map((op) => [op, 0]));
  const enter = (i: number): void => {
    invocation = i;
    unit = cellStart + i;
    if (unit >= end) end = unit + 1;
  };
  const fault = (kind: FaultKind, buffer: string, index: number, detail: string): KernelFaultError =>
    kernelFault({ kind, kernel, buffer, index, detail });

  const privateMemory = (id: string, length: number, width: number): Memory => {
    const values: (number | undefined)[] = new Array(length * width);
    const check = (at: number): void => {
      if (!(at >= 0 && at < length)) throw fault("bounds", id, at, `it has ${length} elements`);
    };
    return {
      check,
      get(at, lane) {
        check(at);
        const value = values[at * width + lane];
        if (value === undefined) throw fault("uninitialised", id, at, "read before anything was stored");
        return value;
      },
      put(at, lane, value) {
        check(at);
        values[at * width + lane] = value;
      },
    };
  };

  const sharedMemory = (id: string, length: number, width: number): Memory => {
    const values: (number | undefined)[] = new Array(length * width);
    const times = length * width;
    const writtenAt = new Int32Array(times).fill(-1);
    const writtenBy = new Int32Array(times);
    const readAt = new Int32Array(times).fill(-1);
    const readBy = new Int32Array(times);
    const several = new Int32Array(times).fill(-1);
    const check = (at: number): void => {
      if (!(at >= 0 && at < length)) throw fault("bounds", id, at, `it has ${length} elements`);
    };
    const race = (at: number, a: string, other: number | undefined, b: string): KernelFaultError =>
      fault(
        "race",
        id,
        at,
        `invocation ${invocation} ${a} what invocation ${other ?? "?"} ${b} with no barrier between`,
      );
    return {
      check,
      get(at, lane) {
        check(at);
        const i = at * width + lane;
        if (writtenAt[i] === phase && writtenBy[i] !== invocation) throw race(at, "reads", writtenBy[i], "wrote");
        const value = values[i];
        if (value === undefined) throw fault("uninitialised", id, at, "read before anything was stored");
        if (readAt[i] === phase && readBy[i] !== invocation) several[i] = phase;
        readAt[i] = phase;
        readBy[i] = invocation;
        return value;
      },
      put(at, lane, value) {
        check(at);
        const i = at * width + lane;
        if (writtenAt[i] === phase && writtenBy[i] !== invocation) throw race(at, "writes", writtenBy[i], "wrote");
        if (several[i] === phase || (readAt[i] === phase && readBy[i] !== invocation)) {
          throw race(at, "writes", readBy[i], "read");
        }
        writtenAt[i] = phase;
        writtenBy[i] = invocation;
        values[i] = value;
      },
    };
  };

  const meet = (threads: readonly Iterator<unknown, unknown, unknown>[], size: number): void => {
    const resume = (i: number, answer: unknown): IteratorResult<unknown, unknown> => {
      enter(i);
      const thread = threads[i];
      invariant(thread, () => "an invocation is missing");
      return thread.next(answer);
    };
    let waiting = threads.map((_, i) => resume(i, undefined));
    while (!waiting.every((w) => w.done)) {
      const late = waiting.findIndex((w) => w.done);
      if (late >= 0) throw fault("barrier", "", -1, `invocation ${late} ended while others wait`);
      const requests = waiting.map((w) => w.value as SubgroupRequest | undefined);
      const kinds = new Set(requests.map((r) => (r === undefined ? "a barrier" : `subgroup ${r.op}`)));
      if (kinds.size > 1)
        throw fault("barrier", "", -1, `invocations wait at different places: ${[...kinds].join(", ")}`);
      if (requests[0] === undefined) phase++;
      const answers = requests.map((r, i) => {
        if (r === undefined) return undefined;
        const first = i - (i % size);
        const group = requests.slice(first, first + size).map((x) => x?.of ?? Number.NaN);
        if (r.op === "broadcast") return group[r.lane ?? 0];
        if (r.op === "shuffleXor") return group[(i - first) ^ (r.lane ?? 0)];
        const { combine } = r;
        invariant(combine, () => `subgroup ${r.op} cannot combine`);
        return group.reduce((a, b) => combine(a, b));
      });
      waiting = threads.map((_, i) => resume(i, answers[i]));
    }
  };

  const rt: Runtime = {
    operations,
    nextCell() {
      cellStart = end;
      phase++;
      enter(0);
      invocation = -1;
    },
    nextInvocation: () => enter(invocation + 1),
    meet,
    memory: (space, id, length, width) =>
      space === "shared" ? sharedMemory(id, length, width) : privateMemory(id, length, width),
    register(value, id, element) {
      if (value === undefined) throw fault("uninitialised", id, element, "read before anything was stored");
      return value;
    },
  };
  return {
    kernel,
    dispatch,
    base,
    counts,
    operations,
    unit: () => unit,
    end: () => end,
    rt,
  };
}

/** A window of a resource as a kernel sees it: `length` elements of `width` lanes from lane `offset` on. */
export function globalMemory(
  t: Tracker,
  id: string,
  array: CheckedArray,
  offset: number,
  length: number,
  width: number,
  bytes: number,
  access: "read" | "write" | "read_write",
  checked: boolean,
): Memory {
  const { data, known, writer, reader, readers, touched } = array;
  const fault = (kind: FaultKind, index: number, detail: string): KernelFaultError =>
    kernelFault({ kind, kernel: t.kernel, buffer: id, index, detail });
  const check = (at: number): void => {
    if (checked && !(at >= 0 && at < length)) throw fault("bounds", at, `it has ${length} elements`);
  };
  const touch = (i: number): void => {
    if (touched[i] === t.dispatch) return;
    touched[i] = t.dispatch;
    t.counts.bytes += bytes;
  };
  const other = (stamp: number | undefined, unit: number): boolean =>
    stamp !== undefined && stamp >= t.base && stamp !== unit;
  return {
    check,
    get(at, lane) {
      check(at);
      const i = offset + at * width + lane;
      t.counts.loads++;
      touch(i);
      if (checked) {
        const unit = t.unit();
        if (access === "write") throw fault("binding", at, "a write-only buffer is read");
        if (other(writer[i], unit))
          throw fault("race", at, "read by one invocation, written by another in this dispatch");
        if (known[i] === 0) throw fault("uninitialised", at, "read before anything was stored");
        if (other(reader[i], unit)) readers[i] = t.dispatch;
        reader[i] = unit;
      }
      return data[i] ?? Number.NaN;
    },
    put(at, lane, value) {
      check(at);
      const i = offset + at * width + lane;
      t.counts.stores++;
      touch(i);
      if (checked) {
        const unit = t.unit();
        if (access === "read") throw fault("binding", at, "a read-only buffer is written");
        if (other(writer[i], unit)) throw fault("race", at, "written by two invocations of this dispatch");
        if (other(reader[i], unit) || readers[i] === t.dispatch) {
          throw fault("race", at, "written by one invocation, read by another in this dispatch");
        }
        writer[i] = unit;
      }
      known[i] = 1;
      data[i] = value;
    },
  };
}
