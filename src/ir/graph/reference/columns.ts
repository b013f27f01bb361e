import { invariant, unreachable } from "../../../util/invariant.js";
import { type Dim, evalDim } from "../../dim.js";
import type { DType } from "../../dtype.js";
import { roundF16 } from "../../kernel/arith.js";
import type { Index, Ix, Scalar, Use, ValueId } from "../ops.js";
import { scalarType } from "../types.js";
import { scalarIndices, useIndices } from "../visit.js";
import { type Binary, type Bounded, binaryRule, convertRule, type Unary, unaryRule } from "./bounds.js";
import { type ReferenceTensor, undecidedBy } from "./tensor.js";

/**
 * Evaluates uses and scalar expressions over an index domain, a block of points at a time. A point is a position in
 * row-major order over `order`; every expression owns a column of values for the current block, which `fill` computes
 * from the columns of its parts.
 *
 * Both arms of a select are computed, one is taken: what the other holds (NaN, a clamped read) does not matter.
 */
export interface Column {
  readonly value: Float64Array;
  readonly bound: Float64Array;
  readonly flags: Uint8Array;
  /** Computes the first `count` entries. */
  fill(count: number): void;
}

/** A bounded value for each point of a domain. */
export interface Grid {
  readonly value: Float64Array;
  readonly bound: Float64Array;
  readonly flags: Uint8Array;
}

export interface Scope {
  readonly sizes: ReadonlyMap<string, number>;
  /** By index, evaluated. */
  readonly extents: readonly number[];
  read(value: ValueId): ReferenceTensor;
}

const blockSize = 1024;

export const newGrid = (size: number): Grid => ({
  value: new Float64Array(size),
  bound: new Float64Array(size),
  flags: new Uint8Array(size),
});

const newColumn = (fill: (count: number) => void): Column => ({ ...newGrid(blockSize), fill });

const extentOf = (scope: Scope, ix: Ix): number => {
  const extent = scope.extents[ix];
  invariant(extent !== undefined, () => `index ${ix} has no extent`);
  return extent;
};

export const sizeOf = (scope: Scope, order: readonly Ix[]): number =>
  order.reduce((size, ix) => size * extentOf(scope, ix), 1);

/** The points of a domain; `indices` are the current block's values of each index. */
interface Walk {
  readonly scope: Scope;
  readonly indices: ReadonlyMap<Ix, Float64Array>;
}

function startWalk(
  scope: Scope,
  order: readonly Ix[],
): Walk & { readonly run: (visit: (start: number, count: number) => void) => void } {
  const size = sizeOf(scope, order);
  const indices = new Map(order.map((ix) => [ix, new Float64Array(Math.min(size, blockSize))]));
  const fillIndices = (start: number, count: number): void => {
    let stride = 1;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const ix = order[axis] as Ix;
      const extent = extentOf(scope, ix);
      const column = indices.get(ix) as Float64Array;
      let at = Math.floor(start / stride) % extent;
      let left = stride - (start % stride);
      for (let t = 0; t < count; t++) {
        column[t] = at;
        if (--left === 0) {
          left = stride;
          if (++at === extent) at = 0;
        }
      }
      stride *= extent;
    }
  };
  return {
    scope,
    indices,
    run(visit) {
      for (let start = 0; start < size; start += blockSize) {
        const count = Math.min(blockSize, size - start);
        fillIndices(start, count);
        visit(start, count);
      }
    },
  };
}

interface Positions {
  readonly at: Float64Array;
  /** Present where a gather inside may be undecided. */
  readonly flags: Uint8Array | undefined;
  fill(count: number): void;
}

const nothing = (): void => undefined;

function compileIndex(index: Index, walk: Walk): Positions {
  switch (index.i) {
    case "ix": {
      const at = walk.indices.get(index.ix);
      invariant(at !== undefined, () => `index ${index.ix} is outside the domain`);
      return { at, flags: undefined, fill: nothing };
    }
    case "dim": {
      const at = new Float64Array(blockSize).fill(evalDim(index.dim, walk.scope.sizes));
      return { at, flags: undefined, fill: nothing };
    }
    case "add": {
      const parts = index.of.map((part) => compileIndex(part, walk));
      const at = new Float64Array(blockSize);
      const flags = parts.some((part) => part.flags) ? new Uint8Array(blockSize) : undefined;
      return {
        at,
        flags,
        fill(count) {
          at.fill(0);
          flags?.fill(0);
          for (const part of parts) {
            part.fill(count);
            for (let t = 0; t < count; t++) at[t] = (at[t] as number) + (part.at[t] as number);
            if (flags && part.flags)
              for (let t = 0; t < count; t++) flags[t] = (flags[t] as number) | (part.flags[t] as number);
          }
        },
      };
    }
    case "mul":
    case "floordiv":
    case "mod": {
      const of = compileIndex(index.of, walk);
      const by = evalDim(index.by, walk.scope.sizes);
      const at = new Float64Array(blockSize);
      const kind = index.i;
      return {
        at,
        flags: of.flags,
        fill(count) {
          of.fill(count);
          for (let t = 0; t < count; t++) {
            const x = of.at[t] as number;
            at[t] = kind === "mul" ? x * by : kind === "floordiv" ? Math.floor(x / by) : x - by * Math.floor(x / by);
          }
        },
      };
    }
    case "value": {
      const of = compileUse(index.of, walk);
      return { at: of.value, flags: of.flags, fill: of.fill };
    }
    default:
      return unreachable(index);
  }
}

