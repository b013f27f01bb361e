import { describe, expect, test } from "vitest";
import { reassociate } from "../../passes/graph/reassociate.js";
import type { Target } from "../../src/cost/target.js";
import { targets } from "../../src/cost/targets.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { leastCost } from "./bruteForce.js";
import { graphOfLayer, layer, type Point, type Sharing } from "./layer.js";
import { flopsTarget, testContext } from "./support.js";

/** Seconds and flops of the contractions of an ordered graph at run time, counted from the graph itself. */
function costOfGraph(graph: Graph, target: Target): { readonly seconds: number; readonly flops: number } {
  const weights = new Set<number>();
  let seconds = 0;
  let flops = 0;
  const elements = (v: number): number =>
    (graph.nodes[v]?.type.shape ?? []).reduce((n, dim) => n * (dim.op === "const" ? dim.value : Number.NaN), 1);
  graph.nodes.forEach((node, v) => {
    if (node.op === "param") weights.add(v);
    if (node.op !== "contract") return;
    const reads = [...node.factors, ...(node.where?.args ?? [])].map((u) => u.value);
    if (reads.every((r) => weights.has(r))) {
      weights.add(v);
      return;
    }
    const own = node.factors.length * node.extents.reduce((n, dim) => n * (dim.op === "const" ? dim.value : 1), 1);
    const bytes = 4 * [v, ...reads].reduce((sum, r) => sum + elements(r), 0);
    flops += own;
    seconds += Math.max(own / target.peak.flops, bytes / target.peak.bandwidth) + target.peak.dispatch;
  });
  return { seconds, flops };
}

/**
 * Both sides of the crossovers of the algebra: k(eh - 2) + 2kd/n = 2d where each head has its own E (k = 73 with two,
 * 170 with one, at 512 / 8), k(h - 1) = d where wq and wo are taken into keys and values, and n about k.
 */
const shapes: readonly Omit<Point, "sharing" | "mask">[] = [
  ...[32, 64, 72, 74, 128, 169, 172, 256].map((k) => ({ n: 4096, k, d: 512, h: 8 })),
  ...[64, 128, 256].map((k) => ({ n: 2048, k, d: 512, h: 4 })),
  ...[32, 128].map((k) => ({ n: 2048, k, d: 512, h: 1 })),
  ...[16, 32, 64, 128].map((k) => ({ n: 64, k, d: 64, h: 2 })),
  { n: 8, k: 4, d: 8, h: 2 },
];
const sharings: readonly Sharing[] = ["none", "heads' own, E = F", "headwise", "key-value"];

describe("the least cost of all orders, found by trying all", () => {
  const { generic, swiftshader } = targets;
  test.each([
    ["a machine on which arithmetic is all that costs", flopsTarget],
    ["the generic target", generic],
    ["swiftshader", swiftshader],
  ] as const)("on %s", (_, target) => {
    expect(target).toBeDefined();
    if (target === undefined) return;
    for (const shape of shapes)
      for (const sharing of sharings) {
        // a mask changes what may be summed early, not the sizes: half of the points have one
        const point = { ...shape, sharing, mask: (shape.k + sharings.indexOf(sharing)) % 2 === 0 };
        const problem = layer(point);
        const least = leastCost(problem.problems, problem.sizes, target.peak);
        const after = reassociate.run(graphOfLayer(problem), testContext("relaxed", { target }));
        const found = costOfGraph(after, target);
        expect(found.seconds / least.seconds, JSON.stringify(point)).toBeCloseTo(1, 9);
      }
  });
});
