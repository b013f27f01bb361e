import { expect, test } from "vitest";
import { constDim } from "../../src/ir/dim.js";
import type { Graph, Node, Op } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue, select } from "../../src/ir/graph/scalars.js";
import { type Phase, verifyGraph } from "../../src/ir/graph/verify.js";
import { at, gather, ix, maker, sizes } from "./build.js";

/** x f32[4, 6], t i32[4], keep bool[4], w f32[6, 5] as %0 … %3, then one node of `op`. */
function withNode(op: Op, type: Node["type"]): Graph {
  const m = maker();
  m.input("x", "f32", 4, 6);
  m.input("t", "i32", 4);
  m.input("keep", "bool", 4);
  m.param("w", "f32", 6, 5);
  const graph = m.graph(0);
  return {
    ...graph,
    nodes: [...graph.nodes, { ...op, type }],
    locs: [...graph.locs, { kind: "none" }],
    outputs: [{ name: "y", value: 4 }],
  };
}

const f32 = (...shape: readonly number[]): Node["type"] => ({ dtype: "f32", shape: sizes(...shape) });
const product = {
  op: "contract",
  factors: [at(0, 0, 2), at(3, 2, 1)],
  out: [0, 1],
  extents: sizes(4, 5, 6),
  accum: "f32",
} as const satisfies Op;
const copy = {
  op: "map",
  args: [at(0, 0, 1)],
  out: [0, 1],
  extents: sizes(4, 6),
  body: argument(0),
} as const satisfies Op;
const good = withNode(product, f32(4, 5));

test("a good graph has no problem", () => {
  expect(verifyGraph(good)).toEqual([]);
  expect(verifyGraph(good, "elaborated")).toEqual([]);
  expect(verifyGraph(good, "reassociated")).toEqual([]);
});

const bad = (name: string, graph: Graph, message: string, phase?: Phase): void =>
  test(name, () => {
    expect(verifyGraph(graph, phase).join("\n")).toContain(message);
  });
const badNode = (name: string, op: Op, type: Node["type"], message: string, phase?: Phase): void =>
  bad(name, withNode(op, type), message, phase);
const replace = (graph: Graph, id: number, node: Node): Graph => ({ ...graph, nodes: graph.nodes.with(id, node) });

