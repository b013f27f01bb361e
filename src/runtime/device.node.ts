import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../util/result.js";
import { swiftshaderEnvironment } from "./swiftshader.js";

export { swiftshaderEnvironment } from "./swiftshader.js";

/**
 * WebGPU in Node through the optional package `webgpu` (Dawn). What can go wrong is a value: a command line turns it
 * into a message or into a start of itself with other variables.
 */

/** `hardware`: a real GPU; `swiftshader`: the software driver of `swiftshader.ts`, or any other on other systems. */
export type AdapterKind = "hardware" | "swiftshader";

export type DeviceFault =
  /** The package is not installed, or its binary does not load here. */
  | { readonly fault: "no-package"; readonly message: string }
  /** SwiftShader is there but this process was started without it: start again with these variables. */
  | { readonly fault: "restart"; readonly env: Readonly<Record<string, string>>; readonly message: string }
  | { readonly fault: "no-adapter"; readonly message: string }
  | { readonly fault: "no-device"; readonly message: string };

export interface NodeDevice {
  readonly device: GPUDevice;
  readonly adapter: { readonly name: string; readonly software: boolean };
  /** Destroys the device; the process can end afterwards. */
  close(): void;
}

/** The parts of `webgpu` that are used: its types are not installed where it is not. */
interface Dawn {
  create(options: readonly string[]): GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

const fault = <F extends DeviceFault>(error: F): { readonly ok: false; readonly error: F } => ({ ok: false, error });
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Dawn's root object, one for the process and for ever. It is no state of lfc but a handle that must never be collected:
 * Dawn goes on calling into it after its devices are destroyed, and crashes or waits for a freed lock if it is gone.
 */
const drivers: GPU[] = [];

function driver(dawn: Dawn): GPU {
  // Timestamps in nanoseconds: rounding them keeps secrets of pages, of which there are none here.
  const gpu = drivers[0] ?? dawn.create(["disable-dawn-features=timestamp_quantization"]);
  drivers[0] = gpu;
  return gpu;
}

async function loadDawn(): Promise<Result<Dawn, DeviceFault>> {
  // A name in a variable: neither the type checker nor a bundler may insist on an optional package.
  const name: string = "webgpu";
  try {
    return { ok: true, value: (await import(name)) as Dawn };
  } catch (error) {
    return fault({ fault: "no-package", message: `the npm package webgpu does not load: ${reason(error)}` });
  }
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

/** The adapter in words and whether it computes on the CPU. */
export function describeAdapter(info: GPUAdapterInfo): { readonly name: string; readonly software: boolean } {
  const words = [info.vendor, info.architecture, info.device, info.description].filter((w) => w !== "");
  const name =
    info.architecture === "swiftshader" ? "google swiftshader" : (info.description || words.join(" ")).trim();
  return { name: name || "unnamed adapter", software: info.isFallbackAdapter || softwareNames.test(words.join(" ")) };
}

/** Dawn complains on stderr when there is no Vulkan loader on Linux, so it is not asked then. */
function hasVulkanLoader(): boolean {
  if (process.platform !== "linux") return true;
  const folders = (process.env.LD_LIBRARY_PATH ?? "").split(":").filter((f) => f !== "");
  if (folders.some((folder) => existsSync(join(folder, "libvulkan.so.1")))) return true;
  try {
    return readFileSync("/etc/ld.so.cache", "latin1").includes("libvulkan.so.1");
  } catch {
    // Systems without that cache (musl) keep libraries in these places.
    return ["/usr/lib", "/lib", "/usr/local/lib"].some((folder) => existsSync(join(folder, "libvulkan.so.1")));
  }
}

const startedWith = (env: Readonly<Record<string, string>>): boolean =>
  process.env.VK_ICD_FILENAMES === env.VK_ICD_FILENAMES;

/** Limits of which a device gets all that its adapter has; programs are compiled for the default ones. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;
const wantedFeatures = ["shader-f16", "subgroups", "timestamp-query"] as const;

/**
 * Opens a device of the wanted kind.
 *
 * @returns the device, which lives until `close`, or why there is none
 */
export async function openDevice(kind: AdapterKind): Promise<Result<NodeDevice, DeviceFault>> {
  const dawn = await loadDawn();
  if (!dawn.ok) return dawn;
  if (kind === "swiftshader") {
    const env = await swiftshaderEnvironment();
    if (env !== undefined && !startedWith(env)) {
      return fault({ fault: "restart", env, message: "SwiftShader has to be named when the process starts" });
    }
  }
  if (!hasVulkanLoader()) {
    return fault({ fault: "no-adapter", message: "there is no Vulkan driver on this machine" });
  }
  try {
    Object.assign(globalThis, dawn.value.globals);
    const gpu = driver(dawn.value);
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance", ...fallback(kind) });
    if (adapter === null) return fault({ fault: "no-adapter", message: "the driver offers no WebGPU adapter" });
    const description = describeAdapter(adapter.info);
    if (description.software !== (kind === "swiftshader")) {
      const wanted = kind === "swiftshader" ? "a software adapter" : "a GPU";
      return fault({ fault: "no-adapter", message: `the only adapter is ${description.name}, which is not ${wanted}` });
    }
    const device = await adapter.requestDevice({
      requiredFeatures: wantedFeatures.filter((f) => adapter.features.has(f)),
      requiredLimits: Object.fromEntries(wantedLimits.map((l) => [l, adapter.limits[l]])),
    });
    return { ok: true, value: { device, adapter: description, close: () => device.destroy() } };
  } catch (error) {
    return fault({ fault: "no-device", message: `the device does not open: ${reason(error)}` });
  }
}

/** With a GPU beside it, Dawn gives a software adapter only when asked for. */
const fallback = (kind: AdapterKind): { readonly forceFallbackAdapter?: true } =>
  kind === "swiftshader" ? { forceFallbackAdapter: true } : {};
