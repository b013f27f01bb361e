import { expect, test } from "vitest";
import { simplify } from "../../passes/graph/simplify.js";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import type { Graph, Index, Scalar } from "../../src/ir/graph/ops.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { randomValues } from "../support/random-graph.js";
import { expectSameMeaning, expectSoundOnRandomGraphs } from "./meaning.js";
import { at, build, countOps, ix, testContext, x } from "./support.js";

const run = (graph: Graph): Graph => simplify.run(graph, testContext());

test("nothing to do: a sum of two tensors", () => {
  const t = build();
  const [a, b] = [t.input("a", 4, 3), t.input("b", 3)];
  const graph = t.finish({
    y: t.map(
      "ij",
      { i: 4, j: 3 },
      [
        [a, "ij"],
        [b, "j"],
      ],
      call("add", x(0), x(1)),
    ),
  });
  expect(run(graph)).toBe(graph);
});

test("random graphs keep their meaning, and a second run changes nothing", () => {
  expectSoundOnRandomGraphs(simplify.run, { rounding: 0.5 });
});

/** The body of a map over f32 arguments `a` and `b`, an i32 `n` and a bool `p`, after the pass. */
function bodyOf(body: Scalar): Scalar | undefined {
  const t = build();
  const [a, b, n] = [t.input("a", 4), t.input("b", 4), t.ints("n", 4)];
  const p = t.add({
    op: "map",
    args: [{ value: n, at: [ix(0)] }],
    out: [0],
    extents: [constDim(4)],
    body: call("gt", argument(0), constant(1, "i32")),
  });
  const graph = t.finish({
    y: t.map(
      "i",
      { i: 4 },
      [
        [a, "i"],
        [b, "i"],
        [n, "i"],
        [p, "i"],
      ],
      body,
    ),
    keep: p,
  });
  const after = run(graph);
  const last = after.nodes[after.outputs[0]?.value ?? -1];
  if (last?.op === "input") return x(0);
  return last?.op === "map" ? last.body : undefined;
}

const [a, n] = [x(0), x(2)];
const i32 = (v: number): Scalar => constant(v, "i32");

