/** `lfc/conformance`: the suite that says whether a backend gives the numbers that a model means. */
export { type CaseModel, type CaseRun, type ConformanceCase, casesIn, conformanceCases } from "./cases.js";
export { type CaseResult, formatReport, type Outcome, type Report, reportTable } from "./report.js";
export { type RunOptions, runCase, type Verdict } from "./run.js";
export type { CasePattern, Skips } from "./skip.js";
export {
  type ConformanceOptions,
  conformance,
  problemOf,
  runConformance,
  type TestFunctions,
} from "./suite.js";
