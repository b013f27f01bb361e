import { expect, test } from "vitest";
import { growContractions } from "../../passes/graph/growContractions.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { dropUnreachable } from "../../passes/rewrite.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { call, indexValue } from "../../src/ir/graph/scalars.js";
import { liveValues } from "../../src/ir/graph/visit.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { expectSameMeaning, expectSoundOnRandomGraphs, multiplyAdds } from "./meaning.js";
import { build, countOps, flopsTarget, testContext } from "./support.js";

test("nothing to do: no product is a factor of another", () => {
  const t = build();
  const [x, w] = [t.input("x", 8, 4), t.param("w", 4, 6)];
  const graph = t.finish({
    y: t.contract("nc", { n: 8, d: 4, c: 6 }, [
      [x, "nd"],
      [w, "dc"],
    ]),
  });
  expect(growContractions.run(graph, testContext())).toBe(graph);
});

test("a product of products is one product; its parts stay for their names", () => {
  const t = build();
  const sizes = { n: 8, k: 5, d: 4, c: 6 };
  const [x, keys, wq] = [t.input("x", 8, 4), t.input("keys", 5, 6), t.param("wq", 4, 6)];
  const q = t.contract("nc", sizes, [
    [x, "nd"],
    [wq, "dc"],
  ]);
  const graph = t.finish({
    scores: t.contract("nk", sizes, [
      [q, "nc"],
      [keys, "kc"],
    ]),
  });
  const after = grown(graph);
  expect(after.nodes).toHaveLength(graph.nodes.length);
  const last = after.nodes.at(-1);
  expect(last?.op === "contract" && last.factors.map((u) => u.value)).toEqual([x, wq, keys]);
});

const grown = (graph: Graph): Graph => growContractions.run(graph, testContext());

test("conditions of a part come along", () => {
  const t = build();
  const sizes = { n: 6, m: 6, d: 3, c: 2 };
  const [x, w] = [t.input("x", 6, 3), t.param("w", 3, 2)];
  const prefix = t.contract("nd", sizes, [[x, "md"]], (ix) => ({
    args: [],
    body: call("le", indexValue(ix("m")), indexValue(ix("n"))),
  }));
  const graph = t.finish({
    y: t.contract("nc", sizes, [
      [prefix, "nd"],
      [w, "dc"],
    ]),
  });
  const after = grown(graph);
  expect(countOps(dropUnreachable(after))).toEqual({ contract: 1 });
  const { inputs, params } = randomValues(graph, 3);
  expectSameMeaning(graph, after, inputs, params);
});

test("strict keeps the products as they are written", () => {
  const t = build();
  const sizes = { n: 8, d: 4, c: 6, e: 3 };
  const [x, w, v] = [t.input("x", 8, 4), t.param("w", 4, 6), t.param("v", 6, 3)];
  const h = t.contract("nc", sizes, [
    [x, "nd"],
    [w, "dc"],
  ]);
  const graph = t.finish({
    y: t.contract("ne", sizes, [
      [h, "nc"],
      [v, "ce"],
    ]),
  });
  expect(growContractions.run(graph, testContext("strict"))).toBe(graph);
  const live = liveValues(grown(graph));
  expect(live.filter((l) => !l)).toHaveLength(1);
});

test("random graphs keep their meaning", () => {
  expectSoundOnRandomGraphs(growContractions.run, { idempotent: false });
});

test("with reassociate, random graphs keep their meaning and never cost more", () => {
  for (let seed = 1; seed <= 80; seed++) {
    const before = randomGraph(seed, { regions: false, symbolic: false });
    const { inputs, params } = randomValues(before, seed);
    const context = testContext("relaxed", { target: flopsTarget });
    const apart = reassociate.run(before, context);
    const together = reassociate.run(growContractions.run(before, context), context);
    expectSameMeaning(before, together, inputs, params);
    expect(multiplyAdds(together)).toBeLessThanOrEqual(multiplyAdds(apart) * (1 + 1e-9));
  }
});