bad("1: a location is missing", { ...good, locs: good.locs.slice(1) }, "5 nodes with 4 locations");
bad("2: inputs out of order", { ...good, inputs: [1, 0, 2] }, "input 0 is %1");
bad("2: an input that is not listed", { ...good, inputs: [0, 1] }, "3 input nodes, 2 listed");
bad("2: a name twice", replace(good, 1, { op: "input", name: "x", type: f32(4) }), "two inputs are named x");
bad(
  "3: a path twice",
  replace(good, 4, { op: "param", path: "w", init: { kind: "ones" }, fixed: false, type: f32(2) }),
  "two parameters have the path w",
);
bad(
  "3: random whole numbers",
  replace(good, 4, {
    op: "param",
    path: "v",
    init: { kind: "normal", std: 1 },
    fixed: false,
    type: { dtype: "i32", shape: sizes(2) },
  }),
  "parameter v of i32 has the initialiser normal",
);
bad(
  "3: an axis without a name beside one with",
  replace(good, 4, {
    op: "param",
    path: "v",
    init: { kind: "ones" },
    fixed: false,
    from: { key: "v", axes: ["h"] },
    type: f32(2, 3),
  }),
  "parameter v of rank 2 names 1 axes",
);
badNode("4: a later operand", { ...product, factors: [at(4, 0, 2)] }, f32(4, 5), "%4 contract reads %4");
badNode(
  "4: a later operand in a gather",
  { ...copy, args: [at(0, gather(at(7, 0)), 1)] },
  f32(4, 6),
  "%4 map reads %7",
);
bad("5: no output", { ...good, outputs: [] }, "there is no output");
bad("5: a missing output", { ...good, outputs: [{ name: "y", value: 8 }] }, "output y is %8");
bad(
  "5: an output twice",
  { ...good, outputs: [0, 4].map((value) => ({ name: "y", value })) },
  "two outputs are named y",
);
bad(
  "6: a computation twice",
  {
    ...good,
    nodes: [
      ...good.nodes,
      { ...product, out: [2, 0], extents: sizes(5, 6, 4), factors: [at(0, 2, 1), at(3, 1, 0)], type: f32(4, 5) },
    ],
    locs: [...good.locs, { kind: "none" }],
  },
  "%5 contract is %4 once more",
);
badNode("7: a subscript is missing", { ...copy, args: [at(0, 0)] }, f32(4, 6), "%0 of rank 2 has 1 subscripts");
badNode("8: an index without extent", { ...copy, args: [at(0, 0, 2)] }, f32(4, 6), "index 2 has no extent");
badNode("8: an index twice in the result", { ...product, out: [0, 0] }, f32(4, 4), "an index is twice in the result");
badNode("8: a map that reduces", { ...copy, out: [0] }, f32(4), "1 indices are missing in the result");
badNode(
  "8: softmax along nothing",
  { op: "softmax", arg: at(0, 0, 1), axis: 2, extents: sizes(4, 6) },
  f32(4, 6),
  "the axis 2 is none of its 2 indices",
);
badNode("9: an empty extent", { ...copy, extents: sizes(0, 6) }, f32(0, 6), "axis 0 has the size 0");
badNode(
  "9: half an extent",
  { op: "reduce", monoid: "sum", arg: at(0, 0, 1), out: [0], extents: sizes(4, 1.5) },
  f32(4),
  "index 1 has the extent 1.5",
);
badNode(
  "9: division by zero in a subscript",
  { ...copy, args: [at(0, { i: "mod", of: ix(0), by: constDim(0) }, 1)] },
  f32(4, 6),
  "a subscript is divided by 0",
);
badNode(
  "10: a gather by floats",
  { ...copy, args: [at(0, gather(at(0, 0, 1)), 1)] },
  f32(4, 6),
  "a subscript reads %0 of f32",
);
badNode("11: an argument that does not exist", { ...copy, body: argument(1) }, f32(4, 6), "argument 1 of 1");
badNode(
  "11: operands of two dtypes",
  { ...copy, body: call("add", argument(0), indexValue(0)) },
  f32(4, 6),
  "add needs operands of one dtype, not f32, i32",
);
badNode(
  "11: too many operands",
  { ...copy, body: call("mul", argument(0), argument(0), argument(0)) },
  f32(4, 6),
  "mul takes 2 operands, not 3",
);
badNode(
  "11: a real function of whole numbers",
  { ...copy, body: call("exp", indexValue(0)) },
  f32(4, 6),
  "exp needs floats, not i32",
);
badNode(
  "11: arithmetic of bool",
  { ...copy, body: call("add", constant(1, "bool"), constant(1, "bool")) },
  f32(4, 6),
  "add does not take bool",
);
badNode(
  "11: select by a number",
  { ...copy, body: select(argument(0), argument(0), argument(0)) },
  f32(4, 6),
  "select by f32",
);
badNode(
  "11: select between dtypes",
  { ...copy, body: select(constant(1, "bool"), argument(0), constant(1, "i32")) },
  f32(4, 6),
  "select between f32 and i32",
);
badNode("11: a constant that its dtype lacks", { ...copy, body: constant(1.5, "i32") }, f32(4, 6), "1.5 is no i32");
badNode("11: an infinite constant", { ...copy, body: constant(1e39) }, f32(4, 6), "1e+39 is no f32");
badNode(
  "12: a condition that is a number",
  { ...product, where: { args: [], body: indexValue(0) } },
  f32(4, 5),
  "the condition is i32",
);
badNode("13: no factor", { ...product, factors: [] }, f32(4, 5), "there is no factor");
badNode(
  "13: factors of two dtypes",
  { ...product, factors: [at(0, 0, 2), at(1, 0)] },
  f32(4, 5),
  "the factors are f32, i32",
);
badNode("13: a narrow accumulator", { ...product, accum: "f16" }, f32(4, 5), "f32 accumulated in f16");
badNode(
  "13: whole numbers in a float",
  { ...product, factors: [at(1, 0)], accum: "f32" },
  f32(4, 5),
  "i32 accumulated in f32",
);
badNode(
  "14: a sum of bool",
  { op: "reduce", monoid: "sum", arg: at(2, 0), out: [], extents: sizes(4) },
  { dtype: "bool", shape: [] },
  "of bool",
);
badNode(
  "14: argmax along two indices",
  { op: "reduce", monoid: "argmax", arg: at(0, 0, 1), out: [], extents: sizes(4, 6) },
  { dtype: "i32", shape: [] },
  "argmax along 2 indices",
);
badNode(
  "14: softmax of whole numbers",
  { op: "softmax", arg: at(1, 0), axis: 0, extents: sizes(4) },
  { dtype: "i32", shape: sizes(4) },
  "softmax: of i32",
);
badNode("15: no part", { op: "concat", args: [], axis: 0 }, f32(4), "there is no part");
badNode("15: parts of other ranks", { op: "concat", args: [0, 3], axis: 0 }, f32(10, 6), "f32[6, 5] beside f32[4, 6]");
badNode("15: an axis too many", { op: "concat", args: [0, 0], axis: 2 }, f32(4, 6), "axis 2 of parts of rank 2");

