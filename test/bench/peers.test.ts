import { afterAll, expect, test } from "vitest";
import { type Contest, compete } from "../../bench/peers/compete.js";
import { type Contestant, contestants } from "../../bench/peers/contestants.js";
import { markdown, plot } from "../../bench/peers/report.js";
import { type BenchPage, openBenchPage } from "../../bench/support/chromium.js";

/** The bench of peers, with those that the repository's own install has. */
let opening: Promise<BenchPage> | undefined;
const page = (): Promise<BenchPage> => {
  opening ??= openBenchPage();
  return opening;
};
afterAll(async () => (await opening?.catch(() => undefined))?.close());

const contest: Contest = {
  sizes: [24],
  layer: { d: 16, heads: 2, k: 8 },
  seed: 2,
  rounds: 2,
  limit: 60_000,
  budget: 60_000,
  progress: () => undefined,
};

const machine = {
  date: "2026-01-01",
  cpu: "a processor",
  cores: 2,
  memoryGiB: 8,
  system: "a system",
  load: 0,
  node: "20",
  browser: "a browser",
  adapter: "an adapter",
  versions: { lfc: "0" },
};

/** Gives back what `code` makes of a buffer of y's size. */
const byHand = (name: string, code: string): Contestant => ({
  name,
  where: "page",
  variants: ["std"],
  own: true,
  make: (caseName, { size }) => ({
    kind: "kernels",
    name: caseName,
    buffers: { y: { bytes: 4 * size.n * size.d } },
    steps: [{ code, bind: ["y"], grid: [1, 1, 1] }],
    output: "y",
    transfer: "host",
  }),
});

const head = "@group(0) @binding(0) var<storage, read_write> y: array<f32>; @compute @workgroup_size(1) fn main()";

test("lfc in the page and the naive baseline compute the layer, standard and Linformer", async () => {
  const own = contestants.filter((c) => ["lfc wgsl", "naive WGSL"].includes(c.name));
  const entries = await compete(own, await page(), contest);
  expect(entries.map((e) => `${e.peer}, ${e.variant}`)).toEqual(
    ["lfc wgsl", "naive WGSL"].flatMap((name) => [`${name}, std`, `${name}, lin`]),
  );
  for (const e of entries) {
    expect(e, e.peer).not.toHaveProperty("failure");
    expect(e.error, `${e.peer}, ${e.variant}`).toBeLessThan(5e-6);
    expect(e.min).toBeGreaterThan(0);
    expect(e.dispatches, e.peer).toBeGreaterThan(0);
    expect(e.samples).toHaveLength(2);
  }
  const report = { machine, layer: contest.layer, seed: 2, rounds: 2, limit: 60_000, entries };
  expect(markdown(report)).not.toMatch(/NaN|undefined|FAIL/);
  expect(plot(report)).toMatch(/^<svg .*lfc wgsl.*naive WGSL/s);
});

test("wrong numbers, failures and what is too slow are listed and stop nobody else", async () => {
  const entries = await compete(
    [
      byHand("wrong", `${head} { y[0] = 1; }`),
      byHand("broken", `${head} { y[0] = oops; }`),
      byHand(
        "slow",
        `${head} { var s = 0f; for (var i = 0; i < 60000000; i++) { s = s * 0.5 + y[i & 7]; } y[0] = s; }`,
      ),
    ],
    await page(),
    { ...contest, sizes: [24, 48], limit: 150 },
  );
  const of = (peer: string, n: number) => entries.find((e) => e.peer === peer && e.n === n);
  expect(of("wrong", 24)?.failure).toMatch(/^wrong numbers: relative error/);
  expect(of("broken", 24)?.failure).toMatch(/unresolved value 'oops'/);
  expect(of("slow", 24)?.expected).toBeGreaterThan(150);
  // not run again: its time at the larger size follows from the smaller
  expect(of("slow", 48)?.expected).toBeGreaterThan(of("slow", 24)?.expected ?? Number.NaN);
  const text = markdown({ machine, layer: contest.layer, seed: 2, rounds: 2, limit: 60_000, entries });
  expect(text).toMatch(/\| wrong \| FAIL/);
  expect(text).toMatch(/\| slow \| over limit/);
  expect(text).toMatch(/\* broken, std n=24: `[^`]*oops/);
});
