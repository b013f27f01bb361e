import { productDim } from "../../src/ir/dim.js";
import type { Graph, Node, ValueId } from "../../src/ir/graph/ops.js";
import type { Kernel } from "../../src/ir/kernel/ops.js";
import type { Lowered, Program, Resource, Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { dedupe } from "../kernel/dedupe.js";
import type { Pass, PassContext, Remark } from "../pass.js";
import { concat } from "./concat.js";
import { contraction } from "./contraction.js";
import { withCopies } from "./copies.js";
import { inlineRegions } from "./inlineRegions.js";
import { type BuildContext, coveredBy, type Match, resultOf, type Schedule, type Stored } from "./interface.js";
import { namesOf } from "./names.js";
import { narrow } from "./narrow.js";
import { pointwise } from "./pointwise.js";
import { kernelPool } from "./pool.js";
import { noRefusals, planRegions, type Refusals, type Regions, runTimeSizes } from "./regions.js";
import { rowReduction } from "./rowReduction.js";
import { allUses } from "./uses.js";

/** The schedules, in the order in which they are asked; the first that does not refuse takes a match. */
export const schedules: readonly Schedule[] = [
  contraction,
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
  const g = withCopies(narrow(inlineRegions(graph), pass.target.maxBuffers));
  let refused = noRefusals;
  // A kernel that would bind too many buffers gives up its epilogue, then its prologue, then vectors, and all is planned again.
  for (;;) {
    const plan = planRegions(g, refused);
    const built = buildAll(g, plan, refused, pass);
    if (built.tooWide.length === 0) {
      for (const remark of built.remarks) pass.remark(remark);
      return dedupe.run(built.program, pass);
    }
    refused = refuseMore(g, plan, built.tooWide, refused);
  }
}

interface Built {
  readonly program: Program;
  readonly tooWide: readonly Match[];
  readonly remarks: readonly Remark[];
}

function buildAll(g: Graph, plan: Regions, refused: Refusals, pass: PassContext): Built {
  const cx = buildContext(g, plan, refused, pass);
  const pool = kernelPool();
  const prepare: Step[] = [];
  const steps: Step[] = [];
  const temps: Temp[] = [];
  const tooWide: Match[] = [];
  const remarks: Remark[] = [];
  for (const m of plan.matches) {
    const { lowered, remark } = lower(m, cx);
    remarks.push(remark);
    if (lowered.kernels.some((k) => globals(k) > pass.target.maxBuffers)) tooWide.push(m);
    temps.push(...lowered.temps);
    const own = pool.add(lowered.kernels, lowered.steps);
    (plan.constant.has(resultOf(m)) ? prepare : steps).push(...own);
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

const globals = (k: Kernel): number => k.buffers.filter((b) => b.space === "global").length;

function lower(m: Match, cx: BuildContext): { readonly lowered: Lowered; readonly remark: Remark } {
  const refusals: string[] = [];
  for (const s of schedules) {
    const why = s.refuse(m, cx);
    if (why !== undefined) {
      refusals.push(`${s.name}: ${why}`);
      continue;
    }
    const params = s.space(m, cx)[0];
    invariant(params, () => `${s.name} has no parameters for ${cx.label(m)}`);
    const remark: Remark = {
      pass: "schedule",
      loc: cx.graph.locs[resultOf(m)] ?? { kind: "none" },
      message: `${cx.label(m)}: ${s.name}`,
      data: params,
    };
    return { lowered: s.build(m, params, cx), remark };
  }
  invariant(false, () => `no schedule for ${cx.label(m)}: ${refusals.join("; ")}`);
}

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

function buildContext(g: Graph, plan: Regions, refused: Refusals, pass: PassContext): BuildContext {
  const names = namesOf(g);
  const node = (v: ValueId): Node => {
    const found = g.nodes[v];
    invariant(found, () => `the graph has no value %${v}`);
    return found;
  };
  const outputs = new Map<ValueId, string>();
  for (const o of g.outputs) if (!outputs.has(o.value)) outputs.set(o.value, o.name);
  const readers = firstReaders(g, plan);
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
  const name = (m: Match): string => {
    const word = names.of(resultOf(m)) ?? names.of(m.root);
    const kind = node(m.root).op;
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
      const kind = node(m.root).op;
      return words === undefined ? kind : `${words} (${kind})`;
    },
    scalarReads: (m) => refused.vectors.has(m.root),
    firstReader: (v) => readers.get(v),
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
