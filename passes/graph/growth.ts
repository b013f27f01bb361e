import type { Dim } from "../../src/ir/dim.js";
import type { Index, Ix, Node, Op, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import {
  plainIndices,
  reducedIndices,
  renameScalar,
  substituteUse,
  useIndices,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { joinWhere, splitWhere } from "../../src/ir/graph/where.js";
import { invariant } from "../../src/util/invariant.js";

/** Past this many factors a product grows no more: the search over its orders is exhaustive. */
const mostFactors = 6;

export type ContractOp = Extract<Op, { op: "contract" }>;

/** What growth asks about the graph round a product. */
export interface Around {
  nodeOf(v: ValueId): Node;
  reads(v: ValueId): number;
  /** Whether a value is computed once, when the weights are loaded. */
  prepared(v: ValueId): boolean;
}

type ContractNode = Extract<Node, { op: "contract" }>;

/** Replaces factors that are products until none is left or there would be too many. */
export function grow(op: ContractOp, around: Around): ContractOp {
  for (const [position, use] of op.factors.entries()) {
    const inner = around.nodeOf(use.value);
    if (inner.op !== "contract" || !fits(op, use, inner, around)) continue;
    return grow(substitute(op, position, inner), around);
  }
  return op;
}

function fits(op: ContractOp, use: Use, inner: ContractNode, around: Around): boolean {
  const dtypes = [...op.factors, ...inner.factors].map((u) => around.nodeOf(u.value).type.dtype);
  return (
    op.factors.length - 1 + inner.factors.length <= mostFactors &&
    plainIndices(use) !== undefined &&
    dtypes.every((dtype) => dtype === "f32") &&
    inner.accum === op.accum &&
    mentionsAll(inner) &&
    conditionsSettle(op, use, inner) &&
    ((around.reads(use.value) === 1 && !around.prepared(use.value)) || staysShareable(op, use, inner))
  );
}

/** Whether the factors or the condition have every index of the part: none only repeats it. */
function mentionsAll(inner: ContractNode): boolean {
  const mentioned = new Set(inner.factors.flatMap((u) => [...useIndices(u)]));
  for (const ix of inner.where === undefined ? [] : whereIndices(inner.where)) mentioned.add(ix);
  return inner.extents.every((_, ix) => mentioned.has(ix));
}

/** Whether each condition of the part is about what is summed in the part or stays in the result: it is applied there. */
function conditionsSettle(op: ContractOp, use: Use, inner: ContractNode): boolean {
  if (inner.where === undefined) return true;
  const about = whereIndices(inner.where);
  return (plainIndices(use) ?? []).every((ix, axis) => op.out.includes(ix) || !about.has(inner.out[axis] ?? -1));
}

/**
 * Whether a part that others read too, or that is made once at load, remains a part of every order that used it: the search sums an index as soon as
 * it can, and applies a condition when the factors that it is about have come together. So no index of the part may be
 * summed here that no other factor has, nor one that a condition is about.
 */
function staysShareable(op: ContractOp, use: Use, inner: ContractNode): boolean {
  const common = plainIndices(use) ?? [];
  const others = new Set(op.factors.filter((u) => u !== use).flatMap((u) => [...useIndices(u)]));
  const outer = op.where === undefined ? new Set<Ix>() : whereIndices(op.where);
  // a condition on a result alone waits for the whole product
  if (onResult(inner) || onResult(op)) return false;
  return common.every((ix) => op.out.includes(ix) || (others.has(ix) && !outer.has(ix)));
}

/** Whether a condition is about indices of the result only. */
const onResult = ({ where, out }: ContractOp): boolean =>
  where !== undefined && splitWhere(where).some((w) => [...whereIndices(w)].every((ix) => out.includes(ix)));

function substitute(op: ContractOp, position: number, inner: ContractNode): ContractOp {
  const use = op.factors[position];
  invariant(use !== undefined, () => `no factor ${position}`);
  const extents: Dim[] = [...op.extents];
  const to = new Map<Ix, Ix>();
  inner.out.forEach((ix, axis) => {
    const index = use.at[axis];
    if (index?.i === "ix") to.set(ix, index.ix);
  });
  // the summed indices of the part are new ones here
  for (const ix of reducedIndices(inner)) {
    to.set(ix, extents.length);
    extents.push(inner.extents[ix] as Dim); // an index of the node has an extent
  }
  const rename = (ix: Ix): Ix => to.get(ix) ?? ix;
  const moved = (u: Use): Use => substituteUse(u, (ix): Index => ({ i: "ix", ix: rename(ix) }));
  const condition: readonly Where[] =
    inner.where === undefined
      ? []
      : [{ args: inner.where.args.map(moved), body: renameScalar(inner.where.body, rename) }];
  const where = joinWhere([...(op.where === undefined ? [] : [op.where]), ...condition]);
  return {
    op: "contract",
    factors: [...op.factors.slice(0, position), ...inner.factors.map(moved), ...op.factors.slice(position + 1)],
    out: op.out,
    extents,
    accum: op.accum,
    ...(where && { where }),
  };
}
