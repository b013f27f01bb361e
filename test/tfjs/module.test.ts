import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import tfjs from "../../backends/tfjs/index.js";
import type { Loc } from "../../src/diagnostics/span.js";
import { symbolDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { call, constant, convert } from "../../src/ir/graph/scalars.js";
import { isRuntimeError } from "../../src/runtime/errors.js";
import { build, ix, testContext, x } from "../passes/support.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { devices, moduleOf, optimised } from "./run.js";

/** Attention of one head over a run-time length. */
function attention(): Graph {
  const t = build();
  const S = symbolDim("Seq", 1, 64);
  const s = { n: S, m: S, d: 8, p: 8, c: 4 };
  const v = t.input("x", S, 8);
  const [wq, wk, wv] = ["wq", "wk", "wv"].map((w) => t.param(`head.${w}`, 8, 4)) as [number, number, number];
  const q = t.contract("nc", s, [
    [v, "nd"],
    [wq, "dc"],
  ]);
  const k = t.contract("mc", s, [
    [v, "md"],
    [wk, "dc"],
  ]);
  const values = t.contract("mc", s, [
    [v, "md"],
    [wv, "dc"],
  ]);
  const scores = t.contract("nm", s, [
    [q, "nc"],
    [k, "mc"],
  ]);
  const scaled = t.map("nm", s, [[scores, "nm"]], call("mul", x(0), constant(0.5)));
  const arg = { value: scaled, at: [ix(0), ix(1)] };
  const p = t.add({ op: "softmax", arg, axis: 1, extents: [S, S] });
  return t.finish({
    y: t.contract("nc", s, [
      [p, "nm"],
      [values, "mc"],
    ]),
  });
}

test("the module reads like a program", () => {
  expect(moduleOf(attention())).toBe(`// "t" with TensorFlow.js, written by lfc.
//
// \`tf\` is the module @tensorflow/tfjs-core with a backend set, \`weights\` its tensors by path. \`run\` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[Seq, 8]
// weight "head.wq": f32[8, 4]
// weight "head.wk": f32[8, 4]
// weight "head.wv": f32[8, 4]
// output "y": f32[Seq, 4]
export function model(tf, weights) {
  const w_head_wq = weights["head.wq"];
  const w_head_wk = weights["head.wk"];
  const w_head_wv = weights["head.wv"];
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      const v4 = tf.matMul(in_x, w_head_wq);
      const v5 = tf.matMul(in_x, w_head_wk);
      const v6 = tf.matMul(in_x, w_head_wv);
      const v7 = tf.matMul(v4, v5, false, true);
      tf.dispose([v4, v5]);
      const v8 = tf.mul(v7, 0.5);
      tf.dispose([v7]);
      const v9 = tf.softmax(v8);
      tf.dispose([v8]);
      const v10 = tf.matMul(v9, v6);
      return { y: v10 };
    });
  const dispose = () => {};
  return { run, dispose };
}
`);
});

test("the same graph gives the same bytes", () => {
  for (let seed = 1; seed <= 20; seed++) expect(moduleOf(randomGraph(seed))).toBe(moduleOf(randomGraph(seed)));
});

test("what weights alone give is computed once", () => {
  const t = build();
  const [v, a, b] = [t.input("x", 4), t.param("a", 4), t.param("b", 4)];
  const sum = t.map(
    "i",
    { i: 4 },
    [
      [a, "i"],
      [b, "i"],
    ],
    call("add", x(0), x(1)),
  );
  const text = moduleOf(
    t.finish({
      y: t.map(
        "i",
        { i: 4 },
        [
          [v, "i"],
          [sum, "i"],
        ],
        call("mul", x(0), x(1)),
      ),
    }),
  );
  expect(text).toContain("const [v3] = tf.tidy(() => {\n    const v3 = tf.add(w_a, w_b);");
  expect(text.indexOf("tf.add")).toBeLessThan(text.indexOf("const run"));
});

test("names of any kind, of inputs, weights and outputs", async () => {
  const names = [
    "__proto__",
    "constructor",
    "then",
    "class",
    "a b",
    'q"uote',
    "tf",
    "inputs",
    "line\nbreak",
    "ä",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a name that looks like one
    "`${x}`",
    "*/",
  ];
  const t = build();
  const inputs = names.map((name) => t.input(name, 2));
  const params = names.map((name) => t.param(name, 2));
  const outputs = new Map(
    names.map((name, i) => [
      name,
      t.map(
        "i",
        { i: 2 },
        [
          [inputs[i] ?? 0, "i"],
          [params[i] ?? 0, "i"],
        ],
        call("add", x(0), x(1)),
      ),
    ]),
  );
  const graph = t.b.finish(
    "t\n*/",
    [...outputs].map(([name, value]) => ({ name, value })),
  );
  const artifact = tfjs.emit(graph, testContext(), { device: "cpu" });
  for (const file of artifact.files) expect(file.path).toMatch(/^[\w-]+\.tfjs\.js$/);
  const vector = (n: number): TensorData => ({ dtype: "f32", shape: [2], data: Float32Array.of(n, -n) });
  const model = await tfjs.load(artifact, { params: new Map(names.map((name, i) => [name, vector(i)])) });
  const given: Record<string, TensorData> = Object.create(null);
  for (const [i, name] of names.entries()) given[name] = vector(10 * i);
  const result = await model.run(given);
  expect(Object.keys(result).sort()).toEqual([...names].sort());
  for (const [i, name] of names.entries()) expect([...(result[name]?.data ?? [])]).toEqual([11 * i, -11 * i]);
  model.dispose();
});

test.each(devices)("memory stays level over many runs and is given back, on %s", async (device) => {
  for (const graph of [attention(), optimised(randomGraph(11)), randomGraph(12)]) {
    const { inputs, params } = randomValues(graph, 3);
    await tfjs.load(tfjs.emit(graph, testContext(), { device }), { params }).then((m) => m.dispose());
    const before = tf.memory().numTensors;
    const model = await tfjs.load(tfjs.emit(graph, testContext(), { device }), { params });
    await model.run(inputs);
    const loaded = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) await model.run(inputs);
    expect(tf.memory().numTensors).toBe(loaded);
    model.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.memory().numTensors).toBe(before);
  }
});

