import { type Cost, roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import { constDim, constValue, type Dim } from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import type { Width } from "../../src/ir/kernel/ops.js";
import type { AttentionForm } from "../graph/attentionForm.js";
import { sizesOf } from "./attentionShape.js";
import { roundedUp } from "./attentionTile.js";
import { typical } from "./axis.js";
import { widthOf } from "./contractionSpace.js";

/** How an attention kernel is cut. */
export interface AttentionParams extends Readonly<Record<string, number>> {
  /** Rows and vectors of columns of an invocation's tile. */
  readonly regRows: number;
  readonly regCols: number;
  /** Invocations of a workgroup along rows, and those that share a row. */
  readonly laneRows: number;
  readonly laneCols: number;
  /** Keys of a block; 0: the whole row of scores exists before its softmax. */
  readonly keyBlock: number;
}

/** Columns that a row needs in memory, by what they hold; 0: none. */
export interface RowMemory {
  readonly query: number;
  readonly scores: number;
  /** Of values, while blocks of keys go by. */
  readonly sums: number;
  /** Results of all heads. */
  readonly heads: number;
}

const stepOf = (p: AttentionParams, width: Width): number => p.regCols * p.laneCols * width;

/** Columns of scores of one head. */
export const scoreColumns = (form: AttentionForm, p: AttentionParams, width: Width): number =>
  roundedUp(p.keyBlock === 0 ? (sizesOf(form).keyCount ?? 0) : p.keyBlock, stepOf(p, width));

export function rowMemory(form: AttentionForm, p: AttentionParams, width: Width): RowMemory {
  const step = stepOf(p, width);
  const { heads, depth, cols } = sizesOf(form);
  const padded = (d: Dim): number => roundedUp(constValue(d) ?? 0, step);
  const folded = form.heads.length > 0 && form.projectOut === undefined;
  return {
    query: form.projectQuery === undefined ? 0 : padded(depth),
    scores: scoreColumns(form, p, width) * (folded ? heads : 1),
    sums: p.keyBlock === 0 ? 0 : padded(cols),
    heads: form.projectOut === undefined ? 0 : heads * padded(cols),
  };
}

/** Rows x vectors of an invocation's tile. */
const tiles = [
  [16, 8],
  [8, 8],
  [16, 4],
  [8, 4],
  [4, 4],
  [16, 2],
  [8, 2],
  [4, 2],
  [2, 4],
  [2, 2],
  [1, 4],
  [1, 2],
  [1, 1],
] as const;

/** Workgroups: rows alone, and rows shared by several. */
const spreads = [
  [16, 1],
  [8, 1],
  [4, 1],
  [1, 1],
  [8, 8],
  [4, 16],
  [8, 16],
  [4, 8],
] as const;

const blocks = [0, 64, 32, 128, 16] as const;

/** What a form needs to be computed in one kernel at all. */
export function impossible(form: AttentionForm): string | undefined {
  const { heads, depth, cols, keyCount } = sizesOf(form);
  if (heads === 0) return "the number of heads is known at run time only";
  if (form.projectQuery !== undefined && constValue(depth) === undefined)
    return "the depth of the scores is known at run time only";
  if (constValue(cols) === undefined) return "the width of the values is known at run time only";
  if (form.heads.length > 0 && form.projectOut === undefined && keyCount === undefined)
    return "the keys of all heads do not fit, their number is known at run time only";
  return undefined;
}

/** All ways that fit the machine, the best by estimate first. */
export function attentionSpace(form: AttentionForm, target: Target): readonly AttentionParams[] {
  const points = [...candidates(form, target)];
  const cost = new Map(points.map((p) => [p, attentionCost(form, p, target).seconds]));
  return points.sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
}

/** Whether there is a way at all, or one in which a whole row of scores exists. */
export function fitting(form: AttentionForm, target: Target, whole = false): boolean {
  for (const p of candidates(form, target)) if (!whole || p.keyBlock === 0) return true;
  return false;
}

/** Why a point is not for a machine or an attention, or nothing. Points of a plan come from anywhere. */
export function illegal(form: AttentionForm, p: AttentionParams, target: Target): string | undefined {
  const { regRows, regCols, laneRows, laneCols, keyBlock } = p;
  const width = widthOf(target);
  if (![regRows, regCols, laneRows, laneCols].every((x) => Number.isInteger(x) && x >= 1))
    return "rows, columns and invocations are whole numbers from 1";
  if (!Number.isInteger(keyBlock) || keyBlock < 0 || keyBlock % width !== 0)
    return `a block of keys is a multiple of ${width}, or 0 for all of them`;
  if (laneRows * laneCols > target.maxInvocations)
    return `${laneRows * laneCols} invocations, at most ${target.maxInvocations}`;
  if (laneRows * laneCols > 1 && target.execution === "cpu") return "a thread is by itself";
  if (regRows * regCols * width > target.registers)
    return `${regRows * regCols * width} sums an invocation, at most ${target.registers} registers`;
  const folded = form.heads.length > 0 && form.projectOut === undefined;
  if (keyBlock > 0 && folded) return "heads and keys are summed together, all of them";
  if (keyBlock === 0 && (sizesOf(form).keyCount === undefined || form.streaming === true))
    return "the keys go by in blocks";
  // A tile that ran over the end of its block would let logits of the next one into the block's maximum.
  if (keyBlock > 0 && keyBlock % stepOf(p, width) !== 0)
    return `a block of keys is a multiple of a tile's ${stepOf(p, width)} columns`;
  return fits(form, p, target) ? undefined : "its rows do not fit the machine's memory";
}

function* candidates(form: AttentionForm, target: Target): Generator<AttentionParams> {
  if (impossible(form) !== undefined) return;
  const { keyCount } = sizesOf(form);
  for (const [regRows, regCols] of tiles) {
    for (const [laneRows, laneCols] of spreads) {
      for (const keyBlock of blocks) {
        // One block that holds every key is the whole row.
        if (keyBlock > 0 && keyCount !== undefined && keyBlock >= keyCount && form.streaming !== true) continue;
        const p: AttentionParams = { regRows, regCols, laneRows, laneCols, keyBlock };
        if (illegal(form, p, target) === undefined) yield p;
      }
    }
  }
}

function fits(form: AttentionForm, p: AttentionParams, target: Target): boolean {
  const { query, scores, sums, heads } = rowMemory(form, p, widthOf(target));
  const common = 4 * p.regRows * (query + scores + heads);
  const own = (4 * p.regRows * sums) / p.laneCols;
  if (p.laneCols === 1) return common + own <= target.privateBytes;
  // Folds over the invocations of a row take shared memory too.
  const folds = 2 * 4 * p.laneRows * p.regRows * p.laneCols;
  return own <= target.privateBytes && common * p.laneRows + folds <= target.sharedBytes;
}

/** Multiply-adds of vectors that a vector load takes as long as. */
const usualReuse = 4;
/** A load from workgroup memory, against one from memory. */
const usualShared = 0.3;
/** A load from an array of an invocation's own, against one from memory: its place is known at run time only. */
const privateLoad = 1.6;
/** What a turn of a product's loop takes beside its work, and what a vector of scores takes beside its loads. */
const turning = 6;
const softening = 10;

/**
 * The time of a point, as `contractionSeconds` counts it: multiply-adds and loads of an invocation in multiply-adds of
 * vectors, padding included. A score is written, read for its power and written again; sums of blocks go to and fro.
 */
export function attentionCost(form: AttentionForm, p: AttentionParams, target: Target): Cost {
  const width = widthOf(target);
  const size = (ixs: readonly Ix[]): number => ixs.reduce((n, ix) => n * typical(form.extents[ix] ?? constDim(1)), 1);
  const [rows, keys, depth, columns] = [size([form.row]), size([form.key]), size(form.depth), size(form.cols)];
  const [batch, heads] = [size(form.batch), size(form.heads)];
  const step = stepOf(p, width);
  const groups = Math.ceil(rows / (p.regRows * p.laneRows));
  const covered = groups * p.regRows * p.laneRows * batch;
  const across = (n: number): number => Math.ceil(n / step) * step;
  const blocks = p.keyBlock === 0 ? 1 : Math.ceil(keys / p.keyBlock);
  const walked = p.keyBlock === 0 ? across(keys) : blocks * p.keyBlock;

  const reuse = target.reuse ?? usualReuse;
  const alone = target.execution === "cpu" ? 1 : privateLoad;
  const own = p.laneCols === 1 ? alone : (target.sharedLoad ?? usualShared);
  /** Flops of a product of the tile's rows, in those of multiply-adds at full speed. */
  const product = (cols: number, sum: number, left: number): number => {
    const useful = 4 * p.regRows * p.regCols;
    const busy = useful + reuse * (p.regRows * left + (width === 4 ? 4 : 1) * p.regCols) + turning;
    return 2 * covered * across(cols) * sum * (busy / useful);
  };
  const { projectQuery, projectOut } = form;
  let flops = product(walked, depth, projectQuery === undefined ? 1 : own) + product(columns, walked, own);
  if (projectQuery !== undefined) flops += product(depth, size(projectQuery.reduced), 1);
  if (projectOut !== undefined) flops += product(size(projectOut.cols), columns, own);
  // Vectors that go through memory of the rows, and what is done to them.
  const scores = covered * walked;
  const sums = p.keyBlock === 0 ? 0 : blocks * covered * across(columns);
  flops += 2 * (scores * (3 * reuse * own + softening) + sums * 2 * reuse * own);
  if (p.laneCols > 1) {
    // Folds and memory of the rows wait for all invocations.
    const barriers = batch * groups * (6 * blocks + (projectQuery === undefined ? 0 : 1));
    flops += barriers * (target.barrier ?? 20) * 2 * width * p.laneRows * p.laneCols;
  }
  const invocations = p.laneRows * p.laneCols;
  const workgroups = groups * (batch / heads);
  const subgroups = (Math.ceil(invocations / target.subgroupSize) * target.subgroupSize) / invocations;
  const spill = spilling(p, width, target);
  const elements = batch * (rows * (depth + columns) + keys * (depth + columns));
  return roofline(
    {
      flops: flops * spill,
      exps: scores,
      bytes: 4 * elements,
      dispatches: 1,
      workgroups,
      efficiency: filling(workgroups, invocations, target) / (target.execution === "simt" ? subgroups : 1),
    },
    target,
  );
}

/** How much longer arithmetic takes where the sums of an invocation do not fit its registers. */
function spilling(p: AttentionParams, width: Width, target: Target): number {
  const over = (p.regRows * p.regCols * width + 4 * p.regRows + width * p.regCols) / target.registers;
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
