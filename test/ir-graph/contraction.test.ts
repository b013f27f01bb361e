import fc from "fast-check";
import { expect, test } from "vitest";
import {
  accumulationLength,
  cheapestTree,
  contractFactors,
  type Factor,
  maskOf,
  type Tree,
} from "../../src/ir/graph/reference/contraction.js";
import { randomFrom } from "../support/random.js";

test("any tree gives the sum that nested loops give", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const r = randomFrom(seed);
      const sizes = Array.from({ length: r.int(1, 5) }, () => r.int(1, 4));
      const ixs = sizes.map((_, ix) => ix);
      const factors: Factor[] = Array.from({ length: r.int(1, 4) }, () => {
        const own = r.shuffle(ixs.filter(() => r.chance(0.6)));
        const length = own.reduce((product, ix) => product * (sizes[ix] ?? 1), 1);
        return { ixs: own, data: Float64Array.from({ length }, () => r.int(-3, 3)) };
      });
      const present = ixs.filter((ix) => factors.some((factor) => factor.ixs.includes(ix)));
      const out = r.shuffle(present.filter(() => r.chance(0.5)));
      const masks = factors.map((factor) => maskOf(factor.ixs));
      const expected = naive(factors, out, present, sizes);
      let random: Tree = 0;
      for (let f = 1; f < factors.length; f++) random = r.chance(0.5) ? [random, f] : [f, random];
      for (const tree of [cheapestTree(masks, sizes, maskOf(out)), random])
        expect([...contractFactors(factors, out, sizes, tree)]).toEqual(expected);
    }),
    { numRuns: 300, seed: 3 },
  );
});

function naive(
  factors: readonly Factor[],
  out: readonly number[],
  present: readonly number[],
  sizes: readonly number[],
): number[] {
  const length = out.reduce((product, ix) => product * (sizes[ix] ?? 1), 1);
  const result = new Array<number>(length).fill(0);
  const point: number[] = [];
  const offset = (ixs: readonly number[]): number =>
    ixs.reduce((sum, ix) => sum * (sizes[ix] ?? 1) + (point[ix] ?? 0), 0);
  const visit = (depth: number): void => {
    const ix = present[depth];
    if (ix === undefined) {
      const at = offset(out);
      result[at] =
        (result[at] ?? 0) + factors.reduce((product, factor) => product * (factor.data[offset(factor.ixs)] ?? 0), 1);
      return;
    }
    for (point[ix] = 0; (point[ix] ?? 0) < (sizes[ix] ?? 1); point[ix] = (point[ix] ?? 0) + 1) visit(depth + 1);
  };
  visit(0);
  // The loops give +0 and −0 alike.
  return result.map((x) => x + 0);
}

const length = (sets: readonly (readonly number[])[], sizes: readonly number[], out: readonly number[]): number =>
  accumulationLength(sets.map(maskOf), sizes, maskOf(out));

test("additions on the longest way of one product", () => {
  // x[n, d] w[d, o]
  expect(
    length(
      [
        [0, 1],
        [1, 2],
      ],
      [5, 7, 3],
      [0, 2],
    ),
  ).toBe(7);
  // head[h, n, c] wo[h, c, o]: h and c at once
  expect(
    length(
      [
        [0, 1, 2],
        [0, 2, 3],
      ],
      [4, 9, 8, 5],
      [1, 3],
    ),
  ).toBe(32);
  // e[k, m] x[m, d] w[d, c]: n + d either way
  expect(
    length(
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
      [3, 11, 7, 4],
      [0, 3],
    ),
  ).toBe(18);
  // written e, w, x: left to right multiplies out first and then sums both at once
  expect(
    length(
      [
        [0, 1],
        [2, 3],
        [1, 2],
      ],
      [3, 11, 7, 4],
      [0, 3],
    ),
  ).toBe(77);
  // trace of three: the second merge sums two
  expect(
    length(
      [
        [0, 1],
        [1, 2],
        [2, 0],
      ],
      [3, 4, 5],
      [],
    ),
  ).toBe(3 + 20);
  // an outer product and a plain sum
  expect(length([[0], [1]], [3, 4], [0, 1])).toBe(1);
  expect(length([[0, 1]], [3, 4], [])).toBe(12);
  // an index of one factor only is summed before
  expect(length([[0, 1], [2]], [3, 4, 5], [0, 2])).toBe(4);
});

test("the cheapest order projects the sequence first", () => {
  // e[k, m] x[m, d] wk[h, d, c] with k ≪ n: (e·x)·wk
  const sets = [
    [0, 1],
    [1, 2],
    [3, 2, 4],
  ].map(maskOf);
  const sizes = [16, 1024, 64, 8, 8];
  const tree = cheapestTree(sets, sizes, maskOf([0, 3, 4]));
  expect(JSON.stringify(tree).replace(/[[\],]/g, "")).toMatch(/^2(01|10)$|^(01|10)2$/);
});
