import type { Diagnostic } from "../diagnostics/diagnostic.js";
import {
  inputDtype,
  inputShape,
  missingInputs,
  sizeOutOfRange,
  subscriptValue,
  unknownInput,
  type WantedInput,
} from "../diagnostics/messages/io.js";
import { nearest } from "../diagnostics/suggest.js";
import { readNpy } from "../formats/npy.js";
import { type DimSymbol, evalDim, printDim, symbolsOf } from "../ir/dim.js";
import { allocate, type TensorData } from "../ir/dtype.js";
import { randomInput } from "../ir/graph/initialise.js";
import type { Graph, Node, TensorType } from "../ir/graph/ops.js";
import { subscriptInputs } from "../ir/graph/subscripts.js";
import { fail, ok, type Result } from "../util/result.js";
import { readBytes } from "./sources.js";

/** Where the value of an input comes from: `--input name=FILE.npy`, `name=text:FILE.txt`, `name=random`. */
export type InputSource =
  | { readonly kind: "npy"; readonly path: string }
  | { readonly kind: "text"; readonly path: string }
  | { readonly kind: "random" };

export interface BoundInputs {
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** The run-time sizes. */
  readonly sizes: ReadonlyMap<string, number>;
}

type InputNode = Extract<Node, { op: "input" }>;

export const inputNodes = (graph: Graph): readonly InputNode[] =>
  graph.inputs.flatMap((v) => {
    const node = graph.nodes[v];
    return node?.op === "input" ? [node] : [];
  });

const shapeText = (type: TensorType): string =>
  type.shape.length === 0 ? "" : `[${type.shape.map(printDim).join(", ")}]`;
export const wantedInputs = (graph: Graph): readonly WantedInput[] =>
  inputNodes(graph).map((n) => ({ name: n.name, dtype: n.type.dtype, shape: shapeText(n.type) }));

/**
 * Reads or makes a value for each input. Run-time sizes are taken from the files; those that no file fixes are small
 * and the same on every run, or near what is `wished`. `seed` decides the random values.
 */
export function bindInputs(
  graph: Graph,
  sources: ReadonlyMap<string, InputSource>,
  seed: number,
  wished: ReadonlyMap<string, number> = new Map(),
): Result<BoundInputs, readonly Diagnostic[]> {
  const nodes = inputNodes(graph);
  const wanted = wantedInputs(graph);
  const names = nodes.map((n) => n.name);
  const errors: Diagnostic[] = [];
  for (const name of sources.keys())
    if (!names.includes(name)) errors.push(unknownInput(name, wanted, nearest(name, names)));
  const missing = names.filter((n) => !sources.has(n));
  if (missing.length > 0) errors.push(missingInputs(missing, wanted));
  if (errors.length > 0) return fail(errors);

  const values = new Map<string, TensorData>();
  const texts = new Map<string, Uint8Array>();
  const sizes = new Map<string, number>();
  for (const node of nodes) {
    const source = sources.get(node.name);
    if (source === undefined || source.kind === "random") continue;
    const file = readBytes(source.path);
    if (!file.ok) {
      errors.push(file.error);
    } else if (source.kind === "text") {
      texts.set(node.name, file.value);
    } else {
      const read = readNpy(source.path, file.value);
      const cast = read.ok ? asInput(node, read.value) : read;
      const problem = cast.ok ? bindSizes(node, cast.value.shape, sizes) : cast.error;
      if (problem !== undefined) errors.push(problem);
      else if (cast.ok) values.set(node.name, cast.value);
    }
  }
  if (errors.length > 0) return fail(errors);

  // a text fixes its last axis when that is a run-time size by itself
  for (const node of nodes) {
    const last = node.type.shape.at(-1);
    const text = texts.get(node.name);
    if (text !== undefined && last?.op === "symbol" && !sizes.has(last.name))
      sizes.set(last.name, clampSize(last, text.length));
  }
  for (const node of nodes)
    for (const d of node.type.shape)
      for (const s of symbolsOf(d)) if (!sizes.has(s.name)) sizes.set(s.name, clampSize(s, wished.get(s.name) ?? 1));
  for (const node of nodes) {
    const text = texts.get(node.name);
    if (text !== undefined) {
      const value = fromText(node, text, sizes);
      if (value.ok) values.set(node.name, value.value);
      else errors.push(value.error);
    } else if (!values.has(node.name))
      values.set(node.name, randomInput(node.type, node.name, seed, sizes, rowLimit(graph, node.name, sizes)));
  }
  if (errors.length === 0) errors.push(...checkSubscripts(graph, values, sizes));
  return errors.length > 0 ? fail(errors) : ok({ inputs: Object.fromEntries(values), sizes });
}

