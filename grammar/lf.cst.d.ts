// Generated from lf.parser.ts; a test regenerates and compares it.
// biome-ignore-all lint: generated
// biome-ignore-all format: generated
// biome-ignore-all assist: generated
import type { CstNode, ICstVisitor, IToken } from "chevrotain";

export interface FileCstNode extends CstNode {
  name: "file";
  children: FileCstChildren;
}

export type FileCstChildren = {
  Lf: IToken[];
  Num: IToken[];
  importDecl?: ImportDeclCstNode[];
  dimDecl?: DimDeclCstNode[];
  callable?: CallableCstNode[];
};

export interface ImportDeclCstNode extends CstNode {
  name: "importDecl";
  children: ImportDeclCstChildren;
}

export type ImportDeclCstChildren = {
  Import: IToken[];
  Str: IToken[];
  LParen?: IToken[];
  importName?: (ImportNameCstNode)[];
  Comma?: IToken[];
  RParen?: IToken[];
};

export interface ImportNameCstNode extends CstNode {
  name: "importName";
  children: ImportNameCstChildren;
}

export type ImportNameCstChildren = {
  Name: (IToken)[];
  As?: IToken[];
};

export interface DimDeclCstNode extends CstNode {
  name: "dimDecl";
  children: DimDeclCstChildren;
}

export type DimDeclCstChildren = {
  Dim: IToken[];
  Name: IToken[];
  tableIndex?: TableIndexCstNode[];
  Equals: IToken[];
  runtimeRange?: RuntimeRangeCstNode[];
  tableEntries?: TableEntriesCstNode[];
  size?: SizeCstNode[];
};

export interface TableIndexCstNode extends CstNode {
  name: "tableIndex";
  children: TableIndexCstChildren;
}

export type TableIndexCstChildren = {
  LSquare: IToken[];
  Name: IToken[];
  Colon: IToken[];
  size: SizeCstNode[];
  RSquare: IToken[];
};

export interface RuntimeRangeCstNode extends CstNode {
  name: "runtimeRange";
  children: RuntimeRangeCstChildren;
}

export type RuntimeRangeCstChildren = {
  Question: IToken[];
  In: IToken[];
  size: (SizeCstNode)[];
  DotDot: IToken[];
  Step?: IToken[];
};

export interface TableEntriesCstNode extends CstNode {
  name: "tableEntries";
  children: TableEntriesCstChildren;
}

export type TableEntriesCstChildren = {
  LSquare: IToken[];
  size: (SizeCstNode)[];
  Comma?: IToken[];
  RSquare: IToken[];
};

export interface CallableCstNode extends CstNode {
  name: "callable";
  children: CallableCstChildren;
}

export type CallableCstChildren = {
  CallableWord: IToken[];
  Name: IToken[];
  generics?: GenericsCstNode[];
  formals: FormalsCstNode[];
  Arrow: IToken[];
  type?: TypeCstNode[];
  results?: ResultsCstNode[];
  body: BodyCstNode[];
};

export interface GenericsCstNode extends CstNode {
  name: "generics";
  children: GenericsCstChildren;
}

export type GenericsCstChildren = {
  Less: IToken[];
  Name: (IToken)[];
  Comma?: IToken[];
  Greater: IToken[];
};

export interface FormalsCstNode extends CstNode {
  name: "formals";
  children: FormalsCstChildren;
}

export type FormalsCstChildren = {
  LParen: IToken[];
  formal?: (FormalCstNode)[];
  Comma?: (IToken)[];
  RParen: IToken[];
};

export interface FormalCstNode extends CstNode {
  name: "formal";
  children: FormalCstChildren;
}

export type FormalCstChildren = {
  Name: (IToken)[];
  Comma?: IToken[];
  Colon: IToken[];
  type: TypeCstNode[];
};

export interface ResultsCstNode extends CstNode {
  name: "results";
  children: ResultsCstChildren;
}

