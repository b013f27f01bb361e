import fc from "fast-check";
import { expect, test } from "vitest";
import type { Comment } from "../../grammar/lf.ast.js";
import { format, lineWidth } from "../../grammar/lf.format.js";
import { parseFile } from "../../grammar/parse.js";
import { programGenerator } from "./support/program.js";
import { bare, parsed } from "./support/tree.js";

const texts = (list: readonly Comment[]): string[] => list.map((c) => c.text);

test("the parser builds the tree of the layered grammar, whatever the layout", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 120 }), (seed, size) => {
      const make = programGenerator(seed, size);
      const { tokens, tree } = make.file();
      const text = make.text(tokens);
      expect(bare(parsed(text))).toEqual({ ...(tree as object) });
    }),
    { numRuns: 300 },
  );
});

test("formatting keeps tree and comments, and formatting again changes nothing", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 120 }), (seed, size) => {
      const make = programGenerator(seed, size);
      const { tokens, tree } = make.file();
      const file = { path: "random.lf", text: make.text(tokens) };
      const first = parseFile(file);
      if (first.ast === undefined) throw new Error(`not a program: ${file.text}`);
      const text = format(first.ast, first.comments, file);
      const again = { path: "random.lf", text };
      const second = parseFile(again);
      if (second.ast === undefined) throw new Error(`no longer a program: ${text}`);
      expect(bare(second.ast)).toEqual(tree);
      expect(texts(second.comments)).toEqual(texts(first.comments));
      expect(format(second.ast, second.comments, again)).toBe(text);
      expect(text).not.toMatch(/[ \t]\n|\t|\r|\n\n\n|^\s|[^\n]$/);
    }),
    { numRuns: 300 },
  );
});

test("lines without long names stay within the width", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 120 }), (seed, size) => {
      const make = programGenerator(seed, size);
      const text = make.text(make.file().tokens, true);
      const out = format(parsed(text), [], { path: "random.lf", text });
      for (const line of out.split("\n")) {
        // Binary operators in a size, prefixes and powers do not break; nothing else may pass the width.
        if (line.length > lineWidth + 40) throw new Error(line);
      }
    }),
    { numRuns: 100 },
  );
});
