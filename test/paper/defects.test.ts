import { describe, expect, test } from "vitest";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { checkSource } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { initialParameters, paramNodes } from "../../src/driver/parameters.js";
import { allocate, type TensorData } from "../../src/ir/dtype.js";
import { graphOfFile, graphOfText, randomRun } from "../support/model.js";
import { machineFor, rowBits, withRows } from "./machines.js";
import { variants } from "./variants.js";

/**
 * What is wrong in known implementations of Linformer: for each fault a test that shows it cannot happen here, or is
 * refused. Two have files of their own: padding that is not masked (masks.test.ts) and the triangle over the slots that
 * leaks (causal.test.ts).
 */
const dimsOf = (file: string): ReadonlyMap<string, number> =>
  new Map(Object.entries(variants.find((v) => v.file === file)?.dims ?? {}));
const variant = (file: string, model: string) =>
  graphOfFile(`examples/paper/${file}.lf`, { model, dims: dimsOf(file) });

const messages = (text: string): string =>
  renderDiagnostics(checkSource({ path: "test.lf", text }).diagnostics, { color: false });

describe("a parameter that is made and never used", () => {
  test.each(["None", "Headwise", "KeyValue", "Layerwise", "HeadsAcrossLayers", "TiedValues", "MultiQuery"])(
    "%s: every parameter counts, and there is no bias that nobody asked for",
    (model) => {
      const graph = variant("sharing", model);
      const { inputs, params } = randomRun(graph, 1, new Map([["Seq", 5]]));
      const keep = { ...(inputs.keep as TensorData), data: new Uint32Array(5).fill(1) }; // the model has keep
      const values = (changed: ReadonlyMap<string, TensorData>) =>
        runReference(graph, { ...inputs, keep }, changed).output?.value;
      const before = values(params);
      for (const [path, tensor] of params) {
        expect(path).not.toMatch(/bias/);
        const other = allocate(tensor.dtype, tensor.data.length);
        tensor.data.forEach((v, i) => {
          other[i] = 1.5 * v + 0.1;
        });
        expect(values(new Map([...params, [path, { ...tensor, data: other }]])), path).not.toEqual(before);
      }
    },
  );

  test("layerwise has one matrix in the whole model", () => {
    const graph = graphOfFile("examples/paper/sharing.lf", { model: "Layerwise", dims: new Map([["Depth", 3]]) });
    const paths = paramNodes(graph).map((p) => p.path);
    expect(paths.filter((p) => /(^|\.)[EF]$/.test(p))).toEqual(["E"]);
    expect(paths).toHaveLength(1 + 3 * 4);
  });

  test("the other modes have as many as the paper says: 2 L H, 2 L and L", () => {
    const count = (model: string): number =>
      paramNodes(graphOfFile("examples/paper/sharing.lf", { model, dims: new Map([["Depth", 3]]) }))
        .filter((p) => /(^|\.)[EF]$/.test(p.path))
        // one for each head, where there is an axis for the heads
        .reduce((n, p) => n + (p.type.shape.length === 3 ? 8 : 1), 0);
    expect([count("None"), count("Headwise"), count("KeyValue"), count("HeadsAcrossLayers")]).toEqual([48, 6, 3, 8]);
  });
});

describe("masks of cross attention that are swapped", () => {
  const cross = (query: string, memory: string): string => `lf 1
import "std/attention.lf" (LinformerGroups)
dim Dst  = ? in 1..8
dim Src  = ? in 1..8
dim Proj = 4
model Cross(x: f32[Dst, 6], memory: f32[Src, 6], ours: bool[Dst], theirs: bool[Src]) -> f32[Dst, 6] {
  param e: f32[Proj, 8]
  param cross: LinformerGroups
  return cross(${query}, ${memory}, e[:, 0..Src], e[:, 0..Src], MASK, 2, 2, 3)
}`;

  test("are a type error, even where the lengths may be equal", () => {
    expect(messages(cross("x", "memory").replace("MASK", "theirs"))).toBe("");
    const said = messages(cross("x", "memory").replace("MASK", "ours"));
    expect(said).toMatch(/error LF\d{4}/);
    expect(said).toMatch(/Dst/);
    expect(said).toMatch(/Src/);
  });
});

