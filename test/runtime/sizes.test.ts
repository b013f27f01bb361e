import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  addDim,
  ceilDivDim,
  constDim,
  type Dim,
  divDim,
  evalDim,
  floorDivDim,
  modDim,
  mulDim,
  scaleDim,
  symbolDim,
} from "../../src/ir/dim.js";
import type { Resource } from "../../src/ir/program/program.js";
import { bindSizes, evaluate } from "../../src/runtime/sizes.js";

const N = symbolDim("N", 1, 4096);
const M = symbolDim("M", 8, 512, 8);

const dims: fc.Arbitrary<Dim> = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(N, M),
    fc.integer({ min: 1, max: 64 }).map(constDim),
    fc.tuple(tie("dim"), tie("dim")).map(([a, b]) => addDim(a, b)),
    fc.tuple(tie("dim"), tie("dim")).map(([a, b]) => mulDim(a, b)),
    fc.tuple(tie("dim"), fc.integer({ min: 1, max: 6 })).map(([a, n]) => scaleDim(a, 1, n)),
    fc.tuple(tie("dim"), fc.integer({ min: 1, max: 64 })).map(([a, n]) => floorDivDim(a, constDim(n))),
    fc.tuple(tie("dim"), fc.integer({ min: 1, max: 64 })).map(([a, n]) => ceilDivDim(a, constDim(n))),
    fc.tuple(tie("dim"), fc.integer({ min: 1, max: 64 })).map(([a, n]) => modDim(a, constDim(n))),
    tie("dim").map((a) => divDim(mulDim(a, N), N) ?? a),
  ),
})).dim;

test("the runtime evaluates sizes as the compiler does", () => {
  fc.assert(
    fc.property(dims, fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 64 }), (dim, n, m) => {
      const sizes = new Map([
        ["N", n],
        ["M", 8 * m],
      ]);
      expect(evaluate(dim, sizes)).toBeCloseTo(evalDim(dim, sizes), 6);
    }),
    { numRuns: 300 },
  );
});

const input = (name: string, shape: readonly Dim[]): Resource => ({
  id: name,
  kind: "input",
  name,
  dtype: "f32",
  shape,
  length: constDim(1),
});
const given = (...shape: number[]) =>
  ({ dtype: "f32", shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }) as const;

test("sizes come from the shapes, through multiples too", () => {
  const wanted = [input("a", [scaleDim(N, 2, 1), constDim(3)]), input("b", [addDim(N, M), M])];
  const sizes = bindSizes([N, M], wanted, { a: given(10, 3), b: given(21, 16) });
  expect(Object.fromEntries(sizes)).toEqual({ N: 5, M: 16 });
});

const refused = (
  inputs: Parameters<typeof bindSizes>[2],
  wanted = [input("a", [N, constDim(3)]), input("b", [N, M])],
) => {
  try {
    bindSizes([N, M], wanted, inputs);
    return "accepted";
  } catch (error) {
    const { code, subject, message } = error as { code: string; subject: string; message: string };
    return `${code} ${subject}: ${message}`;
  }
};

test("what does not fit is refused with the input's name and both shapes", () => {
  const [a, b] = [given(5, 3), given(5, 16)];
  expect(refused({ a, b })).toBe("accepted");
  expect(refused({ a })).toBe("input b: the input b, f32[N, M], is missing");
  expect(refused({ a, b, c: a })).toBe("input c: there is no input c; the inputs are: a, b");
  expect(refused({ a, b: given(5, 16, 1) })).toBe(
    "input b: the input b is f32[N, M], the value given has the shape [5, 16, 1]",
  );
  expect(refused({ a: given(5, 4), b })).toBe(
    "input a: the input a is f32[N, 3], that is [5, 3] where N = 5, M = 16; the value given has the shape [5, 4]",
  );
  expect(refused({ a, b: given(6, 16) })).toBe(
    "input b: the input b is f32[N, M], that is [5, 16] where N = 5, M = 16; the value given has the shape [6, 16]",
  );
  expect(refused({ a: { ...a, dtype: "i32" }, b })).toBe(
    "input a: the input a is f32[N, 3], the value given holds i32",
  );
  expect(refused({ a: { ...a, data: new Int32Array(15) }, b })).toBe(
    "input a: the input a is f32[N, 3], its values belong in a Float32Array",
  );
  expect(refused({ a: { ...a, data: new Float32Array(14) }, b })).toBe(
    "input a: the input a is f32[N, 3], the shape given holds 15 values, its data 14",
  );
  expect(refused({ a, b: given(5, 12) })).toBe("size M: M is 12, it ranges over 8..512 in multiples of 8");
  expect(refused({ a: given(5000, 3), b: given(5000, 8) })).toBe("size N: N is 5000, it ranges over 1..4096");
  expect(refused({ a }, [input("a", [N, constDim(3)])])).toBe("size M: the size M is not bound by any input");
  expect(refused(JSON.parse('{"__proto__": 1}'))).toMatch(/^input __proto__/);
});
