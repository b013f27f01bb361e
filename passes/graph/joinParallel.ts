import { roofline } from "../../src/cost/roofline.js";
import { type Loc, noLoc } from "../../src/diagnostics/span.js";
import { constDim, constValue, evalDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import { keyMaker } from "../../src/ir/graph/key.js";
import type { Graph, Node, Use, ValueId } from "../../src/ir/graph/ops.js";
import { argument } from "../../src/ir/graph/scalars.js";
import { liveValues, mapOperands, mapUses, operands, useIndices, useValues } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";
import { copyNode, dropUnreachable } from "../rewrite.js";
import { parameterOnly } from "./hoistWeights.js";
import type { ContractNode } from "./products.js";
import { withStackedArguments } from "./stackedArguments.js";
import { typicalSizes } from "./typicalSize.js";
import { valueName } from "./valueName.js";

/**
 * Products of one tensor with several weights of one shape become one product with the weights stacked, when they are
 * loaded: one dispatch that reads the tensor once and has more to do.
 *
 *     k[h, n, c] = Σ_d x[n, d] · wk[h, d, c]          kv[s, h, n, c] = Σ_d x[n, d] · w[s, h, d, c]
 *     v[h, n, c] = Σ_d x[n, d] · wv[h, d, c]          k = kv[0, …], v = kv[1, …]
 *
 * No sum changes its order, so `fp: "strict"` allows it. Only products that other products, reductions and softmaxes read
 * are joined: a map would be computed where its product is written, and then needs the product by itself. A region that
 * reads them takes the stack. It runs last, so that no strategy misses what it looks for. Where a read of a part is an
 * operation of its own, which it is for a backend without strategies, nothing is gained.
 */
export const joinParallel: Pass<Graph> = {
  name: "joinParallel",
  summary: "stack the weights of products of one tensor",
  run,
};

/** A product of a tensor and a weight. */
interface Member {
  readonly value: ValueId;
  readonly node: ContractNode;
  /** Which factor is the weight. */
  readonly weight: 0 | 1;
  /** For each axis, the number of its index in the order in which the factors, the tensor first, mention them. */
  readonly axes: readonly number[];
  /** Which part of a stack the tensor is, where each member of a group has its own. */
  readonly part?: number;
}

/** Where a member is in the stack of its group. */
interface Place {
  readonly part: number;
  /** For each axis of the stack but the first, the member's axis. */
  readonly axes: readonly number[];
}

function run(graph: Graph, cx: PassContext): Graph {
  if (cx.strategies.size === 0) return graph;
  // What is joined first may be the tensors of others: keys and values of two projections.
  const once = join(graph, cx);
  return once === graph ? graph : join(once, cx);
}

function join(graph: Graph, cx: PassContext): Graph {
  const groups = groupsOf(graph).filter((group) => pays(graph, group, cx));
  if (groups.length === 0) return graph;

  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  const first = new Map(groups.map((g) => [g[0]?.value ?? -1, g]));
  const heads = new Map(groups.flatMap((g) => g.map((m) => [m.value, g[0]?.value ?? -1] as const)));
  const place = new Map(
    groups.flatMap((g) =>
      g.map((m, part): readonly [ValueId, Place] => [
        m.value,
        { part, axes: g[0]?.axes.map((index) => m.axes.indexOf(index)) ?? [] },
      ]),
    ),
  );
  graph.nodes.forEach((node, v) => {
    const loc = graph.locs[v] ?? noLoc;
    const group = first.get(v);
    if (group !== undefined) {
      const stacked = stack(b, group, loc, at);
      for (const m of group) next.set(m.value, stacked);
    }
    if (place.has(v)) return;
    const { type: _, ...rest } = node;
    const reads = operands(node).some((r) => place.has(r));
    const op = !reads
      ? node
      : node.op === "region"
        ? withStackedArguments(node, (arg) => {
            const own = place.get(arg);
            const head = heads.get(arg);
            return own === undefined || head === undefined ? undefined : { ...own, head, type: b.type(at(head)) };
          })
        : mapUses(rest as typeof node, (use) => sliced(use, place));
    next.set(v, copyNode(b, { ...op, type: node.type }, loc, at));
  });
  return dropUnreachable(
    b.finish(
      graph.name,
      graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
    ),
  );
}

/** The use of a member as a use of its part of the stack; the values are still those of the old graph. */
function sliced(use: Use, place: ReadonlyMap<ValueId, Place>): Use {
  // no member is a subscript: these are whole numbers
  const found = place.get(use.value);
  if (found === undefined) return use;
  return {
    value: use.value,
    at: [{ i: "dim", dim: constDim(found.part) }, ...found.axes.flatMap((a) => use.at[a] ?? [])],
  };
}

/** Members that differ in nothing but their weight and the order of their axes, two or more; the first has every weight before it. */
function groupsOf(graph: Graph): readonly (readonly Member[])[] {
  const live = liveValues(graph);
  const weights = parameterOnly(graph);
  const outputs = new Set(graph.outputs.map((o) => o.value));
  const elsewhere = new Set<ValueId>();
  graph.nodes.forEach((node, v) => {
    if (!live[v] || node.op === "contract" || node.op === "reduce" || node.op === "softmax") return;
    // A region reads parts as its body's products do; other ways of reading are not looked for.
    if (node.op === "region") return;
    for (const read of operands(node)) elsewhere.add(read);
  });
  const key = keyMaker();
  const groups = new Map<string, Member[]>();
  graph.nodes.forEach((node, value) => {
    if (!live[value] || node.op !== "contract" || node.type.dtype !== "f32") return;
    if (outputs.has(value) || elsewhere.has(value)) return;
    const weight = weightOf(node, weights);
    const use = weight === undefined ? undefined : node.factors[weight];
    if (weight === undefined || use === undefined || weights.has(value)) return;
    const type = (graph.nodes[use.value] as Node).type; // a use names a value of the graph
    const tensor = node.factors[1 - weight];
    if (tensor === undefined) return;
    const part = partRead(tensor);
    const order = [...new Set([...useIndices(tensor), ...useIndices(use)])];
    const axes = node.out.map((ix) => order.indexOf(ix));
    if (axes.includes(-1)) return;
    const nameless: ContractNode = {
      ...node,
      factors: [part?.stack ?? tensor, { ...use, value: -1 }],
      out: node.out.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)),
    };
    const form = `${key.op(nameless)} ${type.dtype} ${JSON.stringify(type.shape)}`;
    const group = groups.get(form);
    const head = group?.[0]?.value ?? value;
    // the stack stands where the first member does: the weights of the others have to be there
    if (use.value > head) return;
    const member: Member = { value, node, weight, axes, ...(part && { part: part.part }) };
    if (group === undefined) groups.set(form, [member]);
    else group.push(member);
  });
  return [...groups.values()].flatMap((g) => byParts(graph, g)).filter((g) => g.length > 1);
}

