import { expect, test } from "vitest";
import { symbolDim } from "../../src/ir/dim.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { agree, dim, hand, ix, randoms, simt, tensor, use } from "./support.js";

test.each([
  [1, 1, 1],
  [2, 2, 1],
  [5, 9, 7],
  [16, 8, 3],
  [33, 20, 4],
  [64, 64, 64],
  [65, 68, 67],
  [3, 300, 5],
  [130, 12, 129],
])("a matrix product of %i x %i over %i", async (m, n, k) => {
  const h = hand();
  const a = h.input("a", [m, k]);
  const w = h.param("w", [k, n]);
  const y = h.contract([use(a, 0, 2), use(w, 2, 1)], [0, 1], [m, n, k]);
  const program = await agree(h.finish({ y }));
  expect(program.steps.length).toBe(1);
  expect(program.prepare.length).toBe(0);
});

test.each([
  ["both as they are", [0, 2], [2, 1], [0, 1]],
  ["left transposed", [2, 0], [2, 1], [0, 1]],
  ["right transposed", [0, 2], [1, 2], [0, 1]],
  ["both transposed", [2, 0], [1, 2], [0, 1]],
  ["result transposed", [0, 2], [2, 1], [1, 0]],
  ["everything transposed", [2, 0], [1, 2], [1, 0]],
] as const)("operands and results in any layout: %s", async (_, left, right, out) => {
  for (const sizes of [
    [12, 20, 8],
    [9, 6, 11],
    [16, 32, 10],
  ]) {
    const h = hand();
    const a = h.input(
      "a",
      left.map((i) => sizes[i] ?? 0),
    );
    const w = h.input(
      "w",
      right.map((i) => sizes[i] ?? 0),
    );
    const y = h.contract([use(a, ...left), use(w, ...right)], out, sizes);
    await agree(h.finish({ y }));
  }
});

test("a batch, and groups of several indices", async () => {
  // out[b, h, n, c] = Σ[d, e] x[b, n, d, e] · w[h, d, e, c]
  const h = hand();
  const x = h.input("x", [2, 5, 3, 6]);
  const w = h.param("w", [3, 3, 6, 8]);
  const y = h.contract([use(x, 0, 2, 4, 5), use(w, 1, 4, 5, 3)], [0, 1, 2, 3], [2, 3, 5, 8, 3, 6]);
  // s[b, h, n, k] = Σ[c] y[b, h, n, c] · e[h, k, c]
  const e = h.param("e", [3, 7, 8]);
  const s = h.contract([use(y, 0, 1, 2, 4), use(e, 1, 3, 4)], [0, 1, 2, 3], [2, 3, 5, 7, 8]);
  const program = await agree(h.finish({ s }));
  expect(program.steps.length).toBe(2);
});

test.each([
  [2, 64],
  [3, 33],
])("rows of several indices: %i x %i", async (heads, n) => {
  const N = symbolDim("N", 32, 4096);
  const h = hand();
  const x = h.input("x", [heads, N, 8]);
  const y = h.input("y", [heads, 64, 8]);
  const w = h.param("w", [8, 12]);
  const z = h.contract([use(x, 0, 1, 3), use(w, 3, 2)], [0, 1, 2], [heads, N, 12, 8]);
  const v = h.contract([use(y, 0, 1, 3), use(w, 3, 2)], [1, 0, 2], [heads, 64, 12, 8]);
  await agree(h.finish({ z, v }), { sizes: { N: n } });
});

test("products of more than two factors, and of one", async () => {
  const h = hand();
  const x = h.input("x", [10, 7]);
  const e = h.param("e", [6, 10]);
  const w = h.param("w", [7, 12]);
  const keys = h.contract([use(e, 0, 2), use(x, 2, 3), use(w, 3, 1)], [0, 1], [6, 12, 10, 7]);
  const total = h.contract([use(x, 1, 0)], [0], [7, 10]);
  const all = h.contract([use(x, 0, 1)], [], [10, 7]);
  await agree(h.finish({ keys, total, all }));
});

test("sums without use of an element twice go row by row", async () => {
  const h = hand();
  const a = h.input("a", [9, 40]);
  const v = h.input("v", [40]);
  const b = h.input("b", [9, 40]);
  const mv = h.contract([use(a, 0, 1), use(v, 1)], [0], [9, 40]);
  const dots = h.contract([use(a, 0, 1), use(b, 0, 1)], [0], [9, 40]);
  const outer = h.contract([use(v, 0), use(v, 1)], [0, 1], [40, 40]);
  await agree(h.finish({ mv, dots, outer }));
});

