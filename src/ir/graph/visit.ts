import { unreachable } from "../../util/invariant.js";
import type { Dim } from "../dim.js";
import type { Graph, Index, Ix, Op, Scalar, Use, ValueId, Where } from "./ops.js";
import { select } from "./scalars.js";

/**
 * Walking and rewriting of uses, subscripts and scalar expressions. Every rewriting function returns the object it was
 * given when nothing changed, so "did it change?" is `!==`.
 */

/** `items` itself if `f` returned every item unchanged. */
export function mapSame<T>(items: readonly T[], f: (item: T, position: number) => T): readonly T[] {
  let changed = false;
  const mapped = items.map((item, position) => {
    const result = f(item, position);
    if (result !== item) changed = true;
    return result;
  });
  return changed ? mapped : items;
}

// ---- collecting -----------------------------------------------------------------------------------------------------

function collectIndex(index: Index, into: Set<Ix>): void {
  switch (index.i) {
    case "ix":
      into.add(index.ix);
      return;
    case "dim":
      return;
    case "add":
      for (const part of index.of) collectIndex(part, into);
      return;
    case "mul":
    case "floordiv":
    case "mod":
      collectIndex(index.of, into);
      return;
    case "value":
      for (const part of index.of.at) collectIndex(part, into);
      return;
    default:
      unreachable(index);
  }
}

/** The indices that a subscript mentions, in order of first occurrence. */
export function indexIndices(index: Index): ReadonlySet<Ix> {
  const found = new Set<Ix>();
  collectIndex(index, found);
  return found;
}

/** The indices that a use mentions, nested gathers included, in order of first occurrence. */
export function useIndices(use: Use): ReadonlySet<Ix> {
  const found = new Set<Ix>();
  for (const index of use.at) collectIndex(index, found);
  return found;
}

/** Calls `visit` on every part of a scalar expression, parents first. */
export function walkScalar(body: Scalar, visit: (part: Scalar) => void): void {
  visit(body);
  switch (body.e) {
    case "call":
      for (const arg of body.args) walkScalar(arg, visit);
      return;
    case "select":
      walkScalar(body.cond, visit);
      walkScalar(body.then, visit);
      walkScalar(body.else, visit);
      return;
    case "convert":
      walkScalar(body.of, visit);
      return;
    default:
  }
}

/** The indices that a scalar expression mentions by itself, not through its arguments. */
export function scalarIndices(body: Scalar): ReadonlySet<Ix> {
  const found = new Set<Ix>();
  walkScalar(body, (part) => {
    if (part.e === "index") found.add(part.ix);
  });
  return found;
}

/** The positions of the arguments that a scalar expression reads. */
export function scalarArgs(body: Scalar): ReadonlySet<number> {
  const found = new Set<number>();
  walkScalar(body, (part) => {
    if (part.e === "arg") found.add(part.arg);
  });
  return found;
}

/** The indices that decide whether an element takes part. */
export function whereIndices(where: Where): ReadonlySet<Ix> {
  const found = new Set<Ix>();
  for (const use of where.args) for (const index of use.at) collectIndex(index, found);
  for (const ix of scalarIndices(where.body)) found.add(ix);
  return found;
}

/** The uses that an op holds directly: factors or arguments first, then those of its condition. */
export function operandUses(op: Op): readonly Use[] {
  switch (op.op) {
    case "contract":
      return op.where ? [...op.factors, ...op.where.args] : op.factors;
    case "map":
      return op.args;
    case "reduce":
    case "softmax":
      return op.where ? [op.arg, ...op.where.args] : [op.arg];
    case "input":
    case "param":
    case "concat":
    case "region":
      return [];
    default:
      return unreachable(op);
  }
}

function collectValues(use: Use, into: Set<ValueId>): void {
  into.add(use.value);
  const inIndex = (index: Index): void => {
    if (index.i === "value") collectValues(index.of, into);
    else if (index.i === "add") index.of.forEach(inIndex);
    else if (index.i === "mul" || index.i === "floordiv" || index.i === "mod") inIndex(index.of);
  };
  use.at.forEach(inIndex);
}

