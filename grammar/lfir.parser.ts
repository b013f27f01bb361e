import {
  EmbeddedActionsParser,
  type IParserErrorMessageProvider,
  type IToken,
  Lexer,
  type TokenType,
  tokenMatcher,
} from "chevrotain";
import type * as ast from "./lfir.ast.js";
import { type Operand, tree } from "./lfir.operators.js";
import * as t from "./lfir.tokens.js";

/** The kinds of token that could have followed, by name; the message is made of them elsewhere. */
const expectedTokens: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => expected.name,
  buildNotAllInputParsedMessage: () => "EOF",
  buildNoViableAltMessage: ({ expectedPathsPerAlt }) => names(expectedPathsPerAlt.flat()),
  buildEarlyExitMessage: ({ expectedIterationPaths }) => names(expectedIterationPaths),
};

const names = (paths: readonly (readonly TokenType[])[]): string =>
  [...new Set(paths.map((path) => path[0]?.name ?? "EOF"))].join(" ");

/**
 * The grammar of .lfir, which builds its syntax tree as it goes. It stops at the first mistake: the text is written by
 * programs and in tests.
 *
 * Words are names too, so a rule that may begin with either asks for the word first; where both would do, what follows
 * decides (`pin` is a statement, `pin[0] = …` a store).
 */
export class LfirParser extends EmbeddedActionsParser {
  constructor() {
    super([...t.allTokens], { maxLookahead: 2, recoveryEnabled: false, errorMessageProvider: expectedTokens });
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

  // ---- shared ---------------------------------------------------------------------------------------------------------

  /** `dim Seq in 4..64 step 4` */
  private readonly dim = this.RULE("dim", (): ast.DimText => {
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
  private readonly type = this.RULE("type", (): ast.TypeText => {
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
  private readonly title = this.RULE("title", (): IToken =>
    this.OR([
      { ALT: () => this.CONSUME(t.Name) },
      { ALT: () => this.CONSUME(t.Dotted) },
      { ALT: () => this.CONSUME(t.Str) },
    ]),
  );

  private readonly expressions = this.RULE("expressions", (): readonly ast.Expr[] => {
    const list = [this.SUBRULE(this.expression)];
    this.MANY(() => {
      this.CONSUME(t.Comma);
      list.push(this.SUBRULE2(this.expression));
    });
    return list;
  });

  private readonly expression = this.RULE("expression", (): ast.Expr => {
    const operands: Operand[] = [this.SUBRULE(this.operand)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(t.Infix));
      operands.push(this.SUBRULE2(this.operand));
    });
    return this.ACTION(() => tree(operands, operators));
  });

  private readonly operand = this.RULE("operand", (): Operand => {
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

  // ---- graphs ---------------------------------------------------------------------------------------------------------

  private readonly graph = this.RULE("graph", (): ast.GraphText => {
    this.CONSUME(t.Graph);
    const name = this.OR([
      { ALT: () => this.CONSUME(t.GraphName) },
      {
        ALT: () => {
          this.CONSUME(t.Sign);
          return this.CONSUME(t.Str);
        },
      },
    ]);
    const inputs: ast.InputText[] = [];
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => inputs.push(this.SUBRULE(this.graphInput)) });
    this.CONSUME(t.RParen);
    this.CONSUME(t.LCurly);
    const dims: ast.DimText[] = [];
    this.MANY(() => dims.push(this.SUBRULE(this.dim)));
    const nodes: ast.NodeText[] = [];
    this.MANY2(() => nodes.push(this.SUBRULE(this.node)));
    const outputs: { readonly name: IToken; readonly value: IToken }[] = [];
    this.CONSUME(t.Return);
    this.MANY_SEP2({ SEP: t.Comma, DEF: () => outputs.push(this.SUBRULE(this.graphOutput)) });
    this.CONSUME(t.RCurly);
    return { name, inputs, dims, nodes, outputs };
  });

  private readonly graphInput = this.RULE("graphInput", (): ast.InputText => {
    const name = this.CONSUME(t.Value);
    const quoted = this.OPTION(() => {
      this.CONSUME(t.Equals);
      this.CONSUME(t.Input);
      return this.CONSUME(t.Str);
    });
    this.CONSUME(t.Colon);
    return { name, quoted, type: this.SUBRULE(this.type) };
  });

  private readonly graphOutput = this.RULE("graphOutput", () => {
    const name = this.SUBRULE(this.title);
    this.CONSUME(t.Equals);
    return { name, value: this.CONSUME(t.Value) };
  });

  private readonly node = this.RULE("node", (): ast.NodeText => {
    const name = this.CONSUME(t.Value);
    this.CONSUME(t.Equals);
    const op = this.OR<ast.OpText>([
      { ALT: () => this.SUBRULE(this.param) },
      { ALT: () => this.SUBRULE(this.contract) },
      { ALT: () => this.SUBRULE(this.mapping) },
      { ALT: () => this.SUBRULE(this.reduce) },
      { ALT: () => this.SUBRULE(this.softmax) },
      { ALT: () => this.SUBRULE(this.concat) },
      { ALT: () => this.SUBRULE(this.region) },
    ]);
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon);
      return this.SUBRULE(this.type);
    });
    const graphs: ast.GraphText[] = [];
    this.OPTION2(() => {
      this.CONSUME(t.LCurly);
      graphs.push(this.SUBRULE(this.graph));
      this.CONSUME(t.RCurly);
      this.MANY(() => {
        this.CONSUME(t.Plan);
        this.CONSUME(t.Num);
        this.CONSUME2(t.LCurly);
        graphs.push(this.SUBRULE2(this.graph));
        this.CONSUME2(t.RCurly);
      });
    });
    const loc = this.OPTION3(() => {
      this.CONSUME(t.Loc);
      this.CONSUME(t.LParen);
      const inner = this.SUBRULE(this.loc);
      this.CONSUME(t.RParen);
      return inner;
    });
    return { name, op, type, graphs, loc };
  });

