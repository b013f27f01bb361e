import { type Cost, roofline } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import { constDim, constValue, type Dim, productDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import type { Width } from "../../src/ir/kernel/ops.js";
import { typical } from "./axis.js";
import { loadsAlong } from "./factors.js";
import type { BuildContext, Match } from "./interface.js";
import { isArg, parts, usesOf } from "./rowParts.js";

export interface RowParams extends Readonly<Record<string, number>> {
  /** Invocations that share a row (or four). */
  readonly lanes: number;
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** 1: the four lanes of a vector are neighbours along the row. 0: they are four rows. */
  readonly along: number;
  readonly width: Width;
  /** 1: each invocation keeps its part of a row in registers and reads it once. 0: every fold reads the row again. */
  readonly whole: number;
}

/** Steps of a row that an invocation keeps, at most: they are all written out, and compiled. */
const mostTurns = 16;

/** Steps of an invocation along a row of known length, all of the same width; nothing where they do not come out even. */
export function turnsOf(length: Dim, lanes: number, each: Width): number | undefined {
  const size = constValue(length);
  return size !== undefined && size % (lanes * each) === 0 ? size / (lanes * each) : undefined;
}

/** A row reduction in typical numbers. */
interface RowShape {
  readonly rows: number;
  readonly length: Dim;
  readonly along: 0 | 1;
  readonly width: Width;
  /** Folds of a row, and how often a row is gone through. */
  readonly folds: number;
  readonly passes: number;
  readonly exps: number;
  readonly elementBytes: number;
  /** Tensors that are read along a row: the first by every pass, the others by one. */
  readonly operands: number;
  readonly nested: boolean;
}

const shapeOf = (m: Match, cx: BuildContext): RowShape =>
  cx.once(m, "rowShape", (): RowShape => {
    const { node, rows, inner, outer } = parts(m, cx);
    const length = node.extents[inner] ?? constDim(1);
    const uses = usesOf(node);
    const loads = (ix: Ix | undefined): number =>
      ix === undefined ? Number.POSITIVE_INFINITY : uses.reduce((n, u) => n + loadsAlong(cx, u, ix), 0);
    const byFold = loads(inner);
    const byRow = isArg(node) ? Number.POSITIVE_INFINITY : loads(rows.ixs.at(-1));
    const along = byFold <= byRow ? 1 : 0;
    const contiguous = Math.min(byFold, byRow) < 4 * uses.length;
    const size = along === 1 ? typical(length) : typical(rows.total);
    const folds = node.op === "softmax" ? 2 : node.op === "map" ? (m.row?.values.length ?? 0) : 1;
    const mapped = node.op === "softmax" || node.op === "map";
    return {
      rows: typical(rows.total),
      length,
      along,
      width: cx.target.vectors && contiguous && size >= 4 ? 4 : 1,
      folds,
      passes: folds + (mapped ? 1 : 0),
      exps: node.op === "softmax" ? typical(productDim(node.extents)) : 0,
      elementBytes: byteSize(node.type.dtype),
      operands: Math.max(1, uses.filter((u) => !m.row?.values.some((r) => r.value === u.value)).length),
      nested: outer.length > 0,
    };
  });

/** All points that are legal for the machine, the best by estimate first. */
export function rowSpace(m: Match, cx: BuildContext): readonly RowParams[] {
  const s = shapeOf(m, cx);
  const { target } = cx;
  const { along, width } = s;
  const points: RowParams[] = [];
  const each: Width = along === 1 ? width : 1;
  for (const lanes of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
    if (lanes > target.maxInvocations || (lanes > 1 && lanes > typical(s.length) / each)) continue;
    for (const threads of [64, 256, 16, 4, 1]) {
      if (threads > target.maxInvocations || threads < lanes || (threads > lanes && threads > s.rows * lanes)) continue;
      points.push({ lanes, threads, along, width, whole: 0 });
      const turns = turnsOf(s.length, lanes, each);
      const kept = (turns ?? 0) * width * s.operands;
      if (s.passes > 1 && !s.nested && turns !== undefined && turns <= mostTurns && kept <= target.registers)
        points.push({ lanes, threads, along, width, whole: 1 });
    }
  }
  const cost = new Map(points.map((p) => [p, seconds(s, p, target).seconds]));
  const ranked = points.sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
  return ranked.length > 0 ? ranked : [{ lanes: 1, threads: 1, along, width, whole: 0 }];
}

export const rowCost = (m: Match, p: RowParams, cx: BuildContext): Cost => seconds(shapeOf(m, cx), p, cx.target);

function seconds(s: RowShape, p: RowParams, target: Target): Cost {
  const length = typical(s.length);
  const size = s.rows * length;
  const reads = p.whole === 1 ? 1 : s.passes;
  const units = Math.ceil(s.rows / (p.along === 1 ? 1 : p.width));
  const groups = Math.ceil((units * p.lanes) / p.threads);
  const invocations = groups * p.threads;
  // A load is worth `reuse` multiply-adds of vectors, an element is a quarter of a vector.
  const work = size * (2 * s.passes + 2 * (target.reuse ?? 4) * (reads + s.operands - 1));
  const meetings = p.lanes === 1 ? 0 : s.folds * Math.ceil(Math.log(p.lanes) / Math.log(8) + 0.01);
  // The more invocations meet, the longer each waits.
  const crowd = (p.threads + 128) / 384;
  const waiting = 8 * (target.barrier ?? 20) * crowd * meetings * invocations;
  const parallel = target.parallel ?? 1;
  const together = target.cores ?? Math.max(1, parallel / p.threads);
  const rounds = groups / together;
  const fill = (rounds / Math.ceil(rounds)) * Math.min(1, invocations / parallel);
  const narrow = target.execution === "simt" && p.threads < target.subgroupSize ? target.subgroupSize / p.threads : 1;
  return roofline(
    {
      flops: work + waiting,
      exps: s.exps * (p.whole === 1 ? 1 : 2),
      bytes: size * (s.passes > s.folds ? 2 : 1) * s.elementBytes,
      dispatches: 1,
      workgroups: groups,
      efficiency: Math.max(fill / narrow, 1e-4),
    },
    target,
  );
}
