import {
  addDim,
  constDim,
  constValue,
  type Dim,
  dimKey,
  dimRange,
  mulDim,
  productDim,
  scaleDim,
} from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { nodeFlops } from "../../src/ir/graph/flops.js";
import type { Ix, Node, Use, ValueId } from "../../src/ir/graph/ops.js";
import { indexIndices, operandUses, rewriteUse } from "../../src/ir/graph/visit.js";
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
  /** Of each value, the most of each part that a use reads: constant subscripts tell parts apart. */
  const reads = new Map<ValueId, Map<string, Dim>>();
  const own = new Set(coveredBy(m));
  const visitNode = (v: ValueId, node: Node): void => {
    if (node.op === "concat") for (const value of node.args) noteWhole(value, v);
    if (node.op === "region") visitBody(node, v);
    const extents = "extents" in node ? node.extents : [];
    for (const use of operandUses(node)) visitUse(use, extents, v);
  };
  const visitUse = (use: Use, extents: readonly Dim[], reader: ValueId): void => {
    for (const sub of use.at) nestedUses(sub, (u) => visitUse(u, extents, reader));
    // below 0: inside a region, nothing of the graph
    if (use.value < 0 || own.has(use.value)) return;
    const node = cx.node(use.value);
    if (cx.inlined(use.value)) visitNode(use.value, node);
    else note(use.value, partOf(use), touched(use, node, extents));
  };
  /** What the body of a region reads of each argument. */
  const visitBody = ({ args, body }: Extract<Node, { op: "region" }>, reader: ValueId): void => {
    const outer = (v: ValueId): ValueId => args[body.inputs.indexOf(v)] ?? -1;
    for (const node of body.nodes) {
      const extents = "extents" in node ? node.extents : [];
      const whole = node.op === "concat" || node.op === "region" ? node.args : [];
      for (const v of whole) if (outer(v) >= 0) noteWhole(outer(v), reader);
      for (const use of operandUses(node))
        if (outer(use.value) >= 0) visitUse(rewriteUse(use, { value: outer }), extents, reader);
    }
  };
  const noteWhole = (value: ValueId, reader: ValueId): void => {
    const { shape } = cx.node(value).type;
    visitUse({ value, at: shape.map((_, ix) => ({ i: "ix", ix })) }, shape, reader);
  };
  const note = (v: ValueId, part: string, elements: Dim): void => {
    const parts = reads.get(v) ?? new Map<string, Dim>();
    const before = parts.get(part);
    if (before === undefined || typical(before) < typical(elements)) parts.set(part, elements);
    reads.set(v, parts);
  };
  for (const v of own) visitNode(v, cx.node(v));
  const bytes = (v: ValueId, parts: ReadonlyMap<string, Dim>): Dim => {
    const { dtype, shape } = cx.node(v).type;
    const all = productDim(shape);
    const some = [...parts.values()].reduce(addDim);
    return scaleDim(typical(some) < typical(all) ? some : all, byteSize(dtype), 1);
  };
  return new Map([...reads].map(([v, parts]) => [v, bytes(v, parts)] as const));
}

/** The constant subscripts of a use, each in its place. */
const partOf = (use: Use): string => use.at.map((i) => (i.i === "dim" ? dimKey(i.dim) : "")).join();

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
  const [ra, rb] = [dimRange(a), dimRange(b)];
  if (ra.hi !== rb.hi) return ra.hi < rb.hi ? a : b;
  // a run-time size up to the whole of an axis: what it reaches, not the axis
  return ra.lo <= rb.lo ? a : b;
};
