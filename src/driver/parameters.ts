import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { weightsDiffer } from "../diagnostics/messages/io.js";
import { nearest } from "../diagnostics/suggest.js";
import { readSafetensors, type Safetensors } from "../formats/safetensors.js";
import type { TensorData } from "../ir/dtype.js";
import { initialise } from "../ir/graph/initialise.js";
import type { Graph, Node } from "../ir/graph/ops.js";
import { fail, ok, type Result } from "../util/result.js";
import { fromStored, type StoredForm, storedForm } from "./checkpoint.js";
import { readBytes } from "./sources.js";

export type ParamNode = Extract<Node, { op: "param" }>;
/** Values of parameters by path. */
export type Parameters = ReadonlyMap<string, TensorData>;

export const paramNodes = (graph: Graph): readonly ParamNode[] =>
  graph.nodes.filter((n): n is ParamNode => n.op === "param");

/** Every parameter from its initialiser: the same numbers on every machine for one seed (language.md F8). */
export const initialParameters = (graph: Graph, seed: number): Parameters =>
  new Map(paramNodes(graph).map((p) => [p.path, initialise(p.init, p.type, p.path, seed)]));

/**
 * Every parameter from a safetensors file: by the key and in the layout of its `from … as …`, or by its path. All that
 * does not fit is one diagnostic.
 */
export function storedParameters(graph: Graph, path: string): Result<Parameters, Diagnostic> {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  const stored = readSafetensors(path, bytes.value);
  if (!stored.ok) return stored;
  const nodes = paramNodes(graph).map((node) => ({ node, form: storedForm(node) }));
  const wanted = new Set(nodes.flatMap(({ form }) => form.tensors.map((t) => t.key)));
  const surplus = [...stored.value.keys()].filter((key) => !wanted.has(key));
  const params = new Map<string, TensorData>();
  const problems: string[] = [];
  for (const { node, form } of nodes) {
    const found = form.tensors.map(({ key }) => readStored(stored.value, key, node, form, surplus));
    for (const tensor of found) if (!tensor.ok) problems.push(tensor.error);
    if (found.every((t) => t.ok))
      params.set(
        node.path,
        fromStored(
          node,
          found.map((t) => t.value),
        ),
      );
  }
  const missing = [...wanted].filter((key) => !stored.value.has(key));
  for (const key of surplus) {
    const near = nearest(key, missing);
    problems.push(`surplus: ${key}${near === undefined ? "" : ` (the model wants ${near})`}`);
  }
  return problems.length > 0 ? fail(weightsDiffer(path, problems)) : ok(params);
}

/** One tensor of a file, if it is there in the shape and with the element type that a parameter wants. */
function readStored(
  file: Safetensors,
  key: string,
  { path, type }: ParamNode,
  { shape, layout }: StoredForm,
  surplus: readonly string[],
): Result<TensorData, string> {
  const tensor = file.get(key);
  const whose = key === path ? key : `${key} for ${path}`;
  const wanted = `[${shape.join(", ")}]${layout === undefined ? "" : `, stored as ${layout}`}`;
  if (tensor === undefined) {
    const near = nearest(key, surplus);
    return fail(`missing: ${whose} ${type.dtype}${wanted}${near === undefined ? "" : ` (the file has ${near})`}`);
  }
  if (tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i]))
    return fail(`misshapen: ${whose} is [${tensor.shape.join(", ")}], the model has ${wanted}`);
  const data = tensor.read();
  if (data.dtype !== type.dtype && !(data.dtype === "f32" && type.dtype === "f16"))
    return fail(`wrong type: ${whose} holds ${tensor.dtype}, the model has ${type.dtype}`);
  return ok(data);
}