/** A use of one part of a stack: a constant subscript on the first axis; `stack` is the same for every part. */
function partRead(use: Use): { readonly part: number; readonly stack: Use } | undefined {
  const [first, ...rest] = use.at;
  const part = first?.i === "dim" ? constValue(first.dim) : undefined;
  if (part === undefined) return undefined;
  return { part, stack: { value: use.value, at: [{ i: "dim", dim: constDim(0) }, ...rest] } };
}

/** Members that read one part, by part; or all of them, where member i reads part i of a stack of so many. */
function byParts(graph: Graph, group: readonly Member[]): readonly (readonly Member[])[] {
  const tensor = group[0]?.node.factors[1 - group[0].weight];
  const size = tensor && graph.nodes[tensor.value]?.type.shape[0];
  if (size !== undefined && constValue(size) === group.length && group.every((m, i) => m.part === i)) return [group];
  const parts = [...new Set(group.map((m) => m.part))];
  return parts.map((p) => group.filter((m) => m.part === p).map(({ part: _, ...m }) => m));
}

/** Which of two factors is a weight, read by its own subscripts; the other is none. */
function weightOf(node: ContractNode, weights: ReadonlySet<ValueId>): 0 | 1 | undefined {
  if (node.factors.length !== 2) return undefined;
  const isWeight = node.factors.map((u) => [...useValues(u)].every((v) => weights.has(v)));
  if (isWeight[0] === isWeight[1]) return undefined;
  return isWeight[0] ? 0 : 1;
}

function pays(graph: Graph, group: readonly Member[], cx: PassContext): boolean {
  const sizes = typicalSizes(graph);
  const [head] = group;
  if (head === undefined) return false;
  const { node } = head;
  const elements = (v: ValueId): number =>
    (graph.nodes[v] as Node).type.shape.reduce(
      (n, d) => n * evalDim(d, sizes),
      byteSize((graph.nodes[v] as Node).type.dtype),
    );
  const flops = node.extents.reduce((n, d) => n * evalDim(d, sizes), 2);
  const reads = node.factors.map((u) => elements(u.value));
  const [weight, tensor] = [reads[head.weight] ?? 0, reads[1 - head.weight] ?? 0];
  const out = elements(head.value);
  const count = group.length;
  if (count * Math.max(out, weight) > cx.target.maxBinding) return false;
  const apart = roofline({ flops, bytes: tensor + weight + out, dispatches: 1 }, cx.target).seconds * count;
  const joined = roofline(
    { flops: count * flops, bytes: tensor + count * (weight + out), dispatches: 1 },
    cx.target,
  ).seconds;
  if (joined >= apart) return false;
  const names = group.map((m) => valueName(graph, m.value)).join(", ");
  cx.remark({
    pass: "joinParallel",
    loc: graph.locs[head.value] ?? noLoc,
    message: `${names}: one product with stacked weights, ${count - 1} ${count === 2 ? "dispatch" : "dispatches"} and ${(count - 1) * tensor} bytes less`,
    data: { products: count, dispatches: 1 - count, bytes: (1 - count) * tensor, seconds: joined, before: apart },
  });
  return true;
}

/** The product of a group with the stack of its weights, along a new first axis. */
function stack(b: GraphBuilder, group: readonly Member[], loc: Loc, at: (v: ValueId) => ValueId): ValueId {
  const [head] = group;
  invariant(head !== undefined, () => "a group has members");
  const parts = group.map(({ node, weight }): ValueId => {
    const use = node.factors[weight];
    invariant(use !== undefined, () => "a product of two factors");
    const value = at(use.value);
    const { shape } = b.type(value);
    const own = shape.map((_, axis) => axis + 1);
    return b.add(
      {
        op: "map",
        args: [{ value, at: own.map((ix) => ({ i: "ix", ix })) }],
        out: [0, ...own],
        extents: [constDim(1), ...shape],
        body: argument(0),
      },
      loc,
    );
  });
  const weights = b.add({ op: "concat", args: parts, axis: 0 }, loc);
  const { type: _, ...rest } = head.node;
  const op = mapOperands(rest, at);
  invariant(op.op === "contract", () => "a member is a product");
  const s = op.extents.length;
  const factors = op.factors.map(
    (use, i): Use =>
      i === head.weight
        ? { value: weights, at: [{ i: "ix", ix: s }, ...use.at] }
        : head.part === undefined
          ? use
          : { ...use, at: [{ i: "ix", ix: s }, ...use.at.slice(1)] },
  );
  return b.add({ ...op, factors, out: [s, ...op.out], extents: [...op.extents, constDim(group.length)] }, loc);
}
