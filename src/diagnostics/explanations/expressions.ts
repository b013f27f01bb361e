import type { Explanation } from "./explanation.js";

/** Syntax of expressions (LF0137 – LF0167). */
export const expressions: readonly Explanation[] = [
  {
    code: "LF0137",
    title: "A value is missing",
    text:
      "An operator or an opening bracket wants a value after it, and something else stands there. Something was " +
      "left out, or stands a word too early.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { x + }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x + 1 }
`,
  },
  {
    code: "LF0138",
    title: "An operator is missing",
    text:
      "Two values stand side by side. A product is always written with `*`: in a paper's formula the letters " +
      "run together, here a name may have many letters.",
    wrong: `lf 1
dim N = 8
model M(x, w: f32[N]) -> f32 { sum[n] w[n] x[n] }
`,
    right: `lf 1
dim N = 8

model M(x, w: f32[N]) -> f32 { sum[n] w[n] * x[n] }
`,
  },
  {
    code: "LF0139",
    title: "Two operators in a row",
    text: "An operator stands between two values. Only `-` and `not` may stand before one: `x * -y`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { x + * 2 }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x + 2 }
`,
  },
  {
    code: "LF0140",
    title: "A comma with nothing after it",
    text:
      "Lists of arguments, in declarations and calls, may end with a comma; they are often written one on a " +
      "line. Subscripts, indices, axes, generics and entries may not: there a comma announces one more.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32 { sum[n,] x[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 { sum[n] x[n] }
`,
  },
  {
    code: "LF0141",
    title: "Sizes in `<…>` at a call",
    text:
      "The sizes of a function are found from its arguments, so a call never lists them; `f<N>(x)` would read " +
      "as two comparisons. A size that is in no argument is passed as an argument of type `dim`.",
    wrong: `lf 1
dim N = 8
fn total<A>(x: f32[A]) -> f32 { sum[a] x[a] }
model M(x: f32[N]) -> f32 { total<N>(x) }
`,
    right: `lf 1
dim N = 8

fn total<A>(x: f32[A]) -> f32 { sum[a] x[a] }

model M(x: f32[N]) -> f32 { total(x) }
`,
  },
  {
    code: "LF0142",
    title: "`if` inside an operation",
    text:
      "The `else` of an `if` reaches as far to the right as it can, so inside arithmetic an `if` stands in " +
      "brackets. Without them it could not be seen what the operation after the `else` belongs to.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * if n > 0 then x[n] else 0
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * (if n > 0 then x[n] else 0)
  return y
}
`,
  },
  {
    code: "LF0143",
    title: "An `if` without `then` or `else`",
    text:
      "`if` is an expression and always has a value, so it has both branches. Where nothing should happen, the " +
      "other branch is the value that changes nothing: 0 in a sum, 1 in a product.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = if x[n] > 0 then x[n]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = if x[n] > 0 then x[n] else 0
  return y
}
`,
  },
  {
    code: "LF0144",
    title: "A keyword out of place",
    text:
      "`where` stands in the brackets of a reduction, behind the index that it selects; `then` and `else` " +
      "belong to an `if`; `in` stands in `? in …` and `repeat l in …`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N], keep: bool[N]) -> f32 { sum[n] x[n] where keep[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N], keep: bool[N]) -> f32 { sum[n where keep[n]] x[n] }
`,
  },
  {
    code: "LF0145",
    title: "`=` inside an expression",
    text: "`=` gives a name its value. Two values are compared by `==`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = if n = 0 then 0.0 else x[n]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = if n == 0 then 0.0 else x[n]
  return y
}
`,
  },
  {
    code: "LF0146",
    title: "Several values in one `let`",
    text:
      "Each `let` has one value. `let a, b = f(x)` takes the two results of one call apart; it does not pair " +
      "names with values.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let a, b = x + 1, x + 2
  return a * b
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let a = x + 1
  let b = x + 2
  return a * b
}
`,
  },
  {
    code: "LF0147",
    title: "A range that is no value",
    text:
      "`..` stands between the ends of a slice, `x[0..4]`, and between the bounds of a run-time dim. A range is " +
      "nothing that could be kept in a name.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[4] {
  let part = 0..4
  return x[part]
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[4] {
  return x[0..4]
}
`,
  },
  {
    code: "LF0148",
    title: "A slice with an end left out",
    text:
      "A slice names both its ends, as in `x[2..N]`; its length is then known from the text. The whole axis is " +
      "`:`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[6] { x[2..] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N - 2] { x[2..N] }
`,
  },
  {
    code: "LF0149",
    title: "A slice with `:`",
    text:
      "A part of an axis is written with `..`: `x[0..4]` is what Python writes `x[0:4]`, the end excluded. A " +
      "single `:` is the whole axis.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[4] { x[0:4] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[4] { x[0..4] }
`,
  },
  {
    code: "LF0150",
    title: "A string as a value",
    text: "Strings are no values. They stand after `import`, and after the `from` and `as` of a `param`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { x + "1" }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x + 1 }
`,
  },
  {
    code: "LF0155",
    title: "A chain that turns back",
    text: "Comparisons may form a chain of two, as on paper: `0 <= n < 4`. Both go in one direction.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = if 2 < n > 4 then x[n] else 0
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = if 2 < n and n > 4 then x[n] else 0
  return y
}
`,
  },
  {
    code: "LF0156",
    title: "`==` in a chain",
    text: "`a < b == c` would compare the result of a comparison. Write two comparisons and join them with `and`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N], a: i32) -> f32[N] {
  let y[n] = if 0 < n == a then x[n] else 0
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N], a: i32) -> f32[N] {
  let y[n] = if 0 < n and n == a then x[n] else 0
  return y
}
`,
  },
  {
    code: "LF0157",
    title: "A chain of more than two comparisons",
    text: "A chain has at most two comparisons. More are joined with `and`.",
    wrong: `lf 1
dim N = 8
model M(a, b, c, d: f32[N]) -> bool[N] { a < b < c < d }
`,
    right: `lf 1
dim N = 8

model M(a, b, c, d: f32[N]) -> bool[N] { a < b < c and c < d }
`,
  },
  {
    code: "LF0159",
    title: "`not` inside an operation",
    text:
      "`not` binds looser than arithmetic and comparisons, so beside one of them it stands in brackets. Without " +
      "brackets it would look as if it took only the value to its right.",
    wrong: `lf 1
dim N = 8
model M(a, b: bool[N]) -> bool[N] { a == not b }
`,
    right: `lf 1
dim N = 8

model M(a, b: bool[N]) -> bool[N] { a == (not b) }
`,
  },
  {
    code: "LF0161",
    title: "A condition as a subscript",
    text:
      "A subscript is a whole number. Elements are selected by `where` in a reduction, or by `if`, which needs " +
      "brackets inside a subscript.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32 { sum[n] x[n < 4] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 { sum[n where n < 4] x[n] }
`,
  },
  {
    code: "LF0162",
    title: "A call without arguments",
    text:
      "`max`, `min` and `concat` take at least one argument. Of nothing there is no greatest value, and nothing " +
      "to join.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] { x + max() }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { max(x, 0) }
`,
  },
  {
    code: "LF0163",
    title: "The count of a `repeat` is no name or number",
    text:
      "`repeat Depth (z = x) { … }` applies its body Depth times. The count is a number or the name of a dim; " +
      "an expression there could not be told from the brackets that follow.",
    wrong: `lf 1
dim Depth = 4
model M(x: f32[8]) -> f32[8] { repeat Depth / 2 (z = x) { z + z } }
`,
    right: `lf 1
dim Depth = 4
dim Half  = Depth / 2

model M(x: f32[8]) -> f32[8] { repeat Half (z = x) { z + z } }
`,
  },
  {
    code: "LF0164",
    title: "A state of a `repeat` without its first value",
    text:
      "A `repeat` passes its states from step to step. In the brackets each gets its first value, `(z = x)`; " +
      "the body gives the next one.",
    wrong: `lf 1
model M(x: f32[8]) -> f32[8] { repeat 4 (x) { x + x } }
`,
    right: `lf 1

model M(x: f32[8]) -> f32[8] { repeat 4 (z = x) { z + z } }
`,
  },
  {
    code: "LF0165",
    title: "`?` in an expression",
    text: "`?` is a run-time size, in a `dim` of the file. A choice is written `if … then … else …`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] > 0 ? x[n] : 0
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = if x[n] > 0 then x[n] else 0
  return y
}
`,
  },
  {
    code: "LF0166",
    title: "Something else was expected",
    text:
      "The text cannot be continued like this. The message names what can stand here and what was found; the " +
      "mistake is here or just before.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y
  return x
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
    code: "LF0167",
    title: "`as` before `from`",
    text:
      "`from` names the stored tensor, `as` says how that one is laid out, so it comes after it. The order is " +
      "always the same, as everywhere in the language.",
    wrong: `lf 1
model M(x: f32[8]) -> f32[4] {
  param w: f32[i: 8, o: 4] as "o i" from "proj.weight"
  let y[o] = sum[i] x[i] * w[i, o]
  return y
}
`,
    right: `lf 1

model M(x: f32[8]) -> f32[4] {
  param w: f32[i: 8, o: 4] from "proj.weight" as "o i"
  let y[o] = sum[i] x[i] * w[i, o]
  return y
}
`,
  },
];
