import type { Target } from "./target.js";

/** What a step asks of a machine. */
export interface Work {
  /** Floating-point operations, 2 a multiply-add; those on padding too. */
  readonly flops: number;
  /** Bytes moved between memory and the machine. */
  readonly bytes: number;
  readonly exps?: number;
  readonly dispatches: number;
  readonly workgroups?: number;
  /** Share of the peak that the form of the kernel can reach, 0 … 1. */
  readonly efficiency?: number;
}

export interface Cost {
  readonly seconds: number;
  /** What the step waits for. */
  readonly bound: "flops" | "bytes" | "overhead";
}

/**
 * The roofline: a step takes as long as the slower of its arithmetic and its memory traffic, and what starting it costs.
 * Good for ranking schedules of one target; nothing is claimed about absolute times.
 */
export function roofline(work: Work, target: Target): Cost {
  const { peak } = target;
  const compute = work.flops / (peak.flops * (work.efficiency ?? 1)) + (work.exps ?? 0) / peak.exps;
  const memory = work.bytes / peak.bandwidth;
  const overhead = work.dispatches * peak.dispatch + (work.workgroups ?? 0) * peak.workgroup;
  const seconds = Math.max(compute, memory) + overhead;
  const bound = overhead > Math.max(compute, memory) ? "overhead" : compute >= memory ? "flops" : "bytes";
  return { seconds, bound };
}
