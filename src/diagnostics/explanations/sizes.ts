import type { Explanation } from "./explanation.js";

/** Dims and sizes, and `--dim` (LF0227 – LF0245). */
export const sizes: readonly Explanation[] = [
  {
    code: "LF0227",
    title: "A division that does not come out even",
    text:
      "`/` between sizes is exact: half a head or an uneven pooling window is a mistake, not something to round " +
      "away in silence. For numbers it is checked by value, for a run-time size by the `step` of its range. " +
      "`ceil(a / b)` and `floor(a / b)` round on purpose.",
    wrong: `lf 1
dim Model = 100
dim Heads = 8
dim Head  = Model / Heads

model M(x: f32[Model]) -> f32[Heads, Head] {
  let y[h: Heads, c: Head] = x[h * Head + c]
  return y
}
`,
    right: `lf 1
dim Model = 96
dim Heads = 8
dim Head  = Model / Heads

model M(x: f32[Model]) -> f32[Heads, Head] {
  let y[h: Heads, c: Head] = x[h * Head + c]
  return y
}
`,
  },
  {
    code: "LF0228",
    title: "A division by zero",
    text:
      "A size is divided by something that is 0, or could be for some run-time size. For a run-time size the " +
      "least value of its range counts.",
    wrong: `lf 1
dim N = ? in 1..8
dim K = ceil(16 / (N - 1))

model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = ? in 1..8
dim K = ceil(16 / N)

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0229",
    title: "A size divided by a sum",
    text:
      "Sizes are kept as sums of products, so that equal sizes look equal: `Heads * (Model / Heads)` is " +
      "`Model`. A quotient by a single term stays in that form, a quotient by a sum does not. Give the sum a " +
      "number of its own, or write the other size as a product.",
    wrong: `lf 1
dim A = 4
dim B = 4
dim N = 64
dim K = N / (A + B)

model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim A = 4
dim B = 4
dim K = 8
dim N = K * (A + B)

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0230",
    title: "A size below 1",
    text:
      "Every size is at least 1, for every run-time size in its range; there are no empty tensors. Where a " +
      "difference is a size, the ranges of its dims must show that it cannot reach 0.",
    wrong: `lf 1
dim N = ? in 1..64

model M(x: f32[N]) -> f32[N - 1] {
  let y[n: N - 1] = x[n + 1] - x[n]
  return y
}
`,
    right: `lf 1
dim N = ? in 2..64

model M(x: f32[N]) -> f32[N - 1] {
  let y[n: N - 1] = x[n + 1] - x[n]
  return y
}
`,
  },
  {
    code: "LF0231",
    title: "A size too large",
    text:
      "A size is below 2^31, since positions are 32-bit numbers on every machine. What is computed on the way " +
      "stays below 2^53 and within 64 terms.",
    wrong: `lf 1
dim N   = 100_000
dim All = N * N

model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N   = 10_000
dim All = N * N

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0232",
    title: "A size with a fraction",
    text:
      "A size counts elements, so it is a whole number. A factor with a fraction is written as a quotient of " +
      "whole numbers, `5 * Model / 2`, and must come out even.",
    wrong: `lf 1
dim Model = 64
dim Ffn   = 2.5 * Model

model M(x: f32[Model]) -> f32[Model] { x }
`,
    right: `lf 1
dim Model = 64
dim Ffn   = 5 * Model / 2

model M(x: f32[Model]) -> f32[Model] { x }
`,
  },
  {
    code: "LF0233",
    title: "A dim defined by itself",
    text:
      "The value of this dim is needed to find its value, directly or through others. One of them needs a " + "number.",
    wrong: `lf 1
dim Model = Heads * Head
dim Head  = Model / Heads
dim Heads = 4

model M(x: f32[Model]) -> f32[Model] { x }
`,
    right: `lf 1
dim Model = 64
dim Head  = Model / Heads
dim Heads = 4

model M(x: f32[Model]) -> f32[Model] { x }
`,
  },
  {
    code: "LF0234",
    title: "A range that is empty, open or off its step",
    text:
      "The range of a run-time size is made of numbers and of dims given by numbers, the least first. Both ends " +
      "belong to it and are multiples of its step.",
    wrong: `lf 1
dim Seq = ? in 1..1024 step 64

model M(x: f32[Seq]) -> f32[Seq] { x }
`,
    right: `lf 1
dim Seq = ? in 64..1024 step 64

model M(x: f32[Seq]) -> f32[Seq] { x }
`,
  },
  {
    code: "LF0235",
    title: "A table that does not say over what, or is not constant",
    text:
      "A table lists one size for each index of another dim, `dim Proj[h: Heads] = [8, 4]`. Without the index " +
      "it would not be known which entry belongs to what. Its entries, and how many there are, are numbers.",
    wrong: `lf 1
dim Heads = 2
dim Proj  = [8, 4]

model M(x: f32[8]) -> f32[8] { x }
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[8]) -> f32[8] { x }
`,
  },
  {
    code: "LF0236",
    title: "A table with too many or too few entries",
    text:
      "A table has exactly as many entries as the dim that it is over, also after `--dim` changed that one. " +
      "Otherwise some head would have no size, or a size no head.",
    wrong: `lf 1
dim Heads          = 4
dim Proj[h: Heads] = [8, 4]

model M(x: f32[8]) -> f32[8] { x }
`,
    right: `lf 1
dim Heads          = 4
dim Proj[h: Heads] = [8, 8, 4, 4]

model M(x: f32[8]) -> f32[8] { x }
`,
  },
  {
    code: "LF0237",
    title: "An entry taken by an index of another dim",
    text:
      "The entry `Proj[h]` of a table over Heads needs an h over Heads. Dims are compared by name, not by " +
      "value: a layer number is no head number, even when there are as many.",
    wrong: `lf 1
dim Heads          = 2
dim Layers         = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[l: Layers, Proj[l]]) -> f32[Layers] {
  let y[l] = sum[k] e[l, k]
  return y
}
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[h: Heads, Proj[h]]) -> f32[Heads] {
  let y[h] = sum[k] e[h, k]
  return y
}
`,
  },
  {
    code: "LF0238",
    title: "A table has no such entry",
    text:
      "Entries are counted from 0; the last one is the number of entries less one. So the entry that was asked " +
      "for is none.",
    wrong: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[Proj[2]]) -> f32[Proj[2]] { x }
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[Proj[1]]) -> f32[Proj[1]] { x }
`,
  },
  {
    code: "LF0239",
    title: "An entry taken by something other than an index",
    text:
      "An entry of a table is taken by a bound index, the counter of a `repeat`, a number, or in a type the " +
      "name of an earlier axis. Only with these is the size known, or tied to that axis.",
    wrong: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[Heads, Proj[h]]) -> f32[Heads] {
  let y[h] = sum[k] e[h, k]
  return y
}
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[h: Heads, Proj[h]]) -> f32[Heads] {
  let y[h] = sum[k] e[h, k]
  return y
}
`,
  },
  {
    code: "LF0240",
    title: "A table used as one size, or one size as a table",
    text: "A table is several sizes; where one is wanted, take an entry. Other dims have no entries.",
    wrong: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[Proj]) -> f32[Proj] { x }
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(x: f32[Proj[0]]) -> f32[Proj[0]] { x }
`,
  },
  {
    code: "LF0241",
    title: "Something that is no size",
    text:
      "Sizes are made of numbers, dims, generics and arguments of type `dim`. A value computed at run time, or " +
      "an index, cannot be the size of anything: shapes are known before a program runs.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = sum[r: n] x[r]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = sum[r < n] x[r]
  return y
}
`,
  },
  {
    code: "LF0242",
    title: "Not a function of sizes",
    text:
      "In sizes there are two functions, `ceil(a / b)` and `floor(a / b)`, each of one quotient. What is " +
      "rounded is thus always seen to be a division.",
    wrong: `lf 1
dim N = 10
dim K = round(N / 4)

model M(x: f32[N]) -> f32[N] { x }
`,
    right: `lf 1
dim N = 10
dim K = floor(N / 4)

model M(x: f32[N]) -> f32[N] { x }
`,
  },
  {
    code: "LF0243",
    title: "`--dim` names no dim of the file",
    text:
      "Only dims that the entry file itself declares can be set, not those of its imports or of a body. The " +
      "name may be misspelt; names of dims are case-sensitive.",
    arises: "It comes from the option `--dim`.",
  },
  {
    code: "LF0244",
    title: "`--dim` names a dim that is derived",
    text:
      "Dims that are given by a number or by `?` can be set. A derived one follows from others, which can be " +
      "set instead; a table is changed in the file.",
    arises: "It comes from the option `--dim`.",
  },
  {
    code: "LF0245",
    title: "`--dim` gives a value out of range",
    text:
      "A size is a whole number from 1 to 2147483647. The value of a run-time dim lies within its declared " +
      "range and is a multiple of its step; it is then fixed when the program is compiled.",
    arises: "It comes from the option `--dim`.",
  },
];
