/**
 * The order of n-ary products: a search over binary trees that pays equal intermediates once.
 *
 * A product is Σ over its reduced indices of Π factors, where conditions hold. A tree combines two parts at a time; an
 * index is summed as soon as nothing outside needs it. A condition is applied where the factors that hold its reduced
 * indices have come together, so that none of these is summed before it was selected; indices of the condition that no
 * factor of the part has (the `n` of `m <= n`) join there. What a part computes depends on its factors alone, not on
 * how it was put together: a part of the same key in another product is the same tensor and costs nothing again.
 */

/** Sets of at most 30 indices or factors, one bit each. */
export type Bits = number;
export const mostBits = 30;

export interface Product {
  /** Indices of each factor. */
  readonly factors: readonly Bits[];
  readonly out: Bits;
  /** Indices of each condition. */
  readonly conditions: readonly Bits[];
  /** Every index of the product, those that nothing mentions included. */
  readonly indices: Bits;
  /** Extent of each index. */
  readonly sizes: readonly number[];
  /** Equal for parts, of this or another product, that are the same tensor up to the order of axes. */
  key(part: Bits): string;
  /** Whether a part costs nothing at run time. */
  free(part: Bits): boolean;
}

/** How a part comes about: a factor as it is, a sum over the private indices of one part, or a product of two. */
export type Tree =
  | { readonly kind: "factor"; readonly factor: number; readonly part: Bits }
  | { readonly kind: "step"; readonly part: Bits; readonly of: readonly [Tree] | readonly [Tree, Tree] };

export interface OrderCost {
  /** As the reference counts them: a step of two factors 2 a point, a sum 1. */
  readonly flops: number;
  /** Elements of intermediates. */
  readonly elements: number;
  readonly steps: number;
}

const noCost: OrderCost = { flops: 0, elements: 0, steps: 0 };

/** Flops decide; what is equal to rounding is decided by the size of intermediates, then by their number. */
export function cheaper(a: OrderCost, b: OrderCost): boolean {
  const scale = 1e-9 * Math.max(a.flops, b.flops);
  if (Math.abs(a.flops - b.flops) > scale) return a.flops < b.flops;
  if (a.elements !== b.elements) return a.elements < b.elements;
  return a.steps < b.steps;
}

const plus = (a: OrderCost, b: OrderCost): OrderCost => ({
  flops: a.flops + b.flops,
  elements: a.elements + b.elements,
  steps: a.steps + b.steps,
});

export const everyFactor = (p: Product): Bits => (1 << p.factors.length) - 1;

export function members(bits: Bits): number[] {
  const found: number[] = [];
  for (let i = 0, rest = bits; rest !== 0; i++, rest >>>= 1) if (rest & 1) found.push(i);
  return found;
}

const union = (sets: readonly Bits[]): Bits => sets.reduce((a, b) => a | b, 0);

/** The factors that must have come together before a condition is applied: all that hold a reduced index of it. */
function required(p: Product, condition: Bits): Bits {
  const reduced = condition & ~p.out;
  const holders = p.factors.reduce((set, f, i) => ((f & reduced) === 0 ? set : set | (1 << i)), 0);
  return holders === 0 ? everyFactor(p) : holders;
}

/** Positions of the conditions that a part, or something inside it, has applied. */
export const appliedWithin = (p: Product, part: Bits): number[] =>
  p.conditions.flatMap((c, i) => ((required(p, c) & ~part) === 0 ? [i] : []));

/** Positions of the conditions that a step applies itself. */
export function appliedAt(p: Product, step: Extract<Tree, { kind: "step" }>): number[] {
  // a bare factor has applied nothing, even where the sum over its private indices would
  const before = new Set(step.of.flatMap((t) => (t.kind === "factor" ? [] : appliedWithin(p, t.part))));
  return appliedWithin(p, step.part).filter((c) => !before.has(c));
}

