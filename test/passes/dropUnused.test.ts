import { expect, test } from "vitest";
import { dropUnused } from "../../passes/graph/dropUnused.js";
import { call } from "../../src/ir/graph/scalars.js";
import { expectSoundOnRandomGraphs } from "./meaning.js";
import { build, testContext, x } from "./support.js";

test("nothing to do: everything is read", () => {
  const t = build();
  const [a, b] = [t.input("a", 4), t.input("unread", 4)];
  const graph = t.finish({ y: t.map("i", { i: 4 }, [[a, "i"]], call("exp", x(0))) });
  expect(b).toBe(1);
  expect(dropUnused.run(graph, testContext())).toBe(graph);
});

test("what no output needs goes, parameters too; inputs stay", () => {
  const t = build();
  const [a, w, v] = [t.input("a", 4), t.param("w", 4), t.param("v", 4)];
  t.map(
    "i",
    { i: 4 },
    [
      [a, "i"],
      [w, "i"],
    ],
    call("add", x(0), x(1)),
  );
  const graph = t.finish({ y: t.map("i", { i: 4 }, [[v, "i"]], call("exp", x(0))) });
  const after = dropUnused.run(graph, testContext());
  expect(after.nodes.map((n) => n.op)).toEqual(["input", "param", "map"]);
  expect(after.inputs).toEqual([0]);
});

test("random graphs keep their meaning", () => {
  expectSoundOnRandomGraphs(dropUnused.run, { runs: 40 });
});
