import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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
 * Writes artifacts to a folder so that it holds either all of the old files or all of the new ones, whenever the process
 * ends: the new folder is made beside it and renamed into place. A folder that is not ours is refused; with `force` ours
 * are added to it, one by one, and replace what has the same names. What somebody put into a folder of ours stays, unless
 * a new file has its name: that is refused, too, without `force`.
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
  const making = beside(target, "new");
  const old = beside(target, "old");
  try {
    settle(target);
    const ours = ownFiles(target);
    const theirs = existsSync(target) ? filesIn(target).filter((path) => ours?.has(path) !== true) : [];
    if (ours === undefined && theirs[0] !== undefined && !force) return fail(foreignFolder(folder, theirs[0]));
    mkdirSync(dirname(target), { recursive: true });
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making);
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
    if (ours === undefined && theirs.length > 0) {
      // a folder that is not ours stays: ours are moved in one by one, the list of them last
      for (const path of [...files, manifestName]) {
        mkdirSync(dirname(join(target, path)), { recursive: true });
        renameSync(join(making, path), join(target, path));
      }
      rmSync(making, { recursive: true, force: true });
      return ok(files);
    }
    for (const path of theirs) {
      const taken = existsSync(join(making, path));
      if (taken && !force) {
        rmSync(making, { recursive: true, force: true });
        return fail(foreignFolder(folder, path));
      }
      if (!taken) keep(join(target, path), join(making, path));
    }
    if (existsSync(target)) renameSync(target, old);
    renameSync(making, target);
    // From here on it is no longer what a later run would put back.
    if (existsSync(old)) renameSync(old, making);
    rmSync(making, { recursive: true, force: true });
    return ok(files);
  } catch (error) {
    if (existsSync(old) && !existsSync(target)) renameSync(old, target);
    if (existsSync(making)) rmSync(making, { recursive: true, force: true });
    if (error instanceof Error && "code" in error) return fail(cannotWrite(folder, reasonOf(error)));
    throw error;
  }
}

const beside = (target: string, kind: "new" | "old"): string =>
  join(dirname(target), `.${basename(target)}.${kind}-${process.pid}`);

/**
 * Clears up after runs that were killed: what they had moved away is put back if nothing took its place, the rest goes.
 * What belongs to a process that lives is left alone.
 */
function settle(target: string): void {
  const parent = dirname(target);
  if (!existsSync(parent)) return;
  const prefix = `.${basename(target)}.`;
  for (const name of readdirSync(parent)) {
    const [, kind, pid] = name.startsWith(prefix) ? (/^(new|old)-(\d+)$/.exec(name.slice(prefix.length)) ?? []) : [];
    // A new one under our own number is written over.
    if (kind === undefined || lives(Number(pid)) || (kind === "new" && Number(pid) === process.pid)) continue;
    const left = join(parent, name);
    if (kind === "old" && !existsSync(target)) renameSync(left, target);
    else rmSync(left, { recursive: true, force: true });
  }
}

/** Whether another process has this number. */
function lives(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** What the list of a folder of ours names, and the list; `undefined` for another folder. */
function ownFiles(target: string): ReadonlySet<string> | undefined {
  const list = join(target, manifestName);
  if (!existsSync(list)) return undefined;
  try {
    const { generator, files } = JSON.parse(readFileSync(list, "utf8")) as Readonly<Record<string, unknown>>;
    if (generator !== "lfc" || !Array.isArray(files)) return undefined;
    return new Set([...files.filter((f) => typeof f === "string"), manifestName]);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The files and links of a folder, deep, in order. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(join(folder, entry.name)).map((path) => join(entry.name, path)) : [entry.name],
    );

/** The same file at another place, without a copy of its bytes where the system can do that. */
function keep(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** Writes one file whole or not at all. */
export function writeWhole(path: string, data: Uint8Array | string): Result<string, Diagnostic> {
  const target = resolve(path);
  const making = beside(target, "new");
  try {
    mkdirSync(dirname(target), { recursive: true });
    settle(target);
    writeFileSync(making, data);
    renameSync(making, target);
    return ok(path);
  } catch (error) {
    if (existsSync(making)) rmSync(making, { force: true });
    return fail(cannotWrite(path, reasonOf(error)));
  }
}
