import type { Choice, Decision } from "../../src/cost/plan.js";
import { invariant } from "../../src/util/invariant.js";
import type { PassContext, Remark } from "../pass.js";
import { typical } from "./axis.js";
import type { BuildContext, Match, Params, Schedule } from "./interface.js";
import { resultOf } from "./interface.js";
import { costOfMatch } from "./meter.js";

/** A schedule for a match and its parameters, with what was decided. */
export interface Selection {
  readonly schedule: Schedule;
  readonly params: Params;
  /** The decision; its subject is the match's label. */
  readonly decision: Decision;
  /** What a plan asked for and could not have. */
  readonly refusedPin?: string;
}

/** How many of the points that were not taken a decision names unless told. */
const mentioned = 3;

/** How many dispatches a match takes with its parameters. */
const dispatchesOf = (p: Params): number => ((p.splits ?? 1) > 1 ? 2 : 1);

/** `regRows 16, regCols 4, laneRows 1, …` */
export const paramsText = (p: Params): string =>
  Object.entries(p)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

/**
 * The first schedule that takes a match, at the point that a plan names, else at the first of its space: spaces come
 * best first by the target's profile. A plan may name some of the parameters, the others are then those of the best point that
 * agrees with it; a point that is not legal is refused and the plan ignored.
 */
export function select(
  m: Match,
  cx: BuildContext,
  schedules: readonly Schedule[],
  pin: Params | undefined,
  label: string,
  others = mentioned,
): Selection {
  const refusals: string[] = [];
  for (const schedule of schedules) {
    const why = schedule.refuse(m, cx);
    if (why !== undefined) {
      refusals.push(`${schedule.name}: ${why}`);
      continue;
    }
    const space = schedule.space(m, cx);
    const [best] = space;
    invariant(best, () => `${schedule.name} has no parameters for ${label}`);
    const wanted = pin === undefined ? undefined : pinned(m, cx, schedule, space, pin);
    const params = typeof wanted === "object" ? wanted : best;
    const cost = costOfMatch(cx, m);
    const choice = (p: Params): Choice => ({
      name: paramsText(p),
      params: p,
      flops: typical(cost.flops),
      bytes: typical(cost.bytes),
      dispatches: dispatchesOf(p),
      seconds: schedule.estimate(m, p, cx).seconds,
    });
    const rest = space.filter((p) => p !== params);
    const decision: Decision = {
      kind: "tile",
      subject: label,
      chosen: choice(params),
      others: rest.slice(0, others).map(choice),
      pinned: typeof wanted === "object",
    };
    return { schedule, params, decision, ...(typeof wanted === "string" && { refusedPin: wanted }) };
  }
  invariant(false, () => `no schedule for ${label}: ${refusals.join("; ")}`);
}

/** The point that a plan names, or why it can't be had. */
function pinned(
  m: Match,
  cx: BuildContext,
  schedule: Schedule,
  space: readonly Params[],
  pin: Params,
): Params | string {
  const [best] = space;
  const strange = Object.keys(pin).filter((name) => best?.[name] === undefined);
  if (strange.length > 0) return `${schedule.name} has no ${strange.join(", ")}`;
  const found = space.find((p) => Object.entries(pin).every(([name, value]) => p[name] === value));
  if (found !== undefined) return found;
  const whole = { ...best, ...pin };
  return schedule.illegal === undefined ? "it is no point of the space" : (schedule.illegal(m, whole, cx) ?? whole);
}

/** What `lfc explain` prints of a selection: the decision, and a plan that could not be followed. */
export function remarksOf(
  m: Match,
  cx: BuildContext,
  s: Selection,
  label: string,
  subject: string,
  form: string,
): readonly Remark[] {
  const loc = cx.graph.locs[resultOf(m)] ?? { kind: "none" };
  const remark: Remark = {
    pass: "schedule",
    loc,
    message: `${label}: ${s.schedule.name}`,
    data: s.params,
    decision: { ...s.decision, subject, form },
  };
  if (s.refusedPin === undefined) return [remark];
  return [remark, { pass: "schedule", loc, message: `${label}: the plan's tile is not followed, ${s.refusedPin}` }];
}

/** The point that a plan names for a match. */
export const pinOf = (pass: PassContext, subject: string): Params | undefined => {
  const tiles = pass.plan?.tiles;
  return tiles !== undefined && Object.hasOwn(tiles, subject) ? tiles[subject] : undefined;
};
