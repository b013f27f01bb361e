import { describe, expect, test } from "vitest";
import { planWork } from "../../src/bench/kernels.js";
import { standardOf } from "../../src/bench/standard.js";
import { textbookOf } from "../../src/bench/textbook.js";
import { runReference } from "../../src/driver/machine.js";
import { constValue } from "../../src/ir/dim.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import { graphOfFile, graphOfText, lowerFor, randomRun, unwrap } from "../support/model.js";

const standard = (graph: Graph): Graph => {
  const made = unwrap(standardOf(graph));
  expect(verifyGraph(made, "elaborated")).toEqual([]);
  return made;
};

const softmaxes = (graph: Graph): readonly (number | undefined)[] =>
  graph.nodes.flatMap((n) =>
    n.op === "softmax" ? [constValue(n.type.shape[n.axis] ?? { op: "const", value: 0 })] : [],
  );

const dims = new Map([
  ["Seq", 12],
  ["Model", 8],
  ["Head", 4],
]);

test("a Linformer head without its projections is the standard head, number by number", () => {
  const linformer = graphOfFile("examples/linformer_head.lf", { dims });
  const written = graphOfFile("examples/attention_head.lf", { dims });
  const { inputs, params } = randomRun(linformer);
  const made = runReference(standard(linformer), inputs, params);
  const wanted = runReference(written, inputs, randomRun(written).params);
  expect(made.o?.value ?? made.output?.value).toEqual(wanted.o?.value ?? wanted.output?.value);
});

test("slots that are rows become the rows themselves", () => {
  const graph = graphOfFile("examples/first.lf", {
    dims: new Map([
      ["Seq", 10],
      ["Model", 4],
    ]),
  });
  const made = standard(graph);
  const by = graphOfText(`lf 1
    model First(x: f32[10, 4]) -> f32[10, 4] {
      let p[n, k] = softmax[k] (sum[d] x[n, d] * x[k, d]) / sqrt(4)
      let y[n, d] = x[n, d] + sum[k] p[n, k] * x[k, d]
      return y
    }`);
  const { inputs, params } = randomRun(graph);
  const [[, a] = []] = Object.entries(runReference(made, inputs, params));
  const [[, b] = []] = Object.entries(runReference(by, inputs, new Map()));
  expect([...(a?.value ?? [])].every((x, i) => Math.abs(x - (b?.value[i] ?? Number.NaN)) < 1e-12)).toBe(true);
});

describe("whole models", () => {
  test("every layer of an encoder attends to all rows", () => {
    const graph = graphOfFile("examples/linformer.lf", {
      dims: new Map([
        ["Seq", 48],
        ["Depth", 2],
      ]),
    });
    expect(softmaxes(graph)).toEqual([64, 64]);
    expect(softmaxes(standard(graph))).toEqual([48, 48]);
  });

  test("a run-time length stays one", () => {
    const graph = graphOfText(`lf 1
      dim Seq = ? in 4..32
      model M(x: f32[Seq, 4]) -> f32[Seq, 4] {
        param E: f32[3, 32]
        let e = E[:, 0..Seq]
        let k[j, d] = sum[m] e[j, m] * x[m, d]
        let p[n, j] = softmax[j] sum[d] x[n, d] * k[j, d]
        let y[n, d] = sum[j] p[n, j] * k[j, d]
        return y
      }`);
    const made = standard(graph);
    const sizes = new Map([["Seq", 8]]);
    const { inputs, params } = randomRun(graph, 1, sizes);
    const [[, y] = []] = Object.entries(runReference(made, inputs, params));
    expect(y?.shape).toEqual([8, 4]);
    const softmax = made.nodes.find((n) => n.op === "softmax");
    expect(softmax?.type.shape[1]).toMatchObject({ op: "symbol", name: "Seq" });
  });

  test("a masked projection becomes masked rows", () => {
    const graph = graphOfText(`lf 1
      model M(x: f32[6, 4], keep: bool[6]) -> f32[6, 4] {
        param e: f32[3, 6]
        let k[j, d] = sum[m where keep[m]] e[j, m] * x[m, d]
        let p[n, j] = softmax[j] sum[d] x[n, d] * k[j, d]
        let y[n, d] = sum[j] p[n, j] * k[j, d]
        return y
      }`);
    expect(softmaxes(standard(graph))).toEqual([6]);
  });
});

