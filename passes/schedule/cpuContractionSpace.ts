import { type Cost, roofline } from "../../src/cost/roofline.js";
import { productDim } from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { axisOf, typical } from "./axis.js";
import type { CpuTile } from "./cpuTile.js";
import type { BuildContext, Match } from "./interface.js";
import { costOfMatch } from "./meter.js";
import { contractionOf } from "./sides.js";

export interface CpuContractionParams extends CpuTile, Readonly<Record<string, number>> {
  /** Rows of a cell: what of the left factor stays in the second cache. */
  readonly blockRows: number;
}

/**
 * Rows and vectors of a tile, with the share of the peak that it was measured to reach: it has to leave registers for a
 * row of columns, an element and, where a multiply-add is two instructions, a product: rows · vectors + vectors + 2 <= 15
 * of the 16, one of which engines keep for themselves. 6 x 2 does only with a fused multiply-add.
 */
const tiles = [
  [2, 4, 0.95],
  [3, 3, 0.9],
  [4, 2, 0.9],
  [5, 2, 0.87],
  [6, 2, 0.5],
  [2, 2, 0.48],
  [1, 4, 0.48],
  [1, 2, 0.25],
] as const;

const unrolls = [2, 1, 4] as const;
const rowBlocks = [96, 48, 192] as const;

export function cpuContractionSpace(m: Match, cx: BuildContext): readonly CpuContractionParams[] {
  const points = tiles.flatMap(([rows, vectors]) =>
    unrolls.flatMap((unroll) =>
      rowBlocks.map((blockRows): CpuContractionParams => ({ rows, vectors, unroll, pin: 1, blockRows })),
    ),
  );
  const cost = new Map(points.map((p) => [p, cpuContractionCost(m, p, cx).seconds]));
  // Equal ones stay in the order of the lists.
  return points.sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
}

export function cpuContractionCost(m: Match, p: CpuContractionParams, cx: BuildContext): Cost {
  const { node, sides } = contractionOf(m, cx);
  const size = (ixs: readonly Ix[]): number => typical(axisOf(ixs, node.extents).total);
  const [rows, cols, depth] = [size(sides.rows), size(sides.cols), size(sides.reduced)];
  const panel = p.vectors * 4;
  const covered = (Math.ceil(rows / p.rows) * p.rows * Math.ceil(cols / panel) * panel) / (rows * cols);
  // Starting a tile costs as much as a few steps.
  const reached = tiles.find(([r, v]) => r === p.rows && v === p.vectors)?.[2] ?? 0.25;
  const efficiency = (reached * depth) / (depth + 4);
  const { bytes } = costOfMatch(cx, m);
  return roofline(
    {
      flops: 2 * typical(productDim(node.extents)) * covered,
      bytes: typical(bytes),
      dispatches: 2,
      workgroups: Math.ceil(rows / 96) * Math.ceil(cols / panel),
      efficiency,
    },
    cx.target,
  );
}
