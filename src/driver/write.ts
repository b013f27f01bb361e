import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { Artifact } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { cannotWrite, foreignFolder } from "../diagnostics/messages/io.js";
import { invariant } from "../util/invariant.js";
import { fail, ok, type Result } from "../util/result.js";
import { reasonOf } from "./sources.js";

/** Every folder that lfc writes holds this file with the list of its files; only such folders are ever replaced. */
const manifestName = "artifact.json";

/**
 * Writes artifacts to a folder so that it holds either all of the old files or all of the new ones: the new folder is
 * made beside it and renamed into place. A folder with files of somebody else is refused; with `force` ours are added to
 * them and replace what has the same names.
 *
 * @returns the paths of the files, relative to the folder
 */
export function writeArtifacts(
  folder: string,
  artifacts: readonly { readonly under: string; readonly artifact: Artifact }[],
  meta: Readonly<Record<string, unknown>>,
  { force = false }: { readonly force?: boolean } = {},
): Result<readonly string[], Diagnostic> {
  const target = resolve(folder);
  const beside = (kind: string): string => join(dirname(target), `.${basename(target)}.${kind}-${process.pid}`);
  const making = beside("new");
  try {
    restore(target);
    const foreign = foreignFile(target);
    if (foreign !== undefined && !force) return fail(foreignFolder(folder, foreign));
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    const files: string[] = [];
    for (const { under, artifact } of artifacts) {
      for (const file of artifact.files) {
        const path = join(under, file.path);
        const to = resolve(making, path);
        invariant(to.startsWith(making + sep), () => `a backend wants to write outside of its folder: ${file.path}`);
        mkdirSync(dirname(to), { recursive: true });
        writeFileSync(to, file.text);
        files.push(path);
      }
    }
    files.sort();
    writeFileSync(join(making, manifestName), `${JSON.stringify({ generator: "lfc", ...meta, files }, null, 2)}\n`);
    if (foreign === undefined) {
      const old = beside("old");
      if (existsSync(target)) renameSync(target, old);
      renameSync(making, target);
      rmSync(old, { recursive: true, force: true });
    } else {
      // somebody else's files stay: ours are moved in one by one, the list of them last
      for (const path of [...files, manifestName]) {
        mkdirSync(dirname(join(target, path)), { recursive: true });
        renameSync(join(making, path), join(target, path));
      }
      rmSync(making, { recursive: true, force: true });
    }
    return ok(files);
  } catch (error) {
    if (existsSync(making)) rmSync(making, { recursive: true, force: true });
    if (error instanceof Error && "code" in error) return fail(cannotWrite(folder, reasonOf(error)));
    throw error;
  }
}

/** Puts back what a killed run had moved away. */
function restore(target: string): void {
  if (existsSync(target) || !existsSync(dirname(target))) return;
  const left = readdirSync(dirname(target)).find((name) => name.startsWith(`.${basename(target)}.old-`));
  if (left !== undefined) renameSync(join(dirname(target), left), target);
}

function foreignFile(target: string): string | undefined {
  if (!existsSync(target)) return undefined;
  const present = readdirSync(target);
  return present.includes(manifestName) ? undefined : present[0];
}

/** Writes one file whole or not at all. */
export function writeWhole(path: string, data: Uint8Array | string): Result<string, Diagnostic> {
  const making = join(dirname(path), `.${basename(path)}.new-${process.pid}`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(making, data);
    renameSync(making, path);
    return ok(path);
  } catch (error) {
    if (existsSync(making)) rmSync(making, { force: true });
    return fail(cannotWrite(path, reasonOf(error)));
  }
}
