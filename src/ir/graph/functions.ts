import type { DType } from "../dtype.js";
import { isFloat } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";

/**
 * What the scalar functions take and give. In the graph IR `add`, `mul`, `min`, `max`, `and`, `or` are binary: longer
 * sums of the source are nested calls, leftmost first.
 */
export type FnClass =
  /** Operands of one numeric dtype, result of that dtype. */
  | "arithmetic"
  /** Operands of one float dtype, result of that dtype. */
  | "real"
  /** Operands of one dtype, result bool. */
  | "comparison"
  /** Operands and result bool. */
  | "logic";

const classes: Readonly<Record<ScalarFn, readonly [FnClass, arity: 1 | 2]>> = {
  add: ["arithmetic", 2],
  sub: ["arithmetic", 2],
  mul: ["arithmetic", 2],
  div: ["real", 2],
  floordiv: ["arithmetic", 2],
  mod: ["arithmetic", 2],
  neg: ["arithmetic", 1],
  pow: ["real", 2],
  eq: ["comparison", 2],
  ne: ["comparison", 2],
  lt: ["comparison", 2],
  le: ["comparison", 2],
  gt: ["comparison", 2],
  ge: ["comparison", 2],
  and: ["logic", 2],
  or: ["logic", 2],
  not: ["logic", 1],
  min: ["arithmetic", 2],
  max: ["arithmetic", 2],
  abs: ["arithmetic", 1],
  exp: ["real", 1],
  log: ["real", 1],
  sqrt: ["real", 1],
  rsqrt: ["real", 1],
  sin: ["real", 1],
  cos: ["real", 1],
  tanh: ["real", 1],
  erf: ["real", 1],
  sigmoid: ["real", 1],
  relu: ["real", 1],
  gelu: ["real", 1],
  gelu_tanh: ["real", 1],
  silu: ["real", 1],
};

export const fnClass = (fn: ScalarFn): FnClass => classes[fn][0];
export const fnArity = (fn: ScalarFn): 1 | 2 => classes[fn][1];

/** The dtype of a call whose operands have the dtype `operand`. */
export function fnResult(fn: ScalarFn, operand: DType): DType {
  const kind = fnClass(fn);
  return kind === "comparison" || kind === "logic" ? "bool" : operand;
}

/** Why a call with these operand dtypes is ill-typed, or undefined if it is fine. */
export function fnTypeError(fn: ScalarFn, operands: readonly DType[]): string | undefined {
  const [kind, arity] = classes[fn];
  if (operands.length !== arity) return `${fn} takes ${arity} operands, not ${operands.length}`;
  const first = operands[0];
  if (first === undefined || operands.some((dtype) => dtype !== first))
    return `${fn} needs operands of one dtype, not ${operands.join(", ")}`;
  if (kind === "arithmetic" && first === "bool") return `${fn} does not take bool`;
  if (kind === "real" && !isFloat(first)) return `${fn} needs floats, not ${first}`;
  if (kind === "logic" && first !== "bool") return `${fn} needs bool, not ${first}`;
  return undefined;
}
