import { spawn } from "node:child_process";
import { pluginHangs } from "../diagnostics/messages/backend.js";
import { locate } from "../driver/backends.js";
import { exit, report } from "./terminal.js";

/** Seconds that one function of a foreign backend may take. */
const patience = (): number => Number(process.env.LFC_PLUGIN_SECONDS ?? "") || 30;

/**
 * A command that uses a backend of somebody else runs in a process of its own, so that a backend that never returns can
 * be stopped. Gives the exit code, or `undefined` when this process is the one to do the work.
 */
export async function watched(self: string, names: readonly string[]): Promise<number | undefined> {
  if (process.env.LFC_WATCHED !== undefined) return undefined;
  const located = await Promise.all(names.map((name) => locate(name)));
  if (!located.some((l) => l.ok && l.value.origin.kind !== "built-in")) return undefined;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, self, ...process.argv.slice(2)], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...process.env, LFC_WATCHED: "1" },
    });
    let timer: NodeJS.Timeout | undefined;
    child.on("message", (message) => {
      const { plugin, member } = message as { readonly plugin: string; readonly member?: string };
      clearTimeout(timer);
      if (member === undefined) return;
      timer = setTimeout(() => {
        child.kill("SIGKILL");
        resolve(report([pluginHangs(plugin, patience())], process.argv.includes("--json")));
      }, 1000 * patience());
    });
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve(code ?? exit.internal);
    });
  });
}
