import { type LayerSize, layerFlops, layerValues, seededTensors } from "../layer/layer.js";
import { errorOf, largestError, type ReferenceRows, referenceRows, sampleRows } from "../layer/reference.js";
import type { Case } from "../support/cases.js";
import type { BenchPage } from "../support/chromium.js";
import { type BenchHost, joinHosts } from "../support/host.js";
import { measure } from "../support/measure.js";
import type { Contestant, Variant } from "./contestants.js";

/** One layer by one contestant. Times in milliseconds. */
export interface Entry {
  readonly peer: string;
  readonly variant: Variant;
  readonly n: number;
  /** Of the order that the variant is written in; a rate by it is comparable between peers, not a machine's load. */
  readonly flops: number;
  readonly min?: number;
  readonly median?: number;
  readonly spread?: number;
  readonly samples?: readonly number[];
  readonly setup?: number;
  readonly first?: number;
  readonly dispatches?: number;
  readonly submits?: number;
  /** Largest difference from float64 on the sampled rows, relative to attention's share of them. */
  readonly error?: number;
  /** Why there is no time, or why it doesn't count. */
  readonly failure?: string;
  /** Left out, since one run takes longer than the limit: the milliseconds of its first run, or that are expected. */
  readonly expected?: number;
}

export interface Contest {
  readonly sizes: readonly number[];
  readonly layer: Omit<LayerSize, "n">;
  readonly seed: number;
  readonly rounds: number;
  /** Milliseconds: of one run, and of all rounds of one entry together. */
  readonly limit: number;
  readonly budget: number;
  progress(text: string): void;
  /** After each size, with all that is known by then. */
  save?(entries: readonly Entry[]): Promise<void>;
}

const sizeOf = ({ layer: { d, heads, k } }: Contest, n: number, variant: Variant): LayerSize =>
  variant === "std" || k === undefined ? { n, d, heads } : { n, d, heads, k };

const orderOf = (variant: Variant): "textbook" | "reordered" => (variant === "linr" ? "reordered" : "textbook");

/** Everyone at every size, a size at a time; who gets too slow is left out of what is larger. */
export async function compete(
  all: readonly Contestant[],
  page: BenchPage,
  contest: Contest,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const n of contest.sizes.toSorted((a, b) => a - b)) {
    const entered = all.flatMap((c) => c.variants.map((variant) => ({ contestant: c, variant })));
    const wanted = entered.filter(({ contestant, variant }) => {
      const flops = layerFlops(sizeOf(contest, n, variant), orderOf(variant));
      const expected = expectedTime(entries, contestant.name, variant, flops);
      if (expected === undefined || expected <= contest.limit) return true;
      entries.push({ peer: contestant.name, variant, n, flops, expected });
      return false;
    });
    entries.push(...(await competeAt(wanted, page, contest, n)));
    await contest.save?.(entries);
  }
  return entries;
}

/** From the largest size at which this one ran, at the same rate: an underestimate rather than the opposite. */
function expectedTime(entries: readonly Entry[], peer: string, variant: Variant, flops: number): number | undefined {
  const last = entries.findLast((e) => e.peer === peer && e.variant === variant);
  if (last?.expected !== undefined) return (last.expected * flops) / last.flops;
  return last?.min === undefined ? undefined : (last.min * flops) / last.flops;
}

interface Entered {
  readonly contestant: Contestant;
  readonly variant: Variant;
}

async function competeAt(
  entered: readonly Entered[],
  page: BenchPage,
  contest: Contest,
  n: number,
): Promise<readonly Entry[]> {
  const { seed, limit, budget, rounds } = contest;
  const references = new Map<Variant, ReferenceRows>();
  const reference = (variant: Variant): ReferenceRows => {
    const key = variant === "std" ? "std" : "lin";
    const found = references.get(key);
    if (found !== undefined) return found;
    const size = sizeOf(contest, n, variant);
    const made = referenceRows(size, layerValues(size, seed), sampleRows(n));
    references.set(key, made);
    return made;
  };
  const hosts = new Map<string, BenchHost>();
  const places = new Map<string, BenchHost>();
  const failures = new Map<string, string>();
  const cases: Case[] = [];
  const nameOf = ({ contestant, variant }: Entered): string => `${contestant.name}, ${variant}, n = ${n}`;
  try {
    for (const one of entered) {
      const { contestant, variant } = one;
      const name = nameOf(one);
      const size = sizeOf(contest, n, variant);
      try {
        const host = hosts.get(contestant.name) ?? (await contestant.open?.()) ?? page;
        if (host !== page) hosts.set(contestant.name, host);
        places.set(name, host);
        cases.push(contestant.make(name, { size, order: orderOf(variant), tensors: seededTensors(size, seed) }));
      } catch (error) {
        failures.set(name, error instanceof Error ? error.message : String(error));
      }
    }
    const host = joinHosts([...hosts.values()], (name) => places.get(name) ?? page);
    const measured = await measure(host, cases, {
      rounds,
      budget,
      limit,
      outputs: true,
      progress: (text) => contest.progress(`n = ${n}: ${text}`),
    });
    const results = new Map(measured.map((m) => [m.name, m]));
    return entered.map((one): Entry => {
      const { contestant, variant } = one;
      const flops = layerFlops(sizeOf(contest, n, variant), orderOf(variant));
      const base = { peer: contestant.name, variant, n, flops };
      const found = results.get(nameOf(one));
      const failure = found?.failure ?? failures.get(nameOf(one));
      if (found !== undefined && found.first > limit) return { ...base, expected: found.first };
      if (found === undefined || failure !== undefined) return { ...base, failure: failure ?? "not run" };
      const { min, median, spread, samples, setup, first, dispatches, submits, outputs } = found;
      const error = errorOf(reference(variant), outputs?.y?.data ?? [], contest.layer.d);
      const times = { min, median, spread, samples, setup, first, dispatches, submits, error };
      const wrong = error > largestError ? { failure: `wrong numbers: relative error ${error.toExponential(1)}` } : {};
      return { ...base, ...times, ...wrong };
    });
  } finally {
    for (const host of hosts.values()) await host.close();
  }
}
