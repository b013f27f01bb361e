import { expect, test } from "vitest";
import { simplify } from "../../passes/graph/simplify.js";
import { call } from "../../src/ir/graph/scalars.js";
import { expectSoundOnRandomGraphs } from "./meaning.js";
import { build, testContext, x } from "./support.js";

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
  expect(simplify.run(graph, testContext())).toBe(graph);
});

test("random graphs keep their meaning, and a second run changes nothing", () => {
  expectSoundOnRandomGraphs(simplify.run, { rounding: 0.5 });
});
