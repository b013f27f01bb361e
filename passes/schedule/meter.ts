import { addDim, constDim, constValue, type Dim, dimRange, mulDim, productDim, scaleDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { nodeFlops } from "../../src/ir/graph/flops.js";
import type { Ix, Node, Use, ValueId } from "../../src/ir/graph/ops.js";
import { indexIndices, operandUses } from "../../src/ir/graph/visit.js";
import { typical } from "./axis.js";
import { type BuildContext, coveredBy, type Match, resultOf } from "./interface.js";
import { allUses } from "./uses.js";

/**
 * What a dispatch is worth, for reports and for choosing: useful operations of the nodes that it computes, and the
 * distinct bytes that it touches.
 */
export interface StepCost {
  readonly flops: Dim;
  readonly bytes: Dim;
  readonly label: string;
}

export function costOfMatch(cx: BuildContext, m: Match): StepCost {
  let flops: Dim = constDim(0);
  for (const v of nodesOf(cx, m))
    flops = addDim(
      flops,
      nodeFlops(cx.node(v), (x) => cx.node(x).type),
    );
  const result = cx.node(resultOf(m)).type;
  let bytes = scaleDim(productDim(result.shape), byteSize(result.dtype), 1);
  for (const read of readsOf(cx, m).values()) bytes = addDim(bytes, read);
  return { flops, bytes, label: cx.label(m) };
}

/** A copy of one part of a joined tensor. */
export function costOfPart(cx: BuildContext, m: Match, part: ValueId): StepCost {
  const { dtype, shape } = cx.node(part).type;
  return { flops: constDim(0), bytes: scaleDim(productDim(shape), 2 * byteSize(dtype), 1), label: cx.label(m) };
}

/** The nodes whose arithmetic a match accounts for: its own, and prologues that no earlier match accounts for. */
function nodesOf(cx: BuildContext, m: Match): readonly ValueId[] {
  const own = coveredBy(m);
  const found = new Set(own);
  const visit = (v: ValueId): void => {
    for (const { value } of allUses(cx.node(v))) {
      if (found.has(value) || !cx.inlined(value) || cx.firstReader(value) !== m) continue;
      found.add(value);
      visit(value);
    }
  };
  own.forEach(visit);
  return [...found];
}

/** Distinct bytes of each stored value that a match reads. */
export function readsOf(cx: BuildContext, m: Match): ReadonlyMap<ValueId, Dim> {
  const reads = new Map<ValueId, Dim>();
  const own = new Set(coveredBy(m));
  const visitNode = (v: ValueId, node: Node): void => {
    if (node.op === "concat") for (const value of node.args) note(value, productDim(cx.node(value).type.shape));
    const extents = "extents" in node ? node.extents : [];
    for (const use of operandUses(node)) visitUse(use, extents, v);
  };
  const visitUse = (use: Use, extents: readonly Dim[], reader: ValueId): void => {
    for (const sub of use.at) nestedUses(sub, (u) => visitUse(u, extents, reader));
    if (own.has(use.value)) return;
    const node = cx.node(use.value);
    if (cx.inlined(use.value)) visitNode(use.value, node);
    else note(use.value, touched(use, node, extents));
  };
  const note = (v: ValueId, elements: Dim): void => {
    const { dtype, shape } = cx.node(v).type;
    const all = productDim(shape);
    const some = typical(elements) < typical(all) ? elements : all;
    const bytes = scaleDim(some, byteSize(dtype), 1);
    const before = reads.get(v);
    if (before === undefined || typical(before) < typical(bytes)) reads.set(v, bytes);
  };
  for (const v of own) visitNode(v, cx.node(v));
  return reads;
}

function nestedUses(sub: Use["at"][number], visit: (use: Use) => void): void {
  switch (sub.i) {
    case "value":
      visit(sub.of);
      return;
    case "add":
      for (const part of sub.of) nestedUses(part, visit);
      return;
    case "mul":
    case "floordiv":
    case "mod":
      nestedUses(sub.of, visit);
      return;
    default:
  }
}

/** Distinct elements that a use reads: along each axis no more than the axis has, nor than its indices can reach. */
function touched(use: Use, node: Node, extents: readonly Dim[]): Dim {
  let product: Dim = constDim(1);
  const counted = new Set<Ix>();
  use.at.forEach((sub, axis) => {
    const extent = node.type.shape[axis] ?? constDim(1);
    let reach: Dim = constDim(1);
    for (const ix of indexIndices(sub)) {
      if (!counted.has(ix)) reach = mulDim(reach, extents[ix] ?? constDim(1));
      counted.add(ix);
    }
    product = mulDim(product, least(extent, reach));
  });
  return product;
}

const least = (a: Dim, b: Dim): Dim => {
  if (constValue(a) !== undefined && constValue(b) !== undefined)
    return (constValue(a) ?? 0) <= (constValue(b) ?? 0) ? a : b;
  return dimRange(a).hi <= dimRange(b).hi ? a : b;
};
