import { describe, test } from "vitest";
import { constDim } from "../../src/ir/dim.js";
import type { Index } from "../../src/ir/graph/ops.js";
import { argument, call, constant } from "../../src/ir/graph/scalars.js";
import { at, build, ix, x } from "../passes/support.js";
import { devices, extents, graphOf, holds, tensor } from "./run.js";

describe.each(devices)("on %s", (device) => {
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
});
