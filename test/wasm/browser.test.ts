import { afterAll, beforeAll, expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import { makeModule, testFolder, writeFiles } from "../codegen/support.js";
import { openPage, type TestPage } from "../support/browser.js";
import { randomRun } from "../support/model.js";
import { isolation, type Served, serveFolder } from "../support/serve.js";

/** The generated module in Chromium: on threads where the page is isolated, on one where it is not. */
const folder = testFolder();
const made = await makeModule({ file: "examples/linformer_head.lf" }, "wasm");
const { inputs, params } = randomRun(made.graph);

let opened: TestPage;
let served: readonly Served[];
beforeAll(async () => {
  const work = `
    import { load } from "./LinformerHead.js";
    globalThis.work = async (weights, x) => {
      const runs = [];
      for (const relaxed of [true, false]) {
        const model = await load(weights, { threads: 2, relaxed });
        await model.warmup();
        const [{ output }] = await Promise.all([model.run({ x }), model.run({ x })]);
        model.dispose();
        const refused = await model.run({ x }).catch((error) => error.code);
        runs.push({ how: model.how, data: [...output.data], refused });
      }
      return { isolated: crossOriginIsolated, runs };
    };`;
  writeFiles(folder, made.files);
  writeFiles(
    folder,
    new Map([
      ["work.js", work],
      ["index.html", '<script type="module" src="./work.js"></script>'],
    ]),
  );
  [opened, served] = await Promise.all([
    openPage(),
    Promise.all([serveFolder(folder, isolation), serveFolder(folder)]),
  ]);
});
afterAll(async () => {
  await opened?.close();
  for (const s of served ?? []) await s.close();
});

interface Outcome {
  readonly isolated: boolean;
  readonly runs: readonly {
    readonly how: { readonly threads: number; readonly relaxed: boolean };
    readonly data: readonly number[];
    readonly refused: string;
  }[];
}

async function outcomeAt(url: string): Promise<Outcome> {
  const page = await opened.browser.newPage();
  await page.goto(url);
  await page.waitForFunction("typeof work === 'function'");
  const weights = Object.fromEntries([...params].map(([name, { data }]) => [name, [...data]]));
  const outcome = await page.evaluate(
    ({ weights, x }): Promise<Outcome> => {
      const { work } = globalThis as unknown as { work(weights: object, x: Float32Array): Promise<Outcome> };
      const floats = Object.fromEntries(Object.entries(weights).map(([name, v]) => [name, new Float32Array(v)]));
      return work(floats, new Float32Array(x));
    },
    { weights, x: [...(inputs.x as TensorData).data] },
  );
  await page.close();
  return outcome;
}

test("an isolated page computes on workers, any other on its own thread, with the same bits", async () => {
  const [isolated, alone] = await Promise.all(served.map((s) => outcomeAt(s.url)));
  expect(isolated).toMatchObject({ isolated: true, runs: [{ how: { threads: 2 } }, { how: { threads: 2 } }] });
  expect(alone).toMatchObject({ isolated: false, runs: [{ how: { threads: 1 } }, { how: { threads: 1 } }] });
  expect(isolated?.runs.map((r) => r.data)).toEqual(alone?.runs.map((r) => r.data));
  const reference = interpret(made.graph, inputs, params).outputs.output;
  if (reference === undefined) throw new Error("the reference has no output");
  for (const { data, refused } of isolated?.runs ?? []) {
    const tensor = { dtype: "f32", shape: reference.shape, data: Float32Array.from(data) } as const;
    expect(compareToReference(reference, tensor)).toMatchObject({ passed: true });
    expect(refused).toBe("disposed");
  }
  // Chromium has relaxed SIMD; a model that may not use it does not.
  expect(isolated?.runs.map((r) => r.how.relaxed)).toEqual([true, false]);
});
