import { addDim, constDim, constValue, type Dim, productDim, scaleDim } from "../../src/ir/dim.js";
import type { Index, Node, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import {
  add,
  call,
  clamp,
  convert,
  floordiv,
  int,
  kType,
  lit,
  literalOf,
  mod,
  mul,
  pack,
  sameExpr,
  select,
  sum,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { consecutive, type Env, type Reach } from "./axis.js";
import { boundsOf, inRange } from "./bounds.js";
import type { KernelScope } from "./kernelScope.js";

/**
 * How an element of a tensor comes about inside a kernel. An element is asked for at one point or at four (`lanes`);
 * the answer has one lane where all points agree. A load takes four elements at once where its addresses turn out to be
 * consecutive and aligned; nothing has to foretell it.
 */
export interface Point {
  readonly lanes: readonly Env[];
  /** The extents that `lanes` respect. */
  readonly reach: Reach;
  /** The declared extents of the indices. */
  readonly extents: Reach;
}

export const pointAt = (
  extents: readonly Dim[],
  lanes: readonly Env[],
  beyond: ReadonlyMap<number, Dim> = new Map(),
): Point => {
  const own: Reach = (ix) => extents[ix] ?? constDim(1);
  return { lanes, extents: own, reach: (ix) => beyond.get(ix) ?? own(ix) };
};

/** Several lanes as one value, of one lane where they are equal. */
const joined = (lanes: readonly KExpr[]): KExpr => {
  const first = lanes[0];
  invariant(first, () => "an element has lanes");
  return lanes.every((e) => sameExpr(e, first)) ? first : pack(lanes);
};

/** The lanes that differ: one if all points have the same indices. */
function distinct(lanes: readonly Env[]): readonly Env[] {
  const first = lanes[0];
  if (first === undefined) return lanes;
  const same = lanes.every((env) => [...first].every(([ix, v]) => sameExpr(env.get(ix) ?? v, v)));
  return same ? [first] : lanes;
}

/** A subscript as an i32, for one lane; a gather reads its index here. */
export function indexValue(k: KernelScope, i: Index, env: Env, p: Point): KExpr {
  switch (i.i) {
    case "ix": {
      const v = env.get(i.ix);
      invariant(v, () => `index ${i.ix} has no value here`);
      return v;
    }
    case "dim":
      return k.b.dim(i.dim);
    case "add":
      return sum(i.of.map((part) => indexValue(k, part, env, p)));
    case "mul":
      return scaled(k, indexValue(k, i.of, env, p), i.by);
    case "floordiv":
      return floordiv(indexValue(k, i.of, env, p), k.b.dim(i.by));
    case "mod":
      return mod(indexValue(k, i.of, env, p), k.b.dim(i.by));
    case "value":
      return convert("i32", element(k, i.of, { ...p, lanes: [env] }));
    default:
      return unreachable(i);
  }
}

/** e · d, with the constant part of a size as a literal factor, so that addresses show what divides them. */
function scaled(k: KernelScope, e: KExpr, d: Dim): KExpr {
  if (d.op !== "poly" || d.terms.length !== 1) return mul(e, k.b.dim(d));
  const content = d.terms[0]?.[0] ?? 1;
  return mul(mul(e, k.b.dim(scaleDim(d, 1, content))), content);
}

/** The element that a use reads, at each point. */
export function element(k: KernelScope, use: Use, p: Point): KExpr {
  const given = k.given.get(use.value);
  if (given !== undefined) return given;
  const node = k.cx.node(use.value);
  const shape = node.type.shape;
  const beyond = new Map<number, Dim>();
  const inlined = k.cx.inlined(use.value);
  const coordinates = p.lanes.map((env) =>
    use.at.map((sub, axis) => {
      const extent = shape[axis] ?? constDim(1);
      if (constValue(extent) === 1) return int(0);
      const v = indexValue(k, sub, env, p);
      if (!inRange(sub, extent, p.extents)) return clamp(v, 0, add(k.b.dim(extent), -1));
      if (inRange(sub, extent, p.reach)) return v;
      const over = boundsOf(sub, p.reach);
      if (!inlined || over === undefined) return clamp(v, 0, add(k.b.dim(extent), -1));
      beyond.set(axis, addDim(over.hi, constDim(1)));
      return v;
    }),
  );
  if (!inlined) return loaded(k, use.value, coordinates);
  invariant(node.op === "map", () => `only a map is computed where it is read, not ${node.op}`);
  const envs = coordinates.map((c): Env => new Map(node.out.map((ix, axis) => [ix, c[axis] ?? int(0)])));
  const ends = new Map([...beyond].map(([axis, end]) => [node.out[axis] ?? -1, end]));
  return mapElement(k, node, pointAt(node.extents, distinct(envs), ends));
}

function loaded(k: KernelScope, value: ValueId, coordinates: readonly (readonly KExpr[])[]): KExpr {
  const { shape, hint } = k.cx.stored(value);
  const at = coordinates.map((c) => addressOf(k, shape, c));
  const [first] = at;
  invariant(first, () => "an element has lanes");
  if (at.length === 4 && consecutive(at) && literalOf(mod(first, 4)) === 0 && k.readsVectors(shape)) {
    return k.b.let(k.b.load(k.read(value, 4), floordiv(first, 4)), hint);
  }
  const lanes: KExpr[] = [];
  for (const a of at) {
    const earlier = at.findIndex((x) => sameExpr(x, a));
    const known = lanes[earlier];
    lanes.push(known ?? k.b.let(k.b.load(k.read(value, 1), a), hint));
  }
  return joined(lanes);
}

/** Row-major position of an element. */
export function addressOf(k: KernelScope, shape: readonly Dim[], coordinates: readonly KExpr[]): KExpr {
  return sum(coordinates.map((c, axis) => scaled(k, c, productDim(shape.slice(axis + 1)))));
}

type MapNode = Extract<Node, { op: "map" }>;

/** One element of a map; `given` stands for the argument that is already computed. */
export function mapElement(
  k: KernelScope,
  node: MapNode,
  p: Point,
  given?: { readonly arg: number; readonly value: KExpr },
): KExpr {
  const known = new Map<number, KExpr>();
  if (given !== undefined) known.set(given.arg, given.value);
  return scalarValue(k, node.body, p, argumentsOf(k, node.args, p, known));
}

/** Reads each argument once, when it is first asked for. */
function argumentsOf(
  k: KernelScope,
  uses: readonly Use[],
  p: Point,
  known: Map<number, KExpr>,
): (arg: number) => KExpr {
  return (arg) => {
    const before = known.get(arg);
    if (before !== undefined) return before;
    const use = uses[arg];
    invariant(use, () => `a scalar expression has no argument ${arg}`);
    const v = element(k, use, p);
    known.set(arg, v);
    return v;
  };
}

/** Whether the element at a point is selected. */
export const selected = (k: KernelScope, where: Where, body: Scalar, p: Point): KExpr =>
  scalarValue(k, body, p, argumentsOf(k, where.args, p, new Map()));

function scalarValue(k: KernelScope, s: Scalar, p: Point, arg: (i: number) => KExpr): KExpr {
  // A scalar expression may share its parts.
  const memo = new Map<Scalar, KExpr>();
  const visit = (x: Scalar): KExpr => {
    const known = memo.get(x);
    if (known !== undefined) return known;
    const v = value(x);
    memo.set(x, v);
    return v;
  };
  const value = (x: Scalar): KExpr => {
    switch (x.e) {
      case "const":
        return lit(x.value, kType(x.dtype));
      case "arg":
        return arg(x.arg);
      case "index":
        return joined(p.lanes.map((env) => indexValue(k, { i: "ix", ix: x.ix }, env, p)));
      case "dim":
        return k.b.dim(x.dim);
      case "call":
        return call(x.fn, ...x.args.map(visit));
      case "select": {
        const cond = visit(x.cond);
        return select(cond, visit(x.then), visit(x.else));
      }
      case "convert":
        return convert(x.to, visit(x.of));
      default:
        return unreachable(x);
    }
  };
  return visit(s);
}
