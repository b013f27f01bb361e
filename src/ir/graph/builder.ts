import type { Loc } from "../../diagnostics/span.js";
import { invariant } from "../../util/invariant.js";
import { constValue, type Dim, sameDim } from "../dim.js";
import { keyMaker } from "./key.js";
import type { Graph, Index, Node, Op, Scalar, TensorType, Use, ValueId } from "./ops.js";
import { inferType } from "./types.js";
import { mapOperands, operands, operandUses, scalarArgs, useIndices, whereIndices } from "./visit.js";

/**
 * Builds a graph node by node. An op equal to an earlier one (up to the numbering of its indices) gives the earlier id,
 * and keeps the earlier location; so a caller reads a node back by `node(id)` instead of relying on its own op.
 *
 * Inputs are added before anything else: they are the first nodes of the graph, in the order of `Graph.inputs`.
 */
export interface GraphBuilder {
  /** `type` is given for `input` and `param` only. */
  add(op: Op, loc: Loc, type?: TensorType): ValueId;
  /** The type of a value. */
  type(value: ValueId): TensorType;
  /** The node of a value. */
  node(value: ValueId): Node;
  /** Where a value comes from. */
  loc(value: ValueId): Loc;
  /** Number of nodes so far; the next new node gets this id. */
  size(): number;
  /** The graph with these outputs; the builder may go on. */
  finish(name: string, outputs: readonly { readonly name: string; readonly value: ValueId }[]): Graph;
}

/** A builder of an empty graph. */
export function graphBuilder(): GraphBuilder {
  const nodes: Node[] = [];
  const locs: Loc[] = [];
  const inputs: ValueId[] = [];
  const ids = new Map<string, ValueId>();
  const sources = new Map<string, ValueId>();
  const keys = keyMaker();

  const node = (value: ValueId): Node => {
    const found = nodes[value];
    invariant(found !== undefined, () => `the graph has no value %${value}`);
    return found;
  };
  const type = (value: ValueId): TensorType => node(value).type;

  const push = (op: Op, loc: Loc, of: TensorType): ValueId => {
    nodes.push({ ...op, type: of });
    locs.push(loc);
    return nodes.length - 1;
  };

  return {
    add(op, loc, given) {
      if (op.op === "input" || op.op === "param") {
        const name = `${op.op} ${op.op === "input" ? op.name : op.path}`;
        invariant(given !== undefined, () => `the type of ${name} must be given`);
        const earlier = sources.get(name);
        if (earlier !== undefined) {
          const old = node(earlier);
          invariant(
            sameType(old.type, given) && keys.op(old) === keys.op(op),
            () => `${name} is declared twice, differently`,
          );
          return earlier;
        }
        invariant(op.op === "param" || nodes.length === inputs.length, () => `${name} comes after another node`);
        const id = push(op, loc, given);
        sources.set(name, id);
        if (op.op === "input") inputs.push(id);
        return id;
      }
      invariant(given === undefined, () => `the type of ${op.op} is inferred`);
      const key = keys.op(op);
      const earlier = ids.get(key);
      if (earlier !== undefined) return earlier;
      checkOp(op, type);
      const id = push(op, loc, inferType(op, type));
      ids.set(key, id);
      return id;
    },
    type,
    node,
    loc(value) {
      const found = locs[value];
      invariant(found !== undefined, () => `the graph has no value %${value}`);
      return found;
    },
    size: () => nodes.length,
    finish(name, outputs) {
      for (const output of outputs) node(output.value);
      return { name, inputs: [...inputs], nodes: [...nodes], locs: [...locs], outputs: [...outputs] };
    },
  };
}

/** Copies the nodes of `graph` into `builder`, its inputs standing for `args`; gives the ids of its outputs. */
export function inlineGraph(builder: GraphBuilder, graph: Graph, args: readonly ValueId[]): readonly ValueId[] {
  const to = new Map<ValueId, ValueId>();
  graph.inputs.forEach((input, position) => {
    const arg = args[position];
    invariant(arg !== undefined, () => `inlining ${graph.name}: no argument for input ${position}`);
    to.set(input, arg);
  });
  const moved = (value: ValueId): ValueId => {
    const found = to.get(value);
    invariant(found !== undefined, () => `inlining ${graph.name}: %${value} is used before it is defined`);
    return found;
  };
  graph.nodes.forEach((node, id) => {
    if (node.op === "input") return;
    const { type, ...op } = node;
    const loc = graph.locs[id] ?? { kind: "none" };
    // The spread of a union loses which variant it is; `op` is `node` without its type.
    to.set(id, builder.add(mapOperands(op as Op, moved), loc, node.op === "param" ? type : undefined));
  });
  return graph.outputs.map((output) => moved(output.value));
}

/** Whether element types and sizes are equal. */
export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype &&
  a.shape.length === b.shape.length &&
  a.shape.every((extent, axis) => {
    const other = b.shape[axis];
    return other !== undefined && sameDim(extent, other);
  });

/** Catches a mistake where it is made; `verifyGraph` has the whole list. */
function checkOp(op: Op, type: (value: ValueId) => TensorType): void {
  for (const value of operands(op)) type(value);
  for (const use of operandUses(op)) checkUse(op, use, type);
  if (op.op === "concat" || op.op === "region" || op.op === "input" || op.op === "param") return;
  const rank = op.extents.length;
  for (const extent of op.extents) checkExtent(op, extent);
  const used = new Set(operandUses(op).flatMap((use) => [...useIndices(use)]));
  if ("where" in op && op.where) for (const ix of whereIndices(op.where)) used.add(ix);
  for (const ix of used) invariant(ix >= 0 && ix < rank, () => `${op.op} uses index ${ix} of ${rank}`);
  if (op.op !== "softmax") {
    invariant(new Set(op.out).size === op.out.length, () => `${op.op} has an index twice in its result`);
    for (const ix of op.out) invariant(ix >= 0 && ix < rank, () => `${op.op} gives index ${ix} of ${rank}`);
  } else invariant(op.axis >= 0 && op.axis < rank, () => `softmax over axis ${op.axis} of ${rank}`);
  if (op.op === "map") {
    invariant(op.out.length === rank, () => `map reduces: ${op.out.length} of ${rank} indices in its result`);
    checkArgs(op.body, op.args.length);
  } else if (op.where) checkArgs(op.where.body, op.where.args.length);
}

function checkArgs(body: Scalar, count: number): void {
  for (const arg of scalarArgs(body))
    invariant(arg >= 0 && arg < count, () => `scalar reads argument ${arg} of ${count}`);
}

function checkExtent(op: Op, extent: Dim): void {
  const value = constValue(extent);
  invariant(value === undefined || (Number.isInteger(value) && value >= 1), () => `${op.op} has an extent of ${value}`);
}

function checkUse(op: Op, use: Use, type: (value: ValueId) => TensorType): void {
  const rank = type(use.value).shape.length;
  invariant(
    use.at.length === rank,
    () => `${op.op} reads %${use.value} of rank ${rank} by ${use.at.length} subscripts`,
  );
  const inIndex = (index: Index): void => {
    if (index.i === "value") checkUse(op, index.of, type);
    else if (index.i === "add") index.of.forEach(inIndex);
    else if (index.i === "mul" || index.i === "floordiv" || index.i === "mod") inIndex(index.of);
  };
  use.at.forEach(inIndex);
}
