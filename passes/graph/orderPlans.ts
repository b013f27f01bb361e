import type { OrderBranch } from "../../src/backend/backend.js";
import type { Plan } from "../../src/cost/plan.js";
import { degreeOf, type Polynomial, polynomialIn } from "../../src/cost/polynomial.js";
import type { Target } from "../../src/cost/target.js";
import { addDim, constDim, type Dim, type DimSymbol, productDim, scaleDim } from "../../src/ir/dim.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { graphSymbols } from "../../src/ir/graph/print.js";
import type { PassContext } from "../pass.js";
import { costOf, hasPrivate, loopsOf, members, type Tree } from "./contractionOrder.js";
import { type OrderProblem, orderProblem, pinnedOrders, pinnedTrees } from "./orderProblem.js";
import { searchOrders } from "./orderSearch.js";
import { orderText } from "./orderText.js";
import type { GraphProduct } from "./products.js";
import { greatestSizes, typicalSizes } from "./typicalSize.js";

/** Two ways of ordering the products of a program, one for each side of a value of a run-time size. */
export interface OrderChoice {
  readonly dim: DimSymbol;
  /** The first size of the second side: there it is no dearer. */
  readonly below: number;
  /** Below, and from there on. */
  readonly sides: readonly [OrderBranch, OrderBranch];
  /** How much longer the products take with one order for all sizes, at the size where that is worst: 1.3 is 30 % longer. */
  readonly gain?: number;
  /** Flops of the products that differ, below and from there on; nothing where they are no polynomials of the size. */
  readonly work?: readonly [Polynomial, Polynomial];
}

/** A second plan doubles the program and the time to compile it: it has to be worth this much somewhere. */
const leastGain = 1.2;
/** Sizes at which orders are looked for, and at which they are compared. */
const searchPoints = 5;
const comparedPoints = 33;

/**
 * Whether the best orders of a graph change over the declared range of a run-time size so much that a program should have
 * both, and where they cross. The graph is the one that `reassociate` gets; orders that the plan of the context gives stay
 * the same on both sides, and a plan that was saved from such a program gives the choice itself. With several run-time
 * sizes the one that gains most is taken, the others count at the geometric middle of their ranges.
 */
export function orderChoice(graph: Graph, cx: PassContext): OrderChoice | undefined {
  const symbols = symbolsIn(graph);
  if (cx.fp === "strict" || symbols.length === 0) return undefined;
  const given = plannedChoice(graph, symbols, cx.plan?.orders ?? {});
  if (given !== undefined) return given;
  const search = searchOf(graph, cx);
  return symbols.reduce<OrderChoice | undefined>((best, symbol) => {
    const found = choiceOver(symbol, graph, search);
    return (found?.gain ?? 0) > (best?.gain ?? 0) ? found : best;
  }, undefined);
}

const sideKey = /^(.+), (\w+) (<|>=) (\d+)$/;

/** The choice that a plan says: orders under `keys, Seq < 1024` and `keys, Seq >= 1024`. */
function plannedChoice(graph: Graph, symbols: readonly DimSymbol[], orders: Plan["orders"]): OrderChoice | undefined {
  const sides = { "<": {}, ">=": {} } as Record<string, Record<string, string>>;
  let at: { dim: DimSymbol; below: number } | undefined;
  for (const [key, text] of Object.entries(orders)) {
    const [, subject, name, side, size] = sideKey.exec(key) ?? [];
    const dim = symbols.find((s) => s.name === name);
    const below = Number(size);
    if (subject === undefined || side === undefined || dim === undefined || below <= dim.lo || below > dim.hi) continue;
    at ??= { dim, below };
    const own = sides[side];
    if (at.dim.name === dim.name && at.below === below && own !== undefined) own[subject] = text;
  }
  return at && { ...at, sides: sidesOf(graph, at.dim, at.below, sides["<"] ?? {}, sides[">="] ?? {}) };
}

