import { describe, expect, test } from "vitest";
import { evalDim } from "../../src/ir/dim.js";
import { accepted, checkText, messages } from "./support.js";

const refused = (text: string, dims?: ReadonlyMap<string, number>): string[] => messages(checkText(text, dims));

describe("D1: equal means equal normal form", () => {
  test.each([
    ["Heads * (Model / Heads)", "Model"],
    ["Model / Heads * Heads", "Model"],
    ["2 * Model - Model", "Model"],
    ["(Model + Heads) * (Model - Heads)", "Model * Model - Heads * Heads"],
    ["4 * Model / 2", "2 * Model"],
    ["Model / 2 + Model / 2", "Model"],
    ["ceil(Model / Heads)", "Model / Heads"],
    ["floor((Model + 1) / Heads)", "Model / Heads"],
  ])("%s is %s", (a, b) => {
    accepted(checkText(`dim Model = 64\ndim Heads = 4\nmodel M(x: f32[${a}]) -> f32[${b}] { return x }`));
  });

  test("generics cancel too", () => {
    accepted(checkText("fn f<N, K>(x: f32[K * (N / K)], k: f32[K], n: f32[N]) -> f32[N] { return x + n }"));
  });

  test("only by a single term", () => {
    expect(refused("dim A = 8\ndim B = 4\ndim C = 24 / (A + B)")).toEqual([
      "LF0229 a size is divided by a single term only",
    ]);
    expect(
      refused(`dim A = 8
fn half<N, R>(x: f32[N], w: f32[R]) -> f32[N / R] { let y[j: N / R] = x[j * R] return y }
model M(x: f32[24], w: f32[A + 4]) -> f32[2] { return half(x, w) }`),
    ).toEqual([expect.stringMatching(/^LF0229 R is A \+ 4 here/)]);
  });
});

describe("D2: dims are names", () => {
  test("two of one value are never equal; a derived one is its definition", () => {
    const dims = "dim A = 64\ndim B = 64\ndim C = A\n";
    accepted(checkText(`${dims}model M(x: f32[A], y: f32[C]) -> f32[A] { return x + y }`));
    expect(refused(`${dims}model M(x: f32[A], y: f32[B]) -> f32[A] { return x + y }`)).toHaveLength(1);
    expect(refused(`${dims}model M(x: f32[A], y: f32[64]) -> f32[A] { return x + y }`)).toHaveLength(1);
  });

  test("a local dim given by a number is a name too", () => {
    const body = (b: string) => `fn f(x: f32[4]) -> f32[4] { dim A = 4 let y[i: ${b}] = x[i] return y }`;
    accepted(checkText(body("4")));
    expect(refused(body("A"))).toEqual([expect.stringMatching(/^LF0283/)]);
  });

  test("symbol names are unique over files, scopes and generics", () => {
    const program = accepted(
      checkText(`dim N = 4
fn f<A>(x: f32[A]) -> f32[A] { dim B = 2 return x }
fn g<A>(x: f32[A]) -> f32[A] { dim B = 3 return f(x) }
model M(x: f32[N]) -> f32[N] { return g(x) }`),
    );
    expect(new Set(program.values.values())).toEqual(new Set([4, 2, 3]));
    const symbols = [...program.dims.values()].flatMap((d) =>
      "symbol" in d && d.symbol.op === "symbol" ? [d.symbol.name] : [],
    );
    expect(new Set(symbols).size).toBe(symbols.length);
  });
});

