import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../test/support/environment.js";

/** The packages of peers: a private package of its own, so that the repository's install stays small. */
const folder = join(root, "bench/peers");

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}
const lock = (path: string): Lock => JSON.parse(readFileSync(join(folder, path), "utf8")) as Lock;

function isInstalled(): boolean {
  if (!existsSync(join(folder, "node_modules/.package-lock.json"))) return false;
  const present = lock("node_modules/.package-lock.json").packages;
  return Object.entries(lock("package-lock.json").packages).every(
    ([path, { version, optional }]) => path === "" || present[path]?.version === version || optional === true,
  );
}

/** Installs the locked packages unless they are there. */
export async function installPeers(): Promise<void> {
  if (isInstalled()) return;
  const windows = process.platform === "win32";
  const npm = spawn(windows ? "npm.cmd" : "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell: windows,
  });
  const code = await new Promise<number | null>((resolve, reject) => npm.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`npm ci in bench/peers ended with ${code}`);
}

/** Names and versions of the packages that are asked for. */
export function peerVersions(): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies;
}

/** Scripts that register the peers in a page. */
export const pageScripts = (): Promise<readonly string[]> =>
  Promise.all(
    ["tfjs", "jax", "ort"].map(async (name) => {
      const { outputFiles } = await build({
        absWorkingDir: root,
        entryPoints: [`bench/peers/page/${name}.mjs`],
        bundle: true,
        format: "esm",
        target: "es2022",
        minify: true,
        write: false,
        logLevel: "error",
      });
      return outputFiles.map((f) => f.text).join("");
    }),
  );

/** Files that these scripts fetch. */
export function pageFiles(): Readonly<Record<string, { readonly bytes: Uint8Array; readonly type: string }>> {
  const name = "ort-wasm-simd-threaded.asyncify.wasm";
  const bytes = readFileSync(join(folder, "node_modules/onnxruntime-web/dist", name));
  return { [`/ort/${name}`]: { bytes, type: "application/wasm" } };
}
