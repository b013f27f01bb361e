import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addDim,
  ceilDivDim,
  constDim,
  type Dim,
  dimKey,
  dimRange,
  divDim,
  evalDim,
  floorDivDim,
  isWhole,
  modDim,
  mulDim,
  printDim,
  provablyAtLeast,
  sameDim,
  scaleDim,
  subDim,
  substituteDim,
  symbolDim,
  symbolsOf,
} from "../src/ir/dim.js";

const Seq = symbolDim("Seq", 64, 4096, 64);
const Heads = symbolDim("Heads", 8, 8);
const Model = symbolDim("Model", 512, 512);
const N = symbolDim("N", 1, 100);
const exact = (a: Dim, b: Dim): Dim => divDim(a, b) ?? expect.fail("the divisor has one term");

test("Heads * (Model / Heads) is Model, and K * (N / K) is N", () => {
  expect(sameDim(mulDim(Heads, exact(Model, Heads)), Model)).toBe(true);
  expect(sameDim(mulDim(Model, exact(N, Model)), N)).toBe(true);
});

test("n + 1 and 1 + n are one size, a + (b + c) and (a + b) + c too", () => {
  expect(dimKey(addDim(N, constDim(1)))).toBe(dimKey(addDim(constDim(1), N)));
  expect(dimKey(addDim(N, addDim(Seq, Model)))).toBe(dimKey(addDim(addDim(N, Seq), Model)));
});

test("two dims of one value stay apart", () => {
  expect(sameDim(symbolDim("Slots", 64, 64), symbolDim("Positions", 64, 64))).toBe(false);
});

test("division is whole by value for numbers and by step for run-time sizes", () => {
  expect(isWhole(exact(Model, Heads))).toBe(true);
  expect(isWhole(exact(Model, constDim(5)))).toBe(false);
  expect(isWhole(exact(Seq, constDim(64)))).toBe(true);
  expect(isWhole(exact(Seq, constDim(128)))).toBe(false);
  expect(isWhole(exact(N, constDim(2)))).toBe(false);
});

test("a sum is no divisor", () => {
  expect(divDim(Seq, addDim(N, constDim(1)))).toBeUndefined();
});

test("rounded division simplifies what divides exactly", () => {
  expect(sameDim(ceilDivDim(Seq, constDim(64)), exact(Seq, constDim(64)))).toBe(true);
  expect(sameDim(modDim(Seq, constDim(64)), constDim(0))).toBe(true);
  expect(printDim(ceilDivDim(N, constDim(16)))).toBe("ceil(N / 16)");
  expect(printDim(ceilDivDim(mulDim(constDim(4), N), constDim(256)))).toBe("ceil(N / 64)");
  expect(printDim(floorDivDim(addDim(Seq, constDim(3)), constDim(64)))).toBe("Seq / 64");
});

test("printing is what a person writes", () => {
  expect(printDim(mulDim(constDim(4), Model))).toBe("4 * Model");
  expect(printDim(addDim(constDim(1), exact(Seq, constDim(64))))).toBe("Seq / 64 + 1");
  expect(printDim(subDim(N, constDim(1)))).toBe("N - 1");
  expect(printDim(mulDim(addDim(N, constDim(1)), Heads))).toBe("Heads + Heads * N");
});

test("a >= b is proved term by term", () => {
  expect(provablyAtLeast(Seq, constDim(64))).toBe(true);
  expect(provablyAtLeast(mulDim(constDim(2), N), N)).toBe(true);
  expect(provablyAtLeast(N, Seq)).toBe(false);
});

const symbols = [Seq, Heads, N];
const dim: fc.Arbitrary<Dim> = fc.letrec<{ d: Dim }>((tie) => ({
  d: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...symbols),
    fc.integer({ min: -9, max: 9 }).map(constDim),
    fc.tuple(tie("d"), tie("d")).map(([a, b]) => addDim(a, b)),
    fc.tuple(tie("d"), tie("d")).map(([a, b]) => mulDim(a, b)),
    fc.tuple(tie("d"), fc.integer({ min: 1, max: 6 })).map(([a, n]) => floorDivDim(a, constDim(n))),
    fc.tuple(tie("d"), fc.integer({ min: 1, max: 6 })).map(([a, n]) => ceilDivDim(a, constDim(n))),
    fc.tuple(tie("d"), fc.integer({ min: 1, max: 6 })).map(([a, n]) => modDim(a, constDim(n))),
  ),
})).d;
const env = fc.tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 100 })).map(
  ([s, n]) =>
    new Map([
      ["Seq", 64 * s],
      ["Heads", 8],
      ["N", n],
    ]),
);

test("arithmetic on sizes is arithmetic on their values, ranges hold, substitution evaluates", () => {
  fc.assert(
    fc.property(dim, dim, fc.integer({ min: 1, max: 7 }), env, (a, b, n, e) => {
      const x = evalDim(a, e);
      const y = evalDim(b, e);
      fc.pre(Math.abs(x) < 1e6 && Math.abs(y) < 1e6);
      expect(evalDim(addDim(a, b), e) + 0).toBe(x + y + 0);
      expect(evalDim(subDim(a, b), e) + 0).toBe(x - y + 0);
      expect(evalDim(mulDim(a, b), e) + 0).toBe(x * y + 0);
      expect(evalDim(scaleDim(a, n, n), e) + 0).toBe(x + 0);
      expect(evalDim(floorDivDim(a, constDim(n)), e) + 0).toBe(Math.floor(x / n) + 0);
      expect(evalDim(ceilDivDim(a, constDim(n)), e) + 0).toBe(Math.ceil(x / n) + 0);
      expect(evalDim(modDim(a, constDim(n)), e) + 0).toBe(x - n * Math.floor(x / n) + 0);
      expect(sameDim(subDim(addDim(a, b), b), a)).toBe(true);
      const range = dimRange(a);
      expect(x).toBeGreaterThanOrEqual(range.lo - 1e-6);
      expect(x).toBeLessThanOrEqual(range.hi + 1e-6);
      const fixed = new Map(symbolsOf(a).map((s) => [s.name, constDim(e.get(s.name) ?? s.lo)]));
      expect(evalDim(substituteDim(a, fixed), new Map())).toBe(x);
    }),
  );
});
