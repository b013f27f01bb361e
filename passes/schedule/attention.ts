import { attentionKernel } from "./attentionKernel.js";
import { formOf, matchedForm } from "./attentionShape.js";
import { type AttentionParams, attentionCost, attentionSpace, fitting, illegal, impossible } from "./attentionSpace.js";
import { widthOf } from "./contractionSpace.js";
import type { Schedule } from "./interface.js";
import { kernelScope } from "./kernelScope.js";
import { costOfMatch } from "./meter.js";

/**
 * A block of queries meets all keys in one kernel: scores, softmax and the weighted sum of values, with the query's
 * projection before and the output's behind where the region holds them. No scores ever reach memory that others see.
 * Few keys: the whole row of scores exists before its softmax, and nothing is rescaled. Many, or a number that is known
 * at run time only: keys go by in blocks, with a running maximum, sum and result of each row (Milakov and Gimelshein
 * 2018; Dao et al. 2022).
 */
export const attention: Schedule<AttentionParams> = {
  name: "attention",
  summary: "queries by rows against all keys, scores in private or shared memory",

  refuse(m, cx) {
    const node = cx.node(m.root);
    if (node.op !== "region") return `a ${node.op} is no region`;
    const form = formOf(node);
    if (form === undefined) return "its body is no attention";
    const why = impossible(form);
    if (why !== undefined) return why;
    return fitting(form, cx.target) ? undefined : "no tile of rows fits the machine's memory";
  },

  space: (m, cx) => attentionSpace(matchedForm(m, cx), cx.target),

  illegal: (m, p, cx) => illegal(matchedForm(m, cx), p, cx.target),

  estimate: (m, p, cx) => attentionCost(matchedForm(m, cx), p, cx.target),

  build(m, p, cx) {
    const k = kernelScope(m, cx);
    attentionKernel(k, m, matchedForm(m, cx), p, widthOf(cx.target));
    const { kernel, step } = k.finish(costOfMatch(cx, m));
    return { kernels: [kernel], temps: [], steps: [step] };
  },
};
