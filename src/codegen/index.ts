import type { Lowered } from "../driver/compile.js";
import type { ModelInterface } from "./describe.js";
import type { GeneratedModule, ModuleOptions } from "./module.js";

/** The typed module of a model: what `lfc compile` writes unless told otherwise. */
export { describe, type ModelInterface } from "./describe.js";
export type { GeneratedModule, ModuleOptions, ModuleSizes } from "./module.js";

/** The backends whose code a module can run. */
const backends: ReadonlySet<string> = new Set(["wgsl", "wasm", "tfjs"]);

/**
 * NAME.js and NAME.d.ts of a model, or undefined for a backend that has no module. What prints them is loaded here and
 * no earlier: it brings TypeScript along.
 */
export async function generateModule(
  lowered: Lowered,
  face: ModelInterface,
  options: ModuleOptions,
): Promise<GeneratedModule | undefined> {
  if (!backends.has(lowered.backend.name)) return undefined;
  const { printModule } = await import("./module.js");
  return printModule(lowered, face, options);
}
