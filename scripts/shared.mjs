import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/**
 * Runs a program in the repository's root and gives its exit status; its output goes straight through. After `limit`
 * milliseconds it is ended: a test that waits inside a driver can't be stopped by the test runner.
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: options.stdio ?? "inherit",
      env: { ...process.env, ...options.env },
      shell: process.platform === "win32",
      ...(options.limit === undefined ? {} : { timeout: options.limit, killSignal: "SIGKILL" }),
    });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

/** Runs the script of an installed package with this Node: no shims and no shell in between. */
export const runTool = (script, args, options) =>
  run(process.execPath, [join(root, "node_modules", script), ...args], options);

/** The lock file that npm left in node_modules describes the same packages as ours. */
function isInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || present[path]?.version === version || (optional && present[path] === undefined),
  );
}

/** Installs the locked packages unless they are there. Install scripts are not needed by any of them. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  const code = await run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  if (code !== 0) throw new Error(`npm ci ended with ${code}`);
}
