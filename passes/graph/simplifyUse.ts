import { addDim, constDim, type Dim, provablyAtLeast, sameDim, scaleDim, subDim } from "../../src/ir/dim.js";
import type { Index, Ix, Node, Scalar, Use } from "../../src/ir/graph/ops.js";
import {
  mapSame,
  plainIndices,
  rewriteScalar,
  rewriteUse,
  scalarArgs,
  substituteUse,
} from "../../src/ir/graph/visit.js";
import type { GraphView } from "../rewrite.js";
import { indexRange, provablyWithin, simplifyIndex, useKey } from "./simplifyIndex.js";

type MapNode = Extract<Node, { op: "map" }>;

/** A map that only moves elements: its one argument. */
export function copiedUse(node: Node): Use | undefined {
  return node.op === "map" && node.body.e === "arg" ? node.args[node.body.arg] : undefined;
}

/** A copy of a whole value, axis by axis. */
export function copiesWhole(node: MapNode, g: GraphView): Use | undefined {
  const use = copiedUse(node);
  const plain = use && plainIndices(use);
  if (use === undefined || plain === undefined || plain.length !== node.out.length) return undefined;
  const shape = g.type(use.value).shape;
  const whole = plain.every((ix, axis) => {
    const [extent, of] = [node.extents[ix], shape[axis]];
    return ix === node.out[axis] && extent !== undefined && of !== undefined && sameDim(extent, of);
  });
  return whole ? use : undefined;
}

/**
 * What a map's arguments are at an element read through `at`, subscripts put in place of the map's indices:
 *
 *     t[i, j] = x[j, i / 2]   makes   t[n, m + 1]   read   x[m + 1, n / 2]
 *
 * A subscript that is not proved in range, a gathered one above all, reads the nearest row of the map. It may move inward
 * only where it lands alone on an axis of the same extent, so that the nearest row stays the nearest row. `undefined`
 * where that fails. `extents` are those of the reader.
 */
export function throughMap(
  node: MapNode,
  at: readonly Index[],
  extents: readonly Dim[],
  g: GraphView,
): ((use: Use) => Use) | undefined {
  const by = new Map<Ix, Index>();
  node.out.forEach((ix, axis) => {
    const index = at[axis];
    if (index !== undefined) by.set(ix, index);
  });
  const clamped = new Set([...by].flatMap(([ix, index]) => (staysIn(index, node, ix, extents) ? [] : [ix])));
  if (clamped.size > 0 && !node.args.every((u) => onlyAlone(u, clamped, node.extents, g))) return undefined;
  return (use) => substituteUse(use, (ix) => by.get(ix) ?? { i: "ix", ix });
}

/** Whether a subscript is proved to be an index of the map, so that nothing is clamped. */
export const staysIn = (index: Index, node: MapNode, ix: Ix, extents: readonly Dim[]): boolean =>
  provablyWithin(index, node.extents[ix] ?? constDim(0), extents);

/** Whether each of these indices occurs only as a whole subscript of an axis as long as the index. */
function onlyAlone(use: Use, indices: ReadonlySet<Ix>, extents: readonly Dim[], g: GraphView): boolean {
  const shape = g.type(use.value).shape;
  const inside = (index: Index): boolean => {
    switch (index.i) {
      case "ix":
        return !indices.has(index.ix);
      case "dim":
        return true;
      case "add":
        return index.of.every(inside);
      case "mul":
      case "floordiv":
      case "mod":
        return inside(index.of);
      case "value":
        return onlyAlone(index.of, indices, extents, g);
    }
  };
  return use.at.every((index, axis) => {
    if (index.i !== "ix" || !indices.has(index.ix)) return inside(index);
    const [extent, of] = [extents[index.ix], shape[axis]];
    return extent !== undefined && of !== undefined && sameDim(extent, of);
  });
}

/** A use whose subscripts, and those of its gathers, are in normal form and read through copies and joins. */
export function simplifyUse(use: Use, extents: readonly Dim[], g: GraphView): Use {
  const normal = mapSame(use.at, (index) => simplifyIndex(simplifyGathers(index, extents, g), extents));
  const tidy = normal === use.at ? use : { value: use.value, at: normal };
  const node = g.node(tidy.value);
  const copied = copiedUse(node);
  if (copied !== undefined && node.op === "map") {
    const inward = throughMap(node, tidy.at, extents, g);
    if (inward !== undefined) return simplifyUse(inward(copied), extents, g);
  }
  const part = node.op === "concat" ? partOf(node, tidy, extents, g) : undefined;
  return part === undefined ? tidy : simplifyUse(part, extents, g);
}

function simplifyGathers(index: Index, extents: readonly Dim[], g: GraphView): Index {
  switch (index.i) {
    case "ix":
    case "dim":
      return index;
    case "add": {
      const of = mapSame(index.of, (part) => simplifyGathers(part, extents, g));
      return of === index.of ? index : { i: "add", of };
    }
    case "mul":
    case "floordiv":
    case "mod": {
      const of = simplifyGathers(index.of, extents, g);
      return of === index.of ? index : { ...index, of };
    }
    case "value": {
      const of = simplifyUse(index.of, extents, g);
      return of === index.of ? index : { i: "value", of };
    }
  }
}

/** concat(a, b)[i + A] = b[i], where the subscript stays within one part. */
function partOf(
  node: Extract<Node, { op: "concat" }>,
  use: Use,
  extents: readonly Dim[],
  g: GraphView,
): Use | undefined {
  const index = use.at[node.axis];
  const range = index && indexRange(index, extents);
  if (index === undefined || range === undefined) return undefined;
  let start: Dim = constDim(0);
  for (const value of node.args) {
    const length = g.type(value).shape[node.axis] ?? constDim(0);
    const end = addDim(start, length);
    if (provablyAtLeast(range.lo, start) && provablyAtLeast(subDim(end, constDim(1)), range.hi)) {
      const moved: Index = { i: "add", of: [index, { i: "dim", dim: scaleDim(start, -1, 1) }] };
      return { value, at: use.at.map((i, axis) => (axis === node.axis ? moved : i)) };
    }
    start = end;
  }
  return undefined;
}

/** Drops arguments that the body does not read and merges equal ones; the same objects when there are none. */
export function tidyArgs(args: readonly Use[], body: Scalar): { readonly args: readonly Use[]; readonly body: Scalar } {
  const read = scalarArgs(body);
  const places = new Map<string, number>();
  const kept: Use[] = [];
  const to = args.map((use, arg) => {
    if (!read.has(arg)) return -1;
    const key = useKey(use);
    const old = places.get(key);
    if (old !== undefined) return old;
    places.set(key, kept.length);
    kept.push(use);
    return kept.length - 1;
  });
  if (kept.length === args.length) return { args, body };
  return { args: kept, body: rewriteScalar(body, { arg: (arg) => ({ e: "arg", arg: to[arg] ?? arg }) }) };
}

/** Puts a number in place of an index, and closes the gap in the numbering. */
export function dropIndex(use: Use, dropped: Ix, value: Dim): Use {
  return rewriteUse(use, {
    ix: (ix, index) => {
      if (ix === dropped) return { i: "dim", dim: value };
      return ix > dropped ? { i: "ix", ix: ix - 1 } : index;
    },
  });
}

export function dropScalarIndex(body: Scalar, dropped: Ix, value: Scalar): Scalar {
  return rewriteScalar(body, {
    index: (ix, part) => {
      if (ix === dropped) return value;
      return ix > dropped ? { e: "index", ix: ix - 1 } : part;
    },
  });
}
