import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addDim,
  ceilDivDim,
  constDim,
  type Dim,
  evalDim,
  floorDivDim,
  modDim,
  mulDim,
  scaleDim,
  subDim,
  symbolDim,
} from "../../src/ir/dim.js";
import { createBounds } from "../../src/ir/kernel/bounds.js";
import { add, floordiv, int, lt, mod, mul, slot, variable } from "../../src/ir/kernel/builder.js";
import { sizeAtLeast, sizeAtLeastZero } from "../../src/ir/kernel/sizeProof.js";

const [m, s, w] = [symbolDim("M", 1, 4), symbolDim("S", 1, 33), symbolDim("W", 3, 12, 3)];
const one = constDim(1);
const times = (n: number, d: Dim): Dim => scaleDim(d, n, 1);

const size: fc.Arbitrary<Dim> = fc.letrec<{ size: Dim }>((tie) => ({
  size: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    fc.constantFrom(m, s, w),
    fc.integer({ min: -4, max: 9 }).map(constDim),
    fc.tuple(tie("size"), tie("size")).map(([a, b]) => addDim(a, b)),
    fc.tuple(tie("size"), tie("size")).map(([a, b]) => subDim(a, b)),
    fc.tuple(tie("size"), tie("size")).map(([a, b]) => mulDim(a, b)),
    fc.tuple(tie("size"), fc.constantFrom<Dim>(m, w, constDim(4))).map(([a, b]) => floorDivDim(a, b)),
    fc.tuple(tie("size"), fc.constantFrom<Dim>(m, w, constDim(4))).map(([a, b]) => ceilDivDim(a, b)),
    fc.tuple(tie("size"), fc.constantFrom<Dim>(m, constDim(5))).map(([a, b]) => modDim(a, b)),
  ),
})).size;

test("what is proved of a size holds at each of its values", () => {
  let proved = 0;
  fc.assert(
    fc.property(size, (d) => {
      if (!sizeAtLeastZero(d)) return;
      proved++;
      for (const M of [1, 2, 3, 4])
        for (const S of [1, 2, 7, 32, 33])
          for (const W of [3, 6, 9, 12])
            expect(
              evalDim(
                d,
                new Map([
                  ["M", M],
                  ["S", S],
                  ["W", W],
                ]),
              ),
            ).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1000 },
  );
  expect(proved).toBeGreaterThan(100);
});

describe("what term by term cannot be proved", () => {
  const length = subDim(times(2, mulDim(m, s)), s);
  test.each<[string, Dim, Dim]>([
    ["2·M·S - S is a length", length, one],
    ["a multiple of 4 up to S", s, times(4, floorDivDim(s, constDim(4)))],
    ["whole blocks hold S", times(4, ceilDivDim(s, constDim(4))), s],
    ["(M + 1)·(S + 1) > M·S + S", mulDim(addDim(m, one), addDim(s, one)), addDim(mulDim(m, s), addDim(s, one))],
    ["whole blocks hold a difference", times(256, ceilDivDim(length, constDim(64))), times(4, length)],
  ])("%s", (_, a, b) => {
    expect(sizeAtLeast(a, b)).toBe(true);
    expect(sizeAtLeast(b, addDim(a, one))).toBe(false);
  });

  test("and what does not hold is not", () => {
    expect(sizeAtLeast(s, m)).toBe(false);
    expect(sizeAtLeast(floorDivDim(s, constDim(4)), one)).toBe(false);
    expect(sizeAtLeast(mulDim(m, m), addDim(m, m))).toBe(false);
  });
});

describe("an index that is split over run-time sizes", () => {
  const i = variable("i");
  const world = [s, mulDim(m, s), addDim(s, one), mulDim(m, addDim(s, one))];
  const [row, column] = [floordiv(i, slot(0)), mod(i, slot(0))];
  const begun = () => {
    const b = createBounds([world]);
    b.loop({ s: "for", var: "i", from: int(0), to: int(1024), step: 1, bind: { to: "serial" }, body: [] });
    return b;
  };

  test("is joined again, so that the condition on it decides", () => {
    const b = begun();
    const at = add(mul(row, slot(0)), column);
    expect(b.below(at, mulDim(m, s))).toBe(false);
    b.assuming(lt(i, slot(1)), true, () => {
      expect(b.below(at, mulDim(m, s))).toBe(true);
      expect(b.decide(lt(at, slot(1)))).toBe(true);
    });
  });

  test("has a last row, by the condition on it", () => {
    const b = begun();
    b.assuming(lt(i, slot(1)), true, () => {
      expect(b.below(row, m)).toBe(true);
      // rows of another length, as in a concat
      expect(b.below(add(mul(row, slot(2)), column), world[3] as Dim)).toBe(true);
    });
  });

  test("a condition whose coefficients are sums of sizes says what it says", () => {
    const b = begun();
    const at = add(mul(variable("i"), slot(2)), slot(0));
    b.assuming(lt(at, slot(3)), true, () => expect(b.below(at, world[3] as Dim)).toBe(true));
  });
});
