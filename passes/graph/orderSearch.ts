import type { Target } from "../../src/cost/target.js";
import {
  type Bits,
  bareFactor,
  cheaper,
  compareCosts,
  everyFactor,
  hasPrivate,
  join,
  leaf,
  members,
  noCost,
  type OrderCost,
  type Product,
  plus,
  stepCost,
  type Tree,
  type TreeStep,
  writtenOrder,
} from "./contractionOrder.js";

/*
 * The search for orders: of all products of a graph together, since an intermediate that two of them have in common is
 * paid once. Products that can share a part are ordered together, groups of one form only once: twelve layers of a model
 * cost the search of one.
 */

/** Past these, a part keeps its cheapest candidates, a product is ordered greedily, a group by descent. */
const mostCandidates = 48;
const mostFactors = 10;
const mostCombinations = 100_000;
/** So many orders of a part are kept whatever they share. */
const mostAlone = 5;
/** So many orders of a group are kept. */
const mostRanked = 4;

/** Orders of the products of a group, and what they cost together. */
export interface RankedOrders {
  /** One tree a member. */
  readonly trees: readonly Tree[];
  readonly cost: OrderCost;
}

/** Products that may share a part. */
export interface GroupOrders {
  /** Positions in the list of products. */
  readonly members: readonly number[];
  /** Equal for groups that are the same but for the tensors that they are about. */
  readonly form: string;
  /** The best orders of all members together, at most four, the cheapest first. */
  readonly ranked: readonly RankedOrders[];
  /** For each member, its best other orders while the others keep theirs; the cheapest first. */
  readonly others: readonly (readonly Tree[])[];
}

/**
 * The orders with the least cost of the union of their intermediates. Exhaustive over the binary trees of each product
 * and over the combinations of products that can share a part; beyond 10 factors greedy, and by descent from two starts
 * where a group of products has more than 100,000 combinations.
 *
 * @param pins by position, an order that is given
 */
export function searchOrders(
  products: readonly Product[],
  target: Target,
  pins: ReadonlyMap<number, Tree> = new Map(),
): readonly GroupOrders[] {
  const shared = sharedParts(products);
  const solved = new Map<string, Pick<GroupOrders, "ranked" | "others">>();
  return groups(shared).map((group) => {
    const form = formOf(group, products, pins);
    let found = solved.get(form);
    if (found === undefined) {
      found = solve(
        group.map((i) => candidatesOf(products[i] as Product, shared[i] ?? new Map(), target, pins.get(i))), // positions
        target,
      );
      solved.set(form, found);
    }
    return { members: group, form, ...found };
  });
}

/** Parts of a product that are a part of another too, or twice one of this: a number for each tensor. */
type SharedParts = ReadonlyMap<Bits, number>;