/** Both sides, what they have in common apart. */
function sidesOf(
  graph: Graph,
  dim: DimSymbol,
  below: number,
  then: Plan["orders"],
  otherwise: Plan["orders"],
): OrderChoice["sides"] {
  const common = Object.fromEntries(Object.entries(then).filter(([subject, text]) => otherwise[subject] === text));
  const own = (orders: Plan["orders"]): Plan["orders"] =>
    Object.fromEntries(Object.entries(orders).filter(([subject]) => !Object.hasOwn(common, subject)));
  const greatest = greatestSizes(graph);
  return [
    {
      when: `${dim.name} < ${below}`,
      own: own(then),
      common,
      sizes: new Map([...greatest, [dim.name, Math.max(dim.lo, below - dim.step)]]),
    },
    { when: `${dim.name} >= ${below}`, own: own(otherwise), common, sizes: greatest },
  ];
}

/**
 * One order for all sizes, for a backend that cannot choose at run time: the best at the geometric middle of the ranges,
 * unless that grows with a higher power of a size than the best at the top.
 */
export function middleOrders(graph: Graph, cx: PassContext): Plan["orders"] {
  const symbols = symbolsIn(graph);
  if (cx.fp === "strict" || symbols.length === 0) return {};
  const search = searchOf(graph, cx);
  const middle = rankedAt(search, search.middle);
  const top = rankedAt(search, greatestSizes(graph));
  const chosen = middle.forms.map((form): FormPlan => {
    const plan = { form, trees: plansFor(form, middle)[0] ?? [] };
    const other = { form, trees: plansFor(form, top)[0] ?? [] };
    const steeper = symbols.some((s) => degreeIn(search, plan, s) > degreeIn(search, other, s));
    return steeper ? other : plan;
  });
  return ordersOf(search, chosen);
}

const symbolsIn = (graph: Graph): readonly DimSymbol[] =>
  [...graphSymbols(graph).values()].flatMap((d) => (d.op === "symbol" && d.lo < d.hi ? [d] : []));

/** The groups of products of one form: what is decided for the first holds for all. */
interface Form {
  readonly members: readonly number[];
  readonly alike: readonly (readonly number[])[];
}

/** The trees of the members of one form. */
interface FormPlan {
  readonly form: Form;
  readonly trees: readonly Tree[];
}

interface Search {
  readonly problem: OrderProblem;
  readonly target: Target;
  readonly pins: ReadonlyMap<number, Tree>;
  readonly middle: ReadonlyMap<string, number>;
}

function searchOf(graph: Graph, cx: PassContext): Search {
  const middle = typicalSizes(graph);
  const problem = orderProblem(graph, middle);
  // what is wrong with a plan is said by `reassociate`
  const pins = pinnedTrees(pinnedOrders(problem, cx, true));
  return { problem, target: cx.target, pins, middle };
}

const productsAt = ({ problem }: Search, sizes: ReadonlyMap<string, number>): readonly GraphProduct[] =>
  problem.placed.map((p) => p.product.at(sizes));

/** The best orders of each group at some sizes, the cheapest first, by its first member; the groups of one form together. */
function rankedAt(
  search: Search,
  sizes: ReadonlyMap<string, number>,
): { readonly forms: readonly Form[]; readonly ranked: ReadonlyMap<number, readonly (readonly Tree[])[]> } {
  const forms = new Map<string, { members: readonly number[]; alike: (readonly number[])[] }>();
  const ranked = new Map<number, readonly (readonly Tree[])[]>();
  for (const group of searchOrders(productsAt(search, sizes), search.target, search.pins)) {
    const known = forms.get(group.form);
    if (known === undefined) forms.set(group.form, { members: group.members, alike: [group.members] });
    else known.alike.push(group.members);
    ranked.set(
      group.members[0] ?? -1,
      group.ranked.map((r) => r.trees),
    );
  }
  return { forms: [...forms.values()], ranked };
}

