import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Backend } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { badConfig, pluginNotLoaded } from "../diagnostics/messages/backend.js";
import { unknownBackend } from "../diagnostics/messages/io.js";
import { nearest } from "../diagnostics/suggest.js";
import { fail, ok, type Result } from "../util/result.js";
import { guardBackend, tell } from "./plugin.js";

/** The backends that come with lfc, loaded when they are asked for. They use the same interface as any other. */
const builtins: ReadonlyMap<string, () => Promise<Backend>> = new Map<string, () => Promise<Backend>>([
  ["wgsl", async () => (await import("../../backends/wgsl/index.js")).default],
  ["wasm", async () => (await import("../../backends/wasm/index.js")).default],
  ["tfjs", async () => (await import("../../backends/tfjs/index.js")).default],
  ["js", async () => (await import("../../backends/js/index.js")).default],
]);

export const builtinNames: readonly string[] = [...builtins.keys()];

/** Where a backend was found. */
export type Origin =
  | { readonly kind: "built-in" }
  | { readonly kind: "config" | "package" | "path"; readonly path: string };

export interface Located {
  readonly name: string;
  readonly origin: Origin;
}

/**
 * Finds a backend by name: those that come with lfc, `backends` of `lfc.config.js`, the package `lfc-backend-NAME` as
 * seen from `folder`, a path. Nothing is ever searched for in node_modules at large.
 */
export async function resolveBackend(
  name: string,
  folder: string = process.cwd(),
): Promise<Result<Backend, Diagnostic>> {
  const located = await locate(name, folder);
  if (!located.ok) return located;
  const { origin } = located.value;
  if (origin.kind === "built-in") {
    const load = builtins.get(name);
    return load === undefined ? fail(unknownBackend(name, builtinNames)) : ok(await load());
  }
  tell(name, "its module");
  const loaded = await importDefault(origin.path);
  tell(name, undefined);
  if (!loaded.ok) return fail(pluginNotLoaded(name, origin.path, loaded.error));
  return guardBackend(loaded.value, { name, from: origin.path });
}

/** Where a backend of this name is, without loading it. */
export async function locate(name: string, folder: string = process.cwd()): Promise<Result<Located, Diagnostic>> {
  if (builtins.has(name)) return ok({ name, origin: { kind: "built-in" } });
  const config = await configured(folder);
  if (!config.ok) return config;
  const path = config.value.get(name);
  if (path !== undefined) return ok({ name, origin: { kind: "config", path } });
  const installed = packagePath(`lfc-backend-${name}`, folder);
  if (installed !== undefined) return ok({ name, origin: { kind: "package", path: installed } });
  const file = resolve(folder, name);
  if (/[/\\]|\.[cm]?js$/.test(name) && existsSync(file))
    return ok({ name, origin: { kind: "path", path: entryOf(file) } });
  const known = [...builtinNames, ...config.value.keys()];
  return fail(unknownBackend(name, known, nearest(name, known)));
}

/** Everything that can be named here, and what is wrong with the configuration. */
export async function listBackends(
  folder: string = process.cwd(),
): Promise<{ readonly found: readonly Located[]; readonly problems: readonly Diagnostic[] }> {
  const found: Located[] = builtinNames.map((name) => ({ name, origin: { kind: "built-in" } }));
  const config = await configured(folder);
  if (!config.ok) return { found, problems: [config.error] };
  for (const [name, path] of config.value) found.push({ name, origin: { kind: "config", path } });
  for (const name of declaredPackages(folder)) {
    const path = packagePath(name, folder);
    if (path !== undefined) found.push({ name: name.replace("lfc-backend-", ""), origin: { kind: "package", path } });
  }
  return { found, problems: [] };
}

const configName = "lfc.config.js";

/** `backends` of the nearest `lfc.config.js`: name → file. */
async function configured(folder: string): Promise<Result<ReadonlyMap<string, string>, Diagnostic>> {
  const path = upwards(folder, configName);
  if (path === undefined) return ok(new Map());
  const loaded = await importDefault(path);
  if (!loaded.ok) return fail(badConfig(path, loaded.error));
  const { backends = {} } = (loaded.value ?? {}) as { readonly backends?: unknown };
  if (typeof backends !== "object" || backends === null)
    return fail(badConfig(path, "its `backends` are not an object"));
  const entries = Object.entries(backends);
  const wrong = entries.find(([, to]) => typeof to !== "string");
  if (wrong !== undefined) return fail(badConfig(path, `the path of the backend ${wrong[0]} is not a text`));
  return ok(
    new Map(
      entries.map(([name, to]) => [
        name,
        packagePath(String(to), dirname(path)) ?? entryOf(resolve(dirname(path), String(to))),
      ]),
    ),
  );
}

/** The nearest file of this name, from `folder` towards the root. */
function upwards(folder: string, name: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, name);
    if (existsSync(path)) return path;
    if (at === dirname(at)) return undefined;
  }
}

/** The entry of an installed package as seen from `folder`. */
function packagePath(name: string, folder: string): string | undefined {
  if (/^[./]/.test(name)) return undefined;
  for (const modules of createRequire(join(resolve(folder), "index.js")).resolve.paths(name) ?? []) {
    const at = join(modules, name);
    if (existsSync(join(at, "package.json"))) return entryOf(at);
  }
  return undefined;
}

/** The main module of a package folder; a file is its own. */
function entryOf(path: string): string {
  const manifest = join(path, "package.json");
  if (!existsSync(manifest)) return path;
  const require = createRequire(manifest);
  const { exports, main = "index.js" } = require(manifest) as { readonly exports?: unknown; readonly main?: string };
  const root = typeof exports === "object" && exports !== null && "." in exports ? exports["."] : exports;
  const entry =
    typeof root === "string"
      ? root
      : typeof root === "object" && root !== null
        ? ["import", "default"].map((k) => (root as Record<string, unknown>)[k]).find((x) => typeof x === "string")
        : undefined;
  return join(path, typeof entry === "string" ? entry : main);
}

/** The packages named `lfc-backend-…` that the nearest package.json declares. */
function declaredPackages(folder: string): readonly string[] {
  const path = upwards(folder, "package.json");
  if (path === undefined) return [];
  try {
    const manifest = createRequire(path)(path) as Readonly<Record<string, unknown>>;
    const names = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((k) =>
      Object.keys(manifest[k] ?? {}),
    );
    return names.filter((n) => n.startsWith("lfc-backend-")).sort();
  } catch {
    return [];
  }
}

async function importDefault(path: string): Promise<Result<unknown, string>> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return ok(module.default);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