/** The values that a use reads: its own and those of its gathers. */
export function useValues(use: Use): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  collectValues(use, found);
  return found;
}

/** The distinct values that an op reads, gathers included, in order of first occurrence. */
export function operands(op: Op): readonly ValueId[] {
  if (op.op === "concat" || op.op === "region") return [...new Set(op.args)];
  const found = new Set<ValueId>();
  for (const use of operandUses(op)) collectValues(use, found);
  return [...found];
}

/** The subscripts of a plain use (every subscript is an index, all different), or undefined. */
export function plainIndices(use: Use): readonly Ix[] | undefined {
  const found: Ix[] = [];
  for (const index of use.at) {
    if (index.i !== "ix" || found.includes(index.ix)) return undefined;
    found.push(index.ix);
  }
  return found;
}

/** Whether all subscripts are different bare indices. */
export const isPlain = (use: Use): boolean => plainIndices(use) !== undefined;

/** Whether a use reads a tensor by a value, on any axis. */
export function isGather(use: Use): boolean {
  const inIndex = (index: Index): boolean => {
    switch (index.i) {
      case "ix":
      case "dim":
        return false;
      case "add":
        return index.of.some(inIndex);
      case "mul":
      case "floordiv":
      case "mod":
        return inIndex(index.of);
      case "value":
        return true;
      default:
        return unreachable(index);
    }
  };
  return use.at.some(inIndex);
}

/** Those indices of an op that are not in its result, in numeric order. */
export function reducedIndices(op: { readonly out: readonly Ix[]; readonly extents: readonly Dim[] }): readonly Ix[] {
  return op.extents.map((_, ix) => ix).filter((ix) => !op.out.includes(ix));
}

// ---- rewriting ------------------------------------------------------------------------------------------------------

/** Rebuilds a subscript: indices by `ix`, uses of gathers by `use`, sizes by `dim`; each may be left out. */
export function rewriteIndex(index: Index, f: IndexRewrite): Index {
  switch (index.i) {
    case "ix":
      return f.ix ? f.ix(index.ix, index) : index;
    case "dim": {
      const dim = f.dim ? f.dim(index.dim) : index.dim;
      return dim === index.dim ? index : { i: "dim", dim };
    }
    case "add": {
      const of = mapSame(index.of, (part) => rewriteIndex(part, f));
      return of === index.of ? index : { i: "add", of };
    }
    case "mul":
    case "floordiv":
    case "mod": {
      const of = rewriteIndex(index.of, f);
      const by = f.dim ? f.dim(index.by) : index.by;
      return of === index.of && by === index.by ? index : { i: index.i, of, by };
    }
    case "value": {
      const of = rewriteUse(index.of, f);
      return of === index.of ? index : { i: "value", of };
    }
    default:
      return unreachable(index);
  }
}

/** What to put in place of the parts of a subscript; a part that is not named stays. */
export interface IndexRewrite {
  /** Of an index; `index` is the part itself, to be returned where nothing changes. */
  readonly ix?: (ix: Ix, index: Index) => Index;
  /** Of a value that is read. */
  readonly value?: (value: ValueId) => ValueId;
  /** Of a size. */
  readonly dim?: (dim: Dim) => Dim;
}

/** Rebuilds a use from its leaves up. */
export function rewriteUse(use: Use, f: IndexRewrite): Use {
  const value = f.value ? f.value(use.value) : use.value;
  const at = mapSame(use.at, (index) => rewriteIndex(index, f));
  return value === use.value && at === use.at ? use : { value, at };
}

/** Puts a subscript in place of each index. */
export const substituteIndex = (index: Index, by: (ix: Ix) => Index): Index => rewriteIndex(index, { ix: by });

