import { constDim, constValue, type Dim, productDim } from "../../src/ir/dim.js";
import type { Graph, Ix, Node, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { liveValues, rewriteUse } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import { type AttentionForm, attentionForm, type Elementwise, withProjections } from "../graph/attentionForm.js";
import { axisOf } from "./axis.js";
import type { BuildContext, Match } from "./interface.js";
import { conditionIndices, conjuncts } from "./uses.js";

export type Region = Extract<Node, { op: "region" }>;

/** The family of the regions that this schedule computes: `attention/fuseQ` and others. */
export const attentionStrategy = "attention";

/** The attention that a region stands for, its uses those of the graph round it; nothing where it stands for none. */
export function formOf(region: Region): AttentionForm | undefined {
  if (region.strategy.split("/")[0] !== attentionStrategy) return undefined;
  const known = forms.get(region.body);
  const inner = known === undefined ? formOfBody(region.body, region.result) : known;
  forms.set(region.body, inner);
  if (inner === null) return undefined;
  const outer = (v: ValueId): ValueId => region.args[region.body.inputs.indexOf(v)] ?? v;
  return { ...renamed(inner, outer), ...(region.strategy.endsWith("streaming") && { streaming: true }) };
}

/** Bodies are immutable, and asked for again and again. */
const forms = new WeakMap<Graph, AttentionForm | null>();

/** A body that is one attention and nothing else. */
function formOfBody(body: Graph, result: number): AttentionForm | null {
  const softmax = body.nodes.findIndex((n) => n.op === "softmax");
  const form = attentionForm(body, softmax);
  if ("refuse" in form || result !== 0 || body.outputs.length !== 1) return null;
  const whole = withProjections(form, true, true);
  const covered = new Set(whole.covers);
  const live = liveValues(body);
  const rest = body.nodes.some((n, v) => live[v] && n.op !== "input" && !covered.has(v));
  return rest || body.outputs[0]?.value !== whole.covers.at(-1) ? null : whole;
}

function renamed(form: AttentionForm, to: (v: ValueId) => ValueId): AttentionForm {
  const inUse = (use: Use): Use => rewriteUse(use, { value: to });
  const inWhere = (w: Where): Where => ({ ...w, args: w.args.map(inUse) });
  const inMap = (m: Elementwise): Elementwise => ({ ...m, args: m.args.map(inUse) });
  const { logits, where, keep, projectQuery, projectOut } = form;
  return {
    ...form,
    query: inUse(form.query),
    keys: inUse(form.keys),
    values: inUse(form.values),
    ...(logits && { logits: inMap(logits) }),
    ...(where && { where: inWhere(where) }),
    ...(keep && { keep: inWhere(keep) }),
    ...(projectQuery && {
      projectQuery: {
        ...projectQuery,
        left: inUse(projectQuery.left),
        right: inUse(projectQuery.right),
        ...(projectQuery.after && { after: inMap(projectQuery.after) }),
      },
    }),
    ...(projectOut && { projectOut: { ...projectOut, weights: inUse(projectOut.weights) } }),
  };
}

/** The attention of a match. */
export function matchedForm(m: Match, cx: BuildContext): AttentionForm {
  const node = cx.node(m.root);
  const form = node.op === "region" ? formOf(node) : undefined;
  invariant(form, () => `a ${node.op} is no attention`);
  return form;
}

/** An attention in the sizes that its kernel is made by. */
export interface Sizes {
  readonly rows: Dim;
  /** Of batch indices that a workgroup stands at. */
  readonly outer: readonly Ix[];
  readonly outerTotal: Dim;
  /** Of heads that one workgroup goes through; 1 where each has its own. */
  readonly heads: number;
  readonly keys: Dim;
  /** The number of keys, where it is known. */
  readonly keyCount: number | undefined;
  readonly depth: Dim;
  readonly cols: Dim;
}

export function sizesOf(form: AttentionForm): Sizes {
  const extent = (ix: Ix): Dim => form.extents[ix] ?? constDim(1);
  const outer = form.batch.filter((ix) => !form.heads.includes(ix));
  return {
    rows: extent(form.row),
    outer,
    outerTotal: productDim(outer.map(extent)),
    heads: constValue(productDim(form.heads.map(extent))) ?? 0,
    keys: extent(form.key),
    keyCount: constValue(extent(form.key)),
    depth: axisOf(form.depth, form.extents).total,
    cols: axisOf(form.cols, form.extents).total,
  };
}

/** How a condition applies, by whether it looks at the row. */
export interface KeyConditions {
  readonly of: Where;
  readonly everyRow: readonly Scalar[];
  readonly eachRow: readonly Scalar[];
}

export function keyConditions(where: Where | undefined, row: Ix): KeyConditions | undefined {
  if (where === undefined) return undefined;
  const everyRow: Scalar[] = [];
  const eachRow: Scalar[] = [];
  for (const c of conjuncts(where.body)) (conditionIndices(c, where.args).has(row) ? eachRow : everyRow).push(c);
  return { of: where, everyRow, eachRow };
}
