import type { Artifact, Executable, Host, KernelBackend } from "../../src/backend/backend.js";
import { cpu } from "../../src/cost/targets.js";
import { unknownBackendOption, wrongBackendOption } from "../../src/diagnostics/messages/backend.js";
import { evalDim } from "../../src/ir/dim.js";
import type { KBuffer, Kernel } from "../../src/ir/kernel/ops.js";
import { worldsOf } from "../../src/ir/kernel/verify.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import type { WasmModel } from "../../src/runtime/wasm.js";
import { load as loadModel } from "../../src/runtime/wasm.js";
import { invariant } from "../../src/util/invariant.js";
import { fail, ok } from "../../src/util/result.js";
import { emitKernel } from "./emit.js";
import { encodeModule, type FunctionBody, type Module } from "./encode.js";
import { inlineSums } from "./inlineSums.js";
import { expandFunctions } from "./math.js";

/** WebAssembly with vectors of four: one module for engines with relaxed SIMD, one for all. */
export interface WasmOptions {
  /** Threads of `load`; 0: as many as the work is worth. */
  readonly threads: number;
  /** Whether the module with relaxed SIMD may be taken. */
  readonly relaxed: boolean;
}

/** A kernel in `program.json`: without its body, with the memory that it needs beside its buffers. */
interface StoredKernel extends Omit<Kernel, "body" | "buffers"> {
  readonly buffers: readonly Extract<KBuffer, { space: "global" }>[];
  readonly scratch: number;
}

export type StoredProgram = Omit<Program, "kernels"> & {
  readonly kernels: readonly StoredKernel[];
  /** Floating-point operations of a run at the least sizes. */
  readonly flops: number;
};

const files = { program: "program.json", plain: "kernels.wasm", relaxed: "kernels.relaxed.wasm" } as const;

/** Both modules import the memory under this name. */
const memory = ["lfc", "memory"] as const;

function moduleOf(
  program: Program,
  relaxed: boolean,
): { readonly module: Module; readonly scratch: readonly number[] } {
  const functions: FunctionBody[] = [];
  const scratch: number[] = [];
  const exports = program.kernels.map((kernel, i) => {
    const emitted = emitKernel(kernel, worldsOf(program, kernel), { relaxed, cellIndex: 2 * i });
    functions.push(emitted.cell, emitted.run);
    scratch.push(emitted.scratch);
    return [kernel.name, 2 * i + 1] as const;
  });
  return { module: { functions, exports, memory }, scratch };
}

function leastFlops(program: Program): number {
  const sizes = new Map(program.symbols.flatMap((s) => (s.op === "symbol" ? [[s.name, s.lo] as const] : [])));
  const count = (steps: readonly Step[]): number =>
    steps.reduce((n, s) => {
      if (s.step === "dispatch") return n + evalDim(s.flops, sizes);
      return n + count(evalDim(s.dim, sizes) < s.below ? s.then : s.else);
    }, 0);
  return count(program.steps);
}

function emit(program: Program, options: WasmOptions): Artifact {
  const plain = moduleOf(program, false);
  const relaxed = moduleOf(program, true);
  const kernels = program.kernels.map(
    ({ body: _, buffers, ...head }, i): StoredKernel => ({
      ...head,
      buffers: buffers.filter((b) => b.space === "global"),
      scratch: plain.scratch[i] ?? 0,
    }),
  );
  const stored: StoredProgram = { ...program, kernels, flops: leastFlops(program) };
  return {
    files: [
      { path: files.plain, text: encodeModule(plain.module) },
      { path: files.relaxed, text: encodeModule(relaxed.module) },
      { path: files.program, text: `${JSON.stringify(stored, null, 1)}\n` },
    ],
    meta: { backend: "wasm", model: program.name, threads: options.threads, relaxed: options.relaxed },
  };
}

/** The runtime's view of an artifact, from its files alone. */
export function modelOf(artifact: Artifact): WasmModel & { readonly program: StoredProgram } {
  const file = (path: string): string | Uint8Array => {
    const found = artifact.files.find((f) => f.path === path)?.text;
    invariant(found !== undefined, () => `the artifact has no file ${path}`);
    return found;
  };
  const bytes = (path: string): Uint8Array<ArrayBuffer> => {
    const found = file(path);
    invariant(typeof found !== "string", () => `${path} is text`);
    return Uint8Array.from(found);
  };
  const program = JSON.parse(String(file(files.program))) as StoredProgram;
  return { program, plain: bytes(files.plain), relaxed: bytes(files.relaxed) };
}

async function load(artifact: Artifact, host: Host): Promise<Executable> {
  const { threads, relaxed } = artifact.meta;
  return loadModel(modelOf(artifact), host.params, {
    ...(typeof threads === "number" && threads > 0 ? { threads } : {}),
    relaxed: relaxed !== false,
  });
}

/** What the engine of this process says. */
async function validate(artifact: Artifact): Promise<readonly string[]> {
  const { plain, relaxed } = modelOf(artifact);
  const problems: string[] = [];
  if (!WebAssembly.validate(plain)) problems.push(`${files.plain} is not valid WebAssembly`);
  // Engines without relaxed SIMD refuse it for one instruction, which the other module shows to be all.
  if (WebAssembly.validate(plain) && relaxedSimd() && !WebAssembly.validate(relaxed))
    problems.push(`${files.relaxed} is not valid WebAssembly`);
  return problems;
}

/** Whether the engine takes relaxed SIMD: asked by a function of one such instruction. */
function relaxedSimd(): boolean {
  return WebAssembly.validate(
    encodeModule({
      functions: [
        {
          type: { params: ["v128"], results: ["v128"] },
          locals: [],
          code: [0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x85, 0x02],
        },
      ],
      exports: [],
      memory,
    }),
  );
}

const backend: KernelBackend<WasmOptions> & { readonly load: typeof load } = {
  abi: 1,
  name: "wasm",
  summary: "WebAssembly with SIMD and threads: needs no GPU, in browsers and in Node",
  consumes: "kernel",
  strategies: new Set(["attention", "contractions"]),
  parseOptions(raw) {
    const known = ["threads", "relaxed"];
    for (const [name, value] of Object.entries(raw)) {
      if (!known.includes(name)) return fail(unknownBackendOption("wasm", name, known));
      if (name === "threads" && !(typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 64))
        return fail(wrongBackendOption("wasm", name, "a whole number from 0 to 64"));
      if (name === "relaxed" && typeof value !== "boolean")
        return fail(wrongBackendOption("wasm", name, "true or false"));
    }
    return ok({
      threads: typeof raw.threads === "number" ? raw.threads : 0,
      relaxed: raw.relaxed !== false,
    });
  },
  target: () => cpu,
  legalize: [inlineSums, expandFunctions],
  emit: (program, _, options) => emit(program, options),
  validate,
  load,
};

export default backend;
