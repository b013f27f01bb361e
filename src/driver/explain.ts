import { dropUnused } from "../../passes/graph/dropUnused.js";
import { parameterOnly } from "../../passes/graph/hoistWeights.js";
import { simplify } from "../../passes/graph/simplify.js";
import { greatestSizes } from "../../passes/graph/typicalSize.js";
import { runPasses } from "../../passes/manager.js";
import type { PassContext, Remark } from "../backend/backend.js";
import type { Decision } from "../cost/plan.js";
import { evalDim } from "../ir/dim.js";
import { graphFlops, nodeFlops } from "../ir/graph/flops.js";
import type { Graph, Node } from "../ir/graph/ops.js";
import { liveValues } from "../ir/graph/visit.js";
import type { Step } from "../ir/program/program.js";
import { type Attention, attentionsOf, writtenFlops } from "./attention.js";
import type { Lowered } from "./compile.js";
import { dispatches, figures, transientBytes } from "./report.js";
import { sourceLines } from "./withSources.js";

/** What the compiler decided about a model, with the numbers that made it, and what came of it. */
export interface ModelReport {
  readonly model: string;
  readonly backend: string;
  readonly target: string;
  /** The run-time sizes that all numbers are for. */
  readonly at: Readonly<Record<string, number>>;
  readonly decisions: readonly DecisionGroup[];
  readonly attentions: readonly AttentionGroup[];
  readonly totals: Totals;
  /** Whether Linformer pays, in one sentence. */
  readonly verdict: string | null;
}

/** Equal decisions about equal things: once for all layers. */
export interface DecisionGroup {
  readonly decision: Decision;
  /** Their keys in a plan. */
  readonly subjects: readonly string[];
  /** Lines of the source. */
  readonly where: string;
}

export interface AttentionGroup extends Omit<Attention, "value" | "label"> {
  readonly labels: readonly string[];
}

/** Numbers of one run, in flops and bytes; what is made once when the weights are loaded is apart. */
export interface Totals {
  readonly flops: number;
  readonly loadFlops: number;
  /** `null` is what a backend cannot know. */
  readonly dispatches: number | null;
  readonly bytes: number | null;
  readonly transientBytes: number | null;
  readonly parameterBytes: number;
  /** The same program with every product multiplied as it is written. */
  readonly written: number;
  /**
   * With each Linformer attention in the textbook order `E(XW)`, in the better of it and `(EX)W`, and with standard
   * attention in its place.
   */
  readonly textbook: number | null;
  readonly better: number | null;
  readonly standard: number | null;
}

/**
 * Explains a compilation.
 *
 * @param source the unoptimised graph that was compiled
 * @param given run-time sizes; those that it leaves out count at the top of their range
 */
export function explainModel(
  source: Graph,
  lowered: Lowered,
  given: ReadonlyMap<string, number> = new Map(),
): ModelReport {
  const { backend, target, program, graph } = lowered;
  const cx: PassContext = { target, strategies: new Set(), fp: "strict", remark: () => {} };
  const plain = runPasses(source, [simplify, dropUnused], cx);
  const sizes = new Map([...greatestSizes(plain), ...given]);
  const attentions = attentionsOf(plain, sizes);
  const { parameterBytes } = figures(graph, program, []);
  const loadFlops = program === undefined ? parameterFlops(graph, sizes) : stepTotals(program.prepare, sizes).flops;
  const run = program === undefined ? undefined : stepTotals(program.steps, sizes);
  const written = writtenFlops(plain, sizes);
  const projected = attentions.some((a) => a.projection !== undefined);
  const instead = (of: (a: Attention) => number): number | null =>
    projected ? attentions.reduce((n, a) => n + of(a) - a.written, written) : null;
  const totals: Totals = {
    flops: run?.flops ?? evalDim(graphFlops(graph), sizes) - loadFlops,
    loadFlops,
    dispatches: run?.dispatches ?? null,
    bytes: run?.bytes ?? null,
    transientBytes: program === undefined ? null : transientBytes(program, sizes),
    parameterBytes,
    written,
    textbook: instead((a) => a.textbook),
    better: instead((a) => a.better),
    standard: instead((a) => a.standard),
  };
  return {
    model: graph.name,
    backend: backend.name,
    target: target.name,
    at: Object.fromEntries(sizes),
    decisions: groupDecisions(lowered.remarks),
    attentions: groupAttentions(attentions),
    totals,
    verdict: verdictOf(attentions, totals),
  };
}

function stepTotals(
  steps: readonly Step[],
  sizes: ReadonlyMap<string, number>,
): { readonly dispatches: number; readonly flops: number; readonly bytes: number } {
  const taken = dispatches(steps, sizes);
  return {
    dispatches: taken.length,
    flops: taken.reduce((n, d) => n + evalDim(d.flops, sizes), 0),
    bytes: taken.reduce((n, d) => n + evalDim(d.bytes, sizes), 0),
  };
}

/** Flops of what parameters alone decide. */
function parameterFlops(graph: Graph, sizes: ReadonlyMap<string, number>): number {
  const live = liveValues(graph);
  const parameters = parameterOnly(graph);
  const typeOf = (v: number): Node["type"] => (graph.nodes[v] as Node).type; // operands are nodes of the graph
  return graph.nodes.reduce(
    (n, node, v) => n + (live[v] && parameters.has(v) ? evalDim(nodeFlops(node, typeOf), sizes) : 0),
    0,
  );
}

/** A subject without the numbers of its layers. */
export const withoutLayers = (subject: string): string =>
  subject
    .split(".")
    .map((word) => (/^\d+$/.test(word) ? "*" : word))
    .join(".");

function groupDecisions(remarks: readonly Remark[]): readonly DecisionGroup[] {
  const groups = new Map<string, { decision: Decision; subjects: string[]; where: string }>();
  for (const { decision: taken, loc } of remarks) {
    if (taken === undefined) continue;
    const { form: _, ...decision } = taken;
    const where = sourceLines(loc);
    const key = JSON.stringify([{ ...decision, subject: withoutLayers(decision.subject) }, where]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { decision, subjects: [decision.subject], where });
    else known.subjects.push(decision.subject);
  }
  return [...groups.values()];
}

function groupAttentions(attentions: readonly Attention[]): readonly AttentionGroup[] {
  const groups = new Map<string, AttentionGroup & { labels: string[] }>();
  for (const { value: _, label, ...numbers } of attentions) {
    const key = JSON.stringify(numbers);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...numbers, labels: [label] });
    else known.labels.push(label);
  }
  return [...groups.values()];
}

/**
 * Judged by flops: those of this program, or in the better order of each attention, since the order taken may have more
 * of them and take less time.
 */
function verdictOf(attentions: readonly Attention[], { flops, better, standard }: Totals): string | null {
  if (attentions.length === 0) return null;
  if (better === null || standard === null) return "Attention is standard here: nothing projects its rows.";
  const least = Math.min(flops, better);
  const lengths = new Set(attentions.flatMap((a) => (a.projection === undefined ? [] : [a.context])));
  const at = lengths.size === 1 ? `at n = ${[...lengths][0]}` : "at these lengths";
  const takes = `with standard attention the model would take ${(standard / least).toFixed(2)} times the work`;
  if (least < standard) return `Linformer pays ${at}: ${takes}.`;
  const from = Math.max(...attentions.map((a) => a.paysFrom ?? 0));
  return `Linformer does not pay ${at}: ${takes}${from === 0 ? "" : `; it pays from n = ${from} on`}.`;
}
