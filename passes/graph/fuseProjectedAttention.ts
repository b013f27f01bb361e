import type { Choice, Decision } from "../../src/cost/plan.js";
import { noLoc } from "../../src/diagnostics/span.js";
import { keyMaker } from "../../src/ir/graph/key.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { liveValues } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";
import { estimateGraph } from "../schedule/estimate.js";
import { namesOf } from "../schedule/names.js";
import { argumentsOf, attentionForm, withProjections } from "./attentionForm.js";
import { attentionGraph, type Replacement, withRegions } from "./attentionRegion.js";
import { type Strategy, strategiesOf } from "./attentionStrategies.js";
import { readersIn } from "./readers.js";

/**
 * Makes a region of each softmax between two products: attention, with the query's projection before it and the output's
 * behind it where that is estimated to be worth it on the target, and nothing else reads what lies between. Left as it is
 * where kernels of its own are estimated to be faster, or where a plan says so. Everything that follows may inline the
 * region again: its body is what it means.
 */
export const fuseProjectedAttention: Pass<Graph> = {
  name: "fuseProjectedAttention",
  summary: "attention as one region, with the projections that are worth it",
  run,
};

const passName = "fuseProjectedAttention";

function run(graph: Graph, cx: PassContext): Graph {
  if (!cx.strategies.has("attention")) return graph;
  const readers = readersIn(graph);
  const live = liveValues(graph);
  const names = namesOf(graph);
  const keys = keyMaker();
  const known = new Map<string, readonly Judged[]>();
  /** Attentions of one label that differ have numbers behind it. */
  const kinds = new Map<string, string[]>();
  const replacements: Replacement[] = [];
  graph.nodes.forEach((node, v) => {
    if (node.op !== "softmax" || !live[v]) return;
    const loc = graph.locs[v] ?? noLoc;
    const label = names.path(v) ?? "attention";
    const form = attentionForm(graph, v, readers);
    if ("refuse" in form) {
      if (form.nearly) cx.remark({ pass: passName, loc, message: `${label}: not fused, ${form.refuse}` });
      return;
    }
    const whole = attentionGraph(graph, withProjections(form, true, true));
    const key = keys.graph(whole);
    const judged = known.get(key) ?? judge(whole, cx);
    known.set(key, judged);
    const base = `${names.path(form.core) ?? label} (attention)`;
    const ofBase = kinds.get(base) ?? [];
    if (!ofBase.includes(key)) kinds.set(base, [...ofBase, key]);
    const number = (kinds.get(base) ?? []).indexOf(key) + 1;
    const subject = number === 1 ? base : `${base}~${number}`;

    const pin = cx.plan?.strategies[subject];
    const { taken, refusedPin } = choose(judged, pin);
    if (refusedPin !== undefined)
      cx.remark({ pass: passName, loc, message: `${subject}: the plan's strategy is not followed, ${refusedPin}` });
    const decision: Decision = {
      kind: "strategy",
      subject,
      chosen: taken.choice,
      others: judged.filter((j) => j !== taken).map((j) => j.choice),
      pinned: pin !== undefined && refusedPin === undefined,
    };
    cx.remark({ pass: passName, loc, message: `${subject}: ${says(taken, judged)}`, decision });
    if (taken.strategy.name === "unfused") return;
    const { projectQuery, projectOut } = taken.strategy.form ?? form;
    replacements.push({
      form: withProjections(form, projectQuery !== undefined, projectOut !== undefined),
      strategy: `attention/${taken.strategy.name}`,
    });
  });
  return withRegions(graph, replacements, passName);
}

/** A strategy with what it is estimated to take. */
interface Judged {
  readonly strategy: Strategy;
  readonly choice: Choice;
}

/**
 * How much faster kernels of their own must look: their scores take memory in every run, n times k of each head, and
 * push out of caches what an estimate supposes there.
 */
const worthScores = 1.15;

/** The strategies for an attention that is a graph of its own, the best first, those that can't be had last. */
function judge(whole: Graph, cx: PassContext): readonly Judged[] {
  const softmax = whole.nodes.findIndex((n) => n.op === "softmax");
  const form = attentionForm(whole, softmax);
  invariant(!("refuse" in form), () => "an attention by itself is one");
  // What is decided here must not be taken from a plan for kernels, nor be remarked upon.
  const quiet: PassContext = { target: cx.target, strategies: cx.strategies, fp: cx.fp, remark: () => {} };
  const none = { flops: 0, bytes: 0, dispatches: 0, seconds: 0 };
  return strategiesOf(form, cx.target, (f) => argumentsOf(whole, f).length)
    .map((strategy): Judged => {
      const { name, refused, form: own } = strategy;
      if (refused !== undefined) return { strategy, choice: { name, ...none, refused } };
      const graph =
        own === undefined ? whole : withRegions(whole, [{ form: own, strategy: `attention/${name}` }], passName);
      return { strategy, choice: { name, ...estimateGraph(graph, quiet) } };
    })
    .sort((a, b) => Number(isRefused(a)) - Number(isRefused(b)) || rank(a) - rank(b));
}

const isRefused = (j: Judged): boolean => j.strategy.refused !== undefined;

const rank = ({ strategy, choice }: Judged): number => choice.seconds * (strategy.name === "unfused" ? worthScores : 1);

function choose(judged: readonly Judged[], pin: string | undefined): { taken: Judged; refusedPin?: string } {
  // Where nothing can be had, it is left as it is: what it takes then is seen by what follows.
  const best = judged.find((j) => !isRefused(j)) ?? judged.find((j) => j.strategy.name === "unfused");
  invariant(best, () => "an attention has a strategy");
  if (pin === undefined) return { taken: best };
  const name = pin.replace(/^attention\//, "");
  const wanted = judged.find((j) => j.strategy.name === name);
  if (wanted === undefined) return { taken: best, refusedPin: `${pin} is no strategy of it` };
  const { refused } = wanted.strategy;
  return refused === undefined ? { taken: wanted } : { taken: best, refusedPin: `${pin}: ${refused}` };
}

function says(taken: Judged, judged: readonly Judged[]): string {
  const ms = (j: Judged): string => `${(j.choice.seconds * 1e3).toPrecision(3)} ms`;
  const others = judged.filter((j) => j !== taken);
  const slower = others.filter((j) => !isRefused(j)).map((j) => `${j.strategy.name} ${ms(j)}`);
  const refused = others.filter(isRefused).map((j) => `not ${j.strategy.name}: ${j.strategy.refused}`);
  return [`${taken.strategy.name}, estimated ${ms(taken)}`, ...slower, ...refused].join("; ");
}
