import { describe, expect, test } from "vitest";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline } from "../../passes/pipelines.js";
import { schedule } from "../../passes/schedule/schedule.js";
import type { PassContext } from "../../src/backend/backend.js";
import { type Decision, emptyPlan } from "../../src/cost/plan.js";
import type { Target } from "../../src/cost/target.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { graphOfText } from "../support/model.js";
import { modelNamed, models } from "./attentionModels.js";
import { agree, cpu, passContext, simt } from "./support.js";

/** Every subject has this strategy. */
const always = (strategy: string): Readonly<Record<string, string>> => new Proxy({}, { get: () => strategy });

/** The graph with every attention computed by one strategy, and what was decided. */
function fused(g: Graph, strategy: string, target: Target): { graph: Graph; decisions: readonly Decision[] } {
  const decisions: Decision[] = [];
  const cx: PassContext = {
    ...passContext(target),
    strategies: new Set(["attention"]),
    // products in the order written: which other there is to fuse does not depend on a machine
    fp: "strict",
    plan: { ...emptyPlan, strategies: always(strategy) },
    remark: ({ decision }) => {
      if (decision?.kind === "strategy") decisions.push(decision);
    },
  };
  const graph = runPasses(g, graphPipeline, cx);
  expect(verifyGraph(graph)).toEqual([]);
  return { graph, decisions };
}

const strategies = ["fused", "streaming", "folded", "fuseQ", "fuseO", "fuseQ+fuseO"];

describe("every strategy in turn, checked", () => {
  test.each(models)("$name", async ({ text, sizes = [{}], legal }) => {
    const source = graphOfText(text);
    const taken: string[] = [];
    for (const strategy of strategies) {
      const { graph, decisions } = fused(source, strategy, simt);
      expect(decisions.length).toBeGreaterThan(0);
      if (!decisions.every((d) => d.pinned)) continue;
      taken.push(strategy);
      for (const s of sizes) {
        const program = await agree(graph, { target: simt, sizes: s, mayBeUndecided: true });
        expect(program.kernels.some((k) => k.name.includes("attention"))).toBe(true);
      }
    }
    expect(taken).toEqual(legal);
  });
});

test.each(["fused", "fuseQ+fuseO"])("one thread a row of tiles: %s", async (strategy) => {
  const { graph } = fused(graphOfText(modelNamed("odd sizes everywhere").text), strategy, cpu);
  await agree(graph, { target: cpu, lowered: false });
});

describe("rows shared by the invocations of a workgroup, through its memory", () => {
  const shared = [
    { regRows: 2, regCols: 1, laneRows: 2, laneCols: 4 },
    { regRows: 1, regCols: 2, laneRows: 4, laneCols: 2 },
  ];
  test.each([
    ["odd sizes everywhere", "fused", 0],
    ["odd sizes everywhere", "fuseQ+fuseO", 0],
    ["odd sizes everywhere", "streaming", 16],
    ["causal standard attention", "streaming", 16],
    ["folded: no queries and no outputs of heads", "folded", 0],
  ] as const)("%s, %s", async (name, strategy, keyBlock) => {
    const { text, sizes = [{}] } = modelNamed(name);
    const { graph } = fused(graphOfText(text), strategy, simt);
    const { steps } = schedule(graph, passContext(simt));
    const label = steps.flatMap((s) => ("label" in s && s.label.endsWith("(attention)") ? [s.label] : []))[0] ?? "";
    for (const tile of shared) {
      const program = await agree(graph, {
        target: simt,
        sizes: sizes.at(-1) ?? {},
        tiles: { [label]: { ...tile, keyBlock } },
      });
      const kernel = program.kernels.find((k) => k.name.includes("attention"));
      expect(kernel?.local).toEqual([tile.laneCols, tile.laneRows, 1]);
      expect(kernel?.buffers.some((b) => b.space === "shared")).toBe(true);
    }
  });
});
