import { constDim, evalDim } from "../ir/dim.js";
import type { Graph, Index, Ix, Node, Use, ValueId } from "../ir/graph/ops.js";
import { indexIndices, useIndices, useValues, whereIndices } from "../ir/graph/visit.js";

/**
 * How the keys, or the values, of an attention come about: rows of a context, a product with weights and a projection
 * of the rows to slots, in either order or in one product of three. The costs are those of the textbook, of projecting
 * first, and of no projection at all, over the index sets of this very program: shared matrices, several key heads and
 * windows in place of a matrix need no case of their own.
 */
export interface Side {
  /** The nodes that make it. */
  readonly nodes: readonly ValueId[];
  /** Width of a row of the context, where there are weights. */
  readonly model?: number;
  readonly projection?: { readonly context: number; readonly kind: "matrix" | "window"; readonly key: string };
  /** Flops a row of the context: of the weights; of the projection behind them; of the projection before them. */
  readonly weightRow: number;
  readonly projectRow: number;
  readonly firstRow: number;
  /** Flops of the weights where they meet the slots. */
  readonly weightSlots: number;
}

export type Contract = Extract<Node, { op: "contract" }>;

/** A graph with numbers for its sizes. */
export interface SizedGraph {
  readonly graph: Graph;
  /** The values that parameters alone decide. */
  readonly parameters: ReadonlySet<ValueId>;
  readonly sizes: ReadonlyMap<string, number>;
}

export const nodeOf = (g: SizedGraph, v: ValueId): Node => g.graph.nodes[v] as Node; // operands are nodes of the graph

export const extentOf = (g: SizedGraph, v: ValueId, axis: number): number =>
  evalDim(nodeOf(g, v).type.shape[axis] ?? constDim(1), g.sizes);

/** The number of points of some indices of a node. */
export function points(g: SizedGraph, node: Extract<Node, { extents: unknown }>, indices: Iterable<Ix>): number {
  let product = 1;
  for (const ix of new Set(indices)) product *= evalDim(node.extents[ix] ?? constDim(1), g.sizes);
  return product;
}

/** The axis that a use reads by an index alone, or by what another value says of that index. */
export function axisRead(use: Use, ix: Ix): number | undefined {
  const axis = use.at.findIndex((sub) => (sub.i === "ix" && sub.ix === ix) || (sub.i === "value" && reads(sub, ix)));
  return axis === -1 ? undefined : axis;
}

const reads = (sub: Index, ix: Ix): boolean => indexIndices(sub).has(ix);

/** Whether parameters alone decide what is read. */
export const isParameter = (g: SizedGraph, use: Use): boolean => [...useValues(use)].every((v) => g.parameters.has(v));

/** The axis that a use reads in windows: by this index together with another. */
function axisInWindows(use: Use, ix: Ix): number | undefined {
  const axis = use.at.findIndex(
    (sub) => sub.i !== "ix" && sub.i !== "value" && reads(sub, ix) && indexIndices(sub).size > 1,
  );
  return axis === -1 ? undefined : axis;
}

/** A value with one of its axes. */
interface Place {
  readonly value: ValueId;
  readonly axis: number;
}

interface Weights {
  readonly at: ValueId;
  readonly flops: number;
  readonly rows: number;
  readonly model: number;
}

interface Projection {
  readonly at: ValueId;
  readonly kind: "matrix" | "window";
  readonly context: number;
  readonly flops: number;
  /** Flops a row of the context for each number of a row. */
  readonly perNumber: number;
  readonly rowNumbers: number;
  readonly key: string;
}

/** Weights and projection of one product. */
interface Both {
  readonly weightRow: number;
  readonly projectRow: number;
  readonly firstRow: number;
  readonly weightSlots: number;
}

interface Walked {
  readonly weights?: Weights;
  readonly projection?: Projection;
  readonly both?: Both;
  readonly next?: Place;
}

/** Walks from a value along one of its axes to the rows it is made of, past elementwise work. */
export function sideOf(g: SizedGraph, value: ValueId, axis: number): Side {
  const slots = extentOf(g, value, axis);
  const nodes: ValueId[] = [];
  let weights: Weights | undefined;
  let projection: Projection | undefined;
  let both: Both | undefined;
  let weightsLast = false;
  for (let at: Place | undefined = { value, axis }; at !== undefined; ) {
    const step: Walked = walk(g, at);
    if ((step.weights && weights) || (step.projection && projection)) break;
    if (step.weights || step.projection) nodes.push(at.value);
    if (step.weights && projection === undefined) weightsLast = true;
    weights ??= step.weights;
    projection ??= step.projection;
    both = step.both;
    at = step.next;
  }
  const made = {
    nodes,
    ...(weights === undefined ? {} : { model: weights.model }),
    ...(projection === undefined
      ? {}
      : { projection: { context: projection.context, kind: projection.kind, key: projection.key } }),
  };
  const weightRow = weights === undefined ? 0 : weights.flops / weights.rows;
  if (both !== undefined) return { ...made, ...both };
  if (projection === undefined)
    return { ...made, weightRow, projectRow: 0, firstRow: 0, weightSlots: weightRow * slots };
  const { context, flops, perNumber, rowNumbers, kind } = projection;
  const elements = nodeOf(g, value).type.shape.reduce((n, _, a) => n * extentOf(g, value, a), 1);
  // where the weights come last as written, the textbook has the projection read what they made
  const projectRow = weightsLast && weights !== undefined && kind === "matrix" ? 2 * elements : flops / context;
  const model = weights === undefined || weightsLast ? rowNumbers : weights.model;
  return { ...made, weightRow, projectRow, firstRow: perNumber * model, weightSlots: weightRow * slots };
}

