import { cpus, loadavg } from "node:os";
import { type BenchMachine, type Benchmark, type BenchSpec, benchmark, type Subject } from "../../bench/bench.js";
import { type ExploredKernel, explore, explorePlot, exploreTables } from "../../bench/explore.js";
import { subjectsOf } from "../../bench/subjects.js";
import { doublings } from "../../bench/sweep.js";
import { sweepPlot } from "../../bench/sweepPlot.js";
import { benchTables, type Table } from "../../bench/table.js";
import type { AdapterProfile } from "../../cost/profile.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { storedParameters } from "../../driver/parameters.js";
import { canTime } from "../../driver/timeKernels.js";
import { writeWhole } from "../../driver/write.js";
import { fail, ok, type Result } from "../../util/result.js";
import type { AdapterKind } from "../adapter.js";
import { describeProfile, type Machines, openMachines } from "../machines.js";
import type { ModelOptions, SweepRange } from "../options.js";
import { type PlanOptions, planFor } from "../plan.js";
import { loadGraph, prepareModel } from "../prepare.js";
import { exit, paint, print, progressLine, report, table } from "../terminal.js";
import { describeTuned, tuneOn, withTuned } from "../tuning.js";
import { version } from "../version.js";

interface Options extends Omit<ModelOptions, "json">, Pick<PlanOptions, "plan"> {
  readonly backends?: string;
  readonly adapter?: AdapterKind;
  readonly target?: string;
  readonly vs?: readonly string[];
  readonly sweep?: SweepRange;
  readonly runs: number;
  readonly limit: number;
  readonly weights?: string;
  readonly seed: number;
  readonly json?: string | true;
  readonly plot?: string;
  readonly explore?: number | true;
  readonly tune?: boolean;
}

export async function benchCommand(file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const machines = await openMachines(options);
  if (!machines.ok) return report([machines.error], json);
  const line = progressLine();
  try {
    if (options.explore !== undefined) return await exploreCommand(file, options, machines.value, line);
    const spec = specOf(file, options, machines.value.all);
    if (!spec.ok) return report([spec.error], json);
    const { profile } = machines.value;
    const tuned: string[] = [];
    const tuning: Pick<BenchSpec, "tuned"> = {
      tuned: async (graph, machine, sizes, how) => {
        if (!canTime(machine.backend)) return ok(how);
        const found = await tuneOn(machine, profile, graph, sizes, how, line.show);
        if (!found.ok) return found;
        tuned.push(describeTuned(found.value));
        return ok(withTuned(how, found.value));
      },
    };
    const measured = await benchmark({
      ...spec.value,
      ...(options.tune === true ? tuning : {}),
      progress: line.show,
    });
    line.clear();
    if (!measured.ok) return report(measured.error, json);
    const code = await tell(measured.value, machines.value, options);
    if (!json) for (const t of new Set(tuned)) print(t);
    return code;
  } finally {
    line.clear();
    machines.value.close();
  }
}

/** `--explore`: every tile of every kernel of the model, on each machine. */
async function exploreCommand(
  file: string,
  options: Options,
  machines: Machines,
  line: ReturnType<typeof progressLine>,
): Promise<number> {
  const json = options.json === true;
  const plan = planFor(options);
  if (!plan.ok) return report([plan.error], json);
  const { json: _, sweep, ...rest } = options;
  // A size that is given as the start of a sweep serves here too.
  const prepared = prepareModel(file, rest, {
    randomInputs: true,
    ...(sweep === undefined ? {} : { sizes: new Map([[sweep.dim, sweep.lo]]) }),
  });
  if (!prepared.ok) return report(prepared.error, json);
  const { graph, sizes } = prepared.value;
  const results: { readonly backend: string; readonly kernels: readonly ExploredKernel[] }[] = [];
  for (const { name, backend, device, options: own } of machines.all) {
    const explored = await explore({
      graph,
      backend,
      device,
      sizes,
      options: { fp: options.fp, ...plan.value, ...own },
      points: options.explore === true || options.explore === undefined ? Number.POSITIVE_INFINITY : options.explore,
      runs: Math.min(options.runs, 3),
      progress: line.show,
    });
    line.clear();
    if (!explored.ok) return report(explored.error, json);
    results.push({ backend: name, kernels: explored.value });
  }
  const setting = settingOf(machines, options);
  const where = setting.adapter ?? setting.cpu;
  const text = JSON.stringify({ exploreVersion: 1, setting, model: graph.name, results }, null, 2);
  const files: Result<string, Diagnostic>[] = [];
  const all = results.flatMap((r) => r.kernels);
  if (options.plot !== undefined) files.push(writeWhole(options.plot, explorePlot(graph.name, where, all)));
  if (typeof options.json === "string") files.push(writeWhole(options.json, `${text}\n`));
  const failed = files.flatMap((f) => (f.ok ? [] : [f.error]));
  if (failed.length > 0) return report(failed, json);
  if (json) {
    print(text);
    return exit.ok;
  }
  print(`${graph.name} on ${where}, load ${setting.load.toFixed(1)}`);
  if (machines.profile !== undefined) print(describeProfile(machines.profile));
  for (const { kernels } of results) for (const t of exploreTables(kernels)) showTable(t);
  for (const f of files) if (f.ok) print(`→ ${f.value}`);
  return exit.ok;
}

