import type { Ix } from "../../src/ir/graph/ops.js";

/** A product as index sets, with the condition that one index does not come after another. */
export interface OrderedSets {
  readonly factors: readonly ReadonlySet<Ix>[];
  readonly out: readonly Ix[];
  /** `earlier <= row`: applied as soon as all that has `earlier` has come together. */
  readonly order?: { readonly row: Ix; readonly earlier: Ix };
  size(ix: Ix): number;
}

export interface Costed {
  readonly flops: number;
  /** Elements read and written by the steps. */
  readonly elements: number;
}

/**
 * The least flops of a product over every order of two factors at a time, as the reference counts them: 2 a point of a
 * step of two factors, 1 a point of a sum. Exhaustive over the subsets of the factors: for a handful of them.
 */
export function leastFlops(p: OrderedSets): Costed {
  const all = (1 << p.factors.length) - 1;
  const holders = p.factors.reduce(
    (bits, f, i) => (p.order !== undefined && f.has(p.order.earlier) ? bits | (1 << i) : bits),
    0,
  );
  const volume = (set: ReadonlySet<Ix>): number => [...set].reduce((n, ix) => n * p.size(ix), 1);
  const ordered = (part: number): boolean => p.order !== undefined && (holders & ~part) === 0;

  /** The indices that a part has, those of its condition with them, and what of them something else wants. */
  const own = (part: number): ReadonlySet<Ix> =>
    new Set([
      ...p.factors.flatMap((f, i) => ((part >> i) & 1 ? [...f] : [])),
      ...(p.order !== undefined && ordered(part) ? [p.order.row] : []),
    ]);
  const kept = (part: number): ReadonlySet<Ix> => {
    const wanted = new Set([...p.out, ...p.factors.flatMap((f, i) => ((part >> i) & 1 ? [] : [...f]))]);
    return new Set([...own(part)].filter((ix) => wanted.has(ix)));
  };

  const memo = new Map<number, Costed>();
  const visit = (part: number): Costed => {
    const known = memo.get(part);
    if (known !== undefined) return known;
    const stored = volume(kept(part));
    let best: Costed | undefined;
    if ((part & (part - 1)) === 0) {
      const factor = p.factors[Math.log2(part)] ?? new Set();
      const sums = ordered(part) || own(part).size > kept(part).size;
      best = sums ? { flops: volume(own(part)), elements: volume(factor) + stored } : { flops: 0, elements: 0 };
    }
    for (let left = (part - 1) & part; left > 0; left = (left - 1) & part) {
      const right = part & ~left;
      if (left < right) continue;
      const [a, b] = [visit(left), visit(right)];
      const row = p.order !== undefined && ordered(part) ? [p.order.row] : [];
      const flops = a.flops + b.flops + 2 * volume(new Set([...kept(left), ...kept(right), ...row]));
      const elements = a.elements + b.elements + volume(kept(left)) + volume(kept(right)) + stored;
      if (best === undefined || flops < best.flops || (flops === best.flops && elements < best.elements))
        best = { flops, elements };
    }
    const found = best ?? { flops: 0, elements: 0 };
    memo.set(part, found);
    return found;
  };
  return visit(all);
}
