import { expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { RuntimeError } from "../../src/runtime/errors.js";
import type { LoadedWasm } from "../../src/runtime/wasm.js";
import { randomRun } from "../support/model.js";
import { importFrom, makeModule, testFolder, writeFiles } from "./support.js";

interface Module {
  readonly requiredLimits: object;
  load(weights: object, options?: object): Promise<LoadedWasm>;
}

const folder = testFolder();
const made = await makeModule(
  {
    text: `lf 1
dim Seq = ? in 4..32 step 4
dim Model = 8
/// Rows that look at each other.
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
  "wasm",
);
writeFiles(folder, made.files);
const module = await importFrom<Module>(folder, "Gated.js");
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

test("a module of one file that needs nothing, on one thread and on two", async () => {
  const script = made.files.get("Gated.js") ?? "";
  expect(script).not.toMatch(/\bimport\b/);
  expect(module.requiredLimits).toEqual({});
  expect(made.sizes.wasm).toBeGreaterThan(500);
  expect(made.sizes.wasm).toBeLessThan(8000);
  expect(made.sizes.javascript).toBeLessThan(12000);
  for (const threads of [undefined, 2]) {
    const model = await module.load(weights, { threads });
    expect(model.how.threads).toBe(threads ?? 1);
    await model.warmup();
    agree(await model.run(inputs));
    await Promise.all(Array.from({ length: 3 }, async () => agree(await model.run(inputs))));
    model.dispose();
    model.dispose();
    expect(await failure(() => model.run(inputs))).toBe("disposed Gated: Gated has been disposed");
  }
});

test("its types say what it takes: no device, threads among the options", () => {
  const types = made.files.get("Gated.d.ts") ?? "";
  expect(types).toContain(
    "export declare function load(weights: GatedWeights, options?: LoadOptions): Promise<Gated>;",
  );
  expect(types).toContain("readonly threads?: number | undefined;");
  expect(types).not.toContain("DeviceTensor");
  expect(types).toContain("Rows that look at each other.");
});

test("errors have the same codes", async () => {
  const model = await module.load(weights);
  const { x: _, ...rest } = inputs;
  expect(await failure(() => model.run(rest as never))).toBe("input x: the input x, f32[Seq, 8], is missing");
  const odd = { ...inputs, keep: { shape: [6], data: new Uint32Array(6) } };
  expect(await failure(() => model.run(odd))).toMatch(/^input keep: .*\[6\]/);
  const high = { ...inputs, pick: { shape: [12], data: new Int32Array(12).fill(5) } };
  expect(await failure(() => model.run(high))).toMatch(/^input pick: .*holds 5 at position 0; it selects one of 5/);
  expect(await failure(() => model.warmup({ Seq: 7 }))).toMatch(/^size Seq/);
  expect(await failure(() => model.run(inputs, { signal: AbortSignal.abort() }))).toMatch(/^aborted Gated/);
  agree(await model.run(inputs));
  model.dispose();
  const { w: __, ...lacking } = weights;
  expect(await failure(() => module.load(lacking))).toBe("parameter w: the parameter w is missing");
  expect(await failure(() => module.load(weights, { threads: 0.5 }))).toMatch(/^worker Gated: .*0.5 threads/);
});
