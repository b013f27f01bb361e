import { CstParser } from "chevrotain";
import { type Budget, expectedTokens } from "./lf.expected.js";
import * as t from "./lf.tokens.js";

/**
 * The grammar of .lf and nothing else: no actions, lookahead 2.
 *
 * Operators are read as a flat list (`operand { operator operand }`); `lf.operators.ts` gives them their levels. One
 * rule for each of ten levels would cost ten calls and ten tree nodes for every name, and could say only "expecting one
 * of" of `a * not b`. What recurses are brackets, `if` and bodies, whose depth `lf.structure.ts` has bounded before.
 */
export class LfParser extends CstParser {
  readonly file = this.RULE("file", () => {
    this.CONSUME(t.Lf);
    this.CONSUME(t.Num);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.importDecl) },
        { ALT: () => this.SUBRULE(this.dimDecl) },
        { ALT: () => this.SUBRULE(this.callable) },
      ]);
    });
  });

  readonly importDecl = this.RULE("importDecl", () => {
    this.CONSUME(t.Import);
    this.CONSUME(t.Str);
    this.OPTION(() => {
      this.CONSUME(t.LParen);
      this.SUBRULE(this.importName);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.importName);
      });
      this.CONSUME(t.RParen);
    });
  });

  readonly importName = this.RULE("importName", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Name);
    });
  });

  readonly dimDecl = this.RULE("dimDecl", () => {
    this.CONSUME(t.Dim);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.tableIndex));
    this.CONSUME(t.Equals);
    this.OR([
      { ALT: () => this.SUBRULE(this.runtimeRange) },
      { ALT: () => this.SUBRULE(this.tableEntries) },
      { ALT: () => this.SUBRULE(this.size) },
    ]);
  });

  readonly tableIndex = this.RULE("tableIndex", () => {
    this.CONSUME(t.LSquare);
    this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.size);
    this.CONSUME(t.RSquare);
  });

  readonly runtimeRange = this.RULE("runtimeRange", () => {
    this.CONSUME(t.Question);
    this.CONSUME(t.In);
    this.SUBRULE(this.size);
    this.CONSUME(t.DotDot);
    this.SUBRULE2(this.size);
    this.OPTION(() => {
      this.CONSUME(t.Step);
      this.SUBRULE3(this.size);
    });
  });

  readonly tableEntries = this.RULE("tableEntries", () => {
    this.CONSUME(t.LSquare);
    this.SUBRULE(this.size);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.size);
    });
    this.CONSUME(t.RSquare);
  });

  readonly callable = this.RULE("callable", () => {
    this.CONSUME(t.CallableWord);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.generics));
    this.SUBRULE(this.formals);
    this.CONSUME(t.Arrow);
    this.OR([{ ALT: () => this.SUBRULE(this.type) }, { ALT: () => this.SUBRULE(this.results) }]);
    this.SUBRULE(this.body);
  });

  readonly generics = this.RULE("generics", () => {
    this.CONSUME(t.Less);
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Name);
    });
    this.CONSUME(t.Greater);
  });

  readonly formals = this.RULE("formals", () => {
    this.CONSUME(t.LParen);
    this.OPTION(() => {
      this.SUBRULE(this.formal);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.formal);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RParen);
  });

  readonly formal = this.RULE("formal", () => {
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Name);
    });
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
  });

  readonly results = this.RULE("results", () => {
    this.CONSUME(t.LParen);
    this.SUBRULE(this.result);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.result);
    });
    this.CONSUME(t.RParen);
  });

  readonly result = this.RULE("result", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
  });

  readonly type = this.RULE("type", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Dim) },
      {
        ALT: () => {
          this.OR2([{ ALT: () => this.CONSUME(t.DTypeName) }, { ALT: () => this.CONSUME(t.Name) }]);
          this.OPTION(() => {
            this.CONSUME(t.LSquare);
            this.SUBRULE(this.axis);
            this.MANY(() => {
              this.CONSUME(t.Comma);
              this.SUBRULE2(this.axis);
            });
            this.CONSUME(t.RSquare);
          });
        },
      },
    ]);
  });

  readonly axis = this.RULE("axis", () => {
    this.OPTION(() => {
      this.CONSUME(t.Name);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.size);
  });

  readonly size = this.RULE("size", () => {
    this.SUBRULE(this.sizeOperand);
    this.MANY(() => {
      this.CONSUME(t.SizeOperator);
      this.SUBRULE2(this.sizeOperand);
    });
  });

  readonly sizeOperand = this.RULE("sizeOperand", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Num) },
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.OPTION(() => {
            this.OR2([
              {
                ALT: () => {
                  this.CONSUME(t.LSquare);
                  this.SUBRULE(this.size);
                  this.CONSUME(t.RSquare);
                },
              },
              {
                ALT: () => {
                  this.CONSUME(t.LParen);
                  this.SUBRULE2(this.size);
                  this.CONSUME(t.RParen);
                },
              },
            ]);
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME2(t.LParen);
          this.SUBRULE3(this.size);
          this.CONSUME2(t.RParen);
        },
      },
    ]);
  });

  readonly body = this.RULE("body", () => {
    this.CONSUME(t.LCurly);
    this.OR([
      { ALT: () => this.AT_LEAST_ONE(() => this.SUBRULE(this.statement)) },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
    this.CONSUME(t.RCurly);
  });

  readonly statement = this.RULE("statement", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.dimStatement) },
      { ALT: () => this.SUBRULE(this.paramStatement) },
      { ALT: () => this.SUBRULE(this.letStatement) },
      { ALT: () => this.SUBRULE(this.returnStatement) },
    ]);
  });

  readonly dimStatement = this.RULE("dimStatement", () => {
    this.CONSUME(t.Dim);
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.size);
  });

  readonly paramStatement = this.RULE("paramStatement", () => {
    this.CONSUME(t.Param);
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Name);
    });
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
    this.OPTION(() => this.SUBRULE(this.initialiser));
    this.OPTION2(() => {
      this.CONSUME(t.From);
      this.CONSUME(t.Str);
    });
    this.OPTION3(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Str);
    });
  });

  readonly initialiser = this.RULE("initialiser", () => {
    this.CONSUME(t.Equals);
    this.OPTION(() => this.CONSUME(t.Fixed));
    this.CONSUME(t.Name);
    this.OPTION2(() => {
      this.CONSUME(t.LParen);
      this.SUBRULE(this.expression);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      });
      this.CONSUME(t.RParen);
    });
  });

  readonly letStatement = this.RULE("letStatement", () => {
    this.CONSUME(t.Let);
    this.SUBRULE(this.target);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.target);
    });
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  readonly target = this.RULE("target", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.LSquare);
      this.SUBRULE(this.index);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.index);
      });
      this.CONSUME(t.RSquare);
    });
  });

  readonly index = this.RULE("index", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.size);
    });
  });

  readonly returnStatement = this.RULE("returnStatement", () => {
    this.CONSUME(t.Return);
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.expression);
    });
  });

  readonly expression = this.RULE("expression", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.If);
          this.SUBRULE(this.expression);
          this.CONSUME(t.Then);
          this.SUBRULE2(this.expression);
          this.CONSUME(t.Else);
          this.SUBRULE3(this.expression);
        },
      },
      {
        ALT: () => {
          this.SUBRULE(this.operand);
          this.MANY(() => {
            this.CONSUME(t.InfixOperator);
            this.SUBRULE2(this.operand);
          });
        },
      },
    ]);
  });

  readonly operand = this.RULE("operand", () => {
    this.MANY(() => this.SUBRULE(this.prefix));
    this.OR([
      { ALT: () => this.CONSUME(t.Name) },
      { ALT: () => this.CONSUME(t.Num) },
      {
        ALT: () => {
          this.CONSUME(t.LParen);
          this.SUBRULE(this.expression);
          this.CONSUME(t.RParen);
        },
      },
      { ALT: () => this.CONSUME(t.True) },
      { ALT: () => this.CONSUME(t.False) },
      {
        ALT: () => {
          this.CONSUME(t.DTypeName);
          this.CONSUME2(t.LParen);
          this.SUBRULE2(this.expression);
          this.CONSUME2(t.RParen);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Extremum);
          this.SUBRULE(this.arguments);
        },
      },
      { ALT: () => this.SUBRULE(this.concat) },
      { ALT: () => this.SUBRULE(this.repeat) },
    ]);
    this.MANY2(() => this.SUBRULE(this.suffix));
  });

  readonly prefix = this.RULE("prefix", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Minus) },
      { ALT: () => this.CONSUME(t.Not) },
      {
        ALT: () => {
          this.CONSUME(t.ReductionName);
          this.CONSUME(t.LSquare);
          this.SUBRULE(this.binder);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE2(this.binder);
          });
          this.CONSUME(t.RSquare);
        },
      },
    ]);
  });

  readonly binder = this.RULE("binder", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.CONSUME(t.Colon);
          this.SUBRULE(this.size);
        },
      },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
    this.OPTION(() => {
      this.CONSUME(t.Where);
      this.SUBRULE2(this.expression);
    });
  });

  readonly suffix = this.RULE("suffix", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.LSquare);
          this.SUBRULE(this.subscript);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE2(this.subscript);
          });
          this.CONSUME(t.RSquare);
        },
      },
      { ALT: () => this.SUBRULE(this.arguments) },
    ]);
  });

  readonly subscript = this.RULE("subscript", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Colon) },
      {
        ALT: () => {
          this.SUBRULE(this.expression);
          this.OPTION(() => {
            this.CONSUME(t.DotDot);
            this.SUBRULE2(this.expression);
          });
        },
      },
    ]);
  });

  readonly arguments = this.RULE("arguments", () => {
    this.CONSUME(t.LParen);
    this.OPTION(() => {
      this.SUBRULE(this.expression);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RParen);
  });

  readonly concat = this.RULE("concat", () => {
    this.CONSUME(t.Concat);
    this.CONSUME(t.LSquare);
    this.CONSUME(t.Name);
    this.CONSUME(t.RSquare);
    this.SUBRULE(this.arguments);
  });

  readonly repeat = this.RULE("repeat", () => {
    this.CONSUME(t.Repeat);
    this.OPTION(() => {
      this.CONSUME(t.Name);
      this.CONSUME(t.In);
    });
    this.OR([{ ALT: () => this.CONSUME(t.Num) }, { ALT: () => this.CONSUME2(t.Name) }]);
    this.CONSUME(t.LParen);
    this.SUBRULE(this.state);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.state);
    });
    this.CONSUME(t.RParen);
    this.SUBRULE(this.body);
  });

  readonly state = this.RULE("state", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  constructor(readonly budget: Budget) {
    super([...t.allTokens], {
      maxLookahead: 2,
      recoveryEnabled: true,
      nodeLocationTracking: "none",
      errorMessageProvider: expectedTokens(budget),
    });
    this.performSelfAnalysis();
  }
}
