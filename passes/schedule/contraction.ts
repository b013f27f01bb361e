import { roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import { ceilDivDim, constDim, constValue, type Dim, floorDivDim, productDim, scaleDim } from "../../src/ir/dim.js";
import { byteSize, type DType } from "../../src/ir/dtype.js";
import type { Ix, Node, Scalar, Use } from "../../src/ir/graph/ops.js";
import { reducedIndices, useIndices } from "../../src/ir/graph/visit.js";
import { add, and, type KB, mul, select, typeOf } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { axisOf, decode, type Env, isMultiple, positions, reachOf, type Span, spanOf, typical } from "./axis.js";
import { pointAt, selected } from "./element.js";
import { type Factors, factorSource, loadsAlong } from "./factors.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match, Schedule } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { nest } from "./nest.js";
import { resultBuffer, resultSink, storedIndices } from "./sink.js";
import { colsOf, type Distribution, map, rowsOf, zero } from "./tile/fragment.js";
import { type Depth, gemm, type Keep } from "./tile/gemm.js";
import type { Direction, Sink, Source } from "./tile/source.js";
import { store } from "./tile/store.js";
import { conditionIndices, conjuncts } from "./uses.js";

type Contract = Extract<Node, { op: "contract" }>;

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
function direction(
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
interface Conditions {
  /** On reduced indices and the batch: both sides select. */
  readonly both: readonly Scalar[];
  /** On nothing that is reduced: the result is selected. */
  readonly result: readonly Scalar[];
  /** Joining a reduced index with rows or columns: each product is selected. */
  readonly product: readonly Scalar[];
}

function sortConditions(node: Contract, sides: Sides): Conditions {
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

export interface ContractionParams extends Readonly<Record<string, number>> {
  /** Register rows and vectors of an invocation. */
  readonly regRows: number;
  readonly regCols: number;
  /** Invocations of a workgroup along rows and columns. */
  readonly laneRows: number;
  readonly laneCols: number;
  /** Parts that the reduced index is cut into. */
  readonly splits: number;
}

const widthOf = (target: Target): Width => (target.vectors ? 4 : 1);

export const contraction: Schedule<ContractionParams> = {
  name: "contraction",
  summary: "sums of products as register tiles: rows x vectors of columns an invocation, no shared memory",

  refuse(m, cx) {
    const node = cx.node(m.root);
    if (node.op !== "contract") return `a ${node.op} is not a contraction`;
    const sides = sidesOf(cx, m, node);
    if (sides.reduced.length === 0) return "nothing is summed";
    const size = (ixs: readonly Ix[]): number => typical(axisOf(ixs, node.extents).total);
    if (size(sides.rows) < 2 || size(sides.cols) < 2) return "no element is used twice: a sum for each result";
    return undefined;
  },

  space(m, cx) {
    const { node, sides } = parts(m, cx);
    const rows = typical(axisOf(sides.rows, node.extents).total);
    const cols = typical(axisOf(sides.cols, node.extents).total);
    const batch = typical(axisOf(sides.batch, node.extents).total);
    const width = widthOf(cx.target);
    const wanted = cx.target.parallel ?? 1;
    const points: ContractionParams[] = [];
    // Largest tile first; a tile is taken when it leaves enough invocations and the result covers most of it.
    for (const [regRows, regCols] of tiles) {
      if (regRows * regCols * width > cx.target.registers / 2) continue;
      const side = Math.min(8, 2 ** Math.floor(Math.log2(Math.sqrt(cx.target.maxInvocations))));
      const laneRows = lanesFor(rows, regRows, side);
      const laneCols = lanesFor(cols, regCols * width, side);
      points.push({ regRows, regCols, laneRows, laneCols, splits: 1 });
    }
    const busy = (p: ContractionParams): number =>
      batch * Math.ceil(rows / p.regRows) * Math.ceil(cols / (p.regCols * width));
    const full = (p: ContractionParams): boolean => busy(p) >= wanted;
    const fits = (p: ContractionParams): boolean => p.regRows <= 2 * rows && p.regCols * width <= 2 * cols;
    return points.sort((a, b) => rank(b, full, fits) - rank(a, full, fits));
  },

  estimate(m, p, cx) {
    const { node, sides } = parts(m, cx);
    const width = widthOf(cx.target);
    const total = typical(productDim(node.extents));
    const tileRows = p.regRows;
    const tileCols = p.regCols * width;
    const rows = typical(axisOf(sides.rows, node.extents).total);
    const cols = typical(axisOf(sides.cols, node.extents).total);
    const waste = (Math.ceil(rows / tileRows) * tileRows * Math.ceil(cols / tileCols) * tileCols) / (rows * cols);
    const invocations = (typical(productDim(node.type.shape)) * waste) / (tileRows * tileCols);
    // Multiply-adds for each element that is loaded, against what hides the loads.
    const reuse = (tileRows * tileCols) / (tileRows + tileCols);
    const efficiency = Math.min(1, reuse / 10.7) * Math.min(1, invocations / (cx.target.parallel ?? 1));
    return roofline(
      {
        flops: 2 * total * waste,
        bytes: byteSize(node.type.dtype) * typical(productDim(node.type.shape)),
        dispatches: 1,
        workgroups: invocations / (p.laneRows * p.laneCols),
        efficiency,
      },
      cx.target,
    );
  },

  build(m, p, cx) {
    const k = kernelScope(m, cx);
    const { node, sides: all } = parts(m, cx);
    const width = widthOf(cx.target);
    const sides = withRowsOfOneIndex(all, node.extents, p.regRows * p.laneRows);
    const accum: DType = node.accum;
    const extent = (ix: Ix): Dim => node.extents[ix] ?? constDim(1);
    const [rowAxis, colAxis] = [axisOf(sides.rows, node.extents), axisOf(sides.cols, node.extents)];
    const batchAxis = axisOf(sides.batch, node.extents);
    const tileRows = p.regRows * p.laneRows;
    const tileCols = p.regCols * p.laneCols * width;
    const rows = spanOf(rowAxis, tileRows);
    const cols = spanOf(colAxis, tileCols);
    const to = resultBuffer(k, m, cols, width);
    const conditions = sortConditions(node, sides);

    const { b } = k;
    const place = openGrid(
      b,
      [ceilDivDim(colAxis.total, constDim(tileCols)), ceilDivDim(rowAxis.total, constDim(tileRows)), batchAxis.total],
      cx.target.maxGrid,
    );
    const laneRow = b.local(1, p.laneRows, "y");
    const laneCol = b.local(0, p.laneCols, "x");
    const d: Distribution = {
      lanes: [p.laneRows, p.laneCols],
      regs: [p.regRows, p.regCols],
      width,
      place: [laneRow, laneCol],
    };
    invariant(rowsOf(d) === tileRows && colsOf(d) === tileCols, () => "a tile has the size of its parameters");
    const [groupCol, groupRow, group] = place.at;
    invariant(groupCol && groupRow && group, () => "a contraction has three grid axes");

    const body = (): void => {
      // Not named: what an address is a multiple of has to show.
      const row0 = mul(groupRow, tileRows);
      const col0 = mul(groupCol, tileCols);
      const fixed = decode(b, batchAxis, group, 1)[0] ?? new Map();
      const acc = zero(b, d, accum);
      const factors = (uses: readonly Use[]): Factors => ({
        uses,
        extents: node.extents,
        dtype: accum,
        ...(node.where && { where: { of: node.where, conditions: conditions.both } }),
      });
      const inner = sides.reduced.at(-1);
      invariant(inner !== undefined, () => "a contraction reduces");
      const depth = spanOf(axisOf([inner], node.extents), 1);
      const left = direction(cx, sides.left, sides.rows.at(-1), inner);
      const right = direction(cx, sides.right, inner, sides.cols.at(-1));
      nest(b, sides.reduced.slice(0, -1), extent, fixed, (outer) => {
        const a = shifted(factorSource(k, factors(sides.left), rows, depth, outer, left), row0, undefined);
        const w = shifted(factorSource(k, factors(sides.right), depth, cols, outer, right), undefined, col0);
        const keep = keepOf(k, node, conditions.product, rows, cols, inner, outer, row0, col0, width);
        gemm(b, acc, a, w, depthOf(b, extent(inner), width), keep);
      });
      const sink = shiftedSink(resultSink(k, m, rows, cols, fixed, to), row0, col0);
      const { where } = node;
      if (where === undefined || conditions.result.length === 0) {
        store(b, acc, sink);
        return;
      }
      const kept = map(b, acc, (v, row, col) => {
        const lanes = pointLanes(b, rows, cols, fixed, add(row0, row), add(col0, col), typeOf(v).width);
        const point = pointAt(node.extents, lanes, reachOf(cols, width));
        return select(conditions.result.map((c) => selected(k, where, c, point)).reduce(and), v, 0);
      });
      store(b, kept, sink);
    };
    if (place.live === undefined) body();
    else b.if(place.live, body);
    const { kernel, step } = k.finish(costOfMatch(cx, m));
    return { kernels: [kernel], temps: [], steps: [step] };
  },
};

/** Register rows and vectors, largest first. */
const tiles = [
  [16, 4],
  [8, 4],
  [16, 2],
  [4, 4],
  [8, 2],
  [4, 2],
  [4, 1],
  [2, 1],
  [1, 1],
] as const;

const rank = (
  p: ContractionParams,
  full: (p: ContractionParams) => boolean,
  fits: (p: ContractionParams) => boolean,
): number => (fits(p) ? 2e6 : 0) + (full(p) ? 1e6 + p.regRows * p.regCols : -p.regRows * p.regCols);

/** Up to `most` invocations along a side of `size` elements. */
const lanesFor = (size: number, each: number, most: number): number => {
  let lanes = most;
  while (lanes > 1 && (lanes / 2) * each >= size) lanes /= 2;
  return lanes;
};

/**
 * Tiles along the last index of the rows alone where that wastes little: an index that is not flattened needs no
 * division, and the others choose the workgroup.
 */
function withRowsOfOneIndex(sides: Sides, extents: readonly Dim[], tile: number): Sides {
  const last = sides.rows.at(-1);
  if (last === undefined || sides.rows.length < 2) return sides;
  const extent = extents[last] ?? constDim(1);
  const size = typical(extent);
  // Of a run-time size, half a tile is lost on average.
  const waste = constValue(extent) === undefined ? 1 + tile / 2 / size : (Math.ceil(size / tile) * tile) / size;
  if (waste > 1.15) return sides;
  return { ...sides, rows: [last], batch: [...sides.batch, ...sides.rows.slice(0, -1)] };
}

function parts(m: Match, cx: BuildContext): { readonly node: Contract; readonly sides: Sides } {
  const node = cx.node(m.root);
  invariant(node.op === "contract", () => `${node.op} is not a contraction`);
  return { node, sides: sidesOf(cx, m, node) };
}

/** All of an index: by fours where the machine has vectors, then what is left over. */
export function depthOf(b: KB, extent: Dim, width: Width): Depth {
  if (width === 1) return { fours: [0, 0], ones: [0, b.dim(extent)] };
  const fours = floorDivDim(extent, constDim(4));
  if (isMultiple(extent, 4)) return { fours: [0, b.dim(fours)] };
  return { fours: [0, b.dim(fours)], ones: [b.dim(scaleDim(fours, 4, 1)), b.dim(extent)] };
}

/** A source seen from a tile's corner. */
export const shifted = (s: Source, row0: KExpr | undefined, col0: KExpr | undefined): Source => ({
  vector: s.vector,
  at: (b, row, col, width, along) =>
    s.at(b, row0 === undefined ? row : add(row0, row), col0 === undefined ? col : add(col0, col), width, along),
});

export const shiftedSink = (s: Sink, row0: KExpr, col0: KExpr): Sink => ({
  put: (b, row, col, value) => s.put(b, add(row0, row), add(col0, col), value),
});

function pointLanes(b: KB, rows: Span, cols: Span, fixed: Env, row: KExpr, col: KExpr, width: number): readonly Env[] {
  const down = positions(b, rows, row, 1)[0] ?? new Map();
  return positions(b, cols, col, width).map((env): Env => new Map([...fixed, ...down, ...env]));
}

function keepOf(
  k: KernelScope,
  node: Contract,
  conditions: readonly Scalar[],
  rows: Span,
  cols: Span,
  inner: Ix,
  outer: Env,
  row0: KExpr,
  col0: KExpr,
  width: Width,
): Keep | undefined {
  const { where } = node;
  if (where === undefined || conditions.length === 0) return undefined;
  return (b, row, at, col) => {
    const fixed: Env = new Map([...outer, [inner, at]]);
    const lanes = pointLanes(b, rows, cols, fixed, add(row0, row), add(col0, col), width);
    const point = pointAt(node.extents, lanes, reachOf(cols, width));
    return conditions.map((c) => selected(k, where, c, point)).reduce(and);
  };
}
