import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { LoadedTfjs } from "../../src/runtime/tfjs.js";
import type { RuntimeError } from "../../src/runtime/webgpu.js";
import { randomRun } from "../support/model.js";
import { importFrom, makeModule, testFolder, writeFiles } from "./support.js";

interface Module {
  readonly requiredLimits: object;
  load(library: typeof tf, weights: object, options?: object): Promise<LoadedTfjs>;
}

const folder = testFolder();
const made = await makeModule(
  {
    text: `lf 1
dim Seq = ? in 4..32 step 4
dim Model = 8
model Gated(x: f32[Seq, Model], keep: bool[Seq], pick: i32[Seq]) -> (y: f32[Seq, Model], on: bool[Seq]) {
  param w: f32[Model, Model]
  param rows: f32[5, Model]
  let p[n, m] = softmax[m where keep[m]] sum[d] x[n, d] * x[m, d]
  let y[n, e] = rows[pick[n], e] + sum[m, d] p[n, m] * x[m, d] * w[d, e]
  let on[n] = not keep[n]
  return y, on
}
`,
  },
  "tfjs",
);
writeFiles(folder, made.files);
const module = await importFrom<Module>(folder, "Gated.js");

beforeAll(async () => {
  const backend: object | null = tf.findBackend("cpu");
  if (backend !== null && "firstUse" in backend) backend.firstUse = false;
  await tf.setBackend("cpu");
});

const { inputs, params } = randomRun(made.graph, 3, new Map([["Seq", 12]]));
const weights = Object.fromEntries(params);

const failure = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "nothing thrown";
  } catch (error) {
    const { code, subject, message } = error as RuntimeError;
    return `${code} ${subject}: ${message}`;
  }
};

function agree(outputs: Readonly<Record<string, TensorData>>): void {
  for (const [name, reference] of Object.entries(interpret(made.graph, inputs, params).outputs)) {
    const got = outputs[name];
    if (got === undefined) throw new Error(`${name} is missing`);
    expect(compareToReference(reference, got), name).toMatchObject({ passed: true });
  }
}

test("the same interface on TensorFlow.js: numbers, tensors in and out, memory", async () => {
  const script = made.files.get("Gated.js") ?? "";
  expect(script).not.toMatch(/\bimport\b/);
  expect(module.requiredLimits).toEqual({});
  const before = tf.memory().numTensors;
  const model = await module.load(tf, weights);
  await model.warmup();
  agree(await model.run(inputs));
  const loaded = tf.memory().numTensors;
  const x = tf.tensor(inputs.x?.data as Float32Array, [12, 8]);
  agree(await model.run({ ...inputs, x }));
  const { y, on } = await model.run({ ...inputs, x }, { outputs: "device" });
  expect(await y?.data.array()).toHaveLength(12);
  expect(on?.data.dtype).toBe("bool");
  tf.dispose([x, y?.data as tf.Tensor, on?.data as tf.Tensor]);
  await Promise.all(Array.from({ length: 5 }, async () => agree(await model.run(inputs))));
  expect(tf.memory().numTensors).toBe(loaded);
  model.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("weights that are tensors stay the caller's", async () => {
  const before = tf.memory().numTensors;
  const w = tf.tensor(params.get("w")?.data as Float32Array, [8, 8]);
  const model = await module.load(tf, { ...weights, w });
  agree(await model.run(inputs));
  model[Symbol.dispose]();
  expect(w.isDisposed).toBe(false);
  w.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("errors have the same codes", async () => {
  const model = await module.load(tf, weights);
  const { x: _, ...rest } = inputs;
  expect(await failure(() => model.run(rest))).toBe("input x: the input x, f32[Seq, 8], is missing");
  const odd = { ...inputs, keep: { shape: [6], data: new Uint32Array(6) } };
  expect(await failure(() => model.run(odd))).toMatch(/^input keep: .*\[6\]/);
  const high = { ...inputs, pick: { shape: [12], data: new Int32Array(12).fill(5) } };
  expect(await failure(() => model.run(high))).toMatch(/^input pick: .*holds 5 at position 0; it selects one of 5/);
  const whole = tf.zeros([12, 8], "int32");
  expect(await failure(() => model.run({ ...inputs, x: whole }))).toMatch(
    /^input x: .*tensor of float32 .* not of int32/,
  );
  whole.dispose();
  expect(await failure(() => model.warmup({ Seq: 7 }))).toMatch(/^size Seq/);
  expect(await failure(() => model.run(inputs, { signal: AbortSignal.abort() }))).toMatch(/^aborted Gated/);
  agree(await model.run(inputs));
  model.dispose();
  expect(await failure(() => model.run(inputs))).toBe("disposed Gated: Gated has been disposed");
  const { w: __, ...lacking } = weights;
  expect(await failure(() => module.load(tf, lacking))).toBe("parameter w: the parameter w is missing");
  expect(await failure(() => module.load(tf, { ...weights, w: tf.zeros([2]) }))).toMatch(/^parameter w/);
});
