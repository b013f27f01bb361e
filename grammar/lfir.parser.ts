import { type IToken, Lexer, tokenMatcher } from "chevrotain";
import type * as ast from "./lfir.ast.js";
import { ProgramParser } from "./lfir.programParser.js";
import * as t from "./lfir.tokens.js";

/**
 * The grammar of .lfir: a file of graphs, programs and kernels. The parser builds its syntax tree as it goes, and stops
 * at the first mistake: the text is written by programs and in tests.
 *
 * Words are names too, so a rule that may begin with either asks for the word first; where both would do, what follows
 * decides (`pin` is a statement, `pin[0] = …` a store).
 */
export class LfirParser extends ProgramParser {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  readonly file = this.RULE("file", (): ast.FileText => {
    const dims: ast.DimText[] = [];
    const graphs: ast.GraphText[] = [];
    const programs: ast.ProgramText[] = [];
    const kernels: ast.KernelText[] = [];
    this.MANY(() => {
      this.OR([
        { ALT: () => dims.push(this.SUBRULE(this.dim)) },
        { ALT: () => graphs.push(this.SUBRULE(this.graph)) },
        { ALT: () => programs.push(this.SUBRULE(this.program)) },
        { ALT: () => kernels.push(this.SUBRULE(this.kernel)) },
      ]);
    });
    return { dims, graphs, programs, kernels };
  });

  private readonly kernel = this.RULE("kernel", (): ast.KernelText => {
    this.CONSUME(t.Kernel);
    const name = this.SUBRULE(this.title);
    this.CONSUME(t.Colon);
    this.CONSUME(t.Local);
    const local = this.CONSUME(t.Triple);
    let dims: IToken | undefined;
    let subgroup: IToken | undefined;
    this.OPTION({
      GATE: () => tokenMatcher(this.LA(2), t.Dims),
      DEF: () => {
        this.CONSUME(t.Comma);
        this.CONSUME(t.Dims);
        dims = this.CONSUME(t.Num);
      },
    });
    this.OPTION2(() => {
      this.CONSUME2(t.Comma);
      this.CONSUME(t.Subgroup);
      subgroup = this.CONSUME2(t.Num);
    });
    const buffers: ast.BufferText[] = [];
    this.CONSUME(t.LCurly);
    this.MANY({
      GATE: () => this.LA(2).tokenType !== t.LSquare && this.LA(2).tokenType !== t.Equals,
      DEF: () => buffers.push(this.SUBRULE(this.buffer)),
    });
    const body = this.SUBRULE(this.statements);
    this.CONSUME(t.RCurly);
    return { name, local, dims, subgroup, buffers, body };
  });

  private readonly buffer = this.RULE("buffer", (): ast.BufferText => {
    const kind = this.OR([
      { ALT: () => this.CONSUME(t.Read) },
      { ALT: () => this.CONSUME(t.Write) },
      { ALT: () => this.CONSUME(t.ReadWrite) },
      { ALT: () => this.CONSUME(t.Shared) },
      { ALT: () => this.CONSUME(t.Scratch) },
      { ALT: () => this.CONSUME(t.Register) },
    ]);
    const name = this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    const type = this.CONSUME2(t.Name);
    this.CONSUME(t.LSquare);
    const length = this.SUBRULE(this.expression);
    this.CONSUME(t.RSquare);
    return { kind, name, type, length };
  });

  private readonly statements = this.RULE("statements", (): readonly ast.StmtText[] => {
    const list: ast.StmtText[] = [];
    this.MANY(() => list.push(this.SUBRULE(this.statement)));
    return list;
  });

  private readonly statement = this.RULE("statement", (): ast.StmtText => {
    /** A word begins a statement of its own unless it is the buffer of a store. */
    const isWord = (): boolean => this.LA(2).tokenType !== t.LSquare;
    return this.OR<ast.StmtText>({
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { GATE: isWord, ALT: () => this.SUBRULE(this.loop) },
        { GATE: isWord, ALT: () => this.SUBRULE(this.naming) },
        { GATE: isWord, ALT: () => this.SUBRULE(this.condition) },
        {
          GATE: isWord,
          ALT: () => {
            this.CONSUME(t.Pin);
            return { s: "pin" };
          },
        },
        {
          GATE: isWord,
          ALT: () => {
            this.CONSUME(t.Barrier);
            return { s: "barrier" };
          },
        },
        { ALT: () => this.SUBRULE(this.store) },
      ],
    });
  });

  private readonly loop = this.RULE("loop", (): ast.StmtText => {
    const how = this.OR([
      { ALT: () => this.CONSUME(t.For) },
      { ALT: () => this.CONSUME(t.Unroll) },
      { ALT: () => this.CONSUME(t.Dotted) },
    ]);
    const name = this.CONSUME(t.Name);
    this.CONSUME(t.In);
    const from = this.SUBRULE(this.expression);
    this.CONSUME(t.DotDot);
    const to = this.SUBRULE2(this.expression);
    const step = this.OPTION(() => {
      this.CONSUME(t.Step);
      return this.CONSUME(t.Num);
    });
    this.CONSUME(t.LCurly);
    const body = this.SUBRULE(this.statements);
    this.CONSUME(t.RCurly);
    return { s: "for", how, name, from, to, step, body };
  });

  private readonly naming = this.RULE("naming", (): ast.StmtText => {
    this.CONSUME(t.Let);
    const name = this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    const type = this.CONSUME2(t.Name);
    this.CONSUME(t.Equals);
    return { s: "let", name, type, value: this.SUBRULE(this.expression) };
  });

  private readonly condition = this.RULE("condition", (): ast.StmtText => {
    this.CONSUME(t.If);
    const cond = this.SUBRULE(this.expression);
    this.CONSUME(t.LCurly);
    const yes = this.SUBRULE(this.statements);
    this.CONSUME(t.RCurly);
    const no = this.OPTION({
      GATE: () => this.LA(2).tokenType === t.LCurly,
      DEF: () => {
        this.CONSUME(t.Else);
        this.CONSUME2(t.LCurly);
        const other = this.SUBRULE2(this.statements);
        this.CONSUME2(t.RCurly);
        return other;
      },
    });
    return { s: "if", cond, yes, no: no ?? [] };
  });

  private readonly store = this.RULE("store", (): ast.StmtText => {
    const buffer = this.CONSUME(t.Name);
    this.CONSUME(t.LSquare);
    const at = this.SUBRULE(this.expression);
    this.CONSUME(t.RSquare);
    this.CONSUME(t.Equals);
    return { s: "store", buffer, at, value: this.SUBRULE2(this.expression) };
  });
}

/** Made on first use: both take milliseconds that a command which reads no .lfir should not pay. */
let cached: { readonly lexer: Lexer; readonly parser: LfirParser } | undefined;

export function lfirParser(): { readonly lexer: Lexer; readonly parser: LfirParser } {
  cached ??= {
    lexer: new Lexer([...t.allTokens], { positionTracking: "onlyOffset", ensureOptimizations: true }),
    parser: new LfirParser(),
  };
  return cached;
}
