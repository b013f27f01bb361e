import { readFileSync } from "node:fs";
import { format } from "../../../grammar/lf.format.js";
import { parseFile } from "../../../grammar/parse.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { readSource } from "../../driver/sources.js";
import { writeWhole } from "../../driver/write.js";
import { exit, print, report } from "../terminal.js";

/** Rewrites files in the one layout; with `--check` only says which differ, exit code 1 when one does. */
export async function fmtCommand(files: readonly string[], options: { readonly check?: boolean }): Promise<number> {
  const diagnostics: Diagnostic[] = [];
  const differing: string[] = [];
  for (const path of files) {
    const source = path === "-" ? standardInput() : readSource(path);
    if (!source.ok) {
      diagnostics.push(source.error);
      continue;
    }
    const { ast, comments, diagnostics: found } = parseFile(source.value);
    if (ast === undefined) {
      diagnostics.push(...found);
      continue;
    }
    const text = format(ast, comments, source.value);
    if (path === "-") {
      process.stdout.write(text);
      continue;
    }
    if (text === source.value.text) continue;
    differing.push(path);
    if (options.check === true) continue;
    const written = writeWhole(path, text);
    if (!written.ok) diagnostics.push(written.error);
  }
  const code = report(diagnostics, false);
  for (const path of differing) print(options.check === true ? `${path} is not formatted` : `${path} formatted`);
  return code === exit.ok && options.check === true && differing.length > 0 ? exit.diagnostics : code;
}

const standardInput = () => ({ ok: true, value: { path: "standard input", text: readFileSync(0, "utf8") } }) as const;
