import type { Cost } from "../../src/cost/roofline.js";
import type { Target } from "../../src/cost/target.js";
import type { Dim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph, Ix, Node, ValueId } from "../../src/ir/graph/ops.js";
import type { Lowered } from "../../src/ir/program/program.js";

/**
 * A schedule turns one node of the graph, with the maps that its prologue and epilogue swallowed, into kernels. It is
 * written over the tile library and contains no text of any target language; what differs between machines is in its
 * parameters.
 */
export type Params = Readonly<Record<string, number>>;

/** One unit of work: a node, and the maps that follow it and are computed where its result is stored. */
export interface Match {
  readonly root: ValueId;
  /** The epilogue in order; the last is the value that is stored. Empty: the root itself is. */
  readonly epilogue: readonly ValueId[];
  /** For a map over rows: what it needs to know of each row, computed in the same kernel (`rowClusters.ts`). */
  readonly row?: { readonly axis: Ix; readonly values: readonly RowValue[] };
}

/** One value for each row of a map: axis a of it runs with index `at[a]` of the map. */
export interface RowValue {
  readonly value: ValueId;
  readonly at: readonly Ix[];
}

/** The nodes that a match computes, prologues apart. */
export const coveredBy = (m: Match): readonly ValueId[] => [
  ...(m.row?.values.map((r) => r.value) ?? []),
  m.root,
  ...m.epilogue,
];

/** The value that a match stores. */
export const resultOf = (m: Match): ValueId => m.epilogue.at(-1) ?? m.root;

/** How a value lies in memory. */
export interface Stored {
  readonly resource: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
  /** Name for buffers, from the source. */
  readonly hint: string;
}

export interface BuildContext {
  readonly graph: Graph;
  readonly target: Target;
  node(v: ValueId): Node;
  /** Where a value that has memory lies. */
  stored(v: ValueId): Stored;
  /** Whether the value is computed inside whatever reads it. */
  inlined(v: ValueId): boolean;
  /** Name of the kernels of a match. */
  name(m: Match): string;
  /** What it computes, in words of the source. */
  label(m: Match): string;
  /** Whether a match reads its tensors one element at a time: a tensor read both ways is bound twice. */
  scalarReads(m: Match): boolean;
  /** The match that accounts for the arithmetic of a map without memory: the first that computes it. */
  firstReader(v: ValueId): Match | undefined;
  /** A fact about a match, worked out once: spaces and estimates ask for the same again and again. */
  once<T>(m: Match, fact: string, work: () => T): T;
}

export interface Schedule<P extends Params = Params> {
  readonly name: string;
  readonly summary: string;
  /** Why the node is not for this schedule, or nothing. */
  refuse(m: Match, cx: BuildContext): string | undefined;
  /** Finite, ordered by estimate, all legal for the target; the first is the default. At most 400 points. */
  space(m: Match, cx: BuildContext): readonly P[];
  estimate(m: Match, p: P, cx: BuildContext): Cost;
  /** Why a point that the space may lack can't be had; without it only points of the space can. */
  illegal?(m: Match, p: P, cx: BuildContext): string | undefined;
  build(m: Match, p: P, cx: BuildContext): Lowered;
}