/** Puts a subscript in place of each index, in gathers too. */
export const substituteUse = (use: Use, by: (ix: Ix) => Index): Use => rewriteUse(use, { ix: by });

const renameIx =
  (to: (ix: Ix) => Ix) =>
  (ix: Ix, index: Index): Index => {
    const renamed = to(ix);
    return renamed === ix ? index : { i: "ix", ix: renamed };
  };

/** Gives the indices of a subscript other numbers. */
export const renameIndexIndices = (index: Index, to: (ix: Ix) => Ix): Index =>
  rewriteIndex(index, { ix: renameIx(to) });
/** Gives the indices of a use other numbers, in gathers too. */
export const renameUse = (use: Use, to: (ix: Ix) => Ix): Use => rewriteUse(use, { ix: renameIx(to) });

/** What to put in place of the leaves of a scalar expression; a leaf that is not named stays. */
export interface ScalarRewrite {
  /** Of an argument; `body` is the leaf itself. */
  readonly arg?: (arg: number, body: Scalar) => Scalar;
  /** Of the value of an index; `body` is the leaf itself. */
  readonly index?: (ix: Ix, body: Scalar) => Scalar;
  /** Of a size. */
  readonly dim?: (dim: Dim) => Dim;
  /** Called on each rebuilt part, children first. */
  readonly part?: (part: Scalar) => Scalar;
}

/** Rebuilds a scalar expression from its leaves up. */
export function rewriteScalar(body: Scalar, f: ScalarRewrite): Scalar {
  const rebuilt = rewriteParts(body, f);
  return f.part ? f.part(rebuilt) : rebuilt;
}

function rewriteParts(body: Scalar, f: ScalarRewrite): Scalar {
  switch (body.e) {
    case "const":
      return body;
    case "arg":
      return f.arg ? f.arg(body.arg, body) : body;
    case "index":
      return f.index ? f.index(body.ix, body) : body;
    case "dim": {
      const dim = f.dim ? f.dim(body.dim) : body.dim;
      return dim === body.dim ? body : { e: "dim", dim };
    }
    case "call": {
      const args = mapSame(body.args, (arg) => rewriteScalar(arg, f));
      return args === body.args ? body : { e: "call", fn: body.fn, args };
    }
    case "select": {
      const cond = rewriteScalar(body.cond, f);
      const yes = rewriteScalar(body.then, f);
      const no = rewriteScalar(body.else, f);
      return cond === body.cond && yes === body.then && no === body.else ? body : select(cond, yes, no);
    }
    case "convert": {
      const of = rewriteScalar(body.of, f);
      return of === body.of ? body : { e: "convert", to: body.to, of };
    }
    default:
      return unreachable(body);
  }
}

/** Gives the indices that a scalar expression mentions other numbers. */
export const renameScalar = (body: Scalar, to: (ix: Ix) => Ix): Scalar =>
  rewriteScalar(body, {
    index: (ix, part) => {
      const renamed = to(ix);
      return renamed === ix ? part : { e: "index", ix: renamed };
    },
  });

/**
 * A subscript as a scalar expression of dtype i32. Values read by gathers become arguments: `argFor` says which
 * position stands for a use.
 */
export function indexToScalar(index: Index, argFor: (use: Use) => number): Scalar {
  const by = (dim: Dim): Scalar =>
    dim.op === "const" ? { e: "const", value: dim.value, dtype: "i32" } : { e: "dim", dim };
  switch (index.i) {
    case "ix":
      return { e: "index", ix: index.ix };
    case "dim":
      return by(index.dim);
    case "add": {
      const parts = index.of.map((part) => indexToScalar(part, argFor));
      return parts.length === 0
        ? { e: "const", value: 0, dtype: "i32" }
        : parts.reduce((sum, part) => ({ e: "call", fn: "add", args: [sum, part] }));
    }
    case "mul":
    case "floordiv":
    case "mod":
      return { e: "call", fn: index.i, args: [indexToScalar(index.of, argFor), by(index.by)] };
    case "value":
      return { e: "arg", arg: argFor(index.of) };
    default:
      return unreachable(index);
  }
}

