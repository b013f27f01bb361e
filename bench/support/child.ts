import { pathToFileURL } from "node:url";
import type { Case, CreateRunner, PageTools, Ran, Runner } from "./cases.js";
import { tensorOf } from "./values.js";

/** The harness in a process (`process.ts`): the same calls as in a page, by messages. */
export interface Call {
  readonly id: number;
  readonly what: "setup" | "run" | "output" | "dispose";
  readonly argument: string | Case;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const tools: PageTools = { tensor: tensorOf };
const runners = new Map<string, Runner>();
const peer = import(pathToFileURL(process.argv[2] ?? "").href) as Promise<{ readonly create: CreateRunner }>;

const runnerOf = (name: string): Runner => {
  const found = runners.get(name);
  if (found === undefined) throw new Error(`the case ${name} is not set up`);
  return found;
};

async function setup(spec: Case): Promise<number> {
  if (spec.kind !== "module") throw new Error(`a process runs no case of kind ${spec.kind}`);
  const { create } = await peer;
  const start = performance.now();
  runners.set(spec.name, await create(spec.spec, tools));
  return performance.now() - start;
}

async function run(name: string): Promise<Ran> {
  const runner = runnerOf(name);
  const start = performance.now();
  await runner.run();
  return { ms: performance.now() - start, dispatches: 0, submits: 0 };
}

async function answer({ what, argument }: Call): Promise<unknown> {
  const name = typeof argument === "string" ? argument : argument.name;
  switch (what) {
    case "setup":
      return setup(argument as Case);
    case "run":
      return run(name);
    case "output":
      return (await runnerOf(name).output?.()) ?? {};
    case "dispose":
      runners.get(name)?.dispose();
      runners.delete(name);
      return undefined;
  }
}

// Whoever started it is gone.
process.on("disconnect", () => process.exit());

process.on("message", (call: Call) => {
  answer(call).then(
    (value) => process.send?.({ id: call.id, value } satisfies Answer),
    (error) =>
      process.send?.({ id: call.id, error: error instanceof Error ? error.message : String(error) } satisfies Answer),
  );
});
