import {
  type Case,
  type CreateRunner,
  isBytes,
  type PageBench,
  type PageTools,
  type Runner,
  type Stored,
} from "./cases.js";
import { kernelsRunner } from "./kernelsRunner.js";
import { programRunner } from "./programRunner.js";
import { tensorOf } from "./values.js";

/** The harness in the page: sets cases up, runs them under a clock, gives results back. */

const counts = { dispatches: 0, submits: 0 };
const faults: string[] = [];

/** Counts what any library does on any device, and keeps the errors that nobody asks for. */
function watchDevices(): void {
  const pass = GPUComputePassEncoder.prototype;
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = pass;
  pass.dispatchWorkgroups = function (...grid) {
    counts.dispatches++;
    return dispatchWorkgroups.apply(this, grid);
  };
  pass.dispatchWorkgroupsIndirect = function (...from) {
    counts.dispatches++;
    return dispatchWorkgroupsIndirect.apply(this, from);
  };
  const queue = GPUQueue.prototype;
  const { submit } = queue;
  queue.submit = function (buffers) {
    counts.submits++;
    return submit.call(this, buffers);
  };
  const adapter = GPUAdapter.prototype;
  const { requestDevice } = adapter;
  adapter.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    device.addEventListener("uncapturederror", (event) => {
      faults.push(event.error.message);
    });
    void device.lost.then(({ reason, message }) => {
      if (reason !== "destroyed") faults.push(`the device is lost: ${message}`);
    });
    return device;
  };
}

/** What went wrong since it was last asked for. */
function checkFaults(): void {
  const [first] = faults.splice(0);
  if (first !== undefined) throw new Error(first);
}

const arrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;

/** Typed arrays back in their places. */
async function receive(value: unknown): Promise<unknown> {
  if (isBytes(value)) return new arrays[value.$.type](await (await fetch(value.$.bytes)).arrayBuffer());
  if (Array.isArray(value)) return Promise.all(value.map(receive));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(async ([name, member]) => [name, await receive(member)] as const);
  return Object.fromEntries(await Promise.all(members));
}

const tools: PageTools = { tensor: tensorOf };

const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("the page has no WebGPU adapter");
  const features = (["shader-f16", "subgroups", "timestamp-query"] as const).filter((f) => adapter.features.has(f));
  return adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: Object.fromEntries(limits.map((l) => [l, adapter.limits[l]])),
  });
}

/** One device for all kernels and programs. */
let opening: Promise<GPUDevice> | undefined;
const device = (): Promise<GPUDevice> => {
  opening ??= openDevice();
  return opening;
};

const modules = new Map<string, CreateRunner>();
const runners = new Map<string, { readonly runner: Runner; readonly repeat: number }>();

async function create(spec: Case): Promise<Runner> {
  switch (spec.kind) {
    case "kernels":
      return kernelsRunner(await device(), spec);
    case "program":
      return programRunner(await device(), spec);
    case "module": {
      const make = modules.get(spec.module);
      if (make === undefined) throw new Error(`no script has registered ${spec.module}`);
      return make(spec.spec, tools);
    }
  }
}

const runnerOf = (key: string): { readonly runner: Runner; readonly repeat: number } => {
  const found = runners.get(key);
  if (found === undefined) throw new Error(`the case ${key} is not set up`);
  return found;
};

const bench: PageBench = {
  modules,
  async setup(key, text) {
    const spec = (await receive(JSON.parse(text))) as Case;
    const start = performance.now();
    try {
      runners.set(key, { runner: await create(spec), repeat: spec.repeat ?? 1 });
      return performance.now() - start;
    } finally {
      // Errors that nobody asks for come later, and say more than what they lead to.
      await new Promise((resolve) => setTimeout(resolve, 20));
      checkFaults();
    }
  },
  async run(key) {
    const { runner, repeat } = runnerOf(key);
    counts.dispatches = 0;
    counts.submits = 0;
    const start = performance.now();
    for (let i = 0; i < repeat; i++) await runner.run();
    const ms = (performance.now() - start) / repeat;
    checkFaults();
    return { ms, dispatches: counts.dispatches / repeat, submits: counts.submits / repeat };
  },
  async output(key) {
    const { runner } = runnerOf(key);
    const outputs = (await runner.output?.()) ?? {};
    checkFaults();
    const stored: Record<string, Stored> = {};
    for (const [name, { dtype, shape, data }] of Object.entries(outputs)) {
      const body = data.slice() as Float32Array<ArrayBuffer>;
      const response = await fetch("/keep", { method: "POST", body });
      stored[name] = { dtype, shape, path: await response.text() };
    }
    return stored;
  },
  profile: async (key) => (await runnerOf(key).runner.profile?.()) ?? [],
  dispose(key) {
    runners.get(key)?.runner.dispose();
    runners.delete(key);
  },
  async adapter() {
    const { vendor, architecture, description } = (await device()).adapterInfo;
    return [vendor, architecture, description].filter((w) => w !== "").join(" ");
  },
};

watchDevices();
(globalThis as unknown as { lfcBench: PageBench }).lfcBench = bench;
