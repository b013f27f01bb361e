import type { Choice, Decision } from "../../src/cost/plan.js";
import { type Loc, noLoc } from "../../src/diagnostics/span.js";
import { constDim, evalDim, sameDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Ix, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { liveValues, scalarIndices, useIndices, whereIndices } from "../../src/ir/graph/visit.js";
import { splitWhere } from "../../src/ir/graph/where.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";
import { copyNode, dropUnreachable } from "../rewrite.js";
import { type Chunked, type Contract, chunked, inChunks, type Lengths, type Prefix } from "./chunkedProduct.js";
import { type Costed, leastFlops } from "./leastFlops.js";
import { productSubjects } from "./orderSubject.js";
import { greatestSizes } from "./typicalSize.js";

/**
 * Products over all that came before, in linear time:
 *
 *     y[i] = Σ_{l <= i} a[i, c] · x[l, c]        (c is summed or not; x any product)
 *
 * in chunks of S rows, i = b·S + r and l = b'·S + t:
 *
 *     y[b, r] = a[b, r, c] · (Σ_{b' < b} Σ_t x[b', t, c])  +  Σ_{t <= r} a[b, r, c] · x[b, t, c]
 *
 * The sum over whole chunks is made once for each chunk, what is left is as long as a chunk: causal Linformer in its prefix
 * form takes n(kd + S(k + d)) in place of n²(k + d). The sums over the chunks before a chunk, of which there are n / S, are
 * made directly, or once more in groups of G. What comes later is selected out everywhere, so it changes nothing.
 *
 * S divides the rows, whatever the run-time sizes; the best of S and G is taken, if what it saves is worth the dispatches
 * that are more. Not under `fp: "strict"`: the order of the sums changes.
 */
export const chunkPrefixes: Pass<Graph> = {
  name: "chunkPrefixes",
  summary: "sums over all earlier rows in linear time, chunk by chunk",
  run,
};

const longestChunk = 256;
/** Chunks in a group; 0 for none. */
const groupSizes = [0, 8, 16, 32] as const;
/** Chunk sums, their prefix, the rest and the sum of the two; sums of groups, their prefix and the sum of these two. */
const moreDispatches = 4;
const moreForGroups = 3;

function run(graph: Graph, cx: PassContext): Graph {
  if (cx.fp === "strict") return graph;
  const sizes = greatestSizes(graph);
  const live = liveValues(graph);
  const found = new Map<ValueId, Prefix>();
  graph.nodes.forEach((node, v) => {
    const prefix = node.op === "contract" && live[v] ? prefixOf(node) : undefined;
    if (prefix !== undefined) found.set(v, prefix);
  });
  if (found.size === 0) return graph;

  const subjects = productSubjects(graph);
  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  let changed = false;
  graph.nodes.forEach((node, v) => {
    const loc = graph.locs[v] ?? noLoc;
    const prefix = found.get(v);
    const chunk = prefix && choose(prefix, `${subjects.get(v) ?? "product"} (prefix)`, loc, sizes, cx);
    if (prefix === undefined || chunk === undefined) {
      next.set(v, copyNode(b, node, loc, at));
      return;
    }
    changed = true;
    next.set(v, inChunks(b, prefix, chunk, at, loc));
  });
  if (!changed) return graph;
  return dropUnreachable(
    b.finish(
      graph.name,
      graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
    ),
  );
}

/** Σ_{l <= i} over factors none of which has both rows; what a condition says otherwise is of l alone. */
function prefixOf(node: Contract): Prefix | undefined {
  if (node.where === undefined) return undefined;
  const conjuncts = splitWhere(node.where);
  const orders = conjuncts.flatMap((w) => orderOf(node, w) ?? []);
  const [order] = orders;
  if (order === undefined || orders.length !== 1) return undefined;
  const { row, earlier } = order;
  const conditions = conjuncts.filter((w) => orderOf(node, w) === undefined);
  const aboutEarlier = (w: Where): boolean =>
    !whereIndices(w).has(row) && !scalarIndices(w.body).has(earlier) && w.args.some((u) => useIndices(u).has(earlier));
  if (!conditions.every(aboutEarlier)) return undefined;
  const before = node.factors.filter((u) => useIndices(u).has(earlier));
  const others = node.factors.filter((u) => !useIndices(u).has(earlier));
  if (before.length === 0 || before.some((u) => useIndices(u).has(row))) return undefined;
  if (!others.some((u) => useIndices(u).has(row))) return undefined;
  return { node, ...order, before, others, conditions };
}

/** `l <= i` or `l < i` of a row of the result and a row that is summed, over the same rows. */
function orderOf(
  node: Contract,
  { args, body }: Where,
): { readonly row: Ix; readonly earlier: Ix; readonly inclusive: boolean } | undefined {
  if (args.length > 0 || body.e !== "call") return undefined;
  const [x, y] = body.args;
  if (x?.e !== "index" || y?.e !== "index") return undefined;
  const less = body.fn === "le" || body.fn === "lt";
  if (!less && body.fn !== "ge" && body.fn !== "gt") return undefined;
  const [earlier, row] = less ? [x.ix, y.ix] : [y.ix, x.ix];
  if (!node.out.includes(row) || node.out.includes(earlier)) return undefined;
  const [n, m] = [node.extents[row], node.extents[earlier]];
  if (n === undefined || m === undefined || !sameDim(n, m)) return undefined;
  return { row, earlier, inclusive: body.fn === "le" || body.fn === "ge" };
}

/** The length of a chunk, or nothing where the product stays as it is. */
function choose(
  p: Prefix,
  subject: string,
  loc: Loc,
  sizes: ReadonlyMap<string, number>,
  cx: PassContext,
): Lengths | undefined {
  const bytes = byteSize(p.node.type.dtype);
  const choice = (name: string, work: Costed, dispatches: number): Choice => ({
    name,
    flops: work.flops,
    bytes: bytes * work.elements,
    dispatches,
    seconds:
      Math.max(work.flops / cx.target.peak.flops, (bytes * work.elements) / cx.target.peak.bandwidth) +
      dispatches * cx.target.peak.dispatch,
  });
  const whole = leastFlops({
    factors: p.node.factors.map((u) => useIndices(u)),
    out: p.node.out,
    order: p,
    size: (ix) => evalDim(p.node.extents[ix] ?? constDim(1), sizes),
  });
  const written = choice("at once", whole, p.node.factors.length - 1);
  const options = Array.from({ length: longestChunk - 3 }, (_, i) => i + 4).flatMap((size) =>
    groupSizes.flatMap((group) => {
      const lengths = { size, group };
      const c = chunked(p, lengths);
      if (c === undefined || (group > 0 && evalDim(c.extents.get(c.block) ?? constDim(1), sizes) < 2 * group))
        return [];
      const dispatches = written.dispatches + moreDispatches + (group === 0 ? 0 : moreForGroups);
      const name = `chunks of ${size}${group === 0 ? "" : `, groups of ${group}`}`;
      return [{ lengths, choice: choice(name, chunkedWork(p, c, group, sizes), dispatches) }];
    }),
  );
  options.sort((a, b) => a.choice.seconds - b.choice.seconds || a.lengths.size - b.lengths.size);
  const pin = cx.plan?.strategies[subject];
  const pinned = pin === written.name || options.some((o) => o.choice.name === pin);
  const best = pinned ? options.find((o) => o.choice.name === pin) : options[0];
  const taken = pinned || (best !== undefined && best.choice.seconds < written.seconds) ? best : undefined;
  if (options.length === 0) return undefined;
  const chosen = taken?.choice ?? written;
  const others = [written, ...options.slice(0, 3).map((o) => o.choice)].filter((o) => o.name !== chosen.name);
  const decision: Decision = { kind: "strategy", subject, chosen, others, pinned };
  cx.remark({ pass: "chunkPrefixes", loc, message: `${subject}: ${chosen.name}`, decision });
  return taken?.lengths;
}

/** What the parts of a chunked product cost together. */
function chunkedWork(p: Prefix, c: Chunked, group: number, sizes: ReadonlyMap<string, number>): Costed {
  const size = (ix: Ix): number => evalDim(c.extents.get(ix) ?? constDim(1), sizes);
  const renamed = (u: Use, from: Ix, to: readonly Ix[]): ReadonlySet<Ix> =>
    new Set([...useIndices(u)].flatMap((ix) => (ix === from ? to : [ix])));
  const rows = p.others.map((u) => renamed(u, p.row, [c.block, c.inRow]));
  const one = (from: readonly Ix[], to: Ix, order?: { readonly row: Ix; readonly earlier: Ix }) => ({
    factors: [new Set([...from, ...c.kept])],
    out: [to, ...c.kept],
    ...(order && { order }),
  });
  const prefixes =
    group === 0
      ? [one([c.earlierBlock], c.block, { row: c.block, earlier: c.earlierBlock })]
      : [
          one([c.group, c.inGroup], c.group),
          one([c.earlierGroup], c.group, { row: c.group, earlier: c.earlierGroup }),
          one([c.block, c.inGroup], c.block),
        ];
  const parts = [
    {
      factors: p.before.map((u) => renamed(u, p.earlier, [c.earlierBlock, c.inEarlier])),
      out: [c.earlierBlock, ...c.kept],
    },
    ...prefixes,
    { factors: [...rows, new Set([c.block, ...c.kept])], out: [c.block, c.inRow, ...c.rest] },
    {
      factors: [...rows, ...p.before.map((u) => renamed(u, p.earlier, [c.block, c.inEarlier]))],
      out: [c.block, c.inRow, ...c.rest],
      order: { row: c.inRow, earlier: c.inEarlier },
    },
  ].map((part) => leastFlops({ ...part, size }));
  return {
    flops: parts.reduce((n, x) => n + x.flops, 0),
    elements: parts.reduce((n, x) => n + x.elements, 0),
  };
}
