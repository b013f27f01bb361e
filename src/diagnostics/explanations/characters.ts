import type { Explanation } from "./explanation.js";

/** The lexer's: characters, strings and numbers (LF0104 – LF0110, LF0117). */
export const characters: readonly Explanation[] = [
  {
    code: "LF0104",
    title: "A zero byte in the file",
    text:
      "The text of a program holds no zero bytes. They are there when a file is saved as UTF-16, which some " +
      "editors on Windows do, or when it is not a text at all. Save the file as UTF-8.",
    wrong: `lf 1
dim N = 8\u0000
model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0105",
    title: "A character that is not part of the language",
    text:
      "Programs are written in ASCII; other characters stand in comments only. Formulas copied from a paper or " +
      "a web page often carry look-alikes: a typographic minus, a multiplication sign, a Greek letter, a " +
      "no-break space. They are refused instead of guessed at, because two names that look the same must be the " +
      "same.",
    wrong: `lf 1
dim N = 8
model M(x, y: f32[N]) -> f32[N] { x \u2212 y }
`,
    right: `lf 1
dim N = 8

model M(x, y: f32[N]) -> f32[N] { x - y }
`,
  },
  {
    code: "LF0106",
    title: "A string that does not end",
    text:
      'A string begins and ends with `"` on one line. Strings are paths of imports, keys of checkpoints and ' +
      "stored layouts.",
    wrong: `lf 1
import "std/norm.lf (layer_norm)
dim D = 8
model M(x, g, b: f32[D]) -> f32[D] { layer_norm(x, g, b) }
`,
    right: `lf 1
import "std/norm.lf" (layer_norm)
dim D = 8

model M(x, g, b: f32[D]) -> f32[D] { layer_norm(x, g, b) }
`,
  },
  {
    code: "LF0107",
    title: "An unknown escape in a string",
    text:
      'Inside a string `\\"` stands for a quotation mark and `\\\\` for a backslash; there is no other escape. ' +
      "Paths are written with `/` on every system, so that a program means the same everywhere.",
    wrong: `lf 1
import "std\\norm.lf" (layer_norm)
dim D = 8
model M(x, g, b: f32[D]) -> f32[D] { layer_norm(x, g, b) }
`,
    right: `lf 1
import "std/norm.lf" (layer_norm)
dim D = 8

model M(x, g, b: f32[D]) -> f32[D] { layer_norm(x, g, b) }
`,
  },
  {
    code: "LF0108",
    title: "A number with a bare dot",
    text:
      "A number has a digit on both sides of its dot: `1.0`, not `1.`, and `0.5`, not `.5`. Two dots are a " +
      "range, `0..8`, and a bare dot beside them could be read in two ways.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { 1. / (1. + exp(-x)) }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { 1.0 / (1.0 + exp(-x)) }
`,
  },
  {
    code: "LF0109",
    title: "Digits and letters run together",
    text:
      "`2x` is neither a number nor a name. Every product is written with `*`. Numbers are decimal and take no " +
      "suffix such as `f` or `u`: what type a number has is decided by what stands beside it.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { 2x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { 2 * x }
`,
  },
  {
    code: "LF0110",
    title: "A number too large to be read",
    text:
      "A whole number stands for exactly its digits, so it stays below 2^53, up to which a float64 counts " +
      "exactly. A number with a dot or an exponent stays within the range of a float64. If a large number need " +
      "not be exact, write it with an exponent.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { x - 9_007_199_254_740_993 }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x - 9.0e15 }
`,
  },
  {
    code: "LF0117",
    title: "A symbol of another language",
    text:
      "Some symbols of Python, C or JavaScript are recognised, so that the message can say what is written " +
      "instead: `^` for `**`, `and`, `or`, `not` for `&&`, `||`, `!`, `//` for `#`. There are no semicolons, " +
      "since each statement begins with a keyword, and no assignments such as `+=`, since a name has one value.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { x ** 2 }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x ^ 2 }
`,
  },
];
