import { describe, expect, test } from "vitest";
import { chunkPrefixes } from "../../passes/graph/chunkPrefixes.js";
import { leastFlops } from "../../passes/graph/leastFlops.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { emptyPlan, type Plan } from "../../src/cost/plan.js";
import { constDim, evalDim, symbolDim } from "../../src/ir/dim.js";
import { graphFlops } from "../../src/ir/graph/flops.js";
import type { Graph, Where } from "../../src/ir/graph/ops.js";
import { argument, call, indexValue } from "../../src/ir/graph/scalars.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { randomValues } from "../support/random-graph.js";
import { expectSameMeaning, expectSoundOnRandomGraphs } from "./meaning.js";
import { build, flopsTarget, testContext } from "./support.js";

type Order = "le" | "lt" | "ge" | "gt";

/** y[i, j] = Σ_{l before i, c} q[i, c] e[j, l] k[l, c]; with `keep`, of the rows that are kept. */
function prefix(n: ReturnType<typeof constDim>, order: Order, keep = false): Graph {
  const t = build();
  const sizes = { i: n, l: n, j: 3, c: 5 };
  const [q, k] = [t.input("q", n, 5), t.input("k", n, 5)];
  const kept = keep ? t.bools("keep", n) : undefined;
  const e = t.param("e", 3, 76);
  const where = (ix: (letter: string) => number): Where => {
    const [l, i] = [indexValue(ix("l")), indexValue(ix("i"))];
    const before = order === "le" || order === "lt" ? call(order, l, i) : call(order, i, l);
    return kept === undefined
      ? { args: [], body: before }
      : { args: [{ value: kept, at: [{ i: "ix", ix: ix("l") }] }], body: call("and", argument(0), before) };
  };
  return t.finish({
    y: t.contract(
      "ij",
      sizes,
      [
        [q, "ic"],
        [e, "jl"],
        [k, "lc"],
      ],
      where,
    ),
  });
}

const pinned = (name: string): Plan => ({ ...emptyPlan, strategies: { "y (prefix)": name } });
const chunksOf = (size: number) => testContext("relaxed", { plan: pinned(`chunks of ${size}`) });

describe("stays as it is", () => {
  const standard = (): Graph => {
    // the weights have both rows: nothing can be summed ahead
    const t = build();
    const [p, v] = [t.input("p", 8, 8), t.input("v", 8, 3)];
    const where = (ix: (letter: string) => number): Where => ({
      args: [],
      body: call("le", indexValue(ix("m")), indexValue(ix("n"))),
    });
    return t.finish({
      y: t.contract(
        "nc",
        { n: 8, m: 8, c: 3 },
        [
          [p, "nm"],
          [v, "mc"],
        ],
        where,
      ),
    });
  };
  const running = (): Graph => {
    // a sum of what came before, times nothing
    const t = build();
    const v = t.input("v", 8, 3);
    const where = (ix: (letter: string) => number): Where => ({
      args: [],
      body: call("le", indexValue(ix("m")), indexValue(ix("n"))),
    });
    return t.finish({ y: t.contract("nc", { n: 8, m: 8, c: 3 }, [[v, "mc"]], where) });
  };

  test.each([
    ["standard causal attention", standard(), chunksOf(4)],
    ["a running sum", running(), chunksOf(4)],
    ["anything under strict", prefix(constDim(16), "le"), testContext("strict", { plan: pinned("chunks of 4") })],
    ["a length that has no chunks", prefix(constDim(13), "le"), chunksOf(4)],
    ["what is short, since dispatches cost", prefix(constDim(16), "le"), testContext()],
  ] as const)("%s", (_, graph, cx) => {
    expect(chunkPrefixes.run(graph, cx)).toBe(graph);
  });
});