test.each<readonly [string, Scalar, Scalar]>([
  ["2 + 3", call("add", a, call("add", constant(2), constant(3))), call("add", a, constant(5))],
  [
    "1 / sqrt(64)",
    call("mul", a, call("div", constant(1), call("sqrt", constant(64)))),
    call("mul", a, constant(0.125)),
  ],
  ["x / 8 = x * 0.125", call("div", a, constant(8)), call("mul", a, constant(0.125))],
  ["x / 3 stays", call("div", a, constant(3)), call("div", a, constant(3))],
  ["x / 0 stays", call("div", a, constant(0)), call("div", a, constant(0))],
  ["exp(0) = 1", call("add", a, call("exp", constant(0))), call("add", a, constant(1))],
  ["an overflow stays", call("mul", a, call("exp", constant(200))), call("mul", a, call("exp", constant(200)))],
  ["x * 0 stays: NaN", call("mul", a, constant(0)), call("mul", a, constant(0))],
  ["-(-x + 0)", call("neg", call("add", call("neg", call("exp", a)), constant(0))), call("exp", a)],
  ["x * -1", call("mul", a, constant(-1)), call("neg", a)],
  ["x - -y", call("sub", call("exp", a), call("neg", a)), call("add", call("exp", a), a)],
  ["(x * 4) * 2", call("mul", call("mul", a, constant(4)), constant(2)), call("mul", a, constant(8))],
  ["x ^ 2", call("pow", a, constant(2)), call("mul", a, a)],
  ["exp(x) ^ 2 stays", call("pow", call("exp", a), constant(2)), call("pow", call("exp", a), constant(2))],
  ["x ^ 0.5", call("pow", a, constant(0.5)), call("sqrt", a)],
  ["1 / sqrt(x)", call("div", constant(1), call("sqrt", a)), call("rsqrt", a)],
  ["if c then x + 1 else x + 1", select(call("lt", a, constant(0)), call("exp", a), call("exp", a)), call("exp", a)],
  ["if 1 < 2", select(call("lt", i32(1), i32(2)), call("exp", a), a), call("exp", a)],
  [
    "if not c",
    select(call("not", call("lt", a, constant(0))), call("exp", a), constant(1)),
    select(call("lt", a, constant(0)), constant(1), call("exp", a)),
  ],
  [
    "not x == y",
    select(call("not", call("eq", a, constant(0))), call("exp", a), constant(1)),
    select(call("ne", a, constant(0)), call("exp", a), constant(1)),
  ],
  ["f32(f32(x))", call("exp", convert("f32", a)), call("exp", a)],
  ["f32(3)", call("add", a, convert("f32", i32(3))), call("add", a, constant(3))],
  ["i * 0 of whole numbers", convert("f32", call("add", n, call("mul", n, i32(0)))), convert("f32", n)],
  [
    "7 / 2 rounds down",
    convert("f32", call("add", n, call("floordiv", i32(-7), i32(2)))),
    convert("f32", call("add", n, i32(-4))),
  ],
  ["an index is at least 0", select(call("ge", indexValue(0), i32(0)), call("exp", a), constant(1)), call("exp", a)],
  [
    "an index is below its extent",
    select(call("lt", indexValue(0), i32(4)), call("exp", a), constant(1)),
    call("exp", a),
  ],
  [
    "an index may be 3",
    select(call("lt", indexValue(0), i32(3)), call("exp", a), constant(1)),
    select(call("lt", indexValue(0), i32(3)), call("exp", a), constant(1)),
  ],
  [
    "x and true",
    select(call("and", call("lt", a, constant(0)), constant(1, "bool")), call("exp", a), constant(1)),
    select(call("lt", a, constant(0)), call("exp", a), constant(1)),
  ],
  [
    "two numbers that f32 does not tell apart",
    select(call("lt", constant(0.1), constant(0.1 + 1e-12)), call("exp", a), constant(1)),
    constant(1),
  ],
])("%s", (_, before, after) => {
  // arguments are numbered anew where some are not read; these bodies read at most one
  const renumbered = JSON.parse(JSON.stringify(after).replaceAll('"arg":2', '"arg":0')) as Scalar;
  expect(bodyOf(before)).toEqual(renumbered);
});

test("a size that is a number is one; one that is not stays", () => {
  const t = build();
  const S = symbolDim("S", 2, 8);
  const v = t.input("v", S);
  const size = (dim: typeof S): Scalar => convert("f32", { e: "dim", dim });
  const graph = t.finish({
    y: t.map("i", { i: S }, [[v, "i"]], call("mul", x(0), call("add", size(constDim(4)), size(S)))),
  });
  expect(printGraph(run(graph))).toContain("4.0 + f32(dim(S))");
});

test("a copy is read through: transpose, slice, blocks", () => {
  const t = build();
  const v = t.input("v", 6, 8);
  const turned = t.map("ji", { i: 6, j: 8 }, [[v, "ij"]], x(0));
  const blocks: readonly Index[] = [{ i: "add", of: [{ i: "mul", of: ix(0), by: constDim(4) }, ix(1)] }, ix(2)];
  const split = t.map("jri", { j: 2, r: 4, i: 6 }, [[turned, blocks]], x(0));
  const back: readonly Index[] = [
    { i: "floordiv", of: ix(0), by: constDim(4) },
    { i: "mod", of: ix(0), by: constDim(4) },
    ix(1),
  ];
  const graph = t.finish({ y: t.map("ni", { n: 8, i: 6 }, [[split, back]], call("exp", x(0))) });
  const after = run(graph);
  expect(countOps(after)).toEqual({ map: 1 });
  const last = after.nodes.at(-1);
  // (n / 4) * 4 + n % 4 is n again
  expect(last?.op === "map" && last.args).toEqual([{ value: v, at: [ix(1), ix(0)] }]);
});

