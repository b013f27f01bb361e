import type { Span } from "../src/diagnostics/span.js";
import type { DType } from "../src/ir/dtype.js";

/**
 * The syntax tree of an .lf file (language.md 1): plain data, a span on every node. Object identity is a node's
 * identity: the checker keeps what it finds in maps keyed by node. Sums and products are flat operand lists, so that a
 * long chain does not nest.
 */
export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** A comment as written, `//` included. `doc`: it begins with exactly three slashes and belongs to the next declaration. */
export interface Comment {
  readonly text: string;
  readonly doc: boolean;
  readonly span: Span;
}

export interface FileAst {
  readonly version: number;
  readonly imports: readonly Import[];
  readonly dims: readonly DimDecl[];
  readonly callables: readonly Callable[];
  readonly span: Span;
}

export interface Import {
  readonly path: string;
  readonly pathSpan: Span;
  /** Absent: everything whose name does not begin with `_`. */
  readonly names?: readonly { readonly name: Name; readonly as?: Name }[];
  readonly span: Span;
}

export interface DimDecl {
  readonly name: Name;
  /** A table `dim T[i: D] = […]`. */
  readonly index?: { readonly name: Name; readonly over: SizeExpr };
  readonly value:
    | { readonly kind: "runtime"; readonly lo: SizeExpr; readonly hi: SizeExpr; readonly step?: SizeExpr }
    | { readonly kind: "table"; readonly entries: readonly SizeExpr[] }
    | { readonly kind: "size"; readonly size: SizeExpr };
  readonly doc: string;
  readonly span: Span;
}

export interface Callable {
  readonly kind: "fn" | "block" | "model";
  readonly name: Name;
  readonly generics: readonly Name[];
  readonly formals: readonly Formal[];
  /** One unnamed result, or several named ones. */
  readonly results: readonly { readonly name?: Name; readonly type: TypeExpr }[];
  readonly body: Body;
  readonly doc: string;
  readonly span: Span;
}

/** `a, b: f32[N]` makes two formals that share one type node. */
export interface Formal {
  readonly name: Name;
  readonly type: TypeExpr;
}

export interface TypeExpr {
  readonly head:
    | { readonly kind: "dim" }
    | { readonly kind: "dtype"; readonly dtype: DType }
    | { readonly kind: "block"; readonly name: Name };
  readonly axes: readonly { readonly name?: Name; readonly size: SizeExpr; readonly span: Span }[];
  readonly span: Span;
}

export type SizeExpr =
  /** `text`: as written, for the formatter. */
  | { readonly kind: "number"; readonly value: number; readonly text?: string; readonly span: Span }
  | { readonly kind: "name"; readonly name: Name; readonly span: Span }
  /** `T[i]`: an entry of a table. */
  | { readonly kind: "entry"; readonly table: Name; readonly at: SizeExpr; readonly span: Span }
  | { readonly kind: "round"; readonly fn: Name; readonly of: SizeExpr; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly op: "+" | "-" | "*" | "/";
      readonly left: SizeExpr;
      readonly right: SizeExpr;
      readonly span: Span;
    };

/** Statements, the last of which is a return; or one bare expression, kept as a return with `bare`. */
export interface Body {
  readonly stmts: readonly Stmt[];
  readonly span: Span;
}

export type Stmt =
  | { readonly kind: "dim"; readonly name: Name; readonly size: SizeExpr; readonly doc: string; readonly span: Span }
  | {
      readonly kind: "param";
      readonly names: readonly Name[];
      readonly type: TypeExpr;
      readonly init?: {
        readonly fixed: boolean;
        readonly name: Name;
        readonly args: readonly Expr[];
        readonly span: Span;
      };
      readonly from?: { readonly text: string; readonly span: Span };
      readonly layout?: { readonly text: string; readonly span: Span };
      readonly doc: string;
      readonly span: Span;
    }
  | {
      readonly kind: "let";
      readonly targets: readonly Target[];
      readonly value: Expr;
      readonly doc: string;
      readonly span: Span;
    }
  | { readonly kind: "return"; readonly values: readonly Expr[]; readonly bare: boolean; readonly span: Span };

