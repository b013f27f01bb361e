import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtins } from "../../src/check/scope.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { graphOf } from "../../src/driver/compile.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";

const text = readFileSync(join(import.meta.dirname, "../../grammar/REFERENCE.md"), "utf8");
const programs = [...text.matchAll(/```lf\n([\s\S]*?)```/g)].map((m) => m[1] ?? "");

function graphOfExample(program: string): Graph {
  const graph = graphOf({ path: "REFERENCE.md", text: program });
  if (!graph.ok) throw new Error(renderDiagnostics(graph.error));
  return graph.value;
}

test.each(programs.map((p) => [/model \w+\([^)]*/.exec(p)?.[0] ?? "", p]))("the example with %s) compiles", (_, p) => {
  expect(verifyGraph(graphOfExample(p))).toEqual([]);
});

test("every built-in function is in the table of errors", () => {
  const table = /<!-- generated: scalars -->([\s\S]*?)<!-- end -->/.exec(text)?.[1] ?? "";
  const named = new Set([...table.matchAll(/(\w+)\(/g)].map((m) => m[1]));
  expect([...builtins.keys()].filter((name) => !named.has(name))).toEqual([]);
});

test("what the introduction says of its example is so", () => {
  const [first = ""] = programs;
  const graph = graphOf({
    path: "REFERENCE.md",
    text: first.replace("e[k, m] * x[m, d] * wk", "e[m, k] * x[m, d] * wk"),
  });
  expect(graph.ok ? [] : graph.error.map((d) => d.message)).toContain("index m ranges over two different dimensions");
});

test("parameters of the example have the paths that are told", () => {
  const paths = programs.flatMap((p) => graphOfExample(p).nodes.flatMap((n) => (n.op === "param" ? [n.path] : [])));
  expect(paths).toEqual(expect.arrayContaining(["shared.e", "layers.2.w", "Layer.0.w"]));
});

test("links within the page lead to a heading", () => {
  const headings = new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map((m) =>
      (m[1] ?? "")
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
  const targets = [...text.matchAll(/\]\(#([^)]*)\)/g)].map((m) => m[1] ?? "");
  expect(targets.length).toBeGreaterThan(1);
  expect(targets.filter((t) => !headings.has(t))).toEqual([]);
});
