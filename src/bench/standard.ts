import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { noStandard } from "../diagnostics/messages/bench.js";
import type { Dim } from "../ir/dim.js";
import { graphBuilder } from "../ir/graph/builder.js";
import type { Graph, Ix, Op, Scalar, ValueId, Where } from "../ir/graph/ops.js";
import { select } from "../ir/graph/scalars.js";
import { mapOperands, operandUses, renameScalar, renameUse, rewriteScalar } from "../ir/graph/visit.js";
import { fail, ok, type Result } from "../util/result.js";
import { type AxisClasses, axisOf, outOf, type Projection, projectionsOf } from "./projections.js";

/**
 * The same model with standard attention: each projection of keys and values by a parameter, `e[k, m]`, is left out, so
 * that slots become the rows themselves and every row attends to every row (Linformer, equation 7, with E and F the
 * identity). All else stays: heads, feed-forward, norms. What it computes is another function; what it costs is the point.
 */
export function standardOf(graph: Graph): Result<Graph, Diagnostic> {
  const refuse = (why: string) => fail(noStandard(graph.name, why));
  const found = projectionsOf(graph);
  if (typeof found === "string") return refuse(found);
  const { fixed, axes, slots, at: projections } = found;
  if (slots.size === 0) return refuse("no softmax runs over slots that a parameter projects");

  const b = graphBuilder();
  const to = new Map<ValueId, ValueId>();
  const moved = (v: ValueId): ValueId => to.get(v) ?? v;
  for (const [v, node] of graph.nodes.entries()) {
    const { type, ...rest } = node;
    const op = rest as Op; // the spread of a union loses which variant it is
    const loc = graph.locs[v] ?? { kind: "none" };
    const projection = projections.get(v);
    if (op.op === "input" && type.shape.some((_, axis) => slots.has(axes.find(v, axis))))
      return refuse(`the input ${op.name} has a value for each slot`);
    if (op.op === "input" || op.op === "param") {
      to.set(v, b.add(op, loc, type));
      continue;
    }
    const changed = projection === undefined ? widened(op, v, fixed, axes, slots) : withoutFactor(op, projection);
    if (typeof changed === "string") return refuse(changed);
    to.set(v, b.add(mapOperands(changed, moved), loc));
  }
  return ok(
    b.finish(
      graph.name,
      graph.outputs.map(({ name, value }) => ({ name, value: moved(value) })),
    ),
  );
}

/** The contraction without its projection: its slots are the rows. */
function withoutFactor(op: Op, { factor, slot, row }: Projection): Op | string {
  if (op.op !== "contract") return "its slots are made in an unusual way";
  const renamed = (ix: Ix): Ix => {
    const at = ix === slot ? row : ix;
    return at > slot ? at - 1 : at;
  };
  const factors = op.factors.filter((_, i) => i !== factor).map((use) => renameUse(use, renamed));
  const extents = op.extents.filter((_, ix) => ix !== slot);
  const out = op.out.map(renamed);
  const where = op.where && {
    args: op.where.args.map((use) => renameUse(use, renamed)),
    body: renameScalar(op.where.body, renamed),
  };
  const [only] = factors;
  if (factors.length > 1 || extents.length > out.length || only === undefined)
    return { ...op, factors, extents, out, ...(where && { where }) };
  return { op: "map", args: [only, ...(where?.args ?? [])], out, extents, body: kept(where) };
}

/** The first argument where the condition, whose arguments follow, holds. */
function kept(where: Where | undefined): Scalar {
  const value: Scalar = { e: "arg", arg: 0 };
  if (where === undefined) return value;
  const cond = rewriteScalar(where.body, { arg: (arg) => ({ e: "arg", arg: arg + 1 }) });
  return select(cond, value, { e: "const", value: 0, dtype: "f32" });
}

/** An op whose indices over slots run over rows, or why there is none. */
function widened(
  op: Op,
  v: ValueId,
  fixed: ReadonlySet<ValueId>,
  axes: AxisClasses,
  slots: ReadonlyMap<string, Dim>,
): Op | string {
  if (fixed.has(v) || op.op === "input" || op.op === "param" || op.op === "region") return op;
  if (op.op === "concat")
    return op.args.some((arg) => slots.has(axes.find(arg, op.axis))) ? "slots are joined with others" : op;
  const wider = new Map<Ix, Dim>();
  outOf(op).forEach((ix, axis) => {
    const rows = slots.get(axes.find(v, axis));
    if (rows !== undefined) wider.set(ix, rows);
  });
  for (const use of operandUses(op)) {
    if (fixed.has(use.value)) continue;
    for (const [axis, index] of use.at.entries()) {
      const rows = slots.get(axes.find(use.value, axis));
      if (rows === undefined) continue;
      if (index.i !== "ix") return "slots are read in another order than their own";
      wider.set(index.ix, rows);
    }
  }
  if (wider.size === 0) return op;
  for (const use of operandUses(op))
    if (fixed.has(use.value) && [...wider.keys()].some((ix) => axisOf(use, ix) !== undefined))
      return "a parameter has a value for each slot";
  return { ...op, extents: op.extents.map((extent, ix) => wider.get(ix) ?? extent) };
}