describe("D3: `/` is exact, a size is at least 1", () => {
  test("by value, by step, by rounding", () => {
    expect(refused("dim A = 7\ndim B = A / 2")).toEqual(["LF0227 A / 2 is not a whole number"]);
    accepted(checkText("dim A = 7\ndim B = ceil(A / 2)\ndim C = floor(A / 2)"));
    accepted(checkText("dim S = ? in 64..640 step 64\ndim B = S / 64\ndim C = 3 * S / 32"));
    expect(refused("dim S = ? in 64..640 step 64\ndim B = S / 128")).toEqual([
      "LF0227 S / 128 is not a whole number for every S",
    ]);
    expect(refused("dim S = ? in 100..640 step 64")).toEqual([
      "LF0234 both ends of the range of S are multiples of its step",
    ]);
  });

  test.each([
    ["dim A = 3\ndim B = A - 3"],
    ["dim A = 3\ndim B = 0"],
    ["dim S = ? in 1..9\ndim B = S - 1"],
    ["dim S = ? in 0..9"],
    ["dim S = ? in 1..9 step 0"],
    ["model M(x: f32[0]) -> f32[1] { let y[n: 1] = 0.0 return y }"],
    ["fn f(x: f32[4]) -> f32[4] { return repeat 0 (z = x) { z } }"],
    ["fn f(x: f32[4]) -> f32[4] { let y = x[2..2] return x }"],
  ])("below one: %s", (text) => {
    expect(refused(text)).toEqual([expect.stringMatching(/^LF0230|^LF0234/)]);
  });

  test("fractions, division by zero", () => {
    expect(refused("dim A = 2.5")).toEqual(["LF0232 a size is a whole number"]);
    expect(refused("dim A = 4 / 0")).toHaveLength(1);
    expect(refused("dim A = ceil(4 / (2 - 2))")).toHaveLength(1);
  });

  test("defined by itself", () => {
    expect(refused("dim A = B + 1\ndim B = A")).toEqual([expect.stringMatching(/^LF0233/)]);
    expect(refused("dim A = A")).toHaveLength(1);
  });

  test("too large for one tensor, or to be counted", () => {
    expect(refused("model M(x: f32[65536, 65536]) -> f32[1] { let y[n: 1] = 0.0 return y }")).toEqual([
      expect.stringMatching(/^LF0269 .*4,294,967,296 elements/),
    ]);
    expect(refused("dim S = ? in 1..100000\nmodel M(x: f32[S, S]) -> f32[S] { let y[n] = x[n, 0] return y }")).toEqual([
      expect.stringMatching(/^LF0269 .*up to 10,000,000,000 elements/),
    ]);
    expect(refused("fn f<N>(x: f32[N]) -> f32[N] { let t[a: 70000, b: 70000] = 0.0 return x }")).toEqual([
      expect.stringMatching(/^LF0269/),
    ]);
    expect(refused("dim A = 3_000_000_000")).toEqual([expect.stringMatching(/^LF0231/)]);
    expect(refused("dim A = 1e300")).toEqual([expect.stringMatching(/^LF0231/)]);
    expect(refused(`dim A = ${Array(12).fill("2_000_000_000").join(" * ")}`)).toEqual([
      expect.stringMatching(/^LF0231/),
    ]);
    expect(refused("dim A = 60000\ndim B = 60000\ndim C = A * B")).toEqual([expect.stringMatching(/^LF0231/)]);
    expect(
      refused(
        `${"abcdefghij"
          .split("")
          .map((c) => `dim ${c} = 2`)
          .join("\n")}\ndim Z = ${Array(9).fill("(a+b+c+d+e+f+g+h+i+j)").join("*")}`,
      ),
    ).toEqual([expect.stringMatching(/^LF0231/)]);
  });

  test("long sums of sizes", () => {
    accepted(checkText(`dim A = ${Array(60).fill("1").join(" + ")}`));
  });
});

