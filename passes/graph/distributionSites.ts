import type { Graph, Ix, Node, Scalar, Use, ValueId } from "../../src/ir/graph/ops.js";
import {
  liveValues,
  operands,
  operandUses,
  plainIndices,
  renameScalar,
  substituteUse,
  useIndices,
  useValues,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { splitWhere } from "../../src/ir/graph/where.js";
import { invariant } from "../../src/util/invariant.js";
import type { PassContext } from "../pass.js";
import { type Around, type ContractOp, grow } from "./growth.js";
import { parameterOnly } from "./hoistWeights.js";
import type { ContractNode } from "./products.js";
import { sumTerms } from "./sumTerms.js";
import { greatestSizes } from "./typicalSize.js";

/*
 * Where a product can be multiplied out: products with a factor that is a sum of products and other things. What is done
 * with them is in `distribution.ts`.
 */

type MapNode = Extract<Node, { op: "map" }>;

/** A product with a factor that is a sum. */
export interface Site {
  readonly value: ValueId;
  readonly position: number;
  /** The sum. */
  readonly sum: ValueId;
  readonly terms: readonly SiteTerm[];
}

export interface SiteTerm {
  /** Grown; its result has those axes of the product that the term depends on. */
  readonly op: ContractOp;
  /** Which axes of the product these are. */
  readonly axes: readonly number[];
  wrap(product: Scalar): Scalar;
}

/** What is asked about the graph round a site. */
export interface World {
  readonly graph: Graph;
  readonly around: Around;
  readonly cx: PassContext;
  readonly sizes: ReadonlyMap<string, number>;
  readonly weights: ReadonlySet<ValueId>;
  /** The live nodes that read each value, one for each time they do; -1 for an output. */
  readonly readers: readonly (readonly ValueId[])[];
}

export function worldOf(graph: Graph, cx: PassContext): World {
  const live = liveValues(graph);
  const readers: ValueId[][] = graph.nodes.map(() => []);
  graph.nodes.forEach((node, reader) => {
    if (!live[reader]) return;
    const read =
      node.op === "concat" || node.op === "region" ? node.args : operandUses(node).flatMap((u) => [...useValues(u)]);
    for (const v of read) readers[v]?.push(reader);
  });
  // an output is read by what no product stands for
  for (const o of graph.outputs) readers[o.value]?.push(-1);
  const weights = parameterOnly(graph);
  const nodeOf = (v: ValueId): Node => graph.nodes[v] as Node; // of the graph
  const reads = (v: ValueId): number => readers[v]?.length ?? 0;
  return {
    graph,
    around: { nodeOf, reads, prepared: (v) => weights.has(v) },
    cx,
    sizes: greatestSizes(graph),
    weights,
    readers,
  };
}

/** What a site's product reads, through sums too. */
export function feeds(site: Site, { around }: World): readonly ValueId[] {
  return operands(around.nodeOf(site.value)).flatMap((v) => {
    const node = around.nodeOf(v);
    return node.op === "map" ? [v, ...operands(node)] : [v];
  });
}

/** The factors of a product that are sums, with their terms. */
export function sitesOf(value: ValueId, node: ContractNode, world: World): readonly Site[] {
  return node.factors.flatMap((use, position) => {
    const inner = world.around.nodeOf(use.value);
    const at = plainIndices(use);
    if (inner.op !== "map" || at === undefined || world.weights.has(use.value)) return [];
    const terms = termsAt(node, position, inner, at, world);
    return terms === undefined ? [] : [{ value, position, sum: use.value, terms }];
  });
}

/** The terms of a product in place of one of its factors; `undefined` where they are none, or none of them grows. */
function termsAt(
  node: ContractNode,
  position: number,
  inner: MapNode,
  at: readonly Ix[],
  world: World,
): readonly SiteTerm[] | undefined {
  const terms = sumTerms(inner.body);
  if (terms === undefined || inner.type.dtype !== "f32") return undefined;
  if (inner.args.some((u) => world.around.nodeOf(u.value).type.dtype !== "f32")) return undefined;
  const use = node.factors[position];
  invariant(use !== undefined, () => `no factor ${position}`);
  const readers = world.around.reads(use.value);
  const through: Around = {
    ...world.around,
    reads: (v) => Math.max(world.around.reads(v), inner.args.some((u) => u.value === v) ? readers : 0),
  };
  let grows = false;
  const found: SiteTerm[] = [];
  for (const { args, wrap } of terms) {
    const uses = args.flatMap((arg) => {
      const read = inner.args[arg];
      return read === undefined
        ? []
        : [substituteUse(read, (ix) => ({ i: "ix", ix: at[inner.out.indexOf(ix)] ?? -1 }))];
    });
    if (!staysSelected(node, use, uses, world)) return undefined;
    const { type: _, ...rest } = node;
    const whole: ContractOp = {
      ...rest,
      factors: [...node.factors.slice(0, position), ...uses, ...node.factors.slice(position + 1)],
    };
    const narrowed = withoutIdle(whole);
    if (narrowed === undefined) return undefined;
    const op = grow(narrowed.op, through);
    if (op !== narrowed.op) grows = true;
    found.push({ op, axes: narrowed.axes, wrap });
  }
  // what grows comes first: it keeps the product's name
  const size = (t: SiteTerm): number => t.op.factors.length;
  return grows ? found.sort((a, b) => size(b) - size(a)) : undefined;
}

/** Whether what a condition leaves out of a sum stays out of it without the other terms. */
function staysSelected(node: ContractOp, sum: Use, uses: readonly Use[], world: World): boolean {
  if (node.where === undefined) return true;
  const ofSum = useIndices(sum);
  return splitWhere(node.where).every((w) => {
    const about = [...whereIndices(w)];
    const reduced = about.filter((ix) => !node.out.includes(ix));
    const kept = reduced.length > 0 ? reduced.filter((ix) => ofSum.has(ix)) : about;
    return uses.every((u) => {
      const own = useIndices(u);
      const same =
        reduced.length > 0 ? kept.length === 0 || kept.some((ix) => own.has(ix)) : about.every((ix) => own.has(ix));
      return same || world.weights.has(u.value);
    });
  });
}

/** The product without the axes of its result that nothing mentions; `undefined` where a summed index is one. */
function withoutIdle(op: ContractOp): { readonly op: ContractOp; readonly axes: readonly number[] } | undefined {
  const mentioned = new Set(op.factors.flatMap((u) => [...useIndices(u)]));
  for (const ix of op.where === undefined ? [] : whereIndices(op.where)) mentioned.add(ix);
  const idle = op.extents.map((_, ix) => ix).filter((ix) => !mentioned.has(ix));
  if (idle.length === 0) return { op, axes: op.out.map((_, axis) => axis) };
  if (idle.some((ix) => !op.out.includes(ix))) return undefined;
  const kept = op.extents.map((_, ix) => ix).filter((ix) => mentioned.has(ix));
  const to = (ix: Ix): Ix => kept.indexOf(ix);
  const axes = op.out.flatMap((ix, axis) => (mentioned.has(ix) ? [axis] : []));
  const moved = (u: Use): Use => substituteUse(u, (ix) => ({ i: "ix", ix: to(ix) }));
  const renamedWhere = op.where && { args: op.where.args.map(moved), body: renameScalar(op.where.body, to) };
  return {
    op: {
      op: "contract",
      factors: op.factors.map(moved),
      out: axes.map((axis) => to(op.out[axis] ?? -1)),
      extents: kept.flatMap((ix) => op.extents[ix] ?? []),
      accum: op.accum,
      ...(renamedWhere && { where: renamedWhere }),
    },
    axes,
  };
}

/** The products that a sum is made of. */
export const partsOf = (site: Site, { around }: World): readonly ValueId[] =>
  operands(around.nodeOf(site.sum)).filter((v) => around.nodeOf(v).op === "contract");

/** Sites whose terms may have a part in common: they share a factor outside the sum, and one inside. */
export function families(sites: readonly Site[], world: World): readonly (readonly Site[])[] {
  const groups: { readonly outside: Set<ValueId>; readonly inside: Set<ValueId>; readonly sites: Site[] }[] = [];
  for (const site of sites) {
    const node = world.around.nodeOf(site.value) as ContractNode; // a site is a product
    const outside = node.factors.flatMap((u, i) => (i === site.position ? [] : [u.value]));
    const inside = partsOf(site, world).flatMap((q) => operands(world.around.nodeOf(q)));
    const group = groups.find(
      (g) => outside.some((v) => g.outside.has(v)) && inside.some((v) => g.inside.has(v) && !world.weights.has(v)),
    );
    if (group === undefined) {
      groups.push({ outside: new Set(outside), inside: new Set(inside), sites: [site] });
      continue;
    }
    for (const v of outside) group.outside.add(v);
    for (const v of inside) group.inside.add(v);
    group.sites.push(site);
  }
  return groups.map((g) => g.sites);
}
