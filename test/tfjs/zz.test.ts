import { test } from "vitest";
import { graphOfFile, randomRun } from "../support/model.js";
import { expectRight, moduleOf } from "./run.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline } from "../../passes/pipelines.js";
import { testContext } from "../passes/support.js";
test("linformer", async () => {
  const graph = graphOfFile("examples/linformer.lf", { dims: new Map(Object.entries({ Depth: 1 })) });
  const cx = testContext();
  const t0 = performance.now();
  const opt = runPasses(graph, graphPipeline, cx);
  console.log("passes ms", performance.now() - t0);
  console.log(printGraph(graph).slice(0, 9000));
  console.log(printGraph(opt).slice(0, 9000));
  console.log(cx.remarks.map((r) => r.message).join("\n"));
  console.log(moduleOf(opt));
  const run = randomRun(graph) as never as { data: never; params: never; inputs: never };
  console.log(Object.keys(run));
  for (const d of ["cpu", "wasm"] as const) { const t = performance.now(); console.log(d, await expectRight(opt, run.inputs ?? run.data, run.params, d, graph), performance.now() - t); }
  const big = graphOfFile("examples/linformer.lf", { dims: new Map(Object.entries({ Depth: 12 })) });
  const t1 = performance.now();
  runPasses(big, graphPipeline, cx);
  console.log("12 layers: passes ms", performance.now() - t1, big.nodes.length);
});
