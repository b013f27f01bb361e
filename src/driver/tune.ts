import type { Backend } from "../backend/backend.js";
import type { Choice, Decision, Plan } from "../cost/plan.js";
import { emptyPlan } from "../cost/plan.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { noProfile } from "../diagnostics/messages/bench.js";
import type { Graph } from "../ir/graph/ops.js";
import { fail, ok, type Result } from "../util/result.js";
import { shortHash } from "../util/shortHash.js";
import type { Store } from "./cache.js";
import { type Lowered, type LowerOptions, lower } from "./compile.js";
import { decisionsOf } from "./plan.js";
import { canTime, kernelOf, type TimedKernel, timeable } from "./timeKernels.js";

/** What tuning needs: a model for a machine, the sizes it will run at, and where results are kept. */
export interface TuneSpec {
  readonly graph: Graph;
  readonly backend: Backend;
  readonly options: LowerOptions;
  readonly device?: GPUDevice | undefined;
  readonly sizes: ReadonlyMap<string, number>;
  /** Who the machine is: results of one serve no other. */
  readonly machine: string;
  readonly store: Store;
  /** Candidates of a kernel, the best by estimate. */
  readonly candidates?: number;
  /** Seconds that a kernel's candidates may take together. */
  readonly budget?: number;
  progress?(text: string): void;
}

export interface TunedKernel {
  /** All that one decision stands for: layers that are alike. */
  readonly subjects: readonly string[];
  /** In the order of their estimates; null where time was up before its turn, or the machine refused it. */
  readonly candidates: readonly { readonly choice: Choice; readonly seconds: number | null }[];
  readonly chosen: Choice;
  readonly cached: boolean;
}

export interface Tuned {
  /** What was given, with the tiles that were found. */
  readonly plan: Plan;
  readonly kernels: readonly TunedKernel[];
}

/** Results of tuning are kept under this, and forgotten when what they are made of changes. */
const tuneVersion = 1;

/**
 * Times the few best tiles of each kernel, as their estimates have it, and keeps the fastest. A kernel that was tuned
 * before, on the same machine at sizes of the same power of two, is not timed again.
 */
export async function tune(spec: TuneSpec): Promise<Result<Tuned, readonly Diagnostic[]>> {
  const { graph, backend, options, sizes, store, machine, candidates = 8, budget = 2.5 } = spec;
  if (!canTime(backend)) return fail([noProfile(backend.name, "tuning")]);
  const first = lower(graph, backend, { ...options, others: candidates - 1 });
  if (!first.ok) return first;
  const groups = groupsOf(first.value);
  const kept = new Map(groups.map((g) => [g, readKept(store, keyOf(g, machine, sizes), g.choices)] as const));
  const open = groups.filter((g) => kept.get(g) === undefined);

  const compiled: Lowered[] = [];
  const most = Math.max(0, ...open.map((g) => g.choices.length));
  for (let i = 0; i < most; i++) {
    spec.progress?.(`compiling candidate ${i + 1} of ${most}`);
    const tiles = Object.fromEntries(
      open.flatMap((g) => g.subjects.map((s) => [s, (g.choices[i] ?? g.choices[0])?.params ?? {}])),
    );
    const lowered = lower(graph, backend, { ...options, plan: withTiles(options.plan, tiles) });
    if (!lowered.ok) return lowered;
    compiled.push(lowered.value);
  }

  const kernels: TunedKernel[] = [];
  for (const [i, group] of groups.entries()) {
    const found = kept.get(group);
    if (found !== undefined) {
      kernels.push({ subjects: group.subjects, candidates: [], chosen: found, cached: true });
      continue;
    }
    spec.progress?.(`timing ${group.subject}, kernel ${i + 1} of ${groups.length}`);
    const timed = await race(group, compiled, spec, budget);
    if (!timed.ok) return timed;
    if (timed.value === undefined) continue;
    kernels.push(timed.value);
    store.set(keyOf(group, machine, sizes), { tuneVersion, params: timed.value.chosen.params });
  }
  const tiles = Object.fromEntries(kernels.flatMap((k) => k.subjects.map((s) => [s, k.chosen.params ?? {}] as const)));
  return ok({ plan: withTiles({ ...(options.plan ?? emptyPlan), model: graph.name }, tiles), kernels });
}

const withTiles = (plan: Plan = emptyPlan, tiles: Plan["tiles"]): Plan => ({
  ...plan,
  tiles: { ...plan.tiles, ...tiles },
});

