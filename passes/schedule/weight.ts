import type { Scalar } from "../../src/ir/graph/ops.js";
import type { ScalarFn } from "../../src/ir/scalar.js";

/** Functions that cost about as much as an addition. */
const cheap: ReadonlySet<ScalarFn> = new Set([
  "add",
  "sub",
  "mul",
  "neg",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "and",
  "or",
  "not",
  "min",
  "max",
  "abs",
  "relu",
]);

function own(fn: ScalarFn, args: readonly Scalar[]): number {
  if (cheap.has(fn)) return 1;
  const divisor = args[1];
  // A constant divisor is a factor, a small whole power a product or two.
  if (fn === "div") return divisor?.e === "const" ? 1 : 4;
  if (fn === "pow" && divisor?.e === "const" && [1, 2, 3, 4].includes(divisor.value)) return 2;
  return 8;
}

/** Arithmetic of one element, in additions. */
export function weight(s: Scalar): number {
  switch (s.e) {
    case "call":
      return own(s.fn, s.args) + s.args.reduce((w, x) => w + weight(x), 0);
    case "select":
      return 1 + weight(s.cond) + weight(s.then) + weight(s.else);
    case "convert":
      return 1 + weight(s.of);
    case "const":
    case "arg":
    case "index":
    case "dim":
      return 0;
  }
}
