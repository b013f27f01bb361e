import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { modelOf } from "../../backends/wgsl/index.js";
import { runReference } from "../../src/driver/machine.js";
import { figures } from "../../src/driver/report.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { runInBrowser, testPage } from "../support/browser.js";
import { testDevice, validateWgsl } from "../support/dawn.js";
import { expectGoldenFolder } from "../support/golden.js";
import { graphOfFile, lowerFor, randomRun, root, runOn } from "../support/model.js";

/**
 * Each example: what the compiler makes of it as texts, and its numbers on every machine against the float64 reference
 * under the one tolerance (DESIGN: the running error bound of the reference itself; whole models also relative L2 <= 1e-5).
 */
const examples = readdirSync(join(root, "examples"))
  .filter((f) => f.endsWith(".lf"))
  .map((f) => basename(f, ".lf"));

const device = testDevice();
const page = testPage();

const machines = [
  { name: "js", backend: "js", options: {} },
  { name: "js, checked", backend: "js", options: { checked: true } },
  { name: "tfjs on cpu", backend: "tfjs", options: { device: "cpu" } },
  { name: "tfjs on wasm", backend: "tfjs", options: { device: "wasm" } },
  { name: "wgsl in Dawn", backend: "wgsl", options: {} },
  { name: "wasm", backend: "wasm", options: {} },
] as const;

describe.each(examples)("%s", (name) => {
  const graph = graphOfFile(`examples/${name}.lf`);

  test("texts: optimised graph, WGSL, tfjs code, figures", async () => {
    const wgsl = await lowerFor(graph, "wgsl");
    const tfjs = await lowerFor(graph, "tfjs");
    const texts = new Map([["graph.lfir", printGraph(wgsl.graph)]]);
    for (const lowered of [wgsl, tfjs]) {
      for (const file of lowered.artifact.files) {
        // the program is JSON for the runtime; what it says is in the kernels and the figures
        if (typeof file.text === "string" && !file.path.endsWith(".json")) texts.set(file.path, file.text);
      }
    }
    const { files: _, ...numbers } = figures(wgsl.graph, wgsl.program, []);
    texts.set("figures.json", JSON.stringify(numbers, null, 2));
    expectGoldenFolder(join(import.meta.dirname, `${name}.expected`), texts);
  });

  test("every WGSL module is valid", async () => {
    const wgsl = await lowerFor(graph, "wgsl");
    for (const file of wgsl.artifact.files) {
      if (file.path.endsWith(".wgsl") && typeof file.text === "string") {
        expect(await validateWgsl(await device(), file.text), file.path).toEqual([]);
      }
    }
  });

  const { inputs, params } = randomRun(graph);
  const reference = runReference(graph, inputs, params);

  test.each(machines)("numbers: $name", async ({ backend, options }) => {
    const outputs = await runOn(graph, backend, inputs, params, backend === "wgsl" ? await device() : undefined, {
      backendOptions: options,
    });
    agree(outputs);
  });

  test("numbers: wgsl in Chromium", async () => {
    const { artifact } = await lowerFor(graph, "wgsl");
    agree(await runInBrowser(await page(), modelOf(artifact), params, inputs));
  });

  function agree(outputs: Awaited<ReturnType<typeof runOn>>): void {
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(reference).sort());
    for (const [output, expected] of Object.entries(reference)) {
      const tensor = outputs[output];
      if (tensor === undefined) throw new Error(`${output} is missing`);
      const comparison = compareToReference(expected, tensor);
      expect(comparison, output).toMatchObject({ passed: true });
      expect(comparison.relL2, output).toBeLessThanOrEqual(1e-5);
    }
  }
});