/** Reads a tensor: each subscript is clamped into its axis, so that the nearest row is read. */
function compileUse(use: Use, walk: Walk): Column {
  const tensor = walk.scope.read(use.value);
  const axes = use.at.map((index, axis) => ({
    positions: compileIndex(index, walk),
    last: (tensor.shape[axis] ?? 1) - 1,
  }));
  const strides = stridesOf(tensor.shape);
  const offsets = new Int32Array(blockSize);
  const column = newColumn((count) => {
    offsets.fill(0);
    column.flags.fill(0);
    axes.forEach(({ positions, last }, axis) => {
      positions.fill(count);
      const { at, flags } = positions;
      const stride = strides[axis] ?? 1;
      for (let t = 0; t < count; t++) {
        const position = at[t] as number;
        // An undecided position may be NaN; it compares false and reads row 0.
        offsets[t] = (offsets[t] as number) + stride * (position >= 0 ? Math.min(position, last) : 0);
      }
      if (flags) for (let t = 0; t < count; t++) column.flags[t] = (column.flags[t] as number) | (flags[t] as number);
    });
    for (let t = 0; t < count; t++) {
      const offset = offsets[t] as number;
      column.value[t] = tensor.value[offset] as number;
      column.bound[t] = tensor.bound[offset] as number;
      column.flags[t] = (column.flags[t] as number) | (tensor.undecided[offset] as number);
    }
  });
  return column;
}

/** Row-major. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

function compileScalar(body: Scalar, args: readonly Column[], typeOf: (arg: number) => DType, walk: Walk): Column {
  const compile = (part: Scalar): Column => compileScalar(part, args, typeOf, walk);
  switch (body.e) {
    case "const":
      return constantColumn(
        body.dtype === "f32" ? Math.fround(body.value) : body.dtype === "f16" ? roundF16(body.value) : body.value,
      );
    case "dim":
      return constantColumn(evalDim(body.dim, walk.scope.sizes));
    case "arg": {
      const arg = args[body.arg];
      invariant(arg !== undefined, () => `no argument ${body.arg}`);
      // Arguments are filled once a block, before the expression.
      return { value: arg.value, bound: arg.bound, flags: arg.flags, fill: nothing };
    }
    case "index": {
      const at = walk.indices.get(body.ix);
      invariant(at !== undefined, () => `index ${body.ix} is outside the domain`);
      return { value: at, bound: new Float64Array(blockSize), flags: new Uint8Array(blockSize), fill: nothing };
    }
    case "call": {
      const operands = body.args.map(compile);
      const dtype = scalarType(body.args[0] as Scalar, typeOf);
      const [x, y] = operands;
      if (x && !y) {
        const rule = unaryRule(body.fn, dtype);
        invariant(rule !== undefined, () => `${body.fn} of ${dtype}`);
        return unaryColumn(rule, x);
      }
      invariant(
        x !== undefined && y !== undefined && operands.length === 2,
        () => `${body.fn} of ${operands.length} operands`,
      );
      if (body.fn === "and" || body.fn === "or") return logicColumn(body.fn === "and" ? 0 : 1, x, y);
      const rule = binaryRule(body.fn, dtype);
      invariant(rule !== undefined, () => `${body.fn} of ${dtype}`);
      return binaryColumn(rule, x, y);
    }
    case "select":
      return selectColumn(compile(body.cond), compile(body.then), compile(body.else));
    case "convert":
      return unaryColumn(convertRule(scalarType(body.of, typeOf), body.to), compile(body.of));
    default:
      return unreachable(body);
  }
}

function constantColumn(value: number): Column {
  const column = newColumn(nothing);
  column.value.fill(value);
  return column;
}

function unaryColumn(rule: Unary, x: Column): Column {
  const out: Bounded = { v: 0, b: 0, u: 0 };
  const column = newColumn((count) => {
    x.fill(count);
    for (let t = 0; t < count; t++) {
      out.u = x.flags[t] as number;
      rule(x.value[t] as number, x.bound[t] as number, out);
      column.value[t] = out.v;
      column.bound[t] = out.u === 0 ? out.b : 0;
      column.flags[t] = out.u;
    }
  });
  return column;
}

function binaryColumn(rule: Binary, x: Column, y: Column): Column {
  const out: Bounded = { v: 0, b: 0, u: 0 };
  const column = newColumn((count) => {
    x.fill(count);
    y.fill(count);
    for (let t = 0; t < count; t++) {
      out.u = (x.flags[t] as number) | (y.flags[t] as number);
      rule(x.value[t] as number, x.bound[t] as number, y.value[t] as number, y.bound[t] as number, out);
      column.value[t] = out.v;
      column.bound[t] = out.u === 0 ? out.b : 0;
      column.flags[t] = out.u;
    }
  });
  return column;
}

/** `and` is decided by one decided false, `or` by one decided true (`settles`). */
function logicColumn(settles: 0 | 1, x: Column, y: Column): Column {
  const column = newColumn((count) => {
    x.fill(count);
    y.fill(count);
    for (let t = 0; t < count; t++) {
      const xv = x.value[t] as number;
      const yv = y.value[t] as number;
      const xf = x.flags[t] as number;
      const yf = y.flags[t] as number;
      column.value[t] = xv === settles || yv === settles ? settles : 1 - settles;
      column.flags[t] = (xf === 0 && xv === settles) || (yf === 0 && yv === settles) ? 0 : xf | yf;
    }
  });
  return column;
}