const inner = (...shape: readonly number[]): Graph => {
  const m = maker();
  return m.graph(m.input("a", "f32", ...shape));
};
const region = (body: Graph, extra: object = {}): Op => ({
  op: "region",
  strategy: "s",
  args: [0],
  body,
  result: 0,
  ...extra,
});
badNode("16: a bad body", region({ ...inner(4, 6), outputs: [] }), f32(4, 6), "body: there is no output");
badNode("16: another argument", region(inner(4, 5)), f32(4, 5), "body takes f32[4, 5], not f32[4, 6]");
badNode("16: too few arguments", region(inner(4, 6), { args: [] }), f32(4, 6), "body takes 1 arguments, not 0");
badNode("16: a result that is missing", region(inner(4, 6), { result: 1 }), f32(4, 6), "body has no result 1");
badNode(
  "16: a plan that gives something else",
  region(inner(4, 6), { plans: [{ ...inner(4, 6), outputs: [0, 0].map((value, i) => ({ name: `${i}`, value })) }] }),
  f32(4, 6),
  "plan 0 gives f32[4, 6], f32[4, 6], not f32[4, 6]",
);
badNode("17: another type", product, f32(5, 4), "has type f32[5, 4], but is f32[4, 5]");
badNode("18: a region before any pass", region(inner(4, 6)), f32(4, 6), "before any pass", "elaborated");
badNode(
  "19: three factors after reassociate",
  { ...product, factors: [...product.factors, at(2 - 2, 0, 2)] },
  f32(4, 5),
  "3 factors after reassociate",
  "reassociated",
);
test("19: three factors in a body after reassociate", () => {
  const m = maker();
  const a = m.input("a", "f32", 4, 6);
  const y = m.add({
    op: "contract",
    factors: [at(a, 0, 1), at(a, 0, 1), at(a, 0, 1)],
    out: [0],
    extents: sizes(4, 6),
    accum: "f32",
  });
  const graph = withNode(region(m.graph(y)), f32(4));
  expect(verifyGraph(graph)).toEqual([]);
  expect(verifyGraph(graph, "reassociated").join()).toContain("body: %1 contract: 3 factors after reassociate");
});
