import { expect, test } from "vitest";
import { fuseMaps } from "../../passes/graph/fuseMaps.js";
import { constDim } from "../../src/ir/dim.js";
import type { Graph, Index } from "../../src/ir/graph/ops.js";
import { argument, call, constant, convert, indexValue } from "../../src/ir/graph/scalars.js";
import { randomValues } from "../support/random-graph.js";
import { expectSameMeaning, expectSoundOnRandomGraphs } from "./meaning.js";
import { build, countOps, ix, testContext, x } from "./support.js";

const run = (graph: Graph): Graph => fuseMaps.run(graph, testContext());

test("nothing to do: one map", () => {
  const t = build();
  const a = t.input("a", 4, 3);
  const graph = t.finish({ y: t.map("ij", { i: 4, j: 3 }, [[a, "ij"]], call("exp", x(0))) });
  expect(run(graph)).toBe(graph);
});

test("random graphs keep their meaning", () => {
  expectSoundOnRandomGraphs(fuseMaps.run);
});

const sizes = { i: 4, j: 3 };

test("a chain that is read once is one map, subscripts composed", () => {
  const t = build();
  const a = t.input("a", 4, 3);
  const e = t.map("ij", sizes, [[a, "ij"]], call("exp", x(0)));
  const turned = t.map("ji", sizes, [[e, "ij"]], call("add", x(0), convert("f32", indexValue(0))));
  const graph = t.finish({
    y: t.map(
      "ij",
      sizes,
      [
        [turned, "ji"],
        [a, "ij"],
      ],
      call("mul", x(0), x(1)),
    ),
  });
  const after = run(graph);
  expect(countOps(after)).toEqual({ map: 1 });
  const last = after.nodes.at(-1);
  // the index number of the part is the subscript that reads it, and one argument is read once
  expect(last?.op === "map" && last.args).toHaveLength(1);
  const { inputs, params } = randomValues(graph, 1);
  expectSameMeaning(graph, after, inputs, params);
});

test("dear functions are not computed again: for several readers, for a repeated row, twice in a body", () => {
  const t = build();
  const [a, r] = [t.input("a", 4, 3), t.input("r", 4)];
  const e = t.map("ij", sizes, [[a, "ij"]], call("tanh", x(0)));
  const row = t.map("i", sizes, [[r, "i"]], call("exp", x(0)));
  const once = t.map("ij", sizes, [[a, "ij"]], call("sin", x(0)));
  const graph = t.finish({
    u: t.map("ij", sizes, [[e, "ij"]], call("neg", x(0))),
    v: t.map(
      "ij",
      sizes,
      [
        [e, "ij"],
        [row, "i"],
      ],
      call("add", x(0), x(1)),
    ),
    w: t.map("ij", sizes, [[once, "ij"]], call("mul", x(0), x(0))),
  });
  expect(run(graph)).toBe(graph);
});

test("cheap work is repeated where that moves fewer bytes", () => {
  const t = build();
  const a = t.input("a", 4, 3);
  const twice = t.map("ij", sizes, [[a, "ij"]], call("mul", x(0), constant(2)));
  const graph = t.finish({
    u: t.map("ij", sizes, [[twice, "ij"]], call("exp", x(0))),
    v: t.map("ij", sizes, [[twice, "ij"]], call("sin", x(0))),
  });
  expect(countOps(run(graph))).toEqual({ map: 2 });
});

test("what three arguments make is not loaded again by many readers", () => {
  const t = build();
  const [a, b, c] = [t.input("a", 40, 30), t.input("b", 40, 30), t.input("c", 40, 30)];
  const big = { i: 40, j: 30 };
  const sum = t.map(
    "ij",
    big,
    [
      [a, "ij"],
      [b, "ij"],
      [c, "ij"],
    ],
    call("add", call("add", x(0), x(1)), x(2)),
  );
  const outputs = (["exp", "sin", "cos", "tanh"] as const).map((fn) => t.map("ij", big, [[sum, "ij"]], call(fn, x(0))));
  const graph = t.finish(Object.fromEntries(outputs.map((v, i) => [`y${i}`, v])));
  expect(run(graph)).toBe(graph);
});