describe("D4, F3: bounds and obligations", () => {
  const slice = "fn head<N>(x: f32[N]) -> f32[4] { return x[0..4] }\n";
  test("what a generic decides is asked of the caller", () => {
    accepted(checkText(`${slice}model M(x: f32[4]) -> f32[4] { return head(x) }`));
    accepted(checkText(`${slice}dim S = ? in 4..9\nmodel M(x: f32[S]) -> f32[4] { return head(x) }`));
    expect(refused(`${slice}dim S = ? in 3..9\nmodel M(x: f32[S]) -> f32[4] { return head(x) }`)).toEqual([
      "LF0279 head needs N >= 4, which does not hold here",
    ]);
  });

  test("an unused function is checked, and a generic call passes the duty on", () => {
    accepted(checkText(slice));
    expect(refused("fn f<N>(x: f32[N]) -> f32[4] { let y[i: 4] = x[i + N] return y }")).toEqual([
      expect.stringMatching(/^LF0207/),
    ]);
    expect(
      refused(`${slice}fn twice<A, B>(x: f32[A], y: f32[B]) -> f32[4] { return head(x) + head(y) }
model M(x: f32[8], y: f32[3]) -> f32[4] { return twice(x, y) }`),
    ).toEqual(["LF0279 twice needs B >= 4, which does not hold here"]);
  });

  test("whole quotients are obligations", () => {
    const pool = `fn pool<N>(x: f32[N], K: dim) -> f32[K] {
  dim R = N / K
  let y[j: K] = mean[r: R] x[j * R + r]
  return y
}
`;
    accepted(checkText(`${pool}model M(x: f32[12]) -> f32[4] { return pool(x, 4) }`));
    expect(refused(`${pool}model M(x: f32[12]) -> f32[5] { return pool(x, 5) }`)).toEqual([
      "LF0280 pool needs N / K to be a whole number",
    ]);
    accepted(checkText(`${pool}dim S = ? in 8..64 step 8\nmodel M(x: f32[S]) -> f32[4] { return pool(x, 4) }`));
    accepted(
      checkText(`${pool}fn pass<N>(x: f32[N], K: dim) -> f32[K] { return pool(x, K) }
model M(x: f32[12]) -> f32[4] { return pass(x, 4) }`),
    );
    expect(
      refused(`${pool}fn pass<N>(x: f32[N], K: dim) -> f32[K] { return pool(x, K) }
model M(x: f32[12]) -> f32[7] { return pass(x, 7) }`),
    ).toEqual(["LF0280 pass needs N / K to be a whole number"]);
  });

  test("a guard that suffices for the caller's sizes is not forgotten", () => {
    const shift = `fn shift<N>(x: f32[N], K: dim) -> f32[N] {
  let y[n: N] = if n >= K then x[n - K] else 0
  return y
}
`;
    accepted(checkText(`${shift}model M(x: f32[8]) -> f32[8] { return shift(x, 3) }`));
    const start = `fn start<N>(x: f32[N], K: dim) -> f32[K] {
  let y[k: K] = if k < 4 then x[k] else 0
  return y
}
`;
    accepted(checkText(`${start}model M(x: f32[8]) -> f32[9] { return start(x, 9) }`));
    expect(refused(`${start}model M(x: f32[3]) -> f32[9] { return start(x, 9) }`)).toHaveLength(1);
  });

  test("counts and sizes of parameters are known when the program is compiled", () => {
    const deep = "block Deep<N>(x: f32[N], D: dim) -> f32[N] { return repeat D (z = x) { z + z } }\n";
    accepted(checkText(`${deep}model M(x: f32[4]) -> f32[4] { return Deep(x, 3) }`));
    expect(refused(`${deep}dim S = ? in 1..9\nmodel M(x: f32[S]) -> f32[S] { return Deep(x, S) }`)).toEqual([
      expect.stringMatching(/^LF0281 Deep needs a size that is known/),
    ]);
    expect(refused("dim S = ? in 1..9\nmodel M(x: f32[S]) -> f32[S] { param w: f32[S] return x + w }")).toEqual([
      "LF0293 the size of the parameter w changes from run to run",
    ]);
    expect(
      refused(`block B<N>(x: f32[N]) -> f32[N] { param w: f32[N] return x + w }
dim S = ? in 1..9
model M(x: f32[S]) -> f32[S] { return B(x) }`),
    ).toEqual([expect.stringMatching(/^LF0281 B needs/)]);
  });
});

