import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { weightsDiffer } from "../diagnostics/messages/io.js";
import { nearest } from "../diagnostics/suggest.js";
import { readSafetensors } from "../formats/safetensors.js";
import { constValue } from "../ir/dim.js";
import type { TensorData } from "../ir/dtype.js";
import { initialise } from "../ir/graph/initialise.js";
import type { Graph, Node } from "../ir/graph/ops.js";
import { fail, ok, type Result } from "../util/result.js";
import { readBytes } from "./sources.js";

export type ParamNode = Extract<Node, { op: "param" }>;
export type Parameters = ReadonlyMap<string, TensorData>;

export const paramNodes = (graph: Graph): readonly ParamNode[] =>
  graph.nodes.filter((n): n is ParamNode => n.op === "param");

/** Every parameter from its initialiser: the same numbers on every machine for one seed (language.md F8). */
export const initialParameters = (graph: Graph, seed: number): Parameters =>
  new Map(paramNodes(graph).map((p) => [p.path, initialise(p.init, p.type, p.path, seed)]));

/** Every parameter from a safetensors file, by its path. All that does not fit is one diagnostic. */
export function storedParameters(graph: Graph, path: string): Result<Parameters, Diagnostic> {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  const stored = readSafetensors(path, bytes.value);
  if (!stored.ok) return stored;
  const problems: string[] = [];
  const params = new Map<string, TensorData>();
  const unused = new Set(stored.value.keys());
  for (const p of paramNodes(graph)) {
    const tensor = stored.value.get(p.path);
    const shape = p.type.shape.map((d) => constValue(d) ?? -1);
    if (tensor === undefined) {
      const near = nearest(p.path, [...stored.value.keys()]);
      problems.push(
        `missing: ${p.path} ${p.type.dtype}[${shape.join(", ")}]${near === undefined ? "" : ` (the file has ${near})`}`,
      );
      continue;
    }
    unused.delete(p.path);
    if (tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i])) {
      problems.push(`misshapen: ${p.path} is [${tensor.shape.join(", ")}], the model has [${shape.join(", ")}]`);
      continue;
    }
    const data = tensor.read();
    if (data.dtype !== p.type.dtype && !(data.dtype === "f32" && p.type.dtype === "f16")) {
      problems.push(`wrong type: ${p.path} holds ${tensor.dtype}, the model has ${p.type.dtype}`);
      continue;
    }
    params.set(p.path, { ...data, dtype: p.type.dtype });
  }
  for (const name of unused) problems.push(`surplus: ${name}`);
  return problems.length > 0 ? fail(weightsDiffer(path, problems)) : ok(params);
}
