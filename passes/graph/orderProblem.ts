import type { Plan } from "../../src/cost/plan.js";
import { type Loc, noLoc } from "../../src/diagnostics/span.js";
import type { Graph, Node, ValueId } from "../../src/ir/graph/ops.js";
import { liveValues } from "../../src/ir/graph/visit.js";
import type { PassContext } from "../pass.js";
import { namesOf } from "../schedule/names.js";
import { compareCosts, costAlone, everyFactor, type Tree, writtenOrder } from "./contractionOrder.js";
import { parameterOnly } from "./hoistWeights.js";
import { productSubjects } from "./orderSubject.js";
import { parseOrder } from "./orderText.js";
import { type GraphProduct, graphProduct } from "./products.js";
import { valueName } from "./valueName.js";

/** A product of the graph that has an order. */
export interface PlacedProduct {
  readonly value: ValueId;
  readonly product: GraphProduct;
  /** Its key in a plan. */
  readonly subject: string;
  /** What its factors are called in an order's text. */
  readonly names: readonly string[];
  readonly loc: Loc;
}

/** A part that the source computes as such and nothing reads any more: where, and which number each of its axes is. */
export interface NamedPart {
  readonly loc: Loc;
  readonly axes: readonly number[];
}

/** The products of a graph, as the search sees them. */
export interface OrderProblem {
  readonly placed: readonly PlacedProduct[];
  /** Keys of every product of two factors or more in the source, read or not. */
  readonly written: ReadonlySet<string>;
  /** Unread parts by key. */
  readonly named: ReadonlyMap<string, NamedPart>;
}

/** @param sizes a number for each run-time size */
export function orderProblem(graph: Graph, sizes: ReadonlyMap<string, number>): OrderProblem {
  const context = {
    sizes,
    parameterOnly: parameterOnly(graph),
    typeOf: (v: ValueId) => (graph.nodes[v] as Node).type, // a use names a value of the graph
  };
  const live = liveValues(graph);
  const subjects = productSubjects(graph);
  const words = namesOf(graph);
  const placed: PlacedProduct[] = [];
  const named = new Map<string, NamedPart>();
  const written = new Set<string>();
  graph.nodes.forEach((node, value) => {
    if (node.op !== "contract") return;
    const product = graphProduct(node, context);
    if (product === undefined) return;
    const whole = everyFactor(product);
    if (product.factors.length > 1) written.add(product.key(whole));
    const loc = graph.locs[value] ?? noLoc;
    if (live[value]) {
      const names = node.factors.map((u) => {
        const name = valueName(graph, u.value);
        return name.startsWith("%") ? (words.of(u.value) ?? name) : name;
      });
      placed.push({ value, product, subject: subjects.get(value) ?? "", names, loc });
      return;
    }
    const numbering = product.numbering(whole);
    named.set(product.key(whole), { loc, axes: node.out.map((ix) => numbering.indexOf(ix)) });
  });
  return { placed, written, named };
}

/** The order that a product has in the source: what was a product by itself is one. */
export const sourceOrder = (problem: OrderProblem, p: PlacedProduct): Tree => writtenOrder(p.product, problem.written);

/** An order that is given, and whether by the user's plan. */
export interface Pin {
  readonly tree: Tree;
  readonly byPlan: boolean;
}

/** What a plan calls a product on one side of a choice. */
export const sideSubject = (subject: string, when: string): string => `${subject}, ${when}`;

/**
 * The orders that are given, by position: those of the plan, then those of the side of a choice. Where factors have one
 * name and a text can mean several orders, the cheapest is meant. A text that is no order of its product is said in a
 * remark, and the product ordered as if it had none.
 */
export function pinnedOrders(problem: OrderProblem, cx: PassContext, quiet = false): ReadonlyMap<number, Pin> {
  const { branch, plan } = cx;
  const pins = new Map<number, Pin>();
  problem.placed.forEach(({ product, subject, names, loc }, i) => {
    const ofSide = branch && found(plan?.orders, sideSubject(subject, branch.when));
    const given = ofSide ?? found(plan?.orders, subject);
    const text = given ?? found(branch?.own, subject) ?? found(branch?.common, subject);
    if (text === undefined) return;
    const { trees, why } = parseOrder(text, product, names);
    const [best] = trees
      .map((tree) => ({ tree, cost: costAlone(product, tree, cx.target) }))
      .sort((a, b) => compareCosts(a.cost, b.cost));
    if (best !== undefined) pins.set(i, { tree: best.tree, byPlan: given !== undefined });
    else if (!quiet)
      cx.remark({
        pass: "reassociate",
        loc,
        message: `the plan's order of ${subject}, ${text}, is ignored: ${why ?? "it is no order of this product"}`,
      });
  });
  return pins;
}

const found = (orders: Plan["orders"] | undefined, subject: string): string | undefined =>
  orders !== undefined && Object.hasOwn(orders, subject) ? orders[subject] : undefined;

/** The trees of pins alone. */
export const pinnedTrees = (pins: ReadonlyMap<number, Pin>): ReadonlyMap<number, Tree> =>
  new Map([...pins].map(([i, pin]) => [i, pin.tree]));