describe("means the same", () => {
  test.each([
    ["le", 4, false],
    ["lt", 4, false],
    ["ge", 8, true],
    ["gt", 16, true],
    ["le", 16, true],
  ] as const)("%s in chunks of %d, padded: %s", (order, size, keep) => {
    const graph = prefix(constDim(16), order, keep);
    const after = chunkPrefixes.run(graph, chunksOf(size));
    expect(after).not.toBe(graph);
    expect(verifyGraph(after)).toEqual([]);
    const { inputs, params } = randomValues(graph, 3);
    expectSameMeaning(graph, after, inputs, params);
  });

  test("with a run-time number of rows, one chunk included", () => {
    const graph = prefix(symbolDim("Seq", 4, 64, 4), "le");
    const after = chunkPrefixes.run(graph, chunksOf(4));
    expect(after).not.toBe(graph);
    for (const seed of [1, 2, 3, 4]) {
      const { inputs, params } = randomValues(graph, seed);
      expectSameMeaning(graph, after, inputs, params);
    }
  });

  test.each([
    ["a number of chunks that groups divide", constDim(64)],
    ["one that they do not", constDim(76)],
    ["a run-time number", symbolDim("Seq", 4, 76, 4)],
  ])("in groups of chunks: %s", (_, n) => {
    const graph = prefix(n, "le", true);
    const cx = testContext("relaxed", { plan: pinned("chunks of 4, groups of 8") });
    const after = chunkPrefixes.run(graph, cx);
    expect(cx.remarks[0]?.decision).toMatchObject({ pinned: true, chosen: { name: "chunks of 4, groups of 8" } });
    expect(verifyGraph(after)).toEqual([]);
    for (const seed of [1, 2, 3]) {
      const { inputs, params } = randomValues(graph, seed);
      expectSameMeaning(graph, after, inputs, params);
    }
  });

  test("on random graphs", () => expectSoundOnRandomGraphs(chunkPrefixes.run));
});

describe("the cost", () => {
  const flops = (n: number): { readonly flops: number; readonly said: number } => {
    const t = build();
    const sizes = { i: n, l: n, j: 32, c: 16 };
    const [q, k] = [t.input("q", n, 16), t.input("k", n, 16)];
    const e = t.param("e", 32, n);
    const where = (ix: (letter: string) => number): Where => ({
      args: [],
      body: call("le", indexValue(ix("l")), indexValue(ix("i"))),
    });
    const graph = t.finish({
      y: t.contract(
        "ij",
        sizes,
        [
          [q, "ic"],
          [e, "jl"],
          [k, "lc"],
        ],
        where,
      ),
    });
    const cx = testContext("relaxed", { target: flopsTarget });
    const after = reassociate.run(chunkPrefixes.run(graph, cx), cx);
    const decision = cx.remarks.find((r) => r.pass === "chunkPrefixes")?.decision;
    expect(decision?.others.map((o) => o.name)).toContain("at once");
    return { flops: evalDim(graphFlops(after), new Map()), said: decision?.chosen.flops ?? 0 };
  };

  test("is linear in the rows, and what it was decided by", () => {
    const [short, long] = [flops(1024), flops(4096)];
    expect(long.flops / short.flops).toBeLessThan(4.5);
    // but for the sums of two parts, one a point
    for (const [n, { flops: counted, said }] of [
      [1024, short],
      [4096, long],
    ] as const) {
      expect(counted - n * 32).toBeGreaterThanOrEqual(said);
      expect(counted - n * 32).toBeLessThan(1.02 * said);
    }
  });

  test("of a product as index sets is the least over its orders", () => {
    const sizes = new Map([
      [0, 8],
      [1, 3],
      [2, 5],
      [3, 8],
    ]);
    const size = (ix: number): number => sizes.get(ix) ?? 1;
    // q[i, c] e[j, l] k[l, c] -> [i, j]: with l <= i both ways are quadratic, without it e·k comes first
    const factors = [new Set([0, 2]), new Set([1, 3]), new Set([3, 2])];
    const free = leastFlops({ factors, out: [0, 1], size });
    expect(free.flops).toBe(2 * 3 * 8 * 5 + 2 * 8 * 5 * 3);
    const ordered = leastFlops({ factors, out: [0, 1], order: { row: 0, earlier: 3 }, size });
    expect(ordered.flops).toBe(2 * 8 * 8 * 5 + 2 * 8 * 8 * 3);
  });
});
