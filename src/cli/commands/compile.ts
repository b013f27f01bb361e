import { basename } from "node:path";
import type { Artifact } from "../../backend/backend.js";
import { describe, type GeneratedModule, generateModule, type ModuleSizes } from "../../codegen/index.js";
import { resolveBackend } from "../../driver/backends.js";
import { type Lowered, lower } from "../../driver/compile.js";
import { type Figures, figures, showBytes, showFlops } from "../../driver/report.js";
import { writeArtifacts } from "../../driver/write.js";
import type { ModelOptions } from "../options.js";
import { loadModel } from "../prepare.js";
import { exit, print, report } from "../terminal.js";
import { version } from "../version.js";

interface Options extends ModelOptions {
  readonly backend?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
  readonly runtime?: "inline" | "import";
}

interface Compiled {
  readonly name: string;
  readonly lowered: Lowered;
  readonly artifact: Artifact;
  readonly module: GeneratedModule | undefined;
}

export async function compileCommand(file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const model = loadModel(file, options);
  if (!model.ok) return report(model.error, json);
  const { graph, checked } = model.value;

  const made: Compiled[] = [];
  for (const name of new Set(options.backend ?? ["wgsl"])) {
    const backend = await resolveBackend(name);
    if (!backend.ok) return report([backend.error], json);
    const lowered = lower(graph, backend.value, { fp: options.fp });
    if (!lowered.ok) return report(lowered.error, json);
    const { artifact } = lowered.value;
    const module = await generateModule(lowered.value, describe(graph, checked), {
      runtime: options.runtime ?? "inline",
      version,
    });
    made.push({
      name,
      lowered: lowered.value,
      module,
      artifact: module === undefined ? artifact : { ...artifact, files: [...module.files, ...artifact.files] },
    });
  }

  const folder = options.out ?? `${basename(file).replace(/\.lf(ir)?$/, "")}.lfc`;
  const several = made.length > 1;
  const written = writeArtifacts(
    folder,
    made.map(({ name, artifact }) => ({ under: several ? name : "", artifact })),
    { model: graph.name, backends: made.map((m) => m.name) },
    { force: options.force === true },
  );
  if (!written.ok) return report([written.error], json);

  const results = made.map(({ name, lowered, artifact, module }) => ({
    name,
    figures: {
      ...figures(
        lowered.graph,
        lowered.program,
        artifact.files.map((f) => (several ? `${name}/${f.path}` : f.path)),
      ),
      sizes: module?.sizes ?? null,
    },
  }));
  if (json) {
    const [main] = results;
    print(
      JSON.stringify(
        {
          model: graph.name,
          folder,
          ...main?.figures,
          ...(several ? { backends: Object.fromEntries(results.map((r) => [r.name, r.figures])) } : {}),
        },
        null,
        2,
      ),
    );
  } else {
    for (const r of results) print(summary(graph.name, r.name, folder, r.figures));
  }
  return exit.ok;
}

type Sized = Figures & { readonly sizes: ModuleSizes | null };

function summary(model: string, backend: string, folder: string, f: Sized): string {
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
    ...(f.sizes === null ? [] : [`  gzipped           ${showSizes(f.sizes)}`]),
  ];
  return lines.join("\n");
}

const showSizes = ({ javascript, wgsl }: ModuleSizes): string =>
  `${showBytes(javascript)} of JavaScript${wgsl === 0 ? "" : `, ${showBytes(wgsl)} of WGSL`}`;

const listed = (files: readonly string[]): readonly string[] =>
  files.length <= 8 ? files : [...files.slice(0, 6), `… and ${files.length - 6} more`];
