import { constValue, productDim } from "../../src/ir/dim.js";
import type { Graph, Node, ValueId } from "../../src/ir/graph/ops.js";
import type { Kernel } from "../../src/ir/kernel/ops.js";
import type { Program, Resource, Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { dedupe } from "../kernel/dedupe.js";
import type { Pass, PassContext, Remark } from "../pass.js";
import { attention } from "./attention.js";
import { formOf } from "./attentionShape.js";
import { fitting } from "./attentionSpace.js";
import { concat } from "./concat.js";
import { contraction } from "./contraction.js";
import { withCopies } from "./copies.js";
import { cpuAttention } from "./cpuAttention.js";
import { cpuContraction } from "./cpuContraction.js";
import { inlineRegions } from "./inlineRegions.js";
import { type BuildContext, coveredBy, type Match, resultOf, type Schedule, type Stored } from "./interface.js";
import { type Lowering, lowering } from "./lowering.js";
import { namesOf } from "./names.js";
import { narrow } from "./narrow.js";
import { pointwise } from "./pointwise.js";
import { kernelPool } from "./pool.js";
import { noRefusals, planRegions, type Refusals, type Regions, runTimeSizes } from "./regions.js";
import { rowReduction } from "./rowReduction.js";
import { allUses } from "./uses.js";

/** The schedules, in the order in which they are asked; the first that does not refuse takes a match. */
export const schedules: readonly Schedule[] = [
  cpuAttention,
  cpuContraction,
  contraction,
  attention,
  pointwise,
  rowReduction,
  concat,
] as unknown as readonly Schedule[];

/** Graph to kernels: which maps run inside which kernel, a schedule for each node that is left, and the memory between them. */
export const schedulePass: Pass<Graph, Program> = {
  name: "schedule",
  summary: "a kernel for every node that has memory of its own",
  run: schedule,
};

export function schedule(graph: Graph, pass: PassContext): Program {
  const built = settled(graph, pass);
  for (const remark of built.remarks) pass.remark(remark);
  return dedupe.run(built.program, pass);
}

function settled(graph: Graph, pass: PassContext): Built {
  const g = prepared(graph, pass);
  const kernels = lowering(pass, schedules);
  let refused = noRefusals;
  // A kernel that would bind too many buffers gives up its epilogue, then its prologue, then vectors, and all is planned again.
  for (;;) {
    const plan = planRegions(g, refused);
    const built = buildAll(g, plan, refused, kernels, pass);
    if (built.tooWide.length === 0) return built;
    refused = refuseMore(g, plan, built.tooWide, refused);
  }
}

/** The graph as its kernels are made of it: a region that no schedule computes in one piece is inlined. */
export function prepared(graph: Graph, pass: PassContext): Graph {
  const whole = (region: Extract<Node, { op: "region" }>): boolean => {
    const form = formOf(region);
    return form !== undefined && fitting(form, pass.target);
  };
  return withCopies(narrow(inlineRegions(graph, whole), pass.target.maxBuffers));
}

interface Built {
  readonly program: Program;
  readonly tooWide: readonly Match[];
  readonly remarks: readonly Remark[];
}

function buildAll(g: Graph, plan: Regions, refused: Refusals, kernels: Lowering, pass: PassContext): Built {
  const cx = buildContext(g, plan, refused, pass);
  const pool = kernelPool();
  const prepare: Step[] = [];
  const steps: Step[] = [];
  const temps: Temp[] = [];
  const tooWide: Match[] = [];
  const remarks: Remark[] = [];
  for (const m of plan.matches) {
    const { lowered, remarks: made } = kernels.of(m, cx);
    remarks.push(...made);
    if (lowered.kernels.some((k) => globals(k) > pass.target.maxBuffers)) tooWide.push(m);
    temps.push(...lowered.temps);
    const own = pool.add(lowered.kernels, lowered.steps);
    const constant = plan.constant.has(resultOf(m));
    for (const s of own) (constant || ofParameters(s, pool.kernels(), prepare) ? prepare : steps).push(s);
  }
  const program: Program = {
    irVersion: 1,
    name: g.name,
    symbols: runTimeSizes(g),
    resources: resourcesOf(g, plan, cx, temps),
    kernels: pool.kernels(),
    prepare,
    steps,
  };
  return { program, tooWide, remarks };
}

/** Whether a step writes memory of its match's own, from parameters and what is prepared of them, at sizes that are known. */
function ofParameters(s: Step, kernels: readonly Kernel[], prepared: readonly Step[]): boolean {
  if (s.step === "choose" || ![...s.grid, ...s.dims].every((d) => constValue(d) !== undefined)) return false;
  const kernel = kernels.find((k) => k.name === s.kernel);
  return (kernel?.buffers ?? []).every((b) => {
    if (b.space !== "global") return true;
    const resource = s.bind[b.id]?.resource ?? "";
    // The results of nodes are called by a number alone.
    if (b.access !== "read") return /^temp\.\d+\./.test(resource);
    return (
      resource.startsWith("param.") ||
      prepared.some((p) => p.step === "dispatch" && Object.values(p.bind).some((o) => o.resource === resource))
    );
  });
}

const globals = (k: Kernel): number => k.buffers.filter((b) => b.space === "global").length;

/** Drops what the widest kernels swallowed. */
function refuseMore(g: Graph, plan: Regions, tooWide: readonly Match[], before: Refusals): Refusals {
  const epilogue = new Set(before.epilogue);
  const prologue = new Set(before.prologue);
  const vectors = new Set(before.vectors);
  for (const m of tooWide) {
    if (m.epilogue.length > 0 || m.row !== undefined) {
      epilogue.add(m.root);
      continue;
    }
    const inside = new Set<ValueId>();
    const visit = (v: ValueId): void => {
      for (const use of allUses(g.nodes[v] as Node)) {
        if (!plan.inlined.has(use.value) || inside.has(use.value)) continue;
        inside.add(use.value);
        visit(use.value);
      }
    };
    visit(m.root);
    if (inside.size === 0) {
      invariant(!vectors.has(m.root), () => `a ${g.nodes[m.root]?.op} reads more tensors than a kernel can bind`);
      vectors.add(m.root);
    }
    for (const v of inside) prologue.add(v);
  }
  return { epilogue, prologue, vectors };
}

export function buildContext(g: Graph, plan: Regions, refused: Refusals, pass: PassContext): BuildContext {
  const names = namesOf(g);
  const node = (v: ValueId): Node => {
    const found = g.nodes[v];
    invariant(found, () => `the graph has no value %${v}`);
    return found;
  };
  const outputs = new Map<ValueId, string>();
  for (const o of g.outputs) if (!outputs.has(o.value)) outputs.set(o.value, o.name);
  const readers = firstReaders(g, plan);
  const facts = new Map<Match, Map<string, unknown>>();
  const stored = (v: ValueId): Stored => {
    const n = node(v);
    invariant(!plan.inlined.has(v), () => `%${v} has no memory`);
    const output = outputs.get(v);
    const resource =
      n.op === "input"
        ? `input.${n.name}`
        : n.op === "param"
          ? `param.${n.path}`
          : output === undefined
            ? `temp.${v}`
            : `output.${output}`;
    return { resource, dtype: n.type.dtype, shape: n.type.shape, hint: names.of(v) ?? "t" };
  };
  const kindOf = (v: ValueId): string => {
    const n = node(v);
    return n.op === "region" ? (n.strategy.split("/")[0] ?? n.op) : n.op;
  };
  const name = (m: Match): string => {
    const word = names.of(resultOf(m)) ?? names.of(m.root);
    const kind = kindOf(m.root);
    return word === undefined ? kind : `${word}_${kind}`;
  };
  return {
    graph: g,
    target: pass.target,
    node,
    stored,
    inlined: (v) => plan.inlined.has(v),
    name,
    label(m) {
      const words = names.path(resultOf(m)) ?? names.path(m.root);
      const kind = kindOf(m.root);
      return words === undefined ? kind : `${words} (${kind})`;
    },
    scalarReads: (m) => refused.vectors.has(m.root),
    firstReader: (v) => readers.get(v),
    once<T>(m: Match, fact: string, work: () => T): T {
      const known = facts.get(m) ?? new Map<string, unknown>();
      facts.set(m, known);
      if (!known.has(fact)) known.set(fact, work());
      // Each fact is one function's, which always gives the same type.
      return known.get(fact) as T;
    },
  };
}

/** For each map without memory, the match that first computes it. */
function firstReaders(g: Graph, plan: Regions): ReadonlyMap<ValueId, Match> {
  const first = new Map<ValueId, Match>();
  for (const m of plan.matches) {
    const visit = (v: ValueId): void => {
      for (const use of allUses(g.nodes[v] as Node)) {
        if (!plan.inlined.has(use.value) || first.has(use.value)) continue;
        first.set(use.value, m);
        visit(use.value);
      }
    };
    for (const v of coveredBy(m)) visit(v);
  }
  return first;
}

function resourcesOf(g: Graph, plan: Regions, cx: BuildContext, temps: readonly Temp[]): readonly Resource[] {
  const resources: Resource[] = [];
  const add = (v: ValueId, kind: Resource["kind"], name: string): void => {
    const { resource, dtype, shape } = cx.stored(v);
    resources.push({ id: resource, kind, name, dtype, shape, length: productDim(shape) });
  };
  g.nodes.forEach((node, v) => {
    if (node.op === "input") add(v, "input", node.name);
    if (node.op === "param") add(v, "param", node.path);
  });
  const outputs = new Map(g.outputs.map((o) => [o.value, o.name]));
  for (const o of g.outputs) add(o.value, "output", o.name);
  for (const m of plan.matches) {
    const v = resultOf(m);
    if (!outputs.has(v)) add(v, "temp", cx.stored(v).hint);
  }
  for (const t of temps) {
    resources.push({ id: t.id, kind: "temp", name: t.id, dtype: t.type.dtype, shape: [t.length], length: t.length });
  }
  return resources;
}
