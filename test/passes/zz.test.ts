import { test } from "vitest";
import { growContractions } from "../../passes/graph/growContractions.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { randomGraph } from "../support/random-graph.js";
import { multiplyAdds } from "./meaning.js";
import { testContext } from "./support.js";

test("x", () => {
  let best = "";
  let bad = 0;
  for (let seed = 1; seed <= 1500; seed++) {
    const before = randomGraph(seed, { regions: false, symbolic: false, nodes: seed % 2 ? 4 : 8 });
    const context = testContext();
    const apart = reassociate.run(before, context);
    const grown = growContractions.run(before, context);
    const together = reassociate.run(grown, context);
    if (multiplyAdds(together) > multiplyAdds(apart) * (1 + 1e-9)) {
      bad++;
      const text =
        `${seed} ${multiplyAdds(apart)} ${multiplyAdds(together)}\n` +
        printGraph(before) +
        "GROWN " +
        printGraph(grown) +
        "APART " +
        printGraph(apart) +
        "TOGETHER " +
        printGraph(together);
      if (best === "" || text.length < best.length) best = text;
    }
  }
  console.log(bad, best);
});
