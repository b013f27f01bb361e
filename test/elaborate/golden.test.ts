import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printGraph } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { expectGolden } from "../support/golden.js";
import { graphOfFile } from "./support.js";

const folder = join(import.meta.dirname, "golden");
const programs = readdirSync(folder)
  .filter((f) => f.endsWith(".lf"))
  .map((f) => f.slice(0, -3));

test("there are programs", () => expect(programs.length).toBeGreaterThanOrEqual(12));

test.each(programs)("%s", (name) => {
  const graph = graphOfFile(join(folder, `${name}.lf`));
  expect(verifyGraph(graph, "elaborated")).toEqual([]);
  expectGolden(join(folder, `${name}.lfir`), printGraph(graph));
});

test("locations keep the call stack", () => {
  const graph = graphOfFile(join(folder, "repeat.lf"));
  expectGolden(join(folder, "repeat.locs.txt"), printGraph(graph, { locs: true }));
});
