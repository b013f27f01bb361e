import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { makeModule, testFolder, writeFiles } from "./support.js";

/**
 * The declarations in the hands of a strict project of its own: right uses compile, wrong ones do not. A line after
 * `@ts-expect-error` that compiles is itself an error.
 */
const folder = testFolder();

const dynamic = `lf 1
dim Batch = ? in 1..4
dim Seq = ? in 8..64 step 8
dim Model = 4
model Marked(tokens: i32[Batch, Seq], keep: bool[Batch, Seq], scale: f32) -> (total: f32[Batch, Model], 2 * Model: f32[Model]) {
  param table: f32[16, Model]
  return table, table
}
`
  .replace(", 2 * Model: f32[Model]", ", square: f32[Model, Model]")
  .replace(
    "return table, table",
    `let total[b, d] = sum[n where keep[b, n]] table[tokens[b, n], d] * scale
  let square[i, j] = table[0, i] * table[1, j]
  return total, square`,
  );

const consumer = `
import { dims, isRuntimeError, load, requiredFeatures, requiredLimits, type LinformerHead, type LinformerHeadWeights } from "./LinformerHead.js";
import * as marked from "./Marked.js";

export async function start(adapter: GPUAdapter, weights: LinformerHeadWeights, signal: AbortSignal): Promise<number> {
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  using model: LinformerHead = await load(device, weights, { signal });
  await model.warmup();
  const seq: 128 = dims.Seq;
  const { output } = await model.run({ x: new Float32Array(seq * dims.Model) }, { signal });
  const values: Float32Array = output.data;
  const [rows, columns] = output.shape;
  const product: 4096 | number = rows * columns;
  const literal: 128 = rows;
  const kept = await model.run({ x: { shape: [128, 64], data: values } }, { outputs: "device" });
  const buffer: GPUBuffer = kept.output.data;
  const recorded = model.encode(device.createCommandEncoder(), { x: buffer }, { output: buffer });
  await model.run({ x: recorded.output.data }, { outputs: { output: buffer } });
  // @ts-expect-error there is no such input
  await model.run({ y: values });
  // @ts-expect-error other values belong there
  await model.run({ x: new Int32Array(8) });
  // @ts-expect-error another shape
  await model.run({ x: { shape: [64, 128], data: values } });
  // @ts-expect-error another element type
  await model.run({ x: { dtype: "i32", shape: [128, 64], data: values } });
  // @ts-expect-error an encoded run takes what is on the device
  model.encode(device.createCommandEncoder(), { x: values });
  // @ts-expect-error results on the host are no buffers
  const wrong: GPUBuffer = output.data;
  // @ts-expect-error a parameter is missing
  await load(device, { wq: values });
  // @ts-expect-error no size is chosen at run time
  await model.warmup({ Seq: 8 });
  return product + literal + values.length;
}

export async function classify(device: GPUDevice, table: Float32Array): Promise<Float32Array> {
  const model = await marked.load(device, { table });
  await model.warmup({ Seq: marked.dims.Seq.max });
  const given = { shape: [1, 8] as const, data: new Int32Array(8) };
  const keep = { shape: [1, 8] as const, data: new Uint32Array(8) };
  const { total, square } = await model.run({ tokens: given, keep, scale: new Float32Array(1) });
  const batch: number = total.shape[0];
  const four: 4 = square.shape[1];
  // @ts-expect-error sizes are chosen by the shape, so an array alone will not do
  await model.run({ tokens: given.data, keep, scale: new Float32Array(1) });
  // @ts-expect-error there is no size of this name
  await model.warmup({ Length: 8 });
  try {
    await model.run({ tokens: given, keep, scale: new Float32Array(batch * four) });
  } catch (error) {
    if (isRuntimeError(error) && error.code === "aborted") console.log(error.subject.length);
    // @ts-expect-error not one of the codes
    if (isRuntimeError(error) && error.code === "strange") throw error;
  }
  return total.data;
}
`;

const tfjsConsumer = `
import * as tf from "@tensorflow/tfjs-core";
import { load } from "./tfjs/LinformerHead.js";

export async function run(x: Float32Array): Promise<tf.Tensor> {
  const w = tf.ones([64, 32]);
  const e = new Float32Array(16 * 128);
  using model = await load(tf, { wq: w, wk: w, wv: w, e, f: e });
  const values: Float32Array = (await model.run({ x })).output.data;
  const { output } = await model.run({ x: tf.tensor(values, [128, 64]) }, { outputs: "device" });
  // @ts-expect-error TensorFlow.js has no encoder
  model.encode(undefined, { x });
  return output.data;
}
`;

test("strict projects take the declarations, and wrong uses are errors", async () => {
  writeFiles(folder, (await makeModule({ file: "examples/linformer_head.lf" })).files);
  writeFiles(folder, (await makeModule({ text: dynamic })).files);
  writeFiles(join(folder, "tfjs"), (await makeModule({ file: "examples/linformer_head.lf" }, "tfjs")).files);
  writeFiles(
    folder,
    new Map([
      ["consumer.ts", consumer],
      ["tfjsConsumer.ts", tfjsConsumer],
    ]),
  );
  const names = ["consumer.ts", "tfjsConsumer.ts", "LinformerHead.d.ts", "Marked.d.ts", "tfjs/LinformerHead.d.ts"];
  const program = ts.createProgram(
    ["consumer.ts", "tfjsConsumer.ts"].map((f) => join(folder, f)),
    {
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noUnusedLocals: false,
      noEmit: true,
    },
  );
  const found = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...names.flatMap((name) => {
      const file = program.getSourceFile(join(folder, name));
      if (file === undefined) throw new Error(`${name} is not part of the program`);
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    }),
  ].map((d) => {
    const line = d.file && d.start !== undefined ? d.file.getLineAndCharacterOfPosition(d.start).line + 1 : 0;
    return `${d.file?.fileName.slice(folder.length + 1)}:${line} ${ts.flattenDiagnosticMessageText(d.messageText, "\n")}`;
  });
  expect(found).toEqual([]);
}, 120_000);
