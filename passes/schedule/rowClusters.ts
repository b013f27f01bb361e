import { constDim, sameDim } from "../../src/ir/dim.js";
import type { Graph, Ix, Node, Use, ValueId } from "../../src/ir/graph/ops.js";
import { operandUses, reducedIndices } from "../../src/ir/graph/visit.js";
import type { RowValue } from "./interface.js";
import { weight } from "./weight.js";

/**
 * A map together with what it needs to know of each row first: layer norm is its last map, with the mean and the
 * variance of the row. The row values and the small maps between them have no memory; one kernel folds a row as often
 * as there are folds, then maps it.
 */
export interface RowCluster {
  readonly root: ValueId;
  /** The index of the root that runs along a row; all others choose the row. */
  readonly axis: Ix;
  /** Folds, and maps of one value a row, in an order in which they can be computed. */
  readonly rowValues: readonly RowValue[];
  /** Maps over whole rows that are computed where they are read. */
  readonly inlined: readonly ValueId[];
}

export interface ClusterContext {
  readonly g: Graph;
  readonly live: readonly boolean[];
  readonly readers: readonly ReadonlyMap<ValueId, number>[];
  readonly outputs: ReadonlySet<ValueId>;
  readonly constant: ReadonlySet<ValueId>;
  readonly refused: ReadonlySet<ValueId>;
}

/** All clusters, by root. Later maps are asked first, so that a cluster is as large as it can be. */
export function rowClusters(cx: ClusterContext): ReadonlyMap<ValueId, RowCluster> {
  const clusters = new Map<ValueId, RowCluster>();
  const owned = new Set<ValueId>();
  for (let v = cx.g.nodes.length - 1; v >= 0; v--) {
    const node = cx.g.nodes[v];
    if (node?.op !== "map" || !cx.live[v] || owned.has(v) || cx.refused.has(v)) continue;
    for (const axis of node.out) {
      const cluster = clusterAt(cx, v, node, axis, owned);
      if (cluster === undefined) continue;
      clusters.set(v, cluster);
      for (const r of cluster.rowValues) owned.add(r.value);
      for (const i of cluster.inlined) owned.add(i);
      break;
    }
  }
  return clusters;
}

type MapNode = Extract<Node, { op: "map" }>;

/** What each index of a node is in terms of the root's: an index that chooses the row, or nothing of the kind. */
type Frame = (ix: Ix) => Ix | undefined;

/** Additions that a map may cost which is computed once for each time a row is folded. */
const cheapEnough = 8;

function clusterAt(
  cx: ClusterContext,
  root: ValueId,
  node: MapNode,
  axis: Ix,
  owned: ReadonlySet<ValueId>,
): RowCluster | undefined {
  const rows = node.out.filter((ix) => ix !== axis);
  const extent = (ix: Ix) => node.extents[ix] ?? constDim(1);
  const banned = new Set<ValueId>(owned);
  for (;;) {
    const found = new Map<ValueId, readonly Ix[]>();
    const through = new Set<ValueId>();
    /** Read at other places than the one of the row. */
    const elsewhere = new Set<ValueId>();
    const before = banned.size;

    const visit = (reader: Node, frame: Frame): void => {
      for (const use of operandUses(reader)) visitUse(use, frame);
    };
    const visitUse = (use: Use, frame: Frame): void => {
      const v = use.value;
      const n = cx.g.nodes[v];
      if (n === undefined || banned.has(v) || cx.outputs.has(v)) return;
      if (cx.constant.has(v) && !cx.constant.has(root)) return;
      if (n.op !== "map" && n.op !== "reduce" && n.op !== "contract") return;
      const at = use.at.map((sub) => (sub.i === "ix" ? frame(sub.ix) : undefined));
      const chosen = at.filter((ix): ix is Ix => ix !== undefined && rows.includes(ix));
      const exact =
        chosen.length === at.length &&
        new Set(chosen).size === rows.length &&
        at.length === rows.length &&
        chosen.every((ix, i) => sameDim(extent(ix), n.type.shape[i] ?? constDim(1)));
      const inner: Frame = (ix) => (n.out.includes(ix) ? at[n.out.indexOf(ix)] : undefined);
      if (exact && (n.op === "map" || foldsAlong(n, extent(axis)))) {
        const known = found.get(v);
        if (known !== undefined && known.join() !== chosen.join()) banned.add(v);
        if (known !== undefined) return;
        found.set(v, chosen);
        visit(n, inner);
      } else if (n.op === "map" && weight(n.body) <= cheapEnough) {
        through.add(v);
        visit(n, inner);
      } else elsewhere.add(v);
    };
    visit(node, (ix) => ix);

    const member = (v: ValueId): boolean => v === root || found.has(v) || through.has(v);
    for (const v of [...found.keys(), ...through]) {
      const everyReader = [...(cx.readers[v]?.keys() ?? [])].every(member);
      if (!everyReader || (found.has(v) && (through.has(v) || elsewhere.has(v)))) banned.add(v);
    }
    if (banned.size > before) continue;
    const values = [...found.keys()].sort((a, b) => a - b);
    if (values.every((v) => cx.g.nodes[v]?.op === "map")) return undefined;
    return {
      root,
      axis,
      rowValues: values.map((value) => ({ value, at: found.get(value) ?? [] })),
      inlined: [...through],
    };
  }
}

/** Whether a reduction is one fold of the rows, to one number each. */
function foldsAlong(n: Node, length: MapNode["extents"][number]): boolean {
  if (n.op !== "reduce" && n.op !== "contract") return false;
  if (n.op === "reduce" && (n.monoid === "argmax" || n.monoid === "argmin")) return false;
  const [ix, ...others] = reducedIndices(n);
  return ix !== undefined && others.length === 0 && sameDim(n.extents[ix] ?? constDim(1), length);
}
