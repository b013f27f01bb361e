import { expect, test } from "vitest";
import { schedule } from "../../passes/schedule/schedule.js";
import { noLoc } from "../../src/diagnostics/span.js";
import { addDim, constDim, symbolDim } from "../../src/ir/dim.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { graphOfText } from "../support/model.js";
import { agree, dim, hand, ix, passContext, simt, tensor, use } from "./support.js";

test.each([1, 3, 4, 64, 257, 300])("a map of %i elements", async (n) => {
  const h = hand();
  const x = h.input("x", [n]);
  const y = h.map([use(x, 0)], [n], call("exp", argument(0)));
  await agree(h.finish({ y }));
});

test("transposes, broadcasts and indices as numbers", async () => {
  const h = hand();
  const x = h.input("x", [6, 8]);
  const v = h.input("v", [8]);
  const t = h.map([use(x, 1, 0)], [8, 6], argument(0));
  const s = h.map([use(x, 0, 1), use(v, 1)], [6, 8], call("add", argument(0), argument(1)));
  const i = h.map([], [3, 4], call("add", call("mul", indexValue(0), constant(10, "i32")), indexValue(1)));
  const one = h.map([], [5, 5], select(call("eq", indexValue(0), indexValue(1)), constant(1), constant(0)));
  const c = h.map([], [4, 8], constant(3));
  await agree(h.finish({ t, s, i, one, c }));
});

test("blocks, remainders and shifts that are proved only under a condition", async () => {
  const h = hand();
  const x = h.input("x", [12, 4]);
  // x[n / 4, n % 4] of a block view, and back
  const flat = h.map(
    [use(x, { i: "floordiv", of: ix(0), by: dim(4) }, { i: "mod", of: ix(0), by: dim(4) })],
    [48],
    argument(0),
  );
  const shifted = h.map(
    [use(x, { i: "add", of: [ix(0), { i: "dim", dim: dim(-1) }] }, 1)],
    [12, 4],
    select(call("gt", indexValue(0), constant(0, "i32")), argument(0), constant(0)),
  );
  await agree(h.finish({ flat, shifted }));
});

test("bools are stored as words", async () => {
  const h = hand();
  const x = h.input("x", [5, 8]);
  const keep = h.input("keep", [8], "bool");
  const y = h.map([use(x, 0, 1), use(keep, 1)], [5, 8], call("and", call("gt", argument(0), constant(0)), argument(1)));
  const z = h.map([use(y, 0, 1)], [5, 8], convert("f32", argument(0)));
  await agree(h.finish({ y, z }));
});

test("outputs that are inputs, parameters, or given twice are copied", async () => {
  const h = hand();
  const x = h.input("x", [5, 3]);
  const w = h.param("w", [4]);
  const y = h.map([use(x, 0, 1)], [5, 3], call("neg", argument(0)));
  const program = await agree(h.finish({ x2: x, w2: w, y, again: y }));
  expect(program.resources.filter((r) => r.kind === "output").length).toBe(4);
});

test("scalars are buffers of one element", async () => {
  const h = hand();
  const s = h.input("s", []);
  const y = h.map([use(s)], [], call("mul", argument(0), constant(3)));
  const z = h.map([use(y)], [4], argument(0));
  await agree(h.finish({ y, z }));
});

test("concat along any axis", async () => {
  const h = hand();
  const a = h.input("a", [3, 4]);
  const b = h.input("b", [3, 8]);
  const c = h.input("c", [3, 3]);
  const d = h.input("d", [2, 4]);
  const keep = h.input("keep", [3, 5], "bool");
  const wide = h.b.add({ op: "concat", args: [a, b], axis: 1 }, noLoc);
  const odd = h.b.add({ op: "concat", args: [a, c, b], axis: 1 }, noLoc);
  const tall = h.b.add({ op: "concat", args: [d, a, d], axis: 0 }, noLoc);
  const masks = h.b.add({ op: "concat", args: [keep, keep], axis: 1 }, noLoc);
  await agree(h.finish({ wide, odd, tall, masks }));
});

test.each([1, 2, 7, 64])("concat of run-time sizes: %i", async (n) => {
  const N = symbolDim("N", 1, 64);
  const h = hand();
  const a = h.input("a", [N, 4]);
  const b = h.input("b", [3, 4]);
  const y = h.b.add({ op: "concat", args: [b, a, b], axis: 0 }, noLoc);
  const z = h.map([use(y, 0, 1)], [addDim(N, constDim(6)), 4], call("mul", argument(0), constant(2)));
  await agree(h.finish({ y, z }), { sizes: { N: n } });
});

