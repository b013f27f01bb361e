import type { ScalarFn } from "../../ir/scalar.js";

/** The value of a scalar function of constants in float64; `undefined` for the functions that are not folded. */
export function foldScalar(fn: ScalarFn, args: readonly number[]): number | undefined {
  const [a = Number.NaN, b = Number.NaN] = args;
  switch (fn) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return a / b;
    case "floordiv":
      return Math.floor(a / b);
    case "mod":
      return a - b * Math.floor(a / b);
    case "neg":
      return -a;
    case "pow":
      return a ** b;
    case "eq":
      return a === b ? 1 : 0;
    case "ne":
      return a !== b ? 1 : 0;
    case "lt":
      return a < b ? 1 : 0;
    case "le":
      return a <= b ? 1 : 0;
    case "gt":
      return a > b ? 1 : 0;
    case "ge":
      return a >= b ? 1 : 0;
    case "and":
      return a !== 0 && b !== 0 ? 1 : 0;
    case "or":
      return a !== 0 || b !== 0 ? 1 : 0;
    case "not":
      return a === 0 ? 1 : 0;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "abs":
      return Math.abs(a);
    case "exp":
      return Math.exp(a);
    case "log":
      return Math.log(a);
    case "sqrt":
      return Math.sqrt(a);
    case "rsqrt":
      return 1 / Math.sqrt(a);
    case "sin":
      return Math.sin(a);
    case "cos":
      return Math.cos(a);
    case "tanh":
      return Math.tanh(a);
    case "sigmoid":
      return 1 / (1 + Math.exp(-a));
    case "relu":
      return Math.max(a, 0);
    case "silu":
      return a / (1 + Math.exp(-a));
    case "erf":
    case "gelu":
    case "gelu_tanh":
      return undefined;
  }
}
