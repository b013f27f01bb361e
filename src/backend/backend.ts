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
  /** Checks what the user gave; `{}` gives the defaults. */
  parseOptions(raw: Readonly<Record<string, unknown>>): Result<Options, Diagnostic>;
  /** The machine that these options ask for: what passes may ask. */
  target(options: Options): Target;
  /** Makes an artifact ready to run. Absent: the backend only emits. */
  load?(artifact: Artifact, host: Host): Promise<Executable>;
  /** What the tools of the target say against an artifact (a compiler, a validator); nothing: they accept it. */
  validate?(artifact: Artifact): Promise<readonly string[]>;
}

/** A backend that takes the optimised graph. */
export interface GraphBackend<Options = unknown> extends Common<Options> {
  readonly consumes: "graph";
  readonly strategies: ReadonlySet<string>;
  readonly legalize?: readonly Pass<Graph>[];
  /** What of the graph the backend cannot express, in the user's words; `emit` is asked only where there is nothing. */
  refuse?(graph: Graph): readonly Diagnostic[];
  /** The files of a graph. Pure: the same graph and options give the same bytes. */
  emit(graph: Graph, cx: PassContext, options: Options): Artifact;
}

/** A backend that takes scheduled kernels. */
export interface KernelBackend<Options = unknown> extends Common<Options> {
  readonly consumes: "kernel";
  readonly strategies: ReadonlySet<string>;
  readonly legalize?: readonly Pass<Program>[];
  /** The files of a program. Pure: the same program and options give the same bytes. */
  emit(program: Program, cx: PassContext, options: Options): Artifact;
}

/** What `--backend` names. */
export type Backend<O = unknown> = GraphBackend<O> | KernelBackend<O>;

/** What a backend emits: files, by paths relative to the folder they go to, and what to note of them. */
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

/** A loaded artifact. */
export interface Executable {
  /** Inputs and outputs by name. Run-time sizes are bound by the inputs' shapes. */
  run(inputs: Readonly<Record<string, TensorData>>): Promise<Readonly<Record<string, TensorData>>>;
  /** One run, and what each of its steps took. For `lfc bench` and the tuner; slower than `run` by what measuring costs. */
  profile?(inputs: Readonly<Record<string, TensorData>>): Promise<Profile>;
  /** Frees what the artifact holds. Again it does nothing. */
  dispose(): void;
}

/** A run and where its time went. */
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

/** What a pass may ask, and where it says what it decided. */
export interface PassContext {
  readonly target: Target;
  readonly strategies: ReadonlySet<string>;
  readonly fp: "relaxed" | "strict";
  /** Choices that are made already; a subject that it does not name is the pass's to decide. */
  readonly plan?: Plan;
  /** How many of the choices that were not taken a decision names, at most; a few unless told. */
  readonly others?: number;
  /** The side of a choice at run time that is being compiled. */
  readonly branch?: OrderBranch;
  /** Says what was decided. */
  remark(remark: Remark): void;
}

/** One side of a choice between two plans that is made when a program runs. */
export interface OrderBranch {
  /** `Seq < 1024`; what is decided for this side alone has it behind its subject. Empty: there is one side. */
  readonly when: string;
  /** Orders of this side alone, and of both. */
  readonly own: Plan["orders"];
  readonly common: Plan["orders"];
  /** The run-time sizes for which numbers are said. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** A pure function on an IR. What it leaves as it is, is the same object. */
export interface Pass<I, O = I> {
  readonly name: string;
  readonly summary: string;
  /** The IR after the pass. */
  run(ir: I, cx: PassContext): O;
}

/** Identity with a type: what a backend package exports by default. */
export const defineBackend = <O>(backend: Backend<O>): Backend<O> => backend;