/** Indices of what a part makes. */
export function keptBy(p: Product, part: Bits): Bits {
  if (part === everyFactor(p)) return p.out;
  const applied = appliedWithin(p, part);
  const outside = union(p.factors.filter((_, i) => (part & (1 << i)) === 0));
  const waiting = union(p.conditions.filter((_, i) => !applied.includes(i)));
  return spanOf(p, part) & (p.out | outside | waiting);
}

/** Indices of a part's factors and applied conditions. */
export const spanOf = (p: Product, part: Bits): Bits =>
  union(p.factors.filter((_, i) => (part & (1 << i)) !== 0)) |
  union(appliedWithin(p, part).map((i) => p.conditions[i] ?? 0));

/** Indices over which a step loops. */
export function loopsOf(p: Product, step: Extract<Tree, { kind: "step" }>): Bits {
  const operands = union(step.of.map((t) => resultOf(p, t)));
  const conditions = union(appliedAt(p, step).map((i) => p.conditions[i] ?? 0));
  if (step.part !== everyFactor(p)) return operands | conditions;
  const unmentioned = p.indices & ~(union(p.factors) | union(p.conditions));
  return operands | conditions | p.out | unmentioned;
}

/** Indices of what a tree gives. */
export const resultOf = (p: Product, t: Tree): Bits =>
  t.kind === "factor" ? (p.factors[t.factor] ?? 0) : keptBy(p, t.part);

const volume = (p: Product, indices: Bits): number =>
  members(indices).reduce((product, i) => product * (p.sizes[i] ?? 1), 1);

function stepCost(p: Product, step: Extract<Tree, { kind: "step" }>): OrderCost {
  if (p.free(step.part)) return { flops: 0, elements: 0, steps: 1 };
  const loops = loopsOf(p, step);
  const kept = keptBy(p, step.part);
  return {
    flops: step.of.length * volume(p, loops),
    elements: step.part === everyFactor(p) ? 0 : volume(p, kept),
    steps: 1,
  };
}

/** The cost of making the trees one after the other; `made` holds the keys that exist already and grows. */
export function costOf(trees: readonly (readonly [Product, Tree])[], made: Set<string> = new Set()): OrderCost {
  const visit = (p: Product, t: Tree): OrderCost => {
    if (t.kind === "factor") return noCost;
    const key = p.key(t.part);
    if (made.has(key)) return noCost;
    made.add(key);
    return t.of.reduce((sum, part) => plus(sum, visit(p, part)), stepCost(p, t));
  };
  return trees.reduce((sum, [p, t]) => plus(sum, visit(p, t)), noCost);
}

/** A factor, its private indices summed. */
function leaf(p: Product, factor: number): Tree {
  const part = 1 << factor;
  const bare: Tree = { kind: "factor", factor, part };
  if (part === everyFactor(p)) return { kind: "step", part, of: [bare] };
  const whole = p.factors[factor] ?? 0;
  const sums = (whole & ~keptBy(p, part)) !== 0 || appliedWithin(p, part).length > 0;
  return sums ? { kind: "step", part, of: [bare] } : bare;
}

const join = (a: Tree, b: Tree): Tree => ({ kind: "step", part: a.part | b.part, of: [a, b] });

/**
 * The order as written: ((f₀ · f₁) · f₂) · …, where a run of factors that `written` names is a product by itself and
 * comes in as one.
 */
export function writtenOrder(p: Product, written: ReadonlySet<string> = new Set()): Tree {
  const partOf = (from: number, to: number): Bits => ((1 << (to - from)) - 1) << from;
  const visit = (from: number, to: number): Tree => {
    const items: Tree[] = [];
    for (let at = from; at < to; ) {
      let end = at + 1;
      for (let longer = to; longer > end; longer--) {
        const whole = at === from && longer === to;
        if (!whole && written.has(p.key(partOf(at, longer)))) end = longer;
      }
      items.push(end === at + 1 ? leaf(p, at) : visit(at, end));
      at = end;
    }
    return items.slice(1).reduce(join, items[0] ?? leaf(p, from));
  };
  return visit(0, p.factors.length);
}

