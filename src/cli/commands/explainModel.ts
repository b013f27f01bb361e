import type { Choice } from "../../cost/plan.js";
import { resolveBackend } from "../../driver/backends.js";
import { lower } from "../../driver/compile.js";
import {
  type AttentionGroup,
  type DecisionGroup,
  explainModel,
  type ModelReport,
  type Totals,
  withoutLayers,
} from "../../driver/explain.js";
import { showBytes, showFlops } from "../../driver/report.js";
import type { ModelOptions } from "../options.js";
import { keepPlan, type PlanOptions, planFor, warnOfPlan } from "../plan.js";
import { loadGraph } from "../prepare.js";
import { exit, paint, print, report, table } from "../terminal.js";

interface Options extends ModelOptions, PlanOptions {
  readonly backend?: string;
  readonly target?: string;
}

/** Prints every decision of a compilation, with what it was taken from, and what came of it. */
export async function explainModelCommand(file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const graph = loadGraph(file, options);
  if (!graph.ok) return report(graph.error, json);
  const backend = await resolveBackend(options.backend ?? "wgsl");
  if (!backend.ok) return report([backend.error], json);
  const plan = planFor(options);
  if (!plan.ok) return report([plan.error], json);
  const lowered = lower(graph.value, backend.value, {
    fp: options.fp,
    ...plan.value,
    ...(options.target === undefined ? {} : { backendOptions: { profile: options.target } }),
  });
  if (!lowered.ok) return report(lowered.error, json);
  const kept = keepPlan(options, lowered.value);
  if (!kept.ok) return report([kept.error], json);
  const explained = explainModel(graph.value, lowered.value);
  const warnings = warnOfPlan(plan.value, [lowered.value], json);
  print(json ? JSON.stringify({ ...explained, diagnostics: warnings }, null, 2) : describe(explained));
  return exit.ok;
}

function describe(r: ModelReport): string {
  const at = Object.entries(r.at).map(([name, value]) => `${name} = ${value}`);
  const head = [`${r.model} for ${r.backend} (${r.target})`, ...(at.length === 0 ? [] : [`at ${at.join(", ")}`])];
  return [
    head.join(", "),
    ...r.decisions.filter((d) => d.decision.kind !== "tile").map(decisionText),
    ...tileTable(r.decisions.filter((d) => d.decision.kind === "tile")),
    ...(r.attentions.length === 0 ? [] : [attentionTable(r.attentions)]),
    totalsText(r.totals),
    ...(r.verdict === null ? [] : [r.verdict]),
  ].join("\n\n");
}

function decisionText({ decision, subjects, where }: DecisionGroup): string {
  const { kind, chosen, written, others, pinned } = decision;
  const title = [`${kind} of ${paint.bold(name(subjects))}`, ...layers(subjects), ...(where === "" ? [] : [where])];
  const rows = [
    row(pinned ? "by the plan" : "chosen", chosen, chosen),
    ...(written === undefined || written.name === chosen.name ? [] : [row("as written", written, chosen)]),
    ...others.filter((o) => o.name !== written?.name).map((o) => row("or", o, chosen)),
  ];
  return `${title.join(", ")}\n${indented(columns(rows))}`;
}

/** Tiles are many: a line for each, with the next best. */
function tileTable(tiles: readonly DecisionGroup[]): readonly string[] {
  if (tiles.length === 0) return [];
  const rows = tiles.map(({ decision: { chosen, others, pinned }, subjects }) => {
    const next = others.find((o) => o.refused === undefined);
    return [
      [name(subjects), ...layers(subjects)].join(", "),
      `${chosen.name}${pinned ? " (by the plan)" : ""}`,
      showFlops(chosen.flops),
      showBytes(chosen.bytes),
      `~${showSeconds(chosen.seconds)}`,
      next === undefined ? "-" : `${difference(chosen, next)}: ${(next.seconds / chosen.seconds).toFixed(2)}× the time`,
    ];
  });
  return [table(["tile of", "chosen", "flops", "bytes", "estimate", "next"], rows)];
}