test("what depends on parameters alone is computed once at load", async () => {
  const h = hand();
  const x = h.input("x", [4, 6]);
  const w = h.param("w", [6, 6]);
  const v = h.param("v", [6, 6]);
  const wv = h.contract([use(w, 0, 2), use(v, 2, 1)], [0, 1], [6, 6, 6]);
  const y = h.contract([use(x, 0, 2), use(wv, 2, 1)], [0, 1], [4, 6, 6]);
  const program = await agree(h.finish({ y }));
  expect(program.prepare.length).toBe(1);
  expect(program.steps.length).toBe(1);
});

test("a grid beyond the device's limit is folded", async () => {
  const target = { ...simt, maxGrid: 50 };
  const h = hand();
  const x = h.input("x", [30, 401]);
  const w = h.param("w", [401, 70]);
  const y = h.map([use(x, 0, 1)], [30, 401], call("exp", argument(0)));
  const z = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [30, 70, 401]);
  const r = h.contract([use(y, 1, 0)], [0], [401, 30]);
  const program = await agree(h.finish({ y, z, r }), { target });
  for (const step of program.steps) {
    if (step.step !== "dispatch") continue;
    for (const axis of step.grid) expect(axis.op === "const" ? axis.value : Number.NaN).toBeLessThanOrEqual(50);
  }
});

test("a kernel binds no more buffers than the device allows", async () => {
  const h = hand();
  const many = Array.from({ length: 6 }, (_, i) => h.input(`m${i}`, [10, 12]));
  const x = h.input("x", [10, 16]);
  const w = h.param("w", [16, 12]);
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [10, 12, 16]);
  const s = h.map(
    [use(y, 0, 1), ...many.map((m) => use(m, 0, 1))],
    [10, 12],
    many.reduce((sum, _, i) => call("add", sum, argument(i + 1)), argument(0)),
  );
  const program = await agree(h.finish({ s }));
  expect(program.steps.length).toBe(2);
  for (const k of program.kernels) {
    expect(k.buffers.filter((b) => b.space === "global").length).toBeLessThanOrEqual(simt.maxBuffers);
  }
});

test("nodes that read more tensors than can be bound are cut", async () => {
  const h = hand();
  const many = Array.from({ length: 20 }, (_, i) => h.input(`m${i}`, [6, 4]));
  const masks = Array.from({ length: 10 }, (_, i) => h.input(`k${i}`, [6], "bool"));
  const total = h.map(
    many.map((m) => use(m, 0, 1)),
    [6, 4],
    many.slice(1).reduce((sum, _, i) => call("add", sum, call("neg", argument(i + 1))), argument(0)),
  );
  const where = {
    args: masks.map((m) => use(m, 0)),
    body: masks.slice(1).reduce((c, _, i) => call("or", c, argument(i + 1)), argument(0)),
  };
  const product = h.contract(
    many.slice(0, 9).map((m, i) => (i % 2 === 0 ? use(m, 0, 1) : use(m, 0, 2))),
    [1, 2],
    [6, 4, 4],
    where,
  );
  const program = await agree(h.finish({ total, product }));
  for (const k of program.kernels) {
    expect(k.buffers.filter((b) => b.space === "global").length).toBeLessThanOrEqual(simt.maxBuffers);
  }
});

test("layers of one shape share their kernels", async () => {
  const h = hand();
  let x = h.input("x", [6, 8]);
  for (let layer = 0; layer < 4; layer++) {
    const w = h.param(`layer.${layer}.w`, [8, 8]);
    const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [6, 8, 8]);
    x = h.map([use(y, 0, 1)], [6, 8], call("relu", argument(0)));
  }
  const program = await agree(h.finish({ x }), { values: { x: tensor([6, 8]) } });
  expect(program.steps.length).toBe(4);
  expect(program.kernels.length).toBe(1);
});

test("kernels and labels have the names of the source", async () => {
  const program = schedule(
    graphOfText(`lf 1
dim N = 8
fn scaled(x: f32[N], by: f32) -> f32[N] {
  let big[n] = x[n] * by
  return big
}
model M(x: f32[N], s: f32) -> f32[N] {
  let a = scaled(x, s)
  let total = sum[n] a[n]
  let y[n] = a[n] + total
  return y
}
`),
    passContext(),
  );
  const labels = program.steps.map((s) => (s.step === "dispatch" ? s.label : ""));
  expect(labels).toEqual(["y (map)"]);
  expect(program.kernels.map((k) => k.name)).toEqual(["y_map"]);
});
