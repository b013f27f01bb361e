import type { IToken } from "chevrotain";
import type { Expr } from "./lfir.ast.js";

/**
 * Levels of the operators, loosest first: `or`, `and`, `not`, comparisons, `+ -`, `* / %`, prefix `-`. All infix ones
 * group to the left. The parser reads a flat list; here it becomes a tree.
 */
const levels: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
};
const afterNot = 4;
const afterPlus = 6;

/** An operand with the operators before it. */
export interface Operand {
  readonly prefixes: readonly IToken[];
  readonly of: Expr;
}

/** `operands[0] operators[0] operands[1] …` as a tree. */
export function tree(operands: readonly Operand[], operators: readonly IToken[]): Expr {
  let next = 0;

  function prefixed(prefixes: readonly IToken[], of: Expr): Expr {
    const [op, ...rest] = prefixes;
    if (op === undefined) return of;
    // `not` takes everything down to the comparisons, `+` a product, `-` only its operand
    const least = op.image === "not" ? afterNot : op.image === "+" ? afterPlus : undefined;
    if (least !== undefined) return { e: "prefix", op, of: infix(prefixed(rest, of), least) };
    return { e: "prefix", op, of: prefixed(rest, of) };
  }

  function operand(): Expr {
    const { prefixes, of } = operands[next] as Operand; // one more than operators, and `infix` counts them
    return prefixed(prefixes, of);
  }

  function infix(first: Expr, least: number): Expr {
    let left = first;
    for (;;) {
      const op = operators[next];
      const level = op === undefined ? 0 : (levels[op.image] ?? 0);
      if (op === undefined || level < least) return left;
      next++;
      left = { e: "infix", op, left, right: infix(operand(), level + 1) };
    }
  }
  return infix(operand(), 1);
}
