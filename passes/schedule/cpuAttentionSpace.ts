import { type Cost, roofline } from "../../src/cost/roofline.js";
import { constDim, constValue, productDim } from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import type { AttentionForm } from "../graph/attentionForm.js";
import { formOf, keyConditions } from "./attentionShape.js";
import { axisOf, typical } from "./axis.js";
import type { CpuTile } from "./cpuTile.js";
import type { BuildContext, Match } from "./interface.js";

export interface CpuAttentionParams extends CpuTile, Readonly<Record<string, number>> {
  /** Queries of a cell: their scores stay in the second cache. */
  readonly blockRows: number;
  /** Keys of a block; 0: the whole row of scores exists before its softmax. */
  readonly keyBlock: number;
}

/** Columns of a panel. */
export const panelOf = (p: CpuTile): number => 4 * p.vectors;

export const roundedUp = (n: number, by: number): number => Math.ceil(n / by) * by;

/** A row of scores that is longer than this goes by in blocks. */
const longestRow = 1024;

/** What does not fit this schedule, or nothing. */
export function refusal(m: Match, cx: BuildContext): string | undefined {
  const { target } = cx;
  if (target.execution !== "cpu" || !target.vectors) return "it is for processors with vectors";
  const node = cx.node(m.root);
  const form = node.op === "region" ? formOf(node) : undefined;
  if (form === undefined) return "it is no attention";
  if (form.projectQuery !== undefined || form.projectOut !== undefined)
    return "its projections are kernels of their own";
  if (form.heads.length > 0) return "its heads are summed with the keys";
  if ((keyConditions(form.keep, form.row)?.eachRow.length ?? 0) > 0) return "a condition joins queries and values";
  if (constValue(axisOf(form.cols, form.extents).total) === undefined) return "the width of the values is not known";
  if (cpuAttentionSpace(form, cx).length === 0) return "no block of rows fits private memory";
  return undefined;
}

const tile: CpuTile = { rows: 2, vectors: 4, unroll: 2, pin: 1 };
const wholeBlocks = [48, 96, 24] as const;
const streamingBlocks = [192, 384, 96, 48] as const;

/** The best first. */
export function cpuAttentionSpace(form: AttentionForm, cx: BuildContext): readonly CpuAttentionParams[] {
  const keys = constValue(form.extents[form.key] ?? constDim(1));
  const whole = keys !== undefined && keys <= longestRow && form.streaming !== true;
  const points = (whole ? wholeBlocks : streamingBlocks).flatMap((blockRows) =>
    (whole ? [0] : [128, 64, 256]).map((keyBlock): CpuAttentionParams => ({ ...tile, blockRows, keyBlock })),
  );
  return points.filter((p) => scratchBytes(form, p) <= cx.target.privateBytes);
}

/** Columns of scores that a row needs. */
export const scoreColumns = (form: AttentionForm, p: CpuAttentionParams): number =>
  p.keyBlock === 0 ? roundedUp(constValue(form.extents[form.key] ?? constDim(1)) ?? 0, panelOf(p)) : p.keyBlock;

/** Columns of results that a row needs while blocks of keys go by. */
export const resultColumns = (form: AttentionForm, p: CpuAttentionParams): number =>
  p.keyBlock === 0 ? 0 : roundedUp(constValue(axisOf(form.cols, form.extents).total) ?? 0, panelOf(p));

function scratchBytes(form: AttentionForm, p: CpuAttentionParams): number {
  return 4 * p.blockRows * (scoreColumns(form, p) + resultColumns(form, p) + 3);
}

/** Share of the peak that the products reach, measured. */
const reached = 0.93;

export function cpuAttentionCost(form: AttentionForm, p: CpuAttentionParams, cx: BuildContext): Cost {
  const size = (ixs: readonly Ix[]): number =>
    ixs.reduce((n, ix) => n * typical(form.extents[ix] ?? productDim([])), 1);
  const [rows, batch, keys] = [size([form.row]), size(form.batch), size([form.key])];
  const [depth, cols] = [size(form.depth), size(form.cols)];
  const across = (n: number): number => roundedUp(n, panelOf(p));
  const scores = rows * batch * across(keys);
  // Each block brings what came before to the new maximum.
  const blocks = p.keyBlock === 0 ? 0 : Math.ceil(keys / p.keyBlock);
  return roofline(
    {
      flops: 2 * (scores * depth + rows * batch * keys * across(cols)) + 4 * rows * batch * blocks * cols,
      exps: scores + rows * batch * blocks,
      // Keys and values are written and read once more when they are packed.
      bytes: 4 * batch * (rows * (depth + cols) + 3 * keys * (depth + cols)),
      dispatches: 3,
      workgroups: Math.ceil(rows / p.blockRows) * batch,
      efficiency: reached,
    },
    cx.target,
  );
}
