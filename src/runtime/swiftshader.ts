import { access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";

/**
 * A software Vulkan driver and a headless browser that need nothing from the system, out of the optional development
 * dependency `@sparticuz/chromium` (x64 Linux). Its `bin` holds brotli-compressed tars; each is unpacked once into a
 * cache folder. Both variables of `swiftshaderEnvironment` are read when a process starts, so whoever wants SwiftShader
 * starts itself again with them.
 */

const decompress = promisify(brotliDecompress);
const packageName = "@sparticuz/chromium";

interface Package {
  readonly bin: string;
  readonly version: string;
  readonly cache: string;
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Where the package is installed as seen from the folder `from` or from lfc itself; `undefined` where it isn't or where
 * its binaries can't run.
 */
async function findPackage(from: string): Promise<Package | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folders = [join(from, "index.js"), import.meta.url].flatMap(
    (file) => createRequire(file).resolve.paths(packageName) ?? [],
  );
  for (const folder of folders) {
    const home = join(folder, packageName);
    try {
      const { version } = JSON.parse(await readFile(join(home, "package.json"), "utf8")) as { version: string };
      return { bin: join(home, "bin"), version, cache: await cacheFolder(dirname(folder)) };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}

/** `.cache` beside the sources in lfc's own working tree, else the user's cache folder. */
async function cacheFolder(project: string): Promise<string> {
  const manifest: unknown = await readFile(join(project, "package.json"), "utf8").then(JSON.parse, () => undefined);
  if ((manifest as { readonly name?: unknown } | undefined)?.name === "lfc") return join(project, ".cache");
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lfc");
}

interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

/** The regular files of a ustar archive. */
export function readTar(archive: Uint8Array): readonly TarEntry[] {
  const text = (from: number, length: number): string => {
    const field = archive.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
  };
  const octal = (from: number, length: number): number => Number.parseInt(text(from, length).trim() || "0", 8);
  const entries: TarEntry[] = [];
  let at = 0;
  while (at + 512 <= archive.length && archive[at] !== 0) {
    const prefix = text(at + 345, 155);
    const name = text(at, 100);
    const size = octal(at + 124, 12);
    const kind = archive[at + 156];
    // "0" or NUL is a file; folders come from the paths, anything else is not in these archives.
    if (kind === 0x30 || kind === 0) {
      const data = archive.subarray(at + 512, at + 512 + size);
      entries.push({ path: prefix === "" ? name : `${prefix}/${name}`, mode: octal(at + 100, 8), data });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

/**
 * Makes the folder `final` by `fill`, once: the files appear under a temporary name and are renamed when complete, so
 * that an interrupted start leaves nothing half done and concurrent starts can't see each other's work.
 */
async function once(final: string, fill: (into: string) => Promise<void>): Promise<string> {
  if (await exists(final)) return final;
  await mkdir(dirname(final), { recursive: true });
  await removeAbandoned(final);
  const making = await mkdtemp(join(dirname(final), `.${basename(final)}-`));
  try {
    await fill(making);
    await chmod(making, 0o755);
    await rename(making, final);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Another start was faster: its folder is as good as ours.
    if (!(await exists(final))) throw error;
  }
  return final;
}

const hour = 3_600_000;

/** Starts that were killed leave their unfinished folders: those that nobody can still be working on go. */
async function removeAbandoned(final: string): Promise<void> {
  const unfinished = (await readdir(dirname(final))).filter((name) => name.startsWith(`.${basename(final)}-`));
  for (const path of unfinished.map((name) => join(dirname(final), name))) {
    const begun = await stat(path).then(
      (s) => s.mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - begun > hour) await rm(path, { recursive: true, force: true });
  }
}

async function unpack(source: Package, archive: string, into: string): Promise<void> {
  const tar = await decompress(await readFile(join(source.bin, `${archive}.tar.br`)));
  for (const entry of readTar(tar)) {
    const path = resolve(into, entry.path);
    if (!path.startsWith(into + sep)) throw new Error(`${archive}.tar.br: unsafe path ${entry.path}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, entry.data, { mode: entry.mode & 0o777 });
  }
}

const cached = (source: Package, name: string): string =>
  join(source.cache, `sparticuz-chromium-${source.version}`, name);

const swiftshaderFolder = (source: Package): Promise<string> =>
  once(cached(source, "swiftshader"), (into) => unpack(source, "swiftshader", into));

const withLibraries = (...folders: readonly string[]): string =>
  [...folders, ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter((f) => f !== "" && !folders.includes(f))].join(
    ":",
  );

/**
 * The variables with which a process has to be started so that Dawn finds SwiftShader, unpacking it on first use;
 * `undefined` where the package is not installed or the system is another. The values hold for child processes only.
 *
 * @param from folder from which the package is looked for, the current one unless told
 */
export async function swiftshaderEnvironment(
  from: string = process.cwd(),
): Promise<Readonly<Record<string, string>> | undefined> {
  const source = await findPackage(from);
  if (source === undefined) return undefined;
  const folder = await swiftshaderFolder(source);
  return { LD_LIBRARY_PATH: withLibraries(folder), VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json") };
}

/** A browser that runs on a bare machine: its executable and the variables that it has to be started with. */
export interface BundledBrowser {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The headless Chromium of the package, or `undefined` as above. Unpacking takes a few seconds once. */
export async function bundledBrowser(from: string = process.cwd()): Promise<BundledBrowser | undefined> {
  const source = await findPackage(from);
  if (source === undefined) return undefined;
  const [browser, libraries] = await Promise.all([
    once(cached(source, "chromium"), async (into) => {
      // The browser looks for its graphics libraries beside itself.
      await unpack(source, "swiftshader", into);
      const program = await decompress(await readFile(join(source.bin, "chromium.br")));
      await writeFile(join(into, "chromium"), program, { mode: 0o755 });
    }),
    once(cached(source, "al2023"), (into) => unpack(source, "al2023", into)),
  ]);
  return {
    executablePath: join(browser, "chromium"),
    env: { LD_LIBRARY_PATH: withLibraries(browser, join(libraries, "lib")) },
  };
}