test("a decoder that is not given its masks: what padded source rows hold changes no target row", async () => {
  const graph = variant("models", "Translation");
  const { inputs, params } = randomRun(graph, 2, new Map(Object.entries({ Seq: 9, Target: 4 })));
  const keep: TensorData = {
    dtype: "bool",
    shape: [9],
    data: Uint32Array.from({ length: 9 }, (_, n) => (n < 6 ? 1 : 0)),
  };
  const source = inputs.source as TensorData; // the model has a source
  const machine = await machineFor(graph, "js", params, () => Promise.reject(new Error("js needs no device")));
  const run = async (value: number, mask = keep) => {
    const changed = {
      ...inputs,
      keep: mask,
      source: withRows(
        source,
        (n) => n >= 6,
        () => value,
      ),
    };
    return (await machine.run(changed)).logits;
  };
  const before = rowBits(await run(3), 0, 4);
  expect(rowBits(await run(11), 0, 4)).toEqual(before);
  const all = { ...keep, data: new Uint32Array(9).fill(1) };
  expect(rowBits(await run(3, all), 0, 4)).not.toEqual(before);
  machine.dispose();
});

describe("a fixed random projection", () => {
  const k = 64;
  const graph = graphOfFile("examples/paper/projections.lf", {
    model: "FixedRandom",
    dims: new Map(Object.entries({ Seq: 512, Proj: k, Model: 4 })),
  });
  const path = "random.matrix";
  const matrix = (seed: number): TensorData => initialParameters(graph, seed).get(path) as TensorData; // the model has it

  test("has the deviation of the theorems, 1/√k and not 1/k", () => {
    const { data } = matrix(1);
    const deviation = Math.sqrt([...data].reduce((sum, v) => sum + v * v, 0) / data.length);
    expect(deviation).toBeCloseTo(1 / Math.sqrt(k), 3);
  });

  test("is made again from its seed, is left out of training, and is stored with the weights", () => {
    expect(matrix(1).data).toEqual(matrix(1).data);
    expect(matrix(1).data).not.toEqual(matrix(2).data);
    expect(paramNodes(graph).map((p) => [p.path, p.fixed])).toEqual([[path, true]]);
  });
});

describe("a convolution whose stride does not divide the length", () => {
  test("is refused with the two numbers: it would have more slots than asked for", () => {
    const conv = (n: number, k: number): string => `lf 1
import "std/projection.lf" (ConvFull)
dim Seq  = ${n}
dim Proj = ${k}
model Conv(x: f32[Seq, 3], keep: bool[Seq]) -> f32[Proj, 3] {
  param conv: ConvFull
  return conv(x, keep, Proj)
}`;
    expect(messages(conv(12, 4))).toBe("");
    const said = messages(conv(13, 4));
    expect(said).toMatch(/error LF\d{4}/);
    expect(said).toMatch(/whole/);
    expect(said).toMatch(/13/);
  });
});

test("key-value sharing shares the projection and not the values: ties are a mode of their own", () => {
  const names = (model: string) => new Set(paramNodes(variant("sharing", model)).map((p) => p.path.split(".").at(-1)));
  expect(names("KeyValue")).toEqual(new Set(["wq", "wk", "wv", "wo", "E"]));
  expect(names("TiedValues")).toEqual(new Set(["wq", "w", "wo", "E"]));
});

test("a shorter text cuts a convolution's windows, never its channels", () => {
  const graph = graphOfText(`lf 1
import "std/pooling.lf" (conv_pool_full)
dim Seq = ? in 4..12 step 4
model Conv(x: f32[Seq, 3], keep: bool[Seq]) -> f32[Seq / 4, 3] {
  param taps: f32[3, 3, 4]
  param bias: f32[3] = normal(1)
  return conv_pool_full(x, taps, bias, keep)
}`);
  const params = initialParameters(graph, 3);
  const run = (rows: number) => {
    const data = Float32Array.from({ length: 3 * rows }, (_, i) => Math.sin(i));
    const keep = { dtype: "bool", shape: [rows], data: new Uint32Array(rows).fill(1) } as const;
    return runReference(graph, { x: { dtype: "f32", shape: [rows, 3], data }, keep }, params).output;
  };
  expect(run(8)?.shape).toEqual([2, 3]);
  expect(run(8)?.value).toEqual(run(12)?.value.slice(0, 6));
});

describe("an input longer than the projections", () => {
  test("is refused where the range is declared too wide", () => {
    const said = messages(`lf 1
import "std/projection.lf" (project)
dim Seq    = ? in 1..20
dim MaxSeq = 16
model Long(x: f32[Seq, 3], keep: bool[Seq]) -> f32[4, 3] {
  param e: f32[4, MaxSeq]
  return project(e[:, 0..Seq], x, keep)
}`);
    expect(said).toMatch(/error LF0262: the slice goes beyond the end of the axis of `e`/);
    expect(said).toMatch(/Seq can be 20; the axis has MaxSeq = 16/);
  });
});
