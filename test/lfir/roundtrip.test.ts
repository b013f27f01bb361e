import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import js from "../../backends/js/index.js";
import { legalize } from "../../backends/wgsl/legalize.js";
import { parseGraph, parseKernel, parseProgram } from "../../grammar/lfir.toIr.js";
import { graphPipeline, programPipeline } from "../../passes/pipelines.js";
import { schedulePass } from "../../passes/schedule/schedule.js";
import type { PassContext } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import { generic } from "../../src/cost/targets.js";
import type { DimSymbol } from "../../src/ir/dim.js";
import type { Graph, Node } from "../../src/ir/graph/ops.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { printKernel, printProgram } from "../../src/ir/kernel/print.js";
import type { Program } from "../../src/ir/program/program.js";
import { checked, corpus, graphOfFile, sourceOf } from "../elaborate/support.js";
import { unwrap } from "../support/model.js";
import { randomGraph } from "../support/random-graph.js";

/** `parse(print(x))` is `x`, at every level and after every pass. */

const context = (target: Target): PassContext => ({
  target,
  strategies: new Set(),
  fp: "relaxed",
  remark: () => {},
});
const cpu = js.target({ checked: false, count: false, execution: "cpu" });

/** Locations are compared as text. */
function withoutLocs(graph: Graph): Graph {
  const inRegion = (node: Node): Node =>
    node.op === "region"
      ? { ...node, body: withoutLocs(node.body), ...(node.plans && { plans: node.plans.map(withoutLocs) }) }
      : node;
  return { ...graph, locs: [], nodes: graph.nodes.map(inRegion) };
}

function holdGraph(graph: Graph): void {
  const text = printGraph(graph);
  const again = unwrap(parseGraph({ path: "graph.lfir", text }));
  expect(printGraph(again)).toBe(text);
  expect(isDeepStrictEqual(withoutLocs(again), withoutLocs(graph)), text).toBe(true);
  const located = printGraph(graph, { locs: true });
  expect(printGraph(unwrap(parseGraph({ path: "graph.lfir", text: located })), { locs: true })).toBe(located);
}

function holdProgram(program: Program): void {
  const text = printProgram(program);
  const again = unwrap(parseProgram({ path: "program.lfir", text }));
  expect(printProgram(again)).toBe(text);
  expect(isDeepStrictEqual(again, program), text).toBe(true);
}

/** What a graph becomes on the way to a target, after each pass that changes it. */
function* stages(source: Graph, target: Target): Generator<Graph | Program> {
  const cx = context(target);
  let graph = source;
  yield graph;
  for (const pass of graphPipeline) {
    const next = pass.run(graph, cx);
    if (next !== graph) yield next;
    graph = next;
  }
  let program = schedulePass.run(graph, cx);
  yield program;
  for (const pass of [...programPipeline, ...(target === generic ? legalize : [])]) {
    const next = pass.run(program, cx);
    if (next !== program) yield next;
    program = next;
  }
}

const hold = (ir: Graph | Program): void => ("kernels" in ir ? holdProgram(ir) : holdGraph(ir));

const options = fc.record({ half: fc.boolean(), symbolic: fc.boolean(), nodes: fc.integer({ min: 1, max: 12 }) });

test("random graphs", () => {
  fc.assert(
    fc.property(fc.nat(), options, (seed, o) => holdGraph(randomGraph(seed, o))),
    { numRuns: 80 },
  );
});

test("random graphs on their way to a graphics processor", () => {
  fc.assert(
    fc.property(fc.nat(), options, (seed, o) => {
      // no schedule without f16
      for (const ir of stages(randomGraph(seed, { ...o, half: false }), generic)) hold(ir);
    }),
    { numRuns: 15 },
  );
});

test("random graphs on their way to a processor", () => {
  fc.assert(
    fc.property(fc.nat(), options, (seed, o) => {
      for (const ir of stages(randomGraph(seed, o), cpu)) hold(ir);
    }),
    { numRuns: 20 },
  );
});

test("each kernel by itself", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const program = schedulePass.run(randomGraph(seed), context(generic));
      const symbols = program.symbols as readonly DimSymbol[]; // the symbols of a program are nothing else
      for (const kernel of program.kernels) {
        const text = printKernel(kernel);
        const again = unwrap(parseKernel({ path: "kernel.lfir", text }, symbols));
        expect(isDeepStrictEqual(again, kernel), text).toBe(true);
      }
    }),
    { numRuns: 20 },
  );
});

describe("everything that the corpus compiles to", () => {
  for (const file of readdirSync(corpus).filter((f) => f.endsWith(".lf"))) {
    const path = join(corpus, file);
    test.each(checked(sourceOf(path)).models.map((m) => m.name.text))(`${file}: %s`, (model) => {
      const graph = graphOfFile(path, { model });
      holdGraph(graph);
      const all = [...stages(graph, generic)];
      const graphs = all.filter((ir): ir is Graph => !("kernels" in ir));
      const programs = all.filter((ir): ir is Program => "kernels" in ir);
      for (const ir of [graphs.at(-1), programs[0], programs.at(-1)]) if (ir !== undefined) hold(ir);
    });
  }
});
