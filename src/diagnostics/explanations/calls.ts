import type { Explanation } from "./explanation.js";

/** Calls and their results (LF0270 – LF0285). */
export const calls: readonly Explanation[] = [
  {
    code: "LF0270",
    title: "The wrong number of arguments",
    text: "A call gives every argument that is declared, in that order. There are no defaults.",
    wrong: `lf 1
dim N = 8

fn scale(x: f32[N], by: f32) -> f32[N] { by * x }

model M(x: f32[N]) -> f32[N] { scale(x) }
`,
    right: `lf 1
dim N = 8

fn scale(x: f32[N], by: f32) -> f32[N] { by * x }

model M(x: f32[N]) -> f32[N] { scale(x, 2) }
`,
  },
  {
    code: "LF0271",
    title: "An argument of the wrong type",
    text:
      "The argument has another element type, another number of axes or another size than is declared. A " +
      "function of one row is applied to each row by subscripting: `let y[n] = f(x[n])`.",
    wrong: `lf 1
dim N = 8
dim D = 4

fn unit<C>(x: f32[C]) -> f32[C] {
  let total = sum[c] x[c] ^ 2
  return x * rsqrt(total)
}

model M(x: f32[N, D]) -> f32[N, D] { unit(x) }
`,
    right: `lf 1
dim N = 8
dim D = 4

fn unit<C>(x: f32[C]) -> f32[C] {
  let total = sum[c] x[c] ^ 2
  return x * rsqrt(total)
}

model M(x: f32[N, D]) -> f32[N, D] {
  let y[n] = unit(x[n])
  return y
}
`,
  },
  {
    code: "LF0272",
    title: "Two arguments disagree on a size",
    text:
      "A generic size is found from the first argument that has it as an axis; the others must have the same " +
      "one. Sizes are compared by name, not by value.",
    wrong: `lf 1
dim A = 8
dim B = 8

fn add<N>(x: f32[N], y: f32[N]) -> f32[N] { x + y }

model M(x: f32[A], y: f32[B]) -> f32[A] { add(x, y) }
`,
    right: `lf 1
dim A = 8

fn add<N>(x: f32[N], y: f32[N]) -> f32[N] { x + y }

model M(x: f32[A], y: f32[A]) -> f32[A] { add(x, y) }
`,
  },
  {
    code: "LF0273",
    title: "A generic that no argument determines",
    text:
      "A size in `<…>` is found from an argument that has it as an axis by itself; calls never list sizes. A " +
      "size that is in no argument is passed as one, of type `dim`.",
    wrong: `lf 1

fn iota<N>() -> f32[N] {
  let y[n: N] = f32(n)
  return y
}

model M(x: f32[8]) -> f32[8] { x }
`,
    right: `lf 1

fn iota(N: dim) -> f32[N] {
  let y[n: N] = f32(n)
  return y
}

model M(x: f32[8]) -> f32[8] { x + iota(8) }
`,
  },
  {
    code: "LF0274",
    title: "A size that is not constant",
    text:
      "An argument of type `dim` takes a number, a dim, an entry of a table, or arithmetic on these. Values " +
      "that are computed when the program runs are no sizes.",
    wrong: `lf 1

fn first<N>(x: f32[N], K: dim) -> f32[K] { x[0..K] }

model M(x: f32[8], k: i32) -> f32[4] { first(x, k) }
`,
    right: `lf 1

fn first<N>(x: f32[N], K: dim) -> f32[K] { x[0..K] }

model M(x: f32[8]) -> f32[4] { first(x, 4) }
`,
  },
  {
    code: "LF0275",
    title: "A ragged tensor as an argument",
    text:
      "A generic stands for one size. An axis that differs from head to head has none; pass the tensor of each " +
      "head by itself.",
    wrong: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

fn total<H, K>(x: f32[H, K]) -> f32 { sum[h, k] x[h, k] }

model M(e: f32[h: Heads, Proj[h]]) -> f32 { total(e) }
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

fn total<K>(x: f32[K]) -> f32 { sum[k] x[k] }

model M(e: f32[h: Heads, Proj[h]]) -> f32[Heads] {
  let y[h] = total(e[h])
  return y
}
`,
  },
  {
    code: "LF0276",
    title: "Something that cannot be called",
    text:
      "Functions, blocks and instances of blocks are called. Tensors are subscripted with `[…]`, and a model is " +
      "run from outside.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x(n)
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
    code: "LF0277",
    title: "A block called in a `fn`",
    text:
      "A `fn` is pure: what it gives depends on its arguments alone. A block may have parameters, so a caller " +
      "could not see them; make the `fn` a block, or call the block outside and pass its result.",
    wrong: `lf 1
dim N = 8

block Gain(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

fn twice(x: f32[N]) -> f32[N] { 2 * Gain(x) }

model M(x: f32[N]) -> f32[N] { twice(x) }
`,
    right: `lf 1
dim N = 8

block Gain(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

block Twice(x: f32[N]) -> f32[N] { 2 * Gain(x) }

model M(x: f32[N]) -> f32[N] { Twice(x) }
`,
  },
  {
    code: "LF0278",
    title: "Recursion",
    text:
      "Functions do not call themselves, directly or in a circle: all calls are expanded when the program is " +
      "compiled. `repeat` applies a body a fixed number of times.",
    wrong: `lf 1
dim N = 8

fn power(x: f32[N]) -> f32[N] { x * power(x) }

model M(x: f32[N]) -> f32[N] { power(x) }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { repeat 3 (z = x) { z * x } }
`,
  },
  {
    code: "LF0279",
    title: "A call that breaks a condition of its function",
    text:
      "The body of a function is checked once, for sizes that are not known yet. What it takes for granted " +
      "about them, here that a slice fits, becomes a condition of its signature; each call is held against it. " +
      "The note shows where in the body the condition comes from.",
    wrong: `lf 1

fn first<N>(x: f32[N], K: dim) -> f32[K] { x[0..K] }

model M(x: f32[8]) -> f32[16] { first(x, 16) }
`,
    right: `lf 1

fn first<N>(x: f32[N], K: dim) -> f32[K] { x[0..K] }

model M(x: f32[8]) -> f32[4] { first(x, 4) }
`,
  },
  {
    code: "LF0280",
    title: "A call in which a quotient is not whole",
    text:
      "The function divides its sizes, and with those of this call the quotient is not a whole number. The note " +
      "shows the division.",
    wrong: `lf 1

fn pool<N>(x: f32[N], K: dim) -> f32[K] {
  dim R = N / K
  let y[j: K] = mean[r: R] x[j * R + r]
  return y
}

model M(x: f32[10]) -> f32[4] { pool(x, 4) }
`,
    right: `lf 1

fn pool<N>(x: f32[N], K: dim) -> f32[K] {
  dim R = N / K
  let y[j: K] = mean[r: R] x[j * R + r]
  return y
}

model M(x: f32[12]) -> f32[4] { pool(x, 4) }
`,
  },
  {
    code: "LF0281",
    title: "A call with a run-time size where a fixed one is needed",
    text:
      "The sizes of parameters and the counts of `repeat` are fixed when a program is compiled. The function or " +
      "block uses one of its sizes for such a thing, and this call passes a run-time dim for it.",
    wrong: `lf 1
dim Seq = ? in 1..64

block Position<N>(x: f32[N]) -> f32[N] {
  param p: f32[N]
  return x + p
}

model M(x: f32[Seq]) -> f32[Seq] { Position(x) }
`,
    right: `lf 1
dim Seq = ? in 1..64

block Position<N>(x: f32[N]) -> f32[N] {
  param p: f32[64]
  return x + p[0..N]
}

model M(x: f32[Seq]) -> f32[Seq] { Position(x) }
`,
  },
  {
    code: "LF0282",
    title: "Results that do not fit their declaration",
    text:
      "As many values are returned as results are declared, and the results have different names. Callers take " +
      "results apart by their number and order, and read outputs of a model by their names.",
    wrong: `lf 1
dim N = 8

fn parts(x: f32[N]) -> (low: f32[N], high: f32[N]) { max(x, 0) }

model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 8

fn parts(x: f32[N]) -> (low: f32[N], high: f32[N]) {
  return min(x, 0), max(x, 0)
}

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0283",
    title: "A result of another type than declared",
    text:
      "The axes of a value are those of the indices on the left of its `let`, in that order, and then those of " +
      "the element. Transposed axes are the usual mistake.",
    wrong: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> f32[D, N] {
  let y[n, d] = 2 * x[n, d]
  return y
}
`,
    right: `lf 1
dim N = 8
dim D = 4

model M(x: f32[N, D]) -> f32[D, N] {
  let y[d, n] = 2 * x[n, d]
  return y
}
`,
  },
  {
    code: "LF0285",
    title: "Names on the left that do not fit the results",
    text:
      "A `let` takes as many names as its call has results. Under indices all names have the same ones, because " +
      "the call is evaluated once for each.",
    wrong: `lf 1
dim N = 8

fn parts(x: f32) -> (low: f32, high: f32) {
  return min(x, 0), max(x, 0)
}

model M(x: f32[N]) -> f32[N] {
  let low[n] = parts(x[n])
  return low
}
`,
    right: `lf 1
dim N = 8

fn parts(x: f32) -> (low: f32, high: f32) {
  return min(x, 0), max(x, 0)
}

model M(x: f32[N]) -> f32[N] {
  let low[n], high[n] = parts(x[n])
  return high - low
}
`,
  },
];
