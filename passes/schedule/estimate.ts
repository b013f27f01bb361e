import type { Graph } from "../../src/ir/graph/ops.js";
import type { PassContext } from "../pass.js";
import { resultOf } from "./interface.js";
import { noRefusals, planRegions } from "./regions.js";
import { buildContext, prepared, schedules } from "./schedule.js";
import { select } from "./select.js";

/** What a graph is estimated to take on a target, with the best schedule for each of its kernels. */
export interface GraphEstimate {
  readonly flops: number;
  readonly bytes: number;
  readonly dispatches: number;
  readonly seconds: number;
}

/** The kernels of a run; what is computed once at load is left out. */
export function estimateGraph(graph: Graph, pass: PassContext): GraphEstimate {
  const g = prepared(graph, pass);
  const plan = planRegions(g);
  const cx = buildContext(g, plan, noRefusals, pass);
  let total: GraphEstimate = { flops: 0, bytes: 0, dispatches: 0, seconds: 0 };
  for (const m of plan.matches) {
    if (plan.constant.has(resultOf(m))) continue;
    const { chosen } = select(m, cx, schedules, undefined, cx.label(m), 0).decision;
    total = {
      flops: total.flops + chosen.flops,
      bytes: total.bytes + chosen.bytes,
      dispatches: total.dispatches + chosen.dispatches,
      seconds: total.seconds + chosen.seconds,
    };
  }
  return total;
}
