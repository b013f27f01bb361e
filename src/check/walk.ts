import type { Body, Expr, IndexDecl } from "../../grammar/lf.ast.js";
import type { Context } from "./context.js";

/** Calls `visit` for each expression directly inside `e`, and `bind` for each index that `e` binds, before its scope. */
export function forEachChild(e: Expr, visit: (child: Expr) => void, bind?: (index: IndexDecl) => void): void {
  switch (e.kind) {
    case "number":
    case "bool":
    case "name":
      return;
    case "if":
      visit(e.cond);
      visit(e.then);
      visit(e.else);
      return;
    case "or":
    case "and":
    case "compare":
    case "sum":
    case "product":
      for (const operand of e.operands) visit(operand);
      return;
    case "not":
    case "neg":
    case "paren":
    case "convert":
      visit(e.of);
      return;
    case "power":
      visit(e.base);
      visit(e.exponent);
      return;
    case "reduction":
      for (const binder of e.binders) {
        bind?.(binder.index);
        for (const operand of binder.chain?.operands ?? []) visit(operand);
        if (binder.where !== undefined) visit(binder.where);
      }
      visit(e.of);
      return;
    case "subscript":
      visit(e.of);
      for (const sub of e.subs)
        if (sub.kind === "at") visit(sub.expr);
        else if (sub.kind === "slice") {
          visit(sub.from);
          visit(sub.to);
        }
      return;
    case "call":
      visit(e.callee);
      for (const arg of e.args) visit(arg);
      return;
    case "concat":
      bind?.(e.index);
      for (const part of e.parts) visit(part);
      return;
    case "repeat":
      for (const state of e.states) visit(state.init);
      forEachInBody(e.body, visit, bind);
  }
}

function forEachInBody(body: Body, visit: (child: Expr) => void, bind?: (index: IndexDecl) => void): void {
  for (const stmt of body.stmts)
    if (stmt.kind === "let") {
      for (const target of stmt.targets) for (const index of target.indices) bind?.(index);
      visit(stmt.value);
    } else if (stmt.kind === "return") for (const value of stmt.values) visit(value);
}

/** Whether an expression depends on an index bound outside it (E2). Only after it was checked. */
export function mentionsIndex(cx: Context, e: Expr): boolean {
  const bound = new Set<IndexDecl>();
  const walk = (x: Expr): boolean => {
    if (x.kind === "name") {
      const entity = cx.names.get(x.name);
      return entity?.kind === "index" && !bound.has(entity.index);
    }
    let found = false;
    forEachChild(
      x,
      (child) => {
        if (!found) found = walk(child);
      },
      (index) => {
        const outside = cx.names.get(index.name); // softmax and concat read the index around them
        if (outside?.kind === "index" && !bound.has(outside.index)) found = true;
        bound.add(index);
      },
    );
    return found;
  };
  return walk(e);
}

/** Without the brackets round it. */
export function bare(e: Expr): Expr {
  let inner = e;
  while (inner.kind === "paren") inner = inner.of;
  return inner;
}

/** An expression as written. */
export const textOf = (e: Expr): string => e.span.file.text.slice(e.span.start, e.span.end);