const mapWhere = (where: Where, f: (use: Use) => Use): Where => {
  const args = mapSame(where.args, f);
  return args === where.args ? where : { ...where, args };
};

/** Applies `f` to every use that the op holds directly (gathers inside them are up to `f`). */
export function mapUses(op: Op, f: (use: Use) => Use): Op {
  switch (op.op) {
    case "contract": {
      const factors = mapSame(op.factors, f);
      const where = op.where && mapWhere(op.where, f);
      return factors === op.factors && where === op.where ? op : { ...op, factors, ...(where && { where }) };
    }
    case "map": {
      const args = mapSame(op.args, f);
      return args === op.args ? op : { ...op, args };
    }
    case "reduce":
    case "softmax": {
      const arg = f(op.arg);
      const where = op.where && mapWhere(op.where, f);
      return arg === op.arg && where === op.where ? op : { ...op, arg, ...(where && { where }) };
    }
    case "input":
    case "param":
    case "concat":
    case "region":
      return op;
    default:
      return unreachable(op);
  }
}

/** Renames the values that an op reads; bodies of regions have values of their own and stay. */
export function mapOperands(op: Op, f: (value: ValueId) => ValueId): Op {
  if (op.op === "concat" || op.op === "region") {
    const args = mapSame(op.args, f);
    return args === op.args ? op : { ...op, args };
  }
  return mapUses(op, (use) => rewriteUse(use, { value: f }));
}

/** Rebuilds every size of an op: extents, subscripts, scalar expressions, and the graphs of a region. */
export function mapDims(op: Op, f: (dim: Dim) => Dim): Op {
  const inUse = (use: Use): Use => rewriteUse(use, { dim: f });
  const inWhere = (where: Where): Where => ({
    args: mapSame(where.args, inUse),
    body: rewriteScalar(where.body, { dim: f }),
  });
  switch (op.op) {
    case "input":
    case "param":
    case "concat":
      return op;
    case "contract":
      return {
        ...op,
        factors: mapSame(op.factors, inUse),
        extents: mapSame(op.extents, f),
        ...(op.where && { where: inWhere(op.where) }),
      };
    case "map":
      return {
        ...op,
        args: mapSame(op.args, inUse),
        extents: mapSame(op.extents, f),
        body: rewriteScalar(op.body, { dim: f }),
      };
    case "reduce":
    case "softmax":
      return {
        ...op,
        arg: inUse(op.arg),
        extents: mapSame(op.extents, f),
        ...(op.where && { where: inWhere(op.where) }),
      };
    case "region":
      return {
        ...op,
        body: mapGraphDims(op.body, f),
        ...(op.plans && { plans: op.plans.map((plan) => mapGraphDims(plan, f)) }),
      };
    default:
      return unreachable(op);
  }
}

/** Rebuilds every size of a graph. Ids stay; sizes that become equal may leave equal nodes unmerged. */
export function mapGraphDims(graph: Graph, f: (dim: Dim) => Dim): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...mapDims(node, f),
      type: { dtype: node.type.dtype, shape: mapSame(node.type.shape, f) },
    })),
  };
}

// ---- graphs ---------------------------------------------------------------------------------------------------------

/** For each value, the nodes that read it, in order. */
export function usersOf(graph: Graph): readonly (readonly ValueId[])[] {
  const users: ValueId[][] = graph.nodes.map(() => []);
  graph.nodes.forEach((node, id) => {
    for (const value of operands(node)) users[value]?.push(id);
  });
  return users;
}

/** For each value, whether an output depends on it. */
export function liveValues(graph: Graph): readonly boolean[] {
  const live = graph.nodes.map(() => false);
  for (const output of graph.outputs) live[output.value] = true;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id];
    if (node && live[id]) for (const value of operands(node)) live[value] = true;
  }
  return live;
}