/** Past these, a part keeps its cheapest candidates, a product is ordered greedily, a group by descent. */
const mostCandidates = 48;
const mostFactors = 10;
const mostCombinations = 100_000;

/**
 * The trees of every product, with the least cost of the union of their intermediates. Exhaustive over the binary trees
 * of each product and over the combinations of products that can share a part; beyond 10 factors greedy, and by descent
 * from several starts where a group of products has more than 100,000 combinations.
 */
export function bestOrders(products: readonly Product[]): readonly Tree[] {
  const trees = new Map<number, Tree>();
  const shared = sharedKeys(products);
  for (const group of groups(products, shared)) {
    const candidates = group.map((i) => {
      const p = products[i] as Product; // `group` holds positions in `products`
      return { product: p, trees: p.factors.length > mostFactors ? [greedy(p)] : candidateTrees(p, shared) };
    });
    const combinations = candidates.reduce((n, c) => n * c.trees.length, 1);
    const chosen = combinations <= mostCombinations ? exhaustive(candidates) : descend(candidates);
    group.forEach((i, at) => {
      const tree = chosen[at];
      if (tree !== undefined) trees.set(i, tree);
    });
  }
  return products.map((p, i) => trees.get(i) ?? writtenOrder(p));
}

interface Candidates {
  readonly product: Product;
  readonly trees: readonly Tree[];
}

/** Keys that two parts have, of two products or of one, and that cost something. */
function sharedKeys(products: readonly Product[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const p of products) {
    if (p.factors.length > mostFactors) continue;
    for (let part = 1; part <= everyFactor(p); part++) {
      if ((part & (part - 1)) === 0 && leafOf(p, part).kind === "factor") continue;
      if (p.free(part)) continue;
      const key = p.key(part);
      if (seen.has(key)) shared.add(key);
      seen.add(key);
    }
  }
  return shared;
}

const leafOf = (p: Product, part: Bits): Tree => leaf(p, members(part)[0] ?? 0);

/** Products that may share a part, together; in the order of their first members. */
function groups(products: readonly Product[], shared: ReadonlySet<string>): readonly (readonly number[])[] {
  const parent = products.map((_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root] ?? root;
    return root;
  };
  const owner = new Map<string, number>();
  products.forEach((p, i) => {
    if (p.factors.length > mostFactors) return;
    for (let part = 1; part <= everyFactor(p); part++) {
      const key = p.key(part);
      if (!shared.has(key)) continue;
      const other = owner.get(key);
      if (other === undefined) owner.set(key, i);
      else parent[Math.max(find(i), find(other))] = Math.min(find(i), find(other));
    }
  });
  const byRoot = new Map<number, number[]>();
  products.forEach((_, i) => {
    byRoot.set(find(i), [...(byRoot.get(find(i)) ?? []), i]);
  });
  return [...byRoot.values()];
}

/**
 * The trees of one product that may be best, whatever others make: for each set of shared parts that a tree uses, the
 * cheapest that uses it.
 */
function candidateTrees(p: Product, shared: ReadonlySet<string>): readonly Tree[] {
  const memo = new Map<Bits, readonly Tree[]>();
  const signature = (t: Tree): readonly string[] => {
    if (t.kind === "factor") return [];
    const key = p.key(t.part);
    return [...t.of.flatMap(signature), ...(shared.has(key) ? [key] : [])];
  };
  const visit = (part: Bits): readonly Tree[] => {
    const known = memo.get(part);
    if (known !== undefined) return known;
    const best = new Map<string, { tree: Tree; cost: OrderCost }>();
    const offer = (tree: Tree): void => {
      const name = [...new Set(signature(tree))].sort().join("\n");
      const cost = costOf([[p, tree]]);
      const old = best.get(name);
      if (old === undefined || cheaper(cost, old.cost)) best.set(name, { tree, cost });
    };
    if ((part & (part - 1)) === 0) offer(leafOf(p, part));
    else {
      // each split once: the left side holds the part's first factor; the written order comes first
      const first = part & -part;
      for (let left = (part - 1) & part; left > 0; left = (left - 1) & part) {
        if ((left & first) === 0) continue;
        for (const a of visit(left)) for (const b of visit(part & ~left)) offer(join(a, b));
      }
    }
    const found = [...best.values()];
    if (found.length > mostCandidates) found.sort((a, b) => (cheaper(a.cost, b.cost) ? -1 : 1));
    const trees = found.slice(0, mostCandidates).map((c) => c.tree);
    memo.set(part, trees);
    return trees;
  };
  return visit(everyFactor(p));
}

