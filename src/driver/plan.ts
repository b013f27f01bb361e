import type { Remark } from "../backend/backend.js";
import { type Decision, emptyPlan, type Plan } from "../cost/plan.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { malformedPlan, planNotFollowed, planVersion, unknownSubject } from "../diagnostics/messages/plan.js";
import { nearest } from "../diagnostics/suggest.js";
import { fail, ok, type Result } from "../util/result.js";
import type { Lowered } from "./compile.js";
import { readSource } from "./sources.js";

/** Every decision of a compilation, in the order in which they were taken. */
export const decisionsOf = (remarks: readonly Remark[]): readonly Decision[] =>
  remarks.flatMap((r) => (r.decision === undefined ? [] : [r.decision]));

/** The plan that a compilation followed: with it the same model gives the same bytes, whatever the costs become. */
export function planOf({ graph, remarks, target }: Pick<Lowered, "graph" | "remarks" | "target">): Plan {
  const decisions = decisionsOf(remarks);
  const table = <T>(kind: Decision["kind"], of: (d: Decision) => T): Readonly<Record<string, T>> =>
    Object.fromEntries(decisions.flatMap((d) => (d.kind === kind ? [[d.subject, of(d)]] : [])));
  return {
    ...emptyPlan,
    model: graph.name,
    target: target.name,
    orders: table("order", (d) => d.chosen.name),
    strategies: table("strategy", (d) => d.chosen.name),
    tiles: table("tile", (d) => d.chosen.params ?? {}),
  };
}

/** A plan as a file: subjects in order, so that two plans can be compared line by line. */
export const planText = (plan: Plan): string => `${JSON.stringify(sorted(plan), null, 2)}\n`;

function sorted(plan: Plan): Plan {
  const byName = <T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  const { planVersion, model, target, orders, strategies, tiles } = plan;
  return { planVersion, model, target, orders: byName(orders), strategies: byName(strategies), tiles: byName(tiles) };
}

/** Reads a plan file; all that is wrong with it is one diagnostic. */
export function readPlan(path: string): Result<Plan, Diagnostic> {
  const source = readSource(path);
  return source.ok ? parsePlan(source.value.text, path) : source;
}

/** The plan that a text holds. Tables that it leaves out are empty; members that a plan does not have are mistakes. */
export function parsePlan(text: string, path: string): Result<Plan, Diagnostic> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    return fail(malformedPlan(path, [error instanceof Error ? error.message : String(error)]));
  }
  if (!isObject(found)) return fail(malformedPlan(path, ["it is no JSON object"]));
  if (found.planVersion !== emptyPlan.planVersion) {
    if (typeof found.planVersion === "number")
      return fail(planVersion(path, String(found.planVersion), emptyPlan.planVersion));
    return fail(malformedPlan(path, ["planVersion is no number"]));
  }
  const problems: string[] = [];
  const members = Object.keys(emptyPlan);
  for (const name of Object.keys(found)) {
    if (members.includes(name)) continue;
    const near = nearest(name, members);
    problems.push(`there is no member ${name}${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  const word = (name: "model" | "target"): string => {
    const value = found[name] ?? "";
    if (typeof value !== "string") problems.push(`${name} is no text`);
    return String(value);
  };
  const plan: Plan = {
    planVersion: emptyPlan.planVersion,
    model: word("model"),
    target: word("target"),
    orders: table(found.orders, "orders", isText, "no text", problems),
    strategies: table(found.strategies, "strategies", isText, "no text", problems),
    tiles: table(found.tiles, "tiles", isNumbers, "no object of numbers", problems),
  };
  return problems.length > 0 ? fail(malformedPlan(path, problems)) : ok(plan);
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (x: unknown): x is Json => typeof x === "object" && x !== null && !Array.isArray(x);
const isText = (x: unknown): x is string => typeof x === "string";
const isNumbers = (x: unknown): x is Readonly<Record<string, number>> =>
  isObject(x) && Object.values(x).every((n) => typeof n === "number");

/** One table of a plan; entries that do not fit are problems. */
function table<T>(
  value: unknown,
  name: string,
  fits: (x: unknown) => x is T,
  otherwise: string,
  problems: string[],
): Readonly<Record<string, T>> {
  if (value === undefined) return {};
  if (!isObject(value)) {
    problems.push(`${name} is no object`);
    return {};
  }
  const entries: [string, T][] = [];
  for (const [subject, entry] of Object.entries(value)) {
    if (fits(entry)) entries.push([subject, entry]);
    else problems.push(`${name}: the entry of ${subject} is ${otherwise}`);
  }
  return Object.fromEntries(entries);
}

/** What of a plan was not followed: subjects that no compilation decides about, choices that could not be had. */
export function planWarnings(
  plan: Plan,
  compiled: readonly Pick<Lowered, "backend" | "remarks">[],
): readonly Diagnostic[] {
  const warnings: Diagnostic[] = [];
  const all = compiled.flatMap(({ backend, remarks }) =>
    decisionsOf(remarks).map((decision) => ({ backend, decision })),
  );
  for (const { kind, what, table } of tablesOf(plan)) {
    const subjects = new Set(all.flatMap(({ decision }) => (decision.kind === kind ? [decision.subject] : [])));
    for (const subject of Object.keys(table))
      if (!subjects.has(subject))
        warnings.push(unknownSubject(`${article(what)} ${what}`, subject, nearest(subject, subjects)));
    for (const { backend, decision } of all) {
      if (decision.kind !== kind || decision.pinned || !Object.hasOwn(table, decision.subject)) continue;
      const taken = decision.chosen;
      const wanted = shown(table[decision.subject]);
      const has = kind === "tile" ? shown(taken.params) : taken.name;
      if (wanted !== has) warnings.push(planNotFollowed(`the ${what}`, decision.subject, backend.name, wanted, has));
    }
  }
  return warnings;
}

const tablesOf = (plan: Plan) =>
  [
    { kind: "order", what: "order", table: plan.orders },
    { kind: "strategy", what: "strategy", table: plan.strategies },
    { kind: "tile", what: "tile", table: plan.tiles },
  ] as const;

const article = (word: string): string => (/^[aeiou]/.test(word) ? "an" : "a");

/** A choice as a plan writes it, in one line. */
const shown = (x: string | Readonly<Record<string, number>> | undefined): string =>
  typeof x === "string"
    ? x
    : Object.entries(x ?? {})
        .map(([name, value]) => `${name} ${value}`)
        .join(", ");
