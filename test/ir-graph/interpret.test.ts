import { expect, test } from "vitest";
import { constDim, scaleDim, symbolDim } from "../../src/ir/dim.js";
import { initialise, randomInput } from "../../src/ir/graph/initialise.js";
import { interpret, type ReferenceTensor } from "../../src/ir/graph/interpret.js";
import type { Monoid, Scalar, Where } from "../../src/ir/graph/ops.js";
import { undecidedBy } from "../../src/ir/graph/reference/tensor.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { at, gather, ix, type Maker, maker, plus, size, sizes, tensor, times } from "./build.js";
import { encoderGraph } from "./encoder.js";
import { evaluate, onEach, vector } from "./evaluate.js";

const none: Where = { args: [], body: call("lt", indexValue(0), constant(0, "i32")) };
const reduced = (values: readonly number[], monoid: Monoid, where?: Where): ReferenceTensor =>
  evaluate(values, (x) => ({
    op: "reduce",
    monoid,
    arg: at(x, 0),
    out: [],
    extents: sizes(values.length),
    ...(where && { where }),
  }));

test("a selection of nothing: sum 0, prod 1, softmax 0, max the least number, argmax 0, a contraction 0", () => {
  const of = (monoid: Monoid): number | undefined => reduced([3, 1, 2], monoid, none).value[0];
  expect(of("sum")).toBe(0);
  expect(of("prod")).toBe(1);
  expect(of("max")).toBe(-3.4028234663852886e38);
  expect(of("min")).toBe(3.4028234663852886e38);
  expect(of("argmax")).toBe(0);
  expect(of("argmin")).toBe(0);
  const softmax = evaluate([1, 2], (x) => ({ op: "softmax", arg: at(x, 0), axis: 0, extents: sizes(2), where: none }));
  expect([...softmax.value, ...softmax.bound, ...softmax.undecided]).toEqual([0, 0, 0, 0, 0, 0]);
  const product = evaluate([1, 2], (x) => ({
    op: "contract",
    factors: [at(x, 0)],
    out: [],
    extents: sizes(2),
    where: none,
    accum: "f32",
  }));
  expect([product.value[0], product.bound[0], product.undecided[0]]).toEqual([0, 0, 0]);
});

test("an empty maximum of whole numbers is the least of their dtype", () => {
  for (const [dtype, least, greatest] of [
    ["i32", -(2 ** 31), 2 ** 31 - 1],
    ["u32", 0, 2 ** 32 - 1],
  ] as const) {
    const m = maker();
    const x = m.input("x", dtype, 2);
    const of = (monoid: Monoid): number =>
      m.add({ op: "reduce", monoid, arg: at(x, 0), out: [], extents: sizes(2), where: none });
    const { outputs } = interpret(m.graph(of("max"), of("min")), { x: tensor(dtype, [2], [5, 6]) }, new Map());
    expect([outputs.y0?.value[0], outputs.y1?.value[0]]).toEqual([least, greatest]);
    expect([outputs.y0?.undecided[0], outputs.y1?.undecided[0]]).toEqual([0, 0]);
  }
});

test("ties go to the least index, and are decided when the values are exact", () => {
  for (const monoid of ["argmax", "argmin"] as const) {
    const tie = reduced([1, 1, 1], monoid);
    expect([tie.value[0], tie.undecided[0]]).toEqual([0, 0]);
  }
  expect(reduced([1, 5, 5, 2], "argmax").value[0]).toBe(1);
  expect(reduced([4, 1, 5, 1], "argmin").value[0]).toBe(1);
});

test("what is not selected is not read: NaN there is harmless", () => {
  const where: Where = { args: [], body: call("ne", indexValue(0), constant(1, "i32")) };
  const values = [2, Number.NaN, 3];
  for (const [monoid, expected] of [
    ["sum", 5],
    ["prod", 6],
    ["max", 3],
    ["min", 2],
    ["argmax", 2],
    ["argmin", 0],
  ] as const) {
    const result = reduced(values, monoid, where);
    expect([monoid, result.value[0], result.undecided[0]]).toEqual([monoid, expected, 0]);
  }
  const softmax = evaluate(values, (x) => ({ op: "softmax", arg: at(x, 0), axis: 0, extents: sizes(3), where }));
  expect([...softmax.undecided]).toEqual([0, 0, 0]);
  expect(softmax.value[1]).toBe(0);
  expect(softmax.value[2]).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  const dot = evaluate(values, (x) => ({
    op: "contract",
    factors: [at(x, 0), at(x, 0)],
    out: [],
    extents: sizes(3),
    where,
    accum: "f32",
  }));
  expect([dot.value[0], dot.undecided[0]]).toEqual([13, 0]);
  const chosen = onEach(values, select(call("eq", indexValue(0), constant(1, "i32")), constant(7), argument(0)));
  expect([...chosen.value, ...chosen.undecided]).toEqual([2, 7, 3, 0, 0, 0]);
});

