import { add, typeOf } from "./expr.js";
import type { KExpr, VarId } from "./ops.js";

/** What a decision about a condition asks. */
export interface Known {
  /** Whether a >= b, proved. */
  atLeast(a: KExpr, b: KExpr): boolean;
  valueOf(name: VarId): KExpr | undefined;
}

/** The value of a condition where it is the same each time. */
export function decideCondition(cond: KExpr, known: Known): boolean | undefined {
  const { atLeast } = known;
  if (cond.k === "lit") return cond.value !== 0;
  if (cond.k === "var") {
    const value = known.valueOf(cond.var);
    return value && typeOf(value).dtype === "bool" ? decideCondition(value, known) : undefined;
  }
  if (cond.k !== "op" || cond.type.width !== 1) return undefined;
  const [a, b] = cond.args;
  if (!a) return undefined;
  if (cond.op === "not") return inverse(decideCondition(a, known));
  if (!b) return undefined;
  if (cond.op === "and" || cond.op === "or") {
    const [x, y] = [decideCondition(a, known), decideCondition(b, known)];
    const dominant = cond.op === "or";
    if (x === dominant || y === dominant) return dominant;
    return x === undefined || y === undefined ? undefined : !dominant;
  }
  if (typeOf(a).dtype !== "i32" || typeOf(a).width !== 1) return undefined;
  const less = (x: KExpr, y: KExpr): boolean | undefined =>
    atLeast(y, add(x, 1)) ? true : atLeast(x, y) ? false : undefined;
  switch (cond.op) {
    case "lt":
      return less(a, b);
    case "gt":
      return less(b, a);
    case "ge":
      return inverse(less(a, b));
    case "le":
      return inverse(less(b, a));
    case "eq":
    case "ne": {
      const apart = atLeast(a, add(b, 1)) || atLeast(b, add(a, 1));
      const equal = !apart && atLeast(a, b) && atLeast(b, a);
      return apart || equal ? equal === (cond.op === "eq") : undefined;
    }
    default:
      return undefined;
  }
}

const inverse = (x: boolean | undefined): boolean | undefined => (x === undefined ? undefined : !x);
