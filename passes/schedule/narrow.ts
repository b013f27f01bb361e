import type { Loc } from "../../src/diagnostics/span.js";
import { constDim, type Dim, productDim } from "../../src/ir/dim.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Index, Ix, Op, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument } from "../../src/ir/graph/scalars.js";
import {
  mapOperands,
  mapUses,
  operands,
  renameScalar,
  renameUse,
  rewriteScalar,
  scalarArgs,
  useIndices,
  useValues,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { typical } from "./axis.js";

/**
 * Cuts nodes that read more tensors than a kernel can bind beside its result: parts of a map's expression, conditions,
 * and products of factors become nodes of their own. A graph without such nodes comes back as it is.
 */
export function narrow(g: Graph, maxBuffers: number): Graph {
  const limit = maxBuffers - 1;
  if (g.nodes.every((n) => n.op === "concat" || operands(n).length <= limit)) return g;
  const b = graphBuilder();
  const to: ValueId[] = [];
  const moved = (v: ValueId): ValueId => {
    const found = to[v];
    invariant(found !== undefined, () => `%${v} is read before it is computed`);
    return found;
  };
  g.nodes.forEach((node, v) => {
    const loc = g.locs[v] ?? { kind: "none" };
    const { type, ...op } = node;
    const given = node.op === "input" || node.op === "param" ? type : undefined;
    to.push(b.add(narrowed(mapOperands(op as Op, moved), b, loc, limit), loc, given));
  });
  return b.finish(
    g.name,
    g.outputs.map((o) => ({ name: o.name, value: moved(o.value) })),
  );
}

function narrowed(given: Op, b: GraphBuilder, loc: Loc, limit: number): Op {
  if (given.op === "concat" || given.op === "region" || operands(given).length <= limit) return given;
  const op = "extents" in given ? mapUses(given, (use) => withPlainGathers(use, given.extents, b, loc)) : given;
  if (operands(op).length <= limit) return op;
  switch (op.op) {
    case "map":
      return narrowMap(op, b, loc, limit);
    case "reduce":
    case "softmax":
      return op.where === undefined ? op : { ...op, where: condition(op.where, op.extents, b, loc, limit) };
    case "contract": {
      const where = op.where && condition(op.where, op.extents, b, loc, limit);
      return narrowProduct({ ...op, ...(where && { where }) }, b, loc, limit);
    }
    default:
      return op;
  }
}

/** The use with gathers whose subscripts gather again read from tensors of subscripts. */
function withPlainGathers(use: Use, extents: readonly Dim[], b: GraphBuilder, loc: Loc): Use {
  const plain = (i: Index): Index => {
    switch (i.i) {
      case "ix":
      case "dim":
        return i;
      case "add":
        return { ...i, of: i.of.map(plain) };
      case "mul":
      case "floordiv":
      case "mod":
        return { ...i, of: plain(i.of) };
      case "value": {
        if (useValues(i.of).size === 1) return i;
        const inner = withPlainGathers(i.of, extents, b, loc);
        const ixs = [...useIndices(inner)].sort((x, y) => x - y);
        const made = b.add(
          {
            op: "map",
            args: [renameUse(inner, (ix) => ixs.indexOf(ix))],
            out: ixs.map((_, n) => n),
            extents: ixs.map((ix) => extents[ix] ?? constDim(1)),
            body: argument(0),
          },
          loc,
        );
        return { i: "value", of: { value: made, at: ixs.map((ix) => ({ i: "ix", ix }) as const) } };
      }
      default:
        return unreachable(i);
    }
  };
  return { value: use.value, at: use.at.map(plain) };
}

type MapOp = Extract<Op, { op: "map" }>;
type Contract = Extract<Op, { op: "contract" }>;

const valuesOf = (s: Scalar, args: readonly Use[]): ReadonlySet<ValueId> =>
  new Set([...scalarArgs(s)].flatMap((a) => [...(args[a] ? useValues(args[a]) : [])]));

function narrowMap(op: MapOp, b: GraphBuilder, loc: Loc, limit: number): MapOp {
  const args: Use[] = [...op.args];
  const extract = (part: Scalar): Scalar => {
    const made = b.add(compact({ ...op, args, body: part }), loc);
    args.push({ value: made, at: op.out.map((ix) => ({ i: "ix", ix }) as const) });
    return argument(args.length - 1);
  };
  const body = rewriteScalar(op.body, {
    part: (s) => {
      const size = (x: Scalar): number => valuesOf(x, args).size;
      let parts = childrenOf(s);
      let whole = s;
      while (size(whole) > limit) {
        const widest = parts.reduce((m, x) => (size(x) > size(m) ? x : m));
        invariant(size(widest) > 1, () => "one argument reads more tensors than a kernel can bind");
        const named = extract(widest);
        parts = parts.map((x) => (x === widest ? named : x));
        whole = withChildren(whole, parts);
      }
      return whole;
    },
  });
  return compact({ ...op, args, body });
}

function childrenOf(s: Scalar): readonly Scalar[] {
  if (s.e === "call") return s.args;
  if (s.e === "select") return [s.cond, s.then, s.else];
  return s.e === "convert" ? [s.of] : [];
}

function withChildren(s: Scalar, parts: readonly Scalar[]): Scalar {
  if (s.e === "call") return { ...s, args: parts };
  const [first, second, third] = parts;
  if (s.e === "convert" && first) return { ...s, of: first };
  // biome-ignore lint/suspicious/noThenProperty: an arm of the expression; nothing awaits a scalar.
  return s.e === "select" && first && second && third ? { ...s, cond: first, then: second, else: third } : s;
}

/** The map without the arguments that its body does not read. */
function compact(op: MapOp): MapOp {
  const kept = [...scalarArgs(op.body)].sort((x, y) => x - y);
  const body = rewriteScalar(op.body, { arg: (a) => argument(kept.indexOf(a)) });
  return { ...op, args: kept.flatMap((a) => op.args[a] ?? []), body };
}

/** A condition on several tensors becomes a tensor of bools. */
function condition(where: Where, extents: readonly Dim[], b: GraphBuilder, loc: Loc, limit: number): Where {
  if (where.args.length < 2) return where;
  const ixs = [...whereIndices(where)].sort((x, y) => x - y);
  const local = (ix: Ix): Ix => ixs.indexOf(ix);
  const map: MapOp = {
    op: "map",
    args: where.args.map((u) => renameUse(u, local)),
    out: ixs.map((_, i) => i),
    extents: ixs.map((ix) => extents[ix] ?? constDim(1)),
    body: renameScalar(where.body, local),
  };
  const made = b.add(operands(map).length > limit ? narrowMap(map, b, loc, limit) : map, loc);
  return { args: [{ value: made, at: ixs.map((ix) => ({ i: "ix", ix }) as const) }], body: argument(0) };
}

/** Multiplies out the two factors with the smallest product, until the rest can be bound. */
function narrowProduct(op: Contract, b: GraphBuilder, loc: Loc, limit: number): Contract {
  let current = op;
  while (operands(current).length > limit && current.factors.length > 1) {
    const size = (ixs: readonly Ix[]): number => typical(productDim(ixs.map((ix) => op.extents[ix] ?? constDim(1))));
    let best: { readonly i: number; readonly j: number; readonly ixs: readonly Ix[] } | undefined;
    current.factors.forEach((f, i) => {
      current.factors.forEach((e, j) => {
        if (j <= i) return;
        const ixs = [...new Set([...useIndices(f), ...useIndices(e)])].sort((x, y) => x - y);
        if (best === undefined || size(ixs) < size(best.ixs)) best = { i, j, ixs };
      });
    });
    invariant(best, () => "two factors make a product");
    const { i, j, ixs } = best;
    const local = (ix: Ix): Ix => ixs.indexOf(ix);
    const pair = current.factors.filter((_, n) => n === i || n === j).map((f) => renameUse(f, local));
    const made = b.add(
      {
        op: "contract",
        factors: pair,
        out: ixs.map((_, n) => n),
        extents: ixs.map((ix) => op.extents[ix] ?? constDim(1)),
        accum: op.accum,
      },
      loc,
    );
    const product: Use = { value: made, at: ixs.map((ix) => ({ i: "ix", ix }) as const) };
    current = { ...current, factors: [...current.factors.filter((_, n) => n !== i && n !== j), product] };
  }
  return current;
}
