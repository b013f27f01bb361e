import type { Artifact, Host, KernelBackend } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import { unknownBackendOption, wrongBackendOption } from "../../src/diagnostics/messages/backend.js";
import type { Program } from "../../src/ir/program/program.js";
import { fileName } from "../../src/util/fileName.js";
import { invariant } from "../../src/util/invariant.js";
import { fail, ok } from "../../src/util/result.js";
import { printModule, tableStart } from "./print.js";
import { executable, type JsExecutable, type KernelFunction } from "./run.js";

export { isKernelFault, type KernelFault, type KernelFaultError } from "./memory.js";
export type { DispatchCounts, JsExecutable } from "./run.js";
export { type InputFault, isInputError } from "./sizes.js";

/**
 * Plain JavaScript: a function a kernel over typed arrays, needing nothing. It is also the interpreter of the kernel IR:
 * `checked` stops at the first uninitialised read, access out of range or race; `count` counts what each dispatch does.
 * `execution: "simt"` takes programs scheduled for a GPU with the default limits of WebGPU.
 */
export interface JsOptions {
  readonly checked: boolean;
  readonly count: boolean;
  readonly execution: "cpu" | "simt";
}

const cpu: Target = {
  name: "js",
  execution: "cpu",
  dtypes: new Set(["f32", "f16", "i32", "u32", "bool"]),
  subgroups: false,
  subgroupSize: 1,
  maxInvocations: 1,
  maxGrid: 2 ** 31 - 1,
  sharedBytes: 0,
  privateBytes: 2 ** 24,
  maxBuffers: 64,
  maxBinding: 2 ** 31,
  registers: 32,
  vectors: false,
  peak: { flops: 2e9, bandwidth: 8e9, exps: 1e8, dispatch: 2e-6, workgroup: 2e-8 },
};

const simt: Target = {
  ...cpu,
  name: "js simt",
  execution: "simt",
  maxInvocations: 256,
  maxGrid: 65535,
  sharedBytes: 16384,
  privateBytes: 4096,
  maxBuffers: 8,
  maxBinding: 2 ** 27,
  registers: 128,
  vectors: true,
  peak: { ...cpu.peak, workgroup: 1e-6 },
};

const isProgram = (x: unknown): x is Program =>
  typeof x === "object" && x !== null && "irVersion" in x && x.irVersion === 1;

/** The functions of a module that `printModule` made. */
function evaluate(text: string): ReadonlyMap<string, KernelFunction> {
  invariant(text.includes(tableStart), () => "this is no module of kernels");
  const table: unknown = new Function(`"use strict";\n${text.replace(tableStart, "return ")}`)();
  return new Map(Object.entries(table as Readonly<Record<string, KernelFunction>>));
}

/** Runs an artifact of this backend. */
async function load(artifact: Artifact, host: Host): Promise<JsExecutable> {
  const { program, checked, count } = artifact.meta;
  invariant(isProgram(program), () => "the artifact carries no program");
  const module = artifact.files.find((f) => f.path.endsWith(".js"));
  invariant(typeof module?.text === "string", () => "the artifact carries no module");
  return executable(program, evaluate(module.text), host.params, {
    checked: checked === true,
    count: count === true,
  });
}

const backend: Omit<KernelBackend<JsOptions>, "load"> & { readonly load: typeof load } = {
  abi: 1,
  name: "js",
  summary: "plain JavaScript loops over typed arrays: needs nothing, and checks every access on request",
  consumes: "kernel",
  strategies: new Set(["attention", "contractions"]),
  parseOptions(raw) {
    const known = ["checked", "count", "execution"];
    for (const [name, value] of Object.entries(raw)) {
      if (!known.includes(name)) return fail(unknownBackendOption("js", name, known));
      if (name === "execution" ? value !== "cpu" && value !== "simt" : typeof value !== "boolean") {
        return fail(wrongBackendOption("js", name, name === "execution" ? "cpu or simt" : "true or false"));
      }
    }
    return ok({
      checked: raw.checked === true,
      count: raw.count === true,
      execution: raw.execution === "simt" ? "simt" : "cpu",
    });
  },
  target: (options) => (options.execution === "simt" ? simt : cpu),
  emit(program, _cx, options) {
    const text = printModule(program.name, program.kernels, { instrumented: options.checked || options.count });
    return {
      files: [{ path: `${fileName(program.name, "program")}.js`, text }],
      meta: { program, checked: options.checked, count: options.count },
    };
  },
  load,
};

export default backend;
