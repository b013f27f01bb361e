import type { Callable, Expr, FileAst, IndexDecl, Name, SizeExpr, Subscript, TypeExpr } from "../../grammar/lf.ast.js";
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

/**
 * What a symbol for an entry of a table stands for (D5): `T[i]` under a bound index or a repeat counter, or, in the
 * shape of a tensor, the entry that belongs to the position on an earlier axis of that same shape.
 */
export interface TableEntry {
  readonly table: Extract<DimEntity, { kind: "table" }>;
  readonly at:
    | { readonly kind: "axis"; readonly axis: number }
    | { readonly kind: "index"; readonly index: IndexDecl }
    | { readonly kind: "counter"; readonly symbol: string };
}

export interface CheckedProgram {
  /** The entry file first, then every imported file. */
  readonly files: readonly FileAst[];
  /** The models of the entry file. */
  readonly models: readonly Callable[];
  /** Dims given by a number (top-level, local, or specialised by `--dim`) by symbol name: what `elaborate` substitutes. */
  readonly values: ReadonlyMap<string, number>;
  /**
   * What each used name (of an expression, a size or a type) stands for. The index of a `softmax` and of a `concat` is a
   * new one inside: names in the operand stand for that `IndexDecl`, while the name in the brackets itself (the
   * `index.name` of the binder or the `concat`) is mapped to the index outside that it feeds.
   * In `let a[i], b[i] = …` the indices of the later targets are mapped to those of the first.
   */
  readonly names: ReadonlyMap<Name, Entity>;
  /** The range of each bound index; for the index of a `concat` the sum over its parts. */
  readonly ranges: ReadonlyMap<IndexDecl, Dim>;
  /** For `concat`: the range of the index in each part. */
  readonly partRanges: ReadonlyMap<Expr, readonly Dim[]>;
  readonly types: ReadonlyMap<Expr, Type>;
  /** Axis sizes of each type expression. */
  readonly shapes: ReadonlyMap<TypeExpr, readonly Dim[]>;
  /** For each call of a callable: what its generics and dim arguments are, by symbol name of the callee's scope. */
  readonly bindings: ReadonlyMap<Expr, ReadonlyMap<string, Dim>>;
  /** The type of each declared value, by its name: formals, `let`s, tensor parameters and instances, repeat states. */
  readonly declared: ReadonlyMap<Name, Type>;
  /**
   * Expressions that are whole constants (numbers, dims, counters, table entries and arithmetic on them), among them
   * slice bounds, layer numbers and dim arguments.
   */
  readonly constants: ReadonlyMap<Expr, Dim>;
  /** Every complete size: axes, annotations, counts of `repeat`, values of dims, entries of tables. */
  readonly sizes: ReadonlyMap<SizeExpr, Dim>;
  /** Local `dim`s and repeat counters by the name at their declaration, generics and dim arguments too. */
  readonly dims: ReadonlyMap<Name, DimEntity>;
  /** Symbols that stand for an entry of a table. */
  readonly entries: ReadonlyMap<string, TableEntry>;
  /** Subscripts that read at a value (I5); all other ones are indices and constants, proved in range (I4). */
  readonly gathers: ReadonlySet<Subscript>;
  /** Subscripts proved only under a condition: what they read where it does not hold is discarded, so they are clamped. */
  readonly guarded: ReadonlySet<Subscript>;
}
