import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runReference } from "../../src/driver/machine.js";
import { storedParameters } from "../../src/driver/parameters.js";
import { readSafetensors, type Safetensors, writeSafetensors } from "../../src/formats/safetensors.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { lfc } from "../support/cli.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, root, runOn, unwrap } from "../support/model.js";

/**
 * Models that PyTorch made (test/fixtures/make), their checkpoints loaded unchanged. What PyTorch computed is held
 * against the float64 reference under its own bounds, as any machine is: `std/pytorch.lf` (TorchAttention,
 * TorchEncoderLayer, TorchEncoderLayerPreNorm, TorchDecoderLayer, TorchLinear, TorchNorm) and `examples/paper`.
 */
const fixture = (name: string): string => join(root, "test/fixtures", `${name}.safetensors`);
const read = (name: string): Safetensors => unwrap(readSafetensors(name, new Uint8Array(readFileSync(fixture(name)))));

/** The tensors of a run, by the names of the model: what PyTorch calls `short` is another run of the same model. */
function valuesOf(name: string, names: Readonly<Record<string, string>>): Readonly<Record<string, TensorData>> {
  const file = read(`${name}.run`);
  return Object.fromEntries(
    Object.entries(names).map(([ours, theirs]) => {
      const tensor = file.get(theirs);
      if (tensor === undefined) throw new Error(`${name} has no ${theirs}`);
      return [ours, tensor.read()];
    }),
  );
}

const cases = [
  {
    name: "lucidrains_lm",
    file: "lucidrains",
    model: "LinformerLM",
    in: { tokens: "tokens" },
    out: ["logits", "logits"],
  },
  {
    name: "lucidrains_lm",
    file: "lucidrains",
    model: "LinformerLM",
    in: { tokens: "short" },
    out: ["logits", "short_logits"],
  },
  { name: "lucidrains_tied", file: "lucidrains", model: "Tied", in: { x: "x" }, out: ["y", "y"] },
  { name: "lucidrains_cross", file: "lucidrains", model: "Cross", in: { x: "x", context: "context" }, out: ["y", "y"] },
  { name: "pytorch_post", file: "pytorch", model: "Post", in: { x: "x", keep: "keep" }, out: ["y", "y"] },
  { name: "pytorch_pre", file: "pytorch", model: "Pre", in: { x: "x", keep: "keep" }, out: ["y", "y"] },
  {
    name: "pytorch_transformer",
    file: "pytorch",
    model: "Transformer",
    in: { source: "source", target: "target", keep: "keep" },
    out: ["y", "y"],
  },
] as const;

const device = testDevice();

describe.each(cases)("$name: $model, $out", ({ name, file, model, in: inputNames, out }) => {
  const graph = graphOfFile(`examples/paper/${file}.lf`, { model });
  const params = unwrap(storedParameters(graph, fixture(`${name}.weights`)));
  const inputs = valuesOf(name, inputNames as Readonly<Record<string, string>>);
  const [output, theirs] = out;
  const reference = runReference(graph, inputs, params)[output];
  if (reference === undefined) throw new Error(`${model} has no ${output}`);
  // a whole model: beside the bound of each element, the relative L2 error
  const holds = (tensor: TensorData | undefined): void => {
    if (tensor === undefined) throw new Error(`${output} is missing`);
    expect(compareToReference(reference, tensor, { relL2: 1e-5 })).toMatchObject({ passed: true });
  };

  test("PyTorch agrees with the reference", () => holds(valuesOf(name, { y: theirs }).y));

  const kernels = name === "lucidrains_tied" || name === "pytorch_post";
  test.each([
    { backend: "tfjs", options: { device: "wasm" } },
    ...(kernels
      ? [
          { backend: "js", options: { checked: true } },
          { backend: "wgsl", options: {} },
        ]
      : []),
  ])("$backend agrees with the reference", async ({ backend, options }) => {
    const on = backend === "wgsl" ? await device() : undefined;
    holds((await runOn(graph, backend, inputs, params, on, { backendOptions: options }))[output]);
  });
});

