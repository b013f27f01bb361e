import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, randomRun, root } from "../support/model.js";
import { backends, machineFor } from "./machines.js";
import { variants } from "./variants.js";

/** Every variant of `examples/paper` at small odd sizes, on every machine against the float64 reference. */
const device = testDevice();

/** Beside the bound of each element, what holds for a whole model. */
const wholeModel = { relL2: 1e-5 } as const;

test("no model of the examples is left out", () => {
  const folder = join(root, "examples/paper");
  const declared = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/^model (\w+)/gm)].map(
      (m) => `${basename(file, ".lf")}.${m[1]}`,
    ),
  );
  // the checkpoints have tests of their own: test/std/pytorch.test.ts
  const checkpoints = declared.filter((name) => /^(lucidrains|pytorch)\./.test(name));
  expect([...variants.flatMap((v) => v.models.map((m) => `${v.file}.${m}`)), ...checkpoints].sort()).toEqual(
    declared.sort(),
  );
});

describe.each(variants)("$file", ({ file, models, dims, sizes }) => {
  test.each(models)("%s on every backend", async (model) => {
    const graph = graphOfFile(`examples/paper/${file}.lf`, { model, dims: new Map(Object.entries(dims)) });
    const { inputs, params } = randomRun(graph, 3, new Map(Object.entries(sizes)));
    const reference = runReference(graph, inputs, params);
    for (const backend of backends) {
      const machine = await machineFor(graph, backend, params, device);
      const outputs = await machine.run(inputs);
      machine.dispose();
      for (const [output, expected] of Object.entries(reference)) {
        const tensor = outputs[output];
        if (tensor === undefined) throw new Error(`${backend} has no ${output}`);
        expect(compareToReference(expected, tensor, wholeModel), `${backend} ${output}`).toMatchObject({
          passed: true,
        });
      }
    }
  });
});
