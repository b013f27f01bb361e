import type { Backend } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { unknownBackend } from "../diagnostics/messages/io.js";
import { nearest } from "../diagnostics/suggest.js";
import { fail, ok, type Result } from "../util/result.js";

/** The backends that come with lfc, loaded when they are asked for. */
const builtins: ReadonlyMap<string, () => Promise<Backend>> = new Map<string, () => Promise<Backend>>([
  ["wgsl", async () => (await import("../../backends/wgsl/index.js")).default],
  ["tfjs", async () => (await import("../../backends/tfjs/index.js")).default],
  ["js", async () => (await import("../../backends/js/index.js")).default],
]);

export const builtinNames: readonly string[] = [...builtins.keys()];

/** Finds a backend by name. */
export async function resolveBackend(name: string): Promise<Result<Backend, Diagnostic>> {
  const load = builtins.get(name);
  if (load === undefined) return fail(unknownBackend(name, builtinNames, nearest(name, builtinNames)));
  return ok(await load());
}