const plansFor = (form: Form, found: ReturnType<typeof rankedAt>): readonly (readonly Tree[])[] =>
  found.ranked.get(form.members[0] ?? -1) ?? [];

function choiceOver(dim: DimSymbol, graph: Graph, search: Search): OrderChoice | undefined {
  const at = (size: number): ReadonlyMap<string, number> => new Map([...search.middle, [dim.name, size]]);
  const found = pointsOf(dim, searchPoints).map((size) => rankedAt(search, at(size)));
  const forms = (found[0]?.forms ?? []).map((form) => ({
    form,
    plans: distinct(found.flatMap((f) => plansFor(form, f))),
  }));
  if (forms.every((f) => f.plans.length < 2)) return undefined;

  const points = pointsOf(dim, comparedPoints);
  const seconds = (form: Form, trees: readonly Tree[], products: readonly GraphProduct[]): number =>
    form.alike.length *
    costOf(
      form.members.flatMap((i, m) => {
        const [product, tree] = [products[i], trees[m]];
        return product === undefined || tree === undefined ? [] : [[product, tree] as const];
      }),
      search.target,
    ).seconds;
  const table = points.map((size) => {
    const products = productsAt(search, at(size));
    return forms.map(({ form, plans }) => plans.map((trees) => seconds(form, trees, products)));
  });
  const best = table.map((row) => sum(row.map((plans) => Math.min(...plans))));
  /** For each form, the plan that loses least over some points. */
  const leastOver = (from: number, to: number): readonly number[] =>
    forms.map(({ plans }, f) => {
      const losses = plans.map((_, p) =>
        sum(table.slice(from, to).map((row, i) => (row[f]?.[p] ?? 0) / (best[from + i] ?? 1))),
      );
      return losses.indexOf(Math.min(...losses));
    });
  const total = (row: number, plans: readonly number[]): number => sum(plans.map((p, f) => table[row]?.[f]?.[p] ?? 0));

  // what `reassociate` takes by itself
  const single = forms.map((_, f) => {
    const last = table.at(-1)?.[f] ?? [];
    return last.indexOf(Math.min(...last));
  });
  let cut: { at: number; below: readonly number[]; above: readonly number[]; loss: number } | undefined;
  for (let c = 1; c < points.length; c++) {
    const [below, above] = [leastOver(0, c), leastOver(c, points.length)];
    const loss = sum(points.map((_, i) => total(i, i < c ? below : above) / (best[i] ?? 1)));
    if (cut === undefined || loss < cut.loss * (1 - 1e-9)) cut = { at: c, below, above, loss };
  }
  if (cut === undefined || cut.below.join() === cut.above.join()) return undefined;
  const { at: first, below, above } = cut;
  const gain = Math.max(...points.map((_, i) => total(i, single) / total(i, i < first ? below : above)));
  if (gain < leastGain) return undefined;

  const plansOf = (numbers: readonly number[]): readonly FormPlan[] =>
    forms.map(({ form, plans }, f) => ({ form, trees: plans[numbers[f] ?? 0] ?? [] }));
  const elseIsCheaper = (size: number): boolean => {
    const products = productsAt(search, at(size));
    const cost = (plans: readonly FormPlan[]): number => sum(plans.map((p) => seconds(p.form, p.trees, products)));
    return cost(plansOf(above)) <= cost(plansOf(below));
  };
  const cross = firstWhere(points[first - 1] ?? dim.lo, points[first] ?? dim.hi, dim.step, elseIsCheaper);
  if (cross <= dim.lo) return undefined;
  const [low, high] = [plansOf(below), plansOf(above)];
  const sides = sidesOf(graph, dim, cross, ordersOf(search, low), ordersOf(search, high));
  const differ = forms.flatMap((_, f) => (below[f] === above[f] ? [] : [f]));
  const work = (plans: readonly FormPlan[]): Polynomial | undefined =>
    polynomialIn(
      flopsOfPlans(
        search,
        differ.flatMap((f) => plans[f] ?? []),
      ),
      dim.name,
      search.middle,
    );
  const [lowWork, highWork] = [work(low), work(high)];
  return { dim, below: cross, sides, gain, ...(lowWork && highWork && { work: [lowWork, highWork] as const }) };
}