describe("the textbook order", () => {
  const costs = async (graph: Graph): Promise<number> =>
    planWork((await lowerFor(graph, "js", { fp: "strict" })).program as Program, new Map()).flops;

  test("projects last, and means the same", async () => {
    const sizes = new Map([...dims, ["Seq", 64], ["Proj", 4]]);
    const linformer = graphOfFile("examples/linformer_head.lf", { dims: sizes });
    const made = textbookOf(linformer);
    expect(verifyGraph(made, "elaborated")).toEqual([]);
    const { inputs, params } = randomRun(linformer);
    const [[, a] = []] = Object.entries(runReference(linformer, inputs, params));
    const [[, b] = []] = Object.entries(runReference(made, inputs, params));
    expect(Math.max(...[...(a?.value ?? [1])].map((x, i) => Math.abs(x - (b?.value[i] ?? 9))))).toBeLessThan(1e-12);
    // keys and values: 2·n·d·c + 2·k·n·c each, against 2·k·n·d + 2·k·d·c as written
    const [n, d, c, k] = [64, 8, 4, 4];
    const less = 2 * (2 * n * d * c + 2 * k * n * c - (2 * k * n * d + 2 * k * d * c));
    expect((await costs(made)) - (await costs(linformer))).toBe(less);
  });

  test("a masked projection stays masked", () => {
    const graph = graphOfText(`lf 1
      model M(x: f32[6, 4], keep: bool[6]) -> f32[3, 6] {
        param e: f32[3, 6]
        param w: f32[4, 5]
        let k[j, c] = sum[m where keep[m], d] e[j, m] * x[m, d] * w[d, c]
        let p[j, n] = softmax[j] sum[c] k[j, c] * k[j, c] * x[n, 0]
        return p
      }`);
    const made = textbookOf(graph);
    expect(made.nodes.length).toBeGreaterThan(graph.nodes.length);
    const { inputs, params } = randomRun(graph);
    const [[, a] = []] = Object.entries(runReference(graph, inputs, params));
    const [[, b] = []] = Object.entries(runReference(made, inputs, params));
    expect(Math.max(...[...(a?.value ?? [1])].map((x, i) => Math.abs(x - (b?.value[i] ?? 9))))).toBeLessThan(1e-12);
  });

  test("of a model without projections is the model", () => {
    const graph = graphOfFile("examples/attention_head.lf");
    expect(textbookOf(graph)).toBe(graph);
  });
});

describe("what cannot be undone is said", () => {
  test.each([
    ["standard already", "examples/attention_head.lf", undefined, /no softmax runs over slots/],
    [
      "slots that an input speaks of",
      undefined,
      `lf 1
      model M(x: f32[6, 4], live: bool[3]) -> f32[6, 4] {
        param e: f32[3, 6]
        let k[j, d] = sum[m] e[j, m] * x[m, d]
        let p[n, j] = softmax[j where live[j]] sum[d] x[n, d] * k[j, d]
        let y[n, d] = sum[j] p[n, j] * k[j, d]
        return y
      }`,
      /no softmax runs over slots/,
    ],
    [
      "a parameter for each slot",
      undefined,
      `lf 1
      model M(x: f32[6, 4]) -> f32[6, 4] {
        param e: f32[3, 6]
        param bias: f32[3]
        let k[j, d] = sum[m] e[j, m] * x[m, d]
        let p[n, j] = softmax[j] (bias[j] + sum[d] x[n, d] * k[j, d])
        let y[n, d] = sum[j] p[n, j] * k[j, d]
        return y
      }`,
      /a parameter has a value for each slot/,
    ],
  ])("%s", (_, path, text, why) => {
    const made = standardOf(path === undefined ? graphOfText(text ?? "") : graphOfFile(path));
    expect(made.ok).toBe(false);
    if (!made.ok) {
      expect(made.error.code).toBe("LF0430");
      expect(made.error.message).toMatch(why);
    }
  });
});
