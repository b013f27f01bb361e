import { type Loc, noLoc } from "../../src/diagnostics/span.js";
import { evalDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import { nodeFlops } from "../../src/ir/graph/flops.js";
import type { Graph, Node, Use, ValueId } from "../../src/ir/graph/ops.js";
import { argument, call } from "../../src/ir/graph/scalars.js";
import { inferType } from "../../src/ir/graph/types.js";
import { liveValues, mapOperands, operands } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import type { PassContext } from "../pass.js";
import { copyNode } from "../rewrite.js";
import { noCost, type OrderCost, plus } from "./contractionOrder.js";
import { families, feeds, partsOf, type Site, sitesOf, type World, worldOf } from "./distributionSites.js";
import { grow } from "./growth.js";
import { flopsText } from "./orderDecision.js";
import { searchOrders } from "./orderSearch.js";
import { type ContractNode, type GraphProduct, graphProduct } from "./products.js";
import { valueName } from "./valueName.js";

/*
 * Products of sums, term by term, where that lets the search find a cheaper order:
 *
 *     Σ_m e[k, m] · (xw[m, c] + b[c])  =  Σ_{m, d} e[k, m] · x[m, d] · w[d, c]  +  (Σ_m e[k, m]) · b[c]
 *
 * The condition of the product holds in each term, so what it leaves out stays out, whatever it holds; and nothing selected
 * gives 0 in each. A term that has none of the indices that a condition is about is taken out of the sum that it was kept
 * in: there it has to be a parameter, which is taken to be finite.
 */

/** So often terms of terms are looked at. */
const mostRounds = 4;

/** Splits the products for which it pays, by the roofline of the target and never for more arithmetic. */
export function distribute(graph: Graph, cx: PassContext): Graph {
  let current = graph;
  for (let round = 0; round < mostRounds; round++) {
    const chosen = paying(current, cx);
    if (chosen.length === 0) return current;
    current = apply(current, chosen);
  }
  return current;
}

/** The sites to split: together where they may share a part afterwards, else each by itself. */
function paying(graph: Graph, cx: PassContext): readonly Site[] {
  const world = worldOf(graph, cx);
  const live = liveValues(graph);
  const sites = graph.nodes.flatMap((node, v) => (live[v] && node.op === "contract" ? sitesOf(v, node, world) : []));
  if (sites.length === 0) return [];
  const known = new Map<string, Verdict>();
  const chosen: Site[] = [];
  const taken = new Set<ValueId>();
  const take = (group: readonly Site[]): boolean => {
    // one factor of a product at a time, and what it becomes before what is made of it: the rest waits for the next round
    if (group.some((s) => taken.has(s.value) || feeds(s, world).some((v) => taken.has(v)))) return false;
    if (new Set(group.map((s) => s.value)).size < group.length) return false;
    const verdict = judge(group, world, known);
    if (!verdict.pays) return false;
    for (const site of group) {
      taken.add(site.value);
      chosen.push(site);
      say(site, verdict, world);
    }
    return true;
  };
  for (const family of families(sites, world)) {
    if (family.length > 1 && take(family)) continue;
    for (const site of family) take([site]);
  }
  return chosen;
}

interface Verdict {
  readonly pays: boolean;
  readonly before: OrderCost;
  readonly after: OrderCost;
}

/** What a group of sites costs as it is and term by term, all else as it is; equal groups are judged once. */
function judge(group: readonly Site[], world: World, known: Map<string, Verdict>): Verdict {
  const { around, readers } = world;
  const products = new Set(group.map((s) => s.value));
  const dead = new Set(group.map((s) => s.sum).filter((m) => readers[m]?.every((r) => products.has(r))));
  const parts = [...new Set(group.flatMap((s) => partsOf(s, world)))];
  const kept = parts.filter((q) => !readers[q]?.every((r) => dead.has(r)));
  const nodes = (values: Iterable<ValueId>): readonly ContractNode[] =>
    [...values].flatMap((v) => {
      const node = around.nodeOf(v);
      return node.op === "contract" ? [{ ...grow(node, around), type: node.type }] : [];
    });
  const typeOf = (v: ValueId) => around.nodeOf(v).type;
  const terms = group.flatMap((s) => s.terms.map(({ op }): ContractNode => ({ ...op, type: inferType(op, typeOf) })));
  const context = { sizes: world.sizes, parameterOnly: world.weights, typeOf };
  const productsOf = (list: readonly ContractNode[]): readonly GraphProduct[] | undefined => {
    const made = list.flatMap((n) => graphProduct(n, context) ?? []);
    return made.length === list.length ? made : undefined;
  };
  const was = productsOf([...nodes(products), ...nodes(parts)]);
  const is = productsOf([...terms, ...nodes(kept)]);
  if (was === undefined || is === undefined) return { pays: false, before: noCost, after: noCost };

  const maps = [[...dead].map((m) => mapCost(m, world)), group.map((s) => sumCost(s, world))] as const;
  const called = new Map<number, number>();
  const name = (v: number): number => {
    if (!called.has(v)) called.set(v, called.size);
    return called.get(v) ?? -1;
  };
  const form = JSON.stringify([was.map((p) => p.structure(name)), is.map((p) => p.structure(name)), maps]);
  const found = known.get(form);
  if (found !== undefined) return found;
  const total = (list: readonly GraphProduct[], others: readonly OrderCost[]): OrderCost =>
    [...searchOrders(list, world.cx.target).map((g) => g.ranked[0]?.cost ?? noCost), ...others].reduce(plus, noCost);
  const before = total(was, maps[0]);
  const after = total(is, maps[1]);
  const pays = after.seconds < before.seconds * (1 - 1e-9) && after.flops <= before.flops;
  const verdict = { pays, before, after };
  known.set(form, verdict);
  return verdict;
}

/** A sum that a product's kernel makes as it writes: its arithmetic, and what else it reads. */
function mapCost(m: ValueId, world: World): OrderCost {
  const node = world.around.nodeOf(m);
  const typeOf = (v: ValueId) => world.around.nodeOf(v).type;
  const flops = evalDim(nodeFlops(node, typeOf), world.sizes);
  const read = operands(node).filter((v) => world.around.nodeOf(v).op !== "contract");
  return elementwise(
    flops,
    read.reduce((n, v) => n + bytesOf(typeOf(v), world), 0),
    world,
  );
}

/** The sum of a site's terms: one of them makes it as it writes, and reads the others. */
function sumCost(site: Site, world: World): OrderCost {
  const { type } = world.around.nodeOf(site.value);
  const typeOf = (v: ValueId) => world.around.nodeOf(v).type;
  const others = site.terms.slice(1).reduce((n, t) => n + bytesOf(inferType(t.op, typeOf), world), 0);
  const arithmetic = site.terms.length - 1 + site.terms.filter((t) => t.wrap(argument(0)).e !== "arg").length;
  return elementwise((arithmetic * bytesOf(type, world)) / byteSize(type.dtype), others, world);
}

const elementwise = (flops: number, bytes: number, { cx }: World): OrderCost => ({
  ...noCost,
  seconds: flops / cx.target.peak.flops + bytes / cx.target.peak.bandwidth,
  flops,
  bytes,
});

const bytesOf = ({ dtype, shape }: Node["type"], { sizes }: World): number =>
  shape.reduce((n, d) => n * evalDim(d, sizes), byteSize(dtype));

function say(site: Site, { before, after }: Verdict, { graph, cx }: World): void {
  cx.remark({
    pass: "growContractions",
    loc: graph.locs[site.value] ?? noLoc,
    message: `${valueName(graph, site.value)}: each term of ${valueName(graph, site.sum)} is multiplied by itself: ${flopsText(after.flops)} instead of ${flopsText(before.flops)}`,
    data: { flops: after.flops, before: before.flops, bytes: after.bytes, beforeBytes: before.bytes },
  });
}

function apply(graph: Graph, sites: readonly Site[]): Graph {
  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  const split = new Map(sites.map((s) => [s.value, s]));
  graph.nodes.forEach((node, v) => {
    const loc = graph.locs[v] ?? noLoc;
    const site = split.get(v);
    next.set(v, site === undefined ? copyNode(b, node, loc, at) : addTerms(b, site, node, loc, at));
  });
  return b.finish(
    graph.name,
    graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
  );
}

function addTerms(b: GraphBuilder, site: Site, node: Node, loc: Loc, at: (v: ValueId) => ValueId): ValueId {
  const args = site.terms.map(
    ({ op, axes }): Use => ({
      value: b.add(mapOperands(op, at), loc),
      at: axes.map((axis) => ({ i: "ix", ix: axis })),
    }),
  );
  const summands = site.terms.map(({ wrap }, i) => wrap(argument(i)));
  const body = summands.reduce((sum, term) => call("add", sum, term));
  return b.add({ op: "map", args, out: node.type.shape.map((_, axis) => axis), extents: node.type.shape, body }, loc);
}
