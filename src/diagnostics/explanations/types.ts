import type { Explanation } from "./explanation.js";

/** Element types and shapes (LF0246 – LF0269). */
export const types: readonly Explanation[] = [
  {
    code: "LF0246",
    title: "Two element types meet",
    text:
      "Nothing is converted by itself, since every conversion loses something: f32 has no exact numbers above " +
      "2^24, f16 little range, i32 no fractions. Numbers in the text adapt to what stands beside them. Convert " +
      "with `f32(x)`, `i32(x)` and so on.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] * n
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] * f32(n)
  return y
}
`,
  },
  {
    code: "LF0247",
    title: "A bool in arithmetic",
    text:
      "A mask selects, it does not multiply: 0 times NaN is NaN, so a mask used as a factor lets bad padding " +
      "through. Select with `where`, or choose with `if`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N], keep: bool[N]) -> f32 { sum[n] x[n] * keep[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N], keep: bool[N]) -> f32 { sum[n where keep[n]] x[n] }
`,
  },
  {
    code: "LF0248",
    title: "A bool is wanted, or not wanted",
    text:
      "`if`, `where`, `and`, `or` and `not` take bools, one for each element; numbers are not true or false. " +
      "Bools have no order, but `==` and `!=` compare them.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N], mask: i32[N]) -> f32 { sum[n where mask[n]] x[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N], mask: i32[N]) -> f32 { sum[n where mask[n] != 0] x[n] }
`,
  },
  {
    code: "LF0249",
    title: "Two shapes meet",
    text:
      "An operator works element by element on tensors of one shape. No axis is stretched or added to fit, " +
      "because a forgotten axis would then give a result of a surprising shape instead of a message. Say with " +
      "indices which elements meet.",
    wrong: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D], g: f32[D]) -> f32[N, D] { x * g }
`,
    right: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D], g: f32[D]) -> f32[N, D] {
  let y[n, d] = x[n, d] * g[d]
  return y
}
`,
  },
  {
    code: "LF0250",
    title: "A whole tensor beside one element",
    text:
      "On one side of the operator stands a single element, picked by indices, on the other a whole tensor. " +
      "Mostly a subscript was forgotten.",
    wrong: `lf 1
dim N = 8

model M(x, g: f32[N]) -> f32[N] {
  let y[n] = x[n] * g
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x, g: f32[N]) -> f32[N] {
  let y[n] = x[n] * g[n]
  return y
}
`,
  },
  {
    code: "LF0252",
    title: "An inexact division of whole constants",
    text:
      "Between whole constants `/` is exact, as between sizes. `1 / 2` is 0 in some languages and 0.5 in " +
      "others; write `1.0 / 2` for the real number.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { (1 / 2) * x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { 1.0 / 2 * x }
`,
  },
  {
    code: "LF0253",
    title: "A division of whole numbers by something not constant",
    text:
      "`/` and `%` of i32 round down, towards minus infinity, and take a positive constant on their right. With " +
      "that their bounds are known and they are the same on every machine. `%` is for whole numbers only.",
    wrong: `lf 1
dim N = 8

model M(x: i32[N], y: i32[N]) -> i32[N] { x / y }
`,
    right: `lf 1
dim N = 8

model M(x: i32[N]) -> i32[N] { x / 4 }
`,
  },
  {
    code: "LF0254",
    title: "A real function of whole numbers",
    text:
      "`exp`, `sqrt`, `^`, mean, softmax and the like are for f32 and f16. Convert first, so that it is seen " +
      "which type the result has.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] / sqrt(n + 1)
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] / sqrt(f32(n + 1))
  return y
}
`,
  },
  {
    code: "LF0255",
    title: "A number that its type cannot hold",
    text:
      "f16 holds at most 65504, i32 whole numbers below 2^31, u32 whole numbers from 0 to 2^32 - 1, and a whole " +
      "constant counts exactly up to 2^53. A number that does not fit would silently become another one, or " +
      "infinity.",
    wrong: `lf 1
dim N = 8

model M(x: f16[N]) -> f16[N] { x + 100_000 }
`,
    right: `lf 1
dim N = 8

model M(x: f16[N]) -> f16[N] { x + 60_000 }
`,
  },
  {
    code: "LF0256",
    title: "Several results used as one value",
    text:
      "A function with several results is taken apart by a `let` with as many names, before its results are " +
      "used. Which of them is meant cannot be guessed, not even when all have one type.",
    wrong: `lf 1
dim N = 8

fn parts(x: f32[N]) -> (low: f32[N], high: f32[N]) {
  return min(x, 0), max(x, 0)
}

model M(x: f32[N]) -> f32[N] { x + parts(x) }
`,
    right: `lf 1
dim N = 8

fn parts(x: f32[N]) -> (low: f32[N], high: f32[N]) {
  return min(x, 0), max(x, 0)
}

