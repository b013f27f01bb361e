import { constDim, constValue, type Dim, dimRange, productDim, sameDim, symbolsOf } from "../../src/ir/dim.js";
import type { Graph, Node, Use, ValueId } from "../../src/ir/graph/ops.js";
import { liveValues, operandUses } from "../../src/ir/graph/visit.js";
import { typical } from "./axis.js";
import { type Match, resultOf } from "./interface.js";
import { rowClusters } from "./rowClusters.js";
import { allUses, readersOf } from "./uses.js";
import { weight } from "./weight.js";

/**
 * Which maps have no kernel of their own. A map is computed where it is read (prologue) when that is cheaper than
 * writing it to memory and reading it back; a map that alone reads the result of a larger node, element by element, is
 * computed where that result is stored (epilogue). What remains is one match a node.
 */
export interface Regions {
  /** In an order in which they can run. */
  readonly matches: readonly Match[];
  readonly inlined: ReadonlySet<ValueId>;
  /** Computed from parameters alone, with sizes that are known at load. */
  readonly constant: ReadonlySet<ValueId>;
}

/** What has proved impossible, for example because a kernel would bind too many buffers. */
export interface Refusals {
  readonly epilogue: ReadonlySet<ValueId>;
  readonly prologue: ReadonlySet<ValueId>;
  /** Roots of matches that may not bind a tensor twice, as vectors and as scalars. */
  readonly vectors: ReadonlySet<ValueId>;
}

export const noRefusals: Refusals = { epilogue: new Set(), prologue: new Set(), vectors: new Set() };

type MapNode = Extract<Node, { op: "map" }>;

export function planRegions(g: Graph, refused: Refusals = noRefusals): Regions {
  const live = liveValues(g);
  const users = readersOf(g, live);
  const outputs = new Set(g.outputs.map((o) => o.value));
  const constant = constantValues(g, outputs);

  const clusters = rowClusters({ g, live, readers: users, outputs, constant, refused: refused.epilogue });
  const swallowed = new Set<ValueId>();
  const inlined = new Set<ValueId>();
  for (const c of clusters.values()) {
    for (const r of c.rowValues) swallowed.add(r.value);
    for (const v of c.inlined) inlined.add(v);
  }

  // Epilogues first: what is computed where another kernel stores costs nothing.
  const coveredBy = new Map<ValueId, ValueId>();
  const chains = new Map<ValueId, ValueId[]>();
  g.nodes.forEach((node, v) => {
    if (!live[v] || !ownsKernel(node) || swallowed.has(v) || refused.epilogue.has(v)) return;
    const chain: ValueId[] = [];
    let last = v;
    for (;;) {
      const next = soleUser(g, last, users[last]);
      if (next === undefined || outputs.has(last) || constant.has(last) !== constant.has(next)) break;
      // Of two results that meet in one map, the first takes it; the other is read from memory.
      if (
        coveredBy.has(next) ||
        inlined.has(next) ||
        swallowed.has(next) ||
        clusters.has(next) ||
        !followsElementwise(g, last, next)
      )
        break;
      chain.push(next);
      coveredBy.set(next, v);
      last = next;
    }
    if (chain.length > 0) chains.set(v, chain);
  });

  g.nodes.forEach((node, v) => {
    if (node.op !== "map" || !live[v] || outputs.has(v) || refused.prologue.has(v)) return;
    if (coveredBy.has(v) || swallowed.has(v) || clusters.has(v)) return;
    const readers = users[v] ?? new Map<ValueId, number>();
    if ([...readers.keys()].some((u) => g.nodes[u]?.op === "concat")) return;
    if (worthInlining(g, node, v, readers, constant.has(v), inlined)) inlined.add(v);
  });

  const matches: Match[] = [];
  g.nodes.forEach((node, v) => {
    if (!live[v] || inlined.has(v) || coveredBy.has(v) || swallowed.has(v)) return;
    if (node.op === "input" || node.op === "param") return;
    const cluster = clusters.get(v);
    if (cluster === undefined) matches.push({ root: v, epilogue: chains.get(v) ?? [] });
    else matches.push({ root: v, epilogue: [], row: { axis: cluster.axis, values: cluster.rowValues } });
  });
  // A match runs once everything is there that its last map reads; that is when its result is due.
  matches.sort((a, b) => resultOf(a) - resultOf(b));
  return { matches, inlined, constant };
}

const ownsKernel = (node: Node): boolean =>
  node.op === "contract" || node.op === "reduce" || node.op === "softmax" || node.op === "region";

function soleUser(g: Graph, v: ValueId, users: ReadonlyMap<ValueId, number> | undefined): ValueId | undefined {
  if (users?.size !== 1) return undefined;
  const [[user, times] = [v, 0]] = [...users];
  return times === 1 && g.nodes[user]?.op === "map" ? user : undefined;
}

