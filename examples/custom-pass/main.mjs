// A graph pass of one's own, put into the pipeline: every gelu becomes its tanh approximation, which is cheaper.
// After `npm run build` in the folder of lfc: node examples/custom-pass/main.mjs
import { compileText } from "lfc";
import { noLoc, printGraph, rewrite, rewriteScalar, verifyGraph } from "lfc/ir";

/** @type {import("lfc/ir").Pass<import("lfc/ir").Graph>} */
const cheapGelu = {
  name: "cheapGelu",
  summary: "gelu(x) is replaced by gelu_tanh(x)",
  run(graph, cx) {
    // Each rule says on which op it works, and gives the value that stands for a node, or nothing where it does not apply.
    return rewrite(graph, [
      {
        name: "gelu",
        on: "map",
        apply({ type, ...map }, _view, builder) {
          const body = rewriteScalar(map.body, {
            part: (e) => (e.e === "call" && e.fn === "gelu" ? { ...e, fn: "gelu_tanh" } : e),
          });
          if (body === map.body) return undefined;
          cx.remark({ pass: "cheapGelu", loc: noLoc, message: `a gelu of rank ${type.shape.length} is approximated` });
          return builder.add({ ...map, body }, noLoc);
        },
      },
    ]);
  },
};

const source = `lf 1
model FeedForward(x: f32[8, 16]) -> f32[8, 16] {
  param w1: f32[16, 64]
  param w2: f32[64, 16]
  let hidden[n, j] = gelu(sum[d] x[n, d] * w1[d, j])
  let y[n, o]      = sum[j] hidden[n, j] * w2[j, o]
  return y
}
`;

// Before the contractions are ordered; a pass may also come after `fuseMaps`, or any other one of the pipeline.
const { graph, remarks } = await compileText(source, {
  backend: "wgsl",
  extraPasses: [{ after: "growContractions", pass: cheapGelu }],
});
const mistakes = verifyGraph(graph);
if (mistakes.length > 0) throw new Error(mistakes.join("\n"));
console.log(printGraph(graph));
for (const { pass, message } of remarks) if (pass === cheapGelu.name) console.log(`${pass}: ${message}`);
