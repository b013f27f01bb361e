import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import type * as runtime from "../../src/runtime/webgpu.js";
import type { WgslModel } from "../../src/runtime/webgpu.js";
import { root } from "./environment.js";
import { launchBrowser } from "./launch.js";

export interface TestPage {
  readonly page: Page;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** A page of a secure origin that serves nothing, so that WebGPU is there and no network is needed. */
export async function openPage(): Promise<TestPage> {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.route("**/*", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>lfc</title>" }),
  );
  await page.goto("http://localhost/");
  return { page, browser, close: () => browser.close() };
}

/** One page for a test file, opened when first asked for and closed after its tests. */
export function testPage(): () => Promise<Page> {
  let opening: Promise<TestPage> | undefined;
  afterAll(async () => {
    await (await opening?.catch(() => undefined))?.close();
  });
  return async () => {
    opening ??= openPage();
    return (await opening).page;
  };
}

/** The runtime as a script that leaves its exports in `lfcRuntime`. */
async function runtimeScript(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["src/runtime/webgpu.ts"],
    bundle: true,
    format: "iife",
    globalName: "lfcRuntime",
    target: "es2022",
    write: false,
  });
  return outputFiles.map((f) => f.text).join("");
}

/** Typed arrays cross into the page as base64 of their bytes. */
interface Sent {
  readonly dtype: TensorData["dtype"];
  readonly shape: readonly number[];
  readonly bytes: string;
}

const send = ({ dtype, shape, data }: TensorData): Sent => ({
  dtype,
  shape,
  bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
});

function receive({ dtype, shape, bytes }: Sent): TensorData {
  const buffer = Uint8Array.from(Buffer.from(bytes, "base64")).buffer;
  const float = dtype === "f32" || dtype === "f16";
  const data = float ? new Float32Array(buffer) : dtype === "i32" ? new Int32Array(buffer) : new Uint32Array(buffer);
  return { dtype, shape, data };
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (a: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** Loads a model in the page and runs it once. */
export async function runInBrowser(
  page: Page,
  model: WgslModel,
  params: ReadonlyMap<string, TensorData>,
  inputs: Readonly<Record<string, TensorData>>,
): Promise<Readonly<Record<string, TensorData>>> {
  if (!(await page.evaluate("typeof lfcRuntime === 'object'")))
    await page.addScriptTag({ content: await runtimeScript() });
  const sent = { model, params: mapValues(Object.fromEntries(params), send), inputs: mapValues(inputs, send) };
  const outputs = await page.evaluate(async ({ model, params, inputs }) => {
    const tensor = ({ dtype, shape, bytes }: Sent): TensorData => {
      const { buffer } = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
      const float = dtype === "f32" || dtype === "f16";
      const data = float
        ? new Float32Array(buffer)
        : dtype === "i32"
          ? new Int32Array(buffer)
          : new Uint32Array(buffer);
      return { dtype, shape, data };
    };
    const each = <A, B>(record: Readonly<Record<string, A>>, change: (a: A) => B): Record<string, B> =>
      Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error("the page has no WebGPU adapter");
    const device = await adapter.requestDevice();
    const { load } = (globalThis as unknown as { readonly lfcRuntime: typeof runtime }).lfcRuntime;
    const loaded = await load(device, model, new Map(Object.entries(each(params, tensor))));
    const results = await loaded.run(each(inputs, tensor));
    loaded.dispose();
    device.destroy();
    return each(results, ({ dtype, shape, data }): Sent => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      let text = "";
      for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
      return { dtype, shape, bytes: btoa(text) };
    });
  }, sent);
  return mapValues(outputs, receive);
}
