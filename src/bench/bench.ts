import type { Backend, Profile } from "../backend/backend.js";
import type { Measured } from "../cost/profile.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { sizeOutOfRange } from "../diagnostics/messages/io.js";
import type { LowerOptions } from "../driver/compile.js";
import { bindInputs, inputNodes } from "../driver/inputs.js";
import type { Outputs } from "../driver/machine.js";
import { initialParameters, type Parameters } from "../driver/parameters.js";
import { type Dim, evalDim } from "../ir/dim.js";
import { nodeFlops } from "../ir/graph/flops.js";
import type { Graph, TensorType, ValueId } from "../ir/graph/ops.js";
import { graphSymbols } from "../ir/graph/print.js";
import { invariant } from "../util/invariant.js";
import { fail, ok, type Result } from "../util/result.js";
import { type Cold, type Contestant, distance, type Entry, enter } from "./contestant.js";
import { interleave } from "./interleave.js";
import { type KernelTime, kernelTimes, type PlanWork, planWork } from "./kernels.js";
import { type Comparison, compareRuns, type Sample, summarise } from "./statistics.js";

/** A model that takes part, on every machine. */
export interface Subject {
  readonly name: string;
  /** With some of its sizes given. */
  graph(dims: ReadonlyMap<string, number>): Result<Graph, readonly Diagnostic[]>;
  readonly options: LowerOptions;
}

export interface BenchMachine {
  readonly name: string;
  readonly backend: Backend;
  readonly options: LowerOptions;
  readonly device?: GPUDevice | undefined;
  /** What it was measured to do: what rates are shares of. */
  readonly measured?: Measured | undefined;
}

/** The values that one size takes, one after the other. */
export interface Sweep {
  readonly dim: string;
  readonly values: readonly number[];
}

export interface BenchSpec {
  /** The first is what the others are compared with. */
  readonly subjects: readonly Subject[];
  readonly machines: readonly BenchMachine[];
  readonly sweep?: Sweep | undefined;
  readonly runs: number;
  readonly warmup: number;
  /** Seconds that one run may take: a larger size of a sweep that would take longer is left out. */
  readonly limit: number;
  readonly seed: number;
  /** Parameters of the first subject; initial values for what it lacks. */
  readonly params?: (graph: Graph) => Result<Parameters, readonly Diagnostic[]>;
  /** The options to compile a model with for a machine at some sizes, in place of those given. */
  tuned?(
    graph: Graph,
    machine: BenchMachine,
    sizes: ReadonlyMap<string, number>,
    options: LowerOptions,
  ): Promise<Result<LowerOptions, readonly Diagnostic[]>>;
  progress?(text: string): void;
}

export interface ContestantResult {
  readonly name: string;
  readonly backend: string;
  readonly cold: Cold;
  /** Whole runs, inputs from the host and outputs back to it. */
  readonly warm: Sample;
  readonly seconds: readonly number[];
  /** Null where the backend has no plan. */
  readonly work: PlanWork | null;
  /** Measured rates of its machine, a second; null where nothing was measured. */
  readonly peak: Pick<Measured, "flops" | "bandwidth"> | null;
  readonly kernels: readonly KernelTime[];
  /** Against the first model on the same machine, and that against itself on the first machine; null for the first of all. */
  readonly versus: Comparison | null;
  /** Relative L2 distance from the outputs of the same; null where they share none. */
  readonly distance: number | null;
}

export interface LeftOut {
  readonly name: string;
  readonly backend: string;
  readonly why: string;
}

