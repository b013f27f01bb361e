import type { DType, TensorData, TensorValues } from "../ir/dtype.js";
import { runtimeError } from "./errors.js";
import { resourceOf } from "./limits.js";
import type { ModelStep, ModelTensor } from "./model.js";
import { createQueue } from "./queue.js";
import {
  type Boxed,
  bindInputs,
  box,
  checkForm,
  checkRanges,
  checkShape,
  checkSubscripts,
  type Given,
  member,
  type Sizes,
} from "./sizes.js";
import { byteLength, roundUp } from "./tensors.js";
import { type Call, callsOf, layOut, type Output, outputsOf, reserved, type WasmProgram } from "./wasmPlan.js";
import { canShare, type Pool, processors, startPool } from "./wasmPool.js";

export { isRuntimeError, type RuntimeError, type RuntimeErrorCode } from "./errors.js";
export type { WasmKernel, WasmProgram, WasmTensor } from "./wasmPlan.js";

/**
 * Runs a program that is compiled to WebAssembly: in pages, workers and Node, on one thread or several. It reads the
 * program and the bytes of its kernels and knows nothing of the compiler.
 */
export interface WasmModel {
  readonly program: WasmProgram;
  /** For every engine with SIMD. */
  readonly plain: Uint8Array<ArrayBuffer>;
  /** For engines with relaxed SIMD: a multiply-add is one instruction. */
  readonly relaxed: Uint8Array<ArrayBuffer>;
}

/** How to load a program. */
export interface WasmLoadOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Threads that compute; the results do not depend on their number. By default one where a run is short or memory
   * cannot be shared, else as many as there are processors.
   */
  readonly threads?: number | undefined;
  /** Whether relaxed SIMD may be used where the engine has it. Without it the bits are the same in every engine. */
  readonly relaxed?: boolean | undefined;
}

/** A program that is ready to run. */
export interface LoadedWasm {
  /**
   * Runs once. The run-time sizes are those of the inputs' shapes. Concurrent calls run one after the other.
   *
   * @throws RuntimeError
   */
  run(inputs: Inputs, options?: { readonly signal?: AbortSignal | undefined }): Promise<Tensors>;
  /** Runs once on one thread, timing each step. */
  profile(inputs: Inputs): Promise<{
    readonly outputs: Tensors;
    readonly steps: readonly { readonly label: string; readonly kernel: string; readonly seconds: number }[];
  }>;
  /** Runs on what memory holds, so that the engine has optimised the kernels. Sizes not given are the least. */
  warmup(sizes?: Readonly<Record<string, number>>): Promise<void>;
  /** What was chosen: threads, the module. */
  readonly how: { readonly threads: number; readonly relaxed: boolean };
  /** Ends the threads and frees all memory, after a run that is under way. */
  dispose(): void;
  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void;
}

/** Inputs by name. */
export type Inputs = Readonly<Record<string, Given<never>>>;
/** Results by name. */
export type Tensors = Readonly<Record<string, TensorData>>;
type Bound = readonly (readonly [ModelTensor, Boxed<never>])[];

const page = 65536;
/** 4 GiB. */
const mostPages = 65536;
/** Below so many operations starting a run on other threads costs more than it saves. */
const worthThreads = 2e7;

interface Plan {
  readonly key: string;
  readonly at: ReadonlyMap<string, number>;
  readonly calls: readonly Call[];
  readonly outputs: readonly Output[];
}

/** The import of the memory: module, name, kind, then the flags, of which 2 says that it is shared. */
const memoryImport = [3, 108, 102, 99, 6, 109, 101, 109, 111, 114, 121, 2];

/** The same module for memory of one thread. */
function unshared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const at = bytes.findIndex((_, i) => memoryImport.every((b, j) => bytes[i + j] === b)) + memoryImport.length;
  copy[at] = 1;
  return copy;
}

const none: Sizes = new Map();

/**
 * Compiles the kernels, copies the parameters and runs the steps that depend on them alone.
 *
 * @param params parameters by path
 * @throws RuntimeError
 */
