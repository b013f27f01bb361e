import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bounded, binaryRule, convertRule, exactUnary, unaryRule } from "../../src/ir/graph/reference/bounds.js";
import { f32Precision } from "../../src/ir/graph/reference/errors.js";
import type { ScalarFn } from "../../src/ir/scalar.js";

/**
 * The bound of each rule holds the exact result for any operands inside their intervals, with the error of the
 * operation itself left over.
 */
const fresh = (): Bounded => ({ v: 0, b: 0, u: 0 });
const number = fc.double({ min: -20, max: 20, noNaN: true });
const error = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 3, noNaN: true }),
  fc.double({ min: 0, max: 1e-4, noNaN: true }),
);
const share = fc.double({ min: -1, max: 1, noNaN: true });
const runs = { numRuns: 1500, seed: 7 };

test.each(Object.keys(exactUnary) as ScalarFn[])("%s", (fn) => {
  const exact = exactUnary[fn];
  const rule = unaryRule(fn, "f32");
  if (!exact || !rule) throw new Error(`no rule for ${fn}`);
  fc.assert(
    fc.property(number, error, share, (x, b, s) => {
      const out = fresh();
      rule(x, b, out);
      if (out.u !== 0) return;
      expect(out.v + 0).toBe(exact(x) + 0);
      const own = fresh();
      rule(x + s * b, 0, own);
      // What is left over is the error of the operation itself, at least where it is not drowned by the operand's.
      expect(Math.abs(exact(x + s * b) - out.v)).toBeLessThanOrEqual(out.b + 1e-14 * Math.abs(out.v));
      if (b === 0) expect(out.b).toBe(own.b);
    }),
    runs,
  );
});

const exactBinary: Partial<Record<ScalarFn, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: Math.min,
  max: Math.max,
  floordiv: (x, y) => Math.floor(x / y),
  mod: (x, y) => x - y * Math.floor(x / y),
  pow: (x, y) => x ** y,
};

test.each(Object.keys(exactBinary) as ScalarFn[])("%s", (fn) => {
  const exact = exactBinary[fn];
  const rule = binaryRule(fn, "f32");
  if (!exact || !rule) throw new Error(`no rule for ${fn}`);
  fc.assert(
    fc.property(number, error, share, number, error, share, (x, bx, sx, y, by, sy) => {
      const out = fresh();
      rule(x, bx, y, by, out);
      if (out.u !== 0) return;
      expect(out.v).toBe(exact(x, y));
      expect(Math.abs(exact(x + sx * bx, y + sy * by) - out.v)).toBeLessThanOrEqual(
        out.b * (1 + 1e-12) + 1e-14 * Math.abs(out.v),
      );
    }),
    runs,
  );
});

test.each([-3, -2, -1, 0, 1, 2, 3, 4, 7])("x to the whole power %i, of any sign", (n) => {
  const rule = binaryRule("pow", "f32");
  fc.assert(
    fc.property(number, error, share, (x, b, s) => {
      const out = fresh();
      rule?.(x, b, n, 0, out);
      if (out.u !== 0) return;
      expect(Math.abs((x + s * b) ** n - out.v)).toBeLessThanOrEqual(out.b * (1 + 1e-12) + 1e-14 * Math.abs(out.v));
    }),
    runs,
  );
});

test("a comparison is decided exactly when no operands inside the intervals turn it over", () => {
  const rule = binaryRule("lt", "f32");
  fc.assert(
    fc.property(number, error, share, number, error, share, (x, bx, sx, y, by, sy) => {
      const out = fresh();
      rule?.(x, bx, y, by, out);
      if (out.u === 0) expect(x + sx * bx < y + sy * by ? 1 : 0).toBe(out.v);
      else expect(Math.abs(x - y)).toBeLessThanOrEqual(bx + by);
    }),
    runs,
  );
});

test("the stated errors of exact operands", () => {
  const of = (fn: ScalarFn, x: number, y?: number): number => {
    const out = fresh();
    if (y === undefined) unaryRule(fn, "f32")?.(x, 0, out);
    else binaryRule(fn, "f32")?.(x, 0, y, 0, out);
    return out.b;
  };
  const ulp = 2 ** -23;
  expect(of("exp", -10)).toBeCloseTo(23 * ulp * Math.exp(-10), 18);
  expect(of("log", 1.5)).toBe(2 ** -21);
  expect(of("log", 100)).toBeCloseTo(3 * ulp * Math.log(100), 18);
  expect(of("rsqrt", 3)).toBeCloseTo((2 * ulp) / Math.sqrt(3), 18);
  expect(of("div", 1, 3)).toBeCloseTo((2.5 * ulp) / 3, 18);
  expect(of("tanh", 0.5)).toBe(1e-5);
  expect(of("gelu", 1000)).toBeCloseTo(4 * ulp * 1000, 12);
  expect(of("sin", 1)).toBeCloseTo(5e-7 + ulp, 18);
  expect(of("add", 1, 2)).toBe(0);
  expect(of("mul", Math.fround(0.1), Math.fround(0.1))).toBeCloseTo(ulp * 0.01, 15);
  expect(of("neg", 5)).toBe(0);
  expect(of("max", 5, 4)).toBe(0);
});

test("a conversion to a whole number is decided unless a whole number lies inside the interval", () => {
  const rule = convertRule("f32", "i32");
  const flags = (x: number, b: number): readonly number[] => {
    const out = fresh();
    rule(x, b, out);
    return [out.v, out.u];
  };
  expect(flags(2.5, 0.4)).toEqual([2, 0]);
  expect(flags(2.95, 0.1)).toEqual([2, 1]);
  expect(flags(-0.5, 0.4)).toEqual([0, 0]);
  expect(flags(3, 0)).toEqual([3, 0]);
  expect(flags(3e9, 0)).toEqual([3e9, 2]);
});

test("results below the least normal number may be flushed", () => {
  const out = fresh();
  binaryRule("mul", "f32")?.(2 ** -100, 0, 2 ** -40, 0, out);
  expect(out.b).toBeGreaterThanOrEqual(out.v);
  expect(out.b).toBeLessThanOrEqual(2 * f32Precision.tiny);
});
