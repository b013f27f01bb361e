import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interleave } from "../../src/bench/interleave.js";
import { compareRuns, median, quantile, rankCorrelation, summarise } from "../../src/bench/statistics.js";
import { doublings } from "../../src/bench/sweep.js";

describe("samples", () => {
  test("quantiles lie between the values, in their order", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((q) => quantile([4, 1, 3, 2, 5], q))).toEqual([1, 2, 3, 4, 5]);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(median([])).toBeNaN();
    const values = fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (xs, q) => {
        const found = quantile(xs, q);
        expect(found).toBeGreaterThanOrEqual(Math.min(...xs));
        expect(found).toBeLessThanOrEqual(Math.max(...xs));
        expect(xs.filter((x) => x < found).length / xs.length).toBeLessThanOrEqual(q + 1 / xs.length);
      }),
    );
  });

  test("a summary has the least, the middle and how far the quartiles are apart", () => {
    expect(summarise([10, 12, 14, 16, 18])).toEqual({ count: 5, min: 10, median: 14, spread: 2 / 14 });
    expect(summarise([3])).toEqual({ count: 1, min: 3, median: 3, spread: 0 });
  });

  test("runs are compared by their minima and round by round", () => {
    // the second machine is always half as fast; the noise of a round hits both
    const noise = [1, 3, 1.2, 9, 2];
    const compared = compareRuns(
      noise.map((n) => n),
      noise.map((n) => 2 * n),
    );
    expect(compared).toEqual({ ratio: 0.5, paired: 0.5, wins: 5, rounds: 5 });
    expect(compareRuns([2, 1], [1, 2])).toEqual({ ratio: 1, paired: 1.25, wins: 1, rounds: 2 });
  });
});

describe("rank correlation", () => {
  test("is 1 for what rises together, -1 for what does not", () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 100, 1000, 1e6])).toBe(1);
    expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNaN();
  });

  test("is Spearman's, ties sharing a rank", () => {
    // ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: (2.25 + 0.25 + 0.25 … ) worked out by hand
    expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    // the textbook form for distinct ranks: 1 - 6 Σ d² / (n (n² - 1))
    const [xs, ys] = [
      [3, 1, 4, 5, 2],
      [1, 2, 5, 4, 3],
    ];
    const d2 = xs.reduce((sum, x, i) => sum + (x - (ys[i] ?? 0)) ** 2, 0);
    expect(rankCorrelation(xs, ys)).toBeCloseTo(1 - (6 * d2) / (5 * 24), 12);
  });
});

describe("interleaving", () => {
  const named = (name: string, log: string[]) => ({
    run: async () => {
      log.push(name);
      return log.length;
    },
  });

  test("everyone runs once a round, in turn and back; warm-up does not count", async () => {
    const log: string[] = [];
    const times = await interleave([named("a", log), named("b", log)], { rounds: 3, warmup: 1 });
    expect(log.join("")).toBe("ba" + "ab" + "ba" + "ab");
    expect(times).toEqual([
      [3, 6, 7],
      [4, 5, 8],
    ]);
  });

  test("a budget ends it, but not before two rounds", async () => {
    const log: string[] = [];
    const times = await interleave([named("a", log)], { rounds: 9, warmup: 0, budget: 0 });
    expect(times[0]).toHaveLength(2);
  });
});

test("a sweep doubles up to its end, which it includes", () => {
  expect(doublings(512, 4096)).toEqual([512, 1024, 2048, 4096]);
  expect(doublings(100, 300)).toEqual([100, 200, 300]);
  expect(doublings(7, 7)).toEqual([7]);
});
