import { afterAll } from "vitest";
import { type NodeDevice, openDevice } from "../../src/runtime/device.node.js";

/**
 * WebGPU for tests in Node. `npm test` starts vitest with SwiftShader's variables where there is no GPU; a test file that
 * is run by itself gets them by `env $(node scripts/swiftshader.mjs) npx vitest run FILE`.
 */
export async function openTestDevice(): Promise<NodeDevice> {
  const kinds =
    process.env.VK_ICD_FILENAMES === undefined ? (["hardware", "swiftshader"] as const) : (["swiftshader"] as const);
  const reasons: string[] = [];
  for (const kind of kinds) {
    const opened = await openDevice(kind);
    if (opened.ok) return opened.value;
    reasons.push(`${kind}: ${opened.error.message}`);
  }
  throw new Error(
    `no WebGPU device for tests; ${reasons.join("; ")}. Try: env $(node scripts/swiftshader.mjs) npx vitest run …`,
  );
}

/** One device for a test file, opened when first asked for and closed after its tests. */
export function testDevice(): () => Promise<GPUDevice> {
  let opening: Promise<NodeDevice> | undefined;
  afterAll(async () => {
    (await opening?.catch(() => undefined))?.close();
  });
  return async () => {
    opening ??= openTestDevice();
    return (await opening).device;
  };
}

/** What Tint says against a module: parsing, types, uniformity. Empty: it is accepted. */
export async function validateWgsl(device: GPUDevice, code: string): Promise<readonly string[]> {
  device.pushErrorScope("validation");
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  const invalid = await device.popErrorScope();
  const errors = messages.filter((m) => m.type === "error").map((m) => `${m.lineNum}:${m.linePos} ${m.message}`);
  return errors.length > 0 || invalid === null ? errors : [invalid.message];
}
