import { build } from "esbuild";
import type { TensorData } from "../../src/ir/dtype.js";
import { root } from "../../test/support/environment.js";
import { launchBrowser } from "../../test/support/launch.js";
import type { Case, PageBench, Stored } from "./cases.js";
import type { BenchHost } from "./host.js";
import { openStore, type Store } from "./server.js";

/** A page with the harness in it (`page.ts`), driven from Node: each call is one step of one case. */
export interface BenchPage extends BenchHost {
  /** Adapter in the browser's words. */
  readonly adapter: string;
  readonly browser: string;
}

export interface BenchPageOptions {
  readonly adapter?: "swiftshader" | "hardware";
  /** Module scripts that register kinds of cases, in the order in which they are loaded. */
  readonly scripts?: readonly string[];
  /** Files that scripts fetch, by path. */
  readonly files?: Readonly<Record<string, { readonly bytes: Uint8Array; readonly type: string }>>;
}

/** Long kernels on a software adapter are no hang. */
const flags = ["--disable-gpu-watchdog", "--disable-hang-monitor"];

async function harness(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["bench/support/page.ts"],
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
  });
  return outputFiles.map((f) => f.text).join("");
}

/** JSON with typed arrays as paths to their bytes. */
function encode(store: Store, spec: Case): string {
  return JSON.stringify(spec, (_, value: unknown) => {
    if (!ArrayBuffer.isView(value)) return value;
    const type = value instanceof Float32Array ? "f32" : value instanceof Int32Array ? "i32" : "u32";
    return { $: { bytes: store.put(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)), type } };
  });
}

function decode({ dtype, shape }: Stored, bytes: Uint8Array): TensorData {
  const { buffer } = Uint8Array.from(bytes);
  const float = dtype === "f32" || dtype === "f16";
  const data = float ? new Float32Array(buffer) : dtype === "i32" ? new Int32Array(buffer) : new Uint32Array(buffer);
  return { dtype, shape, data };
}

type Global = { readonly lfcBench: PageBench };

/**
 * Starts headless Chromium with WebGPU and loads the harness.
 *
 * @throws Error where there is no browser or its page has no adapter
 */
export async function openBenchPage(options: BenchPageOptions = {}): Promise<BenchPage> {
  const store = await openStore();
  for (const [path, { bytes, type }] of Object.entries(options.files ?? {})) store.putAt(path, bytes, type);
  const browser = await launchBrowser({ ...(options.adapter && { adapter: options.adapter }), flags });
  const close = async (): Promise<void> => {
    await browser.close();
    await store.close();
  };
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(store.url);
    await page.addScriptTag({ content: await harness() });
    for (const [i, text] of (options.scripts ?? []).entries()) {
      store.putAt(`/scripts/${i}.js`, Buffer.from(text), "text/javascript");
      await page.addScriptTag({ url: `/scripts/${i}.js`, type: "module" });
    }
    const adapter = await page.evaluate(() => (globalThis as unknown as Global).lfcBench.adapter());
    return {
      adapter,
      browser: `Chromium ${browser.version()}`,
      setup: (spec) =>
        page.evaluate(([name, text]) => (globalThis as unknown as Global).lfcBench.setup(name, text), [
          spec.name,
          encode(store, spec),
        ] as const),
      run: (name) => page.evaluate((name) => (globalThis as unknown as Global).lfcBench.run(name), name),
      async output(name) {
        const stored = await page.evaluate((name) => (globalThis as unknown as Global).lfcBench.output(name), name);
        return Object.fromEntries(Object.entries(stored).map(([n, s]) => [n, decode(s, store.take(s.path))]));
      },
      profile: (name) => page.evaluate((name) => (globalThis as unknown as Global).lfcBench.profile(name), name),
      dispose: (name) => page.evaluate((name) => (globalThis as unknown as Global).lfcBench.dispose(name), name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
