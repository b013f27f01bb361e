import { type Dim, sameDim } from "../ir/dim.js";
import type { Graph, Ix, Op, Use, ValueId } from "../ir/graph/ops.js";
import { operands, operandUses } from "../ir/graph/visit.js";

/**
 * Where a graph projects the rows that attention looks at to slots, by a parameter: `e[k, m]` of a contraction whose
 * result a softmax runs over, or that meets such a softmax (Linformer, equation 7).
 */
export interface Projections {
  /** By contraction. */
  readonly at: ReadonlyMap<ValueId, Projection>;
  /** For each class of axes that are slots, the rows that they stand for. */
  readonly slots: ReadonlyMap<string, Dim>;
  readonly axes: AxisClasses;
  /** Values that are made of parameters alone. */
  readonly fixed: ReadonlySet<ValueId>;
}

/** All of them, or why they are not what they seem. */
export function projectionsOf(graph: Graph): Projections | string {
  const fixed = fromParameters(graph);
  const axes = axisClasses(graph, fixed);
  const slots = new Map<string, Dim>();
  const at = new Map<ValueId, Projection>();
  for (const [v, node] of graph.nodes.entries()) {
    if (node.op !== "softmax") continue;
    const of = axes.find(v, node.axis);
    if (slots.has(of)) continue;
    const found = projectionsInto(graph, fixed, axes, of);
    const rows = [...found.values()][0]?.rows;
    if (rows === undefined) continue;
    if ([...found.values()].some((p) => !sameDim(p.rows, rows))) return "keys and values come from different lengths";
    slots.set(of, rows);
    for (const [value, p] of found) at.set(value, p);
  }
  return { at, slots, axes, fixed };
}

/** Parameters and what is made of nothing else, run-time sizes allowed: `E[:, 0..Seq]`. */
function fromParameters(graph: Graph): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  for (const [v, node] of graph.nodes.entries())
    if (node.op !== "input" && operands(node).every((used) => found.has(used))) found.add(v);
  return found;
}

/** Which axes of which values run over the same positions, as far as plain indices say so. Parameters take no part. */
export interface AxisClasses {
  find(v: ValueId, axis: number): string;
}

function axisClasses(graph: Graph, fixed: ReadonlySet<ValueId>): AxisClasses {
  const parent = new Map<string, string>();
  const root = (key: string): string => {
    let at = key;
    for (let up = parent.get(at); up !== undefined; up = parent.get(at)) at = up;
    return at;
  };
  const join = (a: string, b: string): void => {
    const [x, y] = [root(a), root(b)];
    if (x !== y) parent.set(x, y);
  };
  for (const [v, node] of graph.nodes.entries()) {
    if (fixed.has(v)) continue;
    if (node.op === "concat") {
      for (const arg of node.args)
        for (let axis = 0; axis < node.type.shape.length; axis++)
          if (axis !== node.axis) join(`${arg}.${axis}`, `${v}.${axis}`);
      continue;
    }
    const first = new Map<Ix, string>();
    const meet = (ix: Ix, key: string): void => {
      const known = first.get(ix);
      if (known === undefined) first.set(ix, key);
      else join(known, key);
    };
    outOf(node).forEach((ix, axis) => {
      meet(ix, `${v}.${axis}`);
    });
    for (const use of operandUses(node)) {
      if (fixed.has(use.value)) continue;
      use.at.forEach((index, axis) => {
        if (index.i === "ix") meet(index.ix, `${use.value}.${axis}`);
      });
    }
  }
  return { find: (v, axis) => root(`${v}.${axis}`) };
}

/** The index of each axis of a result. */
export const outOf = (op: Op): readonly Ix[] => {
  if (op.op === "softmax") return op.extents.map((_, ix) => ix);
  return op.op === "contract" || op.op === "map" || op.op === "reduce" ? op.out : [];
};

/** A contraction that makes slots out of rows. */
export interface Projection {
  /** Position of the parameter among the factors. */
  readonly factor: number;
  readonly slot: Ix;
  readonly row: Ix;
  readonly rows: Dim;
}

/** Every projection whose slots are of a class; none where something else makes slots of it too. */
function projectionsInto(
  graph: Graph,
  fixed: ReadonlySet<ValueId>,
  axes: AxisClasses,
  slots: string,
): ReadonlyMap<ValueId, Projection> {
  const found = new Map<ValueId, Projection>();
  for (const [v, node] of graph.nodes.entries()) {
    if (fixed.has(v)) continue;
    const slot = outOf(node).find((_, axis) => axes.find(v, axis) === slots);
    if (node.op === "input" && node.type.shape.some((_, axis) => axes.find(v, axis) === slots)) return new Map();
    if (slot === undefined) continue;
    const carried = operandUses(node).some((use) => !fixed.has(use.value) && axisOf(use, slot) !== undefined);
    if (carried) continue;
    const projection = node.op === "contract" ? projectionOf(node, slot, fixed) : undefined;
    if (projection === undefined) return new Map();
    found.set(v, projection);
  }
  return found;
}

export const axisOf = (use: Use, ix: Ix): number | undefined => {
  const at = use.at.findIndex((index) => index.i === "ix" && index.ix === ix);
  return at < 0 ? undefined : at;
};

function projectionOf(
  node: Extract<Op, { op: "contract" }>,
  slot: Ix,
  fixed: ReadonlySet<ValueId>,
): Projection | undefined {
  const holders = node.factors.flatMap((use, i) => (axisOf(use, slot) === undefined ? [] : [i]));
  const [factor] = holders;
  const use = factor === undefined ? undefined : node.factors[factor];
  if (factor === undefined || use === undefined || holders.length > 1 || !fixed.has(use.value)) return undefined;
  const others = node.factors.filter((_, i) => i !== factor);
  const summed = use.at.flatMap((i) => (i.i === "ix" && !node.out.includes(i.ix) ? [i.ix] : []));
  const [row] = summed;
  if (row === undefined || summed.length > 1) return undefined;
  const rows = node.extents[row];
  const carried = others.some((o) => !fixed.has(o.value) && axisOf(o, row) !== undefined);
  return carried && rows !== undefined ? { factor, slot, row, rows } : undefined;
}
