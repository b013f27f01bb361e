import { notAValue } from "../diagnostics/messages/api.js";
import type { DType } from "../ir/dtype.js";
import { compile, run } from "./compile.js";
import { LfError } from "./error.js";
import { fn } from "./fn.js";
import { Size, type SizeLike, type SizeNode, sizeOf } from "./size.js";
import {
  type Index,
  type IndexNode,
  type Initialiser,
  type Node,
  newIndex,
  nodeOf,
  type Operand,
  type Reduction,
  type Subscript,
  type TensorSpec,
  Value,
} from "./value.js";

/** A function of indices; as many as it declares, unless sizes say how many. */
export type Indexed = (...indices: Index[]) => Operand;
/** A size that is bound at run time: min … max, both included, a multiple of `step`. */
export interface RuntimeRange {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
}

/** A dim: a number, a name for a number or a size, or a name for a size that is bound at run time. */
function dim(value: number): Size;
function dim(name: string, is: SizeLike | RuntimeRange): Size;
function dim(first: number | string, is?: SizeLike | RuntimeRange): Size {
  if (typeof first === "number") return sizeOf(first);
  if (is === undefined) throw new LfError([notAValue(`the dim ${first}`, "a number, a size or a range")]);
  const definition =
    typeof is === "number" || is instanceof Size
      ? ({ kind: "size", size: sizeOf(is).node } as const)
      : ({ kind: "runtime", min: is.min, max: is.max, step: is.step ?? 1 } as const);
  return new Size({ s: "name", name: first, definition });
}

/** Sizes, or one object of named sizes. */
export type Axes = readonly SizeLike[] | readonly [Readonly<Record<string, SizeLike>>];

/** The type of an argument or a parameter: sizes, or an object of named ones. */
const typed =
  (dtype: DType) =>
  (...axes: Axes): TensorSpec => {
    const [first] = axes;
    const isNamed = first !== undefined && typeof first !== "number" && !(first instanceof Size);
    return isNamed
      ? { dtype, axes: Object.entries(first).map(([name, size]) => ({ name, size: sizeOf(size).node })) }
      : { dtype, axes: (axes as readonly SizeLike[]).map((size) => ({ size: sizeOf(size).node })) };
  };

/** Calls a function of indices with new ones. */
function bind(sizes: readonly (SizeLike | undefined)[] | undefined, body: Indexed): [readonly IndexNode[], Node] {
  const count = sizes?.length ?? body.length;
  const indices = Array.from({ length: count }, (_, i) => newIndex(sizes?.[i]));
  return [indices.map((i) => i.node), nodeOf(body(...indices))];
}

/** What a tensor is called. */
export interface TensorOptions {
  /** What it is called in the emitted code. */
  readonly name?: string;
}

/** A tensor by its elements, or by its rows where `body` gives a tensor. */
function tensor(body: Indexed, options?: TensorOptions): Value;
function tensor(sizes: readonly (SizeLike | undefined)[], body: Indexed, options?: TensorOptions): Value;
function tensor(
  first: Indexed | readonly (SizeLike | undefined)[],
  second?: Indexed | TensorOptions,
  third?: TensorOptions,
): Value {
  const [sizes, body, options] =
    typeof first === "function"
      ? [undefined, first, second as TensorOptions | undefined]
      : [first, second as Indexed, third];
  const [indices, node] = bind(sizes, body);
  const { name } = options ?? {};
  if (node.k !== "softmax" || !node.own) return new Value({ k: "tensor", name, indices, body: node });
  return new Value({ k: "tensor", name, indices: [...indices, node.axis], body: { ...node, own: false } });
}

/**
 * Reduces the elements that a function of indices gives; `sizes` say the ranges of the indices where no subscript
 * does.
 */
export interface Reduce {
  (body: Indexed): Value;
  (sizes: readonly (SizeLike | undefined)[], body: Indexed): Value;
}

const reduction =
  (op: Reduction): Reduce =>
  (first: Indexed | readonly (SizeLike | undefined)[], second?: Indexed) => {
    const [indices, node] = typeof first === "function" ? bind(undefined, first) : bind(first, second ?? (() => 0));
    if (indices.length === 0) throw new LfError([notAValue(`the argument of ${op}`, "a function of an index")]);
    const [where, of] = node.k === "where" ? [node.cond, node.of] : [undefined, node];
    return new Value({ k: "reduction", op, indices, where, of });
  };

/**
 * The weights of a softmax. `softmax((k) => …)` is the whole body of a tensor, whose last index it adds;
 * `softmax(k, …)` is an element, and `k` an index of the tensor around it.
 */
function softmax(body: (k: Index) => Operand): Value;
function softmax(axis: Index, of: Operand): Value;
function softmax(first: Index | ((k: Index) => Operand), second?: Operand): Value {
  const own = typeof first === "function";
  const axis = own ? newIndex() : first;
  const node = nodeOf(own ? first(axis) : (second ?? 0));
  const [where, of] = node.k === "where" ? [node.cond, node.of] : [undefined, node];
  return new Value({ k: "softmax", axis: axis.node, own, where, of });
}