function selectColumn(cond: Column, yes: Column, no: Column): Column {
  const column = newColumn((count) => {
    cond.fill(count);
    yes.fill(count);
    no.fill(count);
    for (let t = 0; t < count; t++) {
      const arm = cond.value[t] === 0 ? no : yes;
      const open = cond.flags[t] as number;
      column.value[t] = arm.value[t] as number;
      column.bound[t] = open === 0 ? (arm.bound[t] as number) : 0;
      column.flags[t] = open === 0 ? (arm.flags[t] as number) : open | undecidedBy.decision;
    }
  });
  return column;
}

// ---- whole domains --------------------------------------------------------------------------------------------------

/** A tensor read by a use, at every point of the domain. A use that is the tensor itself is not copied. */
export function readGrid(use: Use, order: readonly Ix[], scope: Scope): Grid {
  const tensor = scope.read(use.value);
  const whole =
    use.at.length === order.length &&
    use.at.every(
      (index, axis) => index.i === "ix" && index.ix === order[axis] && extentOf(scope, index.ix) === tensor.shape[axis],
    );
  if (whole) return { value: tensor.value, bound: tensor.bound, flags: tensor.undecided };
  const walk = startWalk(scope, order);
  const column = compileUse(use, walk);
  return collect(walk.run, column, [], sizeOf(scope, order));
}

/** A scalar expression over its arguments, at every point of the domain. */
export function scalarGrid(body: Scalar, uses: readonly Use[], order: readonly Ix[], scope: Scope): Grid {
  const walk = startWalk(scope, order);
  const args = uses.map((use) => compileUse(use, walk));
  const typeOf = (arg: number): DType => {
    const use = uses[arg];
    invariant(use !== undefined, () => `no argument ${arg}`);
    return scope.read(use.value).dtype;
  };
  return collect(walk.run, compileScalar(body, args, typeOf, walk), args, sizeOf(scope, order));
}

function collect(
  run: (visit: (start: number, count: number) => void) => void,
  column: Column,
  before: readonly Column[],
  size: number,
): Grid {
  const grid = newGrid(size);
  run((start, count) => {
    for (const arg of before) arg.fill(count);
    column.fill(count);
    grid.value.set(column.value.subarray(0, count), start);
    grid.bound.set(column.bound.subarray(0, count), start);
    grid.flags.set(column.flags.subarray(0, count), start);
  });
  return grid;
}

/** The indices of a domain that a use or condition ranges over, in numeric order. */
export const domainOf = (uses: readonly Use[], body?: Scalar): readonly Ix[] => {
  const found = new Set<Ix>();
  for (const use of uses) for (const ix of useIndices(use)) found.add(ix);
  if (body) for (const ix of scalarIndices(body)) found.add(ix);
  return [...found].sort((a, b) => a - b);
};

export const evalExtents = (extents: readonly Dim[], sizes: ReadonlyMap<string, number>): readonly number[] =>
  extents.map((extent) => evalDim(extent, sizes));
