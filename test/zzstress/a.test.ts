import { expect, test } from "vitest";
import { simplify } from "../../passes/graph/simplify.js";
import { fuseMaps } from "../../passes/graph/fuseMaps.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { growContractions } from "../../passes/graph/growContractions.js";
import { expectSoundOnRandomGraphs, expectSameMeaning, multiplyAdds } from "../passes/meaning.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { testContext } from "../passes/support.js";
import { devices, expectRight, optimised } from "../tfjs/run.js";
const N = 1500;
for (const opt of [{ nodes: 6 }, { nodes: 14, decisions: false }, { half: true }]) {
  test("simplify" + JSON.stringify(opt), () => expectSoundOnRandomGraphs(simplify.run, { ...opt, rounding: 0.5, runs: N }), 600000);
  test("fuse" + JSON.stringify(opt), () => expectSoundOnRandomGraphs(fuseMaps.run, { ...opt, runs: N }), 600000);
  test("reassoc" + JSON.stringify(opt), () => expectSoundOnRandomGraphs(reassociate.run, { ...opt, phase: "reassociated", runs: N }), 600000);
  test("grow" + JSON.stringify(opt), () => {
    for (let seed = 5000; seed <= 5000 + N; seed++) {
      const before = randomGraph(seed, { ...opt, regions: false, symbolic: false });
      const { inputs, params } = randomValues(before, seed);
      const c = testContext();
      const apart = reassociate.run(before, c), together = reassociate.run(growContractions.run(before, c), c);
      expectSameMeaning(before, together, inputs, params);
      if (!(multiplyAdds(together) <= multiplyAdds(apart) * (1 + 1e-9))) console.log("dearer", JSON.stringify(opt), seed, multiplyAdds(apart), multiplyAdds(together));
    }
  }, 600000);
}
test.each(devices)("tfjs %s", async (device) => {
  for (let seed = 2000; seed <= 2600; seed++) {
    const graph = randomGraph(seed, { nodes: 12 });
    const { inputs, params } = randomValues(graph, seed);
    for (const form of [graph, optimised(graph)]) await expectRight(form, inputs, params, device, graph);
  }
}, 900000);