/** Decisions about one form of kernel, with its candidates best first. */
interface Group {
  readonly form: string;
  /** The one that is timed for all. */
  readonly subject: string;
  readonly subjects: readonly string[];
  readonly choices: readonly Choice[];
}

function groupsOf({ remarks }: Lowered): readonly Group[] {
  const groups = new Map<string, { readonly decision: Decision; readonly subjects: Set<string> }>();
  for (const decision of decisionsOf(remarks)) {
    if (decision.kind !== "tile" || decision.pinned || decision.others.length === 0) continue;
    const form = decision.form ?? decision.subject;
    const group = groups.get(form) ?? { decision, subjects: new Set() };
    groups.set(form, group);
    group.subjects.add(decision.subject);
  }
  return [...groups].flatMap(([form, { decision, subjects: all }]) => {
    const subjects = [...all];
    const subject = timeable(subjects);
    return subject === undefined ? [] : [{ form, subject, subjects, choices: [decision.chosen, ...decision.others] }];
  });
}

/** One name for the machine, the form of the kernel with its element types, and the sizes up to powers of two. */
function keyOf({ form }: Group, machine: string, sizes: ReadonlyMap<string, number>): string {
  const buckets = [...sizes]
    .map(([name, size]) => `${name}=${2 ** Math.ceil(Math.log2(Math.max(1, size)))}`)
    .toSorted();
  return `tile-${shortHash([machine, form, buckets.join()].join("\n"))}`;
}

/** The choice that was kept, if it is still one of those at hand. */
function readKept(store: Store, key: string, choices: readonly Choice[]): Choice | undefined {
  const value = store.get(key);
  if (typeof value !== "object" || value === null || !("params" in value)) return undefined;
  if (!("tuneVersion" in value) || value.tuneVersion !== tuneVersion) return undefined;
  const wanted = JSON.stringify(value.params);
  return choices.find((c) => JSON.stringify(c.params) === wanted);
}

/** Runs of each candidate that count, at most. */
const rounds = 5;
/** After each round, who is this much slower than the best so far takes no further part. */
const behind = [2, 1.3, 1.15, 1.1] as const;
/** A candidate has to be this much faster than the one with the best estimate to take its place: less is noise. */
const clearly = 0.97;

async function race(
  group: Group,
  compiled: readonly Lowered[],
  spec: TuneSpec,
  budget: number,
): Promise<Result<TunedKernel | undefined, readonly Diagnostic[]>> {
  const start = performance.now();
  const late = (): boolean => (performance.now() - start) / 1e3 > budget;
  const running: { readonly at: number; readonly kernel: TimedKernel; best: number }[] = [];
  const { subject } = group;
  try {
    for (const [at] of group.choices.entries()) {
      const lowered = compiled[at];
      // The last fifth is for a second look at those that are ready.
      if (lowered === undefined || (at > 0 && (performance.now() - start) / 1e3 > 0.8 * budget)) break;
      const kernel = await kernelOf(lowered, subject, spec.sizes, spec.device, spec.options.backendOptions ?? {});
      if (!kernel.ok) return fail([kernel.error]);
      if (kernel.value === undefined) return ok(undefined);
      running.push({ at, kernel: kernel.value, best: Number.POSITIVE_INFINITY });
      await kernel.value.time(); // warms it up
    }
    let left = running;
    for (let round = 0; round < rounds && (round === 0 || (left.length > 1 && !late())); round++) {
      for (const c of round % 2 === 0 ? left : left.toReversed()) c.best = Math.min(c.best, await c.kernel.time());
      const best = Math.min(...left.map((c) => c.best));
      left = left.filter((c) => c.best <= best * (behind[round] ?? 1.1));
    }
    const seconds = group.choices.map((_, at) => {
      const best = running.find((c) => c.at === at)?.best ?? Number.POSITIVE_INFINITY;
      return Number.isFinite(best) ? best : null;
    });
    const fastest = running.reduce((a, b) => (b.best < a.best ? b : a));
    const estimated = running[0] ?? fastest;
    if (!Number.isFinite(fastest.best)) return ok(undefined);
    const winner = fastest.best < clearly * estimated.best ? fastest : estimated;
    const chosen = group.choices[winner.at];
    if (chosen === undefined) return ok(undefined);
    return ok({
      subjects: group.subjects,
      candidates: group.choices.map((choice, at) => ({ choice, seconds: seconds[at] ?? null })),
      chosen,
      cached: false,
    });
  } finally {
    for (const { kernel } of running) kernel.dispose();
  }
}
