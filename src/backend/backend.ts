import type { Decision, Plan } from "../cost/plan.js";
import type { Target } from "../cost/target.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Loc } from "../diagnostics/span.js";
import type { TensorData } from "../ir/dtype.js";
import type { Graph } from "../ir/graph/ops.js";
import type { Program } from "../ir/program/program.js";
import type { Result } from "../util/result.js";

/**
 * The backend contract. The interface asks, passes answer: a backend says what its machine is (`target`), which
 * strategies it knows, and which legalisations come last; it cannot reorder the pipeline. `emit` is pure: the same
 * input gives the same bytes. `load` runs an artifact; a backend without it only emits.
 */
interface Common<Options> {
  readonly abi: 1;
  readonly name: string;
  readonly summary: string;
  parseOptions(raw: Readonly<Record<string, unknown>>): Result<Options, Diagnostic>;
  target(options: Options): Target;
  load?(artifact: Artifact, host: Host): Promise<Executable>;
  /** What the tools of the target say against an artifact (a compiler, a validator); nothing: they accept it. */
  validate?(artifact: Artifact): Promise<readonly string[]>;
}

export interface GraphBackend<Options = unknown> extends Common<Options> {
  readonly consumes: "graph";
  readonly strategies: ReadonlySet<string>;
  readonly legalize?: readonly Pass<Graph>[];
  /** What of the graph the backend cannot express, in the user's words; `emit` is asked only where there is nothing. */
  refuse?(graph: Graph): readonly Diagnostic[];
  emit(graph: Graph, cx: PassContext, options: Options): Artifact;
}

export interface KernelBackend<Options = unknown> extends Common<Options> {
  readonly consumes: "kernel";
  readonly strategies: ReadonlySet<string>;
  readonly legalize?: readonly Pass<Program>[];
  emit(program: Program, cx: PassContext, options: Options): Artifact;
}

export type Backend<O = unknown> = GraphBackend<O> | KernelBackend<O>;

export interface Artifact {
  readonly files: readonly { readonly path: string; readonly text: string | Uint8Array }[];
  readonly meta: Readonly<Record<string, unknown>>;
}

/** What a loaded artifact may use. The device is passed in; a backend never opens one. */
export interface Host {
  readonly device?: GPUDevice;
  /** Parameters by path. */
  readonly params: ReadonlyMap<string, TensorData>;
}

export interface Executable {
  /** Inputs and outputs by name. Run-time sizes are bound by the inputs' shapes. */
  run(inputs: Readonly<Record<string, TensorData>>): Promise<Readonly<Record<string, TensorData>>>;
  /** One run, and what each of its steps took. For `lfc bench` and the tuner; slower than `run` by what measuring costs. */
  profile?(inputs: Readonly<Record<string, TensorData>>): Promise<Profile>;
  dispose(): void;
}

export interface Profile {
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** In the order in which they ran; `label` and `kernel` are the program's. */
  readonly steps: readonly { readonly label: string; readonly kernel: string; readonly seconds: number }[];
}

/** A decision that a pass took, with the numbers that made it. */
export interface Remark {
  readonly pass: string;
  readonly loc: Loc;
  readonly message: string;
  readonly data?: Readonly<Record<string, number | string>>;
  readonly decision?: Decision;
}

export interface PassContext {
  readonly target: Target;
  readonly strategies: ReadonlySet<string>;
  readonly fp: "relaxed" | "strict";
  /** Choices that are made already; a subject that it does not name is the pass's to decide. */
  readonly plan?: Plan;
  remark(remark: Remark): void;
}

export interface Pass<I, O = I> {
  readonly name: string;
  readonly summary: string;
  run(ir: I, cx: PassContext): O;
}

/** Identity with a type: what a backend package exports by default. */
export const defineBackend = <O>(backend: Backend<O>): Backend<O> => backend;
