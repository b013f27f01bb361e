import { expect, test } from "vitest";
import { noLoc } from "../../src/diagnostics/span.js";
import { symbolDim } from "../../src/ir/dim.js";
import { inlineGraph } from "../../src/ir/graph/builder.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { argument, call, constant } from "../../src/ir/graph/scalars.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { at, ix, maker, size, sizes } from "./build.js";

const S = symbolDim("S", 1, 9);

test("an equal op is the same node, and keeps its first location", () => {
  const m = maker();
  const x = m.input("x", "f32", 2, 3);
  const body = call("exp", argument(0));
  const first = m.add({ op: "map", args: [at(x, 0, 1)], out: [0, 1], extents: sizes(2, 3), body });
  const second = m.b.add(
    { op: "map", args: [at(x, 0, 1)], out: [0, 1], extents: sizes(2, 3), body: call("exp", argument(0)) },
    { kind: "fused", pass: "p", from: [] },
  );
  expect(second).toBe(first);
  expect(m.b.loc(first)).toEqual(noLoc);
  expect(m.b.size()).toBe(2);
});

test("the numbering of indices is no part of an op, the order of the result's axes is", () => {
  const m = maker();
  const x = m.input("x", "f32", S, 3);
  const w = m.input("w", "f32", 3, 3);
  const product = (a: number, b: number, c: number, extents: number[] | unknown[], out: number[]): number =>
    m.add({
      op: "contract",
      factors: [at(x, a, c), at(w, c, b)],
      out,
      extents: sizes(...(extents as never[])),
      accum: "f32",
    });
  const first = product(0, 1, 2, [S, 3, 3], [0, 1]);
  expect(product(2, 0, 1, [3, 3, S], [2, 0])).toBe(first);
  expect(product(0, 1, 2, [S, 3, 3], [1, 0])).not.toBe(first);
});

test("constants differ by dtype and by the sign of zero", () => {
  const m = maker();
  const make = (value: number, dtype: "f32" | "i32"): number =>
    m.add({ op: "map", args: [], out: [], extents: [], body: constant(value, dtype) });
  expect(new Set([make(0, "f32"), make(-0, "f32"), make(0, "i32"), make(0, "f32")]).size).toBe(3);
});

test("inputs and parameters are unique by name and path", () => {
  const m = maker();
  const x = m.input("x", "f32", S);
  expect(m.input("x", "f32", S)).toBe(x);
  expect(() => m.input("x", "f32", 4)).toThrow("input x is declared twice");
  const w = m.param("a.w", "f32", 2);
  expect(m.param("a.w", "f32", 2)).toBe(w);
  expect(() => m.input("late", "f32", 2)).toThrow("input late comes after another node");
});

test("a mistake is caught where it is made", () => {
  const m = maker();
  const x = m.input("x", "f32", 2, 3);
  const map =
    (use: ReturnType<typeof at>, out: number[], body = argument(0)) =>
    () =>
      m.add({ op: "map", args: [use], out, extents: sizes(2, 3), body });
  expect(map(at(x, 0), [0, 1])).toThrow("%0 of rank 2 by 1 subscripts");
  expect(map(at(x, 0, 5), [0, 1])).toThrow("uses index 5 of 2");
  expect(map(at(x, 0, 1), [0, 0])).toThrow("an index twice");
  expect(map(at(x, 0, 1), [0])).toThrow("map reduces");
  expect(map(at(x, 0, 1), [0, 1], argument(1))).toThrow("argument 1 of 1");
  expect(map(at(9, 0), [0, 1])).toThrow("no value %9");
  expect(() => m.add({ op: "reduce", monoid: "sum", arg: at(x, 0, size(0)), out: [0], extents: sizes(0) })).toThrow(
    "extent of 0",
  );
});

test("inlining a graph makes the nodes that its body has", () => {
  const inner = maker();
  const a = inner.input("a", "f32", 2);
  const w = inner.param("w", "f32", 2);
  const body = inner.graph(
    inner.add({
      op: "map",
      args: [at(a, 0), at(w, 0)],
      out: [0],
      extents: sizes(2),
      body: call("mul", argument(0), argument(1)),
    }),
  );
  const m = maker();
  const x = m.input("x", "f32", 2);
  const twice = m.add({
    op: "map",
    args: [at(x, 0)],
    out: [0],
    extents: sizes(2),
    body: call("add", argument(0), argument(0)),
  });
  const [result] = inlineGraph(m.b, body, [twice]);
  const graph = m.graph(result ?? -1);
  expect(verifyGraph(graph)).toEqual([]);
  expect(printGraph(graph)).toBe(`graph @test(%x: f32[2]) {
  %1 = map %x[i] -> [i] over i=2 = ($0 + $0) : f32[2]
  %w = param "w" = zeros : f32[2]
  %3 = map %1[i], %w[i] -> [i] over i=2 = ($0 * $1) : f32[2]
  return y0 = %3
}
`);
});

test("regions with one body and other results differ", () => {
  const inner = maker();
  const a = inner.input("a", "f32", 2);
  const e = inner.add({
    op: "map",
    args: [{ value: a, at: [ix(0)] }],
    out: [0],
    extents: sizes(2),
    body: call("exp", argument(0)),
  });
  const body = inner.graph(a, e);
  const m = maker();
  const x = m.input("x", "f32", 2);
  const region = (result: number): number => m.add({ op: "region", strategy: "s", args: [x], body, result });
  expect(region(0)).not.toBe(region(1));
  expect(region(1)).toBe(region(1));
});
