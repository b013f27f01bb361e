import { expect, test } from "vitest";
import { compareToReference } from "../../src/ir/graph/compare.js";
import type { ReferenceTensor } from "../../src/ir/graph/interpret.js";
import { tensor } from "./build.js";

const reference = (
  value: readonly number[],
  bound: readonly number[],
  undecided: readonly number[],
): ReferenceTensor => ({
  dtype: "f32",
  shape: [value.length],
  value: Float64Array.from(value),
  bound: Float64Array.from(bound),
  undecided: Uint8Array.from(undecided),
});
const actual = (...values: readonly number[]) => tensor("f32", [values.length], values);

test("the greatest share of the bound decides", () => {
  const result = compareToReference(reference([1, 2, 4], [0.5, 0.5, 1], [0, 0, 0]), actual(1, 2.25, 4.75));
  expect(result).toMatchObject({
    maxAbs: 0.75,
    maxRel: 0.1875,
    share: 0.75,
    worst: 2,
    undecided: 0,
    elements: 3,
    passed: true,
  });
  expect(result.relL2).toBeCloseTo(Math.sqrt((0.0625 + 0.5625) / 21), 12);
  expect(compareToReference(reference([1], [0.25], [0]), actual(1.5))).toMatchObject({
    share: 2,
    worst: 0,
    passed: false,
  });
});

test("undecided elements are counted, not compared", () => {
  const result = compareToReference(reference([1, 2], [0, 0], [1, 0]), actual(100, 2));
  expect(result).toMatchObject({ maxAbs: 0, relL2: 0, share: 0, undecided: 1, worst: 1, passed: true });
});

test("relative L2 also looks at elements whose range is open, but not at open decisions", () => {
  const range = compareToReference(reference([3, 4], [0, 0], [2, 2]), actual(3, 4.5), { relL2: 1e-5 });
  expect(range).toMatchObject({ relL2: 0.1, undecided: 2, worst: -1, passed: false });
  expect(compareToReference(reference([3, 4], [0, 0], [1, 2]), actual(300, 4), { relL2: 1e-5 }).passed).toBe(true);
});

test("NaN is a difference, and an exact element may not differ at all", () => {
  expect(compareToReference(reference([1, 2], [9, 9], [0, 0]), actual(1, Number.NaN))).toMatchObject({
    worst: 1,
    passed: false,
  });
  expect(compareToReference(reference([1], [0], [0]), actual(1.0000001)).passed).toBe(false);
  expect(compareToReference(reference([0], [0], [0]), actual(-0)).passed).toBe(true);
});

test("shapes and dtypes must agree", () => {
  expect(() => compareToReference(reference([1], [0], [0]), actual(1, 2))).toThrow("comparing f32[2] with f32[1]");
});
