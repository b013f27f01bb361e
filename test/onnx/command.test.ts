import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { lower } from "../../src/driver/compile.js";
import { constDim } from "../../src/ir/dim.js";
import { build } from "../passes/support.js";
import { lfc } from "../support/cli.js";
import { graphOfText, root, unwrap } from "../support/model.js";
import { onnx } from "./support.js";

const backend = resolve(root, "examples/lfc-backend-onnx");

test("lfc compile --backend FOLDER writes a model with the names of the source", async () => {
  const out = mkdtempSync(join(tmpdir(), "lfc-onnx-"));
  try {
    const ran = await lfc("compile", resolve(root, "examples/first.lf"), "--backend", backend, "-o", out);
    expect(ran.err).toBe("");
    expect(ran.code).toBe(0);
    const ort = await import("onnxruntime-node");
    const session = await ort.InferenceSession.create(readFileSync(join(out, "First.onnx")));
    const graph = graphOfText(readFileSync(resolve(root, "examples/first.lf"), "utf8"));
    const names = graph.nodes.flatMap((n) => (n.op === "input" ? [n.name] : n.op === "param" ? [n.path] : []));
    expect([...session.inputNames].sort()).toEqual(names.sort());
    expect(session.outputNames).toEqual(graph.outputs.map((o) => o.name));
    await session.release();
  } finally {
    rmSync(out, { recursive: true });
  }
});

test("lfc compare holds it to the reference", async () => {
  const ran = await lfc("compare", resolve(root, "examples/first.lf"), "--backends", `reference,${backend}`);
  expect(ran).toMatchObject({ code: 0, err: "" });
});

test("an element type that ONNX Runtime lacks is refused by what the backend says of its machine", async () => {
  const graph = graphOfText("lf 1\nmodel M(x: f16[4]) -> f16[4] {\n  return x + x\n}\n");
  const refused = lower(graph, await onnx());
  expect(refused).toMatchObject({ ok: false, error: [{ code: "LF0417" }] });
});

test("more indices than an Einsum has letters are refused by the backend itself", async () => {
  const t = build();
  const x = t.input("x", 2);
  const graph = (count: number) => {
    const extents = Array.from({ length: count }, () => constDim(2));
    const factors = [{ value: x, at: [{ i: "ix" as const, ix: 0 }] }];
    return t.finish({ y: t.add({ op: "contract", factors, out: [0], extents, accum: "f32" }) });
  };
  const backend = await onnx();
  if (backend.consumes !== "graph") throw new Error("it consumes kernels");
  expect(backend.refuse?.(graph(52))).toEqual([]);
  expect(backend.refuse?.(graph(53))).toMatchObject([{ code: "LF0502", severity: "error" }]);
});

test("two names that are one are told apart; sizes that disagree are refused", async () => {
  const loaded = await onnx();
  const graph = graphOfText(
    "lf 1\ndim N = ? in 1..64\nmodel M(y: f32[N], z: f32[N]) -> (y: f32[N], t: f32[N]) {\n  return y + z, y\n}\n",
  );
  const { artifact } = unwrap(lower(graph, loaded));
  const model = await loaded.load?.(artifact, { params: new Map() });
  if (model === undefined) throw new Error("it does not load");
  const vector = (...values: number[]) => ({
    dtype: "f32" as const,
    shape: [values.length],
    data: Float32Array.from(values),
  });
  expect((await model.run({ y: vector(1, 2), z: vector(3, 4) })).y?.data).toEqual(Float32Array.of(4, 6));
  await expect(model.run({ y: vector(1, 2), z: vector(3) })).rejects.toThrow(/by the input z/);
  model.dispose();
});
