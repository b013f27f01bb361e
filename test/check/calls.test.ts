import { describe, expect, test } from "vitest";
import { printDim } from "../../src/ir/dim.js";
import { accepted, checkFiles, checkText, messages } from "./support.js";

const lib = `dim N = 8
dim D = 4
dim S = ? in 1..64
fn add<A>(a: f32[A], b: f32[A]) -> f32[A] { return a + b }
fn join<A, B>(a: f32[A], b: f32[B]) -> f32[A + B] { let y[i] = concat[i](a[i], b[i]) return y }
fn twice<A>(a: f32[A]) -> (p: f32[A], q: f32) { return a + a, sum[i] a[i] }
block Lin<I>(x: f32[I], O: dim) -> f32[O] { param w: f32[O, I] let y[o] = sum[i] w[o, i] * x[i] return y }
block Same<I>(x: f32[I]) -> f32[I] { param g: f32 return g * x }
`;
const inside = (body: string, result = "f32[N]") =>
  checkText(`${lib}model M(x: f32[N], y: f32[N, D], w: f32[D], r: f32[S], t: i32[N]) -> ${result} {\n${body}\n}`);
const codes = (body: string, result?: string): string[] => inside(body, result).diagnostics.map((d) => d.code);

describe("F1: generics from the arguments", () => {
  test("bindings are kept for each call", () => {
    const program = accepted(inside("let a = join(w, x) return x"));
    const [bindings] = program.bindings.values();
    expect([...(bindings?.values() ?? [])].map(printDim)).toEqual(["D", "N"]);
  });
  test.each([
    ["let a[n] = add(y[n], w) return x"],
    ["let a[d] = add(y[:, d], x) return x"],
    ["return add(x, add(x, x))"],
    ["let a = Lin(x, 3) + Lin(w, 3) return x"],
    ["let a = Lin(x, 2 * D) let b[i: 2 * D] = a[i] return x"],
    ["let a = add(r, r) return x"],
    ["return add(x, x[0..N])"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["return add(x)", "LF0270"],
    ["return add(x, x, x)", "LF0270"],
    ["return add(x, w)", "LF0272"],
    ["return add(y, y)", "LF0271"],
    ["return add(x, t)", "LF0271"],
    ["return add(x, 1)", "LF0271"],
    ["let a = Lin(x, x[0]) return x", "LF0274"],
    ["let a[n] = Lin(y[n], n) return x", "LF0274"],
    ["let a = Lin(x, 0) return x", "LF0230"],
    ["return join(x, w)", "LF0283"],
    ["return x(0)", "LF0276"],
    ["return N(0)", "LF0276"],
    ["return addd(x, x)", "LF0217"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
  test("a generic in no place by itself", () => {
    expect(messages(checkText("fn f<N>(x: f32[2 * N]) -> f32[N] { let y[i: N] = 0.0 return y }"))).toEqual([
      "LF0273 no argument of f says what N is",
    ]);
  });
  test("the rest is compared by the normal form", () => {
    const f = "fn f<A>(x: f32[A], y: f32[2 * A]) -> f32[A] { return x }\n";
    accepted(checkText(`${f}model M(x: f32[4], y: f32[8]) -> f32[4] { return f(x, y) }`));
    expect(messages(checkText(`${f}model M(x: f32[4], y: f32[9]) -> f32[4] { return f(x, y) }`))).toEqual([
      expect.stringMatching(/^LF0271 `y` does not fit the argument y of f/),
    ]);
  });
});

describe("F2: purity and recursion", () => {
  test("no recursion, over any number of calls", () => {
    expect(
      messages(
        checkText(`fn a(x: f32[4]) -> f32[4] { return b(x) }
fn b(x: f32[4]) -> f32[4] { return c(x) }
fn c(x: f32[4]) -> f32[4] { return a(x) }`),
      ),
    ).toEqual(["LF0278 these call each other in a circle: a → b → c → a"]);
    expect(messages(checkText("block B(x: f32[4]) -> f32[4] { param b: B return b(x) }"))).toEqual([
      "LF0278 B calls itself",
    ]);
  });
  test("a long chain of calls does not overflow the stack", () => {
    const n = 5000;
    const fns = Array.from(
      { length: n },
      (_, i) => `fn g_${i}<N>(x: f32[N]) -> f32[N] { return ${i + 1 < n ? `g_${i + 1}(x)` : "x"} }`,
    );
    accepted(checkText(fns.join("\n")));
  });
  test.each([
    ["fn f(x: f32[4]) -> f32[4] { return B(x) }", "LF0277"],
    ["fn f(x: f32[4]) -> f32[4] { param w: f32[4] return x }", "LF0292"],
    ["fn f(x: f32[4]) -> f32[4] { param b: B return x }", "LF0292"],
    ["fn f(b: B) -> f32[4] { let y[i: 4] = 0.0 return y }", "LF0268"],
    ["fn f(x: f32[4]) -> B { return x }", "LF0268"],
    ["fn f(x: f32[4]) -> dim { return 4 }", "LF0267"],
    ["fn f(x: f32[4]) -> (a: f32[4], a: f32[4]) { return x, x }", "LF0282"],
    ["fn f(x: f32[4]) -> f32[4] { return x, x }", "LF0282"],
    ["fn f(x: f32[4]) -> (a: f32[4], b: f32[4]) { return x }", "LF0282"],
    ["fn f(x: f32[4], x: f32[4]) -> f32[4] { return x }", "LF0214"],
    ["fn f<N, N>(x: f32[N]) -> f32[N] { return x }", "LF0214"],
    ["model Q<N>(x: f32[N]) -> f32[N] { return x }", "LF0290"],
    ["model Q(x: f32[4], K: dim) -> f32[4] { return x }", "LF0290"],
    ["block C(x: f32[4]) -> f32[4] { return repeat 2 (z = x) { param w: f32[4] return z + w } }", "LF0292"],
  ])("%s", (text, code) => {
    const b = "block B(x: f32[4]) -> f32[4] { param w: f32[4] return x + w }\n";
    expect(checkText(b + text).diagnostics.map((d) => d.code)).toEqual([code]);
  });
});

describe("F4: instances", () => {
  test.each([
    ["param a: Same let p = a(x) let q = a(w) return p"], // its parameters mention no size
    ["param a: Lin let p = a(x, 3) let q = a(x, 3) return x"],
    ["param a: Lin[l: 2] let p = a[0](x, 3) let q = a[1](w, 3) return x"],
    ["param a: Same[l: 3] return repeat l in 3 (z = x) { a[l](z) }"],
    ["param a: Same[l: 3] return repeat l in 2 (z = x) { a[l + 1](z) }"],
    ["param a: Same[l: 2, k: 2] return repeat l in 2 (z = x) { a[l, 1](z) }"],
    ["return repeat 3 (z = x) { Same(z) }"],
    ["param a: Same let p[n] = a(y[n]) return x"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["param a: Lin let p = a(x, 3) let q = a(x, 4) return x", "LF0289"],
    ["param a: Lin let p = a(x, 3) let q = a(w, 3) return x", "LF0289"],
    ["param a: Lin[l: 2] let p = a[0](x, 3) let q = a[0](w, 3) return x", "LF0289"],
    ["param a: Same[l: 3] return repeat l in 4 (z = x) { a[l](z) }", "LF0288"],
    ["param a: Same[l: 3] return a(x)", "LF0288"],
    ["param a: Same[l: 3] return a[0, 0](x)", "LF0288"],
    ["param a: Same[l: 3] return a[0..2](x)", "LF0288"],
    ["param a: Same[l: 3] let p[n] = a[n](y[n]) return x", "LF0288"],
    ["param a: Same return a", "LF0219"],
    ["param a: Same[S] return x", "LF0293"],
    ["param a: add return x", "LF0268"],
    ["param a: Nothing return x", "LF0217"],
    ["param a: Same = zeros return x", "LF0294"],
    ['param a: Same from "a" as "x" return x', "LF0298"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });

  test("sizes that come from a table follow the layer", () => {
    const table = (calls: string) =>
      checkText(`dim L = 3
dim K[l: L] = [4, 4, 2]
block B<N>(x: f32[N], W: dim) -> f32[N] { param e: f32[W, N] let s = sum[i, n] e[i, n] return x + s }
model M(x: f32[8]) -> f32[8] { param bs: B[l: L] param one: B ${calls} }`);
    accepted(table("return repeat l in L (z = x) { bs[l](z, K[l]) }"));
    accepted(table("let a = repeat l in L (z = x) { bs[l](z, K[l]) } return repeat l in L (z = a) { bs[l](z, K[l]) }"));
    accepted(table("let a = repeat l in L (z = x) { bs[l](z, K[l]) } return bs[2](a, K[2])"));
    const twoSizes = [expect.stringMatching(/^LF0289/)];
    expect(messages(table("let a = repeat l in L (z = x) { bs[l](z, K[l]) } return bs[2](a, K[0])"))).toEqual(twoSizes);
    expect(messages(table("return repeat l in L (z = x) { one(z, K[l]) }"))).toEqual(twoSizes);
    expect(messages(table("return repeat l in L (z = x) { bs[0](z, K[l]) }"))).toEqual(twoSizes);
    expect(messages(table("return repeat l in L (z = x) { bs[l](z, l + 1) }"))).toEqual([]);
    expect(
      messages(
        table("let a = repeat l in L (z = x) { bs[l](z, l + 1) } return repeat l in 2 (z = a) { bs[l + 1](z, l + 2) }"),
      ),
    ).toEqual([]);
    expect(
      messages(
        table("let a = repeat l in L (z = x) { bs[l](z, l + 1) } return repeat l in 2 (z = a) { bs[l + 1](z, l + 1) }"),
      ),
    ).toEqual(twoSizes);
  });

  test("a size is mentioned through inner instances too", () => {
    const deep = (calls: string) =>
      checkText(`block In<N>(x: f32[N]) -> f32[N] { param w: f32[N] return x + w }
block Out<N>(x: f32[N]) -> f32[N] { param i: In return i(x) }
block Anonymous<N>(x: f32[N]) -> f32[N] { return In(x) }
model M(x: f32[8], y: f32[4]) -> (a: f32[8], b: f32[4]) { ${calls} }`);
    for (const block of ["In", "Out", "Anonymous"])
      expect(messages(deep(`param o: ${block} return o(x), o(y)`))).toEqual([expect.stringMatching(/^LF0289/)]);
    accepted(deep("return Out(x), Out(y)"));
  });
});

describe("F5: several results and states", () => {
  test.each([
    ["let p, q = twice(x) return q * p"],
    ["let p[n], q[n] = twice(y[n]) return q"],
    ["let p, q = repeat 2 (a = x, b = w) { return a + a, b } return p"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["let p = twice(x) return x", "LF0285"],
    ["let p, q, r2 = twice(x) return x", "LF0285"],
    ["let p, q = x return x", "LF0285"],
    ["let p[n], q[m] = twice(y[n]) return x", "LF0285"],
    ["let p[n], q = twice(y[n]) return x", "LF0285"],
    ["return twice(x) + x", "LF0256"],
    ["let p, q = repeat 2 (a = x, b = w) { a } return p", "LF0286"],
    ["let p = repeat 2 (a = x, b = w) { return a, b } return p", "LF0285"],
    ["return repeat 2 (z = x) { w }", "LF0287"],
    ["let p = repeat 2 (z = 1) { z + 0.5 } return x", "LF0246"],
    ["return repeat S (z = x) { z }", "LF0286"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
});

describe("F6, F8: parameters", () => {
  test.each([
    ['param p: f32[a: N, b: D] = normal(1 / sqrt(D)) from "p.{a}.w" as "b" return x'],
    ['param p: f32[a: N, b: D, c: 3] from "p" as "(c a) b" return x'],
    ["param p: f32[N] = uniform(-1, 1.0 / D) return x"],
    ["param p: i32[N] = zeros return x"],
    ["param p: f16[N] = fixed ones return x"],
    ["param p: f32[N, D] = xavier return x"],
    ["param p: f32 = normal(exp(2) * max(1, D)) return x * p"],
    ['param b: Same[l: 3] from "b.{l}" return x'],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["param p: f32[N] = normal return x", "LF0295"],
    ["param p: f32[N] = zeros(1) return x", "LF0295"],
    ["param p: f32[N] = gaussian(1) return x", "LF0295"],
    ["param p: f32[N] = normal(x[0]) return x", "LF0295"],
    ["param p: f32[N] = normal(true) return x", "LF0295"],
    ["param p: f32[N] = normal(1 / sqrt(S)) return x", "LF0295"],
    ["param p: f32[N] = normal(1e39) return x", "LF0255"],
    ["param p: i32[N] return x", "LF0294"],
    ["param p: i32[N] = normal(1) return x", "LF0294"],
    ["param p: dim return x", "LF0267"],
    ["param p: f32[S] return x", "LF0293"],
    ['param p, q: f32[N] from "p" return x', "LF0296"],
    ['param p: f32[N] from "p.{l}" return x', "LF0297"],
    ['param b: Same[l: 3] from "b" return x', "LF0297"],
    ['param b: Same[3] from "b" return x', "LF0297"],
    ['param p: f32[N] as "n" return x', "LF0298"],
    ['param p: f32[N] from "p" as "n" return x', "LF0298"],
    ['param p: f32[a: N] from "p" as "b" return x', "LF0299"],
    ['param p: f32[a: N, b: D] from "p" as "a" return x', "LF0299"],
    ['param p: f32[a: N, b: D] from "p" as "a a b" return x', "LF0299"],
    ['param p: f32[a: N, b: D] from "p" as "(a b" return x', "LF0299"],
    ['param p: f32[a: N, b: D] from "p" as "((a) b)" return x', "LF0299"],
    ['param p: f32[a: N, b: D] from "p" as "a, b" return x', "LF0299"],
    ['param p: f32[a: N, b: D] from "p.{a}" as "a b" return x', "LF0299"],
    ["param p: f32[a: N, a: D] return x", "LF0269"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
});

describe("E8: static conditions", () => {
  test("are facts about layer numbers", () => {
    accepted(inside("param a: Same[l: 2] return repeat l in 3 (z = x) { if l < 2 then a[l](z) else z }"));
    accepted(inside("param a: Same[l: 2] return repeat l in 3 (z = x) { if l == 0 then z else a[l - 1](z) }"));
    expect(codes("param a: Same[l: 2] return repeat l in 3 (z = x) { if l <= 2 then a[l](z) else z }")).toEqual([
      "LF0288",
    ]);
    expect(codes("param a: Same[l: 2] return repeat l in 3 (z = x) { if l == 0 then z else a[l](z) }")).toEqual([
      "LF0288",
    ]);
  });
});

describe("imports", () => {
  const lib2 =
    "dim W = 3\ndim _P = 5\nfn one(x: f32[W]) -> f32[W] { return x }\nfn _two(x: f32[_P]) -> f32[_P] { return x }\nmodel Q(x: f32[W]) -> f32[W] { return x }\n";
  const check = (entry: string, more: Record<string, string> = {}) =>
    checkFiles({ "a.lf": entry, "b.lf": lib2, ...more });
  test("all names but private ones, or some, renamed", () => {
    const program = accepted(check('import "b.lf"\nmodel M(x: f32[W]) -> f32[W] { return one(x) }'));
    expect(program.models.map((m) => m.name.text)).toEqual(["M"]);
    expect(program.files).toHaveLength(2);
    accepted(
      check('import "b.lf" (one as first, W as Width)\nmodel M(x: f32[Width]) -> f32[Width] { return first(x) }'),
    );
    expect(messages(check('import "b.lf"\nfn f(x: f32[5]) -> f32[5] { return _two(x) }'))).toHaveLength(1);
    expect(messages(check('import "b.lf" (_two)'))).toEqual([expect.stringMatching(/^LF0224/)]);
    expect(messages(check('import "b.lf" (onne)'))).toEqual([expect.stringMatching(/^LF0223/)]);
  });
  test("not what the file imports itself; circles are fine", () => {
    const c = { "c.lf": 'import "b.lf"\nimport "a.lf"\nfn three(x: f32[W]) -> f32[W] { return one(x) }' };
    accepted(check('import "c.lf"\nimport "b.lf" (W)\nfn f(x: f32[W]) -> f32[W] { return three(x) }', c));
    expect(messages(check('import "c.lf"\nfn f(x: f32[3]) -> f32[3] { return one(x) }', c))).toEqual([
      "LF0217 there is no function called one here",
    ]);
  });
  test("clashes", () => {
    expect(messages(check('import "b.lf"\ndim W = 4'))).toEqual(["LF0225 W is imported and declared"]);
    expect(messages(check('import "b.lf"\nimport "c.lf"', { "c.lf": "dim W = 3" }))).toEqual([
      "LF0226 W is imported from two files",
    ]);
    accepted(check('import "b.lf"\nimport "b.lf" (W)'));
    expect(messages(check('import "a.lf"'))).toEqual([expect.stringMatching(/^LF0222/)]);
    expect(messages(check('import "zzz.lf"'))).toEqual([expect.stringMatching(/^LF0221/)]);
    const ours = check('import "std/zzz.lf"').diagnostics[0];
    expect(ours?.help).toBe("`std/…` names a file of the standard library; one of yours is `./std/zzz.lf`");
    expect(messages(check('import "b.lf" (one as exp)'))).toEqual([expect.stringMatching(/^LF0216/)]);
  });
  test("dims of two files with one name are two dims", () => {
    const program = accepted(
      check('import "b.lf" (one, W as BW)\ndim W = 3\nmodel M(x: f32[W], y: f32[BW]) -> f32[BW] { return one(y) }'),
    );
    expect([...program.values.keys()].filter((n) => n.startsWith("W"))).toHaveLength(2);
    expect(messages(check('import "b.lf" (one)\ndim W = 3\nmodel M(x: f32[W]) -> f32[W] { return one(x) }'))).toEqual([
      expect.stringMatching(/^LF0271/),
    ]);
  });
  test("a mistake in an imported file is shown there", () => {
    const checked = check('import "c.lf"', { "c.lf": "fn f(x: f32[4]) -> f32[4] { return y }" });
    expect(checked.diagnostics.map((d) => d.span?.file.path)).toEqual(["c.lf"]);
    const syntax = check('import "c.lf"\nfn g(x: f32[4]) -> f32[4] { return y }', { "c.lf": "fn f(" });
    expect(syntax.program).toBeUndefined();
    expect(syntax.diagnostics[0]?.span?.file.path).toBe("c.lf");
  });
});
