import { expect, test } from "vitest";
import { symbolDim } from "../../src/ir/dim.js";
import { initialise, randomInput } from "../../src/ir/graph/initialise.js";
import type { Init, TensorType } from "../../src/ir/graph/ops.js";
import { philox4x32 } from "../../src/ir/graph/philox.js";
import { sizes } from "./build.js";

const f32 = (...shape: readonly number[]): TensorType => ({ dtype: "f32", shape: sizes(...shape) });

test("Philox4x32-10 gives the published answers (Random123, kat_vectors)", () => {
  const answer = (counter: readonly [number, number, number, number], key: readonly [number, number]): string => {
    const out = new Uint32Array(4);
    philox4x32(...counter, ...key, out);
    return [...out].map((word) => word.toString(16).padStart(8, "0")).join(" ");
  };
  const ones = 0xffffffff;
  expect(answer([0, 0, 0, 0], [0, 0])).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  expect(answer([ones, ones, ones, ones], [ones, ones])).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  expect(answer([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toBe(
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

test("values depend on seed, path and element, and on nothing else", () => {
  const of = (path: string, seed: number, ...shape: number[]): readonly number[] => [
    ...initialise({ kind: "normal", std: 1 }, f32(...shape), path, seed).data,
  ];
  expect(of("a.w", 1, 3, 4)).toEqual(of("a.w", 1, 3, 4));
  expect(of("a.w", 1, 12)).toEqual(of("a.w", 1, 3, 4));
  expect(of("a.w", 1, 20).slice(0, 12)).toEqual(of("a.w", 1, 12));
  expect(of("a.w", 1, 12)).not.toEqual(of("a.v", 1, 12));
  expect(of("a.w", 1, 12)).not.toEqual(of("a.w", 2, 12));
});

test("the first values are frozen: a change breaks every stored seed", () => {
  const values = (init: Init): readonly number[] => [...initialise(init, f32(3), "Encoder.0.wq", 42).data];
  expect(values({ kind: "normal", std: 0.02 })).toMatchInlineSnapshot(`
    [
      0.019309330731630325,
      0.009576189331710339,
      0.0022865168284624815,
    ]
  `);
  expect(values({ kind: "uniform", lo: -1, hi: 1 })).toMatchInlineSnapshot(`
    [
      0.10844671726226807,
      -0.21603316068649292,
      -0.9815129041671753,
    ]
  `);
});

function moments(values: ArrayLike<number>): {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly greatest: number;
} {
  const list = Array.from(values);
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
  const deviation = Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length);
  return { mean, deviation, least: Math.min(...list), greatest: Math.max(...list) };
}

test("moments", () => {
  const normal = moments(initialise({ kind: "normal", std: 0.5 }, f32(200, 100), "w", 3).data);
  expect(Math.abs(normal.mean)).toBeLessThan(0.5 * 0.03);
  expect(Math.abs(normal.deviation - 0.5)).toBeLessThan(0.01);
  const uniform = moments(initialise({ kind: "uniform", lo: 2, hi: 4 }, f32(200, 100), "w", 3).data);
  expect(Math.abs(uniform.mean - 3)).toBeLessThan(0.02);
  expect(uniform.least).toBeGreaterThanOrEqual(2);
  expect(uniform.greatest).toBeLessThanOrEqual(4);
  const xavier = moments(initialise({ kind: "xavier" }, f32(2, 60, 30), "w", 3).data);
  const limit = Math.sqrt(6 / (120 + 30));
  expect(xavier.greatest).toBeLessThanOrEqual(limit);
  expect(xavier.greatest).toBeGreaterThan(0.98 * limit);
  expect(xavier.least).toBeLessThan(-0.98 * limit);
});

test("zeros and ones", () => {
  expect([...initialise({ kind: "zeros" }, f32(2), "w", 0).data]).toEqual([0, 0]);
  expect([...initialise({ kind: "ones" }, f32(2), "w", 0).data]).toEqual([1, 1]);
  expect(() => initialise({ kind: "ones" }, { dtype: "f32", shape: [symbolDim("S", 1, 4)] }, "w", 0)).toThrow(
    "run-time size",
  );
});

test("f16 values are f16", () => {
  const { data } = initialise({ kind: "normal", std: 1 }, { dtype: "f16", shape: sizes(50) }, "w", 0);
  for (const x of data) expect((x * 2 ** 10) % 1 === 0 || Math.abs(x) < 1).toBe(true);
  expect(new Set(data).size).toBeGreaterThan(40);
});

test("random inputs fit their dtype and the table that they index", () => {
  const S = symbolDim("S", 1, 4000);
  const at = new Map([["S", 2000]]);
  const tokens = randomInput({ dtype: "i32", shape: [S] }, "tokens", 1, at, 37);
  expect(tokens.shape).toEqual([2000]);
  expect([Math.min(...tokens.data), Math.max(...tokens.data)]).toEqual([0, 36]);
  const keep = randomInput({ dtype: "bool", shape: [S] }, "keep", 1, at);
  const share = Array.from(keep.data).reduce((sum, x) => sum + x, 0) / 2000;
  expect(share).toBeGreaterThan(0.8);
  expect(share).toBeLessThan(0.95);
  const x = moments(randomInput({ dtype: "f32", shape: [S] }, "x", 1, at).data);
  expect(Math.abs(x.deviation - 1)).toBeLessThan(0.06);
});