/** Whether `next` reads `v` once, at plain and different indices that cover all of it and all of `next`. */
function followsElementwise(g: Graph, v: ValueId, next: ValueId): boolean {
  const map = g.nodes[next];
  if (map?.op !== "map") return false;
  const use = map.args.find((u) => u.value === v);
  return use !== undefined && bijective(use, map, g.nodes[v]?.type.shape ?? []);
}

function bijective(use: Use, map: MapNode, shape: readonly Dim[]): boolean {
  const seen = new Set<number>();
  for (const [axis, sub] of use.at.entries()) {
    if (sub.i !== "ix" || seen.has(sub.ix)) return false;
    if (!sameDim(map.extents[sub.ix] ?? constDim(1), shape[axis] ?? constDim(1))) return false;
    seen.add(sub.ix);
  }
  return map.out.every((ix) => seen.has(ix));
}

/** The values computed from parameters alone, whose sizes no run changes. */
function constantValues(g: Graph, outputs: ReadonlySet<ValueId>): ReadonlySet<ValueId> {
  const constant = new Set<ValueId>();
  g.nodes.forEach((node, v) => {
    if (node.op === "input") return;
    // An output is written by every run.
    if (outputs.has(v)) return;
    if (node.op === "param") {
      constant.add(v);
      return;
    }
    if (allUses(node).every((u) => constant.has(u.value)) && !mentionsRunTimeSize(node)) constant.add(v);
  });
  return constant;
}

function mentionsRunTimeSize(node: Node): boolean {
  let found = false;
  const visit = (x: unknown): void => {
    if (found || typeof x !== "object" || x === null) return;
    if (Array.isArray(x)) {
      x.forEach(visit);
      return;
    }
    const o = x as { readonly op?: unknown; readonly lo?: unknown; readonly hi?: unknown };
    if (o.op === "symbol" && o.lo !== o.hi) {
      found = true;
      return;
    }
    Object.values(x).forEach(visit);
  };
  visit(node);
  return found;
}

/**
 * The cost of a map in additions an element: its arithmetic, and what it loads beyond the one load that reading its
 * stored result would cost too.
 */
function costOf(g: Graph, node: MapNode, inlined: ReadonlySet<ValueId>): number {
  const inner = node.args.reduce((c, u) => {
    const from = g.nodes[u.value];
    return c + (inlined.has(u.value) && from?.op === "map" ? costOf(g, from, inlined) : 0);
  }, 0);
  return weight(node.body) + inner + 2 * Math.max(0, node.args.length - 1);
}

/** How often a reader asks for each element of a value. */
function readsPerElement(g: Graph, user: ValueId, v: ValueId): number {
  const node = g.nodes[user];
  if (node === undefined) return 1;
  if (node.op === "softmax") return 3;
  // As of a contraction's factors; biases and masks are read less often.
  if (node.op === "region") return 16;
  if (node.op === "contract") {
    // Each element of a tile's factor is read once a tile of the other side.
    return node.extents.length > node.out.length && node.factors.length > 1 ? 16 : 1;
  }
  if (node.op === "map" || node.op === "reduce") {
    const all = typical(productDim(node.extents));
    const own = typical(productDim(g.nodes[v]?.type.shape ?? []));
    const times = operandUses(node).filter((u) => u.value === v).length;
    return Math.max(1, times) * Math.max(1, all / own);
  }
  return 1;
}

/** Elements of a parameter-only map that may be computed once at load. */
const storedAtLoad = 1 << 22;

function worthInlining(
  g: Graph,
  node: MapNode,
  v: ValueId,
  users: ReadonlyMap<ValueId, number>,
  constant: boolean,
  inlined: ReadonlySet<ValueId>,
): boolean {
  const cost = costOf(g, node, inlined);
  const size = constValue(productDim(node.type.shape));
  // Nothing read and nothing computed, or only moved: no memory could be cheaper.
  if (cost === 0) return true;
  if (constant && size !== undefined && size <= storedAtLoad) return false;
  let reads = 0;
  for (const [user, times] of users)
    reads += times > 1 ? times * readsPerElement(g, user, v) : readsPerElement(g, user, v);
  // Storing costs a store, a load for each read but none of the arithmetic, and a dispatch.
  if (reads <= 1) return true;
  if (reads <= 4) return cost <= 8;
  return cost <= 3;
}

/** The run-time sizes of a graph, each once. */
export function runTimeSizes(g: Graph): readonly Dim[] {
  const found = new Map<string, Dim>();
  for (const node of g.nodes) {
    for (const d of node.type.shape) {
      for (const s of symbolsOf(d)) if (dimRange(s).lo !== dimRange(s).hi) found.set(s.name, s);
    }
  }
  return [...found.values()];
}
