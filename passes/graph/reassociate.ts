import { type Loc, noLoc } from "../../src/diagnostics/span.js";
import type { Dim } from "../../src/ir/dim.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Ix, Use, ValueId } from "../../src/ir/graph/ops.js";
import { argument } from "../../src/ir/graph/scalars.js";
import {
  liveValues,
  plainIndices,
  renameScalar,
  renameUse,
  rewriteUse,
  useIndices,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { joinWhere } from "../../src/ir/graph/where.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";
import { copyNode, dropUnreachable, mapRegions } from "../rewrite.js";
import {
  appliedAt,
  costOf,
  everyFactor,
  keptBy,
  loopsOf,
  members,
  resultOf,
  type Tree,
  type TreeStep,
  writtenOrder,
} from "./contractionOrder.js";
import { orderRemark } from "./orderDecision.js";
import {
  type NamedPart,
  orderProblem,
  type Pin,
  pinnedOrders,
  pinnedTrees,
  sideSubject,
  sourceOrder,
} from "./orderProblem.js";
import { searchOrders } from "./orderSearch.js";
import type { ContractNode, GraphProduct } from "./products.js";
import { greatestSizes } from "./typicalSize.js";

/**
 * Gives every product an order: after this pass each contraction has at most two factors.
 *
 * All products of the graph are ordered together, by the target's roofline, with intermediates that several products
 * have in common paid once, and those of parameters alone not at all: they are made when the weights are loaded.
 * Run-time sizes count at the top of their range, so that no order is taken that is quadratic where another is linear.
 * An order that the plan gives is kept. Under `fp: "strict"` the written order from left to right stays, whatever the plan says.
 */
export const reassociate: Pass<Graph> = {
  name: "reassociate",
  summary: "choose the order of every product",
  run,
};

function run(source: Graph, cx: PassContext): Graph {
  const graph = mapRegions(source, (body) => run(body, cx));
  const problem = orderProblem(graph, new Map([...greatestSizes(graph), ...(cx.branch?.sizes ?? [])]));
  const { placed, named } = problem;
  if (!placed.some((p) => p.product.factors.length > 1)) return dropUnreachable(graph);
  const strict = cx.fp === "strict";
  const pins: ReadonlyMap<number, Pin> = strict ? new Map() : pinnedOrders(problem, cx);
  const orders = new Map<ValueId, { readonly tree: Tree; readonly others: readonly Tree[] }>();
  if (strict) for (const p of placed) orders.set(p.value, { tree: writtenOrder(p.product), others: [] });
  else
    for (const group of searchOrders(
      placed.map((p) => p.product),
      cx.target,
      pinnedTrees(pins),
    ))
      group.members.forEach((i, at) => {
        const p = placed[i];
        const tree = group.ranked[0]?.trees[at];
        if (p !== undefined && tree !== undefined) orders.set(p.value, { tree, others: group.others[at] ?? [] });
      });
  const products = new Map(
    placed.map((p, i) => [p.value, { ...p, subject: subjectIn(p.subject, cx), pinned: pins.get(i)?.byPlan ?? false }]),
  );

  const live = liveValues(graph);
  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  const work: Work = { b, at, made: new Map(), named };
  const counted = new Set<string>();
  let changed = false;
  graph.nodes.forEach((node, v) => {
    if (!live[v] && node.op !== "input") {
      changed = true;
      return;
    }
    const loc = graph.locs[v] ?? noLoc;
    const p = products.get(v);
    const order = orders.get(v);
    if (node.op !== "contract" || p === undefined || order?.tree.kind !== "step") {
      next.set(v, copyNode(b, node, loc, at));
      return;
    }
    const { tree, others } = order;
    const id = emitRoot(work, p.product, tree, loc);
    if (b.node(id).op !== "contract" || tree.of.some((t) => t.kind === "step")) changed = true;
    next.set(v, id);
    if (p.product.factors.length > 2)
      cx.remark(orderRemark({ ...p, chosen: tree, written: sourceOrder(problem, p), others }, cx, counted));
    else costOf([[p.product, tree]], cx.target, counted);
  });
  if (!changed) return graph;
  return dropUnreachable(
    b.finish(
      graph.name,
      graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
    ),
  );
}

/** What a decision is about: a product, or a product on one side of a choice. */
function subjectIn(subject: string, { branch }: PassContext): string {
  const own = branch !== undefined && branch.when !== "" && Object.hasOwn(branch.own, subject);
  return own ? sideSubject(subject, branch.when) : subject;
}

/** A part that exists: its value, and which number of the part's key each of its axes is. */
interface Made {
  readonly value: ValueId;
  readonly axes: readonly number[];
}

interface Work {
  readonly b: GraphBuilder;
  /** The new value of an old one. */
  at(v: ValueId): ValueId;
  /** Parts by key. */
  readonly made: Map<string, Made>;
  readonly named: ReadonlyMap<string, NamedPart>;
}

/** The whole product, its axes as the node has them; a copy where an equal part with other axes exists. */
function emitRoot(work: Work, p: GraphProduct, tree: TreeStep, loc: Loc): ValueId {
  const use = emit(work, p, tree, loc);
  const plain = plainIndices(use);
  if (plain !== undefined && plain.length === p.node.out.length && plain.every((ix, i) => ix === p.node.out[i]))
    return use.value;
  const { extents, to } = renumber(p.node, p.node.out, [use], undefined);
  return work.b.add(
    { op: "map", args: [renameUse(use, to)], out: p.node.out.map(to), extents, body: argument(0) },
    loc,
  );
}

/** What a part is multiplied with next. */
interface Parent {
  readonly step: TreeStep;
  readonly sibling: Tree;
  readonly side: "left" | "right";
}

/** A part, read by the indices of the product's node. */
function emit(work: Work, p: GraphProduct, tree: Tree, loc: Loc, parent?: Parent): Use {
  const { b, at, made, named } = work;
  if (tree.kind === "factor") {
    const use = p.node.factors[tree.factor];
    invariant(use !== undefined, () => `a tree names factor ${tree.factor}`);
    return rewriteUse(use, { value: at });
  }
  const key = p.key(tree.part);
  const numbering = p.numbering(tree.part);
  const known = made.get(key);
  if (known !== undefined)
    return { value: known.value, at: known.axes.map((n) => ({ i: "ix", ix: numbering[n] ?? -1 })) };

  const [left, right] = tree.of;
  const uses =
    right === undefined
      ? [emit(work, p, left, loc)]
      : [
          emit(work, p, left, loc, { step: tree, sibling: right, side: "left" }),
          emit(work, p, right, loc, { step: tree, sibling: left, side: "right" }),
        ];
  const where = joinWhere(appliedAt(p, tree).flatMap((i) => p.conjuncts[i] ?? []));
  const root = tree.part === everyFactor(p);
  const source = named.get(key);
  const out = root ? p.node.out : (source?.axes.map((n) => numbering[n] ?? -1) ?? axisOrder(p, tree, uses, parent));
  const renamedWhere = where && { args: where.args.map((u) => rewriteUse(u, { value: at })), body: where.body };
  const loose = members(loopsOf(p, tree));
  const { extents, to } = renumber(p.node, out, uses, renamedWhere && whereIndices(renamedWhere), loose);
  const value = b.add(
    {
      op: "contract",
      factors: uses.map((u) => renameUse(u, to)),
      out: out.map(to),
      extents,
      accum: p.node.accum,
      ...(renamedWhere && {
        where: { args: renamedWhere.args.map((u) => renameUse(u, to)), body: renameScalar(renamedWhere.body, to) },
      }),
    },
    root ? loc : (source?.loc ?? { kind: "fused", pass: "reassociate", from: [loc] }),
  );
  made.set(key, { value, axes: out.map((ix) => numbering.indexOf(ix)) });
  return { value, at: out.map((ix) => ({ i: "ix", ix })) };
}

/**
 * Axes of an intermediate, as the next product wants them: indices that both sides and the result have; own ones that
 * stand in the result before all of the other side; then rows by summed indices on the left, the reverse on the right.
 * Within each group as in the result, then as they are read.
 */
function axisOrder(p: GraphProduct, tree: TreeStep, uses: readonly Use[], parent: Parent | undefined): readonly Ix[] {
  const kept = new Set(members(keptBy(p, tree.part)));
  const read = new Set([...p.node.out, ...uses.flatMap((u) => [...useIndices(u)]), ...kept]);
  const natural = [...read].filter((ix) => kept.has(ix));
  if (parent === undefined) return natural;
  const theirs = new Set(members(resultOf(p, parent.sibling)));
  const after = new Set(members(keptBy(p, parent.step.part)));
  const batch = natural.filter((ix) => theirs.has(ix) && after.has(ix));
  const summed = natural.filter((ix) => theirs.has(ix) && !after.has(ix));
  const own = natural.filter((ix) => !theirs.has(ix));
  const firstOfTheirs = p.node.out.findIndex((ix) => theirs.has(ix) && !kept.has(ix));
  const outer = own.filter((ix) => p.node.out.indexOf(ix) !== -1 && p.node.out.indexOf(ix) < firstOfTheirs);
  const rows = own.filter((ix) => !outer.includes(ix));
  return [...batch, ...outer, ...(parent.side === "left" ? [...rows, ...summed] : [...summed, ...rows])];
}

/** Numbers indices anew: those of the result, then in order of occurrence. */
function renumber(
  node: ContractNode,
  out: readonly Ix[],
  uses: readonly Use[],
  condition: Iterable<Ix> | undefined,
  loose: readonly Ix[] = [],
): { readonly extents: readonly Dim[]; to(ix: Ix): Ix } {
  const order = new Set<Ix>(out);
  for (const use of uses) for (const ix of useIndices(use)) order.add(ix);
  for (const ix of condition ?? []) order.add(ix);
  for (const ix of loose) order.add(ix);
  const list = [...order];
  const number = new Map(list.map((ix, i) => [ix, i]));
  return { extents: list.flatMap((ix) => node.extents[ix] ?? []), to: (ix) => number.get(ix) ?? -1 };
}