export async function load(
  model: WasmModel,
  params: ReadonlyMap<string, TensorData> | Inputs,
  options: WasmLoadOptions = {},
): Promise<LoadedWasm> {
  const { program } = model;
  const { name, resources, symbols } = program;
  const scratchEach = roundUp(Math.max(0, ...program.kernels.map((k) => k.scratch)), 64);
  const threads = threadsFor(program, options.threads);
  const shared = threads > 1;
  if (!WebAssembly.validate(model.plain))
    throw runtimeError("feature", "simd", `${name} needs WebAssembly with SIMD, which this engine has not`);
  const relaxed = options.relaxed !== false && WebAssembly.validate(model.relaxed);
  const bytes = relaxed ? model.relaxed : model.plain;

  let pool: Pool | undefined;
  let functions: WebAssembly.Exports | undefined;
  let module: WebAssembly.Module | undefined;
  let memory: WebAssembly.Memory | undefined;
  /** Address behind what stays; the scratch memory of the threads lies before it. */
  let free = reserved;
  const fixed = new Map<string, number>();
  const used = boundIn(program.steps);
  let current: Plan | undefined;

  const queue = createQueue(
    name,
    () => {
      pool?.dispose();
      pool = undefined;
      memory = undefined;
      functions = undefined;
    },
    async (error) => runtimeError("device", name, `${name}: ${error instanceof Error ? error.message : error}`, error),
  );

  const held = (): WebAssembly.Memory => memory as WebAssembly.Memory; // made before anything is queued behind loading

  /** Memory of at least so many bytes. */
  const reach = (end: number): void => {
    const wanted = Math.ceil(end / page);
    const most = `${name} needs ${end} bytes of memory`;
    if (wanted > mostPages) throw runtimeError("memory", name, `${most}, WebAssembly has 4 GiB`);
    try {
      memory ??= new WebAssembly.Memory({ initial: wanted, maximum: mostPages, shared });
      const missing = wanted - Math.floor(held().buffer.byteLength / page);
      if (missing > 0) held().grow(missing);
    } catch (cause) {
      throw runtimeError("memory", name, `${most}, which the engine refuses`, cause);
    }
  };

  const view = (dtype: DType, at: number, count: number): TensorValues => {
    const { buffer } = held();
    if (dtype === "i32") return new Int32Array(buffer, at, count);
    return dtype === "f32" || dtype === "f16"
      ? new Float32Array(buffer, at, count)
      : new Uint32Array(buffer, at, count);
  };

  /** Values to their place, zeros behind them. */
  const put = (r: ModelTensor, at: number, data: TensorValues, sizes: Sizes): void => {
    const values = view(r.dtype, at, byteLength(r, sizes) / 4);
    values.set(data);
    values.fill(0, data.length);
  };

  const instance = (): WebAssembly.Exports => {
    functions ??= new WebAssembly.Instance(module as WebAssembly.Module, { lfc: { memory: held() } }).exports;
    return functions;
  };

  /** One call, all of it, on this thread. */
  const callHere = (c: Call): void => {
    const run = instance()[c.kernel] as (...args: readonly number[]) => void;
    run(0, c.total, ...c.args, ...(c.scratch ? [reserved] : []));
  };

  const parameters = (): void => {
    const prepared = boundIn(program.prepare);
    const outlives = resources.filter((r) => r.kind === "param" || (r.kind === "temp" && prepared.has(r.id)));
    // What only the preparation needs lies where the first run will write.
    const kept = layOut(
      outlives.filter((r) => used.has(r.id)),
      none,
      reserved + threads * scratchEach,
    );
    const passing = layOut(
      outlives.filter((r) => !used.has(r.id)),
      none,
      kept.end,
    );
    reach(passing.end);
    const at = new Map([...kept.at, ...passing.at]);
    for (const r of resources) {
      if (r.kind !== "param") continue;
      const given = member<Given<never>>(params, r.name);
      if (given === undefined) throw runtimeError("parameter", r.name, `the parameter ${r.name} is missing`);
      const tensor = box("parameter", r, given);
      checkForm("parameter", r, tensor);
      checkShape("parameter", r, tensor, none);
      put(r, at.get(r.id) ?? 0, tensor.data, none);
    }
    for (const c of callsOf(program, program.prepare, none, at)) callHere(c);
    free = kept.end;
    for (const [id, address] of kept.at) fixed.set(id, address);
  };

  const keyOf = (sizes: Sizes): string => symbols.map((s) => "name" in s && sizes.get(s.name)).join();

  const planFor = (sizes: Sizes): Plan => {
    const key = keyOf(sizes);
    if (current?.key === key) return current;
    const passing = layOut(
      // What only the preparation needed is done with.
      resources.filter((r) => r.kind !== "param" && !fixed.has(r.id) && (r.kind !== "temp" || used.has(r.id))),
      sizes,
      free,
    );
    reach(passing.end);
    const at = new Map([...fixed, ...passing.at]);
    current = { key, at, calls: callsOf(program, program.steps, sizes, at), outputs: outputsOf(program, sizes, at) };
    pool?.plan(current.calls);
    return current;
  };

  const bind = (given: Inputs): Plan => {
    const inputs = resources.filter((r) => r.kind === "input");
    const { sizes, tensors }: { readonly sizes: Sizes; readonly tensors: Bound } = bindInputs<never>(
      symbols,
      inputs,
      given,
    );
    checkSubscripts(program.subscripts, tensors, sizes);
    const plan = planFor(sizes);
    for (const [r, { data }] of tensors) put(r, plan.at.get(r.id) ?? 0, data, sizes);
    return plan;
  };

  const collect = (plan: Plan): Tensors =>
    Object.fromEntries(
      plan.outputs.map(({ resource, shape, count, at }) => [
        resource.name,
        { dtype: resource.dtype, shape, data: view(resource.dtype, at, count).slice() },
      ]),
    );

  const execute = async (plan: Plan): Promise<void> => {
    if (pool === undefined) for (const c of plan.calls) callHere(c);
    else await pool.run();
  };

  const loading = queue.add(async () => {
    module = await WebAssembly.compile(shared ? bytes : unshared(bytes));
    parameters();
    if (shared) pool = await startPool(name, module, held(), threads, (thread) => reserved + thread * scratchEach);
  }, options.signal);
  try {
    await loading;
  } catch (error) {
    queue.dispose();
    throw error;
  }

  return {
    how: { threads, relaxed },
    run: (inputs, { signal } = {}) =>
      queue.add(async () => {
        const plan = bind(inputs);
        await execute(plan);
        return collect(plan);
      }, signal),
    profile: (inputs) =>
      queue.add(async () => {
        const plan = bind(inputs);
        const steps = plan.calls.map((c) => {
          const begin = performance.now();
          callHere(c);
          return { label: c.label, kernel: c.kernel, seconds: (performance.now() - begin) / 1000 };
        });
        return { outputs: collect(plan), steps };
      }),
    async warmup(wanted = {}) {
      await queue.add(async () => {
        const sizes: Sizes = new Map(
          symbols.flatMap((s) => (s.op === "symbol" ? [[s.name, member(wanted, s.name) ?? s.lo]] : [])),
        );
        checkRanges(symbols, sizes);
        const plan = planFor(sizes);
        for (const r of resources) if (r.kind === "input") put(r, plan.at.get(r.id) ?? 0, new Uint32Array(0), sizes);
        await execute(plan);
      });
    },
    dispose: queue.dispose,
    [Symbol.dispose ?? Symbol()]: queue.dispose,
  } as LoadedWasm;
}

/** Resources that steps touch, in both arms of each choice. */
const boundIn = (steps: readonly ModelStep[]): ReadonlySet<string> =>
  new Set(
    steps.flatMap((s) =>
      s.step === "choose" ? [...boundIn(s.then), ...boundIn(s.else)] : Object.values(s.bind).map(resourceOf),
    ),
  );

function threadsFor({ flops, name }: WasmProgram, wanted: number | undefined): number {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1))
    throw runtimeError("worker", name, `${name} cannot run on ${wanted} threads`);
  if (!canShare()) return 1;
  return wanted ?? (flops < worthThreads ? 1 : processors());
}
