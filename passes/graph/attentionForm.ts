import { type Dim, sameDim } from "../../src/ir/dim.js";
import type { Graph, Ix, Node, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import {
  operands,
  plainIndices,
  reducedIndices,
  renameScalar,
  renameUse,
  useIndices,
  useValues,
} from "../../src/ir/graph/visit.js";
import { type Readers, readersIn } from "./readers.js";
import { typicalElements, typicalSizes } from "./typicalSize.js";

/**
 * Attention, found in a graph: a softmax over keys (or slots), the product before it and the product behind it, with the
 * projections round them where nothing else reads what lies between. All of it is written over one index space: the
 * softmax's indices first, then the depth of the scores, the columns of the values, and what the projections sum.
 */
export interface AttentionForm {
  readonly extents: readonly Dim[];
  /** Indices that stay fixed while rows of queries meet keys: batch and heads. */
  readonly batch: readonly Ix[];
  /** The queries. */
  readonly row: Ix;
  /** The index of the softmax. */
  readonly key: Ix;
  /** Summed by the scores. */
  readonly depth: readonly Ix[];
  /** Of the values, and not of the softmax. */
  readonly cols: readonly Ix[];
  /** Batch indices that the last product sums: the folded form, or an output projection. */
  readonly heads: readonly Ix[];
  readonly query: Use;
  readonly keys: Use;
  readonly values: Use;
  /** Scale, bias, anything elementwise between scores and softmax. */
  readonly logits?: Elementwise;
  /** Which keys a row sees. */
  readonly where?: Where;
  /** Which values its sum takes. */
  readonly keep?: Where;
  /** The query as a product, where it can be computed in the same kernel. */
  readonly projectQuery?: Projection;
  /** The product of all heads' results with the output weights, where it can. */
  readonly projectOut?: OutProjection;
  /** Keys go by in blocks even where a whole row of scores would fit. */
  readonly streaming?: boolean;
  /** Axes of the result. */
  readonly out: readonly Ix[];
  /** The nodes that it stands for, the result last. */
  readonly covers: readonly ValueId[];
  /** The values' product. */
  readonly core: ValueId;
}

/** A map over the value of one product. */
export interface Elementwise {
  readonly args: readonly Use[];
  readonly body: Scalar;
  /** Which argument is the product. */
  readonly product: number;
}

export interface Projection {
  readonly left: Use;
  readonly right: Use;
  /** Summed by it. */
  readonly reduced: readonly Ix[];
  /** What stands between the product and the query: a bias, a scale. */
  readonly after?: Elementwise;
  readonly covers: readonly ValueId[];
}

export interface OutProjection {
  readonly weights: Use;
  readonly heads: readonly Ix[];
  readonly cols: readonly Ix[];
  readonly out: readonly Ix[];
  readonly covers: readonly ValueId[];
}

/** Why a softmax is no attention, or not one that a kernel can compute. */
export interface NoForm {
  readonly refuse: string;
  /** Whether it looked like attention at all: worth a remark. */
  readonly nearly: boolean;
}

type Contract = Extract<Node, { op: "contract" }>;
type MapNode = Extract<Node, { op: "map" }>;

/** Indices of one node in those of the form; what is new is appended. */
interface Space {
  readonly extents: Dim[];
  fresh(extent: Dim): Ix;
}

const refused = (refuse: string, nearly = true): NoForm => ({ refuse, nearly });

export function attentionForm(g: Graph, softmax: ValueId, readers: Readers = readersIn(g)): AttentionForm | NoForm {
  const s = g.nodes[softmax];
  if (s?.op !== "softmax") return refused("not a softmax", false);
  const extents: Dim[] = [...s.extents];
  const space: Space = { extents, fresh: (extent) => extents.push(extent) - 1 };

  const below = scoresOf(g, s, readers, space);
  if ("refuse" in below) return below;
  const above = valuesOf(g, softmax, s, readers, space);
  if ("refuse" in above) return above;
  const { keys, query } = below;
  const key = s.axis;

  const own = new Set([...useIndices(keys), ...useIndices(above.values)]);
  const free = s.extents.flatMap((_, ix) => (ix === key || own.has(ix) || above.heads.includes(ix) ? [] : [ix]));
  const sizes = typicalSizes(g);
  const size = (ix: Ix): number => typicalElements([extents[ix] as Dim], sizes); // an index has an extent
  const row = [...free].sort((a, b) => size(b) - size(a))[0];
  if (row === undefined) return refused("each query has keys or values of its own");
  if (!useIndices(query).has(row)) return refused("the scores do not depend on the query");
  if (g.nodes[above.core]?.type.dtype !== "f32") return refused("it is computed in single precision only");

  const batch = s.extents.flatMap((_, ix) => (ix === key || ix === row ? [] : [ix]));
  const core: AttentionForm = {
    extents,
    batch,
    row,
    key,
    depth: below.depth,
    cols: above.cols,
    heads: above.heads,
    query,
    keys,
    values: above.values,
    ...(below.logits && { logits: below.logits }),
    ...(s.where && { where: s.where }),
    ...(above.keep && { keep: above.keep }),
    out: above.out,
    covers: [...below.covers, softmax, above.core],
    core: above.core,
  };
  const projectQuery = queryProjection(g, core, readers, space);
  const projectOut = outProjection(g, core, readers, space);
  return { ...core, ...(projectQuery && { projectQuery }), ...(projectOut && { projectOut }) };
}

/** The same with the projections that are asked for, those that it has. */
export function withProjections(form: AttentionForm, q: boolean, o: boolean): AttentionForm {
  const { projectQuery, projectOut, ...core } = form;
  const covers = [
    ...(q && projectQuery ? projectQuery.covers : []),
    ...core.covers,
    ...(o && projectOut ? projectOut.covers : []),
  ];
  return {
    ...core,
    covers,
    ...(q && projectQuery && { projectQuery }),
    ...(o && projectOut && { projectOut, out: projectOut.out, heads: projectOut.heads }),
  };
}

interface Below {
  readonly query: Use;
  readonly keys: Use;
  readonly depth: readonly Ix[];
  readonly logits?: Elementwise;
  readonly covers: readonly ValueId[];
}

/** The scores under a softmax: a product of queries and keys, perhaps with a map between. */
function scoresOf(g: Graph, s: Extract<Node, { op: "softmax" }>, readers: Readers, space: Space): Below | NoForm {
  const axes = plainIndices(s.arg);
  if (axes === undefined || axes.length !== s.extents.length) return refused("its argument is read by parts", false);
  const v = s.arg.value;
  const node = g.nodes[v];
  if (node === undefined || !sameShape(node, axes, space)) return refused("its argument is read by parts", false);
  if (node.op === "contract") return product(v, node, axes, s.axis, readers, space);
  if (node.op !== "map") return refused("its argument is no product", false);
  if (!readers.sole(v)) return refused("something else reads the logits");
  const to = renaming(node.out, axes);
  let why = refused("its argument is no product", false);
  for (const [position, use] of node.args.entries()) {
    const scores = g.nodes[use.value];
    const at = plainIndices(use)?.map(to);
    if (scores?.op !== "contract" || at === undefined || at.length !== axes.length) continue;
    const found = product(use.value, scores, at, s.axis, readers, space);
    if ("refuse" in found) {
      if (found.nearly) why = found;
      continue;
    }
    const logits: Elementwise = {
      args: node.args.map((u) => renameUse(u, to)),
      body: renameScalar(node.body, to),
      product: position,
    };
    return { ...found, logits, covers: [...found.covers, v] };
  }
  return why;
}

function product(
  v: ValueId,
  c: Contract,
  axes: readonly Ix[],
  key: Ix,
  readers: Readers,
  space: Space,
): Below | NoForm {
  if (!sameShape(c, axes, space)) return refused("the scores are read by parts", false);
  const reduced = reducedIndices(c);
  if (reduced.length === 0) return refused("its argument is no product", false);
  if (!readers.sole(v)) return refused("something else reads the scores");
  if (c.where !== undefined) return refused("the scores have a condition of their own");
  if (c.factors.length !== 2) return refused(`the scores are a product of ${c.factors.length} factors`);
  const to = renaming(c.out, axes);
  const depth = reduced.map((ix) => space.fresh(c.extents[ix] as Dim)); // an index has an extent
  const unified = (ix: Ix): Ix => (reduced.includes(ix) ? (depth[reduced.indexOf(ix)] ?? -1) : to(ix));
  const [a, b] = c.factors.map((f) => renameUse(f, unified));
  if (a === undefined || b === undefined) return refused("the scores are no product of two");
  const [inA, inB] = [useIndices(a).has(key), useIndices(b).has(key)];
  if (inA === inB) return refused(inA ? "queries depend on keys" : "the scores do not depend on the keys");
  return { query: inA ? b : a, keys: inA ? a : b, depth, covers: [v] };
}

interface Above {
  readonly values: Use;
  readonly cols: readonly Ix[];
  readonly heads: readonly Ix[];
  readonly keep?: Where;
  readonly out: readonly Ix[];
  readonly core: ValueId;
}

/** The product of the probabilities and the values, which alone reads them. */
function valuesOf(
  g: Graph,
  softmax: ValueId,
  s: Extract<Node, { op: "softmax" }>,
  readers: Readers,
  space: Space,
): Above | NoForm {
  const core = readers.sole(softmax);
  const c = core === undefined ? undefined : g.nodes[core];
  if (core === undefined) return refused("the probabilities are read elsewhere too", false);
  if (c?.op !== "contract") return refused("the probabilities weigh no values", false);
  if (c.factors.length !== 2) return refused(`the values are a product of ${c.factors.length} factors`);
  const at = c.factors.findIndex((f) => f.value === softmax);
  const p = c.factors[at];
  const value = c.factors[1 - at];
  const ixs = p && plainIndices(p);
  if (p === undefined || value === undefined || ixs === undefined || useValues(value).has(softmax))
    return refused("the probabilities are read by parts");
  if (!ixs.every((ix, axis) => sameDim(c.extents[ix] as Dim, s.extents[axis] as Dim)))
    return refused("the probabilities are read by parts"); // an index has an extent
  const made = new Map<Ix, Ix>(ixs.map((ix, axis) => [ix, axis]));
  const reduced = reducedIndices(c);
  if (reduced.some((ix) => !made.has(ix))) return refused("more than the keys is summed with the values");
  const cols = c.extents.flatMap((extent, ix) => {
    if (made.has(ix)) return [];
    const fresh = space.fresh(extent);
    made.set(ix, fresh);
    return [fresh];
  });
  const to = (ix: Ix): Ix => made.get(ix) ?? -1;
  const summed = reduced.map(to);
  if (!summed.includes(s.axis)) return refused("the keys are not summed with the values");
  return {
    values: renameUse(value, to),
    cols,
    heads: summed.filter((ix) => ix !== s.axis),
    ...(c.where && { keep: renameWhere(c.where, to) }),
    out: c.out.map(to),
    core,
  };
}

/** The query as a product that nothing else reads: activations on the left, weights on the right. */
function queryProjection(g: Graph, form: AttentionForm, readers: Readers, space: Space): Projection | undefined {
  const axes = plainIndices(form.query);
  const [depth, ...more] = form.depth;
  const top = g.nodes[form.query.value];
  if (axes === undefined || depth === undefined || more.length > 0 || top === undefined) return undefined;
  if (!readers.sole(form.query.value) || !sameShape(top, axes, space)) return undefined;
  let c: Node | undefined = top;
  let v = form.query.value;
  let at: readonly Ix[] = axes;
  let after: Elementwise | undefined;
  if (top.op === "map") {
    const to = renaming(top.out, axes);
    const position = top.args.findIndex((u) => g.nodes[u.value]?.op === "contract" && readers.sole(u.value));
    const use = top.args[position];
    const ixs = use && plainIndices(use)?.map(to);
    if (use === undefined || ixs === undefined || ixs.length !== axes.length) return undefined;
    after = { args: top.args.map((u) => renameUse(u, to)), body: renameScalar(top.body, to), product: position };
    v = use.value;
    c = g.nodes[v];
    at = ixs;
  }
  if (c?.op !== "contract" || c.where !== undefined || c.factors.length !== 2 || !sameShape(c, at, space))
    return undefined;
  const reduced = reducedIndices(c);
  if (reduced.length === 0) return undefined;
  const to = renaming(c.out, at);
  const summed = reduced.map((ix) => space.fresh(c.extents[ix] as Dim)); // an index has an extent
  const [a, b] = c.factors.map((f) =>
    renameUse(f, (ix) => (reduced.includes(ix) ? (summed[reduced.indexOf(ix)] ?? -1) : to(ix))),
  );
  if (a === undefined || b === undefined) return undefined;
  const has = (u: Use, ix: Ix): boolean => useIndices(u).has(ix);
  const left = has(a, form.row) ? a : b;
  const right = left === a ? b : a;
  if (has(right, form.row) || !has(left, form.row) || !has(right, depth) || has(left, depth)) return undefined;
  const covers = v === form.query.value ? [v] : [v, form.query.value];
  return { left, right, reduced: summed, ...(after && { after }), covers };
}

/** The product of the result with output weights, over the heads, that alone reads it. */
function outProjection(g: Graph, form: AttentionForm, readers: Readers, space: Space): OutProjection | undefined {
  const [col, ...more] = form.cols;
  const v = readers.sole(form.core);
  const c = v === undefined ? undefined : g.nodes[v];
  if (v === undefined || c?.op !== "contract" || col === undefined || more.length > 0) return undefined;
  if (form.heads.length > 0 || c.where !== undefined || c.factors.length !== 2) return undefined;
  const at = c.factors.findIndex((f) => f.value === form.core);
  const [o, w] = [c.factors[at], c.factors[1 - at]];
  const ixs = o && plainIndices(o);
  if (o === undefined || w === undefined || ixs === undefined || useValues(w).has(form.core)) return undefined;
  if (!ixs.every((ix, axis) => sameDim(c.extents[ix] as Dim, space.extents[form.out[axis] ?? -1] as Dim)))
    return undefined; // an index has an extent
  const made = new Map<Ix, Ix>(ixs.map((ix, axis) => [ix, form.out[axis] ?? -1]));
  const reduced = reducedIndices(c);
  if (reduced.some((ix) => !made.has(ix))) return undefined;
  const summed = reduced.map((ix) => made.get(ix) ?? -1);
  if (!summed.includes(col) || summed.includes(form.row)) return undefined;
  const cols = c.extents.flatMap((extent, ix) => {
    if (made.has(ix)) return [];
    const fresh = space.fresh(extent);
    made.set(ix, fresh);
    return [fresh];
  });
  const weights = renameUse(w, (ix) => made.get(ix) ?? -1);
  if (useIndices(weights).has(form.row) || cols.length === 0) return undefined;
  return {
    weights,
    heads: summed.filter((ix) => ix !== col),
    cols,
    out: c.out.map((ix) => made.get(ix) ?? -1),
    covers: [v],
  };
}

/** The values that a form reads from outside, each once. */
export function argumentsOf(g: Graph, form: AttentionForm): readonly ValueId[] {
  const inside = new Set(form.covers);
  const found = new Set<ValueId>();
  for (const v of form.covers)
    for (const value of operands(g.nodes[v] as Node)) if (!inside.has(value)) found.add(value); // it covers nodes of g
  return [...found].sort((a, b) => a - b);
}

const sameShape = (node: Node, axes: readonly Ix[], space: Space): boolean =>
  node.type.shape.length === axes.length &&
  new Set(axes).size === axes.length &&
  node.type.shape.every((d, axis) => {
    const extent = space.extents[axes[axis] ?? -1];
    return extent !== undefined && sameDim(d, extent);
  });

const renaming =
  (from: MapNode["out"], to: readonly Ix[]) =>
  (ix: Ix): Ix =>
    to[from.indexOf(ix)] ?? -1;

const renameWhere = (where: Where, to: (ix: Ix) => Ix): Where => ({
  args: where.args.map((u) => renameUse(u, to)),
  body: renameScalar(where.body, to),
});
