import { expect, test } from "vitest";
import { graphDTypes } from "../../src/ir/graph/dtypes.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { agreesOn } from "./support.js";

test("random graphs: run-time sizes, gathers, conditions, regions", async () => {
  let ran = 0;
  let elements = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const graph = randomGraph(seed);
    if (graphDTypes(graph).has("u32")) continue;
    ran++;
    const { inputs, params } = randomValues(graph, seed);
    elements += await agreesOn(graph, inputs, params);
  }
  expect(ran).toBeGreaterThan(40);
  expect(elements).toBeGreaterThan(1000);
});