test("a gather moves through a copy only where the nearest row stays the nearest row", () => {
  const t = build();
  const [v, ids] = [t.input("v", 10), t.ints("ids", 5)];
  const gather: Index = { i: "value", of: { value: ids, at: [ix(0)] } };
  const whole = t.map("i", { i: 10 }, [[v, "i"]], call("exp", x(0)));
  const same = t.map("i", { i: 10 }, [[whole, "i"]], x(0));
  const short = t.map("i", { i: 4 }, [[whole, "i"]], x(0));
  const graph = t.finish({
    through: t.map("n", { n: 5 }, [[same, [gather]]], call("sin", x(0))),
    stays: t.map("n", { n: 5 }, [[short, [gather]]], call("cos", x(0))),
  });
  const after = run(graph);
  expect(countOps(after)).toEqual({ map: 4 });
  const { inputs, params } = randomValues(graph, 2);
  const wild = { ...inputs, ids: { dtype: "i32", shape: [5], data: Int32Array.of(-3, 2, 5, 9, 100) } as const };
  expectSameMeaning(graph, after, wild, params);
});

test("a part of a join is read from the part", () => {
  const t = build();
  const [u, v] = [t.input("u", 3), t.input("v", 5)];
  const joined = t.add({ op: "concat", args: [u, v], axis: 0 });
  const later: readonly Index[] = [{ i: "add", of: [ix(0), at(3)] }];
  const graph = t.finish({ y: t.map("i", { i: 5 }, [[joined, later]], call("exp", x(0))) });
  const after = run(graph);
  expect(countOps(after)).toEqual({ map: 1 });
  const { inputs, params } = randomValues(graph, 2);
  expectSameMeaning(graph, after, inputs, params);
});

test("sums over one element, and conditions that always or never hold", () => {
  const t = build();
  const [u, v] = [t.input("u", 6, 1), t.input("v", 1, 4)];
  const sizes = { i: 6, k: 1, j: 4 };
  const outer = t.contract("ij", sizes, [
    [u, "ik"],
    [v, "kj"],
  ]);
  const always = t.contract("i", sizes, [[outer, "ij"]], (l) => ({
    args: [],
    body: call("ge", indexValue(l("j")), constant(0, "i32")),
  }));
  const never = t.contract("i", sizes, [[outer, "ij"]], (l) => ({
    args: [],
    body: call("gt", indexValue(l("j")), constant(9, "i32")),
  }));
  const after = run(t.finish({ always, never }));
  const ops = after.nodes.map((node) => node.op);
  expect(ops.filter((op) => op === "contract")).toHaveLength(2);
  for (const node of after.nodes) if (node.op === "contract") expect(node.where).toBeUndefined();
  const last = after.nodes[after.outputs[1]?.value ?? -1];
  expect(last?.op === "map" && last.body).toEqual(constant(0));
});

test.each([
  ["max", -3.4028234663852886e38],
  ["min", 3.4028234663852886e38],
  ["prod", 1],
  ["sum", 0],
] as const)("%s of nothing is %d", (monoid, value) => {
  const t = build();
  const v = t.input("v", 4);
  const where = { args: [], body: call("lt", indexValue(0), constant(0, "i32")) };
  const y = t.add({ op: "reduce", monoid, arg: { value: v, at: [ix(0)] }, out: [], extents: [constDim(4)], where });
  const after = run(t.finish({ y }));
  const last = after.nodes.at(-1);
  expect(last?.op === "map" && last.body).toEqual(constant(value));
});

test("a constant factor leaves the product", () => {
  const t = build();
  const [u, v] = [t.input("u", 4, 3), t.input("v", 3, 5)];
  const sizes = { i: 4, j: 3, k: 5 };
  const half = t.map("ij", sizes, [], constant(0.5));
  const one = t.map("j", sizes, [], constant(1));
  const graph = t.finish({
    y: t.contract("ik", sizes, [
      [u, "ij"],
      [half, "ij"],
      [one, "j"],
      [v, "jk"],
    ]),
  });
  const after = run(graph);
  expect(countOps(after)).toEqual({ contract: 1, map: 1 });
  const contract = after.nodes.find((node) => node.op === "contract");
  expect(contract?.op === "contract" && contract.factors).toHaveLength(2);
});

test("a join of joins is one join, of one part none", () => {
  const t = build();
  const [u, v] = [t.input("u", 3), t.input("v", 5)];
  const join = (...args: number[]): number => t.add({ op: "concat", args, axis: 0 });
  const after = run(t.finish({ y: join(join(join(u), v), u) }));
  const last = after.nodes.at(-1);
  expect(last?.op === "concat" && last.args).toEqual([u, v, u]);
});
