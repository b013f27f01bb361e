import type { Explanation } from "./explanation.js";

/** Names and imports (LF0214 – LF0226, LF0239). */
export const names: readonly Explanation[] = [
  {
    code: "LF0214",
    title: "A name that is taken",
    text:
      "A name means one thing in all of its scope: nothing is declared twice or hidden, and an index never has " +
      "the name of a tensor or a dim. In a formula full of short letters that is what keeps `w[w]` from meaning " +
      "something. The same letter may be an index in many statements.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x[n]
  let y[n] = y[n] + 1
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = 2 * x[n]
  let z[n] = y[n] + 1
  return z
}
`,
  },
  {
    code: "LF0215",
    title: "An index bound twice",
    text:
      "An index is already bound around this place, on the left or by a reduction outside. If the same position " +
      "is meant, it is not to be reduced; if not, the inner one needs another letter.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] / sum[n] x[n]
  return y
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let y[n] = x[n] / sum[m] x[m]
  return y
}
`,
  },
  {
    code: "LF0216",
    title: "The name of a built-in function",
    text:
      "The built-in functions share one namespace with everything else, so that `exp` is always the exponential " +
      "function. Choose another name for yours.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let abs = max(x, -x)
  return abs
}
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] {
  let size = max(x, -x)
  return size
}
`,
  },
  {
    code: "LF0217",
    title: "An unknown name",
    text:
      "Nothing of this name can be seen here. Values are declared before they are used; indices are bound on " +
      "the left of a `let` or by a reduction; dims and functions stand anywhere in the file or are imported.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { gleu(x) }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { gelu(x) }
`,
  },
  {
    code: "LF0218",
    title: "An index used after its reduction has ended",
    text:
      "A reduction takes the product to its right and ends at the next `+` or `-`, as Σ does on paper. Its " +
      "index means nothing after that. Put brackets round all that is to be reduced, or bind the index outside.",
    wrong: `lf 1
dim N = 8

model M(x, b: f32[N]) -> f32 { sum[n] x[n] + b[n] }
`,
    right: `lf 1
dim N = 8

model M(x, b: f32[N]) -> f32 { sum[n] (x[n] + b[n]) }
`,
  },
  {
    code: "LF0219",
    title: "Something that is no value",
    text:
      "Functions, blocks, instances and tables of sizes are no values: they cannot be passed, returned or " +
      "computed with. Call the function, or take one entry of the table.",
    wrong: `lf 1
dim N = 8

fn twice(x: f32[N]) -> f32[N] { x + x }

model M(x: f32[N]) -> f32[N] { x + twice }
`,
    right: `lf 1
dim N = 8

fn twice(x: f32[N]) -> f32[N] { x + x }

model M(x: f32[N]) -> f32[N] { x + twice(x) }
`,
  },
  {
    code: "LF0220",
    title: "A built-in function with the wrong number of arguments",
    text:
      "`max` and `min` take two or more values, `pow` two, the others one. To find the greatest along an axis, " +
      "reduce: `max[i] x[i]`.",
    wrong: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { exp(x, 2) }
`,
    right: `lf 1
dim N = 8

model M(x: f32[N]) -> f32[N] { exp(x) }
`,
  },
  {
    code: "LF0221",
    title: "An imported file that does not exist",
    text:
      "A path is relative to the file that imports. `std/…` names the standard library, wherever it is " + "installed.",
    wrong: `lf 1
import "std/normalise.lf" (layer_norm)

model M(x, g, b: f32[8]) -> f32[8] { layer_norm(x, g, b) }
`,
    right: `lf 1
import "std/norm.lf" (layer_norm)

model M(x, g, b: f32[8]) -> f32[8] { layer_norm(x, g, b) }
`,
  },
  {
    code: "LF0222",
    title: "A file that imports itself",
    text: "What a file declares it can use without an import. Two files may import each other.",
    wrong: `lf 1
import "example.lf"

model M(x: f32[8]) -> f32[8] { x }
`,
    right: `lf 1

model M(x: f32[8]) -> f32[8] { x }
`,
  },
  {
    code: "LF0223",
    title: "A name that the imported file does not declare",
    text:
      "An import brings what the file itself declares, not what that file imports from others. Here the name is " +
      "misspelt, or stands in another file.",
    wrong: `lf 1
import "std/norm.lf" (layernorm)

model M(x, g, b: f32[8]) -> f32[8] { layernorm(x, g, b) }
`,
    right: `lf 1
import "std/norm.lf" (layer_norm)

model M(x, g, b: f32[8]) -> f32[8] { layer_norm(x, g, b) }
`,
  },
  {
    code: "LF0224",
    title: "A private name",
    text:
      "Names that begin with `_` belong to their file alone, so that it can change them without breaking " +
      "others. Use a name without it, or rename yours if it is meant for others.",
    wrong: `lf 1
import "std/position.lf" (_angle)

model M(x: f32[8]) -> f32[8] {
  let y[n] = x[n] * cos(_angle(n, 0, 8))
  return y
}
`,
    right: `lf 1
import "std/position.lf" (rotary_pairs)

model M(x: f32[8, 4]) -> f32[8, 4] { rotary_pairs(x) }
`,
  },
  {
    code: "LF0225",
    title: "A name both imported and declared",
    text: "An import never hides what a file declares. Rename one of them; an import can rename.",
    wrong: `lf 1
import "std/norm.lf"

fn rms_norm<D>(x: f32[D]) -> f32[D] { x }

model M(x: f32[8]) -> f32[8] { rms_norm(x) }
`,
    right: `lf 1
import "std/norm.lf" (rms_norm as std_rms_norm)

fn rms_norm<D>(x: f32[D]) -> f32[D] {
  let one[d: D] = 1.0
  return std_rms_norm(x, one)
}

model M(x: f32[8]) -> f32[8] { rms_norm(x) }
`,
  },
  {
    code: "LF0226",
    title: "A name imported twice",
    text: "Two imports bring different things of one name. Rename one of them where it is imported.",
    wrong: `lf 1
import "std/norm.lf" (layer_norm as f)
import "std/linear.lf" (linear as f)

model M(x: f32[8]) -> f32[8] { x }
`,
    right: `lf 1
import "std/norm.lf" (layer_norm as norm)
import "std/linear.lf" (linear)

model M(x, w, b: f32[8]) -> f32[8] { norm(x, w, b) }
`,
  },
];
