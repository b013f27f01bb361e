import type { Expr, IndexDecl, SizeExpr } from "../../../grammar/lf.ast.js";
import { constValue, type Dim, substituteDim, symbolsOf } from "../../ir/dim.js";
import { invariant } from "../../util/invariant.js";
import type { TableEntry } from "../checked.js";
import type { Context } from "./context.js";
import { lookUpIndex, type Part, type Scope } from "./scope.js";

/** For each axis of the shape at hand whose index chooses entries of tables: which of its values are meant. */
export type AxisParts = ReadonlyMap<number, Part>;

/** A size of the checker under the sizes of this call: only `?` dims are left as symbols. */
export function resolve(cx: Context, dim: Dim, scope: Scope, axes?: AxisParts): Dim {
  const symbols = symbolsOf(dim);
  if (symbols.length === 0) return dim;
  const found = new Map<string, Dim>();
  for (const { name } of symbols) {
    const to = scope.symbols.get(name) ?? entryOf(cx, name, scope, axes);
    if (to !== undefined) found.set(name, to);
  }
  return found.size === 0 ? dim : substituteDim(dim, found);
}

function entryOf(cx: Context, name: string, scope: Scope, axes: AxisParts | undefined): Dim | undefined {
  const entry = cx.program.entries.get(name);
  if (entry === undefined) return undefined;
  const position = entryPosition(entry, scope, axes);
  const size = entry.table.entries[position];
  invariant(size !== undefined, () => `${name} is read at ${position}, beyond the table`);
  return resolve(cx, size, scope);
}

function entryPosition(entry: TableEntry, scope: Scope, axes: AxisParts | undefined): number {
  const { at } = entry;
  switch (at.kind) {
    case "axis":
      // Without parts all entries are one (see `cutsOf`), so that the first serves.
      return axes?.get(at.axis)?.start ?? 0;
    case "index":
      return lookUpIndex(scope, at.index)?.part?.start ?? 0;
    case "counter": {
      const counter = scope.symbols.get(at.symbol);
      const value = counter === undefined ? undefined : constValue(counter);
      invariant(value !== undefined, () => `the counter ${at.symbol} has no value`);
      return value;
    }
  }
}

export function sizeExpr(cx: Context, size: SizeExpr, scope: Scope, axes?: AxisParts): Dim {
  const found = cx.program.sizes.get(size);
  invariant(found !== undefined, () => "the checker knows every size");
  return resolve(cx, found, scope, axes);
}

/** The value of an expression that the checker found to be a whole constant. */
export function constantExpr(cx: Context, expr: Expr, scope: Scope): Dim | undefined {
  const found = cx.program.constants.get(expr);
  return found === undefined ? undefined : resolve(cx, found, scope);
}

export function rangeOf(cx: Context, decl: IndexDecl, scope: Scope): Dim {
  const found = cx.program.ranges.get(decl);
  invariant(found !== undefined, () => `the index ${decl.name.text} has a range`);
  return resolve(cx, found, scope);
}

export function numberOf(dim: Dim, what: string): number {
  const value = constValue(dim);
  invariant(value !== undefined, () => `${what} is a constant`);
  return value;
}
