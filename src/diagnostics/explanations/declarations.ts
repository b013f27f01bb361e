import type { Explanation } from "./explanation.js";

/** Syntax of declarations and statements (LF0116, LF0118 – LF0136, LF0169). */
export const declarations: readonly Explanation[] = [
  {
    code: "LF0116",
    title: "A keyword where a name is expected",
    text:
      "Keywords have one meaning everywhere, so they cannot name anything. The words `lf`, `step`, `from`, `as` " +
      "and `fixed` have a meaning in one place only and are names everywhere else.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32 {
  let sum = sum[n] x[n]
  return sum
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 {
  let total = sum[n] x[n]
  return total
}
`,
  },
  {
    code: "LF0118",
    title: "Not a declaration",
    text:
      "A file consists of `import`, `dim`, `fn`, `block` and `model`, each at the beginning of its declaration. " +
      "What stands here begins with none of them; often it is misspelt, or the declaration before it ended " +
      "sooner than meant.",
    wrong: `lf 1
dim N = 8
modle M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0119",
    title: "A statement outside of a body",
    text:
      "`let`, `param`, `return` and `repeat` belong between the braces of a `fn`, `block` or `model`. Mostly " +
      "the body before was closed by a `}` too many.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x[n] }
  return y
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
    code: "LF0120",
    title: "An argument without a type",
    text:
      "Each argument says its element type and its axes. They are what a caller has to know, what the message " +
      "of a wrong call points at, and what gives an index its range.",
    wrong: `lf 1
dim N = 8
fn twice(x) -> f32[N] { x + x }
model M(x: f32[N]) -> f32[N] { twice(x) }
`,
    right: `lf 1
dim N = 8

fn twice(x: f32[N]) -> f32[N] { x + x }

model M(x: f32[N]) -> f32[N] { twice(x) }
`,
  },
  {
    code: "LF0121",
    title: "A result without a type",
    text:
      "After the arguments stands `->` and the type of the result. A body is checked against it, so that a " +
      "mistake in the body does not appear at its callers.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) { x + x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x + x }
`,
  },
  {
    code: "LF0122",
    title: "A run-time size without a range",
    text:
      "`?` is a size that is bound when the program runs. Its range says what has to be proved for: that " +
      "subscripts stay inside, and that nothing grows beyond what memory is planned for. Both ends belong to " +
      "the range.",
    wrong: `lf 1
dim Seq = ?
model M(x: f32[Seq]) -> f32[Seq] { x }
`,
    right: `lf 1
dim Seq = ? in 1..8192

model M(x: f32[Seq]) -> f32[Seq] { x }
`,
  },
  {
    code: "LF0123",
    title: "`?` in a place other than a `dim`",
    text:
      "A run-time size has a name, so that two tensors can be said to have the same one. Declare it at the top " +
      "of the file and use the name.",
    wrong: `lf 1
model M(x: f32[?]) -> f32 { sum[n] x[n] }
`,
    right: `lf 1
dim Seq = ? in 1..8192

model M(x: f32[Seq]) -> f32 { sum[n] x[n] }
`,
  },
  {
    code: "LF0124",
    title: "A table whose index has no name or no size",
    text:
      "A table gives one size for each index of a dim, as in a Linformer whose heads have different numbers of " +
      "slots. Its index is declared like that of a `let`: a name and what it ranges over.",
    wrong: `lf 1
dim Heads = 2
dim Proj[Heads] = [8, 4]
model M(x: f32[Proj[0]]) -> f32[Proj[0]] { x }
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[Proj[0]]) -> f32[Proj[0]] { x }
`,
  },
  {
    code: "LF0125",
    title: "A size that begins with a minus",
    text:
      "A size is at least 1. A difference of sizes is fine as long as it can be shown to be at least 1: `N - " + "1`.",
    wrong: `lf 1
dim N = -8
model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0126",
    title: "An axis without a size",
    text:
      "`:` keeps a whole axis in a subscript. In a type each axis has a size; what a function should accept at " +
      "any size is a generic, `fn f<N>(x: f32[N])`.",
    wrong: `lf 1
fn total(x: f32[:]) -> f32 { sum[n] x[n] }
model M(x: f32[8]) -> f32 { total(x) }
`,
    right: `lf 1

fn total<N>(x: f32[N]) -> f32 { sum[n] x[n] }

model M(x: f32[8]) -> f32 { total(x) }
`,
  },
  {
    code: "LF0127",
    title: "Empty brackets",
    text:
      "Brackets hold something: axes of a type, subscripts, indices. A single number has a type without " +
      "brackets, `f32`; a whole tensor has no subscripts.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[] { sum[n] x[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 { sum[n] x[n] }
`,
  },
  {
    code: "LF0128",
    title: "A `let` with a type",
    text:
      "The type of a `let` is found from its value and never written. An index on its left may have a range, " +
      "which looks alike but stands inside the brackets: `let y[n: Seq] = …`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y: f32[N] = x + x
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y = x + x
  return y
}
`,
  },
  {
    code: "LF0129",
    title: "A left side that is no index",
    text:
      "`let y[n] = …` defines a tensor by all of its elements at once; `n` stands for every position. Single " +
      "positions are not assigned: choose among them with `if` in the value.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[0] = 1.0
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = if n == 0 then 1.0 else x[n]
  return y
}
`,
  },
  {
    code: "LF0130",
    title: "Not an initialiser",
    text:
      "After the `=` of a `param` stands how its values are drawn: `zeros`, `ones`, `normal(std)`, `uniform(lo, " +
      "hi)` or `xavier`. It is no value: `uniform(a, a)` gives the same number everywhere.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  param g: f32[N] = 1.0
  return g * x
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}
`,
  },
  {
    code: "LF0131",
    title: "An empty body",
    text:
      "A body gives a value: statements that end with `return`, or one expression. An empty one would give " +
      "nothing, and nothing else could happen in it.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0132",
    title: "A body without `return`",
    text:
      "After statements the value is given by `return`. An expression that stands alone in braces needs none. " +
      "When the last line begins with a bracket or a minus, it continues the line above, since line ends mean " +
      "nothing; the message shows that place.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y = x + x
  (y + x)
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y = x + x
  return y + x
}
`,
  },
  {
    code: "LF0133",
    title: "Something after `return`",
    text:
      "`return` ends a body; what follows is never reached. There is one `return` in a body, and choices are " +
      "made by `if` expressions.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  return x
  let y = x + x
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y = x + x
  return y
}
`,
  },
  {
    code: "LF0134",
    title: "An expression after statements",
    text:
      "An expression may stand alone in braces only by itself. After a `let` it needs `return`, since it could " +
      "be read as the rest of the line above.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y = x + x
  y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y = x + x
  return y
}
`,
  },
  {
    code: "LF0135",
    title: "A misspelt statement",
    text: "A statement begins with `let`, `param`, `dim` or `return`. The word here is near to one of them.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y = x + x
  retrun y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y = x + x
  return y
}
`,
  },
  {
    code: "LF0136",
    title: "A value given without `let`",
    text:
      "A name is given its value once, by `let`. Nothing is changed afterwards: a next value gets a name of its " +
      "own, and a loop passes its state on through `repeat`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  y = x + x
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y = x + x
  return y
}
`,
  },
  {
    code: "LF0169",
    title: "A table of sizes inside a body",
    text:
      "Tables and run-time sizes are dims of the file, where the checker and `--dim` see them. A `dim` in a " +
      "body names a size that is used more than once.",
    wrong: `lf 1
dim Heads = 2
model M(x: f32[8]) -> f32[8] {
  dim Proj = [8, 4]
  return x
}
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[Proj[0]]) -> f32[Proj[0]] { x }
`,
  },
];