test("NaN that is read is undecided, and so is all that depends on it", () => {
  const sum = reduced([1, Number.NaN], "sum");
  expect(sum.undecided[0]).toBe(undecidedBy.range);
  const dot = evaluate([1, Number.POSITIVE_INFINITY], (x) => ({
    op: "contract",
    factors: [at(x, 0), at(x, 1)],
    out: [0],
    extents: sizes(2, 2),
    accum: "f32",
  }));
  expect([...dot.undecided]).toEqual([undecidedBy.range, undecidedBy.range]);
});

test("a condition joins two indices: the causal sum", () => {
  const where: Where = { args: [], body: call("le", indexValue(1), indexValue(0)) };
  const causal = evaluate([1, 2, 4], (x) => ({
    op: "contract",
    factors: [at(x, 1)],
    out: [0],
    extents: sizes(3, 3),
    where,
    accum: "f32",
  }));
  expect([...causal.value]).toEqual([1, 3, 7]);
});

test("a gather reads the nearest row, an affine subscript too", () => {
  const m = maker();
  const table = m.input("table", "f32", 3);
  const tokens = m.input("tokens", "i32", 4);
  const gathered = m.add({
    op: "map",
    args: [at(table, gather(at(tokens, 0)))],
    out: [0],
    extents: sizes(4),
    body: argument(0),
  });
  const shifted = m.add({
    op: "map",
    args: [at(table, plus(times(ix(0), 2), size(-1)))],
    out: [0],
    extents: sizes(4),
    body: argument(0),
  });
  const blocked = m.add({
    op: "map",
    args: [
      at(table, { i: "floordiv", of: ix(0), by: constDim(2) }),
      at(table, { i: "mod", of: ix(0), by: constDim(3) }),
    ],
    out: [0],
    extents: sizes(4),
    body: call("add", argument(0), call("mul", argument(1), constant(100))),
  });
  const { outputs } = interpret(
    m.graph(gathered, shifted, blocked),
    { table: vector(10, 20, 30), tokens: tensor("i32", [4], [2, -7, 99, 1]) },
    new Map(),
  );
  expect([...(outputs.y0?.value ?? [])]).toEqual([30, 10, 30, 20]);
  expect([...(outputs.y1?.value ?? [])]).toEqual([10, 20, 30, 30]);
  expect([...(outputs.y2?.value ?? [])]).toEqual([1010, 2010, 3020, 1020]);
  expect([...(outputs.y0?.bound ?? [])]).toEqual([0, 0, 0, 0]);
});

test("a result index that no factor has repeats the product; a reduced one multiplies it", () => {
  const repeated = evaluate([1, 2], (x) => ({
    op: "contract",
    factors: [at(x, 0)],
    out: [1, 0],
    extents: sizes(2, 3),
    accum: "f32",
  }));
  expect([repeated.shape, [...repeated.value]]).toEqual([
    [3, 2],
    [1, 2, 1, 2, 1, 2],
  ]);
  const multiplied = evaluate([1, 2], (x) => ({
    op: "contract",
    factors: [at(x, 0)],
    out: [0],
    extents: sizes(2, 3),
    accum: "f32",
  }));
  expect([...multiplied.value]).toEqual([3, 6]);
});

