import type { Callable, DimDecl, FileAst, Name } from "../../grammar/lf.ast.js";
import type { SourceFile, Span } from "../diagnostics/span.js";
import type { DimSymbol } from "../ir/dim.js";
import type { DimEntity, Entity } from "./checked.js";
import type { IndexVar } from "./indices.js";
import type { Value } from "./value.js";

/** What a name is bound to where it is visible. */
export interface Binding {
  readonly entity: Entity;
  readonly name: string;
  /** The name at its declaration; absent for built-in functions. */
  readonly at?: Span;
  readonly value?: Value;
  readonly index?: IndexVar;
}

/** A file with what it declares and imports. Its own dims are resolved on demand: they may stand in any order. */
export interface Module {
  readonly file: SourceFile;
  readonly ast: FileAst;
  readonly declared: Map<string, TopLevel>;
  /** What is visible in the file: declared and imported. */
  readonly visible: Map<string, Visible>;
  /** Names whose import is in error: nothing more is said of them. */
  readonly missing: Set<string>;
}

export type TopLevel =
  | { readonly kind: "dim"; readonly name: Name; readonly decl: DimDecl; readonly module: Module; state: DimState }
  | {
      readonly kind: "callable";
      readonly name: Name;
      readonly callable: Callable;
      readonly module: Module;
      binding: Binding | undefined;
    };

export type DimState =
  | { readonly is: "new" }
  | { readonly is: "open" }
  /** `runtime`: the `?` dims that the size is made of. No binding: its error has been reported. */
  | {
      readonly is: "done";
      readonly entity: DimEntity | undefined;
      readonly binding: Binding | undefined;
      readonly runtime: readonly DimSymbol[];
    };

export interface Visible {
  readonly top: TopLevel;
  /** The import that brought it. */
  readonly imported?: Span;
}

/**
 * The names inside one callable: one flat table, because nothing may be hidden (F7); what a bracket or body binds is
 * taken out again at its end.
 */
export interface Scope {
  readonly module: Module;
  readonly local: Map<string, Binding>;
  /** Names of values and sizes in `local`, in order of binding: a body takes its own out at its end. */
  readonly bound: string[];
  /** Indices bound at this point, outermost first. */
  readonly indices: IndexVar[];
  /** Reductions of this statement that have ended, by index name: for the message about a use after the end. */
  readonly ended: Map<string, { readonly reduction: Span; readonly op: string }>;
}

export const createScope = (module: Module): Scope => ({
  module,
  local: new Map(),
  bound: [],
  indices: [],
  ended: new Map(),
});

/** Built-in scalar functions (F9) with their number of arguments. */
export const builtins: ReadonlyMap<string, { readonly least: number; readonly most: number }> = new Map([
  ...[
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "tanh",
    "erf",
    "sigmoid",
    "relu",
    "gelu",
    "gelu_tanh",
    "silu",
    "abs",
  ].map((name) => [name, { least: 1, most: 1 }] as const),
  ["pow", { least: 2, most: 2 }],
  ["max", { least: 2, most: Number.POSITIVE_INFINITY }],
  ["min", { least: 2, most: Number.POSITIVE_INFINITY }],
]);

/** Every name that can be used here, for suggestions; a model is called from outside only. */
export function* visibleNames(scope: Scope): Iterable<string> {
  yield* scope.local.keys();
  for (const [name, { top }] of scope.module.visible)
    if (top.kind === "dim" || top.callable.kind !== "model") yield name;
}
