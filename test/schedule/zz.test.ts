import { test } from "vitest";
import { readdirSync } from "node:fs";
import { schedule } from "../../passes/schedule/schedule.js";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline } from "../../passes/pipelines.js";
import { graphOfFile } from "../support/model.js";
import { passContext, simt, kernelPasses } from "./support.js";
import { generic, swiftshader } from "../../src/cost/targets.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
test("x", () => {
  for (const dir of ["/work/shared/lf/good/", "/work/main/examples/"]) for (const f of readdirSync(dir)) {
    if (!f.endsWith(".lf")) continue;
    try {
      const g0 = graphOfFile(dir + f);
      for (const [name, target] of Object.entries({ generic, swiftshader })) {
        const cx = passContext(target);
        let t = performance.now();
        const g = runPasses(g0, graphPipeline, cx);
        const t1 = performance.now() - t; t = performance.now();
        const s = schedule(g, cx);
        const t2 = performance.now() - t; t = performance.now();
        const v1 = verifyProgram(s, target, ["schedule"]);
        const p = runPasses(s, kernelPasses, cx);
        const t3 = performance.now() - t;
        const v = verifyProgram(p, target, ["schedule", ...kernelPasses.map((x) => x.name)]);
        console.log(f, name, "nodes", g.nodes.length, "kernels", s.kernels.length, "steps", s.steps.length, "prepare", s.prepare.length, `graph ${t1 | 0} schedule ${t2 | 0} kernel ${t3 | 0} ms`, v1.slice(0, 3), v.slice(0, 3));
      }
    } catch (e) { console.log(f, String(e).slice(0, 300)); }
  }
}, 600000);
