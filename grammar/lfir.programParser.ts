import type { IToken } from "chevrotain";
import type * as ast from "./lfir.ast.js";
import { GraphParser } from "./lfir.graphParser.js";
import * as t from "./lfir.tokens.js";

/** The grammar of programs, their kernels left out: `src/ir/kernel/print.ts` writes them. */
export class ProgramParser extends GraphParser {
  protected readonly program = this.RULE("program", (): ast.ProgramText => {
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

  protected readonly resource = this.RULE("resource", (): ast.ResourceText => {
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

  protected readonly steps = this.RULE("steps", (): readonly ast.StepText[] => {
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

  protected readonly dispatch = this.RULE("dispatch", (): ast.StepText => {
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

  protected readonly bound = this.RULE("bound", (): ast.BoundText => {
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
}