test("run-time sizes are bound by each run", async () => {
  const graph = attention();
  const { params } = randomValues(graph, 3);
  const model = await tfjs.load(tfjs.emit(graph, testContext(), { device: "cpu" }), { params });
  for (const n of [1, 3, 64]) {
    const data = Float32Array.from({ length: 8 * n }, (_, i) => Math.sin(i));
    const { y } = await model.run({ x: { dtype: "f32", shape: [n, 8], data } });
    expect(y?.shape).toEqual([n, 4]);
  }
  model.dispose();
});

test("what is wrong with inputs, weights or order is a coded error", async () => {
  const graph = attention();
  const { inputs, params } = randomValues(graph, 3);
  const artifact = tfjs.emit(graph, testContext(), { device: "cpu" });
  const coded = async (run: () => Promise<unknown>): Promise<readonly string[]> => {
    try {
      await run();
    } catch (error) {
      if (isRuntimeError(error)) return [error.code, error.subject];
      throw error;
    }
    return [];
  };
  expect(await coded(() => tfjs.load(artifact, { params: new Map() }))).toEqual(["parameter", "head.wq"]);
  const short = new Map(params).set("head.wk", { dtype: "f32", shape: [8, 3], data: new Float32Array(24) });
  expect(await coded(() => tfjs.load(artifact, { params: short }))).toEqual(["parameter", "head.wk"]);
  const model = await tfjs.load(artifact, { params });
  const long = { x: { dtype: "f32", shape: [65, 8], data: new Float32Array(65 * 8) } } as const;
  expect(await coded(() => model.run({}))).toEqual(["input", "x"]);
  expect(await coded(() => model.run({ ...inputs, z: inputs.x as TensorData }))).toEqual(["input", "z"]);
  expect(await coded(() => model.run(long))).toEqual(["size", "Seq"]);
  model.dispose();
  expect(await coded(() => model.run(inputs))).toEqual(["disposed", "model"]);
});

test("options: the device, nothing else", () => {
  expect(tfjs.parseOptions({})).toEqual({ ok: true, value: { device: "wasm" } });
  expect(tfjs.parseOptions({ device: "cpu" })).toEqual({ ok: true, value: { device: "cpu" } });
  expect(tfjs.parseOptions({ device: "gpu" })).toMatchObject({ ok: false, error: { code: "LF0451" } });
  expect(tfjs.parseOptions({ devise: "cpu" })).toMatchObject({ ok: false, error: { code: "LF0450" } });
});

test("the machine says which element types it has", () => {
  const { dtypes } = tfjs.target({ device: "cpu" });
  expect([...dtypes].sort()).toEqual(["bool", "f32", "i32"]);
});

test("element types that the library lacks are refused where they stand", () => {
  const t = build();
  const file = { path: "a.lf", text: "f32(u32(n))" };
  const loc: Loc = { kind: "source", span: { file, start: 4, end: 10 } };
  const n = t.ints("n", 3);
  const args = [{ value: n, at: [ix(0)] }];
  const body = convert("f32", convert("u32", x(0)));
  const y = t.b.add({ op: "map", args, out: [0], extents: t.b.type(n).shape, body }, loc);
  const found = tfjs.refuse?.(t.finish({ y }));
  expect(found?.map((d) => [d.code, d.span?.start])).toEqual([["LF0501", 4]]);
  expect(found?.[0]?.message).toContain("u32");
  for (let seed = 1; seed <= 40; seed++) expect(tfjs.refuse?.(randomGraph(seed))).toEqual([]);
});
