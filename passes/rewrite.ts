import { type Loc, noLoc } from "../src/diagnostics/span.js";
import { type GraphBuilder, graphBuilder } from "../src/ir/graph/builder.js";
import type { Graph, Node, Op, TensorType, ValueId } from "../src/ir/graph/ops.js";
import { liveValues, mapOperands, mapSame } from "../src/ir/graph/visit.js";
import { InternalError, invariant } from "../src/util/invariant.js";

/**
 * Local rewriting of a graph: named rules keyed by op, one driver.
 *
 * Rules are for simplification only: each stands under its equation, holds wherever its side condition holds, and never
 * makes the graph worse. Anything with alternatives is a search pass with a cost.
 */

/** What a rule may ask about the graph that is being built. */
export interface GraphView {
  /** The node of a value. */
  node(v: ValueId): Node;
  /** The type of a value. */
  type(v: ValueId): TensorType;
  /** Where a value comes from. */
  loc(v: ValueId): Loc;
}

/** A local rewriting of nodes of one op. */
export interface Rule<K extends Op["op"] = Op["op"]> {
  readonly name: string;
  readonly on: K;
  /**
   * The value that replaces `node`, or `undefined` where the rule does not apply. `b.add` simplifies what it adds; a
   * node that the rule adds gets the position of the node that it replaces where `loc` is `noLoc`.
   */
  apply(node: Extract<Node, { op: K }>, g: GraphView, b: GraphBuilder): ValueId | undefined;
}

/** A rule for some op. */
export type AnyRule = { [K in Op["op"]]: Rule<K> }[Op["op"]];

/** How often rules may fire: the graph's size times this, and a constant for small graphs. */
const firingsPerNode = 64;
const firingsAtLeast = 4096;
/** Rules whose results add nodes that fire rules in turn. */
const deepest = 200;

/**
 * Applies the rules bottom-up until none applies; the same object when none did. Nodes that nothing reads any more
 * are dropped, inputs stay. A rule set that does not come to an end is an internal fault that names its last ten rules.
 */
export function rewrite(graph: Graph, rules: readonly AnyRule[]): Graph {
  const byOp = new Map<Op["op"], AnyRule[]>();
  for (const rule of rules) byOp.set(rule.on, [...(byOp.get(rule.on) ?? []), rule]);

  const base = graphBuilder();
  const fired: string[] = [];
  /** Rules that are being applied: a node that one adds may fire the next. */
  const active: string[] = [];
  const budget = firingsAtLeast + firingsPerNode * graph.nodes.length;
  /** Each value whose rules have all been tried, and what stands for it now. */
  const settled = new Map<ValueId, ValueId>();
  let here: Loc = noLoc;

  const builder: GraphBuilder = {
    ...base,
    add(op, loc, type) {
      const v = base.add(op, loc.kind === "none" ? here : loc, type);
      return settle(v);
    },
  };

  function settle(start: ValueId): ValueId {
    const path: ValueId[] = [];
    let v = start;
    for (let to = settled.get(v) ?? step(v); to !== v; to = settled.get(v) ?? step(v)) {
      path.push(v);
      v = to;
    }
    settled.set(v, v);
    for (const before of path) settled.set(before, v);
    return v;
  }

  /** What the first rule that applies puts in place of a value; the value itself if none does. */
  function step(v: ValueId): ValueId {
    const node = base.node(v);
    for (const rule of byOp.get(node.op) ?? []) {
      const outer = here;
      here = base.loc(v);
      active.push(rule.name);
      if (active.length > deepest) throw endless(active);
      // keyed by op: `rule.on === node.op` makes the node's type the one that the rule takes
      const to = (rule as Rule).apply(node, base, builder);
      active.pop();
      here = outer;
      if (to === undefined || to === v) continue;
      fired.push(rule.name);
      if (fired.length > budget) throw endless(fired);
      return to;
    }
    return v;
  }

  const endless = (names: readonly string[]): InternalError =>
    new InternalError(`rewriting ${graph.name} does not end; last rules: ${names.slice(-10).join(", ")}`);

  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  graph.nodes.forEach((node, v) => {
    next.set(v, copyNode(builder, node, graph.locs[v] ?? noLoc, at));
  });
  if (fired.length === 0) return graph;
  return dropUnreachable(
    base.finish(
      graph.name,
      graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
    ),
  );
}

/** Keeps inputs and what an output needs; the same object when that is everything. */
export function dropUnreachable(graph: Graph): Graph {
  const live = liveValues(graph);
  const kept = graph.nodes.map((node, v) => node.op === "input" || live[v] === true);
  if (kept.every((k) => k)) return graph;
  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} was dropped and is used`);
    return to;
  };
  graph.nodes.forEach((node, v) => {
    if (kept[v]) next.set(v, copyNode(b, node, graph.locs[v] ?? noLoc, at));
  });
  return b.finish(
    graph.name,
    graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
  );
}

/** Adds a node of another graph, its operands renamed. */
export function copyNode(b: GraphBuilder, node: Node, loc: Loc, at: (v: ValueId) => ValueId): ValueId {
  const { type, ...rest } = node;
  // the spread of a union forgets the variant: `rest` is `node` without its type
  const op = mapOperands(rest as Op, at);
  return b.add(op, loc, op.op === "input" || op.op === "param" ? type : undefined);
}

/** Changes the body and the plans of every region; the same object when `f` gives back all of them. */
export function mapRegions(graph: Graph, f: (body: Graph) => Graph): Graph {
  if (!graph.nodes.some((n) => n.op === "region")) return graph;
  const nodes = mapSame(graph.nodes, (node) => {
    if (node.op !== "region") return node;
    const body = f(node.body);
    const plans = node.plans && mapSame(node.plans, f);
    return body === node.body && plans === node.plans ? node : { ...node, body, ...(plans && { plans }) };
  });
  return nodes === graph.nodes ? graph : { ...graph, nodes };
}
