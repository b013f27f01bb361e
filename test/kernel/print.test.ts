import { expect, test } from "vitest";
import { ceilDivDim, constDim, symbolDim } from "../../src/ir/dim.js";
import { printFloat, printProgram } from "../../src/ir/kernel/print.js";
import type { Step } from "../../src/ir/program/program.js";
import { doubled, programOf } from "./support.js";

test("a program", () => {
  const n = symbolDim("N", 8, 64, 8);
  const k = doubled(n, ceilDivDim(n, constDim(8)), 8);
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [n] },
      { id: "t", kind: "temp", shape: [n], arena: 0 },
      { id: "y", kind: "output", shape: [n] },
    ],
    [
      { b: k, bind: { y: "t" } },
      { b: k, bind: { x: "t" } },
    ],
  );
  // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
  const choose: Step = { step: "choose", dim: n, below: 16, then: program.steps, else: [] };
  expect(printProgram({ ...program, steps: [choose] })).toBe(`program test {
  dim N in 8..64 step 8
  input x: f32[N] length N
  temp t: f32[N] length N at 0
  output y: f32[N] length N
  run {
    choose N < 16 {
      dispatch doubled grid N / 8 x 1 x 1 dims (N / 8, N) bind (x=x[N], y=t[N]) flops 0 bytes 0 "doubled"
      dispatch doubled grid N / 8 x 1 x 1 dims (N / 8, N) bind (x=t[N], y=y[N]) flops 0 bytes 0 "doubled"
    } else {
    }
  }
}

kernel doubled: local 1x1x1, dims 2 {
  read x: f32[N]
  write y: f32[N]
  grid.x g in 0..dim.0 {
    for i in 0..8 {
      let at: i32 = g * 8 + i
      if at < dim.1 {
        y[at] = x[at] * 2.0
      }
    }
  }
}
`);
});

test.each([
  [1, "1.0"],
  [0.1, "0.1"],
  [Math.fround(0.1), "0.1"],
  [1e-5, "0.00001"],
  [3.4028234663852886e38, "3.4028235e+38"],
  [-0, "-0.0"],
  [Number.NEGATIVE_INFINITY, "-inf"],
  [16777217, "16777216.0"],
])("the float %d", (x, text) => {
  expect(printFloat(x)).toBe(text);
});
