import { ceilDivDim, constDim, constValue, type Dim } from "../../src/ir/dim.js";
import type { Ix, Use } from "../../src/ir/graph/ops.js";
import { add, and, int, kType, lit, min, mul, select, typeOf } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import type { Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { axisOf, decode, type Env, isMultiple, positions, reachOf, spanOf, typical } from "./axis.js";
import { type CpuContractionParams, cpuContractionCost, cpuContractionSpace } from "./cpuContractionSpace.js";
import { type Packed, packedAt, packLeft, packRight } from "./cpuPack.js";
import { multiplyTile, tileOf } from "./cpuTile.js";
import { pointAt, selected } from "./element.js";
import { type Factors, factorSource } from "./factors.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match, Schedule } from "./interface.js";
import { kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";
import { contractionOf, type Sides, sidesOf, sortConditions, withRowsOfOneIndex } from "./sides.js";
import { resultBuffer, resultSink } from "./sink.js";
import { map, zero } from "./tile/fragment.js";
import { shiftedSink } from "./tile/shift.js";
import { store } from "./tile/store.js";

/**
 * Matrix products on one core: a tile of sums in registers over the whole of the reduced index, columns from panels that
 * lie packed in memory (`cpuPack.ts`), rows as they are. A cell of the grid is one panel times a block of rows: the panel
 * stays in the first cache, the block in the second.
 */
export const cpuContraction: Schedule<CpuContractionParams> = {
  name: "cpu-contraction",
  summary: "sums of products as register tiles over packed panels of columns, one panel and a block of rows a cell",

  refuse(m, cx) {
    if (cx.target.execution !== "cpu" || !cx.target.vectors) return "it is for processors with vectors";
    const node = cx.node(m.root);
    if (node.op !== "contract") return `a ${node.op} is not a contraction`;
    if (node.accum !== "f32") return `sums of ${node.accum} have no multiply-add`;
    const sides = sidesOf(cx, m, node);
    if (sides.reduced.length === 0) return "nothing is summed";
    const size = (ixs: readonly Ix[]): number => typical(axisOf(ixs, node.extents).total);
    if (size(sides.rows) < leastRows) return "too few rows to pack columns for";
    if (size(sides.cols) < 4) return "too few columns";
    if (size(sides.reduced) < leastDepth) return "too short a sum";
    if (sortConditions(node, sides).product.length > 0) return "a condition joins rows and columns";
    return undefined;
  },

  space: cpuContractionSpace,
  estimate: cpuContractionCost,
  build,
};

/** Fewer rows do not pay for a panel of columns that is packed for them. */
const leastRows = 8;
const leastDepth = 4;

/** Whether rows are read as they lie in memory: nothing is computed for each of the panels again. */
export const isPlain = (cx: BuildContext, uses: readonly Use[], conditions: number): boolean =>
  uses.length === 1 &&
  conditions === 0 &&
  uses.every(
    (u) => !cx.inlined(u.value) && cx.node(u.value).type.dtype === "f32" && u.at.every((i) => i.i !== "value"),
  );

function build(m: Match, p: CpuContractionParams, cx: BuildContext) {
  const { node, sides: all } = contractionOf(m, cx);
  const sides = withRowsOfOneIndex(all, node.extents, p.rows);
  const conditions = sortConditions(node, sides);
  const factors = (uses: readonly Use[]): Factors => ({
    uses,
    extents: node.extents,
    dtype: "f32",
    ...(node.where && { where: { of: node.where, conditions: conditions.both } }),
  });
  const plain = isPlain(cx, sides.left, conditions.both.length);
  const { reduced } = sides;
  const right = packRight(
    m,
    cx,
    { factors: factors(sides.right), batch: all.batch, outer: sides.cols, reduced },
    p.vectors * 4,
  );
  const left = plain
    ? undefined
    : packLeft(m, cx, { factors: factors(sides.left), batch: sides.batch, outer: sides.rows, reduced });
  const packs = [...(left === undefined ? [] : [left]), right];
  const main = multiply(m, p, cx, sides, factors(sides.left), left?.packed, right.packed);
  return {
    kernels: [...packs.map((x) => x.kernel), main.kernel],
    temps: packs.map((x): Temp => x.packed.temp),
    steps: [...packs.map((x): Step => x.step), main.step],
  };
}

function multiply(
  m: Match,
  p: CpuContractionParams,
  cx: BuildContext,
  sides: Sides,
  factors: Factors,
  left: Packed | undefined,
  right: Packed,
) {
  const k = kernelScope(m, cx);
  const { b } = k;
  const { node } = contractionOf(m, cx);
  const extent = (ix: Ix): Dim => node.extents[ix] ?? constDim(1);
  const [rowAxis, colAxis] = [axisOf(sides.rows, node.extents), axisOf(sides.cols, node.extents)];
  const batchAxis = axisOf(sides.batch, node.extents);
  const panel = p.vectors * 4;
  const rows = spanOf(rowAxis, p.rows);
  const cols = spanOf(colAxis, panel);
  const to = resultBuffer(k, m, cols, 4);
  const inner = sides.reduced.at(-1);
  invariant(inner !== undefined, () => "a contraction reduces");
  const depth = spanOf(axisOf([inner], node.extents), 1);
  const tiles = ceilDivDim(rowAxis.total, constDim(p.rows));
  const each = Math.max(1, Math.floor(p.blockRows / p.rows));
  const place = openGrid(
    b,
    [ceilDivDim(colAxis.total, constDim(panel)), ceilDivDim(tiles, constDim(each)), batchAxis.total],
    cx.target.maxGrid,
  );
  const [groupCol, groupRow, group] = place.at;
  invariant(groupCol && groupRow && group, () => "a contraction has three grid axes");
  const fixed = decode(b, batchAxis, group, 1)[0] ?? new Map();
  const columns = packedAt(k, right);
  const panelStart = columns.start(fixed, groupCol);
  const packedRows = left === undefined ? undefined : packedAt(k, left);

  const tile = (row0: KExpr): void => {
    const col0 = mul(groupCol, panel);
    const acc = zero(b, tileOf(p), "f32");
    multiplyTile(
      b,
      p,
      acc,
      sides.reduced,
      extent,
      fixed,
      (outer) => packedRows?.source(outer) ?? factorSource(k, factors, rows, depth, outer, "none"),
      row0,
      (outer, at, q) => columns.vector(panelStart, outer, at, q),
    );
    const sink = shiftedSink(resultSink(k, m, rows, cols, fixed, to), row0, col0);
    const { where } = node;
    const { result } = sortConditions(node, sides);
    if (where === undefined || result.length === 0) {
      store(b, acc, sink);
      return;
    }
    const kept = map(b, acc, (v, row, col) => {
      const down = positions(b, rows, add(row0, row), 1)[0] ?? new Map();
      const lanes = positions(b, cols, add(col0, col), typeOf(v).width).map(
        (env): Env => new Map([...fixed, ...down, ...env]),
      );
      const point = pointAt(node.extents, lanes, reachOf(cols, typeOf(v).width));
      return select(result.map((c) => selected(k, where, c, point)).reduce(and), v, lit(0, kType("f32", 4)));
    });
    store(b, kept, sink);
  };

  const body = (): void => {
    const first = mul(groupRow, each);
    // The last block has what is left.
    const whole = isMultiple(tiles, each) || constValue(tiles) === each;
    const count = whole ? int(each) : min(int(each), add(b.dim(tiles), mul(first, -1)));
    b.for(0, count, 1, "serial", (t) => tile(mul(add(first, t), p.rows)), "tile");
  };
  if (place.live === undefined) body();
  else b.if(place.live, body);
  return k.finish(costOfMatch(cx, m));
}
