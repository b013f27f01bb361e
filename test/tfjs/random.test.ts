import { expect, test } from "vitest";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { devices, expectRight, optimised } from "./run.js";

test.each(devices)("random graphs as written and optimised, on %s", async (device) => {
  let undecided = 0;
  let elements = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const graph = randomGraph(seed);
    const { inputs, params } = randomValues(graph, seed);
    for (const form of [graph, optimised(graph)]) {
      const counts = await expectRight(form, inputs, params, device, graph);
      undecided += counts.undecided;
      elements += counts.elements;
    }
  }
  expect(undecided / elements).toBeLessThan(0.05);
});
