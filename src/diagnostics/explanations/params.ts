import type { Explanation } from "./explanation.js";

/** Parameters (LF0292 – LF0299). */
export const params: readonly Explanation[] = [
  {
    code: "LF0292",
    title: "A parameter in the wrong place",
    text:
      "Parameters belong to blocks and models; a `fn` is pure. Inside a `repeat` a `param` could mean one for " +
      "all steps or one for each, so it stands outside: with an axis for the steps, or in a block that the step " +
      "calls.",
    wrong: `lf 1
dim N = 8

fn gain(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

model M(x: f32[N]) -> f32[N] { gain(x) }
`,
    right: `lf 1
dim N = 8

block Gain(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

model M(x: f32[N]) -> f32[N] { Gain(x) }
`,
  },
  {
    code: "LF0293",
    title: "A parameter of a run-time size",
    text:
      "Parameters are stored, so their sizes are fixed when the program is compiled. Declare the greatest size " +
      "and use a part of it.",
    wrong: `lf 1
dim Seq = ? in 1..512

model M(x: f32[Seq]) -> f32[Seq] {
  param pos: f32[Seq]
  return x + pos
}
`,
    right: `lf 1
dim Seq = ? in 1..512

model M(x: f32[Seq]) -> f32[Seq] {
  param pos: f32[512]
  return x + pos[0..Seq]
}
`,
  },
  {
    code: "LF0294",
    title: "An initialiser that does not fit the parameter",
    text:
      "Random initialisers give real numbers. Parameters of whole numbers or bools start from `zeros` or `ones` " +
      "and say so; an instance of a block has none, its parameters have their own.",
    wrong: `lf 1
dim N = 8

model M(x: i32[N]) -> i32[N] {
  param shift: i32[N] = normal(1)
  return x + shift
}
`,
    right: `lf 1
dim N = 8

model M(x: i32[N]) -> i32[N] {
  param shift: i32[N] = zeros
  return x + shift
}
`,
  },
  {
    code: "LF0295",
    title: "An unknown initialiser or wrong numbers for it",
    text:
      "The initialisers are `zeros`, `ones`, `normal(std)`, `uniform(lo, hi)` and `xavier`. Their numbers are " +
      "constants, made of numbers and dims: `normal(1 / sqrt(Model))`. The mean of `normal` is 0.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param g: f32[N] = normal(0, 0.02)
  return g * x
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param g: f32[N] = normal(0.02)
  return g * x
}
`,
  },
  {
    code: "LF0296",
    title: "One stored tensor for several parameters",
    text:
      "`from` names one tensor of a checkpoint, so the `param` declares one name. One stored tensor that holds " +
      "several, such as a packed q, k, v, is one parameter with an axis for them.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param a, b: f32[N] from "norm.weight"
  return a * x + b
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param a: f32[N] from "norm.weight"
  param b: f32[N] from "norm.bias"
  return a * x + b
}
`,
  },
  {
    code: "LF0297",
    title: "A placeholder of a key that is no axis",
    text:
      "`{l}` in a key stands for the numbers 0, 1, … of the axis l of the parameter: one stored tensor for " +
      "each. The axis gets its name in the type, and every axis of a list of instances has its placeholder.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param g: f32[2, N] from "layers.{l}.weight"
  return g[0] * x + g[1]
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param g: f32[l: 2, n: N] from "layers.{l}.weight"
  return g[0] * x + g[1]
}
`,
  },
  {
    code: "LF0298",
    title: "A stored layout without names or without a key",
    text:
      '`as "(h c) d"` says how the tensor named by `from` is stored, in the names of the axes of the type. So ' +
      "there is a `from`, and every axis has a name.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param w: f32[N, N] from "proj.weight" as "o i"
  let y[o] = sum[i] x[i] * w[i, o]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  param w: f32[i: N, o: N] from "proj.weight" as "o i"
  let y[o] = sum[i] x[i] * w[i, o]
  return y
}
`,
  },
  {
    code: "LF0299",
    title: "A layout that does not name each axis once",
    text:
      "A layout holds every axis of the type once, in stored order, but those in the key. Brackets join axes " +
      'that are stored as one: `"(h c) d"` is a matrix whose rows are h and c together.',
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[4] {
  param w: f32[i: N, o: 4] from "proj.weight" as "o e"
  let y[o] = sum[i] x[i] * w[i, o]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[4] {
  param w: f32[i: N, o: 4] from "proj.weight" as "o i"
  let y[o] = sum[i] x[i] * w[i, o]
  return y
}
`,
  },
];
