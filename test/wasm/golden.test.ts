import { join } from "node:path";
import { expect, test } from "vitest";
import { disassemble } from "../../backends/wasm/disassemble.js";
import wasm, { modelOf } from "../../backends/wasm/index.js";
import { lower } from "../../src/driver/compile.js";
import { expectGolden } from "../support/golden.js";
import { graphOfText, unwrap } from "../support/model.js";

/** A product of matrices as instructions: what the register tile, its pins and the packed panels become. */
const product = graphOfText(`lf 1
dim Rows = 48
dim Cols = 32
dim Depth = 64
model Product(a: f32[Rows, Depth]) -> f32[Rows, Cols] {
  param w: f32[Depth, Cols]
  param bias: f32[Cols]
  let y[m, n] = bias[n] + sum[k] a[m, k] * w[k, n]
  return y
}
`);
const lowered = unwrap(lower(product, wasm));
const model = modelOf(lowered.artifact);

test.each(["plain", "relaxed"] as const)("the text of the %s module", (variant) => {
  expectGolden(join(import.meta.dirname, `golden/product.${variant}.wat`), disassemble(model[variant]));
});

test("weights are packed at load, and the product reads nothing else", () => {
  const { program } = lowered;
  expect(program?.prepare.map((s) => s.step === "dispatch" && s.label)).toEqual(["y (contract), columns packed"]);
  expect(program?.steps).toHaveLength(1);
});

test("both modules are small, and the same bytes each time", () => {
  expect(model.plain.length).toBeLessThan(2000);
  expect(modelOf(unwrap(lower(product, wasm)).artifact)).toEqual(model);
});

test("the modules differ in multiply-adds alone", () => {
  const fused = disassemble(model.relaxed).match(/f32x4\.relaxed_madd/g)?.length;
  const apart = disassemble(model.plain).match(/f32x4\.mul/g)?.length;
  expect(fused).toBe(apart);
  expect(fused).toBeGreaterThan(7);
});
