import type { Loc } from "../../diagnostics/span.js";
import type { Dim } from "../dim.js";
import type { DType } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";

/**
 * The graph IR: an SSA graph of tensors in eight ops, with indices instead of loops.
 *
 * Every elementwise computation is one `map` with a scalar expression. Transpose, broadcast, slice, stride, blocking
 * and gather are subscripts of a `Use`, so there is nothing to cancel: a copy is a `map` whose body is its argument.
 *
 * - An index `Ix` is local to its node; its extent is `extents[ix]`. A plain use is `{ i: "ix" }`.
 * - `out` lists the indices of the result in axis order; an index absent from `out` is reduced (`contract`, `reduce`).
 * - A `softmax` result has indices 0 … rank-1 in axis order; `axis` is one of them.
 * - `where` selects: elements for which it is false take no part, whatever they hold (NaN included). A selection of
 *   nothing gives sum 0, prod 1, softmax 0, max / min the lowest / highest finite number, argmax / argmin 0.
 * - A `Use` that reads a tensor by a value (`{ i: "value" }`) is clamped into the axis: the nearest row is read.
 *   The same holds for affine subscripts that the checker proved only under a condition.
 * - `contract` is n-ary and has no order of factors; accumulation is in `accum`. After `reassociate` it has at most two factors.
 * - `region` is `body` with a name: a backend that does not know the strategy inlines the body.
 */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** Position of a node in `Graph.nodes`. */
export type ValueId = number;
/** An index of a node: its number among the indices of that node. */
export type Ix = number;

/** How a node reads a value. */
export interface Use {
  readonly value: ValueId;
  /** One subscript for each axis of the value. */
  readonly at: readonly Index[];
}

/** A subscript: affine in the indices of the node, rounded by sizes, or the value of another tensor (a gather). */
export type Index =
  | { readonly i: "ix"; readonly ix: Ix }
  | { readonly i: "dim"; readonly dim: Dim }
  | { readonly i: "add"; readonly of: readonly Index[] }
  | { readonly i: "mul"; readonly of: Index; readonly by: Dim }
  | { readonly i: "floordiv" | "mod"; readonly of: Index; readonly by: Dim }
  | { readonly i: "value"; readonly of: Use };

/** The arithmetic of one element. */
export type Scalar =
  | { readonly e: "const"; readonly value: number; readonly dtype: DType }
  /** Position in the node's `args`. */
  | { readonly e: "arg"; readonly arg: number }
  /** The value of an index, an i32. */
  | { readonly e: "index"; readonly ix: Ix }
  /** The value of a dim, an i32. */
  | { readonly e: "dim"; readonly dim: Dim }
  | { readonly e: "call"; readonly fn: ScalarFn; readonly args: readonly Scalar[] }
  | { readonly e: "select"; readonly cond: Scalar; readonly then: Scalar; readonly else: Scalar }
  | { readonly e: "convert"; readonly to: DType; readonly of: Scalar };

/** A boolean factor: true where the element takes part. Its indices count like those of any factor. */
export interface Where {
  readonly args: readonly Use[];
  readonly body: Scalar;
}

/** How a parameter gets its values without a checkpoint (language.md F8). */
export type Init =
  | { readonly kind: "zeros" | "ones" | "xavier" }
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly lo: number; readonly hi: number };

/** How a `reduce` combines; `argmax` and `argmin` give the least index of the extreme, as i32. */
export type Monoid = "sum" | "max" | "min" | "prod" | "argmax" | "argmin";

/** What a node computes: one of the eight ops, or where a value comes from. */
export type Op =
  | { readonly op: "input"; readonly name: string }
  | {
      readonly op: "param";
      /** Instance path and name: `Encoder.3.wq`. */
      readonly path: string;
      readonly init: Init;
      readonly fixed: boolean;
      /**
       * Where a checkpoint keeps it (language.md F6). `axes` are the names of the axes in order, "" for one without;
       * `layout` is in these names. A `{h}` left in `key` is an axis: one stored tensor for each of its indices. An
       * axis of extent 1 that neither names is added.
       */
      readonly from?: { readonly key: string; readonly layout?: string; readonly axes?: readonly string[] };
    }
  | {
      readonly op: "contract";
      readonly factors: readonly Use[];
      readonly out: readonly Ix[];
      readonly extents: readonly Dim[];
      readonly where?: Where;
      readonly accum: DType;
    }
  | {
      readonly op: "map";
      readonly args: readonly Use[];
      readonly out: readonly Ix[];
      readonly extents: readonly Dim[];
      readonly body: Scalar;
    }
  | {
      readonly op: "reduce";
      readonly monoid: Monoid;
      readonly arg: Use;
      readonly out: readonly Ix[];
      readonly extents: readonly Dim[];
      readonly where?: Where;
    }
  | {
      readonly op: "softmax";
      readonly arg: Use;
      readonly axis: Ix;
      readonly extents: readonly Dim[];
      readonly where?: Where;
    }
  | { readonly op: "concat"; readonly args: readonly ValueId[]; readonly axis: number }
  | {
      readonly op: "region";
      readonly strategy: string;
      readonly args: readonly ValueId[];
      /** Its inputs, in order, stand for `args`. */
      readonly body: Graph;
      /** Which output of `body` this node is. */
      readonly result: number;
      /** The same meaning in other orders, the default first. */
      readonly plans?: readonly Graph[];
    };

/** An op and the type of its result. */
export type Node = Op & { readonly type: TensorType };

/** A model, or the body of a region. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueId[];
  /** Dense, topologically ordered, hash-consed. */
  readonly nodes: readonly Node[];
  /** Beside the nodes, never part of their identity. */
  readonly locs: readonly Loc[];
  readonly outputs: readonly { readonly name: string; readonly value: ValueId }[];
}
