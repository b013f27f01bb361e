import { describe, expect, test } from "vitest";
import { explore, explorePlot, exploreTables } from "../../src/bench/explore.js";
import { type TuneSpec, tune } from "../../src/driver/tune.js";
import { constValue } from "../../src/ir/dim.js";
import type { Program } from "../../src/ir/program/program.js";
import { graphOfText, lowerFor, unwrap } from "../support/model.js";
import { memoryStore, standIn } from "./standIn.js";

const gemm = (rows = "64"): string => `lf 1
  dim N = ${rows}
  model Gemm(x: f32[N, 32]) -> f32[N, 32] {
    param w: f32[32, 32]
    let y[n, m] = sum[k] x[n, k] * w[k, m]
    return y
  }`;

/** Workgroups of the first dispatch: more of them are slower, against what any estimate says. */
const groups = ({ steps: [first] }: Program): number =>
  first?.step === "dispatch" ? first.grid.reduce((n, d) => n * (constValue(d) ?? 1), 1) : 0;

const specOf = (text: string, more: Pick<Partial<TuneSpec>, "candidates" | "budget" | "sizes"> = {}) => ({
  graph: graphOfText(text),
  options: { fp: "relaxed" } as const,
  sizes: new Map<string, number>() as ReadonlyMap<string, number>,
  machine: "test",
  candidates: 3,
  ...fresh(),
  ...more,
});
function fresh() {
  const machine = standIn((p) => 1e-3 / groups(p));
  return { backend: machine.backend, timed: machine.timed, store: memoryStore() };
}

describe("tune", () => {
  test("times the best few and keeps the fastest", async () => {
    const spec = specOf(gemm(), { candidates: 8 });
    const { plan, kernels } = unwrap(await tune(spec));
    const [kernel] = kernels;
    expect(kernels).toHaveLength(1);
    expect(kernel?.candidates).toHaveLength(8);
    const best = Math.min(...(kernel?.candidates ?? []).map((c) => c.seconds ?? Number.POSITIVE_INFINITY));
    expect(kernel?.candidates.find((c) => c.choice === kernel.chosen)?.seconds).toBe(best);
    // the choice of the estimate alone would have been another one
    expect(kernel?.candidates[0]?.seconds).toBeGreaterThan(best);
    expect(Object.values(plan.tiles)).toEqual([kernel?.chosen.params]);
    expect(plan.model).toBe("Gemm");
  });

  test("the plan gives the kernel that was timed", async () => {
    const spec = specOf(gemm());
    const { plan, kernels } = unwrap(await tune(spec));
    const lowered = await lowerFor(spec.graph, "js", { plan, backendOptions: { execution: "simt" } });
    const taken = lowered.remarks.flatMap((r) => (r.decision?.kind === "tile" ? [r.decision] : []));
    expect(taken.map((d) => d.chosen.params)).toEqual([kernels[0]?.chosen.params]);
    expect(taken.every((d) => d.pinned)).toBe(true);
  });

  test("what was tuned is not timed again", async () => {
    const spec = specOf(gemm());
    const first = unwrap(await tune(spec));
    const timed = spec.timed();
    expect(timed).toBeGreaterThan(3);
    const again = unwrap(await tune(spec));
    expect(spec.timed()).toBe(timed);
    expect(again.kernels[0]?.cached).toBe(true);
    expect(again.plan).toEqual(first.plan);
  });

  test("another machine, another shape or another element type is timed for itself", async () => {
    const spec = specOf(gemm());
    unwrap(await tune(spec));
    const timed = (more: Pick<Partial<TuneSpec>, "machine" | "graph">) =>
      tune({ ...spec, ...more })
        .then(unwrap)
        .then((t) => !t.kernels[0]?.cached);
    expect(await timed({})).toBe(false);
    expect(await timed({ machine: "another" })).toBe(true);
    expect(await timed({ graph: graphOfText(gemm("128")) })).toBe(true);
    expect(await timed({ graph: graphOfText(gemm().replaceAll("f32[", "f16[")) })).toBe(true);
  });

  test("run-time sizes count by powers of two", async () => {
    const spec = specOf(gemm("? in 16..4096"), { sizes: new Map([["N", 1000]]) });
    unwrap(await tune(spec));
    const cached = async (n: number) => unwrap(await tune({ ...spec, sizes: new Map([["N", n]]) })).kernels[0]?.cached;
    expect(await cached(1024)).toBe(true);
    expect(await cached(513)).toBe(true);
    expect(await cached(512)).toBe(false);
  });

  test("what is kept is believed only if it is a choice at hand", async () => {
    const spec = specOf(gemm());
    unwrap(await tune(spec));
    const timed = spec.timed();
    for (const name of spec.store.kept.keys()) spec.store.kept.set(name, { tuneVersion: 1, params: { regRows: 77 } });
    expect(unwrap(await tune(spec)).kernels[0]?.cached).toBe(false);
    for (const name of spec.store.kept.keys()) spec.store.kept.set(name, "nonsense");
    expect(unwrap(await tune(spec)).kernels[0]?.cached).toBe(false);
    expect(spec.timed()).toBeGreaterThan(timed);
  });

  test("layers that are alike are tuned once, and a budget ends it", async () => {
    const text = `lf 1
      block Layer(x: f32[64, 32]) -> f32[64, 32] {
        param w: f32[32, 32]
        let y[n, m] = relu(sum[k] x[n, k] * w[k, m])
        return y
      }
      model Stack(x: f32[64, 32]) -> f32[64, 32] {
        let a = Layer(x)
        let b = Layer(a)
        return b
      }`;
    const spec = specOf(text, { budget: 0 });
    const { kernels, plan } = unwrap(await tune(spec));
    expect(kernels.map((k) => k.subjects.length)).toEqual([2]);
    expect(Object.keys(plan.tiles).toSorted()).toEqual([...(kernels[0]?.subjects ?? [])].toSorted());
    expect(kernels[0]?.candidates.map((c) => c.seconds === null)).toEqual([false, true, true]);
  });
});

