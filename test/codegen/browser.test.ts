import { afterAll, beforeAll, expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import { openPage, type TestPage } from "../support/browser.js";
import { randomRun } from "../support/model.js";
import { type Served, serveFolder } from "../support/serve.js";
import { makeModule, testFolder, writeFiles } from "./support.js";

/** The generated module as a page and a worker import it, over HTTP, in Chromium. */
const folder = testFolder();
const made = await makeModule({ file: "examples/linformer_head.lf" });
const { inputs, params } = randomRun(made.graph);

let served: Served;
let opened: TestPage;
beforeAll(async () => {
  // What both do: get a device, load, run twice at once, dispose.
  const work = `
    import { load, requiredFeatures, requiredLimits } from "./LinformerHead.js";
    export async function work({ weights, x }) {
      const adapter = await navigator.gpu.requestAdapter();
      const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
      const model = await load(device, weights);
      await model.warmup();
      const [{ output }, kept] = await Promise.all([model.run({ x }), model.run({ x }, { outputs: "device" })]);
      const again = await model.run({ x: kept.output.data.size === 16384 ? x : undefined });
      const same = output.data.every((v, i) => v === again.output.data[i]);
      model.dispose();
      const refused = await model.run({ x }).catch((error) => error.code);
      return { output, same, refused };
    }`;
  writeFiles(folder, made.files);
  writeFiles(
    folder,
    new Map([
      ["work.js", work],
      ["index.html", '<script type="module">import { work } from "./work.js"; globalThis.work = work;</script>'],
      [
        "worker.js",
        `import { work } from "./work.js";
         addEventListener("message", async ({ data }) => {
           try { postMessage({ result: await work(data) }); } catch (error) { postMessage({ error: String(error) }); }
         });
         postMessage({ ready: true });`,
      ],
    ]),
  );
  [served, opened] = await Promise.all([serveFolder(folder), openPage()]);
});
afterAll(async () => {
  await opened?.close();
  await served?.close();
});

interface Outcome {
  readonly output: { readonly dtype: "f32"; readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly same: boolean;
  readonly refused: string;
}

const sent = {
  weights: Object.fromEntries([...params].map(([name, { data }]) => [name, [...data]])),
  x: [...(inputs.x as TensorData).data],
};

function agree({ output, same, refused }: Outcome): void {
  const reference = interpret(made.graph, inputs, params).outputs.output;
  if (reference === undefined) throw new Error("the reference has no output");
  const tensor = { ...output, data: Float32Array.from(output.data) };
  expect(compareToReference(reference, tensor)).toMatchObject({ passed: true });
  expect(same).toBe(true);
  expect(refused).toBe("disposed");
}

test("in a page", async () => {
  const page = await opened.browser.newPage();
  await page.goto(served.url);
  await page.waitForFunction("typeof work === 'function'");
  const outcome = await page.evaluate(async ({ weights, x }): Promise<Outcome> => {
    const { work } = globalThis as unknown as { work(given: object): Promise<Outcome> };
    const floats = Object.fromEntries(Object.entries(weights).map(([name, v]) => [name, new Float32Array(v)]));
    const result = await work({ weights: floats, x: new Float32Array(x) });
    return { ...result, output: { ...result.output, data: [...result.output.data] } };
  }, sent);
  agree(outcome);
  await page.close();
});

test("in a Web Worker", async () => {
  const page = await opened.browser.newPage();
  await page.goto(served.url);
  const outcome = await page.evaluate(async ({ weights, x }): Promise<Outcome> => {
    const worker = new Worker("/worker.js", { type: "module" });
    const message = (): Promise<{ readonly error?: string; readonly result?: Outcome }> =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      });
    await message();
    const floats = Object.fromEntries(Object.entries(weights).map(([name, v]) => [name, new Float32Array(v)]));
    worker.postMessage({ weights: floats, x: new Float32Array(x) });
    const { error, result } = await message();
    worker.terminate();
    if (result === undefined) throw new Error(error);
    return { ...result, output: { ...result.output, data: [...result.output.data] } };
  }, sent);
  agree(outcome);
  await page.close();
});
