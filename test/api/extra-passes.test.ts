import { expect, test } from "vitest";
import { compileText, LfError } from "../../src/api/index.js";
import type { Graph, Pass } from "../../src/api/ir.js";

const text = "lf 1\nmodel M(x: f32[3]) -> f32[3] { let y[i] = 2 * x[i] + 1\n return y }";
const probe = (name: string, seen: string[]): Pass<Graph> => ({
  name,
  summary: "notes that it ran",
  run(graph) {
    seen.push(name);
    return graph;
  },
});

test("extra passes run once each, behind the last run of the pass they name, in their order", async () => {
  const seen: string[] = [];
  const passes: string[] = [];
  await compileText(text, {
    backend: "js",
    instruments: [{ before: (name) => passes.push(name) }],
    extraPasses: [
      { after: "simplify", pass: probe("b", seen) },
      { after: "reassociate", pass: probe("a", seen) },
      { after: "simplify", pass: probe("c", seen) },
    ],
  });
  expect(seen).toEqual(["a", "b", "c"]);
  expect(passes.indexOf("a")).toBe(passes.indexOf("reassociate") + 1);
  const graphPasses = passes.slice(0, passes.indexOf("schedule"));
  expect(graphPasses.indexOf("b")).toBe(graphPasses.lastIndexOf("simplify") + 1);
});

test("a pass that there is not is a diagnostic with the nearest name", async () => {
  const error: unknown = await compileText(text, {
    backend: "js",
    extraPasses: [{ after: "simplfy", pass: probe("x", []) }],
  }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(LfError);
  expect((error as LfError).message).toContain("did you mean simplify?");
});
