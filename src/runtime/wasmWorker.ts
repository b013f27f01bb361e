import type { Call } from "./wasmPlan.js";

/** What a pool tells a worker. */
export type Order =
  | {
      readonly order: "start";
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly thread: number;
      readonly threads: number;
      /** Address of the thread's scratch memory. */
      readonly scratch: number;
    }
  | { readonly order: "plan"; readonly calls: readonly Call[] }
  | { readonly order: "run" };

/** What a worker answers to `start` and `run`. */
export type Answer = { readonly ok: true } | { readonly ok: false; readonly message: string };

interface Port {
  post(answer: Answer): void;
  listen(handle: (order: Order) => void): void;
}

/**
 * A thread. It computes its part of every call: part t of T is the cells from ⌊total · t / T⌋ on, so what is computed does
 * not depend on T. Between calls the threads meet: the last to arrive opens the gate by counting it up, the others look
 * at the count for a while and then sleep.
 *
 * Its text is sent to the thread: nothing from outside the function may be used in it.
 */
export function workerMain(port: Port): void {
  const [arrived, gate, failed] = [0, 1, 2];
  const looks = 4000;
  type Run = (lo: number, hi: number, ...args: number[]) => void;
  let words = new Int32Array(0);
  let functions: WebAssembly.Exports = {};
  let calls: readonly { readonly run: Run; readonly args: number[] }[] = [];
  let thread = 0;
  let threads = 1;
  let scratch = 0;

  const meet = (): void => {
    const before = Atomics.load(words, gate);
    if (Atomics.add(words, arrived, 1) === threads - 1) {
      Atomics.store(words, arrived, 0);
      Atomics.add(words, gate, 1);
      Atomics.notify(words, gate);
      return;
    }
    for (let i = 0; i < looks; i++) if (Atomics.load(words, gate) !== before) return;
    while (Atomics.load(words, gate) === before) Atomics.wait(words, gate, before);
  };

  /** All meet after each call, whatever happens in one of them. */
  const run = (): Answer => {
    let message: string | undefined;
    for (const c of calls) {
      if (Atomics.load(words, failed) === 0) {
        try {
          c.run(...(c.args as [number, number]));
        } catch (error) {
          message = String(error);
          Atomics.store(words, failed, 1);
        }
      }
      meet();
    }
    return message === undefined ? { ok: true } : { ok: false, message };
  };

  port.listen((order) => {
    try {
      switch (order.order) {
        case "start":
          ({ thread, threads, scratch } = order);
          words = new Int32Array(order.memory.buffer, 0, 16);
          functions = new WebAssembly.Instance(order.module, { lfc: { memory: order.memory } }).exports;
          port.post({ ok: true });
          return;
        case "plan":
          calls = order.calls.map((c) => {
            const [lo, hi] = [thread, thread + 1].map((t) => Math.floor((c.total * t) / threads)) as [number, number];
            return { run: functions[c.kernel] as Run, args: [lo, hi, ...c.args, ...(c.scratch ? [scratch] : [])] };
          });
          return;
        case "run":
          port.post(run());
      }
    } catch (error) {
      port.post({ ok: false, message: String(error) });
    }
  });
}
