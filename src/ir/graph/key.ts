import { unreachable } from "../../util/invariant.js";
import { type Dim, dimKey } from "../dim.js";
import type { Graph, Index, Ix, Op, Scalar, Use, Where } from "./ops.js";
import { scalarIndices, useIndices, whereIndices } from "./visit.js";

/**
 * Structural keys: two ops have the same key iff they are the same computation written with, at most, differently
 * numbered indices. Locations are no part of it.
 */

/** Keys of ops and of whole graphs; graphs are remembered by object, since regions share their bodies. */
export function keyMaker(): { readonly op: (op: Op) => string; readonly graph: (graph: Graph) => string } {
  const graphs = new WeakMap<Graph, string>();

  const graph = (g: Graph): string => {
    let key = graphs.get(g);
    if (key === undefined) {
      const nodes = g.nodes.map((node) => `${op(node)}:${node.type.dtype}[${node.type.shape.map(dimKey).join(",")}]`);
      key = `{${nodes.join(";")};${g.outputs.map((o) => `${JSON.stringify(o.name)}=${o.value}`).join(",")}}`;
      graphs.set(g, key);
    }
    return key;
  };

  const op = (o: Op): string => opKey(o, graph);
  return { op, graph };
}

function opKey(op: Op, graph: (g: Graph) => string): string {
  switch (op.op) {
    case "input":
      return `input ${JSON.stringify(op.name)}`;
    case "param":
      return `param ${JSON.stringify([op.path, op.init, op.fixed, op.from?.key, op.from?.layout, op.from?.axes])}`;
    case "contract": {
      const { to, extents } = canonical(op.out, op.factors, op.extents, op.where, undefined);
      const factors = op.factors.map((use) => useKey(use, to));
      return `contract ${factors.join("*")}${whereKey(op.where, to)}->${op.out.length} ${extents} ${op.accum}`;
    }
    case "map": {
      const { to, extents } = canonical(op.out, op.args, op.extents, undefined, op.body);
      const args = op.args.map((use) => useKey(use, to));
      return `map ${args.join(",")}->${op.out.length} ${extents} ${scalarKey(op.body, to)}`;
    }
    case "reduce": {
      const { to, extents } = canonical(op.out, [op.arg], op.extents, op.where, undefined);
      return `reduce ${op.monoid} ${useKey(op.arg, to)}${whereKey(op.where, to)}->${op.out.length} ${extents}`;
    }
    case "softmax": {
      const same = (ix: Ix): Ix => ix;
      return `softmax ${op.axis} ${useKey(op.arg, same)}${whereKey(op.where, same)} ${op.extents.map(dimKey).join(",")}`;
    }
    case "concat":
      return `concat ${op.axis} ${op.args.join(",")}`;
    case "region":
      return `region ${JSON.stringify(op.strategy)} ${op.args.join(",")} ${op.result} ${graph(op.body)}${(op.plans ?? []).map(graph).join("")}`;
    default:
      return unreachable(op);
  }
}

/** Numbers the indices anew: those of the result, then by first occurrence, then unused ones by size. */
function canonical(
  out: readonly Ix[],
  uses: readonly Use[],
  extents: readonly Dim[],
  where: Where | undefined,
  body: Scalar | undefined,
): { readonly to: (ix: Ix) => Ix; readonly extents: string } {
  const order = new Set<Ix>(out);
  for (const use of uses) for (const ix of useIndices(use)) order.add(ix);
  if (where) for (const ix of whereIndices(where)) order.add(ix);
  if (body) for (const ix of scalarIndices(body)) order.add(ix);
  const sizes = extents.map(dimKey);
  const unused = sizes.map((_, ix) => ix).filter((ix) => !order.has(ix));
  unused.sort((a, b) => ((sizes[a] ?? "") < (sizes[b] ?? "") ? -1 : (sizes[a] ?? "") > (sizes[b] ?? "") ? 1 : a - b));
  const list = [...order, ...unused];
  const number = new Map(list.map((ix, position) => [ix, position]));
  return { to: (ix) => number.get(ix) ?? -1, extents: list.map((ix) => sizes[ix] ?? "?").join(",") };
}

function useKey(use: Use, to: (ix: Ix) => Ix): string {
  return `%${use.value}[${use.at.map((index) => indexKey(index, to)).join(",")}]`;
}

function indexKey(index: Index, to: (ix: Ix) => Ix): string {
  switch (index.i) {
    case "ix":
      return `i${to(index.ix)}`;
    case "dim":
      return `d${dimKey(index.dim)}`;
    case "add":
      return `(${index.of.map((part) => indexKey(part, to)).join("+")})`;
    case "mul":
    case "floordiv":
    case "mod":
      return `${index.i}(${indexKey(index.of, to)},${dimKey(index.by)})`;
    case "value":
      return useKey(index.of, to);
    default:
      return unreachable(index);
  }
}

function scalarKey(body: Scalar, to: (ix: Ix) => Ix): string {
  const key = (part: Scalar): string => scalarKey(part, to);
  switch (body.e) {
    case "const":
      return `${Object.is(body.value, -0) ? "-0" : body.value}:${body.dtype}`;
    case "arg":
      return `$${body.arg}`;
    case "index":
      return `i${to(body.ix)}`;
    case "dim":
      return `d${dimKey(body.dim)}`;
    case "call":
      return `${body.fn}(${body.args.map(key).join(",")})`;
    case "select":
      return `select(${key(body.cond)},${key(body.then)},${key(body.else)})`;
    case "convert":
      return `${body.to}(${key(body.of)})`;
    default:
      return unreachable(body);
  }
}

function whereKey(where: Where | undefined, to: (ix: Ix) => Ix): string {
  if (!where) return "";
  return ` where ${where.args.map((use) => useKey(use, to)).join(",")} ${scalarKey(where.body, to)}`;
}
