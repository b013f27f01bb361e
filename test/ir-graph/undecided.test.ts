import { expect, test } from "vitest";
import { interpret, type ReferenceTensor } from "../../src/ir/graph/interpret.js";
import type { Monoid, Scalar, Where } from "../../src/ir/graph/ops.js";
import { undecidedBy } from "../../src/ir/graph/reference/tensor.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { at, gather, maker, sizes } from "./build.js";
import { onEach, vector } from "./evaluate.js";

/** x · ⅓: exact in float64, one ULP away in f32. */
const third = call("mul", argument(0), constant(1 / 3));
const oneThird = Math.fround(1 / 3);

test("a decision within its error is undecided, and only there", () => {
  const threshold = constant(oneThird);
  const compared = onEach([1, 2, 0], convert("f32", call("gt", third, threshold)));
  expect([...compared.undecided]).toEqual([0, 0, 0]);
  // 3 · ⅓ is not a number of f32, so one machine may find it above 1 and another not.
  const close = onEach([3, 2, 6], select(call("gt", third, constant(3 * oneThird)), constant(1), constant(2)));
  expect([...close.undecided]).toEqual([undecidedBy.decision, 0, 0]);
  const truncated = onEach([3, 4, 2], convert("f32", convert("i32", third)));
  expect([...truncated.undecided]).toEqual([undecidedBy.decision, 0, 0]);
});

test("an open condition reaches what it selects, through every op", () => {
  const m = maker();
  const x = m.input("x", "f32", 3);
  const keep = m.add({
    op: "map",
    args: [at(x, 0)],
    out: [0],
    extents: sizes(3),
    body: call("gt", third, constant(3 * oneThird)),
  });
  const where: Where = { args: [at(keep, 1)], body: argument(0) };
  const contract = m.add({
    op: "contract",
    factors: [at(x, 0), at(x, 1)],
    out: [0],
    extents: sizes(3, 3),
    where,
    accum: "f32",
  });
  const sum = m.add({ op: "reduce", monoid: "max", arg: at(x, 1), out: [0], extents: sizes(3, 3), where });
  const row = m.add({ op: "map", args: [at(x, 1)], out: [0, 1], extents: sizes(3, 3), body: argument(0) });
  const soft = m.add({ op: "softmax", arg: at(row, 0, 1), axis: 1, extents: sizes(3, 3), where });
  const index = m.add({
    op: "map",
    args: [at(keep, 0)],
    out: [0],
    extents: sizes(3),
    body: convert("i32", argument(0)),
  });
  const read = m.add({
    op: "map",
    args: [at(x, gather(at(index, 0)))],
    out: [0],
    extents: sizes(3),
    body: argument(0),
  });
  const { outputs } = interpret(m.graph(contract, sum, soft, read), { x: vector(3, 2, 6) }, new Map());
  const d = undecidedBy.decision;
  expect([...(outputs.y0?.undecided ?? [])]).toEqual([d, d, d]);
  expect([...(outputs.y1?.undecided ?? [])]).toEqual([d, d, d]);
  expect([...(outputs.y2?.undecided ?? [])]).toEqual(new Array(9).fill(d));
  expect([...(outputs.y3?.undecided ?? [])]).toEqual([d, 0, 0]);
});

test("an open factor counts only where it is selected", () => {
  const m = maker();
  const x = m.input("x", "f32", 3);
  const inverse = m.add({
    op: "map",
    args: [at(x, 0)],
    out: [0],
    extents: sizes(3),
    body: call("div", constant(1), argument(0)),
  });
  const where: Where = { args: [], body: call("le", indexValue(1), indexValue(0)) };
  const y = m.add({
    op: "contract",
    factors: [at(inverse, 1), at(x, 1)],
    out: [0],
    extents: sizes(3, 3),
    where,
    accum: "f32",
  });
  const { outputs } = interpret(m.graph(y), { x: vector(4, 0, 2) }, new Map());
  expect([...(outputs.y0?.undecided ?? [])]).toEqual([0, undecidedBy.range, undecidedBy.range]);
});

