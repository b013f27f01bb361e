import { describe, expect, test } from "vitest";
import type { Monoid, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { build, ix } from "../passes/support.js";
import { devices, extents, graphOf, holds, tensor } from "./run.js";

describe.each(devices)("on %s", (device) => {
  const keep = [1, 0, 1, 1, 0, 1];
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
});