/** The size within the range of `s` that is nearest to `wish`, from below where possible. */
const clampSize = (s: DimSymbol, wish: number): number =>
  Math.min(s.hi, Math.max(s.lo, Math.floor(wish / s.step) * s.step));

/** Numbers read from a file as the element type of the input; only changes that keep every value are made. */
function asInput(node: InputNode, value: TensorData): Result<TensorData, Diagnostic> {
  const dtype = node.type.dtype;
  if (value.dtype === dtype) return ok(value);
  const compatible =
    (value.dtype === "f32" && dtype === "f16") ||
    (value.dtype === "i32" && dtype === "u32" && value.data.every((x) => x >= 0));
  if (!compatible) return fail(inputDtype(node.name, dtype, value.dtype));
  const data = allocate(dtype, value.data.length);
  data.set(value.data);
  return ok({ dtype, shape: value.shape, data });
}

/** Fits a concrete shape to the declared one and learns the run-time sizes. */
function bindSizes(node: InputNode, shape: readonly number[], sizes: Map<string, number>): Diagnostic | undefined {
  const wanted = `${node.type.dtype}${shapeText(node.type)}`;
  if (shape.length !== node.type.shape.length)
    return inputShape(node.name, wanted, shape, `it has ${shape.length} axes`);
  for (const [axis, dim] of node.type.shape.entries()) {
    const size = shape[axis] ?? 0;
    if (dim.op !== "symbol") continue;
    const known = sizes.get(dim.name);
    if (known !== undefined && known !== size)
      return inputShape(node.name, wanted, shape, `${dim.name} is ${known} in another place`);
    if (size < dim.lo || size > dim.hi || size % dim.step !== 0)
      return sizeOutOfRange(dim.name, size, dim.lo, dim.hi, dim.step);
    sizes.set(dim.name, size);
  }
  for (const [axis, dim] of node.type.shape.entries()) {
    if (symbolsOf(dim).some((s) => !sizes.has(s.name))) continue;
    const want = evalDim(dim, sizes);
    if (want !== shape[axis]) return inputShape(node.name, wanted, shape, `axis ${axis} should be ${want}`);
  }
  return undefined;
}

/** The bytes of a text along the last axis, cut or padded with zeros; the same text for every item of the axes before. */
function fromText(
  node: InputNode,
  text: Uint8Array,
  sizes: ReadonlyMap<string, number>,
): Result<TensorData, Diagnostic> {
  const { dtype } = node.type;
  if (dtype !== "i32" && dtype !== "u32")
    return fail(inputDtype(node.name, dtype, "the bytes of a text, which are i32"));
  const shape = node.type.shape.map((d) => evalDim(d, sizes));
  const length = shape.reduce((a, b) => a * b, 1);
  const row = shape.at(-1) ?? 1;
  const data = allocate(dtype, length);
  for (let i = 0; i < length; i++) data[i] = text[i % row] ?? 0;
  return ok({ dtype, shape, data });
}

function checkSubscripts(
  graph: Graph,
  values: ReadonlyMap<string, TensorData>,
  sizes: ReadonlyMap<string, number>,
): readonly Diagnostic[] {
  return subscriptInputs(graph).flatMap((s) => {
    const extent = evalDim(s.extent, sizes);
    const bad = values.get(s.input)?.data.find((x) => x < 0 || x >= extent);
    return bad === undefined ? [] : [subscriptValue(s.input, bad, extent, s.param)];
  });
}

/** The least number of rows among the tables that an input indexes: random tokens stay below it. */
function rowLimit(graph: Graph, name: string, sizes: ReadonlyMap<string, number>): number | undefined {
  const limits = subscriptInputs(graph)
    .filter((s) => s.input === name)
    .map((s) => evalDim(s.extent, sizes));
  return limits.length === 0 ? undefined : Math.min(...limits);
}
