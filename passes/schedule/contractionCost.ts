import { type Cost, roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import { dimRange, productDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { axisOf, typical } from "./axis.js";
import type { ContractionParams } from "./contractionSpace.js";
import type { BuildContext, Match } from "./interface.js";
import { readsOf } from "./meter.js";
import { contractionOf, direction } from "./sides.js";

/** A contraction in typical numbers: all that its estimate depends on. */
export interface ContractionShape {
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
  /** Bytes of a sum. */
  readonly wordBytes: number;
  /** Loads that four elements of a side cost: 1 where they lie side by side. */
  readonly leftLoads: number;
  readonly rightLoads: number;
}

export const contractionShape = (m: Match, cx: BuildContext): ContractionShape =>
  cx.once(m, "contractionShape", () => shapeOf(m, cx));

function shapeOf(m: Match, cx: BuildContext): ContractionShape {
  const { node, sides } = contractionOf(m, cx);
  const size = (ixs: readonly Ix[]): number => typical(axisOf(ixs, node.extents).total);
  const result = byteSize(node.type.dtype) * typical(productDim(node.type.shape));
  const read = [...readsOf(cx, m).values()].reduce((sum, d) => sum + typical(d), 0);
  const inner = sides.reduced.at(-1);
  const loads = (along: ReturnType<typeof direction>, uses: number): number => uses * (along === "none" ? 4 : 1);
  return {
    rows: size(sides.rows),
    cols: size(sides.cols),
    batch: size(sides.batch),
    depth: size(sides.reduced.slice(-1)),
    products: typical(productDim(node.extents)),
    bytes: read + result,
    result,
    most: byteSize(node.accum) * dimRange(productDim(node.type.shape)).hi,
    wordBytes: byteSize(node.accum),
    leftLoads: loads(direction(cx, sides.left, sides.rows.at(-1), inner), sides.left.length),
    rightLoads: loads(direction(cx, sides.right, inner, sides.cols.at(-1)), sides.right.length),
  };
}

export const contractionCost = (m: Match, p: ContractionParams, cx: BuildContext): Cost =>
  contractionSeconds(contractionShape(m, cx), p, cx.target);

/** Multiply-adds of vectors that a vector load takes as long as. */
const usualReuse = 4;
/** A load from workgroup memory, against one from memory. */
const usualShared = 0.3;
/** What handing a vector from one invocation to another takes, in multiply-adds of vectors. */
const handing = 0.5;
/** What a turn of the loop takes beside its work, in multiply-adds of vectors. */
const turning = 6;

/**
 * The time of a point. A workgroup's time is its multiply-adds and its loads, counted in multiply-adds of vectors
 * (`Target.reuse` of them to a load); the padding of tiles is work like any other; a machine that is not filled waits.
 */
export function contractionSeconds(s: ContractionShape, p: ContractionParams, target: Target): Cost {
  const [tileRows, tileCols] = [p.regRows * p.laneRows, p.regCols * p.laneCols * p.width];
  const invocations = p.laneRows * p.laneCols;
  const groups = Math.ceil(s.rows / tileRows) * Math.ceil(s.cols / tileCols) * s.batch * p.splits;
  const covered = Math.ceil(s.rows / tileRows) * tileRows * Math.ceil(s.cols / tileCols) * tileCols;
  const reuse = target.reuse ?? usualReuse;
  const shared = target.sharedLoad ?? usualShared;
  // Of four steps of an invocation.
  const products = 4 * p.regRows * p.regCols;
  const leftVectors = p.regRows * s.leftLoads;
  const rightVectors = (p.width === 4 ? 4 : p.step === 1 ? 1 : 4) * p.regCols * s.rightLoads;
  const handed = p.share === 1 ? Math.min(target.subgroupSize, p.regRows) : 1;
  const left =
    p.stage % 2 === 1
      ? p.regRows * shared + leftVectors / p.laneCols
      : leftVectors / handed + (p.share === 1 ? (p.regRows * handing) / reuse : 0);
  const right = p.stage >= 2 ? 4 * p.regCols * shared + rightVectors / p.laneRows : rightVectors;
  const barriers = p.stage > 0 ? ((target.barrier ?? 20) * 8) / p.step : 0;
  const spill = spilling(p, target);
  const busy = products * spill + reuse * (left + right) + (turning * 4) / Math.max(4, p.step) + barriers;
  const narrow = p.width === 4 || !target.vectors ? 1 : target.execution === "simt" ? 2 : 4;
  const subgroups = (Math.ceil(invocations / target.subgroupSize) * target.subgroupSize) / invocations;
  // A core takes the subgroups of a workgroup one after the other: fewer of them touch less memory at a time.
  const crowd = target.cores === undefined ? 1 : 1 + 0.01 * Math.log2(Math.max(1, invocations / target.subgroupSize));
  const fill = filling(groups, invocations, target);
  const efficiency = (products / (busy * crowd * narrow * (target.execution === "simt" ? subgroups : 1))) * fill;
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

/** How much longer a multiply-add takes where the sums of an invocation do not fit its registers. */
function spilling(p: ContractionParams, target: Target): number {
  const needed = p.regRows * p.regCols * p.width + 4 * p.regRows + p.width * p.regCols;
  const over = needed / target.registers;
  return over <= 1 ? 1 : 1 + 2 * (over - 1);
}

/** The share of the machine that has work: the last round of workgroups fills it in part. */
function filling(groups: number, invocations: number, target: Target): number {
  const parallel = target.parallel ?? 1;
  const together = target.cores ?? Math.max(1, parallel / invocations);
  const rounds = groups / together;
  return (
    (rounds / Math.ceil(rounds)) * (target.cores === undefined ? 1 : Math.min(1, (groups * invocations) / parallel))
  );
}
