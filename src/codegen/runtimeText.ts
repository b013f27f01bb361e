import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** `webgpu` is for models without f16. */
export type RuntimeKind = "webgpu" | "webgpu-f16" | "wasm" | "tfjs";

/**
 * The runtime as one expression with the value `{ load, isRuntimeError }`: what the build has written beside the bundled
 * program, or, when lfc runs from its sources, made now.
 */
export async function runtimeText(kind: RuntimeKind): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = [join(here, ".."), here].map((folder) => join(folder, `runtime.${kind}.txt`)).find(existsSync);
  if (built !== undefined) return readFileSync(built, "utf8").trim();
  // A path in a variable: a bundler has no business there.
  const script = pathToFileURL(join(here, "../../scripts/inlineRuntime.mjs")).href;
  const { inlineRuntime } = (await import(script)) as { inlineRuntime(kind: RuntimeKind): Promise<string> };
  return inlineRuntime(kind);
}