model M(x: f32[N]) -> f32[N] {
  let low, high = parts(x)
  return high - low
}
`,
  },
  {
    code: "LF0257",
    title: "The branches of an `if` differ",
    text:
      "Both sides of an `if` have one type, since the value of the whole has one. A bool and a number do not " + "mix.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = if x[n] > 0 then x[n] else false
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
    code: "LF0259",
    title: "More subscripts than axes",
    text:
      "Each subscript takes one axis, from the left. Fewer are fine, the rest of the axes is kept; more are " + "not.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n, d: 4] = x[n, d]
  return y
}
`,
    right: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> f32[N, D] {
  let y[n, d] = x[n, d]
  return y
}
`,
  },
  {
    code: "LF0260",
    title: "A subscript that is not a whole number",
    text:
      "A subscript is one whole number. A real one is rounded on purpose, `i32(x)`; a mask selects by `where`; " +
      "a tensor of positions is subscripted itself, `table[tokens[n]]`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N], at: f32[N]) -> f32[N] {
  let y[n] = x[at[n]]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N], at: i32[N]) -> f32[N] {
  let y[n] = x[at[n]]
  return y
}
`,
  },
  {
    code: "LF0261",
    title: "A slice whose bounds are no sizes",
    text:
      "The bounds of a slice are sizes, so that its length is known from the text, and a slice begins at 0 or " +
      "later. A part that moves with an index is said with a second index: `x[start + i]`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[6] {
  let y[n: 6] = sum[r] x[n..n + 3][r]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[6] {
  let y[n: 6] = sum[r: 3] x[n + r]
  return y
}
`,
  },
  {
    code: "LF0262",
    title: "A slice beyond the end of an axis",
    text:
      "`a..b` takes the elements a … b - 1, and b is at most the length of the axis, whatever the run-time " +
      "sizes are: the whole range of a `?` dim counts, not the size of one run. A program that checks then runs " +
      "for all sizes that it declares.",
    wrong: `lf 1
dim Seq    = ? in 1..1024
dim MaxSeq = 512

model M(x: f32[Seq]) -> f32[Seq] {
  param pos: f32[MaxSeq]
  return x + pos[0..Seq]
}
`,
    right: `lf 1
dim Seq    = ? in 1..512
dim MaxSeq = 512

model M(x: f32[Seq]) -> f32[Seq] {
  param pos: f32[MaxSeq]
  return x + pos[0..Seq]
}
`,
  },
  {
    code: "LF0263",
    title: "A ragged axis without its head",
    text:
      "An axis of size `Proj[h]` is as long as the head h says. So the axis of h comes first, is subscripted by " +
      "a plain index, counter or number, and stands before it on the left.",
    wrong: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[h: Heads, Proj[h]]) -> f32[Heads] { e[:, 0] }
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[h: Heads, Proj[h]]) -> f32[Heads] {
  let y[h: Heads] = e[h, 0]
  return y
}
`,
  },
  {
    code: "LF0264",
    title: "A reduction of something that is no number",
    text:
      "A reduction takes one number for each value of its index. Subscript all axes, those that stay with " +
      "indices on the left. To count how often a mask is true, sum 1 where it is.",
    wrong: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> f32[D] {
  let y = sum[n] x[n]
  return y
}
`,
    right: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> f32[D] {
  let y[d] = sum[n] x[n, d]
  return y
}
`,
  },
  {
    code: "LF0265",
    title: "argmax over several indices",
    text:
      "`argmax` and `argmin` give a position along one axis, so they take one index. For the greatest of a " +
      "whole matrix, reduce twice, or let one axis stay.",
    wrong: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> i32 { argmax[n, d] x[n, d] }
`,
    right: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> i32[N] {
  let best[n] = argmax[d] x[n, d]
  return best
}
`,
  },
  {
    code: "LF0266",
    title: "An index with the name of its tensor",
    text:
      "On the left of a `let` the index and the tensor need different names: in `y[y]` each of them would hide " +
      "the other. Any other letter will do.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[y] = x[y]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n]
  return y
}
`,
  },
  {
    code: "LF0267",
    title: "`dim` as the type of a value",
    text:
      "`dim` is the type of an argument that is a size. Results and parameters are tensors, and one size has no " +
      "axes.",
    wrong: `lf 1

fn half<N>(x: f32[N]) -> dim { N / 2 }

model M(x: f32[8]) -> f32[8] { x }
`,
    right: `lf 1

fn first<N>(x: f32[N], K: dim) -> f32[K] { x[0..K] }

model M(x: f32[8]) -> f32[4] { first(x, 4) }
`,
  },
  {
    code: "LF0268",
    title: "Not a type",
    text:
      "Element types are f32, f16, i32, u32 and bool. A `param` can also be an instance of a block; an argument " +
      "or a result cannot.",
    wrong: `lf 1
dim N    = 8
dim Real = 4

model M(x: Real[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0269",
    title: "Two axes of one name, or too many elements",
    text:
      "The axes of a type have different names, since keys and layouts use them. A tensor has at most 2^31 - 1 " +
      "elements, because positions are 32-bit numbers on every machine; with run-time sizes the ends of their " +
      "ranges count.",
    wrong: `lf 1
dim N = 100_000

model M(x: f32[N, N]) -> f32 { x[0, 0] }
`,
    right: `lf 1
dim N = 10_000

model M(x: f32[N, N]) -> f32 { x[0, 0] }
`,
  },
];
