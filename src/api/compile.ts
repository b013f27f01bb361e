import type { Artifact, Backend, Remark } from "../backend/backend.js";
import { inputShape, missingInputs, unknownInput } from "../diagnostics/messages/io.js";
import type { SourceFile } from "../diagnostics/span.js";
import { nearest } from "../diagnostics/suggest.js";
import { resolveBackend } from "../driver/backends.js";
import { graphOf, type LowerOptions, lower } from "../driver/compile.js";
import { inputNodes, wantedInputs } from "../driver/inputs.js";
import { loadMachine, runMachine, runReference } from "../driver/machine.js";
import { initialParameters, type Parameters } from "../driver/parameters.js";
import { constValue } from "../ir/dim.js";
import { allocate, type TensorData } from "../ir/dtype.js";
import type { Graph, Node } from "../ir/graph/ops.js";
import type { Program } from "../ir/program/program.js";
import { LfError, unwrap } from "./error.js";
import type { Fn } from "./fn.js";
import { writeModel } from "./write.js";

/** What can be compiled: a function made by `lf.fn`, or a graph from anywhere. */
export type Model = Fn | Graph;

/** How to compile. */
export interface CompileOptions extends LowerOptions {
  /** A name as for `--backend`, or a backend itself. */
  readonly backend: string | Backend;
}

/** How to compile a text. */
export interface TextOptions extends CompileOptions {
  /** What messages call the text; imports are looked for beside it. */
  readonly path?: string;
  /** Which model, where the text has several. */
  readonly model?: string;
  /** Other values for dims of the text, as `--dim` gives. */
  readonly dims?: Readonly<Record<string, number>>;
}

/** The files that a backend wrote, and the representations they came from. */
export interface Compiled extends Artifact {
  /** After the graph passes. */
  readonly graph: Graph;
  /** Only from backends that consume kernels. */
  readonly program?: Program;
  readonly remarks: readonly Remark[];
}

/** The graph of a function: what it means, nothing decided. @throws LfError */
export const graphOfFn = (model: Fn): Graph => unwrap(graphOf(writeModel(model)));

/** The same model as a text in the language. @throws LfError */
export const textOfFn = (model: Fn): string => writeModel(model).text;

/** Compiles a model for a backend. @throws LfError for each mistake of the model, the options or the backend */
export async function compile(model: Model, options: CompileOptions): Promise<Compiled> {
  const { backend, ...how } = options;
  const { artifact, graph, program, remarks } = unwrap(lower(asGraph(model), await find(backend), how));
  return { ...artifact, graph, ...(program === undefined ? {} : { program }), remarks };
}

/** Compiles a text in the language. @throws LfError with the place in the text */
export async function compileText(text: string, options: TextOptions): Promise<Compiled> {
  const { path, model, dims, ...how } = options;
  return compile(graphOfText(text, { ...(path && { path }), ...(model && { model }), ...(dims && { dims }) }), how);
}

/** The graph of a text: what it means, nothing decided. @throws LfError */
export function graphOfText(text: string, options: Pick<TextOptions, "path" | "model" | "dims"> = {}): Graph {
  const entry: SourceFile = { path: options.path ?? "model.lf", text };
  return unwrap(
    graphOf(entry, {
      dims: new Map(Object.entries(options.dims ?? {})),
      ...(options.model === undefined ? {} : { model: options.model }),
    }),
  );
}

/** How to run a model once. */
export interface RunOptions extends LowerOptions {
  /** `reference`, the float64 interpreter, unless told; else as for `compile`. */
  readonly backend?: string | Backend;
  /** For backends that compute on a GPU. */
  readonly device?: GPUDevice;
  /** Parameters by path; those not given have their initial values. */
  readonly params?: Parameters;
  /** Decides initial values. */
  readonly seed?: number;
}

/** A tensor, or the numbers of one whose shape the model fixes. */
export type RunInput = TensorData | ArrayLike<number>;

/** Runs a model once. @throws LfError */
export async function run(
  model: Model,
  inputs: Readonly<Record<string, RunInput>>,
  options: RunOptions = {},
): Promise<Readonly<Record<string, TensorData>>> {
  const { backend = "reference", device, params, seed = 0, ...how } = options;
  const graph = asGraph(model);
  const values = bind(graph, inputs);
  const all = new Map([...initialParameters(graph, seed), ...(params ?? [])]);
  if (backend === "reference")
    return Object.fromEntries(
      Object.entries(runReference(graph, values, all)).map(([name, { dtype, shape, value }]) => {
        const data = allocate(dtype, value.length);
        data.set(value);
        return [name, { dtype, shape, data }];
      }),
    );
  const machine = unwrap(await loadMachine(graph, await find(backend), all, device, how));
  try {
    return unwrap(await runMachine(machine, values));
  } finally {
    machine.executable.dispose();
  }
}

const asGraph = (model: Model): Graph => ("nodes" in model ? model : graphOfFn(model));

const find = async (backend: string | Backend): Promise<Backend> =>
  typeof backend === "string" ? unwrap(await resolveBackend(backend)) : backend;

function bind(graph: Graph, given: Readonly<Record<string, RunInput>>): Readonly<Record<string, TensorData>> {
  const nodes = inputNodes(graph);
  const names = nodes.map((n) => n.name);
  const wanted = wantedInputs(graph);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new LfError(unknown.map((name) => unknownInput(name, wanted, nearest(name, names))));
  const missing = names.filter((name) => given[name] === undefined);
  if (missing.length > 0) throw new LfError([missingInputs(missing, wanted)]);
  return Object.fromEntries(nodes.map((n) => [n.name, asTensor(n, given[n.name] ?? [])]));
}

function asTensor(node: Extract<Node, { op: "input" }>, value: RunInput): TensorData {
  const { dtype, shape } = node.type;
  const sizes = shape.map(constValue);
  const fits = (found: readonly number[]): boolean =>
    found.length === sizes.length && sizes.every((n, axis) => n === undefined || n === found[axis]);
  const wanted = `${dtype}[${sizes.map((n) => n ?? "?").join(", ")}]`;
  if ("shape" in value) {
    const count = value.shape.reduce((a, b) => a * b, 1);
    if (fits(value.shape) && value.data.length === count) return value;
    throw new LfError([inputShape(node.name, wanted, value.shape)]);
  }
  const known = sizes.every((n) => n !== undefined) ? (sizes as readonly number[]) : undefined;
  if (known === undefined || known.reduce((a, b) => a * b, 1) !== value.length)
    throw new LfError([
      inputShape(node.name, wanted, [value.length], known ? undefined : "give a tensor with a shape"),
    ]);
  const data = allocate(dtype, value.length);
  data.set(value);
  return { dtype, shape: known, data };
}
