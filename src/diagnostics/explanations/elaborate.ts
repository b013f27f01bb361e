import type { Explanation } from "./explanation.js";

/** Choosing a model and expanding it (LF0301 – LF0306). */
export const elaborate: readonly Explanation[] = [
  {
    code: "LF0301",
    title: "The file has no model",
    text:
      "Functions and blocks are parts; a model is what can be compiled and run. Models of imported files are no " +
      "entry points of this one. `lfc check` accepts a file without a model.",
    wrong: `lf 1

fn twice<N>(x: f32[N]) -> f32[N] { x + x }
`,
    right: `lf 1

fn twice<N>(x: f32[N]) -> f32[N] { x + x }

model M(x: f32[8]) -> f32[8] { twice(x) }
`,
  },
  {
    code: "LF0302",
    title: "The file has several models",
    text: "One model is compiled or run at a time. Say which one with `--model`.",
    wrong: `lf 1

model Twice(x: f32[8]) -> f32[8] { x + x }

model Square(x: f32[8]) -> f32[8] { x * x }
`,
    right: `lf 1

model Twice(x: f32[8]) -> f32[8] { x + x }
`,
  },
  {
    code: "LF0303",
    title: "`--model` names no model of the file",
    text: "The name is that of a `model` in the entry file itself. The message lists those that the file has.",
    arises: "It comes from the option `--model`.",
  },
  {
    code: "LF0304",
    title: "Two parameters with one key",
    text:
      "A key names one stored tensor. Two instances of a block have different parameters, so their keys must " +
      "differ: give each instance a `from` of its own, whose words stand before the keys inside. To share the " +
      "weights, declare one instance and call it twice.",
    wrong: `lf 1

block Gain(x: f32[8]) -> f32[8] {
  param g: f32[8] from "weight"
  return g * x
}

model M(x: f32[8]) -> f32[8] {
  param a: Gain from "norm"
  param b: Gain from "norm"
  return a(b(x))
}
`,
    right: `lf 1

block Gain(x: f32[8]) -> f32[8] {
  param g: f32[8] from "weight"
  return g * x
}

model M(x: f32[8]) -> f32[8] {
  param a: Gain from "norm1"
  param b: Gain from "norm2"
  return a(b(x))
}
`,
  },
  {
    code: "LF0305",
    title: "The model is too large",
    text:
      "Every call and every step of a `repeat` is written out when a model is compiled, so that products can be " +
      "reordered across them. At most 20,000 of them are; a model of a thousand layers has some ten thousand.",
    wrong: `lf 1

model M(x: f32[8]) -> f32[8] { repeat 50_000 (z = x) { z + x } }
`,
    right: `lf 1

model M(x: f32[8]) -> f32[8] { repeat 200 (z = x) { z + x } }
`,
  },
  {
    code: "LF0306",
    title: "Calls nested too deeply",
    text:
      "A function calls a function that calls a function, some thousands deep, and the compiler's stack is " +
      "full. Break the chain, for instance by a `repeat`.",
    arises: "The file must have thousands of functions, each calling the next.",
  },
  {
    code: "LF0307",
    title: "Numbers that an initialiser cannot take",
    text:
      "`normal` takes a standard deviation, which is not negative; `uniform` takes the lower bound first. The " +
      "numbers may be computed from dims, so they are known only when the model is put together.",
    wrong: `lf 1

model M(x: f32[8]) -> f32[8] {
  param g: f32[8] = normal(-0.02)
  return g * x
}
`,
    right: `lf 1

model M(x: f32[8]) -> f32[8] {
  param g: f32[8] = normal(0.02)
  return g * x
}
`,
  },
];
