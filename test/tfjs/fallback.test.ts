import { expect, test, vi } from "vitest";
import tfjs from "../../backends/tfjs/index.js";
import { call } from "../../src/ir/graph/scalars.js";
import { build, testContext, x } from "../passes/support.js";

vi.mock("@tensorflow/tfjs-backend-wasm", () => {
  throw new Error("not here\nsecond line");
});

test("without the wasm package it runs in plain JavaScript and says why in one line", async () => {
  const t = build();
  const graph = t.finish({ y: t.map("i", { i: 2 }, [[t.input("a", 2), "i"]], call("neg", x(0))) });
  const model = await tfjs.load(tfjs.emit(graph, testContext(), { device: "wasm" }), { params: new Map() });
  expect(model.device).toBe("cpu");
  expect(model.note).toContain("npm install @tensorflow/tfjs-backend-wasm");
  expect(model.note).not.toContain("\n");
  const { y } = await model.run({ a: { dtype: "f32", shape: [2], data: Float32Array.of(1, -2) } });
  expect([...(y?.data ?? [])]).toEqual([-1, 2]);
  model.dispose();
});
