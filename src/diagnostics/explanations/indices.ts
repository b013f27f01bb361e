import type { Explanation } from "./explanation.js";

/** Indices and subscripts (LF0202 – LF0211). */
export const indices: readonly Explanation[] = [
  {
    code: "LF0202",
    title: "Nothing says what an index ranges over",
    text:
      "An index gets its range from a place where it is used as a bare subscript: in `x[n, d]` the indices " +
      "range over the axes of x. Arithmetic gives none, since `x[2 * n]` could mean many ranges, and neither " +
      "does the declared type of the result. Say the range where the index is bound: `let y[n: Seq] = …`, " +
      "`sum[r: 4]`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 1.0
  return x + y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = 1.0
  return x + y
}
`,
  },
  {
    code: "LF0203",
    title: "An index over two dimensions",
    text:
      "All uses of an index must agree on what it ranges over. Dims are compared by name, not by value: a slot " +
      "of a projected sequence and a position are different things even when both dims are 256 now, and `--dim` " +
      "may change one of them. When one tensor is longer on purpose, as a table of positions is, take a slice " +
      "of it.",
    wrong: `lf 1
dim Seq    = 64
dim MaxSeq = 512

model M(x: f32[Seq], pos: f32[MaxSeq]) -> f32[Seq] {
  let y[n] = x[n] + pos[n]
  return y
}
`,
    right: `lf 1
dim Seq    = 64
dim MaxSeq = 512

model M(x: f32[Seq], pos: f32[MaxSeq]) -> f32[Seq] {
  let y[n] = x[n] + pos[0..Seq][n]
  return y
}
`,
  },
  {
    code: "LF0204",
    title: "An annotated index that leaves an axis",
    text:
      "An index whose range is written out may run over a part of an axis, and it is proved that it stays " +
      "inside. Here the range is longer than the axis, and no condition keeps the index within it.",
    wrong: `lf 1
dim Half  = 8
dim Whole = 16

model M(x: f32[Half]) -> f32[Whole] {
  let y[i: Whole] = x[i]
  return y
}
`,
    right: `lf 1
dim Half  = 8
dim Whole = 2 * Half

model M(x: f32[Half]) -> f32[Whole] {
  let y[i: Whole] = if i < Half then x[i] else 0
  return y
}
`,
  },
  {
    code: "LF0205",
    title: "Positions in different dimensions are compared",
    text:
      "Only positions of one dimension have an order. In Linformer attention a slot is a mixture of all " +
      "positions, so `softmax[k <= n]` over slots would not be causal: later tokens leak through every slot. " +
      "Use the prefix form, which projects only what comes before n, or the block form, which has a slot for each " +
      "block and compares whole blocks; std/attention.lf has both. To compare the numbers themselves, say so: " +
      "`f32(k) < f32(n)`.",
    wrong: `lf 1
dim Seq  = 64
dim Slot = 16

model M(s: f32[Seq, Slot]) -> f32[Seq, Slot] {
  let p[n, k] = softmax[k <= n] s[n, k]
  return p
}
`,
    right: `lf 1
dim Seq = 64

model M(s: f32[Seq, Seq]) -> f32[Seq, Seq] {
  let p[n, m] = softmax[m <= n] s[n, m]
  return p
}
`,
  },
  {
    code: "LF0206",
    title: "A subscript that can be below 0",
    text:
      "A subscript made of indices and constants is proved to be inside its axis, so no kernel checks it at run " +
      "time. Negative positions do not count from the end. A condition around it counts as known: that of `if`, " +
      "of `where` and of the short form `m <= n`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = x[n - 1]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = if n > 0 then x[n - 1] else 0
  return y
}
`,
  },
  {
    code: "LF0207",
    title: "A subscript that can be beyond the end",
    text:
      "A subscript made of indices and constants is proved to be inside its axis, so no kernel checks it at run " +
      "time. Shorten the range of an index, or keep the subscript inside by a condition: that of `if`, of " +
      "`where` and of the short form `m <= n`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = x[n + 1]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n: N] = if n + 1 < N then x[n + 1] else 0
  return y
}
`,
  },
  {
    code: "LF0208",
    title: "A softmax whose index is bound nowhere",
    text:
      "Other reductions remove their index; softmax keeps it, because it gives one number for each value of it. " +
      "So the index stands on the left of the `let`, or is bound by a reduction around the softmax.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let p = softmax[n] x[n]
  return p
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let p[n] = softmax[n] x[n]
  return p
}
`,
  },
  {
    code: "LF0209",
    title: "A concat whose index is bound nowhere",
    text:
      "`concat[n](a[n], b[n])` is one element of the joined axis, for the n around it. So n stands on the left " +
      "of the `let`, or is bound by a reduction outside.",
    wrong: `lf 1
dim N = 8

model M(x, y: f32[N]) -> f32[2 * N] {
  let both = concat[n](x[n], y[n])
  return both
}
`,
    right: `lf 1
dim N = 8

model M(x, y: f32[N]) -> f32[2 * N] {
  let both[n] = concat[n](x[n], y[n])
  return both
}
`,
  },
  {
    code: "LF0210",
    title: "A part of a concat of unknown length",
    text:
      "In each part of a concat the index is one of its own, with the range of what it subscripts there. A part " +
      "that does not subscript anything by it could be of any length. Give it an axis first.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N + 1] {
  let y[n] = concat[n](0.0, x[n])
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N + 1] {
  let first[n: 1] = 0.0
  let y[n]        = concat[n](first[n], x[n])
  return y
}
`,
  },
  {
    code: "LF0211",
    title: "An index bound before the one it depends on",
    text:
      "With a table of sizes each head may have its own number of slots: k over `Proj[h]` has another range for " +
      "each h. So h comes first, on the left of a `let` and in the brackets of a reduction.",
    wrong: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[h: Heads, Proj[h]]) -> f32[h: Heads, Proj[h]] {
  let y[k, h] = 2 * e[h, k]
  return y
}
`,
    right: `lf 1
dim Heads          = 2
dim Proj[h: Heads] = [8, 4]

model M(e: f32[h: Heads, Proj[h]]) -> f32[h: Heads, Proj[h]] {
  let y[h, k] = 2 * e[h, k]
  return y
}
`,
  },
];
