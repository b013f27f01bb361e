import { addDim, ceilDivDim, constDim, type Dim, floorDivDim, mulDim, scaleDim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Ix, Scalar, Use } from "../../src/ir/graph/ops.js";
import { add, and, eq, floordiv, int, type KB, min, mod, mul, select, typeOf } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { axisOf, decode, type Env, isMultiple, positions, reachOf, type Span, spanOf, typical } from "./axis.js";
import { contractionCost, contractionShape } from "./contractionCost.js";
import { type ContractionParams, contractionSpace, feedOf, illegal } from "./contractionSpace.js";
import { pointAt, selected } from "./element.js";
import { type Factors, factorSource } from "./factors.js";
import { openGrid } from "./grid.js";
import type { Schedule } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { nest } from "./nest.js";
import { combine, partialBuffer, partialSink, partsOf } from "./partials.js";
import { type Contract, contractionOf, direction, sidesOf, sortConditions, withRowsOfOneIndex } from "./sides.js";
import { resultBuffer, resultSink } from "./sink.js";
import { colsOf, type Distribution, map, rowsOf, zero } from "./tile/fragment.js";
import { type Depth, gemm, type Keep } from "./tile/gemm.js";
import { shifted, shiftedSink } from "./tile/shift.js";
import { store } from "./tile/store.js";

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

  space: contractionSpace,
  estimate: contractionCost,
  illegal: (m, p, cx) => illegal(p, contractionShape(m, cx), cx),

  build(m, p, cx) {
    const k = kernelScope(m, cx);
    const { node, sides: all } = contractionOf(m, cx);
    const width: Width = p.width === 4 ? 4 : 1;
    const sides = withRowsOfOneIndex(all, node.extents, p.regRows * p.laneRows);
    const accum: DType = node.accum;
    const extent = (ix: Ix): Dim => node.extents[ix] ?? constDim(1);
    const [rowAxis, colAxis] = [axisOf(sides.rows, node.extents), axisOf(sides.cols, node.extents)];
    const batchAxis = axisOf(sides.batch, node.extents);
    const tileRows = p.regRows * p.laneRows;
    const tileCols = p.regCols * p.laneCols * width;
    const rows = spanOf(rowAxis, tileRows);
    const cols = spanOf(colAxis, tileCols);
    const split = p.splits > 1 ? partsOf(m, cx, node, p.splits) : undefined;
    const to = split === undefined ? resultBuffer(k, m, cols, width) : partialBuffer(k, split, cols, width);
    const conditions = sortConditions(node, sides);

    const { b } = k;
    if (p.share === 1) b.subgroup(cx.target.subgroupSize);
    const place = openGrid(
      b,
      [
        ceilDivDim(colAxis.total, constDim(tileCols)),
        ceilDivDim(rowAxis.total, constDim(tileRows)),
        mulDim(batchAxis.total, constDim(p.splits)),
      ],
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
    const [groupCol, groupRow, groupRest] = place.at;
    invariant(groupCol && groupRow && groupRest, () => "a contraction has three grid axes");
    const [group, part] = [floordiv(groupRest, p.splits), mod(groupRest, p.splits)];

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
        gemm(b, acc, a, w, depthOf(b, extent(inner), p, part), keep, feedOf(p, cx.target));
      });
      const landing =
        split === undefined
          ? resultSink(k, m, rows, cols, fixed, to)
          : partialSink(k, split, part, rows, cols, fixed, to);
      const sink = shiftedSink(landing, row0, col0);
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
    const cost = costOfMatch(cx, m);
    if (split === undefined) {
      const { kernel, step } = k.finish(cost);
      return { kernels: [kernel], temps: [], steps: [step] };
    }
    const { bytes } = costOfMatch(cx, { root: m.root, epilogue: [] });
    const main = k.finish({ ...cost, bytes: addDim(bytes, split.bytes) });
    const last = combine(m, cx, split);
    return { kernels: [main.kernel, last.kernel], temps: [split.temp], steps: [main.step, last.step] };
  },
};

/**
 * Part `part` of the index that is cut: by turns of several fours, by fours, then what is left over. The parts are whole
 * turns; what is left over belongs to the last.
 */
function depthOf(b: KB, extent: Dim, p: ContractionParams, part: KExpr): Depth {
  const unit = Math.max(1, p.step);
  const count = floorDivDim(extent, constDim(unit));
  const each = b.dim(ceilDivDim(count, constDim(p.splits)));
  const [from, to]: readonly [KExpr, KExpr] =
    p.splits === 1 ? [int(0), b.dim(count)] : [mul(part, each), min(mul(add(part, 1), each), b.dim(count))];
  if (unit === 1) return { fours: [0, 0], ones: [from, to] };
  /** From the end of the whole turns, in steps of `by`; nothing where they leave nothing. */
  const rest = (done: Dim, all: Dim): readonly [KExpr, KExpr] => {
    const [first, end] = [b.dim(done), b.dim(all)];
    return [first, p.splits === 1 ? end : select(eq(part, p.splits - 1), end, first)];
  };
  const fours = floorDivDim(extent, constDim(4));
  const ones = isMultiple(extent, 4) ? {} : { ones: rest(scaleDim(fours, 4, 1), extent) };
  if (unit === 4 && p.stage === 0) return { fours: [from, to], ...ones };
  const left = isMultiple(extent, unit) ? ([0, 0] as const) : rest(scaleDim(count, unit / 4, 1), fours);
  return { turns: { fours: unit / 4, from, to }, fours: left, ...ones };
}

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