test("a prologue that is cheap and an epilogue are computed inside", async () => {
  const h = hand();
  const x = h.input("x", [10, 16]);
  const w = h.param("w", [16, 12]);
  const bias = h.param("bias", [12]);
  const twice = h.map([use(x, 0, 1)], [10, 16], call("mul", argument(0), constant(2)));
  const y = h.contract([use(twice, 0, 2), use(w, 2, 1)], [0, 1], [10, 12, 16]);
  const act = h.map([use(y, 0, 1), use(bias, 1)], [10, 12], call("gelu", call("add", argument(0), argument(1))));
  const program = await agree(h.finish({ act }));
  expect(program.steps.length).toBe(1);
});

test("an epilogue may store the result transposed", async () => {
  const h = hand();
  const x = h.input("x", [10, 16]);
  const w = h.param("w", [16, 12]);
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [10, 12, 16]);
  const t = h.map([use(y, 1, 0)], [12, 10], call("neg", argument(0)));
  const program = await agree(h.finish({ t }));
  expect(program.steps.length).toBe(1);
});

test("a result that two nodes read has memory of its own", async () => {
  const h = hand();
  const x = h.input("x", [10, 16]);
  const w = h.param("w", [16, 12]);
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [10, 12, 16]);
  const t = h.map([use(y, 0, 1)], [10, 12], call("exp", argument(0)));
  const z = h.contract([use(t, 0, 1), use(y, 0, 1)], [0], [10, 12]);
  const program = await agree(h.finish({ t, z }));
  expect(program.steps.length).toBe(3);
});

test("padding that is selected out may hold NaN", async () => {
  // keys[k, c] = Σ[m where keep[m], d] e[k, m] · x[m, d] · w[d, c]
  const h = hand();
  const keep = h.input("keep", [13], "bool");
  const x = h.input("x", [13, 8]);
  const e = h.param("e", [6, 13]);
  const y = h.contract([use(e, 0, 2), use(x, 2, 1)], [0, 1], [6, 8, 13], {
    args: [use(keep, 2)],
    body: argument(0),
  });
  const r = randoms(3);
  const values = {
    keep: tensor([13], "bool", (i) => (i < 9 ? 1 : 0)),
    x: tensor([13, 8], "f32", (i) => (i < 72 ? r() : Number.NaN)),
  };
  await agree(h.finish({ y }), { values });
});

test("a condition that joins a row and a reduced index selects products", async () => {
  // causal prefix: y[n, c] = Σ[m <= n] x[m, c]; s[n, k, c] = Σ[m <= n] e[k, m] · x[m, c]
  const h = hand();
  const x = h.input("x", [11, 8]);
  const a = h.input("a", [11, 11]);
  const e = h.param("e", [4, 11]);
  const causal = (n: number, m: number) => ({ args: [], body: call("le", indexValue(m), indexValue(n)) });
  const prefix = h.contract([use(x, 2, 1)], [0, 1], [11, 8, 11], causal(0, 2));
  const keys = h.contract([use(e, 1, 3), use(x, 3, 2)], [0, 1, 2], [11, 4, 8, 11], causal(0, 3));
  const mixed = h.contract([use(a, 0, 2), use(x, 2, 1)], [0, 1], [11, 8, 11], causal(0, 2));
  const values = { a: tensor([11, 11], "f32", (i) => (i % 11 <= i / 11 ? (i % 7) - 3 : Number.NaN)) };
  await agree(h.finish({ prefix, keys, mixed }), { values });
});

test("a condition on no reduced index selects results", async () => {
  const h = hand();
  const x = h.input("x", [11, 8]);
  const keep = h.input("keep", [11], "bool");
  const w = h.param("w", [8, 6]);
  const where = {
    args: [use(keep, 0)],
    body: call("and", argument(0), call("lt", indexValue(1), constant(4, "i32"))),
  };
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [11, 6, 8], where);
  await agree(h.finish({ y }));
});

