import { parameterOnly } from "../../passes/graph/hoistWeights.js";
import { namesOf } from "../../passes/schedule/names.js";
import { evalDim } from "../ir/dim.js";
import { nodeFlops } from "../ir/graph/flops.js";
import type { Graph, Ix, Node, Use, ValueId } from "../ir/graph/ops.js";
import { liveValues, operandUses, useIndices } from "../ir/graph/visit.js";
import {
  axisRead,
  type Contract,
  isParameter,
  nodeOf,
  points,
  type Side,
  type SizedGraph,
  sideOf,
} from "./attentionSide.js";

/**
 * An attention that a graph holds, with what it costs in the textbook order `E(XW)` and what standard attention would
 * cost in its place. Only what depends on the choice is counted: keys, values, scores, their elementwise work, softmax
 * and weighted sum; queries and the output projection cost the same in all.
 */
export interface Attention {
  /** The softmax. */
  readonly value: ValueId;
  /** In words of the source. */
  readonly label: string;
  /** Rows that attend, rows that are attended to, and what these are projected to: nothing for standard attention. */
  readonly rows: number;
  readonly context: number;
  readonly slots?: number;
  readonly projection?: "matrix" | "window";
  readonly heads: number;
  /** Of a key. */
  readonly width: number;
  /** Width of the rows that keys are made of, where they are made here. */
  readonly model?: number;
  /**
   * Flops of the parts named above: in the order written, in the textbook order, in the better of it and projecting
   * first, and as standard attention.
   */
  readonly written: number;
  readonly textbook: number;
  readonly better: number;
  readonly standard: number;
  /** The length from which on the better order of this Linformer needs fewer flops; of self attention. */
  readonly paysFrom?: number;
}

/** Sizes and attentions of a graph that is simplified but has its products as written. */
export function attentionsOf(graph: Graph, sizes: ReadonlyMap<string, number>): readonly Attention[] {
  const g: SizedGraph = { graph, parameters: parameterOnly(graph), sizes };
  const live = liveValues(graph);
  const names = namesOf(graph);
  const readers = readersOf(graph);
  /** What two attentions have in common is computed once. */
  const counted = new Set<ValueId>();
  return graph.nodes.flatMap((node, v) => {
    if (node.op !== "softmax" || !live[v]) return [];
    const found = attentionAt(g, v, node, readers.get(v) ?? [], counted);
    return found === undefined ? [] : [{ ...found, value: v, label: names.path(v) ?? "attention" }];
  });
}

/** Flops of a run of a graph whose products are multiplied from left to right, as they are written. */
export function writtenFlops(graph: Graph, sizes: ReadonlyMap<string, number>): number {
  const g: SizedGraph = { graph, parameters: parameterOnly(graph), sizes };
  const live = liveValues(graph);
  return graph.nodes.reduce((n, _, v) => n + (live[v] && !g.parameters.has(v) ? flopsAsWritten(g, v) : 0), 0);
}

function flopsAsWritten(g: SizedGraph, v: ValueId): number {
  const node = nodeOf(g, v);
  if (node.op !== "contract" || node.factors.length <= 2)
    return evalDim(
      nodeFlops(node, (x) => nodeOf(g, x).type),
      g.sizes,
    );
  const sets = node.factors.map((u) => useIndices(u));
  let flops = 0;
  let done: ReadonlySet<Ix> = sets[0] ?? new Set();
  sets.slice(1).forEach((next, i) => {
    const loops = new Set([...done, ...next]);
    const later = new Set([...node.out, ...sets.slice(i + 2).flatMap((s) => [...s])]);
    flops += 2 * points(g, node, loops);
    done = new Set([...loops].filter((ix) => later.has(ix)));
  });
  return flops;
}

function readersOf(graph: Graph): ReadonlyMap<ValueId, readonly ValueId[]> {
  const readers = new Map<ValueId, ValueId[]>();
  graph.nodes.forEach((n, v) => {
    for (const { value } of operandUses(n)) readers.set(value, [...(readers.get(value) ?? []), v]);
  });
  return readers;
}

type Softmax = Extract<Node, { op: "softmax" }>;

function attentionAt(
  g: SizedGraph,
  v: ValueId,
  softmax: Softmax,
  readers: readonly ValueId[],
  counted: Set<ValueId>,
): Omit<Attention, "value" | "label"> | undefined {
  const scores = scoresOf(g, softmax);
  const weighted = weightedSum(g, v, softmax.axis, readers);
  if (scores === undefined || weighted === undefined) return undefined;
  const { node, keys, slot } = scores;
  const keyAxis = axisRead(keys, slot);
  const valueAxis = axisRead(weighted.values, weighted.slot);
  if (keyAxis === undefined || valueAxis === undefined) return undefined;

  const slots = points(g, node, [slot]);
  const ofKeys = useIndices(keys);
  const summed = [...ofKeys].filter((ix) => !node.out.includes(ix));
  const others = node.out.filter((ix) => ix !== slot);
  const row = others.filter((ix) => !ofKeys.has(ix)).at(-1) ?? others.at(-1);
  const rows = points(g, node, row === undefined ? [] : [row]);
  const pairs =
    2 * points(g, node, [...node.out, ...summed]) +
    scores.between.reduce((n, m) => n + flopsAsWritten(g, m), 0) +
    flopsAsWritten(g, v) +
    2 * points(g, weighted.node, [...useIndices(weighted.weights), ...useIndices(weighted.values)]);

  const keySide = sideOf(g, keys.value, keyAxis);
  const tied = keys.value === weighted.values.value;
  const sides = tied ? [keySide] : [keySide, sideOf(g, weighted.values.value, valueAxis)];
  const projection = sides.find((s) => s.projection !== undefined)?.projection;
  const context = projection?.context ?? slots;
  const made = sides
    .flatMap((s) => s.nodes)
    .reduce((n, part) => {
      if (counted.has(part)) return n;
      counted.add(part);
      return n + flopsAsWritten(g, part);
    }, 0);
  const weights = total(sides, (s) => s.weightRow);
  const shape = {
    rows,
    context,
    heads: headsOf(g, node, keys, summed, points(g, node, others) / rows),
    width: points(g, node, summed),
    ...(keySide.model === undefined ? {} : { model: keySide.model }),
    written: made + pairs,
  };
  if (projection === undefined)
    return { ...shape, textbook: made + pairs, better: made + pairs, standard: made + pairs };
  const textbook = (weights + total(sides, (s) => s.projectRow)) * context + pairs;
  const first = total(projections(sides), (s) => s.firstRow) * context + total(sides, (s) => s.weightSlots) + pairs;
  return {
    ...shape,
    slots,
    projection: projection.kind,
    textbook,
    better: Math.min(textbook, first),
    standard: weights * context + (pairs / slots) * context,
    ...(rows === context && !ofKeys.has(row ?? -1)
      ? { paysFrom: crossover(sides, pairs / (rows * slots), slots) }
      : {}),
  };
}