export type ResultsCstChildren = {
  LParen: IToken[];
  result: (ResultCstNode)[];
  Comma?: IToken[];
  RParen: IToken[];
};

export interface ResultCstNode extends CstNode {
  name: "result";
  children: ResultCstChildren;
}

export type ResultCstChildren = {
  Name: IToken[];
  Colon: IToken[];
  type: TypeCstNode[];
};

export interface TypeCstNode extends CstNode {
  name: "type";
  children: TypeCstChildren;
}

export type TypeCstChildren = {
  Dim?: IToken[];
  DTypeName?: IToken[];
  Name?: IToken[];
  LSquare?: IToken[];
  axis?: (AxisCstNode)[];
  Comma?: IToken[];
  RSquare?: IToken[];
};

export interface AxisCstNode extends CstNode {
  name: "axis";
  children: AxisCstChildren;
}

export type AxisCstChildren = {
  Name?: IToken[];
  Colon?: IToken[];
  size: SizeCstNode[];
};

export interface SizeCstNode extends CstNode {
  name: "size";
  children: SizeCstChildren;
}

export type SizeCstChildren = {
  sizeOperand: (SizeOperandCstNode)[];
  SizeOperator?: IToken[];
};

export interface SizeOperandCstNode extends CstNode {
  name: "sizeOperand";
  children: SizeOperandCstChildren;
}

export type SizeOperandCstChildren = {
  Num?: IToken[];
  Name?: IToken[];
  LSquare?: IToken[];
  size?: (SizeCstNode)[];
  RSquare?: IToken[];
  LParen?: (IToken)[];
  RParen?: (IToken)[];
};

export interface BodyCstNode extends CstNode {
  name: "body";
  children: BodyCstChildren;
}

export type BodyCstChildren = {
  LCurly: IToken[];
  statement?: StatementCstNode[];
  expression?: ExpressionCstNode[];
  RCurly: IToken[];
};

export interface StatementCstNode extends CstNode {
  name: "statement";
  children: StatementCstChildren;
}

export type StatementCstChildren = {
  dimStatement?: DimStatementCstNode[];
  paramStatement?: ParamStatementCstNode[];
  letStatement?: LetStatementCstNode[];
  returnStatement?: ReturnStatementCstNode[];
};

export interface DimStatementCstNode extends CstNode {
  name: "dimStatement";
  children: DimStatementCstChildren;
}

export type DimStatementCstChildren = {
  Dim: IToken[];
  Name: IToken[];
  Equals: IToken[];
  size: SizeCstNode[];
};

export interface ParamStatementCstNode extends CstNode {
  name: "paramStatement";
  children: ParamStatementCstChildren;
}

export type ParamStatementCstChildren = {
  Param: IToken[];
  Name: (IToken)[];
  Comma?: IToken[];
  Colon: IToken[];
  type: TypeCstNode[];
  initialiser?: InitialiserCstNode[];
  From?: IToken[];
  Str?: (IToken)[];
  As?: IToken[];
};

export interface InitialiserCstNode extends CstNode {
  name: "initialiser";
  children: InitialiserCstChildren;
}

export type InitialiserCstChildren = {
  Equals: IToken[];
  Fixed?: IToken[];
  Name: IToken[];
  LParen?: IToken[];
  expression?: (ExpressionCstNode)[];
  Comma?: IToken[];
  RParen?: IToken[];
};

export interface LetStatementCstNode extends CstNode {
  name: "letStatement";
  children: LetStatementCstChildren;
}

