import { emit } from "./emit.js";
import { load, validate } from "./load.js";
import { refuse } from "./refuse.js";

/** @import { Backend } from "./types.js" */

/**
 * ONNX: one model file of standard operators (opset 17) with named inputs and outputs, run by ONNX Runtime on the CPU.
 *
 * @type {Backend}
 */
export default {
  abi: 1,
  name: "onnx",
  summary: "ONNX: one model of standard operators, run by ONNX Runtime",
  consumes: "graph",
  strategies: new Set(),
  parseOptions(raw) {
    const [name] = Object.keys(raw);
    if (name === undefined) return { ok: true, value: {} };
    return {
      ok: false,
      error: { code: "LF0500", severity: "error", message: `the backend onnx has no option ${name}` },
    };
  },
  target: () => ({
    name: "onnx",
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
    peak: { flops: 5e10, bandwidth: 1e10, exps: 5e8, dispatch: 5e-6, workgroup: 1e-8 },
  }),
  refuse,
  emit: (graph) => emit(graph),
  load,
  validate,
};
