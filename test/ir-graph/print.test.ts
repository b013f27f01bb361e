import { expect, test } from "vitest";
import { constDim, mulDim, subDim, symbolDim } from "../../src/ir/dim.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { at, gather, ix, maker, plus, size, sizes, times } from "./build.js";

test("everything in a node is in its line", () => {
  const Seq = symbolDim("Seq", 4, 64, 4);
  const m = maker();
  const x = m.input("x", "f32", Seq, 6);
  const tokens = m.input("tokens", "i32", Seq);
  const keep = m.input("keep", "bool", Seq);
  const table = m.b.add(
    {
      op: "param",
      path: "Encoder.3.tok",
      init: { kind: "uniform", lo: -0.5, hi: 0.5 },
      fixed: true,
      from: { key: "net.tok", layout: "v d", axes: ["v", "d"] },
    },
    { kind: "none" },
    { dtype: "f32", shape: sizes(100, 6) },
  );
  const s = m.add({
    op: "contract",
    factors: [at(x, 0, 2), at(table, gather(at(tokens, 1)), 2)],
    out: [0, 1],
    extents: sizes(Seq, Seq, 6),
    where: { args: [at(keep, 1)], body: call("and", argument(0), call("le", indexValue(1), indexValue(0))) },
    accum: "f32",
  });
  const p = m.add({ op: "softmax", arg: at(s, 0, 1), axis: 1, extents: sizes(Seq, Seq) });
  const y = m.add({
    op: "map",
    args: [
      at(p, plus(times(ix(0), 4), ix(1)), { i: "floordiv", of: ix(2), by: constDim(3) }),
      at(x, size(subDim(Seq, constDim(1))), { i: "mod", of: plus(ix(2), size(1)), by: constDim(6) }),
    ],
    out: [2, 0, 1],
    extents: sizes(subDim(mulDim(Seq, constDim(2)), constDim(1)), 4, 6),
    body: select(
      call("gt", argument(0), constant(0.5)),
      call("pow", argument(1), constant(2)),
      convert("f32", indexValue(0)),
    ),
  });
  const best = m.add({ op: "reduce", monoid: "argmax", arg: at(p, 0, 1), out: [0], extents: sizes(Seq, Seq) });
  const both = m.add({ op: "concat", args: [s, p], axis: 1 });
  expect(printGraph(m.graph(y, best, both))).toBe(`graph @test(%x: f32[Seq, 6], %tokens: i32[Seq], %keep: bool[Seq]) {
  dim Seq in 4..64 step 4
  %Encoder.3.tok = param "Encoder.3.tok" = fixed uniform(-0.5, 0.5) from "net.tok" as "v d" axes ("v", "d") : f32[100, 6]
  %4 = contract %x[i, k], %Encoder.3.tok[%tokens[j], k] where [%keep[j]] ($0 and (j <= i)) -> [i, j] over i=Seq, j=Seq, k=6 accum f32 : f32[Seq, Seq]
  %5 = softmax[j] %4[i, j] over i=Seq, j=Seq : f32[Seq, Seq]
  %6 = map %5[i * 4 + j, k / 3], %x[dim(Seq - 1), (k + 1) % 6] -> [k, i, j] over i=2 * Seq - 1, j=4, k=6 = select(($0 > 0.5), pow($1, 2.0), f32(i)) : f32[6, 2 * Seq - 1, 4]
  %7 = reduce argmax %5[i, j] -> [i] over i=Seq, j=Seq : i32[Seq]
  %8 = concat[1] %4, %5 : f32[Seq, 2 * Seq]
  return y0 = %6, y1 = %7, y2 = %8
}
`);
});

test("letters keep clear of the names of sizes", () => {
  const m = maker();
  const x = m.input("x", "f32", symbolDim("j", 1, 4), symbolDim("i", 1, 4));
  const y = m.add({
    op: "map",
    args: [at(x, 0, 1)],
    out: [1, 0],
    extents: [symbolDim("j", 1, 4), symbolDim("i", 1, 4)],
    body: argument(0),
  });
  expect(printGraph(m.graph(y))).toContain("map %x[k, l] -> [l, k] over k=j, l=i");
});

test("a region prints its body and plans inside", () => {
  const inner = maker();
  const a = inner.input("a", "f32", 2);
  const body = inner.graph(a);
  const m = maker();
  const x = m.input("x", "f32", 2);
  const y = m.add({ op: "region", strategy: "attention", args: [x], body, result: 0, plans: [body] });
  expect(printGraph(m.graph(y))).toBe(`graph @test(%x: f32[2]) {
  %1 = region "attention" result 0 (%x) : f32[2] {
    graph @test(%a: f32[2]) {
      return y0 = %a
    }
  } plan 0 {
    graph @test(%a: f32[2]) {
      return y0 = %a
    }
  }
  return y0 = %1
}
`);
});

test("constants tell their dtype and their sign", () => {
  const m = maker();
  const of = (value: number, dtype: "f32" | "f16" | "i32" | "u32" | "bool"): number =>
    m.add({ op: "map", args: [], out: [], extents: [], body: constant(value, dtype) });
  const graph = m.graph(
    of(1, "f32"),
    of(-0, "f32"),
    of(1e-5, "f32"),
    of(0.5, "f16"),
    of(-3, "i32"),
    of(3, "u32"),
    of(1, "bool"),
  );
  expect(
    printGraph(graph)
      .match(/map -> \[\] = \S+/g)
      ?.map((text) => text.slice(12)),
  ).toEqual(["1.0", "-0.0", "0.00001", "0.5h", "-3", "3u", "true"]);
});
