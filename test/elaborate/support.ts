import { join, resolve } from "node:path";
import { parseFile } from "../../grammar/parse.js";
import { check } from "../../src/check/check.js";
import type { CheckedProgram } from "../../src/check/checked.js";
import { elaborate } from "../../src/check/elaborate/elaborate.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import type { SourceFile } from "../../src/diagnostics/span.js";
import { loadImport, readSource } from "../../src/driver/sources.js";
import { symbolsOf } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { initialise, randomInput } from "../../src/ir/graph/initialise.js";
import { interpret, type ReferenceTensor } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";

export const corpus = join(import.meta.dirname, "../corpus/good");

export interface Choice {
  readonly model?: string;
  readonly dims?: Readonly<Record<string, number>>;
}

const messages = (list: readonly Diagnostic[]): string =>
  list
    .map(
      (d) =>
        `${d.code} ${d.message}${d.span === undefined ? "" : ` at "${d.span.file.text.slice(d.span.start, d.span.end)}"`}`,
    )
    .join("\n");

export function checked(source: SourceFile, dims: Readonly<Record<string, number>> = {}): CheckedProgram {
  const { program, diagnostics } = check(source, {
    dims: new Map(Object.entries(dims)),
    load: loadImport,
    parse: parseFile,
  });
  if (program === undefined) throw new Error(messages(diagnostics));
  return program;
}

function graphOf(source: SourceFile, { model, dims }: Choice): Graph {
  const result = elaborate(checked(source, dims), model);
  if (!result.ok) throw new Error(messages(result.error));
  return result.value;
}

export function sourceOf(path: string): SourceFile {
  const source = readSource(resolve(path));
  if (!source.ok) throw new Error(source.error.message);
  return source.value;
}

export const graphOfText = (text: string, choice: Choice = {}): Graph => graphOf({ path: "test.lf", text }, choice);
export const graphOfFile = (path: string, choice: Choice = {}): Graph => {
  const { text } = sourceOf(path);
  // Short in printed locations.
  return graphOf(
    path.startsWith(corpus) ? { path, text } : { path: path.slice(path.lastIndexOf("/") + 1), text },
    choice,
  );
};

/** An element of a tensor at indices. */
export type At = (...at: readonly number[]) => number;

export function reader(tensor: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }): At {
  const { shape, data } = tensor;
  return (...at) => {
    if (at.length !== shape.length) throw new Error(`${at.length} indices into [${shape.join(", ")}]`);
    let position = 0;
    shape.forEach((extent, axis) => {
      const i = at[axis] ?? -1;
      if (i < 0 || i >= extent) throw new Error(`index ${i} of axis ${axis} of [${shape.join(", ")}]`);
      position = position * extent + i;
    });
    return data[position] ?? Number.NaN;
  };
}

export interface Run {
  readonly input: (name: string) => At;
  readonly param: (path: string) => At;
  readonly output: (name?: string) => At;
  readonly result: (name?: string) => ReferenceTensor;
}

/** Runs a graph in the reference with random inputs and initial parameters; `change` puts other inputs in place. */
export function runReference(
  graph: Graph,
  sizes: Readonly<Record<string, number>> = {},
  change: (inputs: Readonly<Record<string, TensorData>>) => Readonly<Record<string, TensorData>> = (x) => x,
): Run {
  const given = new Map(Object.entries(sizes));
  const made: Record<string, TensorData> = {};
  for (const node of graph.nodes) {
    if (node.op !== "input") continue;
    for (const dim of node.type.shape)
      for (const s of symbolsOf(dim))
        if (!given.has(s.name)) given.set(s.name, Math.max(s.lo, Math.min(s.hi, 4 * s.step)));
    made[node.name] = randomInput(node.type, node.name, 7, given);
  }
  const inputs = change(made);
  const params = new Map(
    graph.nodes.flatMap((n) => (n.op === "param" ? [[n.path, initialise(n.init, n.type, n.path, 7)] as const] : [])),
  );
  const { outputs } = interpret(graph, inputs, params, { sizes: given });
  const known = <T>(found: T | undefined, name: string): T => {
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  const result = (name = "output"): ReferenceTensor => known(outputs[name], name);
  return {
    input: (name) => reader(known(inputs[name], name)),
    param: (path) => reader(known(params.get(path), path)),
    result,
    output: (name) => {
      const { shape, value } = result(name);
      return reader({ shape, data: value });
    },
  };
}

export const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
export const sum = (n: number, f: (i: number) => number): number => range(n).reduce((s, i) => s + f(i), 0);

/** Softmax of the selected values; all 0 where none is. */
export function softmax(values: readonly number[], selected: (i: number) => boolean = () => true): readonly number[] {
  const top = Math.max(...values.filter((_, i) => selected(i)));
  const weights = values.map((v, i) => (selected(i) ? Math.exp(v - top) : 0));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => (total === 0 ? 0 : w / total));
}

/** Every element of an output against a formula; constants of a graph are f32. */
export function expectElements(
  found: ReferenceTensor,
  formula: (...at: readonly number[]) => number,
  tolerance = 1e-6,
): void {
  const at = found.shape.map(() => 0);
  for (let position = 0; position < found.value.length; position++) {
    let rest = position;
    for (let axis = found.shape.length - 1; axis >= 0; axis--) {
      const extent = found.shape[axis] ?? 1;
      at[axis] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    const wanted = formula(...at);
    const difference = Math.abs((found.value[position] ?? Number.NaN) - wanted);
    if (!(difference <= tolerance * Math.max(1, Math.abs(wanted))))
      throw new Error(`at [${at.join(", ")}]: ${found.value[position]} is not ${wanted}`);
  }
}
