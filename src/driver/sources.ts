import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { cannotRead, notText } from "../diagnostics/messages/io.js";
import type { SourceFile } from "../diagnostics/span.js";
import { fail, ok, type Result } from "../util/result.js";

/** Reads a source text. The path is kept as the user wrote it. */
export function readSource(path: string): Result<SourceFile, Diagnostic> {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.value);
    return ok({ path, text });
  } catch {
    return fail(notText(path));
  }
}

/** Reads a whole file, or says why not. */
export function readBytes(path: string): Result<Uint8Array, Diagnostic> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return fail(cannotRead(path, reasonOf(error)));
  }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EISDIR", "it is a folder"],
  ["EACCES", "you may not read it"],
  ["EPERM", "that is not permitted"],
  ["ENOTDIR", "a part of its path is not a folder"],
  ["ENOSPC", "the disk is full"],
  ["EROFS", "the file system is read-only"],
  ["ENAMETOOLONG", "the name is too long"],
]);

/** What went wrong with a file, without the words of the operating system where we have better ones. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return (
    (code === undefined ? undefined : reasons.get(code)) ?? (error instanceof Error ? error.message : String(error))
  );
}

/** The folder of the standard library: beside the sources, or beside the bundled program. */
export function standardLibrary(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return [resolve(here, "../std"), resolve(here, "std")].find(existsSync) ?? resolve(here, "std");
}

const libraryPrefix = "std/";

/** Where a file is that an import names: `std/…` in the standard library, all else relative to the importing file. */
function importedFrom(path: string, from: SourceFile): string | undefined {
  if (!path.startsWith(libraryPrefix)) return resolve(dirname(from.path), path);
  const library = standardLibrary();
  const at = resolve(library, path.slice(libraryPrefix.length));
  return at.startsWith(library + sep) ? at : undefined;
}

/**
 * The imports of one program. A file is one file, however it is named: one that imports back the entry file, or is
 * reached by two ways, is not read and declared a second time under another name.
 */
export function importsOf(entry: SourceFile): (path: string, from: SourceFile) => SourceFile | undefined {
  const known = new Map<string, SourceFile | undefined>([[resolve(entry.path), entry]]);
  return (path, from) => {
    const at = importedFrom(path, from);
    if (at === undefined) return undefined;
    if (!known.has(at)) known.set(at, loadImport(path, from));
    return known.get(at);
  };
}

/** Reads the file that an import names. */
export function loadImport(path: string, from: SourceFile): SourceFile | undefined {
  const at = importedFrom(path, from);
  const read = at === undefined ? undefined : readSource(at);
  if (at === undefined || !read?.ok) return undefined;
  // an import keeps the name that leads to it from the entry file, so that messages show what the user can open
  const shown = path.startsWith(libraryPrefix)
    ? path
    : isAbsolute(from.path) || isAbsolute(path)
      ? at
      : joinShown(from.path, path);
  return { path: shown, text: read.value.text };
}

const joinShown = (from: string, path: string): string => {
  const joined = resolve("/", dirname(from), path).slice(1);
  return resolve(joined) === resolve(dirname(from), path) ? joined : resolve(dirname(from), path);
};