describe("what does not fit", () => {
  const dir = mkdtempSync(join(tmpdir(), "lfc-weights-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const graph = graphOfFile("examples/paper/pytorch.lf", { model: "Post" });
  const tensors = (): Map<string, TensorData> =>
    new Map([...read("pytorch_post.weights")].map(([key, tensor]) => [key, tensor.read()]));
  const problems = (changed: ReadonlyMap<string, TensorData>): readonly string[] => {
    const path = join(dir, "w.safetensors");
    writeFileSync(path, writeSafetensors(changed));
    const found = storedParameters(graph, path);
    if (found.ok) return [];
    expect(found.error.code).toBe("LF0410");
    return found.error.notes?.map((n) => n.message) ?? [];
  };
  const zeros = (...shape: readonly number[]): TensorData => ({
    dtype: "f32",
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });

  test("is one diagnostic with the key, the stored layout and the nearest name", () => {
    const changed = tensors();
    changed.delete("layers.0.self_attn.in_proj_weight");
    changed.set("layers.0.self_attn.in_proj_weights", zeros(36, 12));
    changed.set("layers.1.self_attn.out_proj.weight", zeros(12, 13));
    changed.set("layers.1.self_attn.in_proj_bias", { ...zeros(36), dtype: "i32", data: new Int32Array(36) });
    changed.set("version", zeros(1));
    expect(problems(changed)).toEqual([
      "missing: layers.0.self_attn.in_proj_weight for layers.0.attention.w f32[36, 12], stored as (s h c) d (the file has layers.0.self_attn.in_proj_weights)",
      "wrong type: layers.1.self_attn.in_proj_bias for layers.1.attention.b holds I32, the model has f32",
      "misshapen: layers.1.self_attn.out_proj.weight for layers.1.attention.wo is [12, 13], the model has [12, 12], stored as o (h c)",
      "surplus: layers.0.self_attn.in_proj_weights (the model wants layers.0.self_attn.in_proj_weight)",
      "surplus: version",
    ]);
    expect(problems(tensors())).toEqual([]);
  });

  test("lfc run --weights takes PyTorch's file, and says what does not fit", async () => {
    const file = join(root, "examples/paper/pytorch.lf");
    const run = (...more: readonly string[]) =>
      lfc("run", file, "--model", "Post", "--backend", "js", "--input", "x=random", "--input", "keep=random", ...more);
    expect(await run("--weights", fixture("pytorch_post.weights"))).toMatchObject({ code: 0, err: "" });
    const { code, err } = await run("--weights", fixture("pytorch_pre.weights"));
    expect(code).toBe(1);
    expect(err.match(/LF0410/g)).toHaveLength(1);
    expect(err).toMatch(/surplus: norm\.weight/);
  });
});

test("a tensor for each index of an axis that the key names, ragged ones included", () => {
  const text = `lf 1
dim H = 2
dim K[h: H] = [2, 3]
dim N = 4
model Keys(x: f32[N]) -> (a: f32[H, 3, N], b: f32[H]) {
  param w: f32[h: H, n: N, k: 3] from "heads.{h}.w" as "k n"
  param e: f32[h: H, K[h], N] from "heads.{h}.e"
  let a[h, k, n] = w[h, n, k] * x[n]
  let b[h]       = sum[k, n] e[h, k, n] * x[n]
  return a, b
}`;
  const dir = mkdtempSync(join(tmpdir(), "lfc-heads-"));
  const path = join(dir, "keys.lf");
  writeFileSync(path, text);
  const graph = graphOfFile(path);
  const count = (from: number, ...shape: readonly number[]): TensorData => ({
    dtype: "f32",
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
  });
  const stored = new Map([
    ["heads.0.w", count(0, 3, 4)],
    ["heads.1.w", count(100, 3, 4)],
    ["heads.0.e", count(0, 2, 4)],
    ["heads.1.e", count(1, 3, 4)],
  ]);
  writeFileSync(join(dir, "w.safetensors"), writeSafetensors(stored));
  const params = unwrap(storedParameters(graph, join(dir, "w.safetensors")));
  rmSync(dir, { recursive: true, force: true });
  const ones = { x: { dtype: "f32", shape: [4], data: Float32Array.of(1, 1, 1, 1) } } as const;
  const { a, b } = runReference(graph, ones, params);
  expect([...(a?.value ?? [])]).toEqual([0, 100].flatMap((from) => Array.from({ length: 12 }, (_, i) => from + i)));
  expect([...(b?.value ?? [])]).toEqual([28, 78]);
});
