import { fork } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { root } from "../../test/support/environment.js";
import type { Case } from "./cases.js";
import type { Answer, Call } from "./child.js";
import type { BenchHost } from "./host.js";

export interface BenchProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folder, relative to the repository, in which the module's packages are found. */
  readonly from?: string;
}

/** A script bundled into `.cache` of its folder, so that packages are found as seen from there. */
async function bundle(entry: string, folder: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    write: false,
    logLevel: "error",
  });
  const file = join(root, folder, ".cache", name);
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, outputFiles[0]?.contents ?? "");
  await rename(aside, file);
  return file;
}

/**
 * A Node process of its own that runs cases of kind `module` by what `module` exports as `create`.
 *
 * @param module path of a script, relative to the repository
 */
export async function openBenchProcess(module: string, options: BenchProcessOptions = {}): Promise<BenchHost> {
  const { from = "." } = options;
  const stem = module.replace(/[^A-Za-z0-9]+/g, "-");
  const [harness, peer] = await Promise.all([
    bundle("bench/support/child.ts", ".", "bench-child.mjs"),
    bundle(module, from, `bench-${stem}.mjs`),
  ]);
  const child = fork(harness, [peer], {
    cwd: join(root, from),
    serialization: "advanced",
    env: { ...process.env, ...options.env },
    // what a library prints is no result
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;
  let ended: string | undefined;
  child.on("message", (message: Answer) => {
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) waiter?.resolve(message.value);
    else waiter?.reject(new Error(message.error));
  });
  child.on("exit", (code, signal) => {
    ended = `the process ended with ${code ?? signal}`;
    for (const { reject } of waiting.values()) reject(new Error(ended));
    waiting.clear();
  });
  const call = <T>(what: Call["what"], argument: string | Case): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (ended !== undefined) return reject(new Error(ended));
      const id = count++;
      waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      child.send({ id, what, argument } satisfies Call);
    });
  return {
    setup: (spec) => call("setup", spec),
    run: (name) => call("run", name),
    output: (name) => call("output", name),
    profile: async () => [],
    dispose: (name) => call("dispose", name),
    async close() {
      if (ended !== undefined) return;
      child.kill();
      await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}
