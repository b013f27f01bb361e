import type { Compare, Expr } from "../../grammar/lf.ast.js";
import { constDim, type Dim, subDim } from "../ir/dim.js";
import type { Context } from "./context.js";
import type { Facts } from "./frame.js";
import type { Form } from "./value.js";
import { bare } from "./walk.js";

const one = constDim(1);

/** Adds what a condition says: the conjuncts that compare indices and constants (I4). */
export function assume(cx: Context, condition: Expr, facts: Facts | undefined): Facts | undefined {
  const e = bare(condition);
  if (e.kind === "and") return e.operands.reduce((known, operand) => assume(cx, operand, known), facts);
  if (e.kind !== "compare") return facts;
  const forms = cx.comparisons.get(e);
  if (forms === undefined) return facts;
  return assumeChain(forms, e.ops, facts);
}

/** What holds in the `else` of a condition: the opposite of a single comparison. */
export function assumeNot(cx: Context, condition: Expr, facts: Facts | undefined): Facts | undefined {
  const e = bare(condition);
  if (e.kind !== "compare" || e.ops.length !== 1) return facts;
  const [op] = e.ops;
  const forms = cx.comparisons.get(e);
  if (forms === undefined || op === undefined) return facts;
  return assumeChain(forms, [opposite.get(op) ?? op], facts);
}

const opposite: ReadonlyMap<Compare, Compare> = new Map([
  ["<", ">="],
  ["<=", ">"],
  [">", "<="],
  [">=", "<"],
  ["==", "!="],
  ["!=", "=="],
]);

export function assumeChain(
  forms: readonly (Form | undefined)[],
  ops: readonly Compare[],
  facts: Facts | undefined,
): Facts | undefined {
  let known = facts;
  ops.forEach((op, i) => {
    const left = forms[i]?.dim;
    const right = forms[i + 1]?.dim;
    if (left === undefined || right === undefined) return;
    const up = subDim(right, left);
    const down = subDim(left, right);
    const and = (of: Dim, is: Facts["is"] = "atLeastZero"): void => {
      known = { is, of, outer: known };
    };
    if (op === "<") and(subDim(up, one));
    else if (op === "<=") and(up);
    else if (op === ">") and(subDim(down, one));
    else if (op === ">=") and(down);
    else if (op === "!=") and(up, "notZero");
    else {
      and(up);
      and(down);
    }
  });
  return known;
}
