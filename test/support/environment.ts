import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { swiftshaderEnvironment } from "../../src/runtime/swiftshader.js";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Device files that a GPU's driver makes on Linux. */
function hasGpuFile(): boolean {
  const nodes = existsSync("/dev/dri") ? readdirSync("/dev/dri") : [];
  return nodes.some((n) => n.startsWith("renderD")) || ["/dev/nvidia0", "/dev/dxg"].some((f) => existsSync(f));
}

/** Asks Dawn in a process of its own, since a driver that is loaded once stays. */
const probe = `
const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
const gpu = create([]);
const info = (await gpu.requestAdapter())?.info;
const words = info ? [info.vendor, info.architecture, info.device, info.description].join(" ") : "";
process.exit(info && !info.isFallbackAdapter && !/swiftshader|llvmpipe|lavapipe/i.test(words) ? 0 : 1);
`;

async function hasGpu(): Promise<boolean> {
  if (process.platform === "linux" && !hasGpuFile()) return false;
  try {
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", probe], { cwd: root, timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * The variables with which test processes have to start so that there is a WebGPU adapter: none where a GPU serves or
 * another system's driver, SwiftShader's elsewhere. `LFC_ADAPTER=swiftshader` or `hardware` decides it by hand.
 */
export async function graphicsEnvironment(): Promise<Readonly<Record<string, string>>> {
  const wanted = process.env.LFC_ADAPTER;
  if (wanted === "hardware" || process.env.VK_ICD_FILENAMES !== undefined) return {};
  if (wanted !== "swiftshader" && (await hasGpu())) return {};
  return (await swiftshaderEnvironment(root)) ?? {};
}