const call =
  (name: string) =>
  (...args: readonly Operand[]): Value =>
    new Value({ k: "call", fn: name, args: args.map(nodeOf) });

/** A function of one number. */
const unary = (name: string): ((x: Operand) => Value) => call(name);

/** `max` and `min` reduce a function of indices, and choose among values. */
const extremum = (op: "max" | "min"): Reduce & ((a: Operand, b: Operand, ...more: readonly Operand[]) => Value) => {
  const reduce = reduction(op);
  const either = (...args: readonly unknown[]): Value =>
    typeof args[0] === "function" || Array.isArray(args[0])
      ? reduce(...(args as unknown as [readonly SizeLike[], Indexed]))
      : call(op)(...(args as readonly Operand[]));
  return either;
};

const initialiser =
  (name: Initialiser["name"]) =>
  (...args: readonly Operand[]): Initialiser => ({ name, args: args.map(nodeOf) });

const all: Extract<Subscript, { kind: "all" }> = { kind: "all" };
const slice = (from: SizeLike, to: SizeLike): { kind: "slice"; from: SizeNode; to: SizeNode } => ({
  kind: "slice",
  from: sizeOf(from).node,
  to: sizeOf(to).node,
});

/** Builds models without a text. Mistakes are thrown as `LfError`. */
export const lf = {
  /** A dim: a number, a name for a number or a size, or a name for a size that is bound at run time. */
  dim,
  /** The type of an f32 tensor: its sizes, or one object of named sizes. */
  f32: typed("f32"),
  /** The type of an f16 tensor. */
  f16: typed("f16"),
  /** The type of an i32 tensor. */
  i32: typed("i32"),
  /** The type of a u32 tensor. */
  u32: typed("u32"),
  /** The type of a tensor of booleans. */
  bool: typed("bool"),
  /** A function of tensors; with parameters, a block. */
  fn,
  /** A tensor by its elements. */
  tensor,
  /** An axis that a subscript leaves whole. */
  all,
  /** Part of an axis, `to` not included. */
  slice,
  /** The sum over indices; of nothing, 0. */
  sum: reduction("sum"),
  /** The mean over indices; of nothing, 0. */
  mean: reduction("mean"),
  /** The product over indices; of nothing, 1. */
  prod: reduction("prod"),
  /** The least index of the greatest element, an i32. */
  argmax: reduction("argmax"),
  /** The least index of the least element, an i32. */
  argmin: reduction("argmin"),
  /** The greatest over indices, or of values. */
  max: extremum("max"),
  /** The least over indices, or of values. */
  min: extremum("min"),
  /** The weights of a softmax. */
  softmax,
  /** The operand of a reduction of which only the elements with `cond` take part. */
  where: (cond: Operand, of: Operand): Value => new Value({ k: "where", cond: nodeOf(cond), of: nodeOf(of) }),
  /** `yes` where `cond` holds, else `no`. */
  select: (cond: Operand, yes: Operand, no: Operand): Value =>
    new Value({ k: "select", cond: nodeOf(cond), yes: nodeOf(yes), no: nodeOf(no) }),
  /** A number, a boolean or a size as a value, so that it has methods. */
  value: (of: Operand): Value => new Value(nodeOf(of)),
  /** e to the power of x. */
  exp: unary("exp"),
  /** The natural logarithm. */
  log: unary("log"),
  /** The square root. */
  sqrt: unary("sqrt"),
  /** 1 / √x. */
  rsqrt: unary("rsqrt"),
  /** The sine. */
  sin: unary("sin"),
  /** The cosine. */
  cos: unary("cos"),
  /** The hyperbolic tangent. */
  tanh: unary("tanh"),
  /** The error function. */
  erf: unary("erf"),
  /** The magnitude. */
  abs: unary("abs"),
  /** 1 / (1 + e to the power of -x). */
  sigmoid: unary("sigmoid"),
  /** max(x, 0). */
  relu: unary("relu"),
  /** x · Φ(x), with the error function. */
  gelu: unary("gelu"),
  /** x · Φ(x), by the formula with tanh. */
  geluTanh: unary("gelu_tanh"),
  /** x · sigmoid(x). */
  silu: unary("silu"),
  /** A parameter of zeros. */
  zeros: initialiser("zeros"),
  /** A parameter of ones. */
  ones: initialiser("ones"),
  /** Normal values with this standard deviation. */
  normal: initialiser("normal") as (std: Operand) => Initialiser,
  /** Uniform values in lo … hi. */
  uniform: initialiser("uniform") as (lo: Operand, hi: Operand) => Initialiser,
  /** Uniform values in ±√(6 / (fan in + fan out)). */
  xavier: initialiser("xavier"),
  /** Compiles a model for a backend. */
  compile,
  /** Runs a model once. */
  run,
} as const;