test("poles and edges of domains within the error are undecided", () => {
  const r = undecidedBy.range;
  expect([...onEach([1, 0, -1], call("div", constant(1), argument(0))).undecided]).toEqual([0, r, 0]);
  expect([...onEach([1, 0, -1], call("log", argument(0))).undecided]).toEqual([0, r, r]);
  expect([...onEach([1, 0, -1], call("sqrt", argument(0))).undecided]).toEqual([0, r, r]);
  expect([...onEach([1, 0, -1], call("pow", argument(0), constant(2))).undecided]).toEqual([0, 0, 0]);
  expect([...onEach([1, 0, -1], call("pow", argument(0), constant(1.5))).undecided]).toEqual([0, r, r]);
  expect([...onEach([1, 2], call("rsqrt", call("sub", third, constant(oneThird)))).undecided]).toEqual([r, 0]);
  expect([...onEach([89, 80], call("exp", argument(0))).undecided]).toEqual([r, 0]);
  expect([...onEach([1e20, 1], call("mul", argument(0), argument(0))).undecided]).toEqual([r, 0]);
});

test("logic is settled by one decided operand", () => {
  const open = call("gt", third, constant(3 * oneThird));
  const no = constant(0, "bool");
  const as = (body: Scalar): number | undefined => onEach([3], convert("f32", body)).undecided[0];
  expect(as(call("and", open, no))).toBe(0);
  expect(as(call("and", no, open))).toBe(0);
  expect(as(call("or", open, call("not", no)))).toBe(0);
  expect(as(call("or", open, no))).toBe(undecidedBy.decision);
});

test("max, relu and abs are no decisions", () => {
  const result = onEach([3, 3.0000002], call("max", third, constant(3 * oneThird)));
  expect([...result.undecided]).toEqual([0, 0]);
  expect(result.bound[0]).toBeGreaterThan(0);
  const relu = onEach([-5, 5], call("relu", third));
  expect(relu.bound[0]).toBe(0);
  expect(relu.bound[1]).toBeGreaterThan(0);
});

test("softmax passes the errors of its scores on: the bound holds every corner of their intervals", () => {
  const m = maker();
  const x = m.input("x", "f32", 3);
  const scores = m.add({ op: "map", args: [at(x, 0)], out: [0], extents: sizes(3), body: third });
  const y = m.add({ op: "softmax", arg: at(scores, 0), axis: 0, extents: sizes(3) });
  const { outputs } = interpret(m.graph(scores, y), { x: vector(30001, 30004, 30000) }, new Map());
  const [s, p] = [outputs.y0, outputs.y1] as [ReferenceTensor, ReferenceTensor];
  let worst = 0;
  for (let corner = 0; corner < 8; corner++) {
    const moved = [...s.value].map((v, i) => Math.exp(v - 1e4 + ((corner >> i) & 1 ? 1 : -1) * (s.bound[i] ?? 0)));
    const sum = moved.reduce((total, e) => total + e, 0);
    moved.forEach((e, i) => {
      const difference = Math.abs(e / sum - (p.value[i] ?? 0));
      expect(difference).toBeLessThanOrEqual((p.bound[i] ?? 0) - 0.999e-6);
      worst = Math.max(worst, difference / (p.bound[i] ?? 0));
    });
  }
  expect(worst).toBeGreaterThan(0.95);
});

test("a near tie is an open decision of argmax, but not of max", () => {
  const m = maker();
  const x = m.input("x", "f32", 3);
  const y = m.add({ op: "map", args: [at(x, 0)], out: [0], extents: sizes(3), body: third });
  const of = (monoid: Monoid): number => m.add({ op: "reduce", monoid, arg: at(y, 0), out: [], extents: sizes(3) });
  const graph = m.graph(of("argmax"), of("max"), of("argmin"));
  const { outputs } = interpret(graph, { x: vector(5, 1, 5.0000005) }, new Map());
  expect(outputs.y0?.undecided[0]).toBe(undecidedBy.decision);
  expect(outputs.y1?.undecided[0]).toBe(0);
  expect([outputs.y2?.value[0], outputs.y2?.undecided[0]]).toEqual([1, 0]);
});
