import { expect, test } from "vitest";
import { constDim, substituteDim, symbolDim } from "../../src/ir/dim.js";
import { printNode } from "../../src/ir/graph/print.js";
import { argument, call, constant, indexValue, select } from "../../src/ir/graph/scalars.js";
import {
  indexToScalar,
  isGather,
  isPlain,
  liveValues,
  mapGraphDims,
  mapOperands,
  mapUses,
  operands,
  plainIndices,
  renameScalar,
  rewriteScalar,
  scalarArgs,
  scalarIndices,
  substituteUse,
  useIndices,
  usersOf,
  useValues,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { at, gather, ix, maker, plus, size, sizes, times } from "./build.js";

const use = at(7, plus(times(ix(2), 4), ix(0)), gather(at(5, 1, 2)), size(3));

test("indices and values of a use, gathers included", () => {
  expect([...useIndices(use)]).toEqual([2, 0, 1]);
  expect([...useValues(use)]).toEqual([7, 5]);
  expect([isGather(use), isGather(at(7, 0))]).toEqual([true, false]);
});

test("plain uses", () => {
  expect(plainIndices(at(1, 2, 0))).toEqual([2, 0]);
  expect(plainIndices(at(1))).toEqual([]);
  expect(isPlain(at(1, 0, 0))).toBe(false);
  expect(isPlain(use)).toBe(false);
});

test("operands are distinct, in order of first occurrence", () => {
  const op = {
    op: "contract",
    factors: [use, at(2, 0), at(7, 0, 1, 2)],
    out: [0],
    extents: sizes(2, 2, 2),
    where: { args: [at(9, 1)], body: call("lt", argument(0), indexValue(2)) },
    accum: "f32",
  } as const;
  expect(operands(op)).toEqual([7, 5, 2, 9]);
  expect([...whereIndices(op.where)]).toEqual([1, 2]);
  expect(operands({ op: "concat", args: [3, 1, 3], axis: 0 })).toEqual([3, 1]);
});

test("nothing changed means the same object", () => {
  const body = select(call("lt", indexValue(0), constant(1, "i32")), argument(0), argument(1));
  const op = { op: "map", args: [use, at(1, 0)], out: [0, 1, 2], extents: sizes(2, 2, 2), body } as const;
  expect(substituteUse(use, ix)).not.toBe(use);
  expect(mapOperands(op, (value) => value)).toBe(op);
  expect(mapUses(op, (u) => u)).toBe(op);
  expect(rewriteScalar(body, { arg: (_, part) => part, part: (part) => part })).toBe(body);
  expect(renameScalar(body, (i) => i)).toBe(body);
  const moved = mapOperands(op, (value) => value + 1);
  expect(moved).not.toBe(op);
  expect(operands(moved)).toEqual([8, 6, 2]);
});

test("substitution reaches gathers; renaming reaches scalars", () => {
  const shifted = substituteUse(use, (i) => (i === 2 ? plus(ix(0), size(1)) : ix(i)));
  expect(shifted.at[0]).toEqual(plus(times(plus(ix(0), size(1)), 4), ix(0)));
  expect(shifted.at[1]).toEqual(gather(at(5, 1, plus(ix(0), size(1)))));
  expect([...scalarIndices(renameScalar(call("add", indexValue(0), indexValue(1)), (i) => i + 3))]).toEqual([3, 4]);
  expect([...scalarArgs(call("add", argument(2), argument(0)))]).toEqual([2, 0]);
});

test("a subscript as a scalar", () => {
  const scalar = indexToScalar(
    plus(times(ix(1), 4), { i: "mod", of: ix(0), by: constDim(3) }, gather(at(5, 0))),
    () => 6,
  );
  expect(scalar).toEqual(
    call(
      "add",
      call("add", call("mul", indexValue(1), constant(4, "i32")), call("mod", indexValue(0), constant(3, "i32"))),
      argument(6),
    ),
  );
});

test("users and live values", () => {
  const m = maker();
  const x = m.input("x", "f32", 2);
  const y = m.add({ op: "map", args: [at(x, 0)], out: [0], extents: sizes(2), body: call("exp", argument(0)) });
  m.add({ op: "map", args: [at(y, 0), at(x, 0)], out: [0], extents: sizes(2), body: argument(0) });
  const graph = m.graph(y);
  expect(usersOf(graph)).toEqual([[1, 2], [2], []]);
  expect(liveValues(graph)).toEqual([true, true, false]);
});

test("sizes are replaced everywhere", () => {
  const S = symbolDim("S", 1, 9);
  const m = maker();
  const x = m.input("x", "f32", S);
  const y = m.add({
    op: "map",
    args: [at(x, plus(ix(0), size(S)))],
    out: [0],
    extents: [S],
    body: call("mul", argument(0), constant(2)),
  });
  const graph = mapGraphDims(m.graph(y), (d) => substituteDim(d, new Map([["S", constDim(5)]])));
  expect(printNode(graph, y)).toBe("map %x[i + 5] -> [i] over i=5 = ($0 * 2.0) : f32[5]");
  expect(graph.nodes[x]?.type.shape).toEqual([constDim(5)]);
});
