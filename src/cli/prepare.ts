import { parseGraph } from "../../grammar/lfir.toIr.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { unknownModel } from "../diagnostics/messages/elaborate.js";
import { modelOf, type SourceModel } from "../driver/compile.js";
import { type BoundInputs, bindInputs, inputNodes } from "../driver/inputs.js";
import { initialParameters, type Parameters, storedParameters } from "../driver/parameters.js";
import { readSource } from "../driver/sources.js";
import type { Graph } from "../ir/graph/ops.js";
import { fail, ok, type Result } from "../util/result.js";
import type { InputOptions, ModelOptions } from "./options.js";

/** The graph of the model that the options name, or the one that a .lfir file holds. */
export function loadGraph(file: string, options: ModelOptions): Result<Graph, readonly Diagnostic[]> {
  const model = loadModel(file, options);
  return model.ok ? ok(model.value.graph) : model;
}

/** The same with the trees of its source; a .lfir file has none. */
export function loadModel(
  file: string,
  options: ModelOptions,
): Result<Pick<SourceModel, "graph"> & Partial<SourceModel>, readonly Diagnostic[]> {
  const source = readSource(file);
  if (!source.ok) return fail([source.error]);
  if (file.endsWith(".lfir")) {
    const graph = parseGraph(source.value, { dims: options.dim ?? new Map() });
    if (!graph.ok) return graph;
    if (options.model === undefined || options.model === graph.value.name) return ok({ graph: graph.value });
    return fail([unknownModel(options.model, [graph.value.name], undefined)]);
  }
  return modelOf(source.value, {
    dims: options.dim ?? new Map(),
    ...(options.model === undefined ? {} : { model: options.model }),
  });
}

export interface Prepared extends BoundInputs {
  readonly graph: Graph;
  readonly params: Parameters;
}

/**
 * A model with everything that a run needs. With `randomInputs`, no `--input` at all means random values for all; run-time
 * sizes that no file decides are near `sizes`, or small.
 */
export function prepareModel(
  file: string,
  options: ModelOptions & InputOptions,
  { randomInputs, sizes = new Map() }: { readonly randomInputs: boolean; readonly sizes?: ReadonlyMap<string, number> },
): Result<Prepared, readonly Diagnostic[]> {
  const graph = loadGraph(file, options);
  if (!graph.ok) return graph;
  const sources =
    options.input ??
    new Map(randomInputs ? inputNodes(graph.value).map((n) => [n.name, { kind: "random" } as const]) : []);
  const bound = bindInputs(graph.value, sources, options.seed, sizes);
  if (!bound.ok) return bound;
  const params =
    options.weights === undefined
      ? ok(initialParameters(graph.value, options.seed))
      : storedParameters(graph.value, options.weights);
  if (!params.ok) return fail([params.error]);
  return ok({ graph: graph.value, params: params.value, ...bound.value });
}