test("a matrix product: value, and the bound of the formula", () => {
  const m = maker();
  const a = m.input("a", "f32", 2, 3);
  const b = m.input("b", "f32", 3, 2);
  const y = m.add({
    op: "contract",
    factors: [at(a, 0, 2), at(b, 2, 1)],
    out: [0, 1],
    extents: sizes(2, 2, 3),
    accum: "f32",
  });
  const values = { a: tensor("f32", [2, 3], [1, -2, 3, 4, 5, -6]), b: tensor("f32", [3, 2], [1, 2, 3, 4, 5, 6]) };
  const { outputs, counts } = interpret(m.graph(y), values, new Map());
  expect([...(outputs.y0?.value ?? [])]).toEqual([10, 12, -11, -8]);
  const magnitudes = [22, 28, 49, 64];
  outputs.y0?.bound.forEach((bound, i) => {
    expect(bound).toBeCloseTo(2 * 3 * 2 ** -24 * (magnitudes[i] ?? 0), 12);
  });
  expect(counts).toEqual({ flops: [0, 0, 24], total: 24, multiplyAdds: 12 });
});

test("whole numbers are exact, round down when divided, and are undecided beyond their dtype", () => {
  const m = maker();
  const n = m.input("n", "i32", 3);
  const map = (body: Scalar): number => m.add({ op: "map", args: [at(n, 0)], out: [0], extents: sizes(3), body });
  const two = constant(2, "i32");
  const graph = m.graph(
    map(call("floordiv", argument(0), two)),
    map(call("mod", argument(0), two)),
    map(call("mul", argument(0), constant(1 << 20, "i32"))),
  );
  const { outputs } = interpret(graph, { n: tensor("i32", [3], [-3, 7, 4096]) }, new Map());
  expect([...(outputs.y0?.value ?? [])]).toEqual([-2, 3, 2048]);
  expect([...(outputs.y1?.value ?? [])]).toEqual([1, 1, 0]);
  expect([...(outputs.y2?.undecided ?? [])]).toEqual([0, 0, undecidedBy.range]);
});

test("softmax sums to one, shifts cancel, and its bound is 1e-6 for exact scores", () => {
  const of = (...values: number[]): ReferenceTensor =>
    evaluate(values, (x) => ({ op: "softmax", arg: at(x, 0), axis: 0, extents: sizes(values.length) }));
  const p = of(1e4, 1e4 - 1, 1e4 - 2);
  const q = of(1, 0, -1);
  p.value.forEach((x, i) => {
    expect(x).toBeCloseTo(q.value[i] ?? 0, 14);
  });
  expect(p.value.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 14);
  for (const bound of p.bound) expect(bound).toBeCloseTo(1e-6, 12);
});

test("domains larger than a block of points", () => {
  const [rows, columns] = [7, 701];
  const m = maker();
  const x = m.input("x", "f32", rows, columns);
  const y = m.add({
    op: "map",
    args: [at(x, 1, 0)],
    out: [0, 1],
    extents: sizes(columns, rows),
    body: call("add", argument(0), convert("f32", call("mul", indexValue(1), constant(10_000, "i32")))),
  });
  const z = m.add({ op: "reduce", monoid: "argmax", arg: at(y, 0, 1), out: [1], extents: sizes(columns, rows) });
  const values = Array.from({ length: rows * columns }, (_, i) => (i * 37) % 701);
  const { outputs } = interpret(m.graph(y, z), { x: tensor("f32", [rows, columns], values) }, new Map());
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows; r++)
      expect(outputs.y0?.value[c * rows + r]).toBe((values[r * columns + c] ?? 0) + 10_000 * r);
  for (let r = 0; r < rows; r++) {
    const row = values.slice(r * columns, (r + 1) * columns);
    expect(outputs.y1?.value[r]).toBe(row.indexOf(Math.max(...row)));
  }
});

test("the axis of a softmax may be any, with strides", () => {
  const m = maker();
  const x = m.input("x", "f32", 2, 3);
  const y = m.add({ op: "softmax", arg: at(x, 0, 1), axis: 0, extents: sizes(2, 3) });
  const { outputs } = interpret(m.graph(y), { x: tensor("f32", [2, 3], [0, 0, 0, 0, 1, 2]) }, new Map());
  const y0 = outputs.y0 as ReferenceTensor;
  for (const [column, score] of [0, 1, 2].entries())
    expect(y0.value[3 + column]).toBeCloseTo(1 / (1 + Math.exp(-score)), 14);
});