  private readonly param = this.RULE("param", (): ast.OpText => {
    this.CONSUME(t.Param);
    const path = this.CONSUME(t.Str);
    this.CONSUME(t.Equals);
    const fixed = this.OPTION(() => this.CONSUME(t.Fixed)) !== undefined;
    const name = this.CONSUME(t.Name);
    const args = this.OPTION2(() => {
      this.CONSUME(t.LParen);
      const list = this.SUBRULE(this.expressions);
      this.CONSUME(t.RParen);
      return list;
    });
    const from = this.OPTION3(() => {
      this.CONSUME(t.From);
      return this.CONSUME2(t.Str);
    });
    const as = this.OPTION4(() => {
      this.CONSUME(t.As);
      return this.CONSUME3(t.Str);
    });
    const axes = this.OPTION5(() => {
      const list: IToken[] = [];
      this.CONSUME(t.Axes);
      this.CONSUME2(t.LParen);
      this.MANY_SEP({ SEP: t.Comma, DEF: () => list.push(this.CONSUME4(t.Str)) });
      this.CONSUME2(t.RParen);
      return list;
    });
    return { op: "param", path, fixed, init: { name, args: args ?? [] }, from, as, axes };
  });

  private readonly contract = this.RULE("contract", (): ast.OpText => {
    this.CONSUME(t.Contract);
    const uses = this.SUBRULE(this.expressions);
    const where = this.OPTION(() => this.SUBRULE(this.where));
    const out = this.SUBRULE(this.out);
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    const accum = this.OPTION3(() => {
      this.CONSUME(t.Accum);
      return this.CONSUME(t.Name);
    });
    return { op: "contract", uses, where, out, over, accum };
  });

  private readonly mapping = this.RULE("mapping", (): ast.OpText => {
    this.CONSUME(t.Mapping);
    const uses = this.OPTION(() => this.SUBRULE(this.expressions)) ?? [];
    const out = this.SUBRULE(this.out);
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    this.CONSUME(t.Equals);
    return { op: "map", uses, out, over, body: this.SUBRULE(this.expression) };
  });

  private readonly reduce = this.RULE("reduce", (): ast.OpText => {
    this.CONSUME(t.Reduce);
    const monoid = this.CONSUME(t.Name);
    const use = this.SUBRULE(this.expression);
    const where = this.OPTION(() => this.SUBRULE(this.where));
    const out = this.SUBRULE(this.out);
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    return { op: "reduce", monoid, uses: [use], where, out, over };
  });

