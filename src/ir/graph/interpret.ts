import { invariant, unreachable } from "../../util/invariant.js";
import { evalDim } from "../dim.js";
import type { TensorData } from "../dtype.js";
import { graphFlops, nodeFlops } from "./flops.js";
import type { Graph, Node, ValueId } from "./ops.js";
import { evalExtents, type Grid, type Scope, scalarGrid } from "./reference/columns.js";
import { concat } from "./reference/concat.js";
import { contract } from "./reference/contract.js";
import { importTensor } from "./reference/import.js";
import { reduce } from "./reference/reduce.js";
import { softmax } from "./reference/softmax.js";
import type { ReferenceTensor } from "./reference/tensor.js";
import { bindSizes } from "./sizes.js";
import { operands } from "./visit.js";

export type { ReferenceTensor } from "./reference/tensor.js";

/**
 * The meaning of a graph: evaluated in float64, with a running bound beside each value of how far an f32 machine may
 * be from it (`reference/errors.ts`), and flags where the bound says nothing because a decision hangs on it.
 */
export interface InterpretOptions {
  /** Run-time sizes that no input shape gives. */
  readonly sizes?: ReadonlyMap<string, number>;
  /** Which plan of a region to evaluate in place of its body; undefined for the body. */
  readonly plan?: (node: RegionNode) => number | undefined;
}

/** A fused op. */
export type RegionNode = Extract<Node, { op: "region" }>;

/** The outputs of a graph, and what computing them takes. */
export interface Interpretation {
  readonly outputs: Readonly<Record<string, ReferenceTensor>>;
  readonly counts: {
    /** By node, at the sizes of this run (`flops.ts`). */
    readonly flops: readonly number[];
    /** Of the nodes that the outputs depend on. */
    readonly total: number;
    /** Multiply-adds of all contractions: half of their flops. */
    readonly multiplyAdds: number;
  };
  readonly sizes: ReadonlyMap<string, number>;
}

/** Inputs by name, parameters by path; shapes bind the run-time sizes and are checked. */
export function interpret(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: ReadonlyMap<string, TensorData>,
  options: InterpretOptions = {},
): Interpretation {
  const given = new Map(Object.entries(inputs));
  const sizes = bindSizes(graph, given, options.sizes ?? new Map());
  const args = graph.inputs.map((value) => {
    const node = graph.nodes[value];
    invariant(node?.op === "input", () => `%${value} is no input`);
    return importTensor(node, given.get(node.name), sizes);
  });
  const results = evaluate(graph, args, { params, sizes, options });
  const typeOf = (value: ValueId): Node["type"] => (graph.nodes[value] as Node).type;
  const flops = graph.nodes.map((node) => evalDim(nodeFlops(node, typeOf), sizes));
  const multiplyAdds = graph.nodes.reduce(
    (sum, node, id) => sum + (node.op === "contract" ? (flops[id] ?? 0) / 2 : 0),
    0,
  );
  return {
    outputs: Object.fromEntries(graph.outputs.map((output, i) => [output.name, results[i] as ReferenceTensor])),
    counts: { flops, total: evalDim(graphFlops(graph), sizes), multiplyAdds },
    sizes,
  };
}

interface Run {
  readonly params: ReadonlyMap<string, TensorData>;
  readonly sizes: ReadonlyMap<string, number>;
  readonly options: InterpretOptions;
}

function evaluate(graph: Graph, args: readonly ReferenceTensor[], run: Run): readonly ReferenceTensor[] {
  const values: (ReferenceTensor | undefined)[] = [];
  const read = (value: ValueId): ReferenceTensor => {
    const found = values[value];
    invariant(found !== undefined, () => `%${value} is read before it is computed`);
    return found;
  };
  // Values are let go after their last reader: a deep model would not fit otherwise.
  const lastUse = graph.nodes.map(() => -1);
  graph.nodes.forEach((node, id) => {
    for (const value of operands(node)) lastUse[value] = id;
  });
  for (const output of graph.outputs) lastUse[output.value] = graph.nodes.length;
  const regions = new Map<string, readonly ReferenceTensor[]>();
  const bodies = new Map<Graph, number>();
  graph.nodes.forEach((node, id) => {
    if (node.op === "input") values[id] = args[graph.inputs.indexOf(id)];
    else if (lastUse[id] === -1) return;
    else if (node.op === "region") {
      const chosen = run.options.plan?.(node);
      const body = chosen === undefined ? node.body : node.plans?.[chosen];
      invariant(body !== undefined, () => `region ${node.strategy} has no plan ${chosen}`);
      if (!bodies.has(body)) bodies.set(body, bodies.size);
      const key = `${bodies.get(body)}(${node.args.join()})`;
      let results = regions.get(key);
      if (!results) {
        results = evaluate(body, node.args.map(read), run);
        regions.set(key, results);
      }
      values[id] = results[node.result];
    } else values[id] = evaluateNode(node, read, run);
    for (const value of operands(node)) if (lastUse[value] === id) values[value] = undefined;
  });
  return graph.outputs.map((output) => read(output.value));
}

function evaluateNode(
  node: Exclude<Node, { op: "input" | "region" }>,
  read: (value: ValueId) => ReferenceTensor,
  run: Run,
): ReferenceTensor {
  const tensor = (grid: Grid): ReferenceTensor => ({
    dtype: node.type.dtype,
    shape: evalExtents(node.type.shape, run.sizes),
    value: grid.value,
    bound: grid.bound,
    undecided: grid.flags,
  });
  if (node.op === "param") return importTensor(node, run.params.get(node.path), run.sizes);
  if (node.op === "concat") return tensor(concat(node.args.map(read), node.axis));
  const scope: Scope = { sizes: run.sizes, extents: evalExtents(node.extents, run.sizes), read };
  switch (node.op) {
    case "map":
      return tensor(scalarGrid(node.body, node.args, node.out, scope));
    case "contract":
      return tensor(contract(node, scope));
    case "reduce":
      return tensor(reduce(node, scope));
    case "softmax":
      return tensor(softmax(node, scope));
    default:
      return unreachable(node);
  }
}
