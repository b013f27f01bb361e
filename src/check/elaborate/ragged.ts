import type { Expr, IndexDecl } from "../../../grammar/lf.ast.js";
import { constValue, type Dim, dimKey, symbolsOf } from "../../ir/dim.js";
import { invariant } from "../../util/invariant.js";
import type { DimEntity, TableEntry } from "../checked.js";
import type { Context } from "./context.js";
import type { Part, Scope } from "./scope.js";
import { resolve } from "./size.js";
import { walkExpr } from "./walk.js";

/**
 * Ragged sizes never reach the IR. Where a statement reads entries of a table `T[h]`, the range of h is cut where the
 * entries change, the statement is elaborated once for each part, and the results are joined along h. An entry of a
 * table with equal entries cuts nothing.
 */
type Table = Extract<DimEntity, { kind: "table" }>;

/** Starts of the runs of equal entries, the first (0) left out. */
function cutsOfTable(cx: Context, table: Table, scope: Scope): readonly number[] {
  const keys = table.entries.map((e) => dimKey(resolve(cx, e, scope)));
  return keys.flatMap((key, i) => (i > 0 && key !== keys[i - 1] ? [i] : []));
}

function entriesIn(cx: Context, dims: Iterable<Dim>, wanted: (entry: TableEntry) => boolean): ReadonlySet<Table> {
  const found = new Set<Table>();
  for (const dim of dims) {
    for (const { name } of symbolsOf(dim)) {
      const entry = cx.program.entries.get(name);
      if (entry !== undefined && wanted(entry)) found.add(entry.table);
    }
  }
  return found;
}

const partsFrom = (cuts: ReadonlySet<number>, extent: Dim): readonly Part[] | undefined => {
  if (cuts.size === 0) return undefined;
  const end = constValue(extent);
  invariant(end !== undefined, () => "a table has a constant length");
  const starts = [0, ...[...cuts].sort((a, b) => a - b)];
  return starts.map((start, i) => ({ start, length: (starts[i + 1] ?? end) - start }));
};

/** The parts into which the shape of a type cuts its axis; `undefined` for one that chooses no sizes. */
export function axisParts(
  cx: Context,
  shape: readonly Dim[],
  axis: number,
  extent: Dim,
  scope: Scope,
): readonly Part[] | undefined {
  const tables = entriesIn(cx, shape, ({ at }) => at.kind === "axis" && at.axis === axis);
  return partsFrom(new Set([...tables].flatMap((t) => cutsOfTable(cx, t, scope))), extent);
}

function* sizesOf(cx: Context, expr: Expr): Iterable<Dim> {
  const { types, bindings, constants, partRanges } = cx.program;
  const type = types.get(expr);
  if (type?.kind === "tensor") yield* type.shape;
  else if (type?.kind === "several")
    for (const { type: part } of type.of) if (part.kind === "tensor") yield* part.shape;
  const bound = bindings.get(expr);
  if (bound !== undefined) yield* bound.values();
  const constant = constants.get(expr);
  if (constant !== undefined) yield constant;
  const parts = partRanges.get(expr);
  if (parts !== undefined) yield* parts;
}

/** The axes of a ragged value that `expr` subscripts by the bare index. */
function* subscriptedSizes(
  cx: Context,
  expr: Expr,
  isIndex: (e: Expr) => boolean,
): Iterable<{ readonly shape: readonly Dim[]; readonly axis: number }> {
  if (expr.kind !== "subscript") return;
  const type = cx.program.types.get(expr.of);
  if (type?.kind !== "tensor") return;
  for (const [axis, sub] of expr.subs.entries())
    if (sub.kind === "at" && isIndex(sub.expr)) yield { shape: type.shape, axis };
}

/**
 * The parts into which the range of an index is cut by what is read under it: `exprs` and the ranges of the indices
 * `later`, bound after it. `decls` are the declarations that mean this index.
 */
export function indexParts(
  cx: Context,
  decls: readonly IndexDecl[],
  exprs: readonly Expr[],
  later: readonly IndexDecl[],
  extent: Dim,
  scope: Scope,
): readonly Part[] | undefined {
  if (cx.program.entries.size === 0) return undefined;
  const ours = ({ at }: TableEntry): boolean => at.kind === "index" && decls.includes(at.index);
  const isIndex = (e: Expr): boolean => {
    if (e.kind === "paren") return isIndex(e.of);
    if (e.kind !== "name") return false;
    const entity = cx.program.names.get(e.name);
    return entity?.kind === "index" && decls.includes(entity.index);
  };
  const tables = new Set<Table>();
  const take = (found: ReadonlySet<Table>): void => {
    for (const table of found) tables.add(table);
  };
  const takeRange = (decl: IndexDecl): void => {
    const range = cx.program.ranges.get(decl);
    if (range !== undefined) take(entriesIn(cx, [range], ours));
  };
  later.forEach(takeRange);
  for (const expr of exprs)
    walkExpr(
      expr,
      (e) => {
        take(entriesIn(cx, sizesOf(cx, e), ours));
        for (const { shape, axis } of subscriptedSizes(cx, e, isIndex))
          take(entriesIn(cx, shape, ({ at }) => at.kind === "axis" && at.axis === axis));
      },
      takeRange,
    );
  return partsFrom(new Set([...tables].flatMap((t) => cutsOfTable(cx, t, scope))), extent);
}
