import { invariant } from "../../../util/invariant.js";
import type { Ix } from "../ops.js";

/**
 * Sums of products of float64 arrays over index sets, evaluated two factors at a time. The order is the cheapest one:
 * in float64 it does not matter for the value, only for the time.
 */
export interface Factor {
  /** Distinct; the axes of `data`, row-major. */
  readonly ixs: readonly Ix[];
  readonly data: Float64Array;
}

/** A parenthesisation: a position in the list of factors, or two parts. */
export type Tree = number | readonly [Tree, Tree];

/** Index sets are bit masks here; an op with more indices is not written by anyone. */
const mostIndices = 31;
/** Beyond this many factors the subsets are too many: left to right. */
const mostFactors = 10;

export function maskOf(ixs: Iterable<Ix>): number {
  let mask = 0;
  for (const ix of ixs) {
    invariant(ix < mostIndices, () => `more than ${mostIndices} indices in one op`);
    mask |= 1 << ix;
  }
  return mask;
}

function volume(mask: number, sizes: readonly number[]): number {
  let product = 1;
  for (let ix = 0; mask >> ix !== 0; ix++) if ((mask >> ix) & 1) product *= sizes[ix] ?? 1;
  return product;
}

/** The indices that merging the factors of `subset` leaves: those of the result and those that other factors still need. */
function remaining(sets: readonly number[], out: number, subset: number): number {
  let inside = 0;
  let outside = out;
  sets.forEach((set, f) => {
    if ((subset >> f) & 1) inside |= set;
    else outside |= set;
  });
  return inside & outside;
}

const leftToRight = (count: number): Tree => {
  let tree: Tree = 0;
  for (let f = 1; f < count; f++) tree = [tree, f];
  return tree;
};

/** The tree with the fewest multiply-adds, by dynamic programming over subsets. `sets` and `out` are masks. */
export function cheapestTree(sets: readonly number[], sizes: readonly number[], out: number): Tree {
  const count = sets.length;
  if (count > mostFactors || count < 3) return leftToRight(count);
  const cost = new Map<number, number>();
  const best = new Map<number, Tree>();
  for (let subset = 1; subset < 1 << count; subset++) {
    if ((subset & (subset - 1)) === 0) {
      cost.set(subset, 0);
      best.set(subset, 31 - Math.clz32(subset));
      continue;
    }
    let least = Number.POSITIVE_INFINITY;
    for (let left = (subset - 1) & subset; left > 0; left = (left - 1) & subset) {
      const right = subset ^ left;
      if (left < right) continue;
      const union = remaining(sets, out, left) | remaining(sets, out, right);
      const total = (cost.get(left) ?? 0) + (cost.get(right) ?? 0) + volume(union, sizes);
      if (total < least) {
        least = total;
        best.set(subset, [best.get(left) ?? 0, best.get(right) ?? 0]);
      }
    }
    cost.set(subset, least);
  }
  return best.get((1 << count) - 1) ?? leftToRight(count);
}

/**
 * How many additions one product can pass through, at most, in any sensible order: the greatest sum, over the merges of
 * a tree, of the number of terms that the merge adds up. Sensible are the trees that never multiply two parts without
 * a common index while parts with one exist, and left to right. At least 1.
 *
 * So E(XW) and (EX)W both give n + d, one matrix product gives its reduced extent, and two indices that the same
 * factors have are reduced at once: their product.
 */
