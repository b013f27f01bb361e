import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./shared.mjs";

/** Imports a TypeScript module of this repository from a plain script, so that scripts need no build. */
export async function importTypeScript(path) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(root, path)],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    write: false,
  });
  const folder = join(root, ".cache", "scripts");
  await mkdir(folder, { recursive: true });
  const file = join(folder, basename(path).replace(/\.ts$/, ".mjs"));
  // Written aside and renamed: two scripts may start at the same time.
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, outputFiles[0].contents);
  await rename(aside, file);
  return import(pathToFileURL(file).href);
}
