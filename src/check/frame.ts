import type { Callable, Expr, Name } from "../../grammar/lf.ast.js";
import type { Span } from "../diagnostics/span.js";
import type { Dim } from "../ir/dim.js";
import type { Context } from "./context.js";
import type { IndexVar } from "./indices.js";
import type { Scope } from "./scope.js";

/** What is known to hold at a point (I4), innermost first: `of >= 0` or `of != 0`. */
export interface Facts {
  readonly is: "atLeastZero" | "notZero";
  readonly of: Dim;
  readonly outer: Facts | undefined;
}

/** What a body asks of the sizes that its caller chooses (F3), with the place that asks. */
export type Obligation = { readonly place: Span; readonly because: string } & (
  | { readonly kind: "atLeastZero"; readonly any: readonly Dim[] }
  | { readonly kind: "whole"; readonly of: Dim }
  | { readonly kind: "fixed"; readonly of: Dim }
);

/** One call of a callable of the program, kept until all bodies are known. */
export interface CallSite {
  readonly expr: Expr;
  readonly span: Span;
  readonly callee: Callable;
  readonly bindings: ReadonlyMap<string, Dim>;
  readonly facts: Facts | undefined;
  /** The named instance that is called, and which one of a list. */
  readonly instance?: { readonly name: Name; readonly layer: readonly Dim[] };
}

/** What is being gathered while the body of one callable (or the top level) is checked. */
export interface Frame {
  readonly cx: Context;
  readonly callable: Callable | undefined;
  readonly scope: Scope;
  facts: Facts | undefined;
  readonly obligations: Map<string, Obligation>;
  /** Keys of sizes that an obligation makes whole. */
  readonly whole: Set<string>;
  /** `?` dims that the body uses, with a place. */
  readonly runtime: Map<string, { readonly symbol: Dim; readonly place: Span }>;
  readonly calls: CallSite[];
  /** Opaque symbols that the sizes of parameters mention (F4). */
  readonly parameterSymbols: Map<string, { readonly parameter: Name }>;
  /** Named instances, in order of declaration. */
  readonly instances: Name[];
  /** Proofs put off until the ranges of the statement's indices are known. */
  pending: (() => void)[];
  /** Indices bound in the statement, whose ranges are settled at its end. */
  opened: IndexVar[];
  /** Something in the statement is in error: it is not asked for ranges too. */
  broken: boolean;
  /** The same for the whole body. */
  everBroken: boolean;
  /** Unknown names that the statement's messages have named. */
  readonly unknown: Set<string>;
  /** Statements around this point: 0 at the outermost. */
  depth: number;
}

export const createFrame = (cx: Context, scope: Scope, callable: Callable | undefined): Frame => ({
  cx,
  callable,
  scope,
  facts: undefined,
  obligations: new Map(),
  whole: new Set(),
  runtime: new Map(),
  calls: [],
  parameterSymbols: new Map(),
  instances: [],
  pending: [],
  opened: [],
  broken: false,
  everBroken: false,
  unknown: new Set(),
  depth: 0,
});
