import type { Body, IndexDecl, Stmt } from "../../../grammar/lf.ast.js";
import { constDim } from "../../ir/dim.js";
import type { Ix } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import { type Context, newVariable, spendBody } from "./context.js";
import { evaluate } from "./expression.js";
import { paramStatement } from "./parameter.js";
import { indexParts } from "./ragged.js";
import { restore } from "./reduction.js";
import { bindIndex, indexOf, inner, locIn, type Scope } from "./scope.js";
import { rangeOf } from "./size.js";
import { adaptDeclared, joinGroups, mapGroups, settle, type Value } from "./value.js";

type Let = Extract<Stmt, { kind: "let" }>;

/** Elaborates the statements of a body in `scope`; gives what it returns. */
export function runBody(cx: Context, body: Body, scope: Scope): readonly Value[] {
  spendBody(cx, body.span);
  for (const stmt of body.stmts) {
    switch (stmt.kind) {
      case "dim":
        // The checker has resolved every use of it.
        break;
      case "param":
        paramStatement(cx, stmt, scope);
        break;
      case "let":
        letStatement(cx, stmt, scope);
        break;
      case "return":
        return stmt.values.flatMap((value) => {
          const result = evaluate(cx, value, scope);
          return result.kind === "several" ? result.of : [result];
        });
    }
  }
  invariant(false, () => "a body ends with return");
}

function letStatement(cx: Context, stmt: Let, scope: Scope): void {
  const value = overIndices(cx, stmt, 0, scope, []);
  const values = value.kind === "several" ? value.of : [value];
  stmt.targets.forEach((target, i) => {
    const own = values[i];
    invariant(own !== undefined, () => `nothing is given for ${target.name.text}`);
    scope.names.set(target.name.text, { is: "value", value: own });
  });
}

/** The value of a `let` under its indices from `position` on; `axes` are the variables of the indices before. */
function overIndices(cx: Context, stmt: Let, position: number, scope: Scope, axes: readonly Ix[]): Value {
  const loc = locIn(scope, stmt.value.span);
  const decls = declarationsAt(stmt, position);
  const [decl] = decls;
  if (decl === undefined) return settle(cx, typed(cx, stmt, prefix(evaluate(cx, stmt.value, scope), axes)), loc);
  const extent = rangeOf(cx, decl, scope);
  const later = stmt.targets[0]?.indices.slice(position + 1) ?? [];
  const parts = indexParts(cx, decls, [stmt.value], later, extent, scope);
  if (parts === undefined) {
    const within = inner(scope);
    const ix = newVariable(cx, decl.name.text, extent);
    bindIndex(within, decls, indexOf(ix));
    return overIndices(cx, stmt, position + 1, within, [...axes, ix]);
  }
  const started = new Map(scope.occurrences);
  const groups = parts.map((part) => {
    restore(scope.occurrences, started);
    const within = inner(scope);
    const ix = newVariable(cx, decl.name.text, constDim(part.length));
    bindIndex(within, decls, indexOf(ix, part));
    return { ...part, value: overIndices(cx, stmt, position + 1, within, [...axes, ix]) };
  });
  return joinGroups(cx, position, groups, loc);
}

/** The same index of each target: several results have the same indices (F5). */
const declarationsAt = (stmt: Let, position: number): readonly IndexDecl[] =>
  stmt.targets.flatMap((t) => t.indices.slice(position, position + 1));

/** The value with the axes of the statement's indices before its own (E3). */
function prefix(value: Value, axes: readonly Ix[]): Value {
  if (axes.length === 0) return value;
  switch (value.kind) {
    case "several":
      return { kind: "several", of: value.of.map((v) => prefix(v, axes)) };
    case "ragged":
      return { ...mapGroups(value, (v) => prefix(v, axes)), axis: value.axis + axes.length };
    case "tensor":
      return { ...value, axes: [...axes, ...value.axes] };
  }
}

/** Constants take the types that the checker found for the names. */
function typed(cx: Context, stmt: Let, value: Value): Value {
  if (value.kind !== "several") return adaptDeclared(cx, stmt.targets[0]?.name, value);
  return { kind: "several", of: value.of.map((v, i) => adaptDeclared(cx, stmt.targets[i]?.name, v)) };
}
