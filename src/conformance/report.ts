import type { Verdict } from "./run.js";

/** What a case came to, skips counted in. */
export type Outcome =
  | Verdict
  /** It is known to fail. */
  | { readonly kind: "skipped"; readonly reason: string; readonly problems: readonly string[] }
  /** It is skipped and would pass. */
  | { readonly kind: "needless"; readonly reason: string };

/** A case and what it came to. */
export interface CaseResult {
  readonly area: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** Milliseconds, those of cases beside it included. */
  readonly ms: number;
}

/** All cases of a run. */
export interface Report {
  readonly backend: string;
  /** No case fails and no skip is needless. */
  readonly passed: boolean;
  readonly seconds: number;
  /** In the order of areas and names. */
  readonly results: readonly CaseResult[];
}

const areasOf = (results: readonly CaseResult[]): readonly string[] => [...new Set(results.map((r) => r.area))];

const kinds: readonly (readonly [kind: Outcome["kind"], words: string])[] = [
  ["agrees", "agree"],
  ["emits", "emit"],
  ["lacks", "left out"],
  ["skipped", "skipped"],
  ["needless", "skipped without need"],
  ["fails", "fail"],
];

const counts = (results: readonly CaseResult[]): string =>
  kinds
    .map(([kind, words]) => [results.filter((r) => r.outcome.kind === kind).length, words] as const)
    .filter(([n]) => n > 0)
    .map(([n, words]) => `${n} ${words}`)
    .join(", ");

/** A report as text for a terminal: a line for each area, then what is skipped and what is wrong. */
export function formatReport({ backend, results, seconds }: Report): string {
  const areas = areasOf(results);
  const width = Math.max(...areas.map((a) => a.length), 0);
  const lines = areas.map((area) => `  ${area.padEnd(width)}  ${counts(results.filter((r) => r.area === area))}`);
  const details = results.flatMap(({ area, name, outcome }) => {
    const id = `${area}/${name}`;
    if (outcome.kind === "fails") return [`  ${id} fails`, ...outcome.problems.map((p) => `    ${p}`)];
    if (outcome.kind === "skipped") return [`  ${id} is skipped: ${outcome.reason}`];
    if (outcome.kind === "needless") return [`  ${id} passes, but is skipped: ${outcome.reason}`];
    return [];
  });
  return [`${backend}: ${counts(results)} in ${seconds.toFixed(1)} s`, ...lines, ...details, ""].join("\n");
}

/**
 * The reports of several machines as a Markdown table, a row for each area: how many cases pass of how many, and below the
 * table why others do not run. Times are left out, so that the same results give the same text.
 */
export function reportTable(reports: readonly { readonly title: string; readonly report: Report }[]): string {
  const areas = [...new Set(reports.flatMap(({ report }) => areasOf(report.results)))].sort();
  const head = ["area", ...reports.map((r) => r.title)];
  const cell = (results: readonly CaseResult[]): string => {
    const passed = results.filter((r) => r.outcome.kind === "agrees" || r.outcome.kind === "emits").length;
    return results.length === 0 ? "" : passed === results.length ? `${passed}` : `${passed} of ${results.length}`;
  };
  const rows = [
    ...areas.map((area) => [area, ...reports.map(({ report }) => cell(report.results.filter((r) => r.area === area)))]),
    ["all", ...reports.map(({ report }) => cell(report.results))],
  ];
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => (r[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((c, i) => (i === 0 ? c.padEnd(widths[i] ?? 0) : c.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((w, i) => (i === 0 ? "-".repeat(w) : `${"-".repeat(Math.max(w - 1, 2))}:`)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line), ...notes(reports)].join("\n");
}

function notes(reports: readonly { readonly title: string; readonly report: Report }[]): readonly string[] {
  const lines = reports.flatMap(({ title, report }) => {
    const lacking = new Set(report.results.flatMap((r) => (r.outcome.kind === "lacks" ? r.outcome.dtypes : [])));
    const skipped = report.results.flatMap(({ area, name, outcome }) =>
      outcome.kind === "skipped" ? [`- ${title} skips \`${area}/${name}\`: ${outcome.reason}`] : [],
    );
    const failed = report.results.flatMap(({ area, name, outcome }) =>
      outcome.kind === "fails" || outcome.kind === "needless" ? [`- ${title} fails \`${area}/${name}\``] : [],
    );
    return [
      ...(lacking.size === 0 ? [] : [`- ${title} has no ${[...lacking].sort().join(", ")}`]),
      ...skipped,
      ...failed,
    ];
  });
  return lines.length === 0 ? [] : ["", ...lines];
}
