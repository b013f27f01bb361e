import type { Plan } from "../cost/plan.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { diagnosticToJson } from "../diagnostics/frame.js";
import type { Lowered } from "../driver/compile.js";
import { planOf, planText, planWarnings, readPlan } from "../driver/plan.js";
import { writeWhole } from "../driver/write.js";
import { ok, type Result } from "../util/result.js";
import { report } from "./terminal.js";

/** The options `--plan` and `--save-plan` of the commands that compile. */
export interface PlanOptions {
  readonly plan?: string;
  readonly savePlan?: string;
}

/** The plan to compile by, as an option of `lower`. */
export interface PlanChoice {
  readonly plan?: Plan;
}

export function planFor(options: PlanOptions): Result<PlanChoice, Diagnostic> {
  if (options.plan === undefined) return ok({});
  const plan = readPlan(options.plan);
  return plan.ok ? ok({ plan: plan.value }) : plan;
}

/** Writes the plan that a compilation followed, where that is asked for. */
export function keepPlan(options: PlanOptions, lowered: Lowered): Result<unknown, Diagnostic> {
  return options.savePlan === undefined ? ok(undefined) : writeWhole(options.savePlan, planText(planOf(lowered)));
}

/** Says what of a plan was not followed: on standard error, or as JSON for the command's own object. */
export function warnOfPlan(
  { plan }: PlanChoice,
  compiled: readonly Lowered[],
  json: boolean,
): readonly ReturnType<typeof diagnosticToJson>[] {
  const warnings = plan === undefined ? [] : planWarnings(plan, compiled);
  if (!json) report(warnings, false);
  return warnings.map(diagnosticToJson);
}