/** Who is measured: the model, and what it is to be compared with. */
function specOf(file: string, options: Options, machines: readonly BenchMachine[]): Result<BenchSpec, Diagnostic> {
  const plan = planFor(options);
  if (!plan.ok) return plan;
  const loaded =
    (path: string, model: { readonly model?: string } = {}): Subject["graph"] =>
    (dims) =>
      loadGraph(path, { ...model, fp: options.fp, dim: new Map([...(options.dim ?? []), ...dims]) });
  const own = loaded(file, options.model === undefined ? {} : { model: options.model });
  const subjects = subjectsOf(own, { fp: options.fp, ...plan.value }, options.vs ?? [], loaded);
  const { sweep, runs, limit, seed, weights } = options;
  return ok({
    subjects,
    machines,
    sweep: sweep === undefined ? undefined : { dim: sweep.dim, values: doublings(sweep.lo, sweep.hi) },
    runs,
    warmup: 1,
    limit,
    seed,
    ...(weights === undefined
      ? {}
      : {
          params: (graph) => {
            const stored = storedParameters(graph, weights);
            return stored.ok ? stored : fail([stored.error]);
          },
        }),
  });
}

const showTable = ({ title, headings, rows, notes = [] }: Table): void => {
  print(["", paint.bold(title), table(headings, rows), ...notes].join("\n"));
};

/** What a file of results says beside them. */
interface Setting {
  readonly lfc: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** Of the system, over a minute: what else it does. */
  readonly load: number;
  readonly adapter: string | null;
  readonly profile: AdapterProfile | null;
  readonly runs: number;
}

function settingOf({ adapter, profile }: Machines, options: Options): Setting {
  return {
    lfc: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    load: loadavg()[0] ?? 0,
    adapter: adapter?.name ?? null,
    profile: profile ?? null,
    runs: options.runs,
  };
}

async function tell(result: Benchmark, machines: Machines, options: Options): Promise<number> {
  const { adapter, profile } = machines;
  const { json, plot } = options;
  const setting = settingOf(machines, options);
  const text = JSON.stringify({ benchVersion: 1, setting, ...result }, null, 2);
  const files: Result<string, Diagnostic>[] = [];
  if (plot !== undefined) files.push(writeWhole(plot, sweepPlot(result, adapter?.name ?? setting.cpu)));
  if (typeof json === "string") files.push(writeWhole(json, `${text}\n`));
  const failed = files.flatMap((f) => (f.ok ? [] : [f.error]));
  if (failed.length > 0) return report(failed, json === true);
  if (json === true) {
    print(text);
    return exit.ok;
  }
  const where = adapter === undefined ? `${setting.cpu}, ${setting.cores} cores` : adapter.name;
  const rounds = `${options.runs} runs each in turn, load ${setting.load.toFixed(1)}`;
  const sizes = Object.entries(result.points[0]?.sizes ?? {}).filter(([name]) => name !== result.sweep);
  const at = sizes.map(([name, value]) => `${name} = ${value}`).join(", ");
  print(`${result.model}${at === "" ? "" : ` at ${at}`} on ${where}; ${rounds}`);
  if (profile !== undefined) print(describeProfile(profile));
  for (const t of benchTables(result)) showTable(t);
  for (const f of files) if (f.ok) print(`→ ${f.value}`);
  return exit.ok;
}
