import { expect, test } from "vitest";
import wgsl from "../../backends/wgsl/index.js";
import { lower } from "../../src/driver/compile.js";
import { dimRange } from "../../src/ir/dim.js";
import { dispatchesOf, sharedBytes } from "../../src/ir/kernel/verify.js";
import { cases } from "../numeric/cases.js";
import { graphOfFile, unwrap } from "../support/model.js";

/**
 * What every adapter grants (WebGPU, "Limits"), written down here and not taken from a target: the text of a model runs
 * wherever WebGPU does, at the sizes that its author wrote.
 */
const granted = { sharedBytes: 16384, invocations: 256, sides: [256, 256, 64], buffers: 8, groups: 65535 } as const;

const examples = ["attention_head", "elementwise", "encoder", "first", "linformer", "linformer_head"].map((name) => ({
  file: `examples/${name}.lf`,
}));
/** One layer: the others have its kernels. */
const corpus = cases.flatMap(({ file, models, dims }) =>
  models.map((model) => ({
    file: `test/corpus/good/${file}.lf`,
    model,
    ...(dims?.Depth !== undefined && { dims: new Map([["Depth", 1]]) }),
  })),
);

test.each([...examples, ...corpus])("$file $model stays within WebGPU's default limits", ({ file, ...options }) => {
  const graph = graphOfFile(file, options);
  const { program } = unwrap(lower(graph, wgsl, { backendOptions: { f16: true } }));
  if (program === undefined) throw new Error("wgsl consumes kernels");
  for (const k of program.kernels) {
    expect(sharedBytes(k)).toBeLessThanOrEqual(granted.sharedBytes);
    expect(k.local[0] * k.local[1] * k.local[2]).toBeLessThanOrEqual(granted.invocations);
    for (const [axis, n] of k.local.entries()) expect(n).toBeLessThanOrEqual(granted.sides[axis] ?? 0);
    expect(k.buffers.filter((b) => b.space === "global").length).toBeLessThanOrEqual(granted.buffers);
  }
  for (const d of dispatchesOf([...program.prepare, ...program.steps]))
    for (const g of d.grid) expect(dimRange(g).hi).toBeLessThanOrEqual(granted.groups);
});
