import type { IndexDecl, Name } from "../../../grammar/lf.ast.js";
import type { Loc, Span } from "../../diagnostics/span.js";
import { constDim, type Dim } from "../../ir/dim.js";
import type { Index, Ix } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import { type Caller, locOf } from "./context.js";
import { arithmetic, constElement, type Element, indexElement } from "./element.js";
import { addIndex, dimIndex } from "./indexArithmetic.js";
import type { Instance, InstanceList } from "./instance.js";
import type { Value } from "./value.js";

/** Consecutive values of an index: `length` of them from `start` on. */
export interface Part {
  readonly start: number;
  readonly length: number;
}

/** A bound index: its value as a number and as a subscript. `part`: only these of its values are meant here (ragged sizes). */
export interface BoundIndex {
  readonly ix: Ix;
  readonly element: Element;
  readonly index: Index;
  readonly part?: Part;
}

export type Binding =
  | { readonly is: "value"; readonly value: Value }
  | { readonly is: "instances"; readonly instances: InstanceList }
  | { readonly is: "index"; readonly index: BoundIndex };

/**
 * The names that are visible at a point of a body, innermost first. The language hides no name by another (F7), except
 * that the index of a `softmax` or `concat` is a new one inside; so the text of a name decides.
 */
export interface Scope {
  readonly outer: Scope | undefined;
  readonly names: Map<string, Binding>;
  readonly indices: Map<IndexDecl, BoundIndex>;
  /** Sizes by symbol name: the numbers, generics, dim arguments and repeat counters. */
  readonly symbols: ReadonlyMap<string, Dim>;
  /** The model or block instance whose parameters are declared here. */
  readonly instance: Instance | undefined;
  /** How often each block has been called without a name in this body (F4). */
  readonly occurrences: Map<string, number>;
  readonly caller: Caller | undefined;
}

export const inner = (outer: Scope, changes: Partial<Pick<Scope, "symbols" | "caller">> = {}): Scope => ({
  outer,
  names: new Map(),
  indices: new Map(),
  symbols: changes.symbols ?? outer.symbols,
  instance: outer.instance,
  occurrences: outer.occurrences,
  caller: changes.caller ?? outer.caller,
});

export function lookUp(scope: Scope, name: string): Binding | undefined {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.outer) {
    const found = s.names.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function lookUpIndex(scope: Scope, decl: IndexDecl): BoundIndex | undefined {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.outer) {
    const found = s.indices.get(decl);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function boundIndex(scope: Scope, name: Name): BoundIndex {
  const found = lookUp(scope, name.text);
  invariant(found?.is === "index", () => `${name.text} is not an index in scope`);
  return found.index;
}

export const locIn = (scope: Scope, span: Span): Loc => locOf(span, scope.caller);

/** A variable as an index; in a part of its range it counts from the start of the part. */
export function indexOf(ix: Ix, part?: Part): BoundIndex {
  const variable: Index = { i: "ix", ix };
  if (part === undefined) return { ix, element: indexElement(ix), index: variable };
  return {
    ix,
    element: part.start === 0 ? indexElement(ix) : arithmetic("add", indexElement(ix), constElement(part.start, "int")),
    index: addIndex(variable, dimIndex(constDim(part.start))),
    part,
  };
}

export function bindIndex(scope: Scope, decls: readonly IndexDecl[], index: BoundIndex): void {
  for (const decl of decls) {
    scope.indices.set(decl, index);
    scope.names.set(decl.name.text, { is: "index", index });
  }
}
