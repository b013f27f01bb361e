import { type Cost, roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import { dimRange, productDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import type { Width } from "../../src/ir/kernel/ops.js";
import { axisOf, typical } from "./axis.js";
import type { BuildContext, Match } from "./interface.js";
import { readsOf } from "./meter.js";
import { contractionOf } from "./sides.js";

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

export const widthOf = (target: Target): Width => (target.vectors ? 4 : 1);

/** Register rows and vectors of columns that are worth trying. */
const tiles = [
  [32, 4],
  [32, 2],
  [16, 4],
  [8, 4],
  [16, 2],
  [4, 4],
  [8, 2],
  [4, 2],
  [8, 1],
  [4, 1],
  [2, 2],
  [2, 1],
  [1, 1],
] as const;

const splitCounts = [1, 2, 4, 8, 16] as const;

/** A part of a reduction that is shorter than this is not worth a dispatch more. */
const leastPart = 128;

/** How much better a cut must look: it costs memory and a dispatch, and the size it is for may not come. */
const doubt = 1.3;

/** Multiply-adds of vectors for each vector load, from which on arithmetic is what takes the time. */
const saturatedReuse = 4;

/** All tiles that fit the machine, the best by estimate first. */
export function contractionSpace(m: Match, cx: BuildContext): readonly ContractionParams[] {
  const shape = shapeOf(m, cx);
  const { target } = cx;
  const width = widthOf(target);
  const points: ContractionParams[] = [];
  for (const [regRows, regCols] of tiles) {
    if (regRows * regCols * width > target.registers / 2) continue;
    const laneRows = lanesFor(shape.rows, regRows, sideOf(target));
    const laneCols = lanesFor(shape.cols, regCols * width, sideOf(target));
    for (const splits of splitCounts) {
      if (splits > 1 && (shape.depth / splits < leastPart || splits * shape.most > target.maxBinding)) continue;
      points.push({ regRows, regCols, laneRows, laneCols, splits });
    }
  }
  const cost = new Map(points.map((p) => [p, costOf(shape, p, target).seconds * (p.splits > 1 ? doubt : 1)]));
  return points.sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
}

export const contractionCost = (m: Match, p: ContractionParams, cx: BuildContext): Cost =>
  costOf(shapeOf(m, cx), p, cx.target);

/** A contraction in typical numbers. */
interface Shape {
  readonly rows: number;
  readonly cols: number;
  readonly batch: number;
  /** Of the index that is cut. */
  readonly depth: number;
  readonly products: number;
  readonly bytes: number;
  readonly result: number;
  /** Bytes of the result at the greatest sizes. */
  readonly most: number;
}

function shapeOf(m: Match, cx: BuildContext): Shape {
  const { node, sides } = contractionOf(m, cx);
  const size = (ixs: readonly Ix[]): number => typical(axisOf(ixs, node.extents).total);
  const result = byteSize(node.type.dtype) * typical(productDim(node.type.shape));
  const read = [...readsOf(cx, m).values()].reduce((sum, d) => sum + typical(d), 0);
  return {
    rows: size(sides.rows),
    cols: size(sides.cols),
    batch: size(sides.batch),
    depth: size(sides.reduced.slice(-1)),
    products: typical(productDim(node.extents)),
    bytes: read + result,
    result,
    most: byteSize(node.accum) * dimRange(productDim(node.type.shape)).hi,
  };
}

function costOf(s: Shape, p: ContractionParams, target: Target): Cost {
  const width = widthOf(target);
  const [tileRows, tileCols] = [p.regRows * p.laneRows, p.regCols * p.laneCols * width];
  const groups = Math.ceil(s.rows / tileRows) * Math.ceil(s.cols / tileCols) * s.batch * p.splits;
  const invocations = groups * p.laneRows * p.laneCols;
  const covered = Math.ceil(s.rows / tileRows) * tileRows * Math.ceil(s.cols / tileCols) * tileCols;
  // Four steps of a tile: a vector of each row, four vectors of each group of columns.
  const reuse = (4 * p.regRows * p.regCols) / (p.regRows + 4 * p.regCols);
  const efficiency =
    Math.min(1, reuse / (target.reuse ?? saturatedReuse)) * Math.min(1, invocations / (target.parallel ?? 1));
  return roofline(
    {
      flops: 2 * s.products * (covered / (s.rows * s.cols)),
      bytes: s.bytes + (p.splits > 1 ? 2 * p.splits * s.result : 0),
      dispatches: p.splits > 1 ? 2 : 1,
      workgroups: groups,
      efficiency,
    },
    target,
  );
}

/** Invocations along a side of a workgroup: a square of 64 where subgroups are wide, of 16 where they are narrow. */
function sideOf(target: Target): number {
  const most = 2 ** Math.floor(Math.log2(Math.sqrt(target.maxInvocations)));
  return Math.min(most, target.subgroupSize >= 16 ? 8 : 4);
}

/** Up to `most` invocations along a side of `size` elements. */
function lanesFor(size: number, each: number, most: number): number {
  let lanes = most;
  while (lanes > 1 && (lanes / 2) * each >= size) lanes /= 2;
  return lanes;
}
