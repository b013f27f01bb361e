import { expect, test } from "vitest";
import { parameterOnly } from "../../passes/graph/hoistWeights.js";
import { symbolDim } from "../../src/ir/dim.js";
import { call } from "../../src/ir/graph/scalars.js";
import { build, x } from "./support.js";

test("nothing from inputs, nothing of a run-time size", () => {
  const t = build();
  const S = symbolDim("S", 2, 8);
  const [v, w, u] = [t.input("v", S), t.param("w", 8), t.param("u", 8)];
  const sum = t.map(
    "i",
    { i: 8 },
    [
      [w, "i"],
      [u, "i"],
    ],
    call("add", x(0), x(1)),
  );
  const positions = t.map("i", { i: 8 }, [], { e: "const", value: 1, dtype: "f32" });
  const cut = t.map("i", { i: S }, [[sum, "i"]], x(0));
  const mixed = t.map(
    "i",
    { i: S },
    [
      [v, "i"],
      [cut, "i"],
    ],
    call("add", x(0), x(1)),
  );
  const scaled = t.map(
    "i",
    { i: 8 },
    [[sum, "i"]],
    call("mul", x(0), { e: "convert", to: "f32", of: { e: "dim", dim: S } }),
  );
  const graph = t.finish({ mixed, positions, scaled });
  expect([...parameterOnly(graph)].sort((a, b) => a - b)).toEqual([w, u, sum, positions]);
});
