import type { Callable, DimDecl, Expr, IndexDecl, Name, SizeExpr, Subscript, TypeExpr } from "../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { type Dim, type DimSymbol, dimKey, printDim, symbolDim } from "../ir/dim.js";
import type { DimEntity, Entity, TableEntry, Type } from "./checked.js";
import type { IndexVar } from "./indices.js";
import type { Signature } from "./signature.js";
import type { Form } from "./value.js";

/** A symbol that has bounds of its own instead of a fixed range: replaced by them in a proof (I4). */
export type Atom =
  | { readonly kind: "index"; readonly index: IndexVar }
  | { readonly kind: "counter"; readonly last: Dim }
  /** A whole division or remainder of an expression with indices by a constant. */
  | {
      readonly kind: "quotient" | "remainder";
      readonly of: Dim;
      readonly by: Dim;
      /** Bounds of `of` over dims alone, once found. */
      readonly bounds: { least?: Dim; most?: Dim };
    };

export interface TableInfo {
  readonly name: string;
  readonly index: string;
  /** Least, greatest and common step of the entries. */
  readonly bounds: { readonly lo: number; readonly hi: number; readonly step: number };
}

/** What one run of the checker has found so far. Everything in it belongs to that run alone. */
export interface Context {
  readonly diagnostics: Diagnostic[];
  readonly names: Map<Name, Entity>;
  readonly ranges: Map<IndexDecl, Dim>;
  readonly partRanges: Map<Expr, readonly Dim[]>;
  readonly types: Map<Expr, Type>;
  readonly shapes: Map<TypeExpr, readonly Dim[]>;
  readonly bindings: Map<Expr, ReadonlyMap<string, Dim>>;
  readonly declared: Map<Name, Type>;
  readonly constants: Map<Expr, Dim>;
  readonly sizes: Map<SizeExpr, Dim>;
  readonly dims: Map<Name, DimEntity>;
  readonly entries: Map<string, TableEntry>;
  readonly gathers: Set<Subscript>;
  readonly guarded: Set<Subscript>;
  readonly values: Map<string, number>;
  readonly signatures: Map<Callable, Signature>;
  readonly atoms: Map<string, Atom>;
  /** The bound index behind an entry symbol `T[i]`. */
  readonly entryIndex: Map<string, IndexVar>;
  readonly entrySymbols: Map<string, Dim>;
  /** Unique names of tables, the word for their index, the bounds of their entries. */
  readonly tableNames: Map<DimEntity, TableInfo>;
  /** Quotients that a message was about, by key: one wrong size is often written twice. */
  readonly notWhole: Set<string>;
  /** Symbol names of `?` dims. */
  readonly runtime: Set<string>;
  /** Quotients and remainders by what is divided by what. */
  readonly divisions: Map<string, DimSymbol>;
  /** Shapes of constants that still adapt, where they are tensors (`if keep then 1 else 0` on a whole mask). */
  readonly flexible: Map<Expr, readonly Dim[]>;
  /** The operands of comparisons of whole numbers, as far as they are indices and constants: facts are made of them. */
  readonly comparisons: Map<Expr, readonly (Form | undefined)[]>;
  /** Names of generics and dim arguments: sizes that a body knows nothing of (F3). */
  readonly opaque: Set<string>;
  /** Symbol names in use, so that two files may declare one name. */
  readonly taken: Set<string>;
  /** Symbols that are printed in other words than their names. */
  readonly labels: Map<string, string>;
  /** Derived dims by the key of their size: messages use the user's word for it. */
  readonly aliases: Map<string, string>;
  /** `--dim`: values by the declarations that they replace. */
  readonly overrides: Map<DimDecl, number>;
  nextId: number;
}

export function createContext(): Context {
  return {
    diagnostics: [],
    names: new Map(),
    ranges: new Map(),
    partRanges: new Map(),
    types: new Map(),
    shapes: new Map(),
    bindings: new Map(),
    declared: new Map(),
    constants: new Map(),
    sizes: new Map(),
    dims: new Map(),
    entries: new Map(),
    gathers: new Set(),
    guarded: new Set(),
    values: new Map(),
    signatures: new Map(),
    atoms: new Map(),
    entryIndex: new Map(),
    entrySymbols: new Map(),
    tableNames: new Map(),
    notWhole: new Set(),
    runtime: new Set(),
    divisions: new Map(),
    flexible: new Map(),
    comparisons: new Map(),
    opaque: new Set(),
    taken: new Set(),
    labels: new Map(),
    aliases: new Map(),
    overrides: new Map(),
    nextId: 0,
  };
}

/** Messages of one run; beyond that nobody reads on. */
export const messageLimit = 100;

export function report(cx: Context, diagnostic: Diagnostic): void {
  cx.diagnostics.push(diagnostic);
}

/** A symbol of a name that no other symbol has. What follows `#` is never shown. */
export function freshSymbol(cx: Context, name: string, lo: number, hi: number, step = 1): DimSymbol {
  cx.nextId++;
  return symbolDim(`${name}#${cx.nextId}`, lo, hi, step) as DimSymbol;
}

/** The symbol name of a top-level dim: its own name, unless another file has taken it. */
export function topName(cx: Context, name: string, file: string): string {
  let unique = name;
  for (let n = 2; cx.taken.has(unique); n++) unique = `${name}_${n}`;
  cx.taken.add(unique);
  if (unique !== name) cx.labels.set(unique, `${name} (of ${file})`);
  return unique;
}

/** A size in the user's words. */
export function show(cx: Context, d: Dim): string {
  if (d.op === "poly") {
    const alias = cx.aliases.get(dimKey(d));
    if (alias !== undefined) return alias;
  }
  const text = printDim(d).replaceAll(/#[$\w]+/g, "");
  return cx.labels.size === 0 ? text : text.replaceAll(/[A-Za-z_]\w*/g, (word) => cx.labels.get(word) ?? word);
}

export const showShape = (cx: Context, shape: readonly Dim[]): string =>
  `[${shape.map((d) => show(cx, d)).join(", ")}]`;

/** `f32[Seq, Model]`, `f32`, `a whole number`. */
export function showTensor(cx: Context, dtype: string, shape: readonly Dim[]): string {
  const element = dtype === "int" ? "i32" : dtype === "real" ? "f32" : dtype;
  return shape.length === 0 ? element : `${element}${showShape(cx, shape)}`;
}
