import type { Expr, IndexDecl, Stmt } from "../../../grammar/lf.ast.js";

/** Calls `visit` on an expression and all its parts, and `bind` on every index that they bind. */
export function walkExpr(expr: Expr, visit: (e: Expr) => void, bind: (decl: IndexDecl) => void): void {
  visit(expr);
  const go = (e: Expr): void => walkExpr(e, visit, bind);
  switch (expr.kind) {
    case "number":
    case "bool":
    case "name":
      return;
    case "if":
      go(expr.cond);
      go(expr.then);
      go(expr.else);
      return;
    case "or":
    case "and":
    case "compare":
    case "sum":
    case "product":
      expr.operands.forEach(go);
      return;
    case "not":
    case "neg":
    case "paren":
    case "convert":
      go(expr.of);
      return;
    case "power":
      go(expr.base);
      go(expr.exponent);
      return;
    case "reduction":
      for (const binder of expr.binders) {
        bind(binder.index);
        binder.chain?.operands.forEach(go);
        if (binder.where !== undefined) go(binder.where);
      }
      go(expr.of);
      return;
    case "subscript":
      go(expr.of);
      for (const sub of expr.subs) {
        if (sub.kind === "at") go(sub.expr);
        else if (sub.kind === "slice") {
          go(sub.from);
          go(sub.to);
        }
      }
      return;
    case "call":
      go(expr.callee);
      expr.args.forEach(go);
      return;
    case "concat":
      bind(expr.index);
      expr.parts.forEach(go);
      return;
    case "repeat":
      for (const state of expr.states) go(state.init);
      for (const stmt of expr.body.stmts) walkStmt(stmt, visit, bind);
      return;
  }
}

function walkStmt(stmt: Stmt, visit: (e: Expr) => void, bind: (decl: IndexDecl) => void): void {
  if (stmt.kind === "return") for (const value of stmt.values) walkExpr(value, visit, bind);
  else if (stmt.kind === "let") {
    for (const target of stmt.targets) target.indices.forEach(bind);
    walkExpr(stmt.value, visit, bind);
  }
}
