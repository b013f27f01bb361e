import { sub, typeOf } from "./expr.js";
import type { KExpr, VarId } from "./ops.js";

/** The sums that are at least 0 when `cond` has the value `truth`; `named` gives what a name stands for. */
export function consequences(cond: KExpr, truth: boolean, named: (name: VarId) => KExpr | undefined): readonly KExpr[] {
  if (cond.k === "var") {
    const value = named(cond.var);
    return value ? consequences(value, truth, named) : [];
  }
  if (cond.k !== "op") return [];
  const [a, b] = cond.args;
  if (!a) return [];
  if (cond.op === "not") return consequences(a, !truth, named);
  if (!b) return [];
  if (cond.op === (truth ? "and" : "or")) return [...consequences(a, truth, named), ...consequences(b, truth, named)];
  if (typeOf(a).dtype !== "i32" || typeOf(a).width !== 1) return [];
  switch (cond.op) {
    case "lt":
      return [truth ? sub(sub(b, a), 1) : sub(a, b)];
    case "le":
      return [truth ? sub(b, a) : sub(sub(a, b), 1)];
    case "gt":
      return [truth ? sub(sub(a, b), 1) : sub(b, a)];
    case "ge":
      return [truth ? sub(a, b) : sub(sub(b, a), 1)];
    case "eq":
      return truth ? [sub(a, b), sub(b, a)] : [];
    case "ne":
      return truth ? [] : [sub(a, b), sub(b, a)];
    default:
      return [];
  }
}
