import type { Explanation } from "./explanation.js";

/** Repeats, instances and models (LF0286 – LF0291). */
export const models: readonly Explanation[] = [
  {
    code: "LF0286",
    title: "A `repeat` whose count or states do not fit",
    text:
      "The count of a `repeat` is known when the program is compiled, since each step may have weights of its " +
      "own. Its body returns as many values as it has states. A loop over a run-time axis is a reduction.",
    wrong: `lf 1
dim Seq = ? in 1..64

model M(x: f32[Seq]) -> f32[Seq] { repeat Seq (z = x) { z + z } }
`,
    right: `lf 1
dim Seq   = ? in 1..64
dim Depth = 4

model M(x: f32[Seq]) -> f32[Seq] { repeat Depth (z = x) { z + z } }
`,
  },
  {
    code: "LF0287",
    title: "A state that changes its type",
    text:
      "The state of a `repeat` keeps its type from step to step: what the body returns is what the next step " +
      "gets. Where the type must change, do that outside, before or after.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { repeat 2 (z = x) { z[0..4] } }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { repeat 2 (z = x) { 0.5 * z } }
`,
  },
  {
    code: "LF0288",
    title: "An instance of a list chosen wrongly",
    text:
      "`param layers: Layer[l: Depth]` is a list of instances, each with weights of its own. One is chosen by a " +
      "constant, the counter of a `repeat` or a number, within the list. A tensor index cannot choose, as all " +
      "its values are computed at once; for weights by index give the parameters an axis.",
    wrong: `lf 1
dim N = 8

block Gain(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

model M(x: f32[N]) -> f32[N] {
  param layers: Gain[l: 4]
  return repeat l in 4 (z = x) { layers[l + 1](z) }
}
`,
    right: `lf 1
dim N = 8

block Gain(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

model M(x: f32[N]) -> f32[N] {
  param layers: Gain[l: 4]
  return repeat l in 4 (z = x) { layers[l](z) }
}
`,
  },
  {
    code: "LF0289",
    title: "One instance with two sizes",
    text: "An instance holds its parameters once. Calls that need them in different sizes need different instances.",
    wrong: `lf 1

block Gain<N>(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

model M(x: f32[8], y: f32[4]) -> (a: f32[8], b: f32[4]) {
  param gain: Gain
  return gain(x), gain(y)
}
`,
    right: `lf 1

block Gain<N>(x: f32[N]) -> f32[N] {
  param g: f32[N] = ones
  return g * x
}

model M(x: f32[8], y: f32[4]) -> (a: f32[8], b: f32[4]) {
  param gain, other: Gain
  return gain(x), other(y)
}
`,
  },
  {
    code: "LF0290",
    title: "A generic model",
    text:
      "A model is what a compiled file offers, so its sizes are dims of the file: numbers, or `?` for what is " +
      "known when it runs. `--dim` changes them.",
    wrong: `lf 1

model M<N>(x: f32[N]) -> f32[N] { x + x }
`,
    right: `lf 1
dim N = ? in 1..1024

model M(x: f32[N]) -> f32[N] { x + x }
`,
  },
  {
    code: "LF0291",
    title: "A run-time size that no input tells",
    text:
      "When a model runs, its run-time sizes are read off its inputs. So each of them is an axis by itself of " +
      "some input; from `2 * Seq` alone it is not read.",
    wrong: `lf 1
dim Seq = ? in 1..64

model M(x: f32[2 * Seq]) -> f32[2 * Seq] { x + x }
`,
    right: `lf 1
dim Seq = ? in 2..128 step 2

model M(x: f32[Seq]) -> f32[Seq / 2] {
  let y[n: Seq / 2] = x[2 * n] + x[2 * n + 1]
  return y
}
`,
  },
];
