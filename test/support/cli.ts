import { vi } from "vitest";
import { main } from "../../src/cli/program.js";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process and catches what it prints. */
export async function lfc(...args: readonly string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
  try {
    const code = await main(args);
    return { code, out, err };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

/** The same with `--json`, parsed. */
export async function lfcJson(...args: readonly string[]): Promise<{ readonly code: number; readonly json: unknown }> {
  const { code, out } = await lfc(...args, "--json");
  return { code, json: JSON.parse(out) as unknown };
}
