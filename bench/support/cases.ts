import type { DType, TensorData } from "../../src/ir/dtype.js";
import type { WgslModel } from "../../src/runtime/webgpu.js";

/**
 * What the page can time. A case is set up once, run many times and disposed; in its members typed arrays may stand
 * anywhere and cross as bytes.
 */
export type Case = KernelsCase | ProgramCase | ModuleCase;

/** f32 values made in the page from a seed (`values.ts`), or a tensor given in full. */
export type TensorSource = SeededTensor | TensorData;

export interface SeededTensor {
  readonly shape: readonly number[];
  readonly seed: number;
  /** Values lie in -scale … scale. */
  readonly scale: number;
}

/** From the host and back to it (a result is read), or on the device only (its queue is waited for). */
export type Transfer = "host" | "device";

/** WGSL by hand. */
export interface KernelsCase {
  readonly kind: "kernels";
  readonly name: string;
  /** Buffers by name: their contents, or how many bytes of nothing. */
  readonly buffers: Readonly<Record<string, TensorSource | { readonly bytes: number }>>;
  /** In order, in one pass of one submission. */
  readonly steps: readonly KernelStep[];
  /** The buffer that `output` reads. */
  readonly output?: string;
  /** For `transfer: "host"`: the buffer that is written anew in every run. */
  readonly input?: string;
  readonly transfer?: Transfer;
  /** Runs in one sample, whose time is divided by it; for kernels of less than a millisecond. */
  readonly repeat?: number;
}

export interface KernelStep {
  readonly code: string;
  /** Entry point; `main` unless told. */
  readonly entry?: string;
  /** Buffers of bind group 0 by binding; every one has to be used by the text. */
  readonly bind: readonly string[];
  /** Workgroups. */
  readonly grid: readonly [number, number, number];
}

/** A compiled program, through lfc's own runtime. */
export interface ProgramCase {
  readonly kind: "program";
  readonly name: string;
  readonly model: WgslModel;
  readonly params: Readonly<Record<string, TensorSource>>;
  readonly inputs: Readonly<Record<string, TensorSource>>;
  readonly transfer?: Transfer;
  readonly repeat?: number;
}

/** Whatever a script that is loaded beside the harness has registered under `module`. */
export interface ModuleCase {
  readonly kind: "module";
  readonly name: string;
  readonly module: string;
  readonly spec: unknown;
  readonly repeat?: number;
}

/** A case that is set up. */
export interface Runner {
  run(): Promise<void>;
  /** The result of the last run, or of one more. */
  output?(): Promise<Readonly<Record<string, TensorData>>>;
  /** What each dispatch of one more run took. */
  profile?(): Promise<readonly StepTime[]>;
  dispose(): void;
}

export interface StepTime {
  readonly label: string;
  readonly kernel: string;
  readonly seconds: number;
}

/** How a script in the page offers a kind of case of its own: `lfcBench.modules.set("name", create)`. */
export type CreateRunner = (spec: unknown, tools: PageTools) => Promise<Runner>;

export interface PageTools {
  /** Seeded tensors become values. */
  tensor(source: TensorSource): TensorData;
}

/** What the page says of a run. */
export interface Ran {
  /** Milliseconds of one run. */
  readonly ms: number;
  /** Dispatches and submissions of one run, of every device of the page. */
  readonly dispatches: number;
  readonly submits: number;
}

/** What the harness is to the scripts beside it and to the driver outside: `globalThis.lfcBench`. */
export interface PageBench {
  readonly modules: Map<string, CreateRunner>;
  /** Sets up a case and gives what it took in milliseconds. */
  setup(key: string, spec: string): Promise<number>;
  run(key: string): Promise<Ran>;
  /** Stores the outputs where the driver finds them; their dtypes and shapes by name. */
  output(key: string): Promise<Readonly<Record<string, Stored>>>;
  profile(key: string): Promise<readonly StepTime[]>;
  dispose(key: string): void;
  adapter(): Promise<string>;
}

export interface Stored {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly path: string;
}

/** How a typed array crosses: the path that serves its bytes. */
export interface Bytes {
  readonly bytes: string;
  readonly type: "f32" | "i32" | "u32";
}
export const isBytes = (value: unknown): value is { readonly $: Bytes } =>
  typeof value === "object" && value !== null && "$" in value;
