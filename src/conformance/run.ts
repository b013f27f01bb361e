import type { Artifact, Backend, PassContext } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { type Lowered, lower } from "../driver/compile.js";
import { loadLowered, type Machine, type Outputs, runMachine } from "../driver/machine.js";
import type { DType, TensorData } from "../ir/dtype.js";
import { compareToReference } from "../ir/graph/compare.js";
import { graphDTypes } from "../ir/graph/dtypes.js";
import type { ReferenceTensor } from "../ir/graph/interpret.js";
import { invariant } from "../util/invariant.js";
import { ok, type Result } from "../util/result.js";
import type { CaseModel, ConformanceCase } from "./cases.js";

/** What one case says of a backend. */
export type Verdict =
  /** Every run gave every number; `share` is the greatest part of its error bound that an element took. */
  | { readonly kind: "agrees"; readonly runs: number; readonly elements: number; readonly share: number }
  /** An emit-only backend gave files, twice the same, and its validator accepts them. */
  | { readonly kind: "emits"; readonly files: number }
  /** The machine has no such element types, and the compiler said so. */
  | { readonly kind: "lacks"; readonly dtypes: readonly DType[] }
  | { readonly kind: "fails"; readonly problems: readonly string[] };

/** How to judge a backend. */
export interface RunOptions {
  /** Element types that are asked for, of those that the machine has. */
  readonly dtypes?: readonly DType[];
  readonly backendOptions?: Readonly<Record<string, unknown>>;
  /** For backends that compute on a GPU; opened when first asked for. */
  readonly device?: () => Promise<GPUDevice>;
}

/** Judges a backend by one case. What the backend throws is a problem of the case; this never throws. */
export async function runCase(test: ConformanceCase, backend: Backend, options: RunOptions): Promise<Verdict> {
  try {
    return await judge(test.model(), backend, options);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return fails(`lfc or the backend failed with an exception: ${text}`);
  }
}

const fails = (...problems: readonly string[]): Verdict => ({ kind: "fails", problems });
const said = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics.map((d) => `${d.code} ${d.message}${d.help === undefined ? "" : ` (${d.help})`}`).join("; ");

async function judge(model: CaseModel, backend: Backend, options: RunOptions): Promise<Verdict> {
  const { graph, params } = model;
  const lowerOptions = { backendOptions: options.backendOptions ?? {} };
  const compile = (): Result<Lowered, readonly Diagnostic[]> => lower(graph, backend, lowerOptions);

  const parsed = backend.parseOptions(lowerOptions.backendOptions);
  if (!parsed.ok) return fails(said([parsed.error]));
  const has = backend.target(parsed.value).dtypes;
  const uses = [...graphDTypes(graph)];
  const lacking = uses.filter((t) => !has.has(t));
  if (lacking.length > 0) {
    const refused = !compile().ok;
    return refused
      ? { kind: "lacks", dtypes: lacking }
      : fails(`it emits although its target has no ${lacking.join()}`);
  }
  const unasked = uses.filter((t) => options.dtypes !== undefined && !options.dtypes.includes(t));
  if (unasked.length > 0) return { kind: "lacks", dtypes: unasked };

  const lowered = compile();
  if (!lowered.ok) return fails(`it does not compile: ${said(lowered.error)}`);
  const { artifact } = lowered.value;
  const again = backend.load === undefined ? compile() : emitAgain(lowered.value, parsed.value);
  const difference = again.ok ? firstDifference(artifact, again.value.artifact) : "the second time it does not compile";
  if (difference !== undefined) return fails(`emitting twice does not give the same: ${difference}`);
  const complaints = (await backend.validate?.(artifact)) ?? [];
  if (complaints.length > 0) return fails(...complaints.map((c) => `its validator refuses: ${c}`));
  if (backend.load === undefined)
    return artifact.files.length > 0
      ? { kind: "emits", files: artifact.files.length }
      : fails("it emits no file and cannot run");

  const device = await options.device?.();
  const loaded = await loadLowered(lowered.value, params, device);
  if (!loaded.ok) return fails(`it does not load: ${said(loaded.error)}`);
  try {
    return await compareRuns(model, loaded.value);
  } finally {
    loaded.value.executable.dispose();
  }
}

