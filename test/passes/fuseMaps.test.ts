import { expect, test } from "vitest";
import { fuseMaps } from "../../passes/graph/fuseMaps.js";
import { call } from "../../src/ir/graph/scalars.js";
import { expectSoundOnRandomGraphs } from "./meaning.js";
import { build, testContext, x } from "./support.js";

test("nothing to do: one map", () => {
  const t = build();
  const a = t.input("a", 4, 3);
  const graph = t.finish({ y: t.map("ij", { i: 4, j: 3 }, [[a, "ij"]], call("exp", x(0))) });
  expect(fuseMaps.run(graph, testContext())).toBe(graph);
});

test("random graphs keep their meaning", () => {
  expectSoundOnRandomGraphs(fuseMaps.run);
});