  private readonly softmax = this.RULE("softmax", (): ast.OpText => {
    this.CONSUME(t.Softmax);
    this.CONSUME(t.LSquare);
    const axis = this.CONSUME(t.Name);
    this.CONSUME(t.RSquare);
    const use = this.SUBRULE(this.expression);
    const where = this.OPTION(() => this.SUBRULE(this.where));
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    return { op: "softmax", axis, uses: [use], where, out: [], over };
  });

  private readonly concat = this.RULE("concat", (): ast.OpText => {
    const args: IToken[] = [];
    this.CONSUME(t.Concat);
    this.CONSUME(t.LSquare);
    const axis = this.CONSUME(t.Num);
    this.CONSUME(t.RSquare);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => args.push(this.CONSUME(t.Value)) });
    return { op: "concat", axis, args };
  });

  private readonly region = this.RULE("region", (): ast.OpText => {
    const args: IToken[] = [];
    this.CONSUME(t.Region);
    const strategy = this.CONSUME(t.Str);
    this.CONSUME(t.Result);
    const result = this.CONSUME(t.Num);
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => args.push(this.CONSUME(t.Value)) });
    this.CONSUME(t.RParen);
    return { op: "region", strategy, result, args };
  });

  private readonly out = this.RULE("out", (): readonly IToken[] => {
    const list: IToken[] = [];
    this.CONSUME(t.Arrow);
    this.CONSUME(t.LSquare);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => list.push(this.CONSUME(t.Name)) });
    this.CONSUME(t.RSquare);
    return list;
  });

  private readonly over = this.RULE("over", (): readonly ast.ExtentText[] => {
    const list: ast.ExtentText[] = [];
    this.CONSUME(t.Over);
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const ix = this.CONSUME(t.Name);
        this.CONSUME(t.Equals);
        list.push({ ix, extent: this.SUBRULE(this.expression) });
      },
    });
    return list;
  });

  private readonly where = this.RULE("where", (): ast.WhereText => {
    this.CONSUME(t.Where);
    this.CONSUME(t.LSquare);
    const args = this.OPTION(() => this.SUBRULE(this.expressions)) ?? [];
    this.CONSUME(t.RSquare);
    return { args, body: this.SUBRULE(this.expression) };
  });

  private readonly loc = this.RULE("loc", (): ast.LocText => {
    const at = this.OR<ast.LocText["at"]>([
      { ALT: () => ({ kind: "place", place: this.CONSUME(t.Place) }) },
      {
        ALT: () => {
          const path = this.CONSUME(t.Str);
          this.CONSUME(t.Colon);
          const line = this.CONSUME(t.Num);
          this.CONSUME2(t.Colon);
          return { kind: "quoted", path, line, column: this.CONSUME2(t.Num) };
        },
      },
      {
        ALT: () => {
          const from: ast.LocText[] = [];
          this.CONSUME(t.Fused);
          const pass = this.SUBRULE(this.title);
          this.CONSUME(t.LParen);
          this.MANY_SEP({ SEP: t.Comma, DEF: () => from.push(this.SUBRULE(this.loc)) });
          this.CONSUME(t.RParen);
          return { kind: "fused", pass, from };
        },
      },
      {
        ALT: () => {
          this.CONSUME2(t.LParen);
          const of = this.SUBRULE2(this.loc);
          this.CONSUME2(t.RParen);
          return { kind: "group", of };
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.None);
          return { kind: "none" };
        },
      },
    ]);
    const from = this.OPTION(() => {
      this.CONSUME(t.From);
      const step = this.OPTION2(() => {
        this.CONSUME(t.Step);
        const number = this.CONSUME3(t.Num);
        this.CONSUME(t.Of);
        return number;
      });
      return { step, caller: this.SUBRULE3(this.loc) };
    });
    return { at, from };
  });

  // ---- programs -------------------------------------------------------------------------------------------------------

  private readonly program = this.RULE("program", (): ast.ProgramText => {
    this.CONSUME(t.Program);
    const name = this.SUBRULE(this.title);
    const dims: ast.DimText[] = [];
    const resources: ast.ResourceText[] = [];
    const subscripts: { readonly input: IToken; readonly extent: ast.Expr }[] = [];
    this.CONSUME(t.LCurly);
    this.MANY(() => dims.push(this.SUBRULE(this.dim)));
    this.MANY2(() => resources.push(this.SUBRULE(this.resource)));
    this.MANY3(() => {
      this.CONSUME(t.Subscript);
      const input = this.SUBRULE2(this.title);
      this.CONSUME(t.Below);
      subscripts.push({ input, extent: this.SUBRULE(this.expression) });
    });
    const prepare = this.OPTION(() => {
      this.CONSUME(t.Prepare);
      return this.SUBRULE(this.steps);
    });
    this.CONSUME(t.Run);
    const steps = this.SUBRULE2(this.steps);
    this.CONSUME(t.RCurly);
    return { name, dims, resources, subscripts, prepare: prepare ?? [], steps };
  });

  private readonly resource = this.RULE("resource", (): ast.ResourceText => {
    const kind = this.OR([
      { ALT: () => this.CONSUME(t.Input) },
      { ALT: () => this.CONSUME(t.Param) },
      { ALT: () => this.CONSUME(t.Output) },
      { ALT: () => this.CONSUME(t.Temp) },
    ]);
    const id = this.SUBRULE(this.title);
    const name = this.OPTION(() => this.CONSUME(t.Str));
    this.CONSUME(t.Colon);
    const type = this.SUBRULE(this.type);
    this.CONSUME(t.Length);
    const length = this.SUBRULE(this.expression);
    const at = this.OPTION2(() => {
      this.CONSUME(t.At);
      return this.SUBRULE2(this.expression);
    });
    return { kind, id, name, type, length, at };
  });

  private readonly steps = this.RULE("steps", (): readonly ast.StepText[] => {
    const list: ast.StepText[] = [];
    this.CONSUME(t.LCurly);
    this.MANY(() => {
      list.push(
        this.OR<ast.StepText>([
          { ALT: () => this.SUBRULE(this.dispatch) },
          {
            ALT: () => {
              this.CONSUME(t.Choose);
              const cond = this.SUBRULE(this.expression);
              const yes = this.SUBRULE(this.steps);
              this.CONSUME(t.Else);
              return { step: "choose", cond, yes, no: this.SUBRULE2(this.steps) };
            },
          },
        ]),
      );
    });
    this.CONSUME(t.RCurly);
    return list;
  });

  private readonly dispatch = this.RULE("dispatch", (): ast.StepText => {
    this.CONSUME(t.Dispatch);
    const kernel = this.SUBRULE(this.title);
    this.CONSUME(t.Grid);
    const grid = [this.SUBRULE(this.expression)];
    this.CONSUME(t.By);
    grid.push(this.SUBRULE2(this.expression));
    this.CONSUME2(t.By);
    grid.push(this.SUBRULE3(this.expression));
    const dims = this.OPTION(() => {
      this.CONSUME(t.Dims);
      this.CONSUME(t.LParen);
      const list = this.SUBRULE(this.expressions);
      this.CONSUME(t.RParen);
      return list;
    });
    const bind: ast.BoundText[] = [];
    this.CONSUME(t.Bind);
    this.CONSUME2(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => bind.push(this.SUBRULE(this.bound)) });
    this.CONSUME2(t.RParen);
    this.CONSUME(t.Flops);
    const flops = this.SUBRULE4(this.expression);
    this.CONSUME(t.Bytes);
    const bytes = this.SUBRULE5(this.expression);
    return { step: "dispatch", kernel, grid, dims: dims ?? [], bind, flops, bytes, label: this.CONSUME(t.Str) };
  });

  private readonly bound = this.RULE("bound", (): ast.BoundText => {
    const buffer = this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    const resource = this.SUBRULE(this.title);
    this.CONSUME(t.LSquare);
    const length = this.SUBRULE(this.expression);
    const offset = this.OPTION(() => {
      this.CONSUME(t.At);
      return this.SUBRULE2(this.expression);
    });
    this.CONSUME(t.RSquare);
    return { buffer, resource, length, offset };
  });

  // ---- kernels --------------------------------------------------------------------------------------------------------

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
