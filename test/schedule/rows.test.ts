import { expect, test } from "vitest";
import { noLoc } from "../../src/diagnostics/span.js";
import { type Dim, symbolDim } from "../../src/ir/dim.js";
import type { Monoid, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { agree, dim, type Hand, hand, simt, tensor, use } from "./support.js";

const reduce = (
  h: Hand,
  monoid: Monoid,
  arg: Use,
  out: readonly number[],
  extents: readonly (Dim | number)[],
  where?: Where,
): ValueId => h.b.add({ op: "reduce", monoid, arg, out, extents: extents.map(dim), ...(where && { where }) }, noLoc);

const softmax = (h: Hand, arg: Use, axis: number, extents: readonly (Dim | number)[], where?: Where): ValueId =>
  h.b.add({ op: "softmax", arg, axis, extents: extents.map(dim), ...(where && { where }) }, noLoc);

const monoids = ["sum", "max", "min", "prod", "argmax", "argmin"] as const;

test.each(monoids)("%s along either axis, of any length", async (monoid) => {
  for (const [n, k] of [
    [5, 7],
    [3, 1],
    [1, 64],
    [12, 8],
    [6, 30],
  ] as const) {
    const h = hand();
    const x = h.input("x", [n, k]);
    const rows = reduce(h, monoid, use(x, 0, 1), [0], [n, k]);
    const cols = reduce(h, monoid, use(x, 1, 0), [0], [k, n]);
    await agree(h.finish({ rows, cols }));
  }
});

test.each(monoids)("%s of what is selected, and of nothing", async (monoid) => {
  const h = hand();
  const x = h.input("x", [5, 9]);
  const where: Where = { args: [], body: call("lt", indexValue(1), indexValue(0)) };
  const y = reduce(h, monoid, use(x, 0, 1), [0], [5, 9], where);
  const values = { x: tensor([5, 9], "f32", (i) => (i % 9 < Math.floor(i / 9) ? ((i * 37) % 19) - 9 : Number.NaN)) };
  await agree(h.finish({ y }), { values });
});

test("argmax takes the least index of equals", async () => {
  const h = hand();
  const x = h.input("x", [4, 12]);
  const y = reduce(h, "argmax", use(x, 0, 1), [0], [4, 12]);
  const z = reduce(h, "argmin", use(x, 0, 1), [0], [4, 12]);
  const values = { x: tensor([4, 12], "f32", (i) => [1, 3, 3, 0, 3, 0][i % 6] ?? 0) };
  await agree(h.finish({ y, z }), { values });
});

test("several axes at once, down to one number", async () => {
  const h = hand();
  const x = h.input("x", [3, 4, 5]);
  const some = reduce(h, "sum", use(x, 1, 0, 2), [0], [4, 3, 5]);
  const all = reduce(h, "max", use(x, 0, 1, 2), [], [3, 4, 5]);
  await agree(h.finish({ some, all }));
});

test("whole numbers and their bounds", async () => {
  const h = hand();
  const x = h.input("x", [3, 8], "i32");
  const outputs = Object.fromEntries(monoids.map((m) => [m, reduce(h, m, use(x, 0, 1), [0], [3, 8])]));
  await agree(h.finish(outputs), { values: { x: tensor([3, 8], "i32", (i) => (i % 5) - 2) } });
});

test.each([
  [4, 8],
  [5, 7],
  [3, 1],
  [1, 130],
])("softmax of %i rows of %i", async (n, k) => {
  const h = hand();
  const x = h.input("x", [n, k]);
  const y = softmax(h, use(x, 0, 1), 1, [n, k]);
  const t = softmax(h, use(x, 0, 1), 0, [n, k]);
  const program = await agree(h.finish({ y, t }));
  expect(program.steps.length).toBe(2);
});

test("softmax of what is selected; nothing selected gives 0", async () => {
  const h = hand();
  const x = h.input("x", [5, 12]);
  const where: Where = { args: [], body: call("lt", indexValue(1), indexValue(0)) };
  const y = softmax(h, use(x, 0, 1), 1, [5, 12], where);
  const values = { x: tensor([5, 12], "f32", (i) => (i % 12 < Math.floor(i / 12) ? i - 30 : Number.NaN)) };
  await agree(h.finish({ y }), { values });
});

test("softmax with a scale before and a map after", async () => {
  const h = hand();
  const x = h.input("x", [2, 5, 16]);
  const scaled = h.map([use(x, 0, 1, 2)], [2, 5, 16], call("mul", argument(0), constant(0.25)));
  const p = softmax(h, use(scaled, 0, 1, 2), 2, [2, 5, 16]);
  const y = h.map([use(p, 0, 1, 2)], [2, 5, 16], call("sub", constant(1), argument(0)));
  const program = await agree(h.finish({ y }));
  expect(program.steps.length).toBe(1);
});

test("a workgroup shares a row when rows are few and long", async () => {
  const target = { ...simt, parallel: 256 };
  for (const [n, k] of [
    [1, 1000],
    [3, 258],
    [5, 64],
  ] as const) {
    const h = hand();
    const x = h.input("x", [n, k]);
    const outputs = {
      y: softmax(h, use(x, 0, 1), 1, [n, k]),
      ...Object.fromEntries(monoids.map((m) => [m, reduce(h, m, use(x, 0, 1), [0], [n, k])])),
    };
    const program = await agree(h.finish(outputs), { target });
    expect(program.kernels.some((kernel) => kernel.buffers.some((b) => b.space === "shared"))).toBe(true);
  }
});

test.each([1, 3, 4, 5, 63, 64, 65])("run-time lengths: %i", async (n) => {
  const N = symbolDim("N", 1, 128);
  const h = hand();
  const x = h.input("x", [N, 12]);
  const table = h.param("table", [4, 128]);
  const mean = reduce(h, "sum", use(x, 1, 0), [0], [12, N]);
  const p = softmax(h, use(table, 0, 1), 1, [4, N]);
  const q = softmax(h, use(x, 0, 1), 1, [N, 12]);
  for (const target of [simt, { ...simt, parallel: 512 }]) {
    await agree(h.finish({ mean, p, q }), { sizes: { N: n }, target });
  }
});

test("layer norm", async () => {
  const h = hand();
  const [n, d] = [6, 16];
  const x = h.input("x", [n, d]);
  const g = h.param("g", [d]);
  const b = h.param("b", [d]);
  const total = reduce(h, "sum", use(x, 0, 1), [0], [n, d]);
  const mu = h.map([use(total, 0)], [n], call("mul", argument(0), constant(1 / d)));
  const centred = h.map([use(x, 0, 1), use(mu, 0)], [n, d], call("sub", argument(0), argument(1)));
  const square = h.map([use(centred, 0, 1)], [n, d], call("mul", argument(0), argument(0)));
  const variance = reduce(h, "sum", use(square, 0, 1), [0], [n, d]);
  const scale = h.map(
    [use(variance, 0)],
    [n],
    call("rsqrt", call("add", call("mul", argument(0), constant(1 / d)), constant(1e-5))),
  );
  const y = h.map(
    [use(centred, 0, 1), use(scale, 0), use(g, 1), use(b, 1)],
    [n, d],
    call("add", call("mul", call("mul", argument(0), argument(1)), argument(2)), argument(3)),
  );
  for (const target of [simt, { ...simt, parallel: 512 }]) {
    const program = await agree(h.finish({ y }), { target });
    expect(program.steps.length).toBe(1);
  }
});

test("layer norm over any axis; a statistic that others read has memory", async () => {
  for (const [out, axis] of [
    [[0, 1, 2], 2],
    [[0, 1, 2], 1],
    [[2, 0, 1], 0],
  ] as const) {
    const h = hand();
    const sizes = [3, 5, 8];
    const x = h.input("x", sizes);
    const rows = [0, 1, 2].filter((i) => i !== axis);
    const total = reduce(h, "sum", use(x, 0, 1, 2), rows, sizes);
    const most = reduce(h, "max", use(x, 0, 1, 2), rows, sizes);
    const y = h.map(
      [use(x, 0, 1, 2), use(total, ...rows), use(most, ...rows)],
      sizes,
      call("sub", call("mul", argument(0), argument(1)), argument(2)),
      out,
    );
    const z = h.map(
      [use(total, 0, 1)],
      rows.map((i) => sizes[i] ?? 1),
      call("neg", argument(0)),
    );
    const alone = await agree(h.finish({ y }));
    expect(alone.steps.length).toBe(1);
    const shared = await agree(h.finish({ y, z }));
    expect(shared.steps.length).toBe(3);
  }
});