test("gathers and affine subscripts are read where they are used", async () => {
  const h = hand();
  const tokens = h.input("tokens", [9], "i32");
  const table = h.param("table", [5, 8]);
  const w = h.param("w", [8, 12]);
  const x = h.map([use(table, { i: "value", of: use(tokens, 0) }, 1)], [9, 8], argument(0));
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [9, 12, 8]);
  // pooled[j, c] = Σ[r] y[j * 3 + r, c] · v[r]
  const v = h.param("v", [3]);
  const at = { i: "add", of: [{ i: "mul", of: ix(0), by: dim(3) }, ix(2)] } as const;
  const pooled = h.contract([use(y, at, 1), use(v, 2)], [0, 1], [3, 12, 3]);
  // tokens out of range read the nearest row
  await agree(h.finish({ y, pooled }), { values: { tokens: tensor([9], "i32", (i) => i * 2 - 4) } });
});

test.each([1, 3, 4, 5, 15, 16, 17, 33])("one kernel for every run-time size: %i", async (n) => {
  const Seq = symbolDim("Seq", 1, 64);
  const h = hand();
  const x = h.input("x", [Seq, 12]);
  const w = h.param("w", [12, 8]);
  const e = h.param("e", [6, 64]);
  const q = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [Seq, 8, 12]);
  // E[:, 0..Seq] · x
  const ex = h.contract([use(e, 0, 2), use(x, 2, 1)], [0, 1], [6, 12, Seq]);
  const gram = h.contract([use(x, 0, 2), use(x, 1, 2)], [0, 1], [Seq, Seq, 12]);
  const cross = h.contract([use(x, 2, 0), use(x, 2, 1)], [0, 1], [12, 12, Seq]);
  const program = await agree(h.finish({ q, ex, gram, cross }), { sizes: { Seq: n } });
  expect(program.kernels.every((k) => k.dims > 0)).toBe(true);
});

test("a run-time size of known step needs no tail", async () => {
  const Seq = symbolDim("Seq", 4, 64, 4);
  const h = hand();
  const x = h.input("x", [Seq, 12]);
  const e = h.param("e", [6, 64]);
  const ex = h.contract([use(e, 0, 2), use(x, 2, 1)], [0, 1], [6, 12, Seq]);
  await agree(h.finish({ ex }), { sizes: { Seq: 20 } });
});

test.each([127, 256, 515, 1030])("a long sum with a small result is cut into parts: %i", async (n) => {
  const target = { ...simt, parallel: 16384 };
  const Seq = symbolDim("Seq", 64, 4096);
  const h = hand();
  const x = h.input("x", [Seq, 12]);
  const a = h.input("a", [n, 8]);
  const keep = h.input("keep", [Seq], "bool");
  const e = h.param("e", [6, 4096]);
  const v = h.param("v", [n, 9]);
  const bias = h.param("bias", [12]);
  const ex = h.contract([use(e, 0, 2), use(x, 2, 1)], [0, 1], [6, 12, Seq], {
    args: [use(keep, 2)],
    body: argument(0),
  });
  const y = h.map([use(ex, 1, 0), use(bias, 0)], [12, 6], call("add", argument(0), argument(1)));
  const av = h.contract([use(a, 2, 0), use(v, 2, 1)], [0, 1], [8, 9, n]);
  const program = await agree(h.finish({ y, av }), { sizes: { Seq: n }, target });
  expect(program.resources.some((r) => r.id.endsWith(".parts"))).toBe(true);
  expect(program.steps.length).toBe(n < 300 ? 3 : 4);
});

test("whole numbers", async () => {
  const h = hand();
  const a = h.input("a", [5, 7], "i32");
  const b = h.input("b", [7, 9], "i32");
  const values = { a: tensor([5, 7], "i32", (i) => i - 9), b: tensor([7, 9], "i32", (i) => 3 - (i % 11)) };
  const y = h.contract([use(a, 0, 2), use(b, 2, 1)], [0, 1], [5, 9, 7]);
  await agree(h.finish({ y }), { values });
});

test("a select in a prologue keeps what it does not choose out", async () => {
  const h = hand();
  const x = h.input("x", [6, 10]);
  const live = h.input("live", [6], "bool");
  const w = h.param("w", [10, 8]);
  const z = h.map(
    [use(x, 0, 1), use(live, 0)],
    [6, 10],
    select(argument(1), argument(0), convert("f32", indexValue(1))),
  );
  const y = h.contract([use(z, 0, 2), use(w, 2, 1)], [0, 1], [6, 8, 10]);
  await agree(h.finish({ y }));
});
