import { describe, expect, test } from "vitest";
import { erf } from "../../src/ir/kernel/arith.js";
import { call } from "../../src/ir/kernel/builder.js";
import type { Width } from "../../src/ir/kernel/ops.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { elementwise, expanded, runKernel } from "./support.js";

/**
 * The functions that are written out as polynomials, over dense samples against float64. An error is counted in units of
 * the last place of the exact value, or absolutely where a function passes through 0.
 */
const samples = 1 << 16;

const spread = (from: number, to: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => from + ((to - from) * (i + 0.37)) / samples);

/** Numbers of every size from 2^from to 2^to. */
const scales = (from: number, to: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => 2 ** (from + ((to - from) * (i + 0.37)) / samples));

function compute(fn: ScalarFn, width: Width, ...inputs: readonly Float32Array[]): Float32Array {
  const kernel = expanded(
    elementwise(
      inputs.map(() => "f32"),
      "f32",
      samples,
      width,
      (...x) => call(fn, ...x),
    ),
  );
  const buffers = [...inputs, new Float32Array(samples)].map((data) => ({ dtype: "f32" as const, data }));
  return runKernel(kernel, 4, buffers).at(-1) as Float32Array;
}

/** One unit in the last place of the f32 nearest to a number; of the least normal one below that. */
const unit = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

function worst(got: Float32Array, exact: (i: number) => number): { readonly ulp: number; readonly abs: number } {
  let [ulp, abs] = [0, 0];
  got.forEach((v, i) => {
    const e = exact(i);
    const error = Math.abs(v - e);
    // What is no number is infinitely far away.
    abs = Math.max(abs, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    ulp = Math.max(ulp, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / unit(e));
  });
  return { ulp, abs };
}

const at = (x: Float32Array, i: number): number => x[i] ?? Number.NaN;
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

describe.each([1, 4] as const)("%d at a time", (width) => {
  test.each([
    { fn: "exp", x: spread(-80, 0), exact: Math.exp, ulp: 2 },
    { fn: "exp", x: spread(-87.3, 88.7), exact: Math.exp, ulp: 2 },
    { fn: "log", x: scales(-126, 127), exact: Math.log, ulp: 2 },
    { fn: "log", x: spread(0.5, 2), exact: Math.log, ulp: 2.5 },
    { fn: "tanh", x: spread(-12, 12), exact: Math.tanh, ulp: 3 },
    { fn: "tanh", x: scales(-120, 0), exact: Math.tanh, ulp: 3 },
    { fn: "erf", x: scales(-100, 0), exact: erf, ulp: 4 },
    { fn: "sqrt", x: scales(-126, 127), exact: Math.sqrt, ulp: 0.5 },
    { fn: "rsqrt", x: scales(-126, 127), exact: (v: number) => 1 / Math.sqrt(v), ulp: 1.5 },
    { fn: "sigmoid", x: spread(-80, 80), exact: logistic, ulp: 4 },
  ] as const)("$fn is within $ulp ULP", ({ fn, x, exact, ulp }) => {
    const found = worst(compute(fn, width, x), (i) => exact(at(x, i)));
    expect(found.ulp).toBeLessThanOrEqual(ulp);
    // A bound that nothing comes near says nothing.
    expect(found.ulp).toBeGreaterThan(ulp / 8);
  });

  test.each([
    { fn: "erf", x: spread(-6, 6), exact: erf, abs: 3e-7 },
    { fn: "sin", x: spread(-10, 10), exact: Math.sin, abs: 3e-7 },
    { fn: "cos", x: spread(-10, 10), exact: Math.cos, abs: 3e-7 },
    { fn: "sin", x: spread(-6000, 6000), exact: Math.sin, abs: 5e-7 },
    { fn: "cos", x: spread(-6000, 6000), exact: Math.cos, abs: 5e-7 },
    { fn: "gelu", x: spread(-8, 8), exact: (v: number) => 0.5 * v * (1 + erf(v * Math.SQRT1_2)), abs: 2e-6 },
    { fn: "silu", x: spread(-20, 20), exact: (v: number) => v * logistic(v), abs: 3e-6 },
  ] as const)("$fn is within $abs", ({ fn, x, exact, abs }) => {
    expect(worst(compute(fn, width, x), (i) => exact(at(x, i))).abs).toBeLessThanOrEqual(abs);
  });

  test("pow has the signs and edges of its definition", () => {
    const x = Float32Array.from({ length: samples }, (_, i) => ((i % 41) - 20) / 4);
    const y = Float32Array.from({ length: samples }, (_, i) => (Math.floor(i / 41) % 13) - 6);
    const got = compute("pow", width, x, y);
    got.forEach((v, i) => {
      const e = at(x, i) ** at(y, i);
      if (Number.isFinite(e)) expect(Math.abs(v - e) / unit(e)).toBeLessThanOrEqual(64);
      else expect(v).toBe(Number.POSITIVE_INFINITY);
    });
  });

  test("beyond the range: nothing, the greatest number, signs", () => {
    const x = new Float32Array(samples).fill(-1000, 0, 100).fill(1000, 100, 200);
    expect(compute("exp", width, x)[0]).toBe(0);
    expect(compute("exp", width, x)[150]).toBeGreaterThan(3e38);
    expect([...compute("tanh", width, x)].slice(99, 101)).toEqual([-1, 1]);
    expect([...compute("erf", width, x)].slice(99, 101)).toEqual([-1, 1]);
    const log = compute("log", width, x);
    expect(log[0]).toBeNaN();
    expect(log[300]).toBe(Number.NEGATIVE_INFINITY);
  });
});