/** The sides whose projections differ: the same rows by the same matrix are projected once for keys and values. */
const projections = (sides: readonly Side[]): readonly Side[] => [
  ...new Map(sides.map((s) => [s.projection?.key, s] as const)).values(),
];

const total = (sides: readonly Side[], of: (s: Side) => number): number => sides.reduce((n, s) => n + of(s), 0);

/**
 * The least n at which the textbook order or projecting first needs less than standard attention: weights · n + pairs ·
 * n² on that side, linear in n on the other two.
 */
function crossover(sides: readonly Side[], pairs: number, slots: number): number {
  const weights = total(sides, (s) => s.weightRow);
  const root = (slope: number, constant: number): number => {
    const d = slope - weights;
    return (d + Math.sqrt(d * d + 4 * pairs * constant)) / (2 * pairs);
  };
  const textbook = root(weights + total(sides, (s) => s.projectRow) + pairs * slots, 0);
  const first = root(
    total(projections(sides), (s) => s.firstRow) + pairs * slots,
    total(sides, (s) => s.weightSlots),
  );
  return Math.floor(Math.min(textbook, first)) + 1;
}

/** The heads of the queries: the weights that make them hold so many matrices. Without weights, all that is mapped. */
function headsOf(g: SizedGraph, scores: Contract, keys: Use, width: readonly Ix[], mapped: number): number {
  const inside = scores.factors.filter((u) => isParameter(g, u));
  const query = scores.factors.find((u) => u !== keys && !isParameter(g, u));
  const made = query === undefined ? undefined : nodeOf(g, query.value);
  const node = inside.length > 0 ? scores : made?.op === "contract" ? made : undefined;
  const weights = node?.factors.filter((u) => isParameter(g, u)) ?? [];
  if (node === undefined || weights.length !== 1) return mapped;
  const of = useIndices(weights[0] as Use); // its length is 1
  const summed = [...of].filter((ix) => !node.out.includes(ix) && (node !== scores || !width.includes(ix)));
  return points(g, node, of) / points(g, node, summed) / points(g, scores, width);
}

interface Scores {
  readonly node: Contract;
  readonly keys: Use;
  /** The index of the product that is the softmax's axis. */
  readonly slot: Ix;
  /** Scales and biases behind the product. */
  readonly between: readonly ValueId[];
}

/** The product that a softmax is of: of two values that are no parameters, one of which has the softmax's axis. */
function scoresOf(g: SizedGraph, softmax: Softmax): Scores | undefined {
  const between: ValueId[] = [];
  for (let at = softmax.arg, ix = softmax.axis; ; ) {
    const node = nodeOf(g, at.value);
    const axis = axisRead(at, ix);
    if (axis === undefined) return undefined;
    if (node.op === "map") {
      const inner = node.out[axis];
      const next = node.args.find((u) => ["map", "contract"].includes(nodeOf(g, u.value).op));
      if (inner === undefined || next === undefined) return undefined;
      between.push(at.value);
      at = next;
      ix = inner;
      continue;
    }
    if (node.op !== "contract") return undefined;
    const slot = node.out[axis];
    const values = node.factors.filter((u) => !isParameter(g, u));
    const [keys, ...more] = values.filter((u) => slot !== undefined && useIndices(u).has(slot));
    if (slot === undefined || keys === undefined || more.length > 0 || values.length !== 2) return undefined;
    return { node, keys, slot, between };
  }
}

/** The product that sums over the softmax's axis. */
function weightedSum(
  g: SizedGraph,
  v: ValueId,
  axis: number,
  readers: readonly ValueId[],
): { readonly node: Contract; readonly weights: Use; readonly values: Use; readonly slot: Ix } | undefined {
  for (const reader of readers) {
    const node = nodeOf(g, reader);
    if (node.op !== "contract") continue;
    const weights = node.factors.find((u) => u.value === v);
    const sub = weights?.at[axis];
    if (weights === undefined || sub?.i !== "ix" || node.out.includes(sub.ix)) continue;
    const { ix } = sub;
    const values = node.factors.find((u) => u !== weights && !isParameter(g, u) && useIndices(u).has(ix));
    if (values !== undefined) return { node, weights, values, slot: ix };
  }
  return undefined;
}