export interface Target {
  readonly name: Name;
  readonly indices: readonly IndexDecl[];
  readonly span: Span;
}

/** Where an index is bound: on the left of a `let` or by a reduction. The object itself names the index in the checker's maps. */
export interface IndexDecl {
  readonly name: Name;
  readonly size?: SizeExpr;
}

export type Order = "<" | "<=" | ">" | ">=";
export type Compare = Order | "==" | "!=";

/** One bound index of a reduction. `chain` is the short form: `m <= n`, `n - W < m <= n`; the bound index is one of its operands. */
export interface Binder {
  readonly index: IndexDecl;
  readonly chain?: { readonly operands: readonly Expr[]; readonly ops: readonly Order[]; readonly position: number };
  readonly where?: Expr;
  readonly span: Span;
}

export type ReductionOp = "sum" | "mean" | "max" | "min" | "prod" | "softmax" | "argmax" | "argmin";

export type Subscript =
  | { readonly kind: "all"; readonly span: Span }
  | { readonly kind: "slice"; readonly from: Expr; readonly to: Expr; readonly span: Span }
  | { readonly kind: "at"; readonly expr: Expr; readonly span: Span };

export type Expr =
  /** `text` as written: `whole` is false with a dot or an exponent. */
  | {
      readonly kind: "number";
      readonly value: number;
      readonly whole: boolean;
      readonly text: string;
      readonly span: Span;
    }
  | { readonly kind: "bool"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "name"; readonly name: Name; readonly span: Span }
  | { readonly kind: "if"; readonly cond: Expr; readonly then: Expr; readonly else: Expr; readonly span: Span }
  | { readonly kind: "or" | "and"; readonly operands: readonly Expr[]; readonly span: Span }
  | { readonly kind: "not" | "neg"; readonly of: Expr; readonly span: Span }
  /** One comparison, or a chain of two in one direction. */
  | {
      readonly kind: "compare";
      readonly operands: readonly Expr[];
      readonly ops: readonly Compare[];
      readonly span: Span;
    }
  /** `signs[i]` stands before `operands[i]`; the first is "+". */
  | {
      readonly kind: "sum";
      readonly operands: readonly Expr[];
      readonly signs: readonly ("+" | "-")[];
      readonly span: Span;
    }
  /** `ops[i]` stands before `operands[i]`; the first is "*". Evaluated from the left. */
  | {
      readonly kind: "product";
      readonly operands: readonly Expr[];
      readonly ops: readonly ("*" | "/" | "%")[];
      readonly span: Span;
    }
  | { readonly kind: "power"; readonly base: Expr; readonly exponent: Expr; readonly span: Span }
  | {
      readonly kind: "reduction";
      readonly op: ReductionOp;
      readonly binders: readonly Binder[];
      readonly of: Expr;
      readonly span: Span;
    }
  | { readonly kind: "subscript"; readonly of: Expr; readonly subs: readonly Subscript[]; readonly span: Span }
  /** A call of a callable, a built-in scalar function, a named instance or an element of an instance list. */
  | { readonly kind: "call"; readonly callee: Expr; readonly args: readonly Expr[]; readonly span: Span }
  | { readonly kind: "convert"; readonly to: DType; readonly of: Expr; readonly span: Span }
  | { readonly kind: "concat"; readonly index: IndexDecl; readonly parts: readonly Expr[]; readonly span: Span }
  | {
      readonly kind: "repeat";
      readonly counter?: Name;
      readonly count: SizeExpr;
      readonly states: readonly { readonly name: Name; readonly init: Expr }[];
      readonly body: Body;
      readonly span: Span;
    }
  /** Brackets, kept for the formatter and for rules that ask whether something is bracketed. */
  | { readonly kind: "paren"; readonly of: Expr; readonly span: Span };
