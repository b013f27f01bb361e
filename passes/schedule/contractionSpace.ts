import type { Target } from "../../src/cost/target.js";
import type { Width } from "../../src/ir/kernel/ops.js";
import { type ContractionShape, contractionSeconds, contractionShape } from "./contractionCost.js";
import type { BuildContext, Match } from "./interface.js";
import type { Feed } from "./tile/gemm.js";

export interface ContractionParams extends Readonly<Record<string, number>> {
  /** Register rows and vectors of an invocation. */
  readonly regRows: number;
  readonly regCols: number;
  /** Invocations of a workgroup along rows and columns. */
  readonly laneRows: number;
  readonly laneCols: number;
  /** Lanes of a vector of columns: 4, or 1. */
  readonly width: number;
  /** Steps of the reduced index that a turn of the main loop takes: a multiple of four, or 1. */
  readonly step: number;
  /** What a workgroup copies to its memory before it multiplies: 0 nothing, 1 the left factor, 2 the right one, 3 both. */
  readonly stage: number;
  /** 1: the invocations of a subgroup load rows for each other. */
  readonly share: number;
  /** Parts that the reduced index is cut into. */
  readonly splits: number;
}

export const widthOf = (target: Target): Width => (target.vectors ? 4 : 1);

/** How the factors come to the invocations. */
export function feedOf(p: ContractionParams, target: Target): Feed {
  return {
    ...(target.matrices === true && p.width === 4 && { matrices: true }),
    ...(p.share === 1 && { subgroup: target.subgroupSize }),
    ...(p.stage > 0 && { staged: { left: p.stage % 2 === 1, right: p.stage >= 2 } }),
  };
}

/** Points that a space may have: what a sweep can measure. */
const mostPoints = 400;

/**
 * The text of one turn: products of vectors, and loads, each of which takes a compiler as long as four of them. Beyond
 * this a pipeline takes SwiftShader more than half a second to compile, and the text is no longer one that is read.
 */
const longestTurn = 450;

function turnLength(p: ContractionParams, target: Target): number {
  const rows = p.share === 1 ? Math.ceil(p.regRows / target.subgroupSize) : p.regRows;
  // Between barriers a software machine keeps every value of every invocation in memory.
  const parts = p.stage > 0 && target.cores !== undefined ? 1.5 : 1;
  return parts * Math.max(1, p.step / 4) * (4 * p.regRows * p.regCols + 4 * (rows + 4 * p.regCols));
}

/** Register rows and vectors of columns that are worth trying. */
const tiles = [
  [64, 1],
  [32, 2],
  [16, 4],
  [16, 2],
  [8, 4],
  [32, 1],
  [8, 2],
  [16, 1],
  [4, 4],
  [4, 2],
  [8, 1],
  [2, 4],
  [4, 1],
  [2, 2],
  [2, 1],
  [1, 2],
  [1, 1],
] as const;

const splitCounts = [1, 2, 4, 8, 16] as const;

/** A part of a reduction that is shorter than this is not worth a dispatch more. */
const leastPart = 128;

/** How much better a cut must look: it costs memory and a dispatch, and the size it is for may not come. */
const doubt = 1.3;

/** All points that are legal for the machine, the best by estimate first; the worst are left out where there are many. */
export function contractionSpace(m: Match, cx: BuildContext): readonly ContractionParams[] {
  const shape = contractionShape(m, cx);
  const { target } = cx;
  const points = new Map<string, ContractionParams>();
  const cost = new Map<ContractionParams, number>();
  for (const p of candidates(shape, target)) {
    const key = Object.values(p).join();
    if (points.has(key) || illegal(p, shape, cx) !== undefined) continue;
    points.set(key, p);
    cost.set(p, contractionSeconds(shape, p, target).seconds * (p.splits > 1 ? doubt : 1));
  }
  return [...points.values()].sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0)).slice(0, mostPoints);
}

