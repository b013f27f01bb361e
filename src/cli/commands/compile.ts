import { basename } from "node:path";
import { typicalSizes } from "../../../passes/graph/typicalSize.js";
import type { Artifact } from "../../backend/backend.js";
import { describe, type GeneratedModule, generateModule, type ModuleSizes } from "../../codegen/index.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { resolveBackend } from "../../driver/backends.js";
import { type Lowered, type LowerOptions, lower } from "../../driver/compile.js";
import { planOf, planText } from "../../driver/plan.js";
import { type Figures, figures, showBytes, showFlops } from "../../driver/report.js";
import { canTime } from "../../driver/timeKernels.js";
import { writeArtifacts } from "../../driver/write.js";
import type { Graph } from "../../ir/graph/ops.js";
import { fail, ok, type Result } from "../../util/result.js";
import type { AdapterKind } from "../adapter.js";
import { openMachines } from "../machines.js";
import type { ModelOptions } from "../options.js";
import { keepPlan, type PlanOptions, planFor, warnOfPlan } from "../plan.js";
import { loadModel } from "../prepare.js";
import { exit, print, progressLine, report } from "../terminal.js";
import { tuneOn, withTuned } from "../tuning.js";
import { version } from "../version.js";

interface Options extends ModelOptions, PlanOptions {
  readonly backend?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
  readonly runtime?: "inline" | "import";
  readonly target?: string;
  readonly tune?: boolean;
  readonly adapter?: AdapterKind;
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

  const plan = planFor(options);
  if (!plan.ok) return report([plan.error], json);
  const made: Compiled[] = [];
  for (const name of new Set(options.backend ?? ["wgsl"])) {
    const backend = await resolveBackend(name);
    if (!backend.ok) return report([backend.error], json);
    const named = name === "wgsl" && options.target !== undefined ? { profile: options.target } : {};
    const plain: LowerOptions = { fp: options.fp, backendOptions: named, ...plan.value };
    const how = options.tune === true ? await tunedHere(name, graph, plain, options) : ok(plain);
    if (!how.ok) return report(how.error, json);
    const lowered = lower(graph, backend.value, how.value);
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
      artifact: {
        ...artifact,
        files: [
          ...(module?.files ?? []),
          ...artifact.files,
          ...(options.tune === true ? [{ path: "plan.json", text: planText(planOf(lowered.value)) }] : []),
        ],
      },
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
  const [first] = made;
  const kept = first === undefined ? undefined : keepPlan(options, first.lowered);
  if (kept?.ok === false) return report([kept.error], json);
  const warnings = warnOfPlan(
    plan.value,
    made.map((m) => m.lowered),
    json,
  );

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
          ...(warnings.length === 0 ? {} : { diagnostics: warnings }),
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

/** `--tune`: the tiles that are fastest on a machine that is here, for the code of a backend. */
async function tunedHere(
  name: string,
  graph: Graph,
  options: LowerOptions,
  { adapter, target }: Options,
): Promise<Result<LowerOptions, readonly Diagnostic[]>> {
  const machines = await openMachines({
    backends: name,
    ...(adapter === undefined ? {} : { adapter }),
    ...(target === undefined ? {} : { target }),
  });
  if (!machines.ok) return fail([machines.error]);
  const line = progressLine();
  try {
    const { all, profile } = machines.value;
    const [machine] = all;
    if (machine === undefined || !canTime(machine.backend)) return ok(options);
    const how = { ...options, ...machine.options };
    const tuned = await tuneOn(machine, profile, graph, typicalSizes(graph), how, line.show);
    line.clear();
    return tuned.ok ? ok(withTuned(how, tuned.value)) : tuned;
  } finally {
    line.clear();
    machines.value.close();
  }
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

const showSizes = ({ javascript, wgsl, wasm }: ModuleSizes): string =>
  [
    `${showBytes(javascript)} of JavaScript`,
    ...(wgsl === 0 ? [] : [`${showBytes(wgsl)} of WGSL`]),
    ...(wasm === 0 ? [] : [`${showBytes(wasm)} of WebAssembly`]),
  ].join(", ");

const listed = (files: readonly string[]): readonly string[] =>
  files.length <= 8 ? files : [...files.slice(0, 6), `… and ${files.length - 6} more`];
