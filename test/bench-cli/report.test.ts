import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Benchmark, ContestantResult } from "../../src/bench/bench.js";
import { duration, figures, milliseconds, percent } from "../../src/bench/format.js";
import { kernelTimes } from "../../src/bench/kernels.js";
import { plotSvg } from "../../src/bench/plot.js";
import { compareRuns, summarise } from "../../src/bench/statistics.js";
import { sweepPlot } from "../../src/bench/sweepPlot.js";
import { benchTables } from "../../src/bench/table.js";
import { table } from "../../src/cli/terminal.js";
import { swiftshader } from "../../src/cost/targets.js";
import { dispatches } from "../../src/driver/report.js";
import { expectGolden } from "../support/golden.js";
import { graphOfFile, lowerFor } from "../support/model.js";

const golden = (name: string): string => join(import.meta.dirname, "golden", name);

/** Two models on two machines at two sizes, with times that a formula gives. */
const contestant = (name: string, backend: string, n: number, each: number): ContestantResult => {
  const seconds = [1, 1.5, 1.1, 1.2].map((noise) => each * n * noise);
  const planned = backend === "wgsl";
  return {
    name,
    backend,
    cold: { compile: 0.02, load: 0.3, first: 2 * each * n },
    warm: summarise(seconds),
    seconds,
    work: planned ? { dispatches: 3, flops: 2e6 * n, bytes: 1e5 * n } : null,
    peak: planned ? { flops: 4e10, bandwidth: 2e9 } : null,
    kernels: planned
      ? [
          {
            kernel: "keys_contract",
            labels: ["Encoder.0.keys (contract)", "Encoder.1.keys (contract)"],
            dispatches: 2,
            seconds: 0.7 * each * n,
            share: 0.7,
            flops: 1.8e6 * n,
            bytes: 6e4 * n,
            estimate: 0.5 * each * n,
          },
          {
            kernel: "p_softmax",
            labels: ["p (softmax)"],
            dispatches: 1,
            seconds: 0.3 * each * n,
            share: 0.3,
            flops: 2e5 * n,
            bytes: 4e4 * n,
            estimate: null,
          },
        ]
      : [],
    versus:
      name === "this" && planned
        ? null
        : compareRuns(
            seconds,
            seconds.map((s) => 2 * s),
          ),
    distance: name === "this" && planned ? null : 3.1e-7,
  };
};

const result: Benchmark = {
  model: "Fixed",
  sweep: "Seq",
  points: [256, 512].map((n) => ({
    sizes: { Seq: n, Batch: 2 },
    contestants: [
      contestant("this", "wgsl", n, 1e-4),
      contestant("textbook", "wgsl", n, 2e-4),
      contestant("this", "tfjs", n, 4e-5),
    ],
    leftOut: n === 512 ? [{ name: "standard", backend: "wgsl", why: "about 90 s a run, and the limit is 60 s" }] : [],
  })),
};

describe("what was measured is shown", () => {
  test("as tables", () => {
    const text = benchTables(result).map((t) => [t.title, table(t.headings, t.rows), ...(t.notes ?? [])].join("\n"));
    expectGolden(golden("tables.txt"), text.join("\n\n"));
  });

  test("as a plot of time against size", () => {
    expectGolden(golden("sweep.svg"), sweepPlot(result, "a <machine> & co"));
  });

  test("as points round the line where both axes agree", () => {
    const points = [1, 2, 3, 4, 5].map((i) => [i / 3, (i * i) / 4] as const);
    const svg = plotSvg({
      title: "Points",
      subtitle: "made up",
      x: "estimate, ms",
      y: "measured, ms",
      series: [{ name: "kernel, ρ 0.9", points: [...points, [0, 1], [1, Number.NaN]] }],
      style: "points",
      diagonal: true,
    });
    expectGolden(golden("scatter.svg"), svg);
    // what a logarithm does not have is left out
    expect(svg.match(/<circle [^>]*r="3"/g)).toHaveLength(5);
  });

  test("a plot of nothing is still a plot", () => {
    const svg = plotSvg({ title: "", subtitle: "", x: "", y: "", series: [], style: "lines" });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

test("numbers have the figures that say something", () => {
  expect([0, 1234567, 123.4, 1.2345, 0.012345, 1.2e-7, Number.NaN].map(figures)).toEqual([
    "0",
    "1234567",
    "123",
    "1.23",
    "0.0123",
    "1.2e-7",
    "-",
  ]);
  expect(milliseconds(0.00123)).toBe("1.23");
  expect([0.5, 0.0312, 1.5, null].map(percent)).toEqual(["50 %", "3.1 %", "150 %", "-"]);
  expect([2.5e-6, 0.0042, 3].map(duration)).toEqual(["2.50 µs", "4.20 ms", "3.00 s"]);
});

test("the times of kernels meet the work of the plan, the least of several profiles counting", async () => {
  const { program } = await lowerFor(graphOfFile("examples/linformer.lf", { dims: new Map([["Seq", 32]]) }), "wgsl");
  const planned = dispatches(program?.steps ?? [], new Map());
  const profile = (factor: number) => ({
    steps: planned.map((d, i) => ({ label: d.label, kernel: d.kernel, seconds: factor * (i + 1) })),
  });
  const times = kernelTimes([profile(3), profile(1), profile(2)], program, new Map(), swiftshader);
  const sum = (part: (k: (typeof times)[number]) => number): number => times.reduce((n, k) => n + part(k), 0);
  expect(sum((k) => k.seconds)).toBe((planned.length * (planned.length + 1)) / 2);
  expect(sum((k) => k.dispatches)).toBe(planned.length);
  expect(sum((k) => k.share)).toBeCloseTo(1, 12);
  const flops = planned.reduce((n, d) => n + (d.flops.op === "const" ? d.flops.value : Number.NaN), 0);
  expect(sum((k) => k.flops ?? Number.NaN)).toBe(flops);
  expect(times.map((k) => k.seconds)).toEqual(times.map((k) => k.seconds).toSorted((a, b) => b - a));
  expect(times.some((k) => k.dispatches > 1)).toBe(true);
  // without a plan there is time and nothing else
  expect(kernelTimes([profile(1)], undefined, new Map(), swiftshader).every((k) => k.flops === null)).toBe(true);
});
