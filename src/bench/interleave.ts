/** Something to be timed: one call is one measurement. */
export interface Timed {
  /** Seconds, as whoever runs it measures them. */
  run(): Promise<number>;
}

export interface Schedule {
  /** Rounds that count; each runs everyone once. */
  readonly rounds: number;
  /** Rounds before them that do not. */
  readonly warmup: number;
  /** Seconds after which no further round begins, once two have counted. */
  readonly budget?: number;
  /** Before each run: how many are done, of how many at most. */
  progress?(done: number, of: number): void;
}

/**
 * Times everyone in turn, round by round, the order reversed every other round: what else the machine does, and its clock
 * rate, hits all alike, and nobody always follows the same neighbour.
 *
 * @returns the seconds of each, by round
 */
export async function interleave(
  all: readonly Timed[],
  { rounds, warmup, budget = Number.POSITIVE_INFINITY, progress }: Schedule,
): Promise<readonly (readonly number[])[]> {
  const seconds: number[][] = all.map(() => []);
  const start = performance.now();
  let done = 0;
  for (let round = -warmup; round < rounds; round++) {
    if (round >= 2 && (performance.now() - start) / 1e3 > budget) break;
    const order = all.map((_, i) => (round % 2 === 0 ? i : all.length - 1 - i));
    for (const i of order) {
      progress?.(done, (rounds + warmup) * all.length);
      const taken = (await all[i]?.run()) ?? 0;
      if (round >= 0) seconds[i]?.push(taken);
      done++;
    }
  }
  return seconds;
}