/** The last step of compiling, once more: what runs is judged by its numbers, so its passes need not run again. */
function emitAgain(lowered: Lowered, options: unknown): Result<Lowered, readonly Diagnostic[]> {
  const { backend, graph, program } = lowered;
  const { strategies } = backend;
  const cx: PassContext = { target: backend.target(options), strategies, fp: "relaxed", remark: () => undefined };
  if (backend.consumes === "graph") return ok({ ...lowered, artifact: backend.emit(graph, cx, options) });
  invariant(program !== undefined, () => `${backend.name} consumes kernels and got none`);
  return ok({ ...lowered, artifact: backend.emit(program, cx, options) });
}

/** The part of an output that the reference may leave open, by a tie or by errors that grew too far, in a case that says something. */
const mostUndecided = 0.01;

/** All runs of one loaded model; the first once more after others, so that what they leave behind would show. */
async function compareRuns({ runs }: CaseModel, machine: Machine): Promise<Verdict> {
  const problems: string[] = [];
  const results: { readonly where: string; readonly outputs: Outputs; readonly run: CaseModel["runs"][number] }[] = [];
  const order = runs.length > 1 ? [...runs, ...runs.slice(0, 1)] : runs;
  for (const [i, run] of order.entries()) {
    const where = `${run.sizes === "" ? "" : ` with ${run.sizes}`}${i === runs.length && i > 0 ? ", once more" : ""}`;
    const given = Object.fromEntries(Object.entries(run.inputs).map(([name, t]) => [name, copyOf(t)]));
    const ran = await runMachine(machine, given);
    if (!ran.ok) return fails(...problems, `it does not run${where}: ${said(ran.error)}`);
    for (const [name, t] of Object.entries(run.inputs))
      if (!sameValues(t, given[name])) problems.push(`the run${where} changed its input ${name}`);
    results.push({ where, outputs: ran.value, run });
  }
  // compared after the last run: no result may be overwritten by a later one
  let elements = 0;
  let share = 0;
  for (const { where, outputs, run } of results) {
    const reference = run.reference();
    for (const name of Object.keys(outputs))
      if (!Object.hasOwn(reference, name)) problems.push(`the run${where} gave ${name}, which the model does not have`);
    for (const [name, expected] of Object.entries(reference)) {
      const actual = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
      const problem = mismatch(name, expected, actual);
      if (problem !== undefined) problems.push(`${problem}${where}`);
      else if (actual !== undefined) {
        const c = compareToReference(expected, actual);
        elements += c.elements - c.undecided;
        share = Math.max(share, c.share);
        if (c.undecided > mostUndecided * c.elements)
          problems.push(
            `the case decides nothing: ${c.undecided} of ${c.elements} elements of ${name} are open${where}`,
          );
        if (!c.passed) problems.push(`${worstElement(name, expected, actual, c.worst)}${where}`);
      }
    }
  }
  return problems.length > 0 ? fails(...problems) : { kind: "agrees", runs: results.length, elements, share };
}

const copyOf = (t: TensorData): TensorData => ({ ...t, data: t.data.slice() });

const sameValues = (a: TensorData, b: TensorData | undefined): boolean =>
  b !== undefined && a.data.length === b.data.length && a.data.every((x, i) => Object.is(x, b.data[i]));

function mismatch(name: string, expected: ReferenceTensor, actual: TensorData | undefined): string | undefined {
  if (actual === undefined) return `the output ${name} is missing`;
  if (actual.dtype !== expected.dtype) return `${name} holds ${actual.dtype} instead of ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join())
    return `${name} has the shape [${actual.shape.join(", ")}] instead of [${expected.shape.join(", ")}]`;
  return undefined;
}

/** `y[2, 5] is 0.25, should be 0.5 ± 1.2e-6`. */
function worstElement(name: string, expected: ReferenceTensor, actual: TensorData, at: number): string {
  const place: number[] = [];
  let rest = at;
  for (const size of [...expected.shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  const where = place.length === 0 ? "" : `[${place.join(", ")}]`;
  const bound = (expected.bound[at] ?? 0).toExponential(1);
  return `${name}${where} is ${actual.data[at]}, should be ${expected.value[at]} ± ${bound}`;
}

/** The first file that differs between two artifacts. */
function firstDifference(a: Artifact, b: Artifact): string | undefined {
  const paths = (x: Artifact): string => x.files.map((f) => f.path).join(", ");
  if (paths(a) !== paths(b)) return `the files ${paths(a)}, then ${paths(b)}`;
  const index = a.files.findIndex((f, i) => {
    const other = b.files[i]?.text;
    return typeof f.text === "string" || typeof other === "string" || other === undefined
      ? f.text !== other
      : f.text.length !== other.length || f.text.some((x, j) => x !== other[j]);
  });
  return index < 0 ? undefined : `${a.files[index]?.path} differs`;
}
