import { describe, test } from "vitest";

/** The whole language, and what a person sees of it. */
describe("the whole language", () => {
  test.todo(
    "1 every construct runs on reference, js, tfjs and wgsl; f16 and u32 on reference and js, refused with a code elsewhere",
  );
  test.todo("2 standard library src/std/*.lf, documented, each function used by an example or a test");
  test.todo(
    "3 run-time sizes on all backends without recompiling, at 1, tile-1, tile, tile+1 and both ends of the range",
  );
  test.todo("4 lfc fmt [--check] keeps comments, is idempotent; the repository's own .lf files are formatted");
  test.todo(
    "5 every rule has a message with code, places and fix; several errors in one run; lfc explain LF0203; --json; a page of messages",
  );
  test.todo(
    "6 grammar/REFERENCE.md: each example compiled, EBNF generated from the grammar, tmLanguage tested against the lexer",
  );
  test.todo(
    "7 parse and check linear to 1 MiB under 1 s; 2 MiB and nesting limits refused in a sentence; 100,000 parentheses within 1 s",
  );
  test.todo(
    "8 bad input: corpus, 2,000 mutants in CI (20,000 by hand), hostile names, cyclic and missing imports, huge sizes",
  );
});
