import { EmbeddedActionsParser, type IParserErrorMessageProvider, type IToken, type TokenType } from "chevrotain";
import type * as ast from "./lfir.ast.js";
import { type Operand, tree } from "./lfir.operators.js";
import * as t from "./lfir.tokens.js";

/** The kinds of token that could have followed, by name; the message is made of them elsewhere. */
const expectedTokens: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => expected.name,
  buildNotAllInputParsedMessage: () => "Graph Program Kernel Dim EOF",
  buildNoViableAltMessage: ({ expectedPathsPerAlt }) => names(expectedPathsPerAlt.flat()),
  buildEarlyExitMessage: ({ expectedIterationPaths }) => names(expectedIterationPaths),
};

const names = (paths: readonly (readonly TokenType[])[]): string =>
  [...new Set(paths.map((path) => path[0]?.name ?? "EOF"))].join(" ");

/**
 * What graphs, programs and kernels have in common. All rules are members of one parser, so this is a base class; the
 * chain of classes does nothing but divide the text.
 */
export class ExpressionParser extends EmbeddedActionsParser {
  constructor() {
    super([...t.allTokens], { maxLookahead: 2, recoveryEnabled: false, errorMessageProvider: expectedTokens });
  }

  /** `dim Seq in 4..64 step 4` */
  protected readonly dim = this.RULE("dim", (): ast.DimText => {
    this.CONSUME(t.Dim);
    const name = this.CONSUME(t.Name);
    this.CONSUME(t.In);
    const lo = this.SUBRULE(this.expression);
    this.CONSUME(t.DotDot);
    const hi = this.SUBRULE2(this.expression);
    const step = this.OPTION(() => {
      this.CONSUME(t.Step);
      return this.SUBRULE3(this.expression);
    });
    return { name, lo, hi, step };
  });

  /** `f32[Seq, 4]`, `f32` */
  protected readonly type = this.RULE("type", (): ast.TypeText => {
    const dtype = this.CONSUME(t.Name);
    let end = dtype;
    const shape = this.OPTION(() => {
      this.CONSUME(t.LSquare);
      const sizes = this.OPTION2(() => this.SUBRULE(this.expressions)) ?? [];
      end = this.CONSUME(t.RSquare);
      return sizes;
    });
    return { dtype, shape: shape ?? [], end };
  });

  /** A name with or without dots, or any text in quotes. */
  protected readonly title = this.RULE(
    "title",
    (): IToken =>
      this.OR([
        { ALT: () => this.CONSUME(t.Name) },
        { ALT: () => this.CONSUME(t.Dotted) },
        { ALT: () => this.CONSUME(t.Str) },
      ]),
  );

  protected readonly expressions = this.RULE("expressions", (): readonly ast.Expr[] => {
    const list = [this.SUBRULE(this.expression)];
    this.MANY(() => {
      this.CONSUME(t.Comma);
      list.push(this.SUBRULE2(this.expression));
    });
    return list;
  });

  protected readonly expression = this.RULE("expression", (): ast.Expr => {
    const operands: Operand[] = [this.SUBRULE(this.operand)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(t.Infix));
      operands.push(this.SUBRULE2(this.operand));
    });
    return this.ACTION(() => tree(operands, operators));
  });

  protected readonly operand = this.RULE("operand", (): Operand => {
    const prefixes: IToken[] = [];
    this.MANY(() => prefixes.push(this.CONSUME(t.Prefix)));
    let of: ast.Expr = this.OR<ast.Expr>([
      { ALT: () => ({ e: "number", token: this.CONSUME(t.Num) }) },
      { ALT: () => ({ e: "truth", token: this.CONSUME(t.Truth) }) },
      { ALT: () => ({ e: "argument", token: this.CONSUME(t.Argument) }) },
      { ALT: () => ({ e: "value", token: this.CONSUME(t.Value) }) },
      { ALT: () => ({ e: "name", token: this.CONSUME(t.Name) }) },
      { ALT: () => ({ e: "name", token: this.CONSUME(t.Dotted) }) },
      {
        ALT: () => {
          const start = this.CONSUME(t.LParen);
          const inner = this.SUBRULE(this.expression);
          return { e: "group", of: inner, start, end: this.CONSUME(t.RParen) };
        },
      },
    ]);
    this.MANY2(() => {
      const inner = of;
      of = this.OR2<ast.Expr>([
        {
          ALT: () => {
            this.CONSUME(t.LSquare);
            const at = this.SUBRULE(this.expressions);
            return { e: "subscripts", of: inner, at, end: this.CONSUME(t.RSquare) };
          },
        },
        {
          ALT: () => {
            this.CONSUME2(t.LParen);
            const args = this.OPTION(() => this.SUBRULE2(this.expressions)) ?? [];
            return { e: "call", of: inner, args, end: this.CONSUME2(t.RParen) };
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            return { e: "member", of: inner, name: this.CONSUME2(t.Name) };
          },
        },
      ]);
    });
    return { prefixes, of };
  });
}
