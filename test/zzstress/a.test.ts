import { test } from "vitest";
import { reassociate } from "../../passes/graph/reassociate.js";
import { growContractions } from "../../passes/graph/growContractions.js";
import { randomGraph } from "../support/random-graph.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { testContext } from "../passes/support.js";
test("x", () => {
  for (const [seed, nodes] of [[5465, 14], [5758, 6]] as const) {
  const before = randomGraph(seed, { nodes, ...(nodes === 14 ? { decisions: false } : {}), regions: false, symbolic: false });
  const c = testContext();
  const f = (g: never) => printGraph(g).split("\n").filter((l) => l.includes("contract")).join("\n");
  console.log(f(before as never), "\nGROWN\n", f(growContractions.run(before, c) as never), "\nAPART\n", f(reassociate.run(before, c) as never), "\nTOGETHER\n", f(reassociate.run(growContractions.run(before, c), c) as never));
  }
});
