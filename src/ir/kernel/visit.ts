import { unreachable } from "../../util/invariant.js";
import type { Dim } from "../dim.js";
import { operands, withOperands } from "./expr.js";
import type { BufId, KExpr, Kernel, KStmt, VarId } from "./ops.js";

/**
 * Walking and rewriting kernels. A rewrite returns the same object where nothing changed, so "did it change?" is `!==`.
 * Expressions are shared (a tree by meaning, a directed graph in memory): rewrites visit each object once.
 */

/** An `if` statement. */
export const ifStmt = (cond: KExpr, then: readonly KStmt[], otherwise: readonly KStmt[] = []): KStmt => ({
  s: "if",
  cond,
  then,
  else: otherwise,
});

/** Calls `visit` on every expression of `e`, operands first; a shared object is visited once a call. */
export function walkExpr(e: KExpr, visit: (e: KExpr) => void, seen: Set<KExpr> = new Set()): void {
  if (seen.has(e)) return;
  seen.add(e);
  for (const x of operands(e)) walkExpr(x, visit, seen);
  visit(e);
}

/** The expressions that stand directly in a statement, not in its body. */
export function expressionsOf(s: KStmt): readonly KExpr[] {
  switch (s.s) {
    case "for":
      return [s.from, s.to];
    case "let":
      return [s.value];
    case "store":
      return [s.at, s.value];
    case "if":
      return [s.cond];
    case "pin":
    case "barrier":
      return [];
    default:
      return unreachable(s);
  }
}

/** The statement lists inside a statement. */
export function bodiesOf(s: KStmt): readonly (readonly KStmt[])[] {
  return s.s === "for" ? [s.body] : s.s === "if" ? [s.then, s.else] : [];
}

/** Calls `visit` on every statement, outer before inner. */
export function walkStmts(body: readonly KStmt[], visit: (s: KStmt) => void): void {
  for (const s of body) {
    visit(s);
    for (const inner of bodiesOf(s)) walkStmts(inner, visit);
  }
}

/** Calls `visit` on every expression of every statement. */
export function walkExprs(body: readonly KStmt[], visit: (e: KExpr) => void): void {
  walkStmts(body, (s) => {
    const seen = new Set<KExpr>();
    for (const e of expressionsOf(s)) walkExpr(e, visit, seen);
  });
}

/**
 * Rebuilds an expression bottom-up through the simplifying constructors. `change` sees a node whose operands are done
 * and returns its replacement, or the node itself. Results are kept in `memo`, one for each object.
 */
export function mapExpr(e: KExpr, change: (e: KExpr) => KExpr, memo: Map<KExpr, KExpr> = new Map()): KExpr {
  const known = memo.get(e);
  if (known !== undefined) return known;
  const old = operands(e);
  const result = change(
    old.length === 0
      ? e
      : withOperands(
          e,
          old.map((x) => mapExpr(x, change, memo)),
        ),
  );
  memo.set(e, result);
  return result;
}

/** The list with each element replaced by none, one or several; the same list when all are kept. */
export function flatMapSame<T>(list: readonly T[], change: (x: T) => readonly T[] | T): readonly T[] {
  let result: T[] | undefined;
  list.forEach((x, i) => {
    const y = change(x);
    if (result === undefined && y === x) return;
    result ??= list.slice(0, i);
    if (Array.isArray(y)) result.push(...(y as readonly T[]));
    else result.push(y as T);
  });
  return result ?? list;
}

/** A statement with other expressions, taken in the order of `expressionsOf`. */
export function withExpressions(s: KStmt, xs: readonly KExpr[]): KStmt {
  if (expressionsOf(s).every((e, i) => e === xs[i])) return s;
  const [a, b] = xs;
  if (!a) return s;
  switch (s.s) {
    case "for":
      return b ? { ...s, from: a, to: b } : s;
    case "let":
      return { ...s, value: a };
    case "store":
      return b ? { ...s, at: a, value: b } : s;
    case "if":
      return ifStmt(a, s.then, s.else);
    case "pin":
    case "barrier":
      return s;
    default:
      return unreachable(s);
  }
}

/** A statement with other bodies, taken in the order of `bodiesOf`. */
export function withBodies(s: KStmt, bodies: readonly (readonly KStmt[])[]): KStmt {
  if (s.s === "for") {
    const body = bodies[0];
    return body && body !== s.body ? { ...s, body } : s;
  }
  if (s.s !== "if") return s;
  const [yes, no] = bodies;
  return yes && no && (yes !== s.then || no !== s.else) ? ifStmt(s.cond, yes, no) : s;
}

/** Rewrites every statement, inner before outer; `change` may return several or none. */
export function mapStmts(body: readonly KStmt[], change: (s: KStmt) => readonly KStmt[] | KStmt): readonly KStmt[] {
  return flatMapSame(body, (s) =>
    change(
      withBodies(
        s,
        bodiesOf(s).map((b) => mapStmts(b, change)),
      ),
    ),
  );
}

/** Rewrites every expression of every statement. */
export function mapExprs(body: readonly KStmt[], change: (e: KExpr) => KExpr): readonly KStmt[] {
  const memo = new Map<KExpr, KExpr>();
  return mapStmts(body, (s) =>
    withExpressions(
      s,
      expressionsOf(s).map((e) => mapExpr(e, change, memo)),
    ),
  );
}

/** Replaces variables by expressions and simplifies what that makes constant. */
export function substitute(body: readonly KStmt[], values: ReadonlyMap<VarId, KExpr>): readonly KStmt[] {
  return mapExprs(body, (e) => (e.k === "var" ? (values.get(e.var) ?? e) : e));
}

/** Buffers that the statements read and write. */
export function buffersUsed(body: readonly KStmt[]): {
  readonly reads: ReadonlySet<BufId>;
  readonly writes: ReadonlySet<BufId>;
} {
  const reads = new Set<BufId>();
  const writes = new Set<BufId>();
  walkStmts(body, (s) => {
    if (s.s === "store") writes.add(s.buffer);
  });
  walkExprs(body, (e) => {
    if (e.k === "load") reads.add(e.buffer);
  });
  return { reads, writes };
}

/** Lengths of the buffers that a kernel is bound to. Each is at least 1. */
export const globalLengths = (k: Kernel): readonly Dim[] =>
  k.buffers.flatMap((b) => (b.space === "global" ? [b.length] : []));
