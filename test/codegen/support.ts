import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll } from "vitest";
import { describe, generateModule, type ModuleOptions, type ModuleSizes } from "../../src/codegen/index.js";
import { type FrontendOptions, type LowerOptions, modelOf } from "../../src/driver/compile.js";
import { readSource } from "../../src/driver/sources.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { lowerFor, root, unwrap } from "../support/model.js";

export interface Made {
  readonly graph: Graph;
  readonly sizes: ModuleSizes;
  /** NAME.js and NAME.d.ts by their paths. */
  readonly files: ReadonlyMap<string, string>;
}

/** Compiles a model of a text, or of a file below the repository's root, to its typed module. */
export async function makeModule(
  source: { readonly text: string } | { readonly file: string },
  backend: "wgsl" | "wasm" | "tfjs" = "wgsl",
  options: FrontendOptions & LowerOptions & Partial<Pick<ModuleOptions, "runtime">> = {},
): Promise<Made> {
  const { runtime = "inline", backendOptions = {}, ...front } = options;
  const entry = "text" in source ? { path: "test.lf", text: source.text } : unwrap(readSource(join(root, source.file)));
  const { graph, checked } = unwrap(modelOf(entry, front));
  const module = await generateModule(await lowerFor(graph, backend, { backendOptions }), describe(graph, checked), {
    runtime,
    version: "0.0.0",
  });
  if (module === undefined) throw new Error(`${backend} has no module`);
  return { graph, sizes: module.sizes, files: new Map(module.files.map((f) => [f.path, String(f.text)])) };
}

/** A folder for a test file, inside the repository so that packages are found, removed after its tests. */
export function testFolder(): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache", "codegen-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of files) writeFileSync(join(folder, path), text);
}

export const importFrom = async <T>(folder: string, name: string): Promise<T> =>
  (await import(pathToFileURL(join(folder, name)).href)) as T;
