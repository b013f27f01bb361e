import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { listBackends, type Origin, resolveBackend } from "../../driver/backends.js";
import { print, report, table } from "../terminal.js";

/** Lists what can be named with `--backend`, and where each comes from. */
export async function backendsCommand(options: { readonly json?: boolean }): Promise<number> {
  const { found, problems } = await listBackends();
  const rows: (readonly string[])[] = [];
  const listed: Record<string, unknown>[] = [];
  const diagnostics: Diagnostic[] = [...problems];
  for (const { name, origin } of found) {
    const backend = await resolveBackend(name);
    if (!backend.ok) {
      diagnostics.push(backend.error);
      continue;
    }
    const { consumes, summary, load } = backend.value;
    const runs = load === undefined ? "no" : "yes";
    rows.push([name, consumes, runs, from(origin), summary]);
    listed.push({ name, consumes, runs: load !== undefined, from: from(origin), summary });
  }
  if (options.json === true) print(JSON.stringify({ backends: listed }, null, 2));
  else print(table(["name", "consumes", "runs", "from", "summary"], rows));
  return report(diagnostics, false);
}

function from(origin: Origin): string {
  switch (origin.kind) {
    case "built-in":
      return "lfc";
    case "config":
      return `lfc.config.js: ${origin.path}`;
    case "package":
      return `package: ${origin.path}`;
    case "path":
      return origin.path;
  }
}
