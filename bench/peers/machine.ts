import { execFileSync } from "node:child_process";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { root } from "../../test/support/environment.js";

/** What numbers hold for. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Processes that wanted to run when it began, over fifteen minutes: above the bench's own two, others disturbed it. */
  readonly load: number;
  readonly node: string;
  readonly browser: string;
  readonly adapter: string;
  /** Of packages, and lfc's own commit. */
  readonly versions: Readonly<Record<string, string>>;
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : "+");
  } catch {
    return "unknown";
  }
}

export const thisMachine = (
  { browser, adapter }: { readonly browser: string; readonly adapter: string },
  versions: Readonly<Record<string, string>>,
): Machine => ({
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()} ${arch()}`,
  load: Math.round(10 * (loadavg()[2] ?? 0)) / 10,
  node: process.versions.node,
  browser,
  adapter,
  versions: { lfc: commit(), ...versions },
});
