import { describe, expect, test } from "vitest";
import type { Index, Op, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { build, ix } from "../passes/support.js";
import { devices, extents, graphOf, holds, tensor } from "./run.js";

describe.each(devices)("on %s", (device) => {
  const products: readonly (readonly [string, string, readonly string[]])[] = [
    ["a matrix product", "nc", ["nd", "dc"]],
    ["the right factor transposed", "nc", ["nd", "cd"]],
    ["the left factor transposed", "nc", ["dn", "dc"]],
    ["both, and the result", "cn", ["dn", "cd"]],
    ["a batch", "bhnm", ["bhnd", "bhmd"]],
    ["a batch in the middle", "bnhm", ["bnhd", "bhmd"]],
    ["heads split", "bhnc", ["bnd", "hdc"]],
    ["heads merged", "bno", ["bhnc", "hco"]],
    ["a shared projection", "bkd", ["km", "bmd"]],
    ["the same from the right", "bkd", ["bmd", "km"]],
    ["several of each class", "habnmk", ["hnmdc", "habkcd"]],
    ["rows times a vector", "n", ["nd", "d"]],
    ["a dot product", "", ["d", "d"]],
    ["dot products in a batch", "b", ["bd", "bd"]],
    ["an outer product", "nc", ["n", "c"]],
    ["elementwise", "nd", ["nd", "dn"]],
    ["a scalar factor", "nc", ["", "nc"]],
    ["a private index each", "n", ["nd", "nk"]],
    ["private and common", "nc", ["ndk", "dcm"]],
    ["one factor", "c", ["nc"]],
    ["one factor turned", "cn", ["nc"]],
    ["three factors", "no", ["nd", "dc", "co"]],
  ];
  const sizes = { a: 3, b: 2, h: 3, n: 4, m: 5, d: 6, c: 2, k: 3, o: 5 };

  test.each(products)("products: %s", async (_, out, factors) => {
    const graph = graphOf((t) => {
      const size = (l: string): number => sizes[l as keyof typeof sizes];
      const uses = factors.map((f, i) => [t.input(`f${i}`, ...[...f].map(size)), f] as const);
      return t.contract(out, sizes, uses);
    });
    expect(await holds(graph, device)).toBe(0);
  });

  test("products of whole numbers", async () => {
    const graph = graphOf((t) => {
      const [a, b] = [t.ints("a", 3, 4), t.ints("b", 4, 2)];
      const use = (value: ValueId, ...at: Index[]) => ({ value, at });
      const factors = [use(a, ix(0), ix(2)), use(b, ix(2), ix(1))];
      return t.add({ op: "contract", factors, out: [0, 1], extents: extents(3, 2, 4), accum: "i32" });
    });
    const a = tensor("i32", [3, 4], [2 ** 24 + 1, 1, 2, 3, -1, 5, 2 ** 20, 0, 9, 8, 7, 6]);
    await holds(graph, device, { a, b: tensor("i32", [4, 2], [1, 2, 3, 4, 5, -6, 7, 8]) });
  });

  test("an index that nothing has: the sum counts it, the result repeats it", async () => {
    const t = build();
    const a = t.input("a", 4);
    const op = (out: readonly number[]): Op => ({
      op: "contract",
      factors: [{ value: a, at: [ix(0)] }],
      out,
      extents: extents(4, 3),
      accum: "f32",
    });
    await holds(t.finish({ counted: t.add(op([0])), repeated: t.add(op([1])) }), device);
  });

  const keep = [1, 0, 1, 1, 0, 1];
  const someNaN = (values: readonly number[], bad: (i: number) => boolean): number[] =>
    values.map((v, i) => (bad(i) ? Number.NaN : v));
  const values = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i + 1));

  /** A condition that reads `keep[m]`. */
  const kept =
    (mask: ValueId) =>
    (i: (l: string) => number): Where => ({
      args: [{ value: mask, at: [ix(i("m"))] }],
      body: call("gt", argument(0), constant(0, "i32")),
    });

  test("a padded sum: NaN in the padding does no harm", async () => {
    const graph = graphOf((t) => {
      const [e, v, mask] = [t.input("e", 3, 6), t.input("v", 6, 4), t.ints("keep", 6)];
      return t.contract(
        "kd",
        { k: 3, m: 6, d: 4 },
        [
          [e, "km"],
          [v, "md"],
        ],
        kept(mask),
      );
    });
    const undecided = await holds(graph, device, {
      e: tensor(
        "f32",
        [3, 6],
        someNaN(values(18), (i) => keep[i % 6] === 0),
      ),
      v: tensor(
        "f32",
        [6, 4],
        someNaN(values(24), (i) => keep[Math.floor(i / 4)] === 0),
      ),
      keep: tensor("i32", [6], keep),
    });
    expect(undecided).toBe(0);
  });

  const upTo = (i: (l: string) => number): Where => ({
    args: [],
    body: call("le", indexValue(i("m")), indexValue(i("n"))),
  });

  test("a prefix sum: what comes later does no harm, NaN that is in it shows", async () => {
    const graph = graphOf((t) => {
      const [e, v] = [t.input("e", 3, 6), t.input("v", 6, 4)];
      return t.contract(
        "nkd",
        { n: 6, k: 3, m: 6, d: 4 },
        [
          [e, "km"],
          [v, "md"],
        ],
        upTo,
      );
    });
    const e = tensor("f32", [3, 6], values(18));
    await holds(graph, device, { e, v: tensor("f32", [6, 4], values(24)) });
    const undecided = await holds(graph, device, {
      e,
      v: tensor(
        "f32",
        [6, 4],
        someNaN(values(24), (i) => i >= 16),
      ),
    });
    // rows 0 … 3 are decided, and right
    expect(undecided).toBe(2 * 3 * 4);
  });

  test("a triangle over both factors, with a mask on the result too", async () => {
    const graph = graphOf((t) => {
      const [p, v, mask] = [t.input("p", 2, 6, 6), t.input("v", 2, 6, 4), t.ints("keep", 6)];
      return t.contract(
        "hnc",
        { h: 2, n: 6, m: 6, c: 4 },
        [
          [p, "hnm"],
          [v, "hmc"],
        ],
        (i) => ({
          args: [{ value: mask, at: [ix(i("n"))] }],
          body: call("and", upTo(i).body, call("gt", argument(0), constant(0, "i32"))),
        }),
      );
    });
    const masked = someNaN(values(72), (i) => i % 6 > Math.floor(i / 6) % 6 || keep[Math.floor(i / 6) % 6] === 0);
    expect(await holds(graph, device, { p: tensor("f32", [2, 6, 6], masked), keep: tensor("i32", [6], keep) })).toBe(0);
  });

  test("nothing selected: a sum of 0", async () => {
    const graph = graphOf((t) => {
      const [e, v, mask] = [t.input("e", 3, 6), t.input("v", 6, 4), t.ints("keep", 6)];
      return t.contract(
        "kd",
        { k: 3, m: 6, d: 4 },
        [
          [e, "km"],
          [v, "md"],
        ],
        kept(mask),
      );
    });
    await holds(graph, device, { keep: tensor("i32", [6], [0, 0, 0, 0, 0, 0]) });
  });
});