describe("explore", () => {
  const spec = (points: number) => ({ ...specOf(gemm()), points, runs: 1 });

  test("measures points of the whole space and correlates them with their estimates", async () => {
    const [kernel] = unwrap(await explore(spec(9)));
    expect(kernel?.points).toHaveLength(9);
    expect(kernel?.space).toBeGreaterThan(9);
    expect(kernel?.chosen.rank).toBe(1);
    expect(kernel?.points.map((p) => p.rank)).toContain(kernel?.space);
    const seconds = kernel?.points.map((p) => p.seconds) ?? [];
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect(Math.abs(kernel?.correlation ?? 2)).toBeLessThanOrEqual(1);
  });

  test("says so as a table and a plot", async () => {
    const kernels = unwrap(await explore(spec(5)));
    const [table] = exploreTables(kernels, 1);
    expect(table?.title).toMatch(
      /^y \(contract\): 5 of \d+ points, rank correlation -?\d\.\d\d, the tile taken reaches/,
    );
    expect(table?.rows.filter((r) => r.at(-1)?.endsWith("← taken"))).toHaveLength(1);
    const svg = explorePlot("Gemm", "stand-in", kernels);
    expect(svg.match(/<circle [^>]*r="3"/g)).toHaveLength(5);
  });

  test("a model without a choice has nothing to explore", async () => {
    const text = `lf 1
      model Twice(x: f32[8]) -> f32[16] {
        let y[i] = concat[i](x[i], x[i])
        return y
      }`;
    const explored = await explore({ ...specOf(text), points: 9, runs: 1 });
    expect(explored.ok).toBe(false);
    if (!explored.ok) expect(explored.error.map((d) => d.code)).toEqual(["LF0432"]);
  });
});
