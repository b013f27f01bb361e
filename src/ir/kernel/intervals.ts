import type { Range } from "../dim.js";
import { typeOf } from "./expr.js";
import type { KExpr } from "./ops.js";

/** Every value of an i32. */
export const everyInt: Range = { lo: -2147483648, hi: 2147483647 };

/** The least and greatest i32 value of an operation that is no sum, from those of its operands; of anything else, every. */
export function operationRange(e: KExpr, range: (e: KExpr) => Range): Range {
  if (e.k !== "op") return everyInt;
  const [a, b, c] = e.args;
  if (!a) return everyInt;
  if (e.op === "convert") return typeOf(a).dtype === "bool" ? { lo: 0, hi: 1 } : everyInt;
  if (typeOf(a).dtype === "bool") {
    if (e.op !== "select" || !b || !c) return everyInt;
    const [x, y] = [range(b), range(c)];
    return { lo: Math.min(x.lo, y.lo), hi: Math.max(x.hi, y.hi) };
  }
  if (typeOf(a).dtype !== "i32") return everyInt;
  const x = range(a);
  if (e.op === "abs") {
    const inside = x.lo <= 0 && x.hi >= 0;
    const [p, q] = [Math.abs(x.lo), Math.abs(x.hi)];
    return { lo: inside ? 0 : Math.min(p, q), hi: Math.max(p, q) };
  }
  if (!b) return everyInt;
  const y = range(b);
  switch (e.op) {
    case "min":
      return { lo: Math.min(x.lo, y.lo), hi: Math.min(x.hi, y.hi) };
    case "max":
      return { lo: Math.max(x.lo, y.lo), hi: Math.max(x.hi, y.hi) };
    case "mul": {
      const ends = [x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi];
      return { lo: Math.min(...ends), hi: Math.max(...ends) };
    }
    case "floordiv": {
      if (y.lo < 1) return everyInt;
      const ends = [x.lo / y.lo, x.lo / y.hi, x.hi / y.lo, x.hi / y.hi].map(Math.floor);
      return { lo: Math.min(...ends), hi: Math.max(...ends) };
    }
    case "mod": {
      if (y.lo < 1) return everyInt;
      const c0 = y.lo;
      if (y.lo === y.hi && Math.floor(x.lo / c0) === Math.floor(x.hi / c0)) {
        const base = Math.floor(x.lo / c0) * c0;
        return { lo: x.lo - base, hi: x.hi - base };
      }
      return { lo: 0, hi: x.lo >= 0 ? Math.min(y.hi - 1, x.hi) : y.hi - 1 };
    }
    default:
      return everyInt;
  }
}