export interface BenchPoint {
  /** The size that is swept, and every run-time size. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly contestants: readonly ContestantResult[];
  readonly leftOut: readonly LeftOut[];
}

export interface Benchmark {
  readonly model: string;
  readonly sweep: string | null;
  readonly points: readonly BenchPoint[];
}

/** Runs every subject on every machine at every size, side by side. What cannot run at a size is left out and named. */
export async function benchmark(spec: BenchSpec): Promise<Result<Benchmark, readonly Diagnostic[]>> {
  const points: BenchPoint[] = [];
  const known = new Map<string, Known>();
  let model = "";
  let problems: readonly Diagnostic[] = [];
  for (const value of spec.sweep?.values ?? [undefined]) {
    const dims = new Map(spec.sweep === undefined || value === undefined ? [] : [[spec.sweep.dim, value]]);
    const point = await runPoint(spec, dims, known);
    if (!point.ok) return point;
    model ||= point.value.model;
    if (point.value.problems.length > 0) problems = point.value.problems;
    points.push(point.value.point);
  }
  if (points.every((p) => p.contestants.length === 0)) return fail(problems);
  return ok({ model, sweep: spec.sweep?.dim ?? null, points });
}

/** What is known of a contestant from a smaller size. */
interface Known {
  /** Of the model as written. */
  readonly flops: number;
  readonly seconds: number;
}

const keyOf = ({ name, backend }: Entry): string => `${backend.name} ${name}`;

/** How long a run will take if time grows as the operations do. */
const expectedSeconds = (known: Known | undefined, flops: number): number =>
  known === undefined || known.flops === 0 ? 0 : (known.seconds * flops) / known.flops;

interface PointRun {
  readonly model: string;
  readonly point: BenchPoint;
  readonly problems: readonly Diagnostic[];
}

async function runPoint(
  spec: BenchSpec,
  dims: ReadonlyMap<string, number>,
  known: Map<string, Known>,
): Promise<Result<PointRun, readonly Diagnostic[]>> {
  const where = [...dims].map(([name, value]) => `${name} = ${value}`).join(", ");
  const contestants: Contestant[] = [];
  const leftOut: LeftOut[] = [];
  const problems: Diagnostic[] = [];
  const flopsOf = new Map<string, number>();
  let model = "";
  let sizes: ReadonlyMap<string, number> = dims;
  try {
    for (const [position, subject] of spec.subjects.entries()) {
      const prepared = prepare(subject, dims, spec, position === 0);
      if (!prepared.ok) return prepared;
      const { graph, inputs, params } = prepared.value;
      flopsOf.set(subject.name, prepared.value.flops);
      if (position === 0) {
        model = graph.name;
        sizes = new Map([...dims, ...prepared.value.sizes]);
      }
      for (const machine of spec.machines) {
        const entry: Entry = {
          name: subject.name,
          graph,
          inputs,
          params,
          backend: machine.backend,
          options: { ...subject.options, ...machine.options },
          device: machine.device,
        };
        spec.progress?.(`${where === "" ? "" : `${where}: `}${subject.name} on ${machine.name}, first run`);
        const expected = expectedSeconds(known.get(keyOf(entry)), prepared.value.flops);
        if (expected > spec.limit) {
          const why = `about ${Math.ceil(expected)} s a run, and the limit is ${spec.limit} s`;
          leftOut.push({ name: subject.name, backend: machine.name, why });
          continue;
        }
        const tuned = await spec.tuned?.(graph, machine, prepared.value.sizes, subject.options);
        if (tuned?.ok === false) return tuned;
        const how = tuned === undefined ? entry : { ...entry, options: { ...tuned.value, ...machine.options } };
        const entered = await enter(how);
        if (entered.ok) contestants.push(entered.value);
        else {
          problems.push(...entered.error);
          const why = entered.error[0]?.message ?? "it failed";
          leftOut.push({ name: subject.name, backend: machine.name, why });
        }
      }
    }
    const times = await interleave(contestants, {
      rounds: spec.runs,
      warmup: spec.warmup,
      budget: spec.limit,
      progress: (done, of) => spec.progress?.(`${where === "" ? "" : `${where}: `}run ${done + 1} of ${of}`),
    });
    const results: ContestantResult[] = [];
    const rates = new Map(spec.machines.map((m) => [m.backend, m.measured] as const));
    for (const [i, contestant] of contestants.entries()) {
      const fault = contestant.fault();
      const { name, backend } = contestant.entry;
      if (fault !== undefined) {
        problems.push(...fault);
        leftOut.push({ name, backend: backend.name, why: fault[0]?.message ?? "it failed" });
        continue;
      }
      const seconds = times[i] ?? [];
      // Everyone against the first model on the same machine, and that against itself on the first machine.
      const own = contestants.findIndex(
        (c) => c.entry.name === spec.subjects[0]?.name && c.entry.backend === contestant.entry.backend,
      );
      const against = own < 0 || own === i ? 0 : own;
      const rival = against === i ? undefined : times[against];
      const result = await resultOf(contestant, seconds, rival, contestants[against], sizes, rates.get(backend));
      results.push(result);
      known.set(keyOf(contestant.entry), { flops: flopsOf.get(name) ?? 0, seconds: result.warm.min });
    }
    return ok({ model, point: { sizes: Object.fromEntries(sizes), contestants: results, leftOut }, problems });
  } finally {
    for (const c of contestants) c.dispose();
  }
}

interface Prepared {
  readonly graph: Graph;
  readonly inputs: Outputs;
  readonly params: Parameters;
  readonly sizes: ReadonlyMap<string, number>;
  readonly flops: number;
}

/** A subject at a size, with random inputs: of a run-time size the inputs decide, of a constant the text. */
function prepare(
  subject: Subject,
  dims: ReadonlyMap<string, number>,
  spec: BenchSpec,
  first: boolean,
): Result<Prepared, readonly Diagnostic[]> {
  const declared = subject.graph(new Map());
  const symbols = declared.ok ? graphSymbols(declared.value) : new Map<string, Dim>();
  const constants = new Map([...dims].filter(([name]) => !symbols.has(name)));
  const made = constants.size === 0 ? declared : subject.graph(constants);
  if (!made.ok) return made;
  const graph = made.value;
  for (const [name, value] of dims) {
    const dim = symbols.get(name);
    if (dim?.op !== "symbol" || (value >= dim.lo && value <= dim.hi && value % dim.step === 0)) continue;
    return fail([sizeOutOfRange(name, value, dim.lo, dim.hi, dim.step)]);
  }
  const random = new Map(inputNodes(graph).map((n) => [n.name, { kind: "random" } as const]));
  const bound = bindInputs(graph, random, spec.seed, dims);
  if (!bound.ok) return bound;
  const stored = first ? spec.params?.(graph) : undefined;
  if (stored?.ok === false) return stored;
  const { inputs, sizes } = bound.value;
  const flops = graph.nodes.reduce(
    (sum, node) =>
      sum +
      evalDim(
        nodeFlops(node, (v) => typeOf(graph, v)),
        sizes,
      ),
    0,
  );
  return ok({ graph, inputs, sizes, flops, params: stored?.value ?? initialParameters(graph, spec.seed) });
}

function typeOf(graph: Graph, v: ValueId): TensorType {
  const type = graph.nodes[v]?.type;
  invariant(type !== undefined, () => `the graph has no value %${v}`);
  return type;
}

/** Runs that are timed kernel by kernel: enough for a least time of each. */
const profiles = 3;

async function resultOf(
  contestant: Contestant,
  seconds: readonly number[],
  rival: readonly number[] | undefined,
  first: Contestant | undefined,
  sizes: ReadonlyMap<string, number>,
  rates: Measured | undefined,
): Promise<ContestantResult> {
  const { entry, machine, cold, outputs } = contestant;
  const { program } = machine.lowered;
  // Named rates are for ranking; only measured ones are something to have a share of.
  const target = rates === undefined ? undefined : machine.lowered.target;
  const work = program === undefined ? null : planWork(program, sizes);
  const measured: Profile[] = [];
  const { executable } = machine;
  for (let i = 0; executable.profile !== undefined && i < profiles; i++)
    measured.push(await executable.profile(entry.inputs));
  return {
    name: entry.name,
    backend: entry.backend.name,
    cold,
    warm: summarise(seconds),
    seconds,
    work,
    peak: rates === undefined ? null : { flops: rates.flops, bandwidth: rates.bandwidth },
    kernels: kernelTimes(measured, program, sizes, target),
    versus: rival === undefined ? null : compareRuns(seconds, rival),
    distance: (first === undefined || first === contestant ? undefined : distance(first.outputs, outputs)) ?? null,
  };
}
