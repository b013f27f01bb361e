import { parseFile } from "../../grammar/parse.js";
import { type Instrument, runPasses } from "../../passes/manager.js";
import { graphPipeline, programPipeline } from "../../passes/pipelines.js";
import type { Artifact, Backend, Pass, PassContext, Remark } from "../backend/backend.js";
import { check } from "../check/check.js";
import type { CheckedProgram } from "../check/checked.js";
import { elaborate } from "../check/elaborate/elaborate.js";
import type { Plan } from "../cost/plan.js";
import { type Measured, withMeasured } from "../cost/profile.js";
import type { Target } from "../cost/target.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { unknownPass } from "../diagnostics/messages/api.js";
import { unsupportedDtype } from "../diagnostics/messages/io.js";
import type { SourceFile } from "../diagnostics/span.js";
import { nearest } from "../diagnostics/suggest.js";
import { graphDTypes } from "../ir/graph/dtypes.js";
import type { Graph } from "../ir/graph/ops.js";
import { type SubscriptInput, subscriptInputs } from "../ir/graph/subscripts.js";
import type { Program } from "../ir/program/program.js";
import { fail, ok, type Result } from "../util/result.js";
import { PluginFault } from "./plugin.js";
import { optimised, scheduled } from "./sides.js";
import { importsOf } from "./sources.js";

/** From text to an artifact. Each stage is a pure function of the one before; nothing here touches a file but imports. */
export interface FrontendOptions {
  /** `--dim Name=value`. */
  readonly dims?: ReadonlyMap<string, number>;
  /** Which model of the file; needed when it has several. */
  readonly model?: string;
  /** How an import is found; the default reads files. */
  readonly load?: (path: string, from: SourceFile) => SourceFile | undefined;
}

export interface Checked {
  readonly program?: CheckedProgram;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses and checks a file with all that it imports. */
export const checkSource = (entry: SourceFile, options: FrontendOptions = {}): Checked =>
  check(entry, { dims: options.dims ?? new Map(), load: options.load ?? importsOf(entry), parse: parseFile });

export interface SourceModel {
  /** The unoptimised graph: what the program means. */
  readonly graph: Graph;
  /** The trees that it comes from: what its author calls things and says of them. */
  readonly checked: CheckedProgram;
}

/** A model with the program that it was written in. */
export function modelOf(entry: SourceFile, options: FrontendOptions = {}): Result<SourceModel, readonly Diagnostic[]> {
  const { program, diagnostics } = checkSource(entry, options);
  if (program === undefined || diagnostics.some((d) => d.severity === "error")) return fail(diagnostics);
  const graph = elaborate(program, options.model);
  return graph.ok ? ok({ graph: graph.value, checked: program }) : graph;
}

/** The unoptimised graph of a model: what the program means. */
export function graphOf(entry: SourceFile, options: FrontendOptions = {}): Result<Graph, readonly Diagnostic[]> {
  const model = modelOf(entry, options);
  return model.ok ? ok(model.value.graph) : model;
}

export interface LowerOptions {
  readonly fp?: "relaxed" | "strict";
  readonly plan?: Plan;
  readonly backendOptions?: Readonly<Record<string, unknown>>;
  /** What the adapter was measured to do, in place of the rates that the backend's target names. */
  readonly measured?: Measured | undefined;
  /** How many of the choices that were not taken a decision names. */
  readonly others?: number;
  readonly instruments?: readonly Instrument[];
  /** Graph passes of the caller's own, each behind the last run of a pass of the pipeline. */
  readonly extraPasses?: readonly ExtraPass[];
}

/** A pass of the caller's, and where it goes. */
export interface ExtraPass {
  readonly after: string;
  readonly pass: Pass<Graph>;
}

export interface Lowered {
  readonly backend: Backend;
  /** The machine that the passes asked about. */
  readonly target: Target;
  /** After the graph passes. */
  readonly graph: Graph;
  /** Only for backends that consume kernels. */
  readonly program?: Program;
  readonly artifact: Artifact;
  readonly remarks: readonly Remark[];
  /** The inputs whose values a runtime holds to be rows of a parameter before it runs. */
  readonly subscripts: readonly SubscriptInput[];
}

/** The graph through the pipeline of a backend to its artifact. */
export function lower(
  source: Graph,
  backend: Backend,
  options: LowerOptions = {},
): Result<Lowered, readonly Diagnostic[]> {
  try {
    return lowerFor(source, backend, options);
  } catch (error) {
    if (error instanceof PluginFault) return fail([error.diagnostic]);
    throw error;
  }
}

function lowerFor(source: Graph, backend: Backend, options: LowerOptions): Result<Lowered, readonly Diagnostic[]> {
  const parsed = backend.parseOptions(options.backendOptions ?? {});
  if (!parsed.ok) return fail([parsed.error]);
  const named = backend.target(parsed.value);
  const target = options.measured === undefined ? named : withMeasured(named, options.measured);
  const lacking = [...graphDTypes(source)].find((dtype) => !target.dtypes.has(dtype));
  if (lacking !== undefined) return fail([unsupportedDtype(backend.name, lacking, `the model ${source.name}`)]);

  const passes = withExtra(options.extraPasses ?? []);
  if (!passes.ok) return passes;

  const remarks: Remark[] = [];
  const cx: PassContext = {
    target,
    strategies: backend.strategies,
    fp: options.fp ?? "relaxed",
    ...(options.plan && { plan: options.plan }),
    ...(options.others !== undefined && { others: options.others }),
    remark: (r) => remarks.push(r),
  };
  const instruments = options.instruments ?? [];
  const subscripts = subscriptInputs(source);
  if (backend.consumes === "graph") {
    const graph = runPasses(optimised(source, passes.value, cx, instruments), backend.legalize ?? [], cx, instruments);
    const refused = backend.refuse?.(graph) ?? [];
    if (refused.length > 0) return fail(refused);
    return ok({ backend, target, graph, artifact: backend.emit(graph, cx, parsed.value), remarks, subscripts });
  }
  const made = scheduled(source, passes.value, cx, instruments);
  // of the source: which inputs are subscripts must not depend on what the passes made of it
  const checked = subscripts.map(({ input, extent }) => ({ input, extent }));
  const guarded: Program = checked.length === 0 ? made.program : { ...made.program, subscripts: checked };
  const program = runPasses(guarded, [...programPipeline, ...(backend.legalize ?? [])], cx, instruments);
  return ok({
    backend,
    target,
    graph: made.graph,
    program,
    artifact: backend.emit(program, cx, parsed.value),
    remarks,
    subscripts,
  });
}

/** The graph passes with the caller's own among them; those behind one pass stay in their order. */
function withExtra(extra: readonly ExtraPass[]): Result<readonly Pass<Graph>[], readonly Diagnostic[]> {
  const names = [...new Set(graphPipeline.map((p) => p.name))];
  const unknown = extra.filter((e) => !names.includes(e.after));
  if (unknown.length > 0) return fail(unknown.map((e) => unknownPass(e.after, nearest(e.after, names), names)));
  const last = new Map(graphPipeline.map((p, position) => [p.name, position]));
  return ok(
    graphPipeline.flatMap((p, position) => [
      p,
      ...extra.filter((e) => last.get(e.after) === position).map((e) => e.pass),
    ]),
  );
}
