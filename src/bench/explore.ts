import type { Backend } from "../backend/backend.js";
import { type Choice, emptyPlan } from "../cost/plan.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { noProfile, nothingToExplore } from "../diagnostics/messages/bench.js";
import { type Lowered, type LowerOptions, lower } from "../driver/compile.js";
import { decisionsOf } from "../driver/plan.js";
import { canTime, kernelOf, timeable } from "../driver/timeKernels.js";
import type { Graph } from "../ir/graph/ops.js";
import { fail, ok, type Result } from "../util/result.js";
import { duration, figures, percent } from "./format.js";
import { plotSvg } from "./plot.js";
import { rankCorrelation } from "./statistics.js";
import type { Table } from "./table.js";

export interface ExploreSpec {
  readonly graph: Graph;
  readonly backend: Backend;
  readonly options: LowerOptions;
  readonly device?: GPUDevice | undefined;
  readonly sizes: ReadonlyMap<string, number>;
  /** Points of a kernel that are measured, at most: evenly over the ranks, the first and the last among them. */
  readonly points: number;
  /** Measurements of a point; the least counts. */
  readonly runs: number;
  progress?(text: string): void;
}

export interface ExploredPoint {
  readonly choice: Choice;
  /** By estimate, from 1. */
  readonly rank: number;
  readonly seconds: number;
}

export interface ExploredKernel {
  readonly subjects: readonly string[];
  /** Points of the whole space. */
  readonly space: number;
  /** Fastest first. */
  readonly points: readonly ExploredPoint[];
  /** What the compiler takes by itself. */
  readonly chosen: ExploredPoint;
  /** Spearman's, of estimate and measurement. */
  readonly correlation: number;
  /** Points that the machine refused. */
  readonly failed: number;
}

/**
 * Runs each kernel that has a choice of tiles with every point of its space: whether the estimate ranks them as the machine
 * does. Equal kernels of several layers are explored once.
 */
export async function explore(spec: ExploreSpec): Promise<Result<readonly ExploredKernel[], readonly Diagnostic[]>> {
  const { graph, backend, options } = spec;
  if (!canTime(backend)) return fail([noProfile(backend.name, "exploring")]);
  const first = lower(graph, backend, { ...options, others: Number.POSITIVE_INFINITY });
  if (!first.ok) return first;
  const spaces = spacesOf(first.value, spec.points);
  const explored: ExploredKernel[] = [];
  for (const space of spaces) {
    const kernel = await exploreKernel(spec, space);
    if (!kernel.ok) return kernel;
    if (kernel.value !== undefined) explored.push(kernel.value);
  }
  return explored.length === 0 ? fail([nothingToExplore(graph.name, backend.name)]) : ok(explored);
}

interface Space {
  readonly subjects: readonly string[];
  readonly size: number;
  readonly points: readonly { readonly choice: Choice; readonly rank: number }[];
}

function spacesOf({ remarks }: Lowered, most: number): readonly Space[] {
  const found = new Map<string, Space>();
  for (const { kind, form, subject, chosen, others } of decisionsOf(remarks)) {
    if (kind !== "tile" || others.length === 0) continue;
    const key = form ?? subject;
    const known = found.get(key);
    if (known !== undefined) {
      found.set(key, { ...known, subjects: [...new Set([...known.subjects, subject])] });
      continue;
    }
    const all = [chosen, ...others].map((choice, i) => ({ choice, rank: i + 1 }));
    const taken = Math.min(most, all.length);
    const places = Array.from({ length: taken }, (_, i) =>
      taken === 1 ? 0 : Math.round((i * (all.length - 1)) / (taken - 1)),
    );
    found.set(key, { subjects: [subject], size: all.length, points: all.filter((_, i) => places.includes(i)) });
  }
  return [...found.values()];
}

/** Points that are on the machine at once, measured in turn. */
const together = 8;