function sharedParts(products: readonly Product[]): readonly SharedParts[] {
  const occurrences = new Map<number, number>();
  for (const p of products) for (const name of p.names) occurrences.set(name, (occurrences.get(name) ?? 0) + 1);
  const keyed = products.map((p) => {
    const keys = new Map<Bits, string>();
    if (p.factors.length > mostFactors) return keys;
    // a factor that stands nowhere else is no factor of a common part
    const common = p.names.reduce((set, name, i) => ((occurrences.get(name) ?? 0) > 1 ? set | (1 << i) : set), 0);
    for (let part = common; part > 0; part = (part - 1) & common) {
      const single = (part & (part - 1)) === 0;
      if (single && leaf(p, members(part)[0] ?? 0).kind === "factor") continue;
      if (!p.free(part)) keys.set(part, p.key(part));
    }
    return keys;
  });
  const counts = new Map<string, number>();
  for (const keys of keyed) for (const key of keys.values()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const numbers = new Map<string, number>();
  for (const [key, count] of counts) if (count > 1) numbers.set(key, numbers.size);
  return keyed.map((keys) => {
    const own = new Map<Bits, number>();
    for (const [part, key] of keys) {
      const number = numbers.get(key);
      if (number !== undefined) own.set(part, number);
    }
    return own;
  });
}

/** Products that may share a part, together; in the order of their first members. */
function groups(shared: readonly SharedParts[]): readonly (readonly number[])[] {
  const parent = shared.map((_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root] ?? root;
    return root;
  };
  const owner = new Map<number, number>();
  shared.forEach((parts, i) => {
    for (const number of parts.values()) {
      const other = owner.get(number);
      if (other === undefined) owner.set(number, i);
      else parent[Math.max(find(i), find(other))] = Math.min(find(i), find(other));
    }
  });
  const byRoot = new Map<number, number[]>();
  shared.forEach((_, i) => {
    byRoot.set(find(i), [...(byRoot.get(find(i)) ?? []), i]);
  });
  return [...byRoot.values()];
}

/** Equal for groups whose searches are the same. */
function formOf(group: readonly number[], products: readonly Product[], pins: ReadonlyMap<number, Tree>): string {
  const called = new Map<number, number>();
  const call = (name: number): number => {
    const known = called.get(name);
    if (known !== undefined) return known;
    called.set(name, called.size);
    return called.size - 1;
  };
  return group
    .map((i) => {
      const pin = pins.get(i);
      return `${products[i]?.structure(call)}${pin === undefined ? "" : JSON.stringify(pin)}`;
    })
    .join("\n");
}

interface Candidate {
  readonly tree: Tree;
  /** By itself. */
  readonly cost: OrderCost;
  /** The shared parts that it makes, one bit each. */
  readonly makes: Bits;
}

interface Candidates {
  readonly product: Product;
  readonly shared: SharedParts;
  /** The cheapest first. */
  readonly list: readonly Candidate[];
}

function candidatesOf(product: Product, shared: SharedParts, target: Target, pin: Tree | undefined): Candidates {
  const alone = (tree: Tree): Candidate => ({ tree, cost: costGiven(product, shared, tree, target), makes: 0 });
  if (pin !== undefined) return { product, shared, list: [alone(pin)] };
  if (product.factors.length > mostFactors) return { product, shared, list: [alone(greedy(product, target))] };
  return { product, shared, list: candidateTrees(product, shared, target) };
}

/** The cost of a tree where the shared parts of these numbers exist already; `made` grows. */
function costGiven(p: Product, shared: SharedParts, tree: Tree, target: Target, made = new Set<number>()): OrderCost {
  if (tree.kind === "factor") return noCost;
  const number = shared.get(tree.part);
  if (number !== undefined) {
    if (made.has(number)) return noCost;
    made.add(number);
  }
  return tree.of.reduce((sum, part) => plus(sum, costGiven(p, shared, part, target, made)), stepCost(p, tree, target));
}

/**
 * The trees of one product that may be best, whatever others make: for each set of shared parts that a tree makes, the
 * cheapest that makes it; and the cheapest few of all.
 */
function candidateTrees(p: Product, shared: SharedParts, target: Target): readonly Candidate[] {
  const bits = new Map<number, Bits>();
  for (const number of new Set(shared.values())) if (bits.size < 30) bits.set(number, 1 << bits.size);
  const ownBit = (part: Bits): Bits => bits.get(shared.get(part) ?? -1) ?? 0;
  const memo = new Map<Bits, readonly Candidate[]>();

  const single = (part: Bits): readonly Candidate[] => {
    const factor = members(part)[0] ?? 0;
    const whole = leaf(p, factor);
    if (whole.kind === "factor") return [{ tree: whole, cost: noCost, makes: 0 }];
    const summed = { tree: whole, cost: stepCost(p, whole, target), makes: ownBit(part) };
    // summed where the factor is multiplied: a step less, more arithmetic
    const bare = { tree: bareFactor(factor), cost: noCost, makes: 0 };
    return part === everyFactor(p) || !hasPrivate(p, factor) || p.free(part) ? [summed] : [summed, bare];
  };

  const visit = (part: Bits): readonly Candidate[] => {
    const known = memo.get(part);
    if (known !== undefined) return known;
    const found = (part & (part - 1)) === 0 ? single(part) : pairs(part);
    memo.set(part, found);
    return found;
  };

  const pairs = (part: Bits): readonly Candidate[] => {
    const bit = ownBit(part);
    const found: Candidate[] = [];
    // each split once: the left side holds the part's first factor; the written order comes first
    const first = part & -part;
    for (let left = (part - 1) & part; left > 0; left = (left - 1) & part) {
      if ((left & first) === 0) continue;
      const costs = new Map<string, OrderCost>();
      for (const a of visit(left))
        for (const b of visit(part & ~left)) {
          const tree = join(a.tree, b.tree);
          const kinds = `${a.tree.kind} ${b.tree.kind}`;
          const step = costs.get(kinds) ?? stepCost(p, tree, target);
          costs.set(kinds, step);
          const twice = (a.makes & b.makes) !== 0;
          const cost = twice ? costGiven(p, shared, tree, target) : plus(plus(a.cost, b.cost), step);
          found.push({ tree, cost, makes: a.makes | b.makes | bit });
        }
    }
    found.sort((a, b) => compareCosts(a.cost, b.cost));
    const seen = new Set<Bits>();
    return found
      .filter((c, i) => {
        const isNew = !seen.has(c.makes);
        seen.add(c.makes);
        return isNew || i < mostAlone;
      })
      .slice(0, mostCandidates);
  };

  return visit(everyFactor(p));
}

/** The cheapest pair first, until one part is left. */
function greedy(p: Product, target: Target): Tree {
  const parts = p.factors.map((_, i) => leaf(p, i));
  while (parts.length > 1) {
    let best: { a: number; b: number; tree: TreeStep; cost: OrderCost } | undefined;
    for (let a = 0; a < parts.length; a++)
      for (let b = a + 1; b < parts.length; b++) {
        const [x, y] = [parts[a], parts[b]];
        if (x === undefined || y === undefined) continue;
        const tree = join(x, y);
        const cost = stepCost(p, tree, target);
        if (best === undefined || cheaper(cost, best.cost)) best = { a, b, tree, cost };
      }
    if (best === undefined) break;
    parts[best.a] = best.tree;
    parts.splice(best.b, 1);
  }
  return parts[0] ?? writtenOrder(p);
}

function solve(group: readonly Candidates[], target: Target): Pick<GroupOrders, "ranked" | "others"> {
  const few = withinBounds(group);
  const combinations = few.reduce((n, c) => n * c.list.length, 1);
  const ranked = combinations <= mostCombinations ? exhaustive(few, target) : descend(few, target);
  const best = ranked[0]?.trees ?? [];
  const others = group.map((c, i) =>
    c.list
      .filter((x) => x.tree !== best[i])
      .map((x) => ({ tree: x.tree, cost: totalOf(group, best.with(i, x.tree), target) }))
      .sort((a, b) => compareCosts(a.cost, b.cost))
      .map((x) => x.tree),
  );
  return { ranked, others };
}

/** Without the candidates that are best for nothing, where there are too many combinations. */
function withinBounds(group: readonly Candidates[]): readonly Candidates[] {
  if (group.reduce((n, c) => n * c.list.length, 1) <= mostCombinations) return group;
  return group.map((c) => {
    const seen = new Set<Bits>();
    const list = c.list.filter(({ makes }) => !seen.has(makes) && seen.add(makes));
    return { ...c, list };
  });
}

function totalOf(group: readonly Candidates[], trees: readonly Tree[], target: Target): OrderCost {
  const made = new Set<number>();
  return group.reduce((sum, c, i) => {
    const tree = trees[i];
    return tree === undefined ? sum : plus(sum, costGiven(c.product, c.shared, tree, target, made));
  }, noCost);
}

/** Branch and bound: what the first products cost together is a lower bound for all. */
function exhaustive(group: readonly Candidates[], target: Target): readonly RankedOrders[] {
  const ranked: RankedOrders[] = [];
  const visit = (at: number, trees: readonly Tree[], cost: OrderCost, made: ReadonlySet<number>): void => {
    const worst = ranked[mostRanked - 1];
    if (worst !== undefined && !cheaper(cost, worst.cost)) return;
    const next = group[at];
    if (next === undefined) {
      const place = ranked.findIndex((r) => cheaper(cost, r.cost));
      ranked.splice(place < 0 ? ranked.length : place, 0, { trees, cost });
      ranked.length = Math.min(ranked.length, mostRanked);
      return;
    }
    for (const { tree, cost: alone } of next.list) {
      const then = new Set(made);
      const own = next.shared.size === 0 ? alone : costGiven(next.product, next.shared, tree, target, then);
      visit(at + 1, [...trees, tree], plus(cost, own), then);
    }
  };
  visit(0, [], noCost, new Set());
  return ranked;
}

/** Improves one product at a time, given the others, until none improves; the best of two starts. */
function descend(group: readonly Candidates[], target: Target): readonly RankedOrders[] {
  // one start takes each product by itself, the other takes each given those before it
  const alone = group.flatMap((c) => c.list[0]?.tree ?? []);
  let made: ReadonlySet<number> = new Set();
  const inTurn = group.flatMap((c) => {
    let best: { tree: Tree; cost: OrderCost; made: Set<number> } | undefined;
    for (const { tree } of c.list) {
      const then = new Set(made);
      const cost = costGiven(c.product, c.shared, tree, target, then);
      if (best === undefined || cheaper(cost, best.cost)) best = { tree, cost, made: then };
    }
    made = best?.made ?? made;
    return best?.tree ?? [];
  });
  const settle = (start: readonly Tree[]): RankedOrders => {
    let trees = start;
    let cost = totalOf(group, trees, target);
    for (let improved = true; improved; ) {
      improved = false;
      group.forEach((c, i) => {
        for (const { tree } of c.list) {
          const tried = trees.with(i, tree);
          const triedCost = totalOf(group, tried, target);
          if (!cheaper(triedCost, cost)) continue;
          trees = tried;
          cost = triedCost;
          improved = true;
        }
      });
    }
    return { trees, cost };
  };
  return [settle(alone), settle(inTurn)].sort((a, b) => compareCosts(a.cost, b.cost)).slice(0, 1);
}
