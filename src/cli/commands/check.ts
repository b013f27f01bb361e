import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { checkSource } from "../../driver/compile.js";
import { readSource } from "../../driver/sources.js";
import { exit, print, report } from "../terminal.js";

export async function checkCommand(
  files: readonly string[],
  options: { readonly dim?: ReadonlyMap<string, number>; readonly json?: boolean },
): Promise<number> {
  const diagnostics: Diagnostic[] = [];
  for (const path of files) {
    const source = readSource(path);
    if (!source.ok) diagnostics.push(source.error);
    else diagnostics.push(...checkSource(source.value, { dims: options.dim ?? new Map() }).diagnostics);
  }
  const code = report(diagnostics, options.json === true);
  if (code === exit.ok && options.json !== true)
    print(`${files.length} ${files.length === 1 ? "file is" : "files are"} right`);
  return code;
}
