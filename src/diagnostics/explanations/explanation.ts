import type { Diagnostic } from "../diagnostic.js";

/**
 * The long form of a message: what the rule is and why, for someone who writes models.
 *
 * `wrong` is a whole program that the compiler refuses with this code and no other; `right` is the same one corrected,
 * laid out as `lfc fmt` does. Where no short program leads to the code, `arises` says what does.
 */
export interface Explanation {
  readonly code: Diagnostic["code"];
  readonly title: string;
  readonly text: string;
  readonly arises?: string;
  readonly wrong?: string;
  readonly right?: string;
}

/** What an example is called in messages. */
export const exampleName = "example.lf";
