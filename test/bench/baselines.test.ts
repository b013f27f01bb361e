import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { kernelsCase, type LayerKernels } from "../../bench/baselines/kernels.js";
import { naiveLayer } from "../../bench/baselines/naive.js";
import { tunedLayer } from "../../bench/baselines/tuned.js";
import { type LayerSize, layerValues, seededTensors } from "../../bench/layer/layer.js";
import { errorOf, referenceRows } from "../../bench/layer/reference.js";
import { kernelsRunner } from "../../bench/support/kernelsRunner.js";
import { testDevice } from "../support/dawn.js";

/** The frozen baselines against float64, every row, at sizes that leave some tiles whole and others narrow. */
const device = testDevice();
const standard: LayerSize = { n: 24, d: 16, heads: 2 };
const linformer: LayerSize = { n: 40, d: 24, heads: 2, k: 20 };

const layers: readonly (readonly [string, LayerSize, LayerKernels, number])[] = [
  ["naive standard", standard, naiveLayer(standard), 7],
  ["naive Linformer", linformer, naiveLayer(linformer), 9],
  ["tuned standard", standard, tunedLayer(standard), 7],
  ["tuned Linformer", linformer, tunedLayer(linformer), 9],
  ["tuned Linformer, reordered by hand", linformer, tunedLayer(linformer, "reordered"), 9],
];

const rows = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

test.each(layers)("%s", async (name, size, kernels, dispatches) => {
  expect(kernels.steps).toHaveLength(dispatches);
  const runner = await kernelsRunner(await device(), kernelsCase(name, kernels, seededTensors(size, 3)));
  try {
    await runner.run();
    const y = (await runner.output?.())?.y?.data ?? [];
    const reference = referenceRows(size, layerValues(size, 3), rows(size.n));
    expect(y).toHaveLength(size.n * size.d);
    expect(reference.magnitude).toBeGreaterThan(0.1);
    expect(errorOf(reference, y, size.d)).toBeLessThan(5e-6);
  } finally {
    runner.dispose();
  }
});

test("frozen: the kernels are what they were when the first numbers were taken", () => {
  const size: LayerSize = { n: 512, d: 256, heads: 4, k: 128 };
  const digest = ({ steps, scratch }: LayerKernels): string =>
    createHash("sha256")
      .update(JSON.stringify([steps.map(({ code, bind, grid }) => [code, bind, grid]), scratch]))
      .digest("hex")
      .slice(0, 16);
  const { k: _, ...standard } = size;
  expect({
    naive: [naiveLayer(standard), naiveLayer(size)].map(digest),
    tuned: [tunedLayer(standard), tunedLayer(size), tunedLayer(size, "reordered")].map(digest),
  }).toEqual({
    naive: ["f9ce501242fefbb3", "d4857d3661cc5221"],
    tuned: ["9cd6749e6eec939c", "d23dbf3821b1a959", "49bce1fc41b644d7"],
  });
});
