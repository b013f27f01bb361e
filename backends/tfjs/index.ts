import type { GraphBackend } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import { unknownBackendOption, wrongBackendOption } from "../../src/diagnostics/messages/backend.js";
import { fail, ok } from "../../src/util/result.js";
import { emitModule } from "./emit.js";
import { load, type TfjsDevice } from "./load.js";
import { refuse } from "./refuse.js";

export type { TfjsInterface } from "./emit.js";
export type { TfjsDevice, TfjsExecutable } from "./load.js";

/**
 * TensorFlow.js: one readable module of calls to @tensorflow/tfjs-core, which runs wherever that library runs. Here it
 * is loaded with the library's wasm kernels, or in plain JavaScript.
 */
export interface TfjsOptions {
  readonly device: TfjsDevice;
}

/** One core with 128-bit vectors, a call of a kernel about ten microseconds. */
const target: Target = {
  name: "tfjs",
  execution: "cpu",
  dtypes: new Set(["f32", "i32", "bool"]),
  subgroups: false,
  subgroupSize: 1,
  maxInvocations: 1,
  maxGrid: 2 ** 31 - 1,
  sharedBytes: 0,
  privateBytes: 2 ** 24,
  maxBuffers: 64,
  maxBinding: 2 ** 31,
  registers: 32,
  vectors: true,
  peak: { flops: 2e10, bandwidth: 1e10, exps: 2e8, dispatch: 1e-5, workgroup: 1e-8 },
};

const backend: Omit<GraphBackend<TfjsOptions>, "load"> & { readonly load: typeof load } = {
  abi: 1,
  name: "tfjs",
  summary: "TensorFlow.js: a readable module of tfjs-core calls, run by its wasm or plain JavaScript kernels",
  consumes: "graph",
  strategies: new Set(),
  parseOptions(raw) {
    for (const [name, value] of Object.entries(raw)) {
      if (name !== "device") return fail(unknownBackendOption("tfjs", name, ["device"]));
      if (value !== "cpu" && value !== "wasm") return fail(wrongBackendOption("tfjs", name, "cpu or wasm"));
    }
    return ok({ device: raw.device === "cpu" ? "cpu" : "wasm" });
  },
  target: () => target,
  refuse: (graph) => refuse(graph, target.dtypes),
  emit(graph, cx, { device }) {
    const { files, interface: face } = emitModule(graph, cx);
    return { files, meta: { interface: face, device } };
  },
  load,
};

export default backend;
