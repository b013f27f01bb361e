import { expect, test } from "vitest";
import { type AnyRule, rewrite } from "../../passes/rewrite.js";
import type { Loc } from "../../src/diagnostics/span.js";
import { noLoc } from "../../src/diagnostics/span.js";
import { call, constant } from "../../src/ir/graph/scalars.js";
import { build, x } from "./support.js";

const chain = (length: number) => {
  const t = build();
  let v = t.input("a", 4);
  for (let i = 0; i < length; i++) v = t.map("i", { i: 4 }, [[v, "i"]], call("neg", x(0)));
  return t.finish({ y: v });
};

const doubleNegation: AnyRule = {
  name: "double negation",
  on: "map",
  apply(node, g) {
    const inner = node.args[0] && g.node(node.args[0].value);
    const negates = (n: typeof node): boolean => n.body.e === "call" && n.body.fn === "neg";
    return inner?.op === "map" && negates(node) && negates(inner) ? inner.args[0]?.value : undefined;
  },
};

test("nothing to do: the same object", () => {
  const graph = chain(1);
  expect(rewrite(graph, [doubleNegation])).toBe(graph);
  expect(rewrite(graph, [])).toBe(graph);
});

test("bottom-up to a fixpoint; what is no longer read is gone", () => {
  expect(rewrite(chain(7), [doubleNegation]).nodes.map((n) => n.op)).toEqual(["input", "map"]);
  expect(rewrite(chain(8), [doubleNegation]).outputs).toEqual([{ name: "y", value: 0 }]);
});

test("rules that undo each other are named: the last ten", () => {
  const flip = (name: string, from: "exp" | "sin", to: "exp" | "sin"): AnyRule => ({
    name,
    on: "map",
    apply(node, _, b) {
      if (node.body.e !== "call" || node.body.fn !== from) return undefined;
      // a growing constant makes every result a new node
      const n = node.body.args[1]?.e === "const" ? node.body.args[1].value : 0;
      const { args, out, extents } = node;
      const body = { e: "call", fn: to, args: [x(0), constant(n + 1)] } as const;
      return b.add({ op: "map", args, out, extents, body }, noLoc);
    },
  });
  const t = build();
  const graph = t.finish({ y: t.map("i", { i: 4 }, [[t.input("a", 4), "i"]], call("exp", x(0))) });
  const there = [flip("there", "exp", "sin"), flip("back", "sin", "exp")];
  expect(() => rewrite(graph, there)).toThrow(
    /last rules: (there, back, ){4}there, back|last rules: (back, there, ){4}back, there/,
  );
});

test("a node that a rule adds stands where the replaced one stood", () => {
  const t = build();
  const file = { path: "a.lf", text: "exp(x)" };
  const here: Loc = { kind: "source", span: { file, start: 0, end: 6 } };
  const a = t.input("a", 4);
  const op = {
    op: "map",
    args: [{ value: a, at: [{ i: "ix", ix: 0 }] }],
    out: [0],
    extents: t.b.type(a).shape,
  } as const;
  const y = t.b.add({ ...op, body: call("exp", x(0)) }, here);
  const rule: AnyRule = {
    name: "exp to sin",
    on: "map",
    apply: (node, _, b) =>
      node.body.e === "call" && node.body.fn === "exp" ? b.add({ ...op, body: call("sin", x(0)) }, noLoc) : undefined,
  };
  const after = rewrite(t.finish({ y }), [rule]);
  expect(after.locs.at(-1)).toBe(here);
});
