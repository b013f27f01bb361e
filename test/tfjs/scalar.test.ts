import { describe, expect, test } from "vitest";
import { symbolDim } from "../../src/ir/dim.js";
import type { Scalar, ValueId } from "../../src/ir/graph/ops.js";
import { call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { build, x } from "../passes/support.js";
import { devices, extents, graphOf, holds, tensor } from "./run.js";

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
