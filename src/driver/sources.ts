import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
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

/** Resolves `import "…"`: `std/…` is the standard library, all else is relative to the importing file. */
export function loadImport(path: string, from: SourceFile): SourceFile | undefined {
  const std = /^std\/(.*)$/.exec(path)?.[1];
  const at =
    std !== undefined ? resolve(standardLibrary(), std) : isAbsolute(path) ? path : resolve(dirname(from.path), path);
  const read = readSource(at);
  if (!read.ok) return undefined;
  // an import keeps the name that leads to it from the entry file, so that messages show what the user can open
  const shown = std !== undefined ? path : isAbsolute(from.path) || isAbsolute(path) ? at : joinShown(from.path, path);
  return { path: shown, text: read.value.text };
}

const joinShown = (from: string, path: string): string => {
  const joined = resolve("/", dirname(from), path).slice(1);
  return resolve(joined) === resolve(dirname(from), path) ? joined : resolve(dirname(from), path);
};