export function accumulationLength(sets: readonly number[], sizes: readonly number[], out: number): number {
  const count = sets.length;
  const all = (1 << count) - 1;
  if (count > mostFactors) return Math.max(1, volume(sets.reduce((union, set) => union | set, 0) & ~out, sizes));
  const added = (before: number, after: number): number => {
    const reduced = before & ~after;
    return reduced === 0 ? 0 : volume(reduced, sizes);
  };
  const single = (f: number): number => added(sets[f] ?? 0, remaining(sets, out, 1 << f));
  const longest = new Map<number, number>();
  for (let subset = 1; subset <= all; subset++) {
    if ((subset & (subset - 1)) === 0) {
      longest.set(subset, single(31 - Math.clz32(subset)));
      continue;
    }
    // A subset that falls apart is merged by no sensible tree.
    let most = Number.NEGATIVE_INFINITY;
    const after = remaining(sets, out, subset);
    for (let left = (subset - 1) & subset; left > 0; left = (left - 1) & subset) {
      const right = subset ^ left;
      if (left < right) continue;
      const l = remaining(sets, out, left);
      const r = remaining(sets, out, right);
      if ((l & r) === 0) continue;
      most = Math.max(most, (longest.get(left) ?? 0) + (longest.get(right) ?? 0) + added(l | r, after));
    }
    longest.set(subset, most);
  }
  const connected = components(sets).reduce((sum, part) => sum + (longest.get(part) ?? 0), 0);
  let inOrder = single(0);
  for (let f = 1; f < count; f++) {
    const before = remaining(sets, out, (1 << f) - 1) | remaining(sets, out, 1 << f);
    inOrder += single(f) + added(before, remaining(sets, out, (2 << f) - 1));
  }
  return Math.max(1, inOrder, connected);
}

/** Groups of factors that share indices, directly or through others, as masks of positions. */
function components(sets: readonly number[]): readonly number[] {
  const groups: { members: number; ixs: number }[] = [];
  sets.forEach((ixs, f) => {
    const group = { members: 1 << f, ixs };
    for (let i = groups.length - 1; i >= 0; i--) {
      const other = groups[i];
      if (!other || (other.ixs & group.ixs) === 0) continue;
      group.members |= other.members;
      group.ixs |= other.ixs;
      groups.splice(i, 1);
      // What joined may connect to those already passed over.
      i = groups.length;
    }
    groups.push(group);
  });
  return groups.map(({ members }) => members);
}

/** Σ over all indices not in `out` of the product of the factors; every index of `out` occurs in a factor. */
export function contractFactors(
  factors: readonly Factor[],
  out: readonly Ix[],
  sizes: readonly number[],
  tree: Tree,
): Float64Array {
  const outMask = maskOf(out);
  const masks = factors.map((factor) => maskOf(factor.ixs));
  const walk = (t: Tree): { readonly factor: Factor; readonly members: number } => {
    if (typeof t === "number") {
      const factor = factors[t];
      invariant(factor !== undefined, () => `no factor ${t}`);
      return { factor: sumOut(factor, remaining(masks, outMask, 1 << t), sizes), members: 1 << t };
    }
    const left = walk(t[0]);
    const right = walk(t[1]);
    const members = left.members | right.members;
    return { factor: multiply(left.factor, right.factor, remaining(masks, outMask, members), sizes), members };
  };
  return permute(walk(tree).factor, out, sizes);
}

/** Sums over the indices that are not in `keep`. */
function sumOut(factor: Factor, keep: number, sizes: readonly number[]): Factor {
  const kept = factor.ixs.filter((ix) => (keep >> ix) & 1);
  if (kept.length === factor.ixs.length) return factor;
  const reduced = factor.ixs.filter((ix) => !((keep >> ix) & 1));
  const data = permute(factor, [...kept, ...reduced], sizes);
  const width = reduced.reduce((product, ix) => product * (sizes[ix] ?? 1), 1);
  const result = new Float64Array(data.length / width);
  for (let row = 0; row < result.length; row++) {
    let sum = 0;
    for (let t = row * width; t < (row + 1) * width; t++) sum += data[t] as number;
    result[row] = sum;
  }
  return { ixs: kept, data: result };
}

