import type { Backend } from "../backend/backend.js";
import { guardBackend } from "../driver/plugin.js";
import type { DType } from "../ir/dtype.js";
import { type ConformanceCase, conformanceCases } from "./cases.js";
import type { CaseResult, Outcome, Report } from "./report.js";
import { runCase } from "./run.js";
import { type CasePattern, reasonsToSkip, type Skips, selectCases } from "./skip.js";

/**
 * The conformance suite: small models, each run by a backend and held against the float64 reference under the one
 * tolerance. A backend that only emits has to emit, the same bytes each time, what its own validator accepts.
 */
export interface ConformanceOptions {
  /** Ask for these element types only. Cases with others are left out; so are those with types that the target lacks. */
  readonly dtypes?: readonly DType[];
  /** What the backend cannot do yet, with reasons. The cases run all the same: one that passes needs no skip and fails. */
  readonly skip?: Skips;
  /** Only these cases. */
  readonly only?: readonly CasePattern[];
  /** For backends that compute on a GPU; opened when the first case is loaded, closed by the caller. */
  readonly device?: GPUDevice | (() => Promise<GPUDevice>);
  readonly backendOptions?: Readonly<Record<string, unknown>>;
  /** How many cases are under way at once: more than 1 for machines that load and run while JavaScript waits. */
  readonly parallel?: number;
  /** Other cases than those of lfc: `casesIn(folder)`. */
  readonly cases?: readonly ConformanceCase[];
  /** The functions of a test runner, where they are no globals. */
  readonly test?: TestFunctions;
}

/** What the suite needs of a test runner: those of vitest, jest, mocha and node:test fit. */
export interface TestFunctions {
  /** Groups tests. */
  describe(name: string, body: () => void): unknown;
  /** Registers a test. */
  test(name: string, body: () => Promise<void>): unknown;
}

/**
 * Registers one test for each case with a test runner.
 *
 * @returns the report of all cases, once they are done
 * @throws Error for a backend with wrong members, a skip without a reason and a pattern that names no case
 */
export function conformance(
  backend: Backend,
  options: ConformanceOptions = {},
): {
  /** The report of all cases, once they are done. */
  report(): Promise<Report>;
} {
  const { describe, test } = options.test ?? globalTests();
  const session = begin(backend, options);
  describe(`conformance of ${backend.name}`, () => {
    for (const [area, cases] of byArea(session.cases))
      describe(area, () => {
        for (const c of cases)
          test(c.name, async () => {
            const { outcome } = await session.result(c);
            if (outcome.kind === "skipped") console.log(`${backend.name} skips ${c.id}: ${outcome.reason}`);
            const problem = problemOf(outcome);
            if (problem !== undefined) throw new Error(`${c.id} (${c.says})\n${problem}\n${c.path}`);
          });
      });
  });
  return { report: session.report };
}

/** Runs every case without a test runner. Throws as `conformance` does; what a case finds is in the report. */
export async function runConformance(backend: Backend, options: ConformanceOptions = {}): Promise<Report> {
  return begin(backend, options).report();
}

/** What is wrong with an outcome, in words; nothing if it is right. */
export function problemOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "fails":
      return outcome.problems.join("\n");
    case "needless":
      return `it is skipped (“${outcome.reason}”) but passes: take the skip away, or name the cases that fail`;
    case "agrees":
    case "emits":
    case "lacks":
    case "skipped":
      return undefined;
  }
}

interface Session {
  readonly cases: readonly ConformanceCase[];
  readonly result: (test: ConformanceCase) => Promise<CaseResult>;
  readonly report: () => Promise<Report>;
}

function begin(given: Backend, options: ConformanceOptions): Session {
  const guarded = guardBackend(given, { name: String(given.name), from: "under conformance" });
  if (!guarded.ok) throw new Error(guarded.error.message);
  const backend = guarded.value;
  const all = options.cases ?? conformanceCases();
  const cases = options.only === undefined ? all : selectCases(all, options.only);
  const reasons = reasonsToSkip(all, options.skip ?? {});
  const { device } = options;
  const runOptions = {
    ...(options.dtypes === undefined ? {} : { dtypes: options.dtypes }),
    ...(options.backendOptions === undefined ? {} : { backendOptions: options.backendOptions }),
    ...(device === undefined ? {} : { device: typeof device === "function" ? device : async () => device }),
  };

  const run = async (test: ConformanceCase): Promise<CaseResult> => {
    const start = performance.now();
    const verdict = await runCase(test, backend, runOptions);
    const reason = reasons.get(test.id);
    const outcome: Outcome =
      reason === undefined
        ? verdict
        : verdict.kind === "fails"
          ? { kind: "skipped", reason, problems: verdict.problems }
          : { kind: "needless", reason };
    return { area: test.area, name: test.name, outcome, ms: performance.now() - start };
  };

  // Results are made when asked for, and the next ones with them, so that `parallel` cases are under way.
  const { parallel = 1 } = options;
  const order = new Map(cases.map((c, i) => [c, i] as const));
  const made = new Map<ConformanceCase, Promise<CaseResult>>();
  const result = (test: ConformanceCase): Promise<CaseResult> => {
    const from = order.get(test) ?? 0;
    for (const c of cases.slice(from, from + parallel)) if (!made.has(c)) made.set(c, run(c));
    return made.get(test) ?? run(test);
  };
  const report = async (): Promise<Report> => {
    const start = performance.now();
    const results: CaseResult[] = [];
    for (const c of cases) results.push(await result(c));
    const passed = results.every((r) => problemOf(r.outcome) === undefined);
    return { backend: backend.name, passed, seconds: (performance.now() - start) / 1000, results };
  };
  return { cases, result, report };
}

function byArea(cases: readonly ConformanceCase[]): ReadonlyMap<string, readonly ConformanceCase[]> {
  const areas = new Map<string, ConformanceCase[]>();
  for (const c of cases) {
    const list = areas.get(c.area);
    if (list === undefined) areas.set(c.area, [c]);
    else list.push(c);
  }
  return areas;
}

function globalTests(): TestFunctions {
  const { describe, test } = globalThis as Partial<TestFunctions>;
  if (describe === undefined || test === undefined)
    throw new Error("there is no test runner: pass its functions, conformance(backend, { test: { describe, test } })");
  return { describe, test };
}