test("an epilogue of a product stays one for several readers", () => {
  const t = build();
  const [a, w] = [t.input("a", 4, 3), t.param("w", 3, 5)];
  const s = { i: 4, j: 3, k: 5 };
  const product = t.contract("ik", s, [
    [a, "ij"],
    [w, "jk"],
  ]);
  const scaled = t.map("ik", s, [[product, "ik"]], call("mul", x(0), constant(0.5)));
  const graph = t.finish({
    u: t.map("ik", s, [[scaled, "ik"]], call("exp", x(0))),
    v: t.map("ik", s, [[scaled, "ik"]], call("sin", x(0))),
  });
  expect(run(graph)).toBe(graph);
});

test("maps that feed products, reductions, softmax and subscripts stay: the schedule reads through them", () => {
  const t = build();
  const [a, ids, w] = [t.input("a", 4, 3), t.ints("ids", 4), t.param("w", 3, 5)];
  const s = { i: 4, j: 3, k: 5 };
  const source = t.map("ij", s, [[a, "ij"]], call("add", x(0), constant(1)));
  const next = t.map("i", s, [[ids, "i"]], call("add", x(0), constant(1, "i32")));
  const gather: Index = { i: "value", of: { value: next, at: [ix(0)] } };
  const arg = { value: source, at: [ix(0), ix(1)] };
  const graph = t.finish({
    product: t.contract("ik", s, [
      [source, "ij"],
      [w, "jk"],
    ]),
    most: t.add({ op: "reduce", monoid: "max", arg, out: [0], extents: [constDim(4), constDim(3)] }),
    share: t.add({ op: "softmax", arg, axis: 1, extents: [constDim(4), constDim(3)] }),
    row: t.map("ij", s, [[a, [gather, ix(1)]]], call("exp", x(0))),
  });
  expect(run(graph)).toBe(graph);
});

test("a mask goes into the condition that reads it", () => {
  const t = build();
  const [a, len] = [t.input("a", 4, 3), t.ints("len", 4)];
  const keep = t.map("ij", sizes, [[len, "i"]], call("lt", indexValue(1), x(0)));
  const graph = t.finish({
    y: t.contract("i", sizes, [[a, "ij"]], (l) => ({
      args: [{ value: keep, at: [ix(l("i")), ix(l("j"))] }],
      body: argument(0),
    })),
  });
  const after = run(graph);
  expect(countOps(after)).toEqual({ contract: 1 });
  const { inputs, params } = randomValues(graph, 1);
  expectSameMeaning(graph, after, inputs, params);
});

test("a map is not read through a gather that may leave it", () => {
  const t = build();
  const [a, ids] = [t.input("a", 10), t.ints("ids", 5)];
  const short = t.map("i", { i: 4 }, [[a, "i"]], call("mul", x(0), constant(3)));
  const gather: Index = { i: "value", of: { value: ids, at: [ix(0)] } };
  const graph = t.finish({ y: t.map("n", { n: 5 }, [[short, [gather]]], call("neg", x(0))) });
  expect(run(graph)).toBe(graph);
});

test("no more values are read at once than a kernel may bind", () => {
  const t = build();
  const inputs = Array.from({ length: 12 }, (_, i) => t.input(`a${i}`, 4));
  let sum = inputs[0] as number;
  for (const v of inputs.slice(1))
    sum = t.map(
      "i",
      { i: 4 },
      [
        [sum, "i"],
        [v, "i"],
      ],
      call("add", x(0), x(1)),
    );
  const graph = t.finish({ y: sum });
  const after = run(graph);
  expect(after).not.toBe(graph);
  for (const node of after.nodes)
    if (node.op === "map") expect(new Set(node.args.map((u) => u.value)).size).toBeLessThanOrEqual(5);
});
