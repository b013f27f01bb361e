import { expect, test } from "vitest";
import { joinParallel } from "../../passes/graph/joinParallel.js";
import type { PassContext } from "../../passes/pass.js";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, lowerFor, randomRun, runOn } from "../support/model.js";
import { randomValues } from "../support/random-graph.js";
import { expectSameMeaning, expectSoundOnRandomGraphs } from "./meaning.js";
import { build, countOps, testContext, testTarget } from "./support.js";

const context = (changes: Partial<PassContext> = {}): PassContext & { readonly remarks: readonly unknown[] } => ({
  ...testContext(),
  strategies: new Set(["contractions"]),
  ...changes,
});

/** q·kᵀ of one x, with a product for each weight. */
function scores(n: number, d: number): Graph {
  const t = build();
  const sizes = { n, m: n, d, c: d };
  const x = t.input("x", n, d);
  const [wq, wk] = [t.param("wq", d, d), t.param("wk", d, d)];
  const q = t.contract("nc", sizes, [
    [x, "nd"],
    [wq, "dc"],
  ]);
  const k = t.contract("mc", sizes, [
    [x, "md"],
    [wk, "dc"],
  ]);
  return t.finish({
    y: t.contract("nm", sizes, [
      [q, "nc"],
      [k, "mc"],
    ]),
  });
}

test("nothing to do: one product", () => {
  const t = build();
  const [x, w] = [t.input("x", 4, 3), t.param("w", 3, 2)];
  const graph = t.finish({
    y: t.contract("nc", { n: 4, d: 3, c: 2 }, [
      [x, "nd"],
      [w, "dc"],
    ]),
  });
  expect(joinParallel.run(graph, context())).toBe(graph);
});

test("two products of one tensor become one, under strict too", () => {
  const graph = scores(8, 4);
  for (const fp of ["relaxed", "strict"] as const) {
    const after = joinParallel.run(graph, context({ fp }));
    expect(countOps(after)).toEqual({ contract: 2, map: 2, concat: 1 });
    const { inputs, params } = randomValues(graph, 1);
    expectSameMeaning(graph, after, inputs, params);
  }
});

test("not where the stack would not fit a binding", () => {
  const graph = scores(8, 4);
  const target = { ...testTarget, maxBinding: 2 * 8 * 4 * 4 - 1 };
  expect(joinParallel.run(graph, context({ target }))).toBe(graph);
});

test("random graphs keep their meaning", () => {
  expectSoundOnRandomGraphs(joinParallel.run, { runs: 40, context });
});

const device = testDevice();

test.each(["js", "wgsl"])("%s: one kernel makes both, each reader has its part", async (name) => {
  const graph = graphOfText(`lf 1
dim Seq = ? in 1..40
model Scores(x: f32[Seq, 12]) -> (y: f32[Seq, Seq]) {
  param wq, wk: f32[12, 8] = normal(0.3)
  let q[n, c] = sum[d] relu(x[n, d]) * wq[d, c]
  let k[n, c] = sum[d] relu(x[n, d]) * wk[d, c]
  let p[n, c] = softmax[c] q[n, c]
  let r[n, c] = softmax[c] k[n, c]
  let y[n, m] = sum[c] p[n, c] * r[m, c]
  return y
}
`);
  const { remarks, program } = await lowerFor(graph, name);
  expect(remarks.some((r) => r.pass === "joinParallel")).toBe(true);
  expect(program?.prepare.length).toBeGreaterThan(0);
  const { params } = randomRun(graph, 1);
  const { inputs } = randomRun(graph, 2, new Map([["Seq", 37]]));
  const expected = runReference(graph, inputs, params).y;
  const found = (await runOn(graph, name, inputs, params, name === "wgsl" ? await device() : undefined)).y;
  if (expected === undefined || found === undefined) throw new Error("y is missing");
  expect(compareToReference(expected, found)).toMatchObject({ passed: true });
});
