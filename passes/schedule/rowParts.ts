import { constDim } from "../../src/ir/dim.js";
import type { Ix, Node, Use } from "../../src/ir/graph/ops.js";
import { reducedIndices } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import { type Axis, axisOf, typical } from "./axis.js";
import { loadsAlong } from "./factors.js";
import type { BuildContext, Match } from "./interface.js";
import { storedIndices } from "./sink.js";

/** What folds rows by itself, and a map that needs folds of its rows (`rowClusters.ts`). */
export type RowNode = Extract<Node, { op: "reduce" | "softmax" | "contract" | "map" }>;

export const usesOf = (node: RowNode): readonly Use[] =>
  node.op === "contract" ? node.factors : node.op === "map" ? node.args : [node.arg];

export const isArg = (node: RowNode): boolean =>
  node.op === "reduce" && (node.monoid === "argmax" || node.monoid === "argmin");

export function foldedIndices(m: Match, node: RowNode): readonly Ix[] {
  if (m.row !== undefined) return [m.row.axis];
  return node.op === "softmax" ? [node.axis] : node.op === "map" ? [] : reducedIndices(node);
}

/** The rows of a match, the index along which a row is gone through, and further indices that it folds. */
export function parts(
  m: Match,
  cx: BuildContext,
): { readonly node: RowNode; readonly rows: Axis; readonly inner: Ix; readonly outer: readonly Ix[] } {
  const node = cx.node(m.root);
  invariant(
    node.op === "reduce" || node.op === "softmax" || node.op === "contract" || node.op === "map",
    () => `${node.op} folds nothing`,
  );
  const folded = foldedIndices(m, node);
  const rows = storedIndices(cx, m).filter((ix) => !folded.includes(ix));
  const uses = usesOf(node);
  const loads = (ix: Ix): number => uses.reduce((n, u) => n + loadsAlong(cx, u, ix), 0);
  const size = (ix: Ix): number => typical(node.extents[ix] ?? constDim(1));
  const ordered = [...folded].sort((a, b) => loads(b) - loads(a) || size(a) - size(b));
  const inner = ordered.at(-1);
  invariant(inner !== undefined, () => "a reduction folds");
  return { node, rows: axisOf(rows, node.extents), inner, outer: ordered.slice(0, -1) };
}
