import { runtimeError } from "./errors.js";
import type { Call } from "./wasmPlan.js";
import { type Answer, type Order, workerMain } from "./wasmWorker.js";

/** Threads that run calls together on one shared memory. The thread that asks waits for a message and is free meanwhile. */
export interface Pool {
  /** What the next runs consist of. */
  plan(calls: readonly Call[]): void;
  /** @throws RuntimeError `worker`: a thread failed or ended */
  run(): Promise<void>;
  /** Ends the threads. */
  dispose(): void;
}

/** A worker of Node or of a page, as far as a pool needs one. */
interface Thread {
  post(order: Order): void;
  terminate(): void;
  /** Whether the process stays alive for it. */
  hold(wanted: boolean): void;
}

interface Watch {
  answer(answer: Answer): void;
  /** It ended, or could not start. */
  ended(why: string): void;
}

type Builtin = (name: string) => unknown;

/** Node's own modules, without an import that a page's bundler would follow. */
export const nodeModule = <T>(name: string): T | undefined => {
  const host = (globalThis as { readonly process?: { readonly getBuiltinModule?: Builtin } }).process;
  return host?.getBuiltinModule?.(name) as T | undefined;
};

const startInNode = ({ Worker }: typeof import("node:worker_threads"), watch: Watch): Thread => {
  const text = `const { parentPort } = require("node:worker_threads");
(${workerMain})({ post: (a) => parentPort.postMessage(a), listen: (f) => parentPort.on("message", f) });`;
  const worker = new Worker(text, { eval: true, execArgv: [] });
  worker.on("message", watch.answer);
  worker.on("error", (error) => watch.ended(error.message));
  worker.on("exit", (code) => watch.ended(`it ended with code ${code}`));
  worker.unref();
  return {
    post: (order) => worker.postMessage(order),
    terminate: () => void worker.terminate(),
    hold: (wanted) => (wanted ? worker.ref() : worker.unref()),
  };
};

const startInPage = (watch: Watch): Thread => {
  const text = `(${workerMain})({ post: (a) => postMessage(a), listen: (f) => { onmessage = (e) => f(e.data); } });`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = (e: MessageEvent<Answer>) => watch.answer(e.data);
  worker.onerror = (e) => watch.ended(e.message);
  return {
    post: (order) => worker.postMessage(order),
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
    hold: () => undefined,
  };
};

/** Whether this host lets threads share memory. A page needs to be cross-origin isolated. */
export const canShare = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" &&
  (nodeModule("node:worker_threads") !== undefined ||
    (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated === true);

/** Processors of this host. */
export const processors = (): number =>
  nodeModule<typeof import("node:os")>("node:os")?.availableParallelism() ??
  (globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ??
  1;

/**
 * Starts `threads` workers.
 *
 * @param scratch address of the scratch memory of a thread
 * @throws RuntimeError `worker`: one could not start
 */
export async function startPool(
  name: string,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
  scratch: (thread: number) => number,
): Promise<Pool> {
  const node = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
  let fault: Error | undefined;
  let disposed = false;
  let pending: { readonly resolve: () => void; readonly reject: (e: Error) => void; missing: number } | undefined;
  const all: Thread[] = [];

  const settle = (): void => {
    pending = undefined;
    for (const t of all) t.hold(false);
  };
  const fail = (thread: number, why: string): void => {
    if (disposed) return;
    fault ??= runtimeError("worker", name, `thread ${thread} of ${name} failed: ${why}`);
    // The others may wait for it for ever.
    for (const t of all) t.terminate();
    const waiting = pending;
    settle();
    waiting?.reject(fault);
  };
  /** Sends an order that every thread answers. */
  const ask = (orders: readonly Order[]): Promise<void> => {
    if (fault !== undefined) return Promise.reject(fault);
    return new Promise((resolve, reject) => {
      pending = { resolve, reject, missing: threads };
      all.forEach((t, i) => {
        t.hold(true);
        t.post(orders[i % orders.length] as Order); // there is one at least
      });
    });
  };
  for (let i = 0; i < threads; i++) {
    const watch: Watch = {
      answer(answer) {
        if (!answer.ok) fail(i, answer.message);
        else if (pending !== undefined && --pending.missing === 0) {
          const { resolve } = pending;
          settle();
          resolve();
        }
      },
      ended: (why) => fail(i, why),
    };
    all.push(node === undefined ? startInPage(watch) : startInNode(node, watch));
  }
  await ask(all.map((_, thread) => ({ order: "start", module, memory, thread, threads, scratch: scratch(thread) })));
  return {
    plan(calls) {
      for (const t of all) t.post({ order: "plan", calls });
    },
    run: () => ask([{ order: "run" }]),
    dispose() {
      disposed = true;
      for (const t of all) t.terminate();
    },
  };
}
