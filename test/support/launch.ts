import { type Browser, chromium } from "playwright-core";
import { bundledBrowser } from "../../src/runtime/swiftshader.js";
import { root } from "./environment.js";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
];

export interface LaunchOptions {
  /** The GPU's own driver, or the software one that is the same on every machine (the default). */
  readonly adapter?: "swiftshader" | "hardware";
  readonly flags?: readonly string[];
}

/**
 * Headless Chromium with WebGPU, from `@sparticuz/chromium` on x64 Linux. On other systems `LFC_BROWSER` names a
 * Chromium, else Playwright's own search for Chrome serves.
 */
export async function launchBrowser({
  adapter = "swiftshader",
  flags: more = [],
}: LaunchOptions = {}): Promise<Browser> {
  const named = process.env.LFC_BROWSER;
  const bundled = named === undefined ? await bundledBrowser(root) : undefined;
  const executablePath = named ?? bundled?.executablePath;
  // Node's own driver variables must not reach the browser, which brings its driver along.
  const { VK_ICD_FILENAMES: _, ...environment } = process.env as Record<string, string>;
  return chromium.launch({
    ...(executablePath === undefined ? { channel: "chrome" } : { executablePath }),
    env: { ...environment, ...bundled?.env },
    args: [...flags, ...(adapter === "swiftshader" ? ["--use-webgpu-adapter=swiftshader"] : []), ...more],
  });
}
