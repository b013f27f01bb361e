import { notAValue } from "../diagnostics/messages/api.js";
import type { DType } from "../ir/dtype.js";
import { LfError } from "./error.js";
import type { Fn } from "./fn.js";
import { Size, type SizeLike, type SizeNode, sizeOf } from "./size.js";

/**
 * The expressions that a program builds: the language's own, as data. A node is read-only and its object identity is
 * its identity, so that what a program computes once and uses twice is one `let`.
 */
export type Node =
  | { readonly k: "number"; readonly value: number }
  | { readonly k: "bool"; readonly value: boolean }
  | { readonly k: "size"; readonly size: SizeNode }
  | IndexNode
  | { readonly k: "formal"; readonly name: string; readonly type: TensorSpec }
  | { readonly k: "param"; readonly name: string; readonly type: TensorSpec; readonly options: ParamOptions }
  | {
      readonly k: "tensor";
      readonly name: string | undefined;
      readonly indices: readonly IndexNode[];
      readonly body: Node;
    }
  | { readonly k: "at"; readonly of: Node; readonly subs: readonly Subscript[] }
  | {
      readonly k: "arithmetic";
      readonly op: "+" | "-" | "*" | "/" | "%" | "^";
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly k: "compare";
      readonly op: "<" | "<=" | ">" | ">=" | "==" | "!=";
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly k: "logic"; readonly op: "and" | "or"; readonly left: Node; readonly right: Node }
  | { readonly k: "unary"; readonly op: "-" | "not"; readonly of: Node }
  | { readonly k: "call"; readonly fn: string; readonly args: readonly Node[] }
  | { readonly k: "convert"; readonly to: DType; readonly of: Node }
  | { readonly k: "select"; readonly cond: Node; readonly yes: Node; readonly no: Node }
  /** Only as the operand of a reduction, which takes the condition for its own. */
  | { readonly k: "where"; readonly cond: Node; readonly of: Node }
  | {
      readonly k: "reduction";
      readonly op: Reduction;
      readonly indices: readonly IndexNode[];
      readonly where: Node | undefined;
      readonly of: Node;
    }
  /** Over `axis`, an index of the tensor around it; `own`: the tensor has still to take it for its last one. */
  | {
      readonly k: "softmax";
      readonly axis: IndexNode;
      readonly own: boolean;
      readonly where: Node | undefined;
      readonly of: Node;
    }
  | { readonly k: "apply"; readonly fn: Fn; readonly args: readonly Node[] };

export type Reduction = "sum" | "mean" | "max" | "min" | "prod" | "argmax" | "argmin";
export type IndexNode = { readonly k: "index"; readonly size: SizeNode | undefined };
export type Subscript =
  | { readonly kind: "all" }
  | { readonly kind: "slice"; readonly from: SizeNode; readonly to: SizeNode }
  | { readonly kind: "at"; readonly at: Node };

/** Element type and axes of an argument or a parameter. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly axes: readonly { readonly name?: string; readonly size: SizeNode }[];
}

/** How a parameter gets its values without a checkpoint. */
export interface Initialiser {
  readonly name: "zeros" | "ones" | "normal" | "uniform" | "xavier";
  readonly args: readonly Node[];
}

/** What to know of a parameter beside its type. */
export interface ParamOptions {
  readonly init?: Initialiser;
  /** Training leaves it alone. */
  readonly fixed?: boolean;
  /** Where a checkpoint keeps it, and in which layout (`"(h c) d"` in the names of the axes). */
  readonly from?: string;
  readonly layout?: string;
  readonly doc?: string;
}

/** What arithmetic takes: values, and numbers, sizes and booleans as they are. */
export type Operand = Value | Size | number | boolean;
/** One subscript: an element, a whole axis (`lf.all`) or a part of one (`lf.slice`). */
export type Sub = Operand | { readonly kind: "all" } | Extract<Subscript, { kind: "slice" }>;

/** A tensor or an element of one. Subscripts take axes from the left; what they leave is whole. */
export class Value {
  constructor(readonly node: Node) {}

  /** An element, or a part: one subscript for each axis from the left. */
  at(...subs: readonly Sub[]): Value {
    return new Value({ k: "at", of: this.node, subs: subs.map(subscript) });
  }
  /** this + other. */
  add(other: Operand): Value {
    return arithmetic("+", this, other);
  }
  /** this - other. */
  sub(other: Operand): Value {
    return arithmetic("-", this, other);
  }
  /** this · other. */
  mul(other: Operand): Value {
    return arithmetic("*", this, other);
  }
  /** this / other; whole numbers are rounded down. */
  div(other: Operand): Value {
    return arithmetic("/", this, other);
  }
  /** The remainder, of the divisor's sign. */
  mod(other: Operand): Value {
    return arithmetic("%", this, other);
  }
  /** this to the power of `exponent`. */
  pow(exponent: Operand): Value {
    return arithmetic("^", this, exponent);
  }
  /** -this. */
  neg(): Value {
    return new Value({ k: "unary", op: "-", of: this.node });
  }
  /** this < other. */
  lt(other: Operand): Value {
    return compare("<", this, other);
  }
  /** this <= other. */
  le(other: Operand): Value {
    return compare("<=", this, other);
  }
  /** this > other. */
  gt(other: Operand): Value {
    return compare(">", this, other);
  }
  /** this >= other. */
  ge(other: Operand): Value {
    return compare(">=", this, other);
  }
  /** this == other. */
  eq(other: Operand): Value {
    return compare("==", this, other);
  }
  /** this != other. */
  ne(other: Operand): Value {
    return compare("!=", this, other);
  }
  /** Both hold. */
  and(other: Operand): Value {
    return new Value({ k: "logic", op: "and", left: this.node, right: nodeOf(other) });
  }
  /** One holds, or both. */
  or(other: Operand): Value {
    return new Value({ k: "logic", op: "or", left: this.node, right: nodeOf(other) });
  }
  /** It does not hold. */
  not(): Value {
    return new Value({ k: "unary", op: "not", of: this.node });
  }
  /** Converted to another element type. */
  to(dtype: DType): Value {
    return new Value({ k: "convert", to: dtype, of: this.node });
  }
}

/** An index: bound by `lf.tensor` or a reduction, a whole number in arithmetic. */
export class Index extends Value {
  constructor(override readonly node: IndexNode) {
    super(node);
  }
}

export function nodeOf(operand: Operand): Node {
  if (operand instanceof Value) return operand.node;
  if (operand instanceof Size) return { k: "size", size: operand.node };
  if (typeof operand === "boolean") return { k: "bool", value: operand };
  if (typeof operand === "number" && Number.isFinite(operand)) return { k: "number", value: operand };
  throw new LfError([notAValue(`\`${String(operand)}\``, "a value, a size, a finite number or a boolean")]);
}

export const newIndex = (size?: SizeLike): Index =>
  new Index({ k: "index", size: size === undefined ? undefined : sizeOf(size).node });

function subscript(sub: Sub): Subscript {
  if (typeof sub === "object" && "kind" in sub) return sub;
  return { kind: "at", at: nodeOf(sub) };
}

type Arithmetic = Extract<Node, { k: "arithmetic" }>["op"];
type Comparison = Extract<Node, { k: "compare" }>["op"];

const arithmetic = (op: Arithmetic, left: Operand, right: Operand): Value =>
  new Value({ k: "arithmetic", op, left: nodeOf(left), right: nodeOf(right) });
const compare = (op: Comparison, left: Operand, right: Operand): Value =>
  new Value({ k: "compare", op, left: nodeOf(left), right: nodeOf(right) });
