import type { Explanation } from "./explanation.js";

/** The file as a whole: its first line, its size, its brackets (LF0101 – LF0103, LF0111 – LF0115, LF0168). */
export const file: readonly Explanation[] = [
  {
    code: "LF0101",
    title: "The file does not begin with `lf 1`",
    text:
      "The first line says which version of the language the file is written in. A later version may read the " +
      "same text in another way; with the version in the file, an old file keeps its meaning and a new one is " +
      "refused by an old compiler in a sentence.",
    wrong: `dim N = 8
model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0102",
    title: "An unknown version of the language",
    text:
      "This compiler reads version 1. A file that says another number was written for a newer compiler, and " +
      "nothing else in it is looked at.",
    wrong: `lf 2
dim N = 8
model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0103",
    title: "The file is too large",
    text:
      "At most 2 Mi characters of one file are read, far more than people write. A file that large holds " +
      "something that is no source, most often weights: they belong into a .safetensors file (`--weights`).",
    arises: "The file must have more than 2,097,152 characters.",
  },
  {
    code: "LF0111",
    title: "A bracket that is never closed",
    text:
      "Every `(`, `[` and `{` has a partner. The message marks the bracket that was opened and shows the first " +
      "word before which the missing one must stand: statements begin with a keyword, so that the end of the " +
      "line above is known.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x[n
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x[n]
  return y
}
`,
  },
  {
    code: "LF0112",
    title: "A bracket closed by another kind",
    text:
      "Brackets close in the order in which they were opened: `[` by `]`, `(` by `)`, `{` by `}`. Here a " +
      "bracket of another kind stands where its partner should.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * (x[n] + 1]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * (x[n] + 1)
  return y
}
`,
  },
  {
    code: "LF0113",
    title: "A closing bracket without an opening one",
    text:
      "Nothing is open that this bracket could close. Remove it, or write its partner where the part in " +
      "brackets should begin.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x[n]) + 1
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * (x[n] + 1)
  return y
}
`,
  },
  {
    code: "LF0114",
    title: "Too deep a nesting",
    text:
      "Brackets, `if`s, prefixes and powers nest at most 64 deep. Programs of people stay far below; the limit " +
      "keeps every later pass within the stack, whatever it is given. Name an inner part with `let`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  return ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  return x
}
`,
  },
  {
    code: "LF0115",
    title: "Too many operands",
    text:
      "One sum, product, `and` or `or` has at most 4,096 operands, one size at most 64 terms. A sum of many " +
      "alike terms is a reduction: `sum[i] x[i]`.",
    arises: "An expression must have more than 4,096 operands, or a size more than 64 terms.",
  },
  {
    code: "LF0168",
    title: "More errors than are shown",
    text:
      "At most 100 errors of one file are shown. After the first ones are corrected the others appear, or are " +
      "gone with their cause.",
    arises: "The file must have more than 100 syntax errors.",
  },
];
