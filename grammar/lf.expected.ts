import type { IParserErrorMessageProvider, IRecognitionException, TokenType } from "chevrotain";

/**
 * What a chevrotain error says here: the kinds of token that could have followed, by name. `lf.errors.ts` makes the
 * sentence, for which it also reads the error's place and rule stack.
 *
 * Each recovery costs a tenth of a millisecond, so their number is bounded; beyond it the provider breaks off the parse.
 */
export function expectedTokens(budget: Budget): IParserErrorMessageProvider {
  const spend = (text: string): string => {
    if (--budget.errors < 0) throw new BudgetSpent();
    return text;
  };
  return {
    buildMismatchTokenMessage: ({ expected }) => spend(expected.name),
    buildNotAllInputParsedMessage: () => spend("EOF"),
    buildNoViableAltMessage: ({ expectedPathsPerAlt }) => spend(names(expectedPathsPerAlt.flat())),
    buildEarlyExitMessage: ({ expectedIterationPaths }) => spend(names(expectedIterationPaths)),
  };
}

function names(paths: readonly (readonly TokenType[])[]): string {
  return [...new Set(paths.map((path) => path[0]?.name ?? "EOF"))].join(" ");
}

/** How many more errors the parser may recover from. */
export interface Budget {
  errors: number;
}

/** Leaves the parser through chevrotain, which passes on whatever is no recognition error. */
export class BudgetSpent extends Error {}

/** The kinds of token, by name, that could have stood where the error is. */
export function expectedOf(error: IRecognitionException): readonly string[] {
  return error.message.split(" ");
}
