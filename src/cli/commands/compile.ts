import { basename } from "node:path";
import { resolveBackend } from "../../driver/backends.js";
import { type Lowered, lower } from "../../driver/compile.js";
import { type Figures, figures, showBytes, showFlops } from "../../driver/report.js";
import { writeArtifacts } from "../../driver/write.js";
import type { ModelOptions } from "../options.js";
import { loadGraph } from "../prepare.js";
import { exit, print, report } from "../terminal.js";

interface Options extends ModelOptions {
  readonly backend?: readonly string[];
  readonly out?: string;
}

export async function compileCommand(file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const graph = loadGraph(file, options);
  if (!graph.ok) return report(graph.error, json);

  const made: { readonly name: string; readonly lowered: Lowered }[] = [];
  for (const name of new Set(options.backend ?? ["wgsl"])) {
    const backend = await resolveBackend(name);
    if (!backend.ok) return report([backend.error], json);
    const lowered = lower(graph.value, backend.value, { fp: options.fp });
    if (!lowered.ok) return report(lowered.error, json);
    made.push({ name, lowered: lowered.value });
  }

  const folder = options.out ?? `${basename(file).replace(/\.lf(ir)?$/, "")}.lfc`;
  const several = made.length > 1;
  const written = writeArtifacts(
    folder,
    made.map(({ name, lowered }) => ({ under: several ? name : "", artifact: lowered.artifact })),
    { model: graph.value.name, backends: made.map((m) => m.name) },
  );
  if (!written.ok) return report([written.error], json);

  const results = made.map(({ name, lowered }) => ({
    name,
    figures: figures(
      lowered.graph,
      lowered.program,
      lowered.artifact.files.map((f) => (several ? `${name}/${f.path}` : f.path)),
    ),
  }));
  if (json) {
    const [main] = results;
    print(
      JSON.stringify(
        {
          model: graph.value.name,
          folder,
          ...main?.figures,
          ...(several ? { backends: Object.fromEntries(results.map((r) => [r.name, r.figures])) } : {}),
        },
        null,
        2,
      ),
    );
  } else {
    for (const r of results) print(describe(graph.value.name, r.name, folder, r.figures));
  }
  return exit.ok;
}

function describe(model: string, backend: string, folder: string, f: Figures): string {
  const at = Object.entries(f.at)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
  const lines = [
    `${model} for ${backend}: ${f.files.length} files in ${folder}/`,
    ...listed(f.files).map((name) => `  ${name}`),
    ...(at === "" ? [] : [`  figures at ${at}`]),
    ...(f.dispatches === null ? [] : [`  dispatches        ${f.dispatches}`]),
    `  parameters        ${showBytes(f.parameterBytes)}`,
    ...(f.transientBytes === null ? [] : [`  transient, peak   ${showBytes(f.transientBytes)}`]),
    ...(f.flops === null ? [] : [`  work              ${showFlops(f.flops)}`]),
  ];
  return lines.join("\n");
}

const listed = (files: readonly string[]): readonly string[] =>
  files.length <= 8 ? files : [...files.slice(0, 6), `… and ${files.length - 6} more`];