/** What of a tile is not as in another. */
function difference(from: Choice, to: Choice): string {
  const changed = Object.entries(to.params ?? {}).filter(([key, value]) => from.params?.[key] !== value);
  return changed.length === 0 ? to.name : changed.map(([key, value]) => `${key} ${value}`).join(", ");
}

/** A choice in one line: its numbers, and how many times the chosen's work it is or why it was refused. */
function row(word: string, c: Choice, chosen: Choice): readonly string[] {
  const numbers = [showFlops(c.flops), showBytes(c.bytes), `${c.dispatches} dispatches`, `~${showSeconds(c.seconds)}`];
  const note =
    c.refused !== undefined
      ? c.refused
      : c !== chosen && chosen.flops > 0
        ? `${(c.flops / chosen.flops).toFixed(2)}× the flops`
        : c.shared === undefined
          ? ""
          : `${showFlops(c.shared.flops)} of it made already`;
  return [word, c.name, ...(c.refused === undefined ? numbers : ["", "", "", ""]), note];
}

const name = (subjects: readonly string[]): string =>
  subjects.length === 1 ? (subjects[0] ?? "") : withoutLayers(subjects[0] ?? "");

/** `layers 0–11`, where the subjects differ in one number. */
function layers(subjects: readonly string[]): readonly string[] {
  if (subjects.length === 1) return [];
  const numbers = subjects.map((s) => s.split(".").filter((word) => /^\d+$/.test(word)));
  const varying = (numbers[0] ?? []).flatMap((first, i) => (numbers.some((n) => n[i] !== first) ? [i] : []));
  const [only] = varying;
  if (varying.length !== 1 || only === undefined) return [`${subjects.length} times`];
  return [`layers ${ranges(numbers.map((n) => Number(n[only])))}`];
}

/** `0–3, 7`. */
function ranges(numbers: readonly number[]): string {
  const runs: { from: number; to: number }[] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && n === last.to + 1) last.to = n;
    else runs.push({ from: n, to: n });
  }
  return runs.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

const showSeconds = (s: number): string =>
  s >= 1 ? `${s.toFixed(2)} s` : s >= 1e-3 ? `${(s * 1e3).toFixed(2)} ms` : `${(s * 1e6).toFixed(1)} µs`;

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0)));
  return rows
    .map((r) =>
      r
        .map((cell, i) => (i >= 2 && i <= 5 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const indented = (text: string): string => text.replace(/^/gm, "  ");

function attentionTable(groups: readonly AttentionGroup[]): string {
  const size = (n: number | undefined): string => (n === undefined ? "-" : String(n));
  return table(
    ["attention", "rows", "context", "slots", "heads", "width", "textbook", "standard", "pays from"],
    groups.map((a) => [
      `${a.labels[0]}${a.labels.length === 1 ? "" : ` (${a.labels.length} times)`}`,
      String(a.rows),
      String(a.context),
      size(a.slots),
      String(a.heads),
      String(a.width),
      showFlops(a.textbook),
      showFlops(a.standard),
      a.paysFrom === undefined ? "-" : `n = ${a.paysFrom}`,
    ]),
  );
}

function totalsText(t: Totals): string {
  const against = (what: string, flops: number | null): readonly string[] =>
    flops === null ? [] : [`${what}  ${showFlops(flops)}, ${(flops / t.flops).toFixed(2)} times this program`];
  return [
    `a run             ${[showFlops(t.flops), ...(t.dispatches === null ? [] : [`in ${t.dispatches} dispatches`])].join(" ")}${
      t.bytes === null ? "" : `, ${showBytes(t.bytes)} touched`
    }`,
    ...(t.loadFlops === 0 ? [] : [`once, at load     ${showFlops(t.loadFlops)}`]),
    `parameters        ${showBytes(t.parameterBytes)}`,
    ...(t.transientBytes === null ? [] : [`temporaries, peak ${showBytes(t.transientBytes)}`]),
    ...against("as written      ", t.written),
    ...against("textbook order  ", t.textbook),
    ...against("standard        ", t.standard),
  ].join("\n");
}
