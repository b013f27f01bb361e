import type { Benchmark, BenchPoint, ContestantResult } from "./bench.js";
import { figures, milliseconds, percent } from "./format.js";
import type { KernelTime } from "./kernels.js";

export interface Table {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines under it. */
  readonly notes?: readonly string[];
}

/** Kernels that a table names; the rest is one row. */
const named = 12;

/** What was measured: a table of everyone at every size, and one of the kernels of the first model, on each machine, at the last size. */
export function benchTables({ sweep, points }: Benchmark): readonly Table[] {
  const last = points.findLast((p) => p.contestants.length > 0);
  return [
    contestants(sweep, points),
    ...(last?.contestants ?? [])
      .filter((c) => c.kernels.length > 0 && c.name === last?.contestants[0]?.name)
      .map((c) => kernels(c, at(sweep, last))),
  ];
}

const at = (sweep: string | null, point: BenchPoint | undefined): string =>
  sweep === null ? "" : ` at ${sweep} = ${point?.sizes[sweep]}`;

function contestants(sweep: string | null, points: readonly BenchPoint[]): Table {
  const several = points.flatMap((p) => [...p.contestants, ...p.leftOut]).length > points.length;
  const size = (p: BenchPoint): readonly string[] => (sweep === null ? [] : [String(p.sizes[sweep])]);
  const headings = ["ms", "median", "±", "cold ms", "dispatches", "Gflop/s", "of peak", "GB/s", "of peak"];
  return {
    title: `Whole runs, host to host${several ? "; ratios to the first model on the same machine" : ""}`,
    headings: [
      ...(sweep === null ? [] : [sweep]),
      "model",
      "backend",
      ...headings,
      ...(several ? ["ratio", "wins", "rel L2"] : []),
    ],
    rows: points.flatMap((p) =>
      p.contestants.map((c) => [...size(p), ...contestant(c), ...(several ? versus(c) : [])]),
    ),
    notes: points.flatMap((p) => p.leftOut.map((l) => `left out: ${l.name} on ${l.backend}${at(sweep, p)}, ${l.why}`)),
  };
}

function contestant({ name, backend, warm, cold, work, peak }: ContestantResult): readonly string[] {
  const rate = (amount: number | undefined): number => (amount === undefined ? Number.NaN : amount / warm.min);
  const share = (amount: number, of: number | undefined): string =>
    of === undefined || work === null ? "-" : percent(amount / of);
  return [
    name,
    backend,
    milliseconds(warm.min),
    milliseconds(warm.median),
    percent(warm.spread),
    milliseconds(cold.compile + cold.load + cold.first),
    work === null ? "-" : String(work.dispatches),
    figures(rate(work?.flops) / 1e9),
    share(rate(work?.flops), peak?.flops),
    figures(rate(work?.bytes) / 1e9),
    share(rate(work?.bytes), peak?.bandwidth),
  ];
}

const versus = ({ versus: v, distance }: ContestantResult): readonly string[] => [
  v === null ? "1" : figures(v.ratio),
  v === null ? "-" : `${v.wins} of ${v.rounds}`,
  distance === null ? "-" : distance.toExponential(1),
];

function kernels({ name, backend, kernels: all }: ContestantResult, where: string): Table {
  const shown = all.length > named + 1 ? all.slice(0, named) : all;
  const rest = all.slice(shown.length);
  const sum = (part: (k: KernelTime) => number): number => rest.reduce((n, k) => n + part(k), 0);
  return {
    title: `Kernels of ${name} on ${backend}${where}`,
    headings: ["kernel", "of", "n", "ms", "share", "Gflop/s", "GB/s", "roofline ms", "of roofline"],
    rows: [
      ...shown.map((k) => [
        k.kernel,
        words(k.labels),
        String(k.dispatches),
        milliseconds(k.seconds),
        percent(k.share),
        k.flops === null ? "-" : figures(k.flops / k.seconds / 1e9),
        k.bytes === null ? "-" : figures(k.bytes / k.seconds / 1e9),
        k.estimate === null ? "-" : milliseconds(k.estimate),
        percent(k.estimate === null ? null : k.estimate / k.seconds),
      ]),
      ...(rest.length === 0
        ? []
        : [
            [
              `and ${rest.length} more`,
              "",
              String(sum((k) => k.dispatches)),
              milliseconds(sum((k) => k.seconds)),
              percent(sum((k) => k.share)),
              ...["-", "-", "-", "-"],
            ],
          ]),
    ],
  };
}

const words = (labels: readonly string[]): string => {
  const [first = "", ...more] = labels;
  const short = first.length > 40 ? `${first.slice(0, 39)}…` : first;
  return more.length === 0 ? short : `${short} and ${more.length} more`;
};
