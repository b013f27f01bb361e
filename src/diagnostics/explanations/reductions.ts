import type { Explanation } from "./explanation.js";

/** Syntax of reductions (LF0151 – LF0154, LF0158, LF0160). */
export const reductions: readonly Explanation[] = [
  {
    code: "LF0151",
    title: "A reduction without its index",
    text:
      "A reduction says over which index it runs, so that a formula reads as on paper and no axis is meant by " +
      "its position. `max(a, b)` and `min(a, b)` compare two values and are functions.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32 { sum(x) }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 { sum[n] x[n] }
`,
  },
  {
    code: "LF0152",
    title: "A reduction over an expression",
    text:
      "In the brackets of a reduction stands a new index, perhaps with a range or a condition. Arithmetic " +
      "belongs into the subscripts of what is reduced.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32 { sum[n + 1] x[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 { sum[n: N - 1] x[n + 1] }
`,
  },
  {
    code: "LF0153",
    title: "A short form whose index does not stand alone",
    text:
      "In `sum[m <= n]` and `sum[n - W < m <= n]` the bound index stands by itself, first of two or in the " +
      "middle of three. That is how the reader, and the compiler, know which of the letters is new.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = sum[m + 1 <= n] x[m]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = sum[m < n] x[m]
  return y
}
`,
  },
  {
    code: "LF0154",
    title: "`==` as a range",
    text:
      "`<`, `<=`, `>`, `>=` bound the index of a reduction, `==` and `!=` do not. They are conditions and stand " +
      "after `where`.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32[N] {
  let y[n] = sum[m != n] x[m]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = sum[m: N where m != n] x[m]
  return y
}
`,
  },
  {
    code: "LF0158",
    title: "A softmax before a plus",
    text:
      "A reduction takes the product to its right, as Σ does on paper, and ends at the next `+` or `-`. For a " +
      "sum that is what everyone expects. `softmax[m] s[n, m] + bias[n, m]` would add the bias after the " +
      "softmax, type-check, and be wrong without a word; so brackets must say which is meant.",
    wrong: `lf 1
dim N = 8
model M(s, bias: f32[N, N]) -> f32[N, N] {
  let p[n, m] = softmax[m] s[n, m] + bias[n, m]
  return p
}
`,
    right: `lf 1
dim N = 8

model M(s, bias: f32[N, N]) -> f32[N, N] {
  let p[n, m] = softmax[m] (s[n, m] + bias[n, m])
  return p
}
`,
  },
  {
    code: "LF0160",
    title: "A reduction as an exponent",
    text:
      "A reduction takes the whole product to its right, which after `^` would reach further than the eye " +
      "expects. Brackets say where it ends.",
    wrong: `lf 1
dim N = 8
model M(x: f32[N]) -> f32 { 2 ^ sum[n] x[n] }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32 { 2 ^ (sum[n] x[n]) }
`,
  },
];
