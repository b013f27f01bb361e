import type { IToken } from "chevrotain";
import type * as ast from "./lfir.ast.js";
import { ExpressionParser } from "./lfir.expressionParser.js";
import * as t from "./lfir.tokens.js";

/** The grammar of graphs: `src/ir/graph/print.ts` writes them. */
export class GraphParser extends ExpressionParser {
  protected readonly graph = this.RULE("graph", (): ast.GraphText => {
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

  protected readonly graphInput = this.RULE("graphInput", (): ast.InputText => {
    const name = this.CONSUME(t.Value);
    const quoted = this.OPTION(() => {
      this.CONSUME(t.Equals);
      this.CONSUME(t.Input);
      return this.CONSUME(t.Str);
    });
    this.CONSUME(t.Colon);
    return { name, quoted, type: this.SUBRULE(this.type) };
  });

  protected readonly graphOutput = this.RULE("graphOutput", () => {
    const name = this.SUBRULE(this.title);
    this.CONSUME(t.Equals);
    return { name, value: this.CONSUME(t.Value) };
  });

  protected readonly node = this.RULE("node", (): ast.NodeText => {
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

  protected readonly param = this.RULE("param", (): ast.OpText => {
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

  protected readonly contract = this.RULE("contract", (): ast.OpText => {
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

  protected readonly mapping = this.RULE("mapping", (): ast.OpText => {
    this.CONSUME(t.Mapping);
    const uses = this.OPTION(() => this.SUBRULE(this.expressions)) ?? [];
    const out = this.SUBRULE(this.out);
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    this.CONSUME(t.Equals);
    return { op: "map", uses, out, over, body: this.SUBRULE(this.expression) };
  });

  protected readonly reduce = this.RULE("reduce", (): ast.OpText => {
    this.CONSUME(t.Reduce);
    const monoid = this.CONSUME(t.Name);
    const use = this.SUBRULE(this.expression);
    const where = this.OPTION(() => this.SUBRULE(this.where));
    const out = this.SUBRULE(this.out);
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    return { op: "reduce", monoid, uses: [use], where, out, over };
  });

  protected readonly softmax = this.RULE("softmax", (): ast.OpText => {
    this.CONSUME(t.Softmax);
    this.CONSUME(t.LSquare);
    const axis = this.CONSUME(t.Name);
    this.CONSUME(t.RSquare);
    const use = this.SUBRULE(this.expression);
    const where = this.OPTION(() => this.SUBRULE(this.where));
    const over = this.OPTION2(() => this.SUBRULE(this.over));
    return { op: "softmax", axis, uses: [use], where, out: [], over };
  });

  protected readonly concat = this.RULE("concat", (): ast.OpText => {
    const args: IToken[] = [];
    this.CONSUME(t.Concat);
    this.CONSUME(t.LSquare);
    const axis = this.CONSUME(t.Num);
    this.CONSUME(t.RSquare);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => args.push(this.CONSUME(t.Value)) });
    return { op: "concat", axis, args };
  });

  protected readonly region = this.RULE("region", (): ast.OpText => {
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

  protected readonly out = this.RULE("out", (): readonly IToken[] => {
    const list: IToken[] = [];
    this.CONSUME(t.Arrow);
    this.CONSUME(t.LSquare);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => list.push(this.CONSUME(t.Name)) });
    this.CONSUME(t.RSquare);
    return list;
  });

  protected readonly over = this.RULE("over", (): readonly ast.ExtentText[] => {
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

  protected readonly where = this.RULE("where", (): ast.WhereText => {
    this.CONSUME(t.Where);
    this.CONSUME(t.LSquare);
    const args = this.OPTION(() => this.SUBRULE(this.expressions)) ?? [];
    this.CONSUME(t.RSquare);
    return { args, body: this.SUBRULE(this.expression) };
  });

  protected readonly loc = this.RULE("loc", (): ast.LocText => {
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
}