test("concat along any axis copies exactly", () => {
  const m = maker();
  const x = m.input("x", "f32", 2, 2);
  const y = m.input("y", "f32", 2, 1);
  const { outputs } = interpret(
    m.graph(m.add({ op: "concat", args: [x, y, x], axis: 1 }), m.add({ op: "concat", args: [x, x], axis: 0 })),
    { x: tensor("f32", [2, 2], [1, 2, 3, 4]), y: tensor("f32", [2, 1], [5, 6]) },
    new Map(),
  );
  expect([...(outputs.y0?.value ?? [])]).toEqual([1, 2, 5, 1, 2, 3, 4, 6, 3, 4]);
  expect([...(outputs.y1?.value ?? [])]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
});

test("run-time sizes are bound by the inputs' shapes, and checked", () => {
  const S = symbolDim("S", 2, 8, 2);
  const m = maker();
  const x = m.input("x", "f32", S);
  const half = scaleDim(S, 1, 2);
  const y = m.add({ op: "map", args: [at(x, times(ix(0), 2))], out: [0], extents: [half], body: argument(0) });
  const graph = m.graph(y);
  const { outputs, sizes: bound } = interpret(graph, { x: vector(1, 2, 3, 4) }, new Map());
  expect([...(outputs.y0?.value ?? [])]).toEqual([1, 3]);
  expect(bound.get("S")).toBe(4);
  expect(() => interpret(graph, { x: vector(1, 2, 3) }, new Map())).toThrow("S = 3 is not in 2..8 step 2");
  expect(() => interpret(graph, {}, new Map())).toThrow("input x has no value");
});

test("two inputs must agree about a run-time size", () => {
  const S = symbolDim("S", 1, 8);
  const m = maker();
  const graph = m.graph(m.input("x", "f32", S), m.input("y", "f32", S));
  expect(() => interpret(graph, { x: vector(1), y: vector(1, 2) }, new Map())).toThrow("S is 1 and, by y, 2");
});

test("a region means its body, or the plan that is asked for", () => {
  const inner = (fn: "exp" | "neg"): ReturnType<Maker["graph"]> => {
    const m = maker();
    const a = m.input("a", "f32", 2);
    return m.graph(m.add({ op: "map", args: [at(a, 0)], out: [0], extents: sizes(2), body: call(fn, argument(0)) }));
  };
  const m = maker();
  const x = m.input("x", "f32", 2);
  const graph = m.graph(
    m.add({
      op: "region",
      strategy: "s",
      args: [x],
      body: inner("neg"),
      result: 0,
      plans: [inner("neg"), inner("exp")],
    }),
  );
  const of = (plan?: number): number[] => [
    ...(interpret(graph, { x: vector(0, 1) }, new Map(), { plan: () => plan }).outputs.y0?.value ?? []),
  ];
  expect(of()).toEqual([-0, -1]);
  expect(of(1)).toEqual([1, Math.E]);
  expect(() => of(2)).toThrow("no plan 2");
});

test("constants have the precision of their dtype", () => {
  expect(onEach([0], constant(0.1)).value[0]).toBe(Math.fround(0.1));
  expect(onEach([0], convert("f32", constant(0.1, "f16"))).value[0]).toBe(0.0999755859375);
});

test("subnormal inputs may be flushed by the machine", () => {
  const tiny = 2 ** -130;
  const result = onEach([tiny, 1], call("mul", argument(0), constant(2 ** 20)));
  expect(result.bound[0]).toBeGreaterThanOrEqual(tiny * 2 ** 20);
  expect(result.bound[1]).toBe(0);
});

test("a small encoder is decided throughout, within a useful bound", () => {
  const graph = encoderGraph({ seq: 16, model: 8, heads: 2, proj: 4, ffn: 16 });
  const params = new Map(
    graph.nodes.flatMap((node) =>
      node.op === "param" ? [[node.path, initialise(node.init, node.type, node.path, 1)] as const] : [],
    ),
  );
  const type = graph.nodes[0]?.type;
  if (!type) throw new Error("no input");
  const { outputs, counts } = interpret(graph, { x: randomInput(type, "x", 1, new Map()) }, params);
  const y = outputs.y as ReferenceTensor;
  expect(y.undecided.every((flag) => flag === 0)).toBe(true);
  expect(Math.max(...y.bound)).toBeLessThan(0.1);
  expect(counts.total).toBeGreaterThan(0);
});