describe("D5: tables", () => {
  const head = "dim Heads = 2\ndim K[h: Heads] = [8, 4]\n";
  test("as many entries as the dim has", () => {
    expect(refused("dim H = 3\ndim K[h: H] = [1, 2]")).toEqual([expect.stringMatching(/^LF0236/)]);
    expect(refused("dim K = [1, 2]")).toEqual([expect.stringMatching(/^LF0235/)]);
    expect(refused("dim H = 2\ndim K[h: H] = 3")).toEqual([expect.stringMatching(/^LF0235/)]);
    expect(refused("dim S = ? in 1..4\ndim K[h: S] = [1, 2]")).toEqual([expect.stringMatching(/^LF0235/)]);
    expect(refused("dim S = ? in 1..4\ndim H = 2\ndim K[h: H] = [1, S]")).toEqual([expect.stringMatching(/^LF0235/)]);
  });

  test("a ragged axis has its parent before it", () => {
    accepted(checkText(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[Heads] { let y[h] = sum[k] x[h, k] return y }`));
    accepted(checkText(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[h: Heads, K[h]] { return x + x }`));
    accepted(
      checkText(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[g: Heads, K[g]] { let y[h, k] = 2 * x[h, k] return y }`),
    );
    accepted(checkText(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[K[0]] { return x[0] }`));
    accepted(
      checkText(`${head}model M(x: f32[3, h: Heads, K[h]]) -> f32[3, h: Heads, K[h]] { let y[i] = x[i] return y }`),
    );
    expect(refused(`${head}model M(x: f32[K[h], h: Heads]) -> f32[1] { let y[n: 1] = 0.0 return y }`)).toHaveLength(1);
    expect(refused(`${head}model M(x: f32[h: 2, K[h]]) -> f32[1] { let y[n: 1] = 0.0 return y }`)).toEqual([
      expect.stringMatching(/^LF0237/),
    ]);
    expect(refused(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[1] { let y[k] = sum[h] x[h, k] return y }`)).toEqual([
      expect.stringMatching(/^LF0211/),
    ]);
    expect(refused(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[1] { let y = x[:, 0] return y }`)).toEqual([
      expect.stringMatching(/^LF0263/),
    ]);
    expect(refused(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[1] { let y = x[0..1, :] return y }`)).toEqual([
      expect.stringMatching(/^LF0263/),
    ]);
    expect(refused(`${head}model M(x: f32[h: Heads, K[h]]) -> f32[1] { let y = x[5] return y }`)).toHaveLength(1);
    expect(refused(`${head}model M(x: f32[K[2]]) -> f32[1] { let y[n: 1] = 0.0 return y }`)).toEqual([
      expect.stringMatching(/^LF0238/),
    ]);
    expect(refused(`${head}model M(x: f32[K]) -> f32[1] { let y[n: 1] = 0.0 return y }`)).toEqual([
      expect.stringMatching(/^LF0240/),
    ]);
  });

  test("entries bound sizes by the least and greatest one", () => {
    accepted(checkText(`${head}model M(x: f32[8]) -> f32[Heads] { let y[h: Heads] = sum[k] x[0..K[h]][k] return y }`));
    expect(
      refused(`${head}model M(x: f32[7]) -> f32[Heads] { let y[h: Heads] = sum[k] x[0..K[h]][k] return y }`),
    ).toEqual([expect.stringMatching(/^LF0262/)]);
  });

  test("a function takes one head at a time", () => {
    const total = "fn total<N>(x: f32[N]) -> f32 { return sum[n] x[n] }\n";
    accepted(
      checkText(`${head}${total}model M(x: f32[h: Heads, K[h]]) -> f32[Heads] { let y[h] = total(x[h]) return y }`),
    );
    expect(
      refused(`${head}fn all<H, N>(x: f32[H, N]) -> f32 { return sum[h, n] x[h, n] }
model M(x: f32[h: Heads, K[h]]) -> f32 { return all(x) }`),
    ).toEqual([expect.stringMatching(/^LF0275/)]);
  });
});

describe("D6: a run-time dim is an axis of an input", () => {
  const S = "dim S = ? in 2..8 step 2\n";
  test.each([
    [
      "fn f(x: f32[S]) -> f32[S] { return x }\nmodel M(x: f32[4]) -> f32[4] { let t[n: S] = 0.0 let y[i: 4] = x[i] return y }",
      false,
    ],
    ["fn f(x: f32[4]) -> f32[4] { let t[n: S] = 0.0 return x }\nmodel M(x: f32[4]) -> f32[4] { return f(x) }", false],
    ["dim H = S / 2\nmodel M(x: f32[H]) -> f32[H] { return x }", false],
    ["dim H = S / 2\nmodel M(x: f32[H], y: f32[S]) -> f32[H] { return x }", true],
    ["model M(x: f32[4]) -> f32[4] { return x }", true],
  ])("%s", (text, fits) => {
    const checked = checkText(S + text);
    if (fits) accepted(checked);
    else expect(messages(checked)).toEqual([expect.stringMatching(/^LF0291 S is bound at run time/)]);
  });
});

describe("--dim", () => {
  const text =
    "dim S = ? in 8..64 step 8\ndim P = 16\ndim H = P / 4\ndim L = 2\ndim T[l: L] = [1, 2]\nmodel M(x: f32[S]) -> f32[H] { let y[h: H] = x[h] return y }";
  const set = (name: string, value: number) => checkText(text, new Map([[name, value]]));
  test("sets numbers and run-time dims", () => {
    expect(accepted(set("P", 32)).values.get("P")).toBe(32);
    const program = accepted(set("S", 24));
    expect(program.values.get("S")).toBe(24);
    const [model] = program.models;
    const shape = program.shapes.get(model?.formals[0]?.type as never) ?? [];
    expect(shape.map((d) => evalDim(d, program.values))).toEqual([24]);
  });
  test.each([
    ["S", 12, "LF0245"],
    ["S", 72, "LF0245"],
    ["S", 0, "LF0245"],
    ["P", 2.5, "LF0245"],
    ["P", 17, "LF0227"],
    ["P", 64, "LF0204"],
    ["H", 4, "LF0244"],
    ["T", 4, "LF0244"],
    ["Q", 4, "LF0243"],
    ["M", 4, "LF0243"],
    ["L", 3, "LF0236"],
  ])("%s = %d gives %s", (name, value, code) => {
    expect(messages(set(name, value))).toEqual([expect.stringMatching(new RegExp(`^${code}`))]);
  });
});
