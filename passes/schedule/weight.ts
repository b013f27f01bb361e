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

/** Arithmetic of one element, in additions. */
export function weight(s: Scalar): number {
  switch (s.e) {
    case "call":
      return (cheap.has(s.fn) ? 1 : s.fn === "div" ? 4 : 8) + s.args.reduce((w, x) => w + weight(x), 0);
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
