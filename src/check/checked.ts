import type { Callable, Expr, FileAst, IndexDecl, Name, TypeExpr } from "../../grammar/lf.ast.js";
import type { Dim } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";

/**
 * What the checker knows of a program: the trees unchanged, and maps keyed by their nodes. `elaborate` reads it, so do
 * the language server and the code generator. Sizes are `Dim`s whose symbols are the nominal dims of language.md D2.
 */
export type ElementType = DType | "int";

export type Type =
  /** `int`: a whole constant that adapts to its surroundings (E6). */
  | { readonly kind: "tensor"; readonly dtype: ElementType; readonly shape: readonly Dim[] }
  | { readonly kind: "several"; readonly of: readonly { readonly name: string; readonly type: Type }[] }
  | { readonly kind: "dim"; readonly size: Dim }
  | { readonly kind: "instance"; readonly block: Callable; readonly shape: readonly Dim[] };

/** A named size. `symbol` stands for it in every `Dim`. */
export type DimEntity =
  /** Given by a number: nominal. `value` is after `--dim`. */
  | { readonly kind: "number"; readonly symbol: Dim; readonly value: number }
  | { readonly kind: "runtime"; readonly symbol: Dim }
  | { readonly kind: "derived"; readonly size: Dim }
  | { readonly kind: "table"; readonly over: Dim; readonly entries: readonly Dim[] }
  | { readonly kind: "generic"; readonly symbol: Dim }
  | { readonly kind: "argument"; readonly symbol: Dim }
  | { readonly kind: "counter"; readonly symbol: Dim };

/** What a name stands for where it is used. */
export type Entity =
  | { readonly kind: "dim"; readonly dim: DimEntity }
  | { readonly kind: "callable"; readonly callable: Callable }
  | { readonly kind: "builtin"; readonly name: string }
  /** A `let`, formal, `param` or repeat state: the name at its declaration. */
  | { readonly kind: "value"; readonly declared: Name }
  | { readonly kind: "index"; readonly index: IndexDecl };

export interface CheckedProgram {
  /** The entry file first, then every imported file. */
  readonly files: readonly FileAst[];
  /** The models of the entry file. */
  readonly models: readonly Callable[];
  /** Top-level dims by symbol name, those that `elaborate` substitutes: number → value. */
  readonly values: ReadonlyMap<string, number>;
  /** What each used name (of an expression, a size or a type) stands for. */
  readonly names: ReadonlyMap<Name, Entity>;
  /** The range of each bound index. */
  readonly ranges: ReadonlyMap<IndexDecl, Dim>;
  /** For `concat`: the range of the index in each part. */
  readonly partRanges: ReadonlyMap<Expr, readonly Dim[]>;
  readonly types: ReadonlyMap<Expr, Type>;
  /** Axis sizes of each type expression. */
  readonly shapes: ReadonlyMap<TypeExpr, readonly Dim[]>;
  /** For each call of a callable: what its generics and dim arguments are, by symbol name of the callee's scope. */
  readonly bindings: ReadonlyMap<Expr, ReadonlyMap<string, Dim>>;
}
