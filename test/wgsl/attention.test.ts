import { expect, test } from "vitest";
import { emptyPlan } from "../../src/cost/plan.js";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { modelNamed } from "../schedule/attentionModels.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, lowerFor, randomRun, runOn } from "../support/model.js";

const device = testDevice();

test.each([
  ["odd sizes everywhere", "fuseQ+fuseO", "swiftshader"],
  ["odd sizes everywhere", "fused", "generic"],
  ["causal standard attention", "streaming", "swiftshader"],
  ["one key head for all, a batch, rows that see nothing", "fused", "generic"],
] as const)("WGSL: %s, %s, tiles for %s", async (name, strategy, profile) => {
  const { text, sizes = [{}] } = modelNamed(name);
  const graph = graphOfText(text);
  const options = {
    fp: "strict",
    plan: { ...emptyPlan, strategies: new Proxy({}, { get: () => strategy }) },
    backendOptions: { profile },
  } as const;
  const { artifact } = await lowerFor(graph, "wgsl", options);
  expect(artifact.files.some((f) => f.path.includes("attention"))).toBe(true);
  const { inputs, params } = randomRun(graph, 3, new Map(Object.entries(sizes.at(-1) ?? {})));
  const actual = await runOn(graph, "wgsl", inputs, params, await device(), options);
  for (const [output, reference] of Object.entries(runReference(graph, inputs, params))) {
    const got = actual[output];
    if (got === undefined) throw new Error(`there is no ${output}`);
    expect(compareToReference(reference, got), output).toMatchObject({ passed: true });
  }
});