function multiply(a: Factor, b: Factor, keep: number, sizes: readonly number[]): Factor {
  const inA = maskOf(a.ixs);
  const inB = maskOf(b.ixs);
  const kept = (ix: Ix): boolean => ((keep >> ix) & 1) === 1;
  const size = (ixs: readonly Ix[]): number => ixs.reduce((product, ix) => product * (sizes[ix] ?? 1), 1);
  const batch = a.ixs.filter((ix) => (inB >> ix) & 1 && kept(ix));
  const inner = a.ixs.filter((ix) => (inB >> ix) & 1 && !kept(ix));
  const rows = a.ixs.filter((ix) => !((inB >> ix) & 1));
  const columns = b.ixs.filter((ix) => !((inA >> ix) & 1));
  // The innermost loop runs along the longer side.
  if (size(columns) < size(rows)) return multiply(b, a, keep, sizes);
  const [B, M, K, N] = [size(batch), size(rows), size(inner), size(columns)];
  const left = permute(a, [...batch, ...rows, ...inner], sizes);
  const right = permute(b, [...batch, ...inner, ...columns], sizes);
  const data = new Float64Array(B * M * N);
  for (let i = 0; i < B; i++) matmul(left, right, data, i * M * K, i * K * N, i * M * N, M, K, N);
  return { ixs: [...batch, ...rows, ...columns], data };
}

function matmul(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  aStart: number,
  bStart: number,
  cStart: number,
  M: number,
  K: number,
  N: number,
): void {
  for (let m = 0; m < M; m++) {
    const aRow = aStart + m * K;
    const cRow = cStart + m * N;
    let k = 0;
    for (; k + 3 < K; k += 4) {
      const a0 = a[aRow + k] as number;
      const a1 = a[aRow + k + 1] as number;
      const a2 = a[aRow + k + 2] as number;
      const a3 = a[aRow + k + 3] as number;
      if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) continue;
      const b0 = bStart + k * N;
      const b1 = b0 + N;
      const b2 = b1 + N;
      const b3 = b2 + N;
      for (let n = 0; n < N; n++)
        c[cRow + n] =
          (c[cRow + n] as number) +
          (a0 * (b[b0 + n] as number) +
            a1 * (b[b1 + n] as number) +
            (a2 * (b[b2 + n] as number) + a3 * (b[b3 + n] as number)));
    }
    for (; k < K; k++) {
      const a0 = a[aRow + k] as number;
      const b0 = bStart + k * N;
      for (let n = 0; n < N; n++) c[cRow + n] = (c[cRow + n] as number) + a0 * (b[b0 + n] as number);
    }
  }
}

/** The same values with the axes in another order. */
function permute(factor: Factor, order: readonly Ix[], sizes: readonly number[]): Float64Array {
  const { ixs, data } = factor;
  invariant(ixs.length === order.length, () => `permuting axes ${ixs.join()} to ${order.join()}`);
  if (ixs.every((ix, axis) => ix === order[axis])) return data;
  const strides = new Map<Ix, number>();
  let stride = 1;
  for (let axis = ixs.length - 1; axis >= 0; axis--) {
    const ix = ixs[axis] as Ix;
    strides.set(ix, stride);
    stride *= sizes[ix] ?? 1;
  }
  const extents = order.map((ix) => sizes[ix] ?? 1);
  const steps = order.map((ix) => strides.get(ix) ?? 0);
  const inner = extents.at(-1) ?? 1;
  const innerStep = steps.at(-1) ?? 0;
  const counters = new Array<number>(order.length).fill(0);
  const result = new Float64Array(data.length);
  let from = 0;
  for (let to = 0; to < result.length; to += inner) {
    for (let t = 0, at = from; t < inner; t++, at += innerStep) result[to + t] = data[at] as number;
    for (let axis = order.length - 2; axis >= 0; axis--) {
      const next = (counters[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      if (next < (extents[axis] ?? 1)) {
        counters[axis] = next;
        break;
      }
      counters[axis] = 0;
      from -= next * (steps[axis] ?? 0);
    }
  }
  return result;
}
