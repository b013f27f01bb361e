import type { IToken } from "chevrotain";

/**
 * What a .lfir text says, before names are resolved: tokens in the shape of the grammar. One kind of expression serves
 * sizes, subscripts, scalars and kernel expressions; what may stand where is said when it is converted.
 */
export type Expr =
  | { readonly e: "number" | "truth" | "argument" | "name" | "value"; readonly token: IToken }
  /** `x[i, j]` */
  | { readonly e: "subscripts"; readonly of: Expr; readonly at: readonly Expr[]; readonly end: IToken }
  | { readonly e: "call"; readonly of: Expr; readonly args: readonly Expr[]; readonly end: IToken }
  /** `x[3].y`; `x.y` is one name with a dot */
  | { readonly e: "member"; readonly of: Expr; readonly name: IToken }
  | { readonly e: "group"; readonly of: Expr; readonly start: IToken; readonly end: IToken }
  | { readonly e: "prefix"; readonly op: IToken; readonly of: Expr }
  | { readonly e: "infix"; readonly op: IToken; readonly left: Expr; readonly right: Expr };

export interface TypeText {
  readonly dtype: IToken;
  readonly shape: readonly Expr[];
  readonly end: IToken;
}

/** `dim Seq in 4..64 step 4` */
export interface DimText {
  readonly name: IToken;
  readonly lo: Expr;
  readonly hi: Expr;
  readonly step?: Expr | undefined;
}

export interface LocText {
  readonly at:
    | { readonly kind: "place"; readonly place: IToken }
    | { readonly kind: "quoted"; readonly path: IToken; readonly line: IToken; readonly column: IToken }
    | { readonly kind: "fused"; readonly pass: IToken; readonly from: readonly LocText[] }
    | { readonly kind: "group"; readonly of: LocText }
    | { readonly kind: "none" };
  readonly from?: { readonly step?: IToken | undefined; readonly caller: LocText } | undefined;
}

/** `i=Seq` */
export interface ExtentText {
  readonly ix: IToken;
  readonly extent: Expr;
}

export interface WhereText {
  readonly args: readonly Expr[];
  readonly body: Expr;
}

export type OpText =
  | {
      readonly op: "param";
      readonly path: IToken;
      readonly fixed: boolean;
      readonly init: { readonly name: IToken; readonly args: readonly Expr[] };
      readonly from?: IToken | undefined;
      readonly as?: IToken | undefined;
      readonly axes?: readonly IToken[] | undefined;
    }
  | (Indexed & { readonly op: "contract"; readonly uses: readonly Expr[]; readonly accum?: IToken | undefined })
  | (Indexed & { readonly op: "map"; readonly uses: readonly Expr[]; readonly body: Expr })
  | (Indexed & { readonly op: "reduce"; readonly monoid: IToken; readonly uses: readonly Expr[] })
  | (Indexed & { readonly op: "softmax"; readonly axis: IToken; readonly uses: readonly Expr[] })
  | { readonly op: "concat"; readonly axis: IToken; readonly args: readonly IToken[] }
  | { readonly op: "region"; readonly strategy: IToken; readonly result: IToken; readonly args: readonly IToken[] };

export interface Indexed {
  readonly where?: WhereText | undefined;
  /** Not of a softmax. */
  readonly out: readonly IToken[];
  /** Absent: indices count in the order of occurrence, with the extents of the axes that they run along. */
  readonly over?: readonly ExtentText[] | undefined;
}

export interface NodeText {
  readonly name: IToken;
  readonly op: OpText;
  readonly type?: TypeText | undefined;
  /** The body of a region, then its plans. */
  readonly graphs: readonly GraphText[];
  readonly loc?: LocText | undefined;
}

export interface InputText {
  readonly name: IToken;
  /** Where it is no word. */
  readonly quoted?: IToken | undefined;
  readonly type: TypeText;
}

export interface GraphText {
  readonly name: IToken;
  readonly inputs: readonly InputText[];
  readonly dims: readonly DimText[];
  readonly nodes: readonly NodeText[];
  readonly outputs: readonly { readonly name: IToken; readonly value: IToken }[];
}

export type StmtText =
  | {
      readonly s: "for";
      /** `for`, `unroll`, `grid.x`, `local.y` */
      readonly how: IToken;
      readonly name: IToken;
      readonly from: Expr;
      readonly to: Expr;
      readonly step?: IToken | undefined;
      readonly body: readonly StmtText[];
    }
  | { readonly s: "let"; readonly name: IToken; readonly type: IToken; readonly value: Expr }
  | { readonly s: "store"; readonly buffer: IToken; readonly at: Expr; readonly value: Expr }
  | {
      readonly s: "if";
      readonly cond: Expr;
      readonly yes: readonly StmtText[];
      readonly no: readonly StmtText[];
    }
  | { readonly s: "pin" | "barrier" };

export interface BufferText {
  /** `read`, `write`, `read_write`, `shared`, `scratch`, `register` */
  readonly kind: IToken;
  readonly name: IToken;
  readonly type: IToken;
  readonly length: Expr;
}

export interface KernelText {
  readonly name: IToken;
  readonly local: IToken;
  readonly dims?: IToken | undefined;
  readonly subgroup?: IToken | undefined;
  readonly buffers: readonly BufferText[];
  readonly body: readonly StmtText[];
}

export interface ResourceText {
  readonly kind: IToken;
  readonly id: IToken;
  /** Where it differs from the id. */
  readonly name?: IToken | undefined;
  readonly type: TypeText;
  readonly length: Expr;
  readonly at?: Expr | undefined;
}

/** `x=t[64 at 256]` */
export interface BoundText {
  readonly buffer: IToken;
  readonly resource: IToken;
  readonly length: Expr;
  readonly offset?: Expr | undefined;
}

export type StepText =
  | {
      readonly step: "dispatch";
      readonly kernel: IToken;
      readonly grid: readonly Expr[];
      readonly dims: readonly Expr[];
      readonly bind: readonly BoundText[];
      readonly flops: Expr;
      readonly bytes: Expr;
      readonly label: IToken;
    }
  | {
      readonly step: "choose";
      readonly cond: Expr;
      readonly yes: readonly StepText[];
      readonly no: readonly StepText[];
    };

export interface ProgramText {
  readonly name: IToken;
  readonly dims: readonly DimText[];
  readonly resources: readonly ResourceText[];
  readonly subscripts: readonly { readonly input: IToken; readonly extent: Expr }[];
  readonly prepare: readonly StepText[];
  readonly steps: readonly StepText[];
}

/** A whole file. */
export interface FileText {
  /** Before the first kernel; a graph and a program have their own. */
  readonly dims: readonly DimText[];
  readonly graphs: readonly GraphText[];
  readonly programs: readonly ProgramText[];
  readonly kernels: readonly KernelText[];
}
