import { describe, expect, test } from "vitest";
import type { Params } from "../../passes/schedule/interface.js";
import { schedule } from "../../passes/schedule/schedule.js";
import type { Remark } from "../../src/backend/backend.js";
import { emptyPlan, type Plan } from "../../src/cost/plan.js";
import type { Target } from "../../src/cost/target.js";
import { generic, swiftshader } from "../../src/cost/targets.js";
import { noLoc } from "../../src/diagnostics/span.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { agree, hand, passContext, simt, tensor, use } from "./support.js";

/** A machine on which every kind of point is legal. */
const machine: Target = { ...simt, subgroups: true, subgroupSize: 4, registers: 256, parallel: 256 };
const withMatrices: Target = { ...machine, matrices: true };

/** LFC_ALL_TILES=1: every point of every space instead of a sample. */
const all = process.env.LFC_ALL_TILES === "1";

const [M, N, K] = [9, 12, 262];

/** What `schedule` says of a graph, with every point of every space, and with tiles by plan. */
function remarksOf(g: Graph, target: Target, tiles: Plan["tiles"] = {}): readonly Remark[] {
  const remarks: Remark[] = [];
  schedule(g, {
    ...passContext(target),
    plan: { ...emptyPlan, tiles },
    others: Number.POSITIVE_INFINITY,
    remark: (r) => remarks.push(r),
  });
  return remarks;
}

/** The subject of a graph's first kernel, and its space. */
function spaceOf(g: Graph, target: Target): { readonly subject: string; readonly points: readonly Params[] } {
  const [remark] = remarksOf(g, target);
  const decision = remark?.decision;
  if (decision === undefined) throw new Error("a kernel without a decision");
  return { subject: decision.subject, points: [decision.chosen, ...decision.others].map((c) => c.params ?? {}) };
}

const cases: Readonly<Record<string, () => Graph>> = {
  "a bias, a residual and gelu": () => {
    const h = hand();
    const a = h.input("a", [M, K]);
    const res = h.input("res", [M, N]);
    const w = h.param("w", [K, N]);
    const bias = h.param("bias", [N]);
    const s = h.contract([use(a, 0, 2), use(w, 2, 1)], [0, 1], [M, N, K]);
    const sum = call("add", argument(2), call("gelu", call("add", argument(0), argument(1))));
    return h.finish({ y: h.map([use(s, 0, 1), use(bias, 1), use(res, 0, 1)], [M, N], sum) });
  },
  "a right factor along the sum, a mask, odd columns": () => {
    const h = hand();
    const a = h.input("a", [2, 13, 36]);
    const w = h.input("w", [2, 15, 36]);
    const keep = h.input("keep", [36], "bool");
    const where = { args: [use(keep, 3)], body: argument(0) };
    const y = h.contract([use(a, 0, 1, 3), use(w, 0, 2, 3)], [0, 1, 2], [2, 13, 15, 36], where);
    return h.finish({ y });
  },
  "a left factor along the rows, a gather": () => {
    const h = hand();
    const tokens = h.input("tokens", [18], "i32");
    const table = h.param("table", [7, 24]);
    const w = h.param("w", [18, 12]);
    const x = h.map([use(table, { i: "value", of: use(tokens, 0) }, 1)], [18, 24], argument(0));
    return h.finish({ y: h.contract([use(x, 2, 0), use(w, 2, 1)], [0, 1], [24, 12, 18]) });
  },
  "products that are selected": () => {
    const h = hand();
    const a = h.input("a", [17, 17]);
    const x = h.input("x", [17, 8]);
    const causal = { args: [], body: call("le", indexValue(2), indexValue(0)) };
    return h.finish({ y: h.contract([use(a, 0, 2), use(x, 2, 1)], [0, 1], [17, 8, 17], causal) });
  },
};

const rowCases: Readonly<Record<string, () => Graph>> = {
  "a softmax of which some is left out": () => {
    const h = hand();
    const x = h.input("x", [5, 24]);
    const keep = h.input("keep", [24], "bool");
    const where = { args: [use(keep, 1)], body: argument(0) };
    const op = { op: "softmax", arg: use(x, 0, 1), axis: 1, extents: h.b.type(x).shape, where } as const;
    return h.finish({ y: h.b.add(op, noLoc) });
  },
  "a layer norm": () => {
    const h = hand();
    const x = h.input("x", [6, 32]);
    const gain = h.param("gain", [32]);
    const scaled = (s: number) => call("mul", argument(0), constant(s));
    const mean = h.map([use(h.contract([use(x, 0, 1)], [0], [6, 32]), 0)], [6], scaled(1 / 32));
    const centred = h.map([use(x, 0, 1), use(mean, 0)], [6, 32], call("sub", argument(0), argument(1)));
    const squares = h.contract([use(centred, 0, 1), use(centred, 0, 1)], [0], [6, 32]);
    const scale = call("rsqrt", call("add", call("mul", argument(1), constant(1 / 32)), constant(1e-5)));
    const body = call("mul", call("mul", argument(0), scale), argument(2));
    return h.finish({ y: h.map([use(centred, 0, 1), use(squares, 0), use(gain, 1)], [6, 32], body) });
  },
  "a softmax along columns": () => {
    const h = hand();
    const x = h.input("x", [16, 8]);
    return h.finish({ y: h.b.add({ op: "softmax", arg: use(x, 0, 1), axis: 0, extents: h.b.type(x).shape }, noLoc) });
  },
};

