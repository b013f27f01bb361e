import type { Profile } from "../backend/backend.js";
import { roofline } from "../cost/roofline.js";
import type { Target } from "../cost/target.js";
import { dispatches } from "../driver/report.js";
import { evalDim } from "../ir/dim.js";
import type { Program } from "../ir/program/program.js";

/** The dispatches of one kernel, together. */
export interface KernelTime {
  readonly kernel: string;
  /** What they compute, in words of the source. */
  readonly labels: readonly string[];
  readonly dispatches: number;
  readonly seconds: number;
  /** Of the time of all kernels. */
  readonly share: number;
  /** Useful operations and distinct bytes as the plan counts them; null where a backend has no plan. */
  readonly flops: number | null;
  readonly bytes: number | null;
  /** Seconds by the roofline of the target; null where nothing is known of it. */
  readonly estimate: number | null;
}

/** What a plan asks of a machine, at given sizes. */
export interface PlanWork {
  readonly dispatches: number;
  readonly flops: number;
  readonly bytes: number;
}

export function planWork(program: Program, sizes: ReadonlyMap<string, number>): PlanWork {
  const taken = dispatches(program.steps, sizes);
  return {
    dispatches: taken.length,
    flops: taken.reduce((sum, d) => sum + evalDim(d.flops, sizes), 0),
    bytes: taken.reduce((sum, d) => sum + evalDim(d.bytes, sizes), 0),
  };
}

/**
 * The time of each kernel, most first. Of several profiles of one program the least time of each step counts.
 *
 * @param program for flops and bytes, which its steps carry
 */
export function kernelTimes(
  profiles: readonly Pick<Profile, "steps">[],
  program: Program | undefined,
  sizes: ReadonlyMap<string, number>,
  target: Target | undefined,
): readonly KernelTime[] {
  const planned = program === undefined ? undefined : planOf(program, sizes);
  const [first] = profiles;
  if (first === undefined) return [];
  const groups = new Map<string, { seconds: number; labels: Set<string>; count: number; work: Work[] }>();
  first.steps.forEach(({ kernel, label }, i) => {
    const group = groups.get(kernel) ?? { seconds: 0, labels: new Set(), count: 0, work: [] };
    groups.set(kernel, group);
    group.seconds += Math.min(...profiles.map((p) => p.steps[i]?.seconds ?? Number.POSITIVE_INFINITY));
    group.labels.add(label);
    group.count++;
    const work = planned?.get(kernel)?.shift();
    if (work !== undefined) group.work.push(work);
  });
  const total = [...groups.values()].reduce((sum, g) => sum + g.seconds, 0);
  return [...groups]
    .map(([kernel, { seconds, labels, count, work }]): KernelTime => {
      const known = planned !== undefined && work.length === count;
      const sum = (part: (w: Work) => number): number => work.reduce((n, w) => n + part(w), 0);
      const estimate = (w: Work): number =>
        target === undefined ? Number.NaN : roofline({ ...w, dispatches: 1 }, target).seconds;
      return {
        kernel,
        labels: [...labels],
        dispatches: count,
        seconds,
        share: total === 0 ? 0 : seconds / total,
        flops: known ? sum((w) => w.flops) : null,
        bytes: known ? sum((w) => w.bytes) : null,
        estimate: known && target !== undefined ? sum(estimate) : null,
      };
    })
    .toSorted((a, b) => b.seconds - a.seconds);
}

interface Work {
  readonly flops: number;
  readonly bytes: number;
}

/** What each dispatch of a kernel asks for, in order; those with nothing to do are left out, as the runtimes leave them out. */
function planOf(program: Program, sizes: ReadonlyMap<string, number>): ReadonlyMap<string, Work[]> {
  const found = new Map<string, Work[]>();
  for (const d of dispatches(program.steps, sizes)) {
    if (d.grid.some((g) => evalDim(g, sizes) <= 0)) continue;
    const list = found.get(d.kernel) ?? [];
    found.set(d.kernel, list);
    list.push({ flops: evalDim(d.flops, sizes), bytes: evalDim(d.bytes, sizes) });
  }
  return found;
}
