import { describe, expect, test } from "vitest";
import type { TfjsDevice } from "../../backends/tfjs/index.js";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import { allocate, type DType, type TensorData } from "../../src/ir/dtype.js";
import type { Graph, Index, Monoid, Op, Scalar, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { at, type Build, build, ix, x } from "../passes/support.js";
import { randomValues } from "../support/random-graph.js";
import { devices, expectRight } from "./run.js";

const tensor = (dtype: DType, shape: readonly number[], values: readonly number[]): TensorData => {
  const data = allocate(dtype, values.length);
  data.set(values);
  return { dtype, shape, data };
};

async function holds(
  graph: Graph,
  device: TfjsDevice,
  given: Readonly<Record<string, TensorData>> = {},
): Promise<number> {
  const { inputs, params } = randomValues(graph, 7);
  const { undecided } = await expectRight(graph, { ...inputs, ...given }, params, device);
  return undecided;
}

const extents = (...sizes: number[]) => sizes.map((n) => constDim(n));

/** A graph of one op over the inputs of `make`. */
function graphOf(make: (t: Build) => ValueId): Graph {
  const t = build();
  return t.finish({ y: make(t) });
}

describe.each(devices)("on %s", (device) => {
  const numbers = [-3.5, -1, -0.25, 0, 1e-3, 0.5, 1, 2, 7.75, 30];
  const positive = numbers.map((v) => Math.abs(v) + 0.125);

  test.each([
    "neg",
    "abs",
    "exp",
    "sin",
    "cos",
    "tanh",
    "erf",
    "sigmoid",
    "relu",
    "gelu",
    "gelu_tanh",
    "silu",
  ] as const)("%s", async (fn) => {
    const graph = graphOf((t) => t.map("i", { i: 10 }, [[t.input("a", 10), "i"]], call(fn, x(0))));
    expect(await holds(graph, device, { a: tensor("f32", [10], numbers) })).toBe(0);
  });

  test.each(["log", "sqrt", "rsqrt"] as const)("%s", async (fn) => {
    const graph = graphOf((t) => t.map("i", { i: 10 }, [[t.input("a", 10), "i"]], call(fn, x(0))));
    expect(await holds(graph, device, { a: tensor("f32", [10], positive) })).toBe(0);
  });

  test.each(["add", "sub", "mul", "div", "min", "max", "floordiv", "mod", "pow"] as const)(
    "%s of floats",
    async (fn) => {
      const graph = graphOf((t) => {
        const [a, b] = [t.input("a", 10), t.input("b", 10)];
        return t.map(
          "ij",
          { i: 10, j: 10 },
          [
            [a, "i"],
            [b, "j"],
          ],
          call(fn, x(0), x(1)),
        );
      });
      const a = fn === "pow" ? positive : numbers;
      await holds(graph, device, { a: tensor("f32", [10], a), b: tensor("f32", [10], positive) });
    },
  );

  test.each(["lt", "le", "gt", "ge", "eq", "ne"] as const)("%s", async (fn) => {
    const graph = graphOf((t) => {
      const [a, b] = [t.input("a", 10), t.input("b", 10)];
      return t.map(
        "ij",
        { i: 10, j: 10 },
        [
          [a, "i"],
          [b, "j"],
        ],
        call(fn, x(0), x(1)),
      );
    });
    expect(await holds(graph, device, { a: tensor("f32", [10], numbers), b: tensor("f32", [10], numbers) })).toBe(0);
  });

  test("whole powers of negative numbers", async () => {
    for (const n of [0, 1, 2, 3, -1]) {
      const graph = graphOf((t) => t.map("i", { i: 4 }, [[t.input("a", 4), "i"]], call("pow", x(0), constant(n))));
      await holds(graph, device, { a: tensor("f32", [4], [-2, -0.5, 1.5, 3]) });
    }
  });

  // numbers that float32 does not hold
  const large = [2 ** 31 - 1, 2 ** 24 + 1, 2 ** 25 + 1, -(2 ** 24) - 1, -7, 0, 5, -(2 ** 31) + 1];

  test.each(["neg", "abs"] as const)("%s of whole numbers", async (fn) => {
    const graph = graphOf((t) => t.map("i", { i: 8 }, [[t.ints("a", 8), "i"]], call(fn, x(0))));
    await holds(graph, device, { a: tensor("i32", [8], large) });
  });

  test.each(["add", "sub", "min", "max", "lt", "le", "eq", "ne"] as const)("%s of whole numbers", async (fn) => {
    const graph = graphOf((t) => {
      const [a, b] = [t.ints("a", 8), t.ints("b", 8)];
      return t.map(
        "i",
        { i: 8 },
        [
          [a, "i"],
          [b, "i"],
        ],
        call(fn, x(0), x(1)),
      );
    });
    await holds(graph, device, {
      a: tensor("i32", [8], large),
      b: tensor("i32", [8], [0, 2 ** 24, 2 ** 25, 3, -7, 1, -5, 0]),
    });
  });

  test.each(["floordiv", "mod"] as const)("%s of whole numbers rounds down, exactly", async (fn) => {
    for (const by of [1, 2, 3, 7, 1000, 65537]) {
      const graph = graphOf((t) => t.map("i", { i: 8 }, [[t.ints("a", 8), "i"]], call(fn, x(0), constant(by, "i32"))));
      await holds(graph, device, { a: tensor("i32", [8], large) });
    }
  });

  test("products of whole numbers", async () => {
    const graph = graphOf((t) =>
      t.map("ij", { i: 4, j: 4 }, [[t.ints("a", 4), "i"]], call("mul", x(0), indexValue(1))),
    );
    await holds(graph, device, { a: tensor("i32", [4], [2 ** 24 + 1, -(2 ** 24) - 3, 7, 0]) });
  });

  test("conversions", async () => {
    const t = build();
    const [f, n] = [t.input("f", 6), t.ints("n", 6)];
    const s = { i: 6 };
    const b = t.map("i", s, [[n, "i"]], call("gt", x(0), constant(0, "i32")));
    const graph = t.finish({
      truncated: t.map("i", s, [[f, "i"]], convert("i32", x(0))),
      float: t.map("i", s, [[n, "i"]], convert("f32", x(0))),
      truth: t.map("i", s, [[n, "i"]], convert("bool", x(0))),
      fromTruth: t.map("i", s, [[b, "i"]], convert("f32", x(0))),
      count: t.map("i", s, [[b, "i"]], convert("i32", x(0))),
    });
    await holds(graph, device, {
      f: tensor("f32", [6], [-2.75, -0.5, 0.25, 1.5, 2.9375, 100.5]),
      n: tensor("i32", [6], [-3, 0, 1, 2, 255, 256]),
    });
  });

  test("logic, and a choice between truth values", async () => {
    const t = build();
    const [p, q] = [0, 1].map((i) =>
      t.b.add({ op: "input", name: `p${i}` }, { kind: "none" }, { dtype: "bool", shape: extents(5) }),
    );
    const r = t.b.add({ op: "input", name: "r" }, { kind: "none" }, { dtype: "bool", shape: extents(3) });
    if (p === undefined || q === undefined) throw new Error("two inputs");
    const s = { i: 5, j: 3 };
    const two = (body: Scalar): ValueId =>
      t.map(
        "ij",
        s,
        [
          [p, "i"],
          [q, "i"],
          [r, "j"],
        ],
        body,
      );
    const graph = t.finish({
      and: two(call("and", x(0), x(2))),
      or: two(call("or", x(1), x(2))),
      not: two(call("not", x(2))),
      same: two(call("eq", x(0), x(2))),
      choice: two(select(x(2), x(0), x(1))),
      mixed: two(select(x(0), x(2), constant(1, "bool"))),
    });
    await holds(graph, device, {
      p0: tensor("bool", [5], [1, 0, 1, 1, 0]),
      p1: tensor("bool", [5], [0, 0, 1, 0, 1]),
      r: tensor("bool", [3], [1, 0, 1]),
    });
  });

  test("what a choice does not take may be anything", async () => {
    const graph = graphOf((t) => {
      const [a, b] = [t.input("a", 4), t.ints("b", 4)];
      return t.map(
        "i",
        { i: 4 },
        [
          [a, "i"],
          [b, "i"],
        ],
        select(call("gt", x(1), constant(0, "i32")), call("exp", x(0)), constant(0)),
      );
    });
    expect(
      await holds(graph, device, {
        a: tensor("f32", [4], [Number.NaN, 1, Number.POSITIVE_INFINITY, 2]),
        b: tensor("i32", [4], [0, 1, 0, 1]),
      }),
    ).toBe(0);
  });

  test("constants, index numbers and sizes", async () => {
    const t = build();
    const S = symbolDim("S", 2, 9);
    const a = t.input("a", S, 3);
    const s = { i: S, j: 3, k: 4 };
    const size: Scalar = convert("f32", { e: "dim", dim: S });
    const graph = t.finish({
      filled: t.map("jk", s, [], constant(0.1)),
      whole: t.map("jk", s, [], constant(2 ** 24 + 1, "i32")),
      truth: t.map("j", s, [], constant(1, "bool")),
      numbers: t.map("ki", s, [], call("sub", call("mul", indexValue(1), constant(3, "i32")), indexValue(0))),
      sizes: t.map("k", s, [], call("div", constant(1), call("sqrt", size))),
      both: t.map("ij", s, [[a, "ij"]], call("mul", x(0), call("add", convert("f32", indexValue(1)), size))),
    });
    for (const n of [2, 5, 9]) {
      const values = Array.from({ length: 3 * n }, (_, i) => i / 7);
      await holds(graph, device, { a: tensor("f32", [n, 3], values) });
    }
  });

  const plus = (...of: Index[]): Index => ({ i: "add", of });
  const times = (of: Index, by: number): Index => ({ i: "mul", of, by: constDim(by) });
  const over = (of: Index, by: number): Index => ({ i: "floordiv", of, by: constDim(by) });
  const rest = (of: Index, by: number): Index => ({ i: "mod", of, by: constDim(by) });

  const reads: readonly (readonly [string, readonly number[], readonly Index[]])[] = [
    ["transposed", [12, 4], [ix(1), ix(0)]],
    ["cut at both ends", [6, 5], [plus(ix(1), at(2)), plus(ix(0), at(1))]],
    ["one row", [4, 6], [at(2), ix(0)]],
    ["strided", [12, 4], [plus(times(ix(0), 2), at(1)), ix(1)]],
    ["reversed", [4, 6], [plus(at(3), times(ix(1), -1)), plus(at(5), times(ix(0), -1))]],
    ["blocks", [24, 2], [plus(times(ix(0), 4), ix(1)), at(1)]],
    ["out of blocks", [2, 4, 3], [over(ix(0), 4), rest(ix(0), 4), at(0)]],
    ["pairs of rows", [3, 2, 4], [over(ix(0), 2), rest(ix(0), 2), ix(1)]],
    ["a diagonal", [6, 6, 4], [ix(0), ix(0), ix(1)]],
    ["a window", [12, 4], [plus(ix(0), ix(1)), at(3)]],
    ["past both ends", [6, 4], [plus(ix(0), at(-2)), plus(ix(1), at(1))]],
    ["strides past the end", [6, 4], [plus(times(ix(0), 3), at(-1)), ix(1)]],
  ];

  test.each(reads)("subscripts of floats: %s", async (_, shape, index) => {
    const graph = graphOf((t) => t.map("ij", { i: 6, j: 4 }, [[t.input("a", ...shape), index]], x(0)));
    await holds(graph, device);
  });

  test.each(reads)("subscripts of whole numbers and truth values: %s", async (_, shape, index) => {
    const t = build();
    const a = t.ints("a", ...shape);
    const positive = t.add({
      op: "map",
      args: [{ value: a, at: shape.map((_, i) => ix(i)) }],
      out: shape.map((_, i) => i),
      extents: extents(...shape),
      body: call("gt", argument(0), constant(0, "i32")),
    });
    const graph = t.finish({
      whole: t.map("ij", { i: 6, j: 4 }, [[a, index]], x(0)),
      truth: t.map("ij", { i: 6, j: 4 }, [[positive, index]], x(0)),
    });
    const count = shape.reduce((p, n) => p * n, 1);
    const values = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? -1 : 1) * (2 ** 24 + i));
    await holds(graph, device, { a: tensor("i32", shape, values) });
  });

  test("gathers, clamped to the nearest row; nested, with a batch, on several axes", async () => {
    const t = build();
    const [table, ids, batch] = [t.input("table", 5, 3), t.ints("ids", 2, 4), t.input("batch", 2, 5, 3)];
    const id: Index = { i: "value", of: { value: ids, at: [ix(0), ix(1)] } };
    const s = { b: 2, n: 4, d: 3 };
    const graph = t.finish({
      rows: t.map("bnd", s, [[table, [id, ix(2)]]], x(0)),
      next: t.map("bnd", s, [[table, [plus(id, at(1)), ix(2)]]], x(0)),
      own: t.map("bnd", s, [[batch, [ix(0), id, ix(2)]]], x(0)),
      both: t.map("bn", s, [[table, [id, rest(id, 3)]]], x(0)),
      nested: t.map("bn", s, [[table, [{ i: "value", of: { value: ids, at: [at(1), ix(1)] } }, at(0)]]], x(0)),
      one: t.map("d", s, [[table, [{ i: "value", of: { value: ids, at: [at(0), at(2)] } }, ix(0)]]], x(0)),
    });
    await holds(graph, device, { ids: tensor("i32", [2, 4], [0, 4, -1, 5, 2, 1, 100, 3]) });
  });

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

  const monoids: readonly Monoid[] = ["sum", "max", "min", "prod", "argmax", "argmin"];

  test.each(monoids)("%s of floats and whole numbers, whole and under conditions", async (monoid) => {
    const t = build();
    const [a, n, mask] = [t.input("a", 4, 6), t.ints("n", 4, 6), t.ints("keep", 6)];
    const where: Where = { args: [{ value: mask, at: [ix(1)] }], body: call("gt", argument(0), constant(0, "i32")) };
    const never: Where = { args: [], body: call("lt", indexValue(1), constant(0, "i32")) };
    const fold = (value: ValueId, w?: Where): ValueId =>
      t.add({
        op: "reduce",
        monoid,
        arg: { value, at: [ix(0), ix(1)] },
        out: [0],
        extents: extents(4, 6),
        ...(w && { where: w }),
      });
    const graph = t.finish({
      floats: fold(a),
      whole: fold(n),
      some: fold(a, where),
      someWhole: fold(n, where),
      none: fold(a, never),
      noneWhole: fold(n, never),
    });
    const floats = Array.from({ length: 24 }, (_, i) => ((i * 7) % 5) - 2 + (i % 6) / 8);
    await holds(graph, device, {
      a: tensor("f32", [4, 6], floats),
      n: tensor(
        "i32",
        [4, 6],
        floats.map((v) => Math.round(v * 3)),
      ),
      keep: tensor("i32", [6], keep),
    });
  });

  test("ties go to the least index; every index of the result and of the sum counts", async () => {
    const t = build();
    const a = t.input("a", 4);
    const arg = { value: a, at: [ix(0)] };
    const graph = t.finish({
      most: t.add({ op: "reduce", monoid: "argmax", arg, out: [], extents: extents(4) }),
      least: t.add({ op: "reduce", monoid: "argmin", arg, out: [], extents: extents(4) }),
      sum: t.add({ op: "reduce", monoid: "sum", arg, out: [0], extents: extents(4, 3) }),
      wide: t.add({ op: "reduce", monoid: "max", arg, out: [1, 0], extents: extents(4, 3, 2) }),
      turned: t.add({ op: "reduce", monoid: "sum", arg, out: [1], extents: extents(4, 3) }),
    });
    await holds(graph, device, { a: tensor("f32", [4], [1, 3, 3, 1]) });
  });

  test.each([0, 1, 2])("softmax along axis %d, whole, masked, of nothing", async (axis) => {
    const t = build();
    const [a, mask] = [t.input("a", 3, 4, 5), t.ints("keep", 5)];
    const soft = (where?: Where): ValueId =>
      t.add({
        op: "softmax",
        arg: { value: a, at: [ix(0), ix(1), ix(2)] },
        axis,
        extents: extents(3, 4, 5),
        ...(where && { where }),
      });
    const graph = t.finish({
      whole: soft(),
      masked: soft({ args: [{ value: mask, at: [ix(2)] }], body: call("gt", argument(0), constant(0, "i32")) }),
      triangle: soft({ args: [], body: call("le", indexValue(2), indexValue(1)) }),
      none: soft({ args: [], body: call("lt", indexValue(0), constant(0, "i32")) }),
    });
    const scores = Array.from({ length: 60 }, (_, i) => Math.cos(i) * 30);
    await holds(graph, device, { a: tensor("f32", [3, 4, 5], scores), keep: tensor("i32", [5], [1, 0, 1, 1, 0]) });
  });

  test("a masked softmax does not see NaN, infinity or huge scores that it leaves out", async () => {
    const graph = graphOf((t) => {
      const [a, mask] = [t.input("a", 2, 6), t.ints("keep", 6)];
      const where: Where = { args: [{ value: mask, at: [ix(1)] }], body: call("gt", argument(0), constant(0, "i32")) };
      return t.add({ op: "softmax", arg: { value: a, at: [ix(0), ix(1)] }, axis: 1, extents: extents(2, 6), where });
    });
    const bad = [Number.NaN, Number.POSITIVE_INFINITY, 3e38, Number.NEGATIVE_INFINITY];
    const scores = Array.from({ length: 12 }, (_, i) => (keep[i % 6] === 0 ? (bad[i % 4] ?? 0) : -1e4 + i / 4));
    expect(await holds(graph, device, { a: tensor("f32", [2, 6], scores), keep: tensor("i32", [6], keep) })).toBe(0);
  });

  test("joins of every type along every axis", async () => {
    const t = build();
    const [a, b, n] = [t.input("a", 2, 3), t.input("b", 2, 3), t.ints("n", 2, 3)];
    const truth = t.map("ij", { i: 2, j: 3 }, [[n, "ij"]], call("gt", x(0), constant(0, "i32")));
    const join = (axis: number, ...args: ValueId[]): ValueId => t.add({ op: "concat", args, axis });
    const graph = t.finish({
      rows: join(0, a, b, a),
      columns: join(1, a, b),
      whole: join(1, n, n),
      truth: join(0, truth, truth),
    });
    await holds(graph, device, { n: tensor("i32", [2, 3], [2 ** 24 + 1, -1, 0, 3, 2 ** 30 + 1, -5]) });
  });

  test("more axes than the library broadcasts", async () => {
    const t = build();
    const a = t.input("a", 2, 2, 2, 2);
    const b = t.input("b", 2, 2, 2, 2);
    const s = { i: 2, j: 2, k: 2, l: 2, m: 2, n: 2, o: 2, p: 2 };
    const pairs = [
      [a, "ijkl"],
      [b, "mnop"],
    ] as const;
    const graph = t.finish({
      sum: t.map("imjnkolp", s, pairs, call("add", x(0), convert("f32", indexValue(3)))),
      choice: t.map("imjnkolp", s, pairs, select(call("lt", indexValue(0), indexValue(7)), x(0), x(1))),
      outer: t.contract("imjnkolp", s, pairs),
      folded: t.contract("imjnko", s, pairs),
    });
    await holds(graph, device);
  });

  test("an input, a weight or the same value twice as outputs", async () => {
    const t = build();
    const [a, w] = [t.input("a", 3), t.param("w", 4)];
    const y = t.map("i", { i: 3 }, [[a, "i"]], call("exp", x(0)));
    const fixed = t.map("i", { i: 4 }, [[w, "i"]], call("exp", x(0)));
    await holds(t.finish({ a, w, y, again: y, fixed }), device);
  });

  const fns: readonly ScalarFn[] = ["exp", "tanh", "sigmoid", "gelu", "gelu_tanh", "silu", "erf"];
  test.each(fns)("%s of numbers far out", async (fn) => {
    const graph = graphOf((t) => t.map("i", { i: 6 }, [[t.input("a", 6), "i"]], call(fn, x(0))));
    await holds(graph, device, { a: tensor("f32", [6], [-100, -88, -20, 20, 80, 88]) });
  });
});