async function exploreKernel(
  spec: ExploreSpec,
  { subjects, size, points }: Space,
): Promise<Result<ExploredKernel | undefined, readonly Diagnostic[]>> {
  const subject = timeable(subjects);
  if (subject === undefined) return ok(undefined);
  const { graph, backend, options, sizes, device } = spec;
  const measured: ExploredPoint[] = [];
  let failed = 0;
  for (let from = 0; from < points.length; from += together) {
    const batch = [];
    try {
      for (const point of points.slice(from, from + together)) {
        spec.progress?.(`${subject}: point ${from + batch.length + 1} of ${points.length}`);
        const tiles = { ...options.plan?.tiles };
        for (const s of subjects) tiles[s] = point.choice.params ?? {};
        const lowered = lower(graph, backend, { ...options, plan: { ...(options.plan ?? emptyPlan), tiles } });
        if (!lowered.ok) return lowered;
        const kernel = await kernelOf(lowered.value, subject, sizes, device, options.backendOptions ?? {});
        if (!kernel.ok) {
          failed++;
          continue;
        }
        // Its steps run at load.
        if (kernel.value === undefined) return ok(undefined);
        batch.push({ ...point, kernel: kernel.value, best: Number.POSITIVE_INFINITY });
        await kernel.value.time();
      }
      for (let run = 0; run < spec.runs; run++)
        for (const p of run % 2 === 0 ? batch : batch.toReversed()) p.best = Math.min(p.best, await p.kernel.time());
      for (const { choice, rank, best } of batch) {
        if (Number.isFinite(best)) measured.push({ choice, rank, seconds: best });
        else failed++;
      }
    } finally {
      for (const { kernel } of batch) kernel.dispose();
    }
  }
  const chosen = measured.find((p) => p.rank === 1);
  if (chosen === undefined) return ok(undefined);
  const fastest = measured.toSorted((a, b) => a.seconds - b.seconds);
  return ok({
    subjects,
    space: size,
    points: fastest,
    chosen,
    correlation: rankCorrelation(
      measured.map((p) => p.choice.seconds),
      measured.map((p) => p.seconds),
    ),
    failed,
  });
}

/** The fastest and the slowest points of each kernel, and the one that the compiler takes. */
export function exploreTables(kernels: readonly ExploredKernel[], shown = 6): readonly Table[] {
  return kernels.map(({ subjects, space, points, chosen, correlation, failed }) => {
    const [best] = points;
    const rows = points.flatMap((p, i): readonly ExploredPoint[] =>
      i < shown || i >= points.length - shown || p === chosen ? [p] : [],
    );
    const of = subjects.length === 1 ? subjects[0] : `${subjects[0]} and ${subjects.length - 1} more`;
    const notes = [
      `${points.length} of ${space} points`,
      ...(failed === 0 ? [] : [`${failed} refused`]),
      `rank correlation ${correlation.toFixed(2)}`,
      `the tile taken reaches ${percent((best?.seconds ?? Number.NaN) / chosen.seconds)} of the best`,
    ];
    return {
      title: `${of}: ${notes.join(", ")}`,
      headings: ["place", "by estimate", "ms", "estimate ms", "Gflop/s", "tile"],
      rows: rows.map((p) => [
        String(points.indexOf(p) + 1),
        String(p.rank),
        figures(1e3 * p.seconds),
        figures(1e3 * p.choice.seconds),
        figures(p.choice.flops / p.seconds / 1e9),
        `${p.choice.name}${p === chosen ? "  ← taken" : ""}`,
      ]),
    };
  });
}

/** Estimate against measurement, a colour for each kernel. */
export function explorePlot(model: string, machine: string, kernels: readonly ExploredKernel[]): string {
  const all = kernels.flatMap((k) => k.points);
  const best = Math.min(...all.map((p) => p.seconds));
  return plotSvg({
    title: `${model}: estimate and measurement of each tile`,
    subtitle: `${machine}; ${all.length} points, the fastest ${duration(best)}`,
    x: "estimate, ms",
    y: "measured, ms",
    series: kernels.map(({ subjects, points, correlation }) => ({
      name: `${subjects[0]}, ρ ${correlation.toFixed(2)}`,
      points: points.map((p) => [1e3 * p.choice.seconds, 1e3 * p.seconds] as const),
    })),
    style: "points",
    diagonal: true,
  });
}
