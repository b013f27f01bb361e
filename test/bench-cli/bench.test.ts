import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Benchmark, benchmark } from "../../src/bench/bench.js";
import { progressLine } from "../../src/cli/terminal.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { ok } from "../../src/util/result.js";
import { lfc } from "../support/cli.js";
import { graphOfText, root, unwrap } from "../support/model.js";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lfc-bench-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const first = join(root, "examples", "first.lf");
const measured = async (...args: readonly string[]): Promise<Benchmark> => {
  const path = join(dir, "out.json");
  const { code, err } = await lfc("bench", ...args, "--json", path);
  expect(err).toBe("");
  expect(code).toBe(0);
  return JSON.parse(readFileSync(path, "utf8")) as Benchmark;
};

describe("lfc bench", () => {
  test("times a model cold and warm, kernel by kernel, beside the order written and standard attention", async () => {
    const result = await measured(first, "--backends", "js", "--runs", "2", "--vs", "standard", "--dim", "Seq=32");
    expect(result).toMatchObject({ benchVersion: 1, model: "First", sweep: null, setting: { runs: 2, adapter: null } });
    const [point] = result.points;
    expect(point?.leftOut).toEqual([]);
    expect(point?.contestants.map((c) => c.name)).toEqual(["this", "textbook", "standard"]);
    for (const c of point?.contestants ?? []) {
      expect(c.seconds).toHaveLength(2);
      expect(c.warm.min).toBe(Math.min(...c.seconds));
      expect(c.cold.compile + c.cold.load + c.cold.first).toBeGreaterThan(0);
      expect(c.kernels.reduce((sum, k) => sum + k.share, 0)).toBeCloseTo(1, 9);
      expect(c.kernels.reduce((sum, k) => sum + (k.flops ?? 0), 0)).toBe(c.work?.flops);
      expect(c.versus === null).toBe(c.name === "this");
    }
    const distances = point?.contestants.map((c) => c.distance);
    expect(distances?.[0]).toBeNull();
    expect(distances?.[1]).toBeLessThan(1e-5);
    // another function, on purpose
    expect(distances?.[2]).toBeGreaterThan(1e-3);
  });

  test("sweeps a size on two machines and draws it", async () => {
    const plot = join(dir, "sweep.svg");
    const args = ["--backends", "js,tfjs", "--runs", "2", "--sweep", "Seq=16..48", "--plot", plot];
    const { code, out } = await lfc("bench", first, ...args);
    expect(code).toBe(0);
    expect(out).toMatch(/^First on .*; 2 runs each in turn, load/);
    for (const size of [16, 32, 48]) expect(out).toMatch(new RegExp(`^ *${size} +this +js +[\\d.]+ `, "m"));
    expect(out).toContain("Kernels of this on js at Seq = 48");
    expect(out).toContain("Kernels of this on tfjs at Seq = 48");
    expect(readFileSync(plot, "utf8").match(/<path d="M[^"]*L[^"]*" fill="none" stroke="#/g)).toHaveLength(2);
  });

  test("on WebGPU has shares of what the adapter was measured to do", async () => {
    const result = await measured(first, "--backends", "wgsl", "--runs", "2", "--dim", "Seq=32");
    const [c] = result.points[0]?.contestants ?? [];
    expect(c?.backend).toBe("wgsl");
    expect(c?.peak?.flops).toBeGreaterThan(1e8);
    expect(c?.kernels.length).toBeGreaterThan(0);
    expect(c?.kernels.every((k) => k.seconds >= 0 && (k.estimate ?? 0) > 0)).toBe(true);
    expect(c?.kernels.reduce((sum, k) => sum + k.dispatches, 0)).toBe(c?.work?.dispatches);
  });

  test("a size that takes too long is left out and said", async () => {
    const text = (n: number): string => `lf 1
      dim N = ${n}
      model Square(x: f32[N]) -> f32[N] {
        let y[i] = sum[j] tanh(x[i] * x[j])
        return y
      }`;
    const result = await benchmark({
      subjects: [{ name: "this", options: {}, graph: (dims) => ok(graphOfText(text(dims.get("N") ?? 1))) }],
      machines: [{ name: "js", backend: unwrap(await resolveBackend("js")), options: {} }],
      sweep: { dim: "N", values: [64, 4096] },
      runs: 2,
      warmup: 0,
      limit: 0.005,
      seed: 0,
    });
    const [small, large] = unwrap(result).points;
    expect(small?.contestants).toHaveLength(1);
    expect(large?.contestants).toEqual([]);
    expect(large?.leftOut).toMatchObject([{ name: "this", backend: "js" }]);
    expect(large?.leftOut[0]?.why).toMatch(/^about \d+ s a run, and the limit is 0.005 s$/);
  });

  test("tunes what it times when asked", async () => {
    const gemm = join(dir, "gemm.lf");
    writeFileSync(
      gemm,
      `lf 1
model Gemm(x: f32[16, 8]) -> f32[16, 8] {
  param w: f32[8, 8]
  let y[n, m] = sum[k] x[n, k] * w[k, m]
  return y
}
`,
    );
    const { out } = await lfc("bench", gemm, "--backends", "js", "--runs", "2", "--tune");
    expect(out).toMatch(/^tuned: one kernel, 0 known from before; \d of 1 with another tile than estimated/m);
    const again = await lfc("bench", gemm, "--backends", "js", "--runs", "2", "--tune");
    expect(again.out).toMatch(/^tuned: one kernel, 1 known from before$/m);
  });

  test("explores the tiles of a kernel", async () => {
    const plot = join(dir, "explore.svg");
    const args = ["--backends", "js", "--explore", "3", "--runs", "1", "--dim", "Seq=16", "--plot", plot];
    const { code, out } = await lfc("bench", first, ...args);
    expect(code).toBe(0);
    expect(out).toMatch(/rank correlation -?(\d\.\d\d|NaN), the tile taken reaches \d/);
    expect(out).toContain("← taken");
    expect(existsSync(plot)).toBe(true);
  });
});

describe("mistakes", () => {
  test.each([
    [["--sweep", "Seq"]],
    [["--sweep", "Seq=9..3"]],
    [["--sweep", "Seq=0..3"]],
    [["--runs", "0"]],
    [["--explore", "none"]],
    [["--limit", "-1"]],
  ])("of the command line end with 2: %j", async (args) => {
    expect((await lfc("bench", first, ...args)).code).toBe(2);
  });

  test.each([
    [["--backends", "cuda"], "LF0403"],
    [["--backends", "js", "--vs", "nowhere.lf"], "LF0401"],
    [["--backends", "js", "--vs", "standard", join(root, "examples", "attention_head.lf")], "LF0430"],
    [["--backends", "tfjs", "--explore"], "LF0431"],
    [["--backends", "js", "--sweep", "Sequence=1..2"], "LF0243"],
  ])("of the program or its data end with 1: %j", async (args, wanted) => {
    const file = args.at(-1)?.endsWith("attention_head.lf") ? [] : [first];
    const { code, err } = await lfc("bench", ...file, ...args, "--runs", "1");
    expect(code).toBe(1);
    expect(err).toContain(wanted);
  });

  test("a size out of its range is said before anything runs", async () => {
    const file = join(dir, "range.lf");
    writeFileSync(
      file,
      `lf 1
dim N = ? in 4..8 step 4
model Double(x: f32[N]) -> f32[N] {
  let y[i] = 2 * x[i]
  return y
}
`,
    );
    const { code, err } = await lfc("bench", file, "--backends", "js", "--sweep", "N=4..16");
    expect(code).toBe(1);
    expect(err).toContain("LF0413");
  });
});

test("progress is written over itself on a terminal, and nowhere else", () => {
  const written: string[] = [];
  const stream = (isTTY: boolean) =>
    ({ isTTY, columns: 20, write: (text: string) => written.push(text) }) as unknown as NodeJS.WriteStream;
  const quiet = progressLine(stream(false));
  quiet.show("nothing");
  quiet.clear();
  expect(written).toEqual([]);
  const line = progressLine(stream(true));
  line.show("a text that is longer than the terminal");
  line.clear();
  expect(written).toEqual(["\r\u001b[Ka text that is long", "\r\u001b[K"]);
});
