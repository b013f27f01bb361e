import { Lexer } from "chevrotain";
import { LfParser } from "./lf.parser.js";
import { allTokens } from "./lf.tokens.js";

/**
 * The lexer and the parser, made on first use: analysing the grammar takes milliseconds that a command which parses
 * nothing should not pay. Neither keeps anything between two inputs, so one of each serves all files.
 */
let lexer: Lexer | undefined;
let parser: LfParser | undefined;

export function lfLexer(): Lexer {
  lexer ??= new Lexer([...allTokens], { positionTracking: "onlyOffset", ensureOptimizations: true });
  return lexer;
}

export function lfParser(): LfParser {
  parser ??= new LfParser({ errors: 0 });
  return parser;
}
