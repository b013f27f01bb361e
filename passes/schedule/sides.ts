import { constDim, constValue, type Dim, productDim } from "../../src/ir/dim.js";
import type { Ix, Node, Scalar, Use } from "../../src/ir/graph/ops.js";
import { reducedIndices, useIndices } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import { typical } from "./axis.js";
import { loadsAlong } from "./factors.js";
import type { BuildContext, Match } from "./interface.js";
import { storedIndices } from "./sink.js";
import type { Direction } from "./tile/source.js";
import { conditionIndices, conjuncts } from "./uses.js";

export type Contract = Extract<Node, { op: "contract" }>;

/**
 * The indices of a contraction by where they occur. The factors are in two groups, multiplied out as they are read:
 * `left` gives the rows, `right` the columns, and the columns hold the index that runs fastest in the result.
 */
export interface Sides {
  readonly left: readonly Use[];
  readonly right: readonly Use[];
  readonly batch: readonly Ix[];
  readonly rows: readonly Ix[];
  readonly cols: readonly Ix[];
  /** Outermost first; the last is the one that is taken four at a time. */
  readonly reduced: readonly Ix[];
}

/** The best split of the factors in two: the smallest batch, so that each element that is loaded is used most. */
export function sidesOf(cx: BuildContext, m: Match, node: Contract): Sides {
  const fastest = storedIndices(cx, m).at(-1);
  const indices = node.factors.map(useIndices);
  const count = node.factors.length;
  let best: { readonly sides: Sides; readonly cost: number } | undefined;
  for (let mask = 0; mask < 2 ** Math.max(0, count - 1); mask++) {
    const inRight = (i: number): boolean => ((mask >> i) & 1) === 1;
    const groups = [0, 1].map((g) => node.factors.flatMap((_, i) => (Number(inRight(i)) === g ? [i] : [])));
    const has = (g: number, ix: Ix): boolean => groups[g]?.some((i) => indices[i]?.has(ix)) ?? false;
    const both = node.out.filter((ix) => has(0, ix) && has(1, ix));
    const only = [0, 1].map((g) => node.out.filter((ix) => has(g, ix) && !has(1 - g, ix)));
    const neither = node.out.filter((ix) => !has(0, ix) && !has(1, ix));
    // The columns hold the fastest index of the result, if one side has it to itself.
    const r = fastest !== undefined && only[0]?.includes(fastest) ? 0 : 1;
    const uses = (g: number): readonly Use[] => (groups[g] ?? []).flatMap((i) => node.factors[i] ?? []);
    const rows = [...neither, ...(only[1 - r] ?? [])];
    const cols = only[r] ?? [];
    const inOrder = (ixs: readonly Ix[]): readonly Ix[] => node.out.filter((ix) => ixs.includes(ix));
    const sides: Sides = {
      left: uses(1 - r),
      right: uses(r),
      batch: inOrder(both),
      rows: inOrder(rows),
      cols: inOrder(cols),
      reduced: [],
    };
    const size = (ixs: readonly Ix[]): number => typical(productDim(ixs.map((ix) => node.extents[ix] ?? constDim(1))));
    // Loads a multiply-add, with a penalty for factors that are multiplied again and again.
    const cost =
      Math.max(1 / size(rows), 1 / 16) * sides.right.length + Math.max(1 / size(cols), 1 / 16) * sides.left.length;
    if (best === undefined || cost < best.cost) best = { sides, cost };
  }
  invariant(best, () => "a contraction has sides");
  return { ...best.sides, reduced: reductionOrder(cx, node, best.sides) };
}

/** The reduced index that the left side has contiguous comes last; among equals the longest. */
function reductionOrder(cx: BuildContext, node: Contract, sides: Sides): readonly Ix[] {
  const loads = (ix: Ix): number => {
    if (typical(node.extents[ix] ?? constDim(1)) < 4) return Number.POSITIVE_INFINITY;
    return sides.left.reduce((n, u) => n + loadsAlong(cx, u, ix), 0);
  };
  return [...reducedIndices(node)].sort((a, b) => {
    const [x, y] = [loads(a), loads(b)];
    if (x !== y) return x < y ? 1 : -1;
    return typical(node.extents[a] ?? constDim(1)) - typical(node.extents[b] ?? constDim(1));
  });
}

/** In which direction a side is read. */
export function direction(
  cx: BuildContext,
  uses: readonly Use[],
  row: Ix | undefined,
  col: Ix | undefined,
): Direction | "none" {
  const along = (ix: Ix | undefined): number =>
    ix === undefined ? Number.POSITIVE_INFINITY : uses.reduce((n, u) => n + loadsAlong(cx, u, ix), 0);
  const [byRow, byCol] = [along(row), along(col)];
  if (Math.min(byRow, byCol) >= 4 * uses.length) return "none";
  return byRow < byCol ? "row" : "col";
}

/** How the conditions of a contraction apply, by the indices that they read. */
export interface Conditions {
  /** On reduced indices and the batch: both sides select. */
  readonly both: readonly Scalar[];
  /** On nothing that is reduced: the result is selected. */
  readonly result: readonly Scalar[];
  /** Joining a reduced index with rows or columns: each product is selected. */
  readonly product: readonly Scalar[];
}

export function sortConditions(node: Contract, sides: Sides): Conditions {
  const both: Scalar[] = [];
  const result: Scalar[] = [];
  const product: Scalar[] = [];
  if (node.where !== undefined) {
    for (const c of conjuncts(node.where.body)) {
      const ixs = [...conditionIndices(c, node.where.args)];
      const reduced = ixs.some((ix) => sides.reduced.includes(ix));
      const joined = ixs.some((ix) => sides.rows.includes(ix) || sides.cols.includes(ix));
      (reduced ? (joined ? product : both) : result).push(c);
    }
  }
  return { both, result, product };
}

/**
 * Tiles along the last index of the rows alone where that wastes little: an index that is not flattened needs no
 * division, and the others choose the workgroup.
 */
export function withRowsOfOneIndex(sides: Sides, extents: readonly Dim[], tile: number): Sides {
  const last = sides.rows.at(-1);
  if (last === undefined || sides.rows.length < 2) return sides;
  const extent = extents[last] ?? constDim(1);
  const size = typical(extent);
  // Of a run-time size, half a tile is lost on average.
  const waste = constValue(extent) === undefined ? 1 + tile / 2 / size : (Math.ceil(size / tile) * tile) / size;
  if (waste > 1.15) return sides;
  return { ...sides, rows: [last], batch: [...sides.batch, ...sides.rows.slice(0, -1)] };
}

/** The node of a match and its sides. */
export function contractionOf(m: Match, cx: BuildContext): { readonly node: Contract; readonly sides: Sides } {
  const node = cx.node(m.root);
  invariant(node.op === "contract", () => `${node.op} is not a contraction`);
  return { node, sides: sidesOf(cx, m, node) };
}