/** The cheapest pair first, until one part is left. */
function greedy(p: Product): Tree {
  const parts = p.factors.map((_, i) => leaf(p, i));
  while (parts.length > 1) {
    let best: { a: number; b: number; tree: Tree; cost: OrderCost } | undefined;
    for (let a = 0; a < parts.length; a++)
      for (let b = a + 1; b < parts.length; b++) {
        const [x, y] = [parts[a], parts[b]];
        if (x === undefined || y === undefined) continue;
        const tree = join(x, y);
        const cost = tree.kind === "step" ? stepCost(p, tree) : noCost;
        if (best === undefined || cheaper(cost, best.cost)) best = { a, b, tree, cost };
      }
    if (best === undefined) break;
    parts[best.a] = best.tree;
    parts.splice(best.b, 1);
  }
  return parts[0] ?? writtenOrder(p);
}

/** Branch and bound: what the first products cost together is a lower bound for all. */
function exhaustive(candidates: readonly Candidates[]): readonly Tree[] {
  let best: { trees: readonly Tree[]; cost: OrderCost } | undefined;
  const visit = (at: number, trees: readonly Tree[], cost: OrderCost, made: ReadonlySet<string>): void => {
    if (best !== undefined && !cheaper(cost, best.cost)) return;
    const next = candidates[at];
    if (next === undefined) {
      best = { trees, cost };
      return;
    }
    for (const tree of next.trees) {
      const then = new Set(made);
      visit(at + 1, [...trees, tree], plus(cost, costOf([[next.product, tree]], then)), then);
    }
  };
  visit(0, [], noCost, new Set());
  return best?.trees ?? [];
}

/** Improves one product at a time, given the others, until none improves; the best of two starts. */
function descend(candidates: readonly Candidates[]): readonly Tree[] {
  const total = (trees: readonly Tree[]): OrderCost =>
    costOf(candidates.flatMap((c, i) => (trees[i] === undefined ? [] : [[c.product, trees[i]] as const])));
  const cheapestFirst = (c: Candidates): Tree | undefined =>
    [...c.trees].sort((a, b) => (cheaper(costOf([[c.product, a]]), costOf([[c.product, b]])) ? -1 : 1))[0];
  // one start takes each product by itself, the other takes each given those before it
  const alone = candidates.flatMap((c) => cheapestFirst(c) ?? []);
  const made = new Set<string>();
  const inTurn = candidates.flatMap((c) => {
    let best: { tree: Tree; cost: OrderCost; made: Set<string> } | undefined;
    for (const tree of c.trees) {
      const then = new Set(made);
      const cost = costOf([[c.product, tree]], then);
      if (best === undefined || cheaper(cost, best.cost)) best = { tree, cost, made: then };
    }
    for (const key of best?.made ?? []) made.add(key);
    return best?.tree ?? [];
  });
  const settle = (start: readonly Tree[]): readonly Tree[] => {
    let trees = start;
    let cost = total(trees);
    for (let improved = true; improved; ) {
      improved = false;
      candidates.forEach((c, i) => {
        for (const tree of c.trees) {
          const tried = trees.map((t, j) => (j === i ? tree : t));
          const triedCost = total(tried);
          if (!cheaper(triedCost, cost)) continue;
          trees = tried;
          cost = triedCost;
          improved = true;
        }
      });
    }
    return trees;
  };
  const results = [settle(alone), settle(inTurn)] as const;
  return cheaper(total(results[1]), total(results[0])) ? results[1] : results[0];
}