/** A few points for every value that a parameter takes in the space. */
function sample(points: readonly Params[], salt: number): readonly Params[] {
  if (all) return points;
  const chosen = new Set<Params>();
  const names = Object.keys(points[0] ?? {});
  names.forEach((name, n) => {
    for (const value of new Set(points.map((p) => p[name]))) {
      const having = points.filter((p) => p[name] === value);
      if ([...chosen].some((p) => p[name] === value)) continue;
      const p = having[(salt * 7919 + n * 104729 + having.length) % having.length];
      if (p !== undefined) chosen.add(p);
    }
  });
  return [...chosen];
}

const machines = { machine, withMatrices } as const;

describe.each([
  ...Object.entries(cases).map(([name, graph]) => ({
    what: `a contraction with ${name}`,
    graph,
    on: "machine" as const,
  })),
  ...Object.entries(cases)
    .slice(0, 3)
    .map(([name, graph]) => ({ what: `a contraction with ${name}`, graph, on: "withMatrices" as const })),
  ...Object.entries(rowCases).map(([name, graph]) => ({ what: name, graph, on: "machine" as const })),
])("$what, $on", ({ what, graph, on }) => {
  test("gives the same numbers at every point", async () => {
    const target = machines[on];
    const { subject, points } = spaceOf(graph(), target);
    expect(points[0]).toHaveProperty(what.startsWith("a contraction") ? "splits" : "whole");
    expect(points.length).toBeGreaterThan(5);
    expect(points.length).toBeLessThanOrEqual(400);
    for (const tile of sample(points, what.length + on.length)) {
      const remarks: Remark[] = [];
      const values = {
        tokens: tensor([18], "i32", (i) => (i * 5) % 7),
        keep: tensor([what.includes("softmax") ? 24 : 36], "bool", (i) => (i % 3) - 1),
      };
      await agree(graph(), {
        target,
        values,
        tiles: { [subject]: tile },
        remark: (r) => remarks.push(r),
      }).catch((e: unknown) => {
        throw new Error(`${JSON.stringify(tile)}: ${e instanceof Error ? e.message : String(e)}`);
      });
      expect(remarks[0]?.decision).toMatchObject({ kind: "tile", pinned: true, chosen: { params: tile } });
    }
  });
});

test("a space has points of every kind where the machine has what they need", () => {
  const { points } = spaceOf(product(256, 256, 1024), { ...generic, subgroups: true });
  const values = (name: string): readonly number[] =>
    [...new Set(points.map((p) => p[name] ?? -1))].sort((a, b) => a - b);
  expect(values("stage")).toEqual([0, 1, 2, 3]);
  expect(values("share")).toEqual([0, 1]);
  expect(values("splits").length).toBeGreaterThan(2);
  expect(values("step").length).toBeGreaterThan(1);
  expect(values("regRows").length).toBeGreaterThan(3);
  expect(values("laneCols").length).toBeGreaterThan(2);
});

function product(m: number, n: number, k: number): Graph {
  const h = hand();
  const a = h.input("a", [m, k]);
  const w = h.param("w", [k, n]);
  return h.finish({ y: h.contract([use(a, 0, 2), use(w, 2, 1)], [0, 1], [m, n, k]) });
}

test("the estimate prefers what SwiftShader is fast at, and what a GPU is fast at", () => {
  const best = (target: Target): Readonly<Record<string, number>> =>
    spaceOf(product(512, 512, 512), target).points[0] ?? {};
  const slow = best(swiftshader);
  expect((slow.regRows ?? 0) * (slow.regCols ?? 0)).toBeGreaterThanOrEqual(64);
  expect(slow).toMatchObject({ stage: 0, splits: 1 });
  const gpu = best(generic);
  expect((gpu.laneRows ?? 0) * (gpu.laneCols ?? 0)).toBeGreaterThanOrEqual(64);
  expect((gpu.regRows ?? 0) * (gpu.regCols ?? 0)).toBeLessThanOrEqual(32);
});

test("a plan names some of the parameters, the best point that has them is taken", () => {
  const g = product(64, 64, 64);
  const { subject, points } = spaceOf(g, machine);
  const [remark, ...rest] = remarksOf(g, machine, { [subject]: { regRows: 4, stage: 3 } });
  const wanted = points.find((p) => p.regRows === 4 && p.stage === 3);
  expect(remark?.decision).toMatchObject({ kind: "tile", subject, pinned: true, chosen: { params: wanted } });
  expect(rest).toEqual([]);
  // a point that the estimate left out of the space is legal all the same
  const odd = { ...points[0], regRows: 6, regCols: 3, laneRows: 5, share: 0, stage: 0 };
  expect(remarksOf(g, machine, { [subject]: odd })[0]?.decision).toMatchObject({
    pinned: true,
    chosen: { params: odd },
  });
});

test("a tile that the machine can't have is a remark, and another is chosen", () => {
  const g = product(64, 64, 64);
  const { subject, points } = spaceOf(g, machine);
  for (const [tile, why] of [
    [{ laneRows: 64, laneCols: 64 }, "invocations"],
    [{ rows: 3 }, "has no rows"],
    [{ regRows: 0.5 }, "whole numbers"],
    [{ splits: 16 }, "parts"],
  ] as const) {
    const [remark, refusal] = remarksOf(g, machine, { [subject]: tile });
    expect(remark?.decision).toMatchObject({ pinned: false, chosen: { params: points[0] } });
    expect(refusal?.message).toContain(why);
  }
});
