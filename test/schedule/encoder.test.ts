import { expect, test } from "vitest";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline } from "../../passes/pipelines.js";
import { evalDim, symbolDim } from "../../src/ir/dim.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import type { Program } from "../../src/ir/program/program.js";
import { type EncoderSizes, encoder } from "./encoder.js";
import { agree, passContext, randoms, tensor } from "./support.js";

const small: EncoderSizes = {
  batch: 2,
  seq: 12,
  model: 16,
  heads: 4,
  proj: 8,
  ffn: 32,
  layers: 2,
  vocab: 11,
  maxSeq: 16,
  masked: false,
};

/** Weights of the size that trained ones have: products of ones would only measure rounding. */
function values(
  g: Graph,
  sizes: ReadonlyMap<string, number> = new Map(),
): Readonly<Record<string, ReturnType<typeof tensor>>> {
  const found: Record<string, ReturnType<typeof tensor>> = {};
  g.nodes.forEach((node, v) => {
    const r = randoms(v + 5);
    if (node.op === "param") {
      const shape = node.type.shape.map((d) => evalDim(d, sizes));
      const fan = shape.length > 1 ? shape.slice(0, -1).reduce((p, d) => p * d, 1) : 1;
      const gain = /g\d$/.test(node.path) ? 1 : 0;
      found[node.path] = tensor(shape, "f32", () => gain + r() / Math.sqrt(fan));
    }
    if (node.op === "input") {
      const shape = node.type.shape.map((d) => evalDim(d, sizes));
      if (node.name === "tokens") found.tokens = tensor(shape, "i32", () => Math.floor((r() + 1) * 5.5));
      else found[node.name] = tensor(shape, "bool", () => r() + 0.5);
    }
  });
  return found;
}

const dispatches = (p: Program): number => p.steps.length;

test("a Linformer encoder, as written", async () => {
  const g = encoder(small);
  const program = await agree(g, { values: values(g), relL2: 1e-5 });
  expect(program.kernels.length).toBeLessThan(dispatches(program));
});

test("an optimised encoder", async () => {
  const g = runPasses(encoder(small), graphPipeline, passContext());
  await agree(g, { values: values(g), relL2: 1e-5 });
});

test("with a padding mask and run-time sizes", async () => {
  const sizes = { Batch: 3, Seq: 7 };
  const g = encoder({
    ...small,
    layers: 1,
    batch: symbolDim("Batch", 1, 8),
    seq: symbolDim("Seq", 1, 16),
    masked: true,
  });
  const v = values(g, new Map(Object.entries(sizes)));
  await agree(g, { values: v, sizes, relL2: 1e-5 });
  await agree(runPasses(g, graphPipeline, passContext()), { values: v, sizes, relL2: 1e-5 });
});

test("useful operations are those of the graph", async () => {
  const g = encoder(small);
  const program = await agree(g, { values: values(g), relL2: 1e-5 });
  const total = [...program.prepare, ...program.steps].reduce(
    (sum, s) => sum + (s.step === "dispatch" ? evalDim(s.flops, new Map()) : 0),
    0,
  );
  const v = values(g);
  const inputs = { tokens: v.tokens ?? tensor([1]) };
  expect(total).toBe(interpret(g, inputs, new Map(Object.entries(v))).counts.total);
});
