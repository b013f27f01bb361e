import { type Sample, summarise } from "../../src/bench/statistics.js";
import type { TensorData } from "../../src/ir/dtype.js";
import type { Case, StepTime } from "./cases.js";
import type { BenchHost } from "./host.js";

export interface MeasureOptions {
  /** Rounds in which every case is run once, in turns forwards and backwards. */
  readonly rounds?: number;
  /** Runs before them, beside the first. */
  readonly warmup?: number;
  /** Milliseconds that the rounds of one case may take together: a slow case takes part in fewer, but in one at least. */
  readonly budget?: number;
  /** A case whose first run takes longer (milliseconds) is left out. */
  readonly limit?: number;
  /** Whether results are brought back. */
  readonly outputs?: boolean;
  /** Runs after the rounds in which each dispatch is timed by itself; the least of each is kept. */
  readonly profiles?: number;
  progress?(text: string): void;
}

/** Times in milliseconds. */
export interface Measured extends Sample {
  readonly name: string;
  /** Setting up (pipelines, weights), and the first run. */
  readonly setup: number;
  readonly first: number;
  readonly samples: readonly number[];
  readonly dispatches: number;
  readonly submits: number;
  readonly outputs?: Readonly<Record<string, TensorData>>;
  /** In the order of the dispatches; of programs only. */
  readonly steps?: readonly StepTime[];
  /** Why there are no samples, in the words of whoever failed. */
  readonly failure?: string;
}

const none: Omit<Measured, "name"> = {
  setup: Number.NaN,
  first: Number.NaN,
  samples: [],
  dispatches: 0,
  submits: 0,
  ...summarise([]),
};

const words = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^page\.evaluate: /, "").split("\n    at ")[0] ?? "";

/**
 * Sets all cases up, runs each first alone, then all in interleaved rounds. A case that fails says so and is left out of
 * the rest; the others go on.
 */
export async function measure(
  host: BenchHost,
  cases: readonly Case[],
  options: MeasureOptions = {},
): Promise<readonly Measured[]> {
  const { rounds = 9, warmup = 1, budget = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = options;
  const results = new Map<string, Measured>(cases.map((c) => [c.name, { ...none, name: c.name }]));
  const update = (name: string, change: Partial<Measured>): void => {
    results.set(name, { ...none, name, ...results.get(name), ...change });
  };
  const attempt = async (name: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      update(name, { failure: words(error) });
      await host.dispose(name).catch(() => undefined);
      return false;
    }
  };

  const alive: string[] = [];
  for (const spec of cases) {
    const { name } = spec;
    options.progress?.(`${name}: set up`);
    const good = await attempt(name, async () => {
      update(name, { setup: await host.setup(spec) });
      const { ms, dispatches, submits } = await host.run(name);
      update(name, { first: ms, dispatches, submits });
      if (ms > limit) throw new Error(`one run took ${(ms / 1000).toFixed(1)} s`);
      if (options.outputs) update(name, { outputs: await host.output(name) });
      for (let i = 0; i < warmup && ms < budget / rounds; i++) update(name, { ...counted(await host.run(name)) });
    });
    if (good) alive.push(name);
  }

  const samples = new Map<string, number[]>(alive.map((name) => [name, []]));
  const quota = new Map(
    alive.map((name) => [
      name,
      Math.max(1, Math.min(rounds, Math.floor(budget / (results.get(name)?.first ?? 1)) || rounds)),
    ]),
  );
  for (let round = 0; round < rounds; round++) {
    options.progress?.(`round ${round + 1} of ${rounds}`);
    for (const name of round % 2 === 0 ? alive : alive.toReversed()) {
      const taken = samples.get(name);
      if (taken === undefined || taken.length >= (quota.get(name) ?? rounds)) continue;
      const good = await attempt(name, async () => {
        taken.push((await host.run(name)).ms);
      });
      if (!good) samples.delete(name);
    }
  }
  for (const [name, taken] of samples) {
    update(name, { samples: taken, ...summarise(taken) });
    let steps: readonly StepTime[] | undefined;
    for (let i = 0; i < (options.profiles ?? 0); i++) {
      const next = await host.profile(name);
      steps = next.map((s, at) => ({ ...s, seconds: Math.min(s.seconds, steps?.[at]?.seconds ?? s.seconds) }));
    }
    if (steps !== undefined) update(name, { steps });
    await host.dispose(name).catch(() => undefined);
  }
  return [...results.values()];
}

const counted = ({ dispatches, submits }: { readonly dispatches: number; readonly submits: number }) => ({
  dispatches,
  submits,
});
