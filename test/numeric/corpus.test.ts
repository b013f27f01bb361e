import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, randomRun, root, runOn } from "../support/model.js";
import { cases } from "./cases.js";

/**
 * Every model of the corpus, at small sizes, on every machine against the float64 reference under the one tolerance.
 * The programs use every construct of the language.
 */
const device = testDevice();

/** The bound of a deep model's elements grows beyond use: what holds then is the relative L2 error. */
const wholeModel = { relL2: 1e-5 } as const;

test("no model of the corpus is left out", () => {
  const folder = join(root, "test/corpus/good");
  const declared = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/^model (\w+)/gm)].map(
      (m) => `${basename(file, ".lf")}.${m[1]}`,
    ),
  );
  expect(cases.flatMap((c) => c.models.map((m) => `${c.file}.${m}`)).sort()).toEqual(declared.sort());
});

describe.each(cases)("$file", ({ file, models, dims = {}, sizes = {} }) => {
  describe.each(models)("%s", (model) => {
    const graph = graphOfFile(`test/corpus/good/${file}.lf`, { model, dims: new Map(Object.entries(dims)) });
    const { inputs, params } = randomRun(graph, 3, new Map(Object.entries(sizes)));
    const reference = runReference(graph, inputs, params);

    test.each([
      { name: "js, checked", backend: "js", options: { checked: true } },
      { name: "tfjs on wasm", backend: "tfjs", options: { device: "wasm" } },
      { name: "wgsl in Dawn", backend: "wgsl", options: {} },
      { name: "wasm", backend: "wasm", options: {} },
    ])("$name agrees", async ({ backend, options }) => {
      const on = backend === "wgsl" ? await device() : undefined;
      const outputs = await runOn(graph, backend, inputs, params, on, { backendOptions: options });
      for (const [output, expected] of Object.entries(reference)) {
        const tensor = outputs[output];
        if (tensor === undefined) throw new Error(`${output} is missing`);
        expect(compareToReference(expected, tensor, wholeModel), output).toMatchObject({ passed: true });
      }
    });
  });
});
