import { type Dim, dimRange, evalDim, productDim, symbolsOf } from "../ir/dim.js";
import { byteSize } from "../ir/dtype.js";
import type { Graph } from "../ir/graph/ops.js";
import type { Program, Step } from "../ir/program/program.js";

/** The figures of a compiled model. Run-time sizes count at the top of their ranges; `null` is what a backend cannot know. */
export interface Figures {
  readonly files: readonly string[];
  readonly dispatches: number | null;
  readonly parameterBytes: number;
  readonly transientBytes: number | null;
  readonly flops: number | null;
  /** The run-time sizes that the figures are for. */
  readonly at: Readonly<Record<string, number>>;
}

export function figures(graph: Graph, program: Program | undefined, files: readonly string[]): Figures {
  const sizes = greatest(graph);
  let parameterBytes = 0;
  for (const node of graph.nodes) {
    if (node.op === "param") parameterBytes += evalDim(productDim(node.type.shape), sizes) * byteSize(node.type.dtype);
  }
  const at = Object.fromEntries(sizes);
  if (program === undefined) return { files, dispatches: null, parameterBytes, transientBytes: null, flops: null, at };
  const taken = dispatches(program.steps, sizes);
  return {
    files,
    dispatches: taken.length,
    parameterBytes,
    transientBytes: transientBytes(program, sizes),
    flops: taken.reduce((sum, d) => sum + evalDim(d.flops, sizes), 0),
    at,
  };
}

/** Each run-time size of a graph at the top of its range. */
function greatest(graph: Graph): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const node of graph.nodes) {
    for (const d of node.type.shape) for (const s of symbolsOf(d)) sizes.set(s.name, s.hi);
  }
  return sizes;
}

type Dispatch = Extract<Step, { step: "dispatch" }>;

/** The dispatches of a run at these sizes, every `choose` decided. */
export function dispatches(steps: readonly Step[], sizes: ReadonlyMap<string, number>): readonly Dispatch[] {
  return steps.flatMap((step) => {
    if (step.step === "dispatch") return [step];
    return dispatches(evalDim(step.dim, sizes) < step.below ? step.then : step.else, sizes);
  });
}

/** The size of the transient arena: the greatest end of a placed temp. */
export function transientBytes(program: Program, sizes: ReadonlyMap<string, number>): number {
  let peak = 0;
  for (const r of program.resources) {
    if (r.arena === undefined) continue;
    peak = Math.max(peak, evalDim(r.arena.offset, sizes) + evalDim(r.length, sizes) * byteSize(r.dtype));
  }
  return peak;
}

/** A number of bytes as a person reads it. */
export function showBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
}

/** A number of operations as a person reads it. */
export function showFlops(flops: number): string {
  if (flops < 1e6) return `${(flops / 1e3).toFixed(1)} kflop`;
  if (flops < 1e9) return `${(flops / 1e6).toFixed(1)} Mflop`;
  return `${(flops / 1e9).toFixed(2)} Gflop`;
}

/** A shape with its range of sizes, for messages: `[Seq, 64]`. */
export const showRange = (d: Dim): string => {
  const { lo, hi } = dimRange(d);
  return lo === hi ? String(lo) : `${lo}..${hi}`;
};