export type LetStatementCstChildren = {
  Let: IToken[];
  target: (TargetCstNode)[];
  Comma?: IToken[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
};

export interface TargetCstNode extends CstNode {
  name: "target";
  children: TargetCstChildren;
}

export type TargetCstChildren = {
  Name: IToken[];
  LSquare?: IToken[];
  index?: (IndexCstNode)[];
  Comma?: IToken[];
  RSquare?: IToken[];
};

export interface IndexCstNode extends CstNode {
  name: "index";
  children: IndexCstChildren;
}

export type IndexCstChildren = {
  Name: IToken[];
  Colon?: IToken[];
  size?: SizeCstNode[];
};

export interface ReturnStatementCstNode extends CstNode {
  name: "returnStatement";
  children: ReturnStatementCstChildren;
}

export type ReturnStatementCstChildren = {
  Return: IToken[];
  expression: (ExpressionCstNode)[];
  Comma?: IToken[];
};

export interface ExpressionCstNode extends CstNode {
  name: "expression";
  children: ExpressionCstChildren;
}

export type ExpressionCstChildren = {
  If?: IToken[];
  expression?: (ExpressionCstNode)[];
  Then?: IToken[];
  Else?: IToken[];
  operand?: (OperandCstNode)[];
  InfixOperator?: IToken[];
};

export interface OperandCstNode extends CstNode {
  name: "operand";
  children: OperandCstChildren;
}

export type OperandCstChildren = {
  prefix?: PrefixCstNode[];
  Name?: IToken[];
  Num?: IToken[];
  LParen?: (IToken)[];
  expression?: (ExpressionCstNode)[];
  RParen?: (IToken)[];
  True?: IToken[];
  False?: IToken[];
  DTypeName?: IToken[];
  Extremum?: IToken[];
  arguments?: ArgumentsCstNode[];
  concat?: ConcatCstNode[];
  repeat?: RepeatCstNode[];
  suffix?: SuffixCstNode[];
};

export interface PrefixCstNode extends CstNode {
  name: "prefix";
  children: PrefixCstChildren;
}

export type PrefixCstChildren = {
  Minus?: IToken[];
  Not?: IToken[];
  ReductionName?: IToken[];
  LSquare?: IToken[];
  binder?: (BinderCstNode)[];
  Comma?: IToken[];
  RSquare?: IToken[];
};

export interface BinderCstNode extends CstNode {
  name: "binder";
  children: BinderCstChildren;
}

export type BinderCstChildren = {
  Name?: IToken[];
  Colon?: IToken[];
  size?: SizeCstNode[];
  expression?: (ExpressionCstNode)[];
  Where?: IToken[];
};

export interface SuffixCstNode extends CstNode {
  name: "suffix";
  children: SuffixCstChildren;
}

export type SuffixCstChildren = {
  LSquare?: IToken[];
  subscript?: (SubscriptCstNode)[];
  Comma?: IToken[];
  RSquare?: IToken[];
  arguments?: ArgumentsCstNode[];
};

export interface SubscriptCstNode extends CstNode {
  name: "subscript";
  children: SubscriptCstChildren;
}

export type SubscriptCstChildren = {
  Colon?: IToken[];
  expression?: (ExpressionCstNode)[];
  DotDot?: IToken[];
};

export interface ArgumentsCstNode extends CstNode {
  name: "arguments";
  children: ArgumentsCstChildren;
}

export type ArgumentsCstChildren = {
  LParen: IToken[];
  expression?: (ExpressionCstNode)[];
  Comma?: (IToken)[];
  RParen: IToken[];
};

export interface ConcatCstNode extends CstNode {
  name: "concat";
  children: ConcatCstChildren;
}

export type ConcatCstChildren = {
  Concat: IToken[];
  LSquare: IToken[];
  Name: IToken[];
  RSquare: IToken[];
  arguments: ArgumentsCstNode[];
};

export interface RepeatCstNode extends CstNode {
  name: "repeat";
  children: RepeatCstChildren;
}

export type RepeatCstChildren = {
  Repeat: IToken[];
  Name?: (IToken)[];
  In?: IToken[];
  Num?: IToken[];
  LParen: IToken[];
  state: (StateCstNode)[];
  Comma?: IToken[];
  RParen: IToken[];
  body: BodyCstNode[];
};

export interface StateCstNode extends CstNode {
  name: "state";
  children: StateCstChildren;
}

export type StateCstChildren = {
  Name: IToken[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
};
