import type { ConformanceCase } from "./cases.js";

/** `area/*` or `area/case`. */
export type CasePattern = `${string}/${string}`;

/** Cases that a backend cannot pass, each with the reason in words. */
export type Skips = Readonly<Record<CasePattern, string>>;

const matches = (pattern: string, test: ConformanceCase): boolean =>
  pattern === test.id || pattern === `${test.area}/*`;

/** The cases that some pattern names. Throws on a pattern that names none: it is misspelt, or the case is gone. */
export function selectCases(
  cases: readonly ConformanceCase[],
  patterns: readonly string[],
): readonly ConformanceCase[] {
  for (const pattern of patterns)
    if (!cases.some((c) => matches(pattern, c))) throw new Error(`${pattern} names no case: write area/* or area/case`);
  return cases.filter((c) => patterns.some((p) => matches(p, c)));
}

/** Why each skipped case is skipped, by its id. Throws on a pattern that names no case and on one without a reason. */
export function reasonsToSkip(cases: readonly ConformanceCase[], skips: Skips): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const [pattern, reason] of Object.entries(skips)) {
    if (typeof reason !== "string" || reason.trim() === "") throw new Error(`skipping ${pattern} needs a reason`);
    for (const test of selectCases(cases, [pattern])) {
      // the exact name says more than its area
      if (!reasons.has(test.id) || pattern === test.id) reasons.set(test.id, reason.trim());
    }
  }
  return reasons;
}