/** The first multiple of `step` in from … to at which something holds that holds from there on; `to` where it does at none. */
function firstWhere(from: number, to: number, step: number, holds: (size: number) => boolean): number {
  let [no, yes] = [from - step, to];
  while (yes - no > step) {
    const middle = Math.round((no + yes) / 2 / step) * step;
    if (middle <= no || middle >= yes) break;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Sizes of a range, evenly on a logarithmic scale, both ends among them. */
function pointsOf({ lo, hi, step }: DimSymbol, count: number): readonly number[] {
  const [first, last] = [Math.ceil(lo / step) * step, Math.floor(hi / step) * step];
  const found = new Set<number>();
  for (let i = 0; i < count; i++) {
    const size = Math.max(1, first) * (last / Math.max(1, first)) ** (i / (count - 1));
    found.add(Math.min(last, Math.max(first, Math.round(size / step) * step)));
  }
  return [...found].sort((a, b) => a - b);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function distinct(plans: readonly (readonly Tree[])[]): readonly (readonly Tree[])[] {
  const seen = new Map<string, readonly Tree[]>();
  for (const trees of plans) {
    const key = JSON.stringify(trees);
    if (!seen.has(key)) seen.set(key, trees);
  }
  return [...seen.values()];
}

/** The orders of products that have a choice, as a plan says them. */
function ordersOf({ problem }: Search, plans: readonly FormPlan[]): Plan["orders"] {
  const orders: Record<string, string> = {};
  for (const { form, trees } of plans)
    for (const group of form.alike)
      group.forEach((i, m) => {
        const [p, tree] = [problem.placed[i], trees[m]];
        if (p === undefined || tree === undefined) return;
        const { factors } = p.product;
        const free = factors.length > 2 || factors.some((_, f) => hasPrivate(p.product, f));
        if (free && factors.length > 1) orders[p.subject] = orderText(tree, p.names);
      });
  return orders;
}

/** The power with which the arithmetic of a plan grows with a size; infinite where it is no polynomial. */
function degreeIn(search: Search, plan: FormPlan, symbol: DimSymbol): number {
  const polynomial = polynomialIn(flopsOfPlans(search, [plan]), symbol.name, search.middle);
  return polynomial === undefined ? Number.POSITIVE_INFINITY : degreeOf(polynomial);
}

/** Arithmetic of all groups of some forms at run time, an intermediate of several products once. */
function flopsOfPlans(search: Search, plans: readonly FormPlan[]): Dim {
  return plans.reduce<Dim>((total, { form, trees }) => {
    const made = new Set<string>();
    const own = form.members.reduce<Dim>((sum, i, m) => {
      const [p, tree] = [search.problem.placed[i], trees[m]];
      return p === undefined || tree === undefined ? sum : addDim(sum, flopsOf(p.product, tree, made));
    }, constDim(0));
    return addDim(total, scaleDim(own, form.alike.length, 1));
  }, constDim(0));
}

function flopsOf(p: GraphProduct, tree: Tree, made: Set<string>): Dim {
  if (tree.kind === "factor") return constDim(0);
  const key = p.key(tree.part);
  if (made.has(key)) return constDim(0);
  made.add(key);
  const own = p.free(tree.part)
    ? constDim(0)
    : scaleDim(productDim(members(loopsOf(p, tree)).flatMap((ix) => p.node.extents[ix] ?? [])), tree.of.length, 1);
  return tree.of.reduce((total, part) => addDim(total, flopsOf(p, part, made)), own);
}