/** Why a point is not for a machine or a contraction, or nothing. Points of a plan come from anywhere. */
export function illegal(p: ContractionParams, shape: ContractionShape, cx: BuildContext): string | undefined {
  const { target } = cx;
  const whole = (x: number, least: number): boolean => Number.isInteger(x) && x >= least;
  if (![p.regRows, p.regCols, p.laneRows, p.laneCols, p.splits].every((x) => whole(x, 1)))
    return "rows, columns, invocations and splits are whole numbers from 1";
  if (p.width !== 1 && p.width !== widthOf(target)) return `there are no vectors of ${p.width}`;
  if (!(target.vectors ? [4, 8, 16, 32] : [1]).includes(p.step)) return `no loop takes ${p.step} steps at once`;
  if (![0, 1, 2, 3].includes(p.stage) || ![0, 1].includes(p.share)) return "stage is 0 to 3, share is 0 or 1";
  const invocations = p.laneRows * p.laneCols;
  if (invocations > target.maxInvocations) return `${invocations} invocations, at most ${target.maxInvocations}`;
  const registers = p.regRows * p.regCols * p.width;
  if (registers > target.registers) return `${registers} sums an invocation, at most ${target.registers} registers`;
  if (turnLength(p, target) > longestTurn) return "its text would be too long";
  if (p.stage > 0) {
    if (target.execution === "cpu") return "a thread has no workgroup memory";
    if (p.width !== 4 || invocations === 1) return "copies are made of vectors, for more than one invocation";
    if (stageBytes(p, shape.wordBytes) > target.sharedBytes)
      return `${stageBytes(p, shape.wordBytes)} bytes of workgroup memory, at most ${target.sharedBytes}`;
    if (p.stage % 2 === 1 && p.share === 1)
      return "rows come from workgroup memory or from the subgroup, not from both";
    if (p.stage % 2 === 1 && (p.regRows * p.laneRows) % 4 !== 0) return "copies are made of whole vectors";
  }
  if (p.share === 1) {
    if (!target.subgroups || target.execution === "cpu") return "the machine has no subgroups";
    if (p.laneCols % target.subgroupSize !== 0)
      return `a subgroup of ${target.subgroupSize} stands in one row of a tile`;
    if (p.regRows === 1) return "there is one row, and nothing to share";
  }
  if (p.splits > 1 && (shape.depth / p.splits < leastPart || p.splits * shape.most > target.maxBinding))
    return `${p.splits} parts are too small, or their sums too large`;
  return undefined;
}

/** Bytes of workgroup memory that copies take. */
const stageBytes = (p: ContractionParams, word: number): number =>
  p.step *
  word *
  ((p.stage % 2 === 1 ? p.regRows * p.laneRows : 0) + (p.stage >= 2 ? p.regCols * p.width * p.laneCols : 0));

function* candidates(shape: ContractionShape, target: Target): Iterable<ContractionParams> {
  const width = widthOf(target);
  const steps = target.vectors ? [4, 8] : [1];
  const base = { stage: 0, share: 0, splits: 1 };
  for (const [regRows, regCols] of tiles) {
    // A tile that is twice too large in both directions, or in rows alone, is another one with less to do.
    if (regRows > 1 && regRows >= 2 * shape.rows) continue;
    for (const [laneRows, laneCols] of lanesOf(target)) {
      const lanes = {
        laneRows: within(shape.rows, regRows, laneRows),
        laneCols: within(shape.cols, regCols * width, laneCols),
      };
      for (const step of steps) {
        const p: ContractionParams = { regRows, regCols, ...lanes, width, step, ...base };
        for (const splits of splitCounts) yield { ...p, splits };
        for (const splits of splitCounts) yield { ...p, share: 1, splits };
      }
      for (const stage of [1, 2, 3])
        for (const step of [8, 16]) yield { regRows, regCols, ...lanes, width, step, ...base, stage };
      if (width === 4 && shape.cols % 4 !== 0 && regCols <= 2 && regRows <= 16)
        yield { regRows, regCols, ...lanes, width: 1, step: 4, ...base };
    }
  }
}

/** Invocations of a workgroup along rows and columns: few where subgroups are narrow, for a workgroup costs little. */
function lanesOf(target: Target): readonly (readonly [number, number])[] {
  if (target.execution === "cpu" || target.maxInvocations === 1) return [[1, 1]];
  const wide = target.subgroupSize >= 16;
  const all: readonly (readonly [number, number])[] = wide
    ? [
        [8, 8],
        [16, 16],
        [8, 16],
        [16, 8],
        [4, 16],
        [8, 32],
        [4, 32],
        [2, 32],
      ]
    : [
        [2, 4],
        [1, 4],
        [1, 8],
        [4, 4],
        [8, 8],
      ];
  const most = all.filter(([r, c]) => r * c <= target.maxInvocations);
  return most.length > 0 ? most : [[1, 1]];
}

/** Up to `most` invocations along a side of `size` elements. */
function within(size: number, each: number, most: number): number {
  let lanes = most;
  while (lanes > 1 && (lanes / 2) * each >= size) lanes /= 2;
  return lanes;
}
