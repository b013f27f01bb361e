import { expect, test } from "vitest";
import { constDim, dimKey, mulDim, symbolDim } from "../../src/ir/dim.js";
import { graphFlops, nodeFlops } from "../../src/ir/graph/flops.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph, Node } from "../../src/ir/graph/ops.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { at, maker, sizes, tensor } from "./build.js";

const last = (graph: Graph): string => {
  const node = graph.nodes.at(-1) as Node;
  return dimKey(nodeFlops(node, (value) => (graph.nodes[value] as Node).type));
};

test("a contraction counts a multiplication for each factor but the first, and an addition, at each point", () => {
  const S = symbolDim("S", 1, 8);
  for (const count of [1, 2, 3]) {
    const m = maker();
    const x = m.input("x", "f32", S, 3);
    const factors = Array.from({ length: count }, () => at(x, 0, 1));
    const graph = m.graph(m.add({ op: "contract", factors, out: [0], extents: sizes(S, 3), accum: "f32" }));
    expect(last(graph)).toBe(dimKey(mulDim(constDim(3 * count), S)));
    // Counted by hand, one operation at a time.
    let operations = 0;
    for (let i = 0; i < 4; i++)
      for (let k = 0; k < 3; k++) {
        operations += count - 1;
        operations += 1;
      }
    const values = { x: tensor("f32", [4, 3], new Array(12).fill(1)) };
    expect(interpret(graph, values, new Map()).counts.total).toBe(operations);
  }
});

test("a map counts float functions, not comparisons, selections and whole-number arithmetic", () => {
  const m = maker();
  const x = m.input("x", "f32", 4);
  const body = select(
    call("lt", call("add", indexValue(0), constant(1, "i32")), constant(2, "i32")),
    call("exp", call("neg", argument(0))),
    call("mul", argument(0), convert("f32", indexValue(0))),
  );
  expect(last(m.graph(m.add({ op: "map", args: [at(x, 0)], out: [0], extents: sizes(4), body })))).toBe("12");
});

test("softmax counts five a point, a reduction one, a copy none", () => {
  const m = maker();
  const x = m.input("x", "f32", 4, 5);
  expect(last(m.graph(m.add({ op: "softmax", arg: at(x, 0, 1), axis: 1, extents: sizes(4, 5) })))).toBe("100");
  expect(last(m.graph(m.add({ op: "reduce", monoid: "max", arg: at(x, 0, 1), out: [0], extents: sizes(4, 5) })))).toBe(
    "20",
  );
  expect(
    last(m.graph(m.add({ op: "map", args: [at(x, 0, 1)], out: [1, 0], extents: sizes(4, 5), body: argument(0) }))),
  ).toBe("0");
  expect(last(m.graph(m.add({ op: "concat", args: [x, x], axis: 0 })))).toBe("0");
});

test("a region with two results counts once, what no output reads not at all", () => {
  const inner = maker();
  const a = inner.input("a", "f32", 4);
  const e = inner.add({ op: "map", args: [at(a, 0)], out: [0], extents: sizes(4), body: call("exp", argument(0)) });
  const f = inner.add({ op: "map", args: [at(e, 0)], out: [0], extents: sizes(4), body: call("neg", argument(0)) });
  const body = inner.graph(e, f);
  const m = maker();
  const x = m.input("x", "f32", 4);
  const region = (result: number): number => m.add({ op: "region", strategy: "s", args: [x], body, result });
  const [r0, r1] = [region(0), region(1)];
  m.add({ op: "map", args: [at(x, 0)], out: [0], extents: sizes(4), body: call("exp", argument(0)) });
  expect(dimKey(graphFlops(m.graph(r0, r1)))).toBe("8");
});