function walk(g: SizedGraph, at: Place): Walked {
  const node = nodeOf(g, at.value);
  switch (node.op) {
    case "map":
      return { ...onward(g, node.args, node.out[at.axis]) };
    case "reduce":
      return inWindows(g, at, node.arg, node.out[at.axis], points(g, node, node.extents.keys()));
    case "contract":
      return product(g, at, node);
    default:
      return {};
  }
}

/** On to the only operand of most axes that is no parameter, if it has the axis as it is. */
function onward(g: SizedGraph, uses: readonly Use[], ix: Ix | undefined): { readonly next?: Place } {
  const values = uses.filter((u) => !isParameter(g, u));
  const most = Math.max(...values.map((u) => useIndices(u).size));
  const [only, ...more] = values.filter((u) => useIndices(u).size === most);
  const axis = only === undefined || ix === undefined || more.length > 0 ? undefined : axisRead(only, ix);
  return only === undefined || axis === undefined ? {} : { next: { value: only.value, axis } };
}

/** One reduction over windows of rows. */
function inWindows(g: SizedGraph, at: Place, rows: Use, ix: Ix | undefined, flops: number): Walked {
  const axis = ix === undefined ? undefined : axisInWindows(rows, ix);
  if (axis === undefined) return {};
  const context = extentOf(g, rows.value, axis);
  const rowNumbers = rowOf(g, rows.value, context);
  const perNumber = flops / context / rowNumbers;
  return {
    projection: { at: at.value, kind: "window", context, flops, perNumber, rowNumbers, key: `%${at.value}` },
    next: { value: rows.value, axis },
  };
}

const rowOf = (g: SizedGraph, v: ValueId, rows: number): number =>
  nodeOf(g, v).type.shape.reduce((n, _, a) => n * extentOf(g, v, a), 1) / rows;

/** A product of one value with parameters: weights, a projection, or both. */
function product(g: SizedGraph, at: Place, node: Contract): Walked {
  const ix = node.out[at.axis];
  const [rows, ...more] = node.factors.filter((u) => !isParameter(g, u));
  if (rows === undefined || more.length > 0 || ix === undefined) return {};
  const parameters = node.factors.filter((u) => u !== rows);
  const ofRows = useIndices(rows);
  const summed = [...ofRows].filter((i) => !node.out.includes(i));
  const flops = 2 * points(g, node, node.extents.keys());
  const axis = axisRead(rows, ix);
  if (axis !== undefined) {
    const next = { value: rows.value, axis };
    if (parameters.length === 0 || summed.length === 0) return { next };
    return {
      weights: { at: at.value, flops, rows: points(g, node, [ix]), model: points(g, node, summed) },
      next,
    };
  }
  if (axisInWindows(rows, ix) !== undefined)
    return inWindows(g, at, rows, ix, node.factors.length * points(g, node, node.extents.keys()));

  const matrices = parameters.filter((u) => useIndices(u).has(ix));
  const m = summed.find((i) => matrices.some((u) => useIndices(u).has(i)));
  const inner = m === undefined ? undefined : axisRead(rows, m);
  if (m === undefined || inner === undefined) return {};
  const others = parameters.filter((u) => !matrices.includes(u));
  const channels = summed.filter((i) => i !== m && others.some((u) => useIndices(u).has(i)));
  const context = points(g, node, [m]);
  const rest = (...sets: readonly Iterable<Ix>[]): readonly Ix[] => sets.flatMap((s) => [...s]).filter((i) => i !== m);
  const ofMatrix = [...matrices.flatMap((u) => [...useIndices(u)]), ...(node.where ? whereIndices(node.where) : [])];
  const rowNumbers = rowOf(g, rows.value, context);
  const projection = {
    at: at.value,
    kind: "matrix",
    context,
    flops,
    perNumber: (2 * points(g, node, rest(ofMatrix, ofRows))) / rowNumbers,
    rowNumbers,
    key: `${matrices.map((u) => JSON.stringify(u)).join()}(%${rows.value})`,
  } as const;
  const next = { value: rows.value, axis: inner };
  if (channels.length === 0) return { projection, next };
  const ofWeights = others.flatMap((u) => [...useIndices(u)]);
  const weighted = rest(ofRows, ofWeights);
  const model = points(g, node, channels);
  return {
    weights: { at: at.value, flops, rows: context, model },
    projection,
    both: {
      weightRow: 2 * points(g, node, weighted),
      projectRow: 2 * points(g, node, [...rest(ofMatrix), ...weighted.filter((i) => !channels.includes(i))]),
      firstRow: 2 * points(g, node, rest(ofMatrix, ofRows)),
      weightSlots: 2 * points(g, node, [...rest(ofMatrix), ...weighted]),
    },
  };
}
