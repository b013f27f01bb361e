import { describe, expect, test } from "vitest";
import { printDim } from "../../src/ir/dim.js";
import { accepted, checkText, marked, messages } from "./support.js";

const head = "dim N = 8\ndim D = 4\ndim S = ? in 2..64 step 2\n";
/** A program around one body, with x: f32[N, D], w: f32[D], t: i32[N], keep: bool[N], r: f32[S]. */
const inside = (body: string, result = "f32[N, D]") =>
  checkText(`${head}model M(x: f32[N, D], w: f32[D], t: i32[N], keep: bool[N], r: f32[S]) -> ${result} {\n${body}\n}`);
const codes = (body: string, result?: string): string[] => inside(body, result).diagnostics.map((d) => d.code);

describe("I1: binding", () => {
  test("the same letter in disjoint scopes is free", () => {
    accepted(inside("let a = sum[n, d] x[n, d] let b = sum[n, d] x[n, d] return (a + b) * x"));
    accepted(inside("let y[n, d] = x[n, d] + (sum[m] x[m, d]) + (sum[m] x[m, d]) return y"));
  });
  test("nested scopes are not", () => {
    expect(codes("let y[n, d] = sum[n] x[n, d] return y")).toEqual(["LF0215"]);
    expect(codes("let y[d] = sum[n] x[n, d] * sum[n] x[n, d] return y", "f32[D]")).toEqual(["LF0215"]);
    expect(codes("let y[n, n] = x[n, n] return y")).toEqual(["LF0215"]);
    expect(codes("let y[n, d] = repeat 2 (z = x[n]) { let n2[d] = z[d] return n2 } [d] return y")).not.toEqual([]);
  });
  test("nothing visible is hidden", () => {
    for (const index of ["x", "N", "M", "exp", "S", "w"])
      expect(codes(`let y[${index}] = sum[d] x[0, d] return x`)).toHaveLength(1);
    expect(codes("let y[y: N] = 0.0 return x")).toEqual(["LF0266"]);
    expect(codes("let a = x let y = repeat l in 2 (a = x) { a } return y")).toEqual(["LF0214"]);
    expect(codes("let l = x return repeat l in 2 (z = x) { z }")).toEqual(["LF0214"]);
  });
  test("conditions see only the indices to their left", () => {
    expect(codes("let y = sum[n where x[n, d] > 0, d] x[n, d] return x")).toEqual(["LF0217"]);
    accepted(inside("let y = sum[n, d where x[n, d] > 0] x[n, d] return y * x"));
  });
});

describe("I2: where a range comes from", () => {
  test("annotation, bare subscript, short form", () => {
    const program = accepted(inside("let y[n, d] = sum[m <= n] x[m, d] return y"));
    expect([...program.ranges.values()].map(printDim).sort()).toEqual(["D", "N", "N"]);
    accepted(inside("let a[n: N] = 1.0 return x"));
    accepted(inside("let y[n: N, d: D] = sum[m <= n] f32(m) return y"));
    accepted(inside("let y[n: N, d: D] = sum[n - 3 < m <= n] f32(m) return y"));
    accepted(inside("let p[n: N, m] = softmax[m <= n] f32(m) let y[n, d] = sum[m] p[n, m] * x[m, d] return y"));
  });
  test("never from arithmetic, a condition, a gather or the declared result", () => {
    expect(codes("let y[n, d] = x[n + 0, d] return y")).toEqual(["LF0202"]);
    expect(codes("let y[n, d] = sum[m where keep[m + 0]] x[n, d] return y")).toEqual(["LF0202"]);
    expect(codes("let y[n, d] = sum[m where m < n] x[n, d] return y")).toEqual(["LF0202"]);
    expect(codes("let y[n, d] = 1.0 return y")).toEqual(["LF0202"]);
    accepted(inside("let y[n, d] = sum[m where keep[m]] x[n, d] return y")); // a bare subscript is one wherever it stands
  });
  test("a function call gives none, its arguments do", () => {
    accepted(inside("let y[n] = exp(x[n]) return y"));
  });
});

describe("I3: unify or prove", () => {
  test("without annotation all ranges are equal", () => {
    expect(codes("let y[n, d] = x[n, d] * r[n] return y")).toEqual(["LF0203"]);
    expect(marked(inside("let y[n, d] = x[n, d] * r[n] return y"))).toEqual(["n"]);
    expect(codes("let y[n, d] = sum[m <= n] x[m, d] * r[n] return y")).toEqual(["LF0205"]);
  });
  test("with one each bare subscript is proved in range", () => {
    accepted(inside("let y[n: 3, d] = x[n, d] * r[0] return x"));
    accepted(inside("let y[i: D / 2] = w[i] + w[i + D / 2] return x"));
    expect(codes("let y[i: 2 * D] = w[i] return x")).toEqual(["LF0204"]);
    expect(codes("let y[i: S] = x[i, 0] return x")).toEqual(["LF0204"]);
  });
  test("facts count for a bare subscript too: concat written out", () => {
    const program = accepted(inside("let y[i: D + N] = if i < D then w[i] else x[i - D, 0] return x"));
    expect(program.guarded.size).toBe(2);
    expect(codes("let y[i: D + N] = if i <= D then w[i] else x[i - D, 0] return x")).toEqual(["LF0204"]);
  });
});

describe("I4: subscripts in range", () => {
  test.each([
    ["let y[j: N / 2, q: 2, d] = x[j * 2 + q, d] return x"],
    ["let y[n: N, d: D] = x[n / 2 * 2 + n % 2, d] return y"],
    ["let y[n: N, d] = x[N - 1 - n, d] return y"],
    ["let y[n: N, d] = x[n % 3, d] return y"],
    ["let y[n: N, d] = x[(n + N) / 2 - N / 2, d] return y"],
    ["let y[n: N, d] = if n > 0 then x[n - 1, d] else 0 return y"],
    ["let y[n: N, d] = if n == 0 then 0 else x[n - 1, d] return y"],
    ["let y[n: N, d] = if n != N - 1 then x[n + 1, d] else 0 return y"],
    ["let y[n: N, d] = sum[k: 3 where 0 <= n + k - 1 < N] x[n + k - 1, d] return y"],
    ["let y[n: N, d] = if n < 2 then 0 else x[n - 2, d] return y"],
    ["let y[n: N, d] = sum[m <= n] x[n - m, d] return y"],
    ["let b[i: S / 2, k: 2] = r[i * 2 + k] return x"],
    ["let b[i: S] = r[S - 1 - i] return x"],
    ["let b = r[0] + r[1] + r[S - 1] return x"],
    ["let y[n: N, d] = if n > 2 then x[(n - 3) / 2, d] else 0 return y"],
    ["let y[n: N, d] = if not (n == 0) and n > 0 then x[n - 1, d] else 0 return y"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["let y[n: N, d] = x[n + 1, d] return y", "LF0207"],
    ["let y[n: N, d] = x[n * 2, d] return y", "LF0207"],
    ["let y[n: N, d] = x[-n, d] return y", "LF0206"],
    ["let y[n: N, d] = x[n % 3 + N - 2, d] return y", "LF0207"],
    ["let y[n: N, d] = x[8, d] return y", "LF0207"],
    ["let y[n: N, d] = x[-1, d] return y", "LF0206"],
    ["let b = r[2] return x", "LF0207"],
    ["let y[n: N, d] = if n > 0 or d > 0 then x[n - 1, d] else 0 return y", "LF0206"],
    ["let y[n: N, d] = if n > 0 then 0 else x[n - 1, d] return y", "LF0206"],
    ["let y[n: N, d] = if n != 1 then x[n - 1, d] else 0 return y", "LF0206"],
    ["let y[n: N, d] = sum[m <= n] x[m - n, d] return y", "LF0206"],
    ["let y[n: N, d] = x[(n - 3) / 2, d] return y", "LF0206"],
    ["let b[i: S / 2 + 1, k: 2] = r[i * 2 + k] return x", "LF0207"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
  test("only what needs its condition is guarded", () => {
    const program = accepted(inside("let y[n: N, d] = if n > 0 then x[n - 1, d] + x[n / 2, d] else 0 return y"));
    expect([...program.guarded].map((s) => s.span.file.text.slice(s.span.start, s.span.end))).toEqual(["n - 1"]);
  });
});

describe("I5: gathers", () => {
  test("a subscript that reads a value", () => {
    const program = accepted(inside("let y[n, d] = x[t[n], d] + x[t[n] + 1, d] + x[max(n - 1, 0), d] return y"));
    expect([...program.gathers].map((s) => s.span.file.text.slice(s.span.start, s.span.end))).toEqual([
      "t[n]",
      "t[n] + 1",
      "max(n - 1, 0)",
    ]);
  });
  test.each([
    ["let y[n, d] = x[w[d], d] return x", "LF0260"],
    ["let y[n, d] = x[keep[n], d] return x", "LF0260"],
    ["let y[d] = x[t, d] return x", "LF0260"],
    ["let y[n, d] = x[n + 0.5, d] return x", "LF0246"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
});

describe("I6: what may be compared", () => {
  test.each([
    ["let y[n, d] = sum[m where m <= n and 0 <= n - m] x[m, d] + x[n, d] return y"],
    ["let y[n, d] = if n < N / 2 then x[n, d] else 0 return y"],
    ["let y[n, d] = if n < t[n] then x[n, d] else 0 return y"],
    ["let y[n, d] = if f32(n) < f32(d) then x[n, d] else 0 return y"],
    ["let y[n: N, d: D] = if n / 2 == d then x[n, d] else 0 return x", true],
    ["let a[i: N / 2, j: N / 2, d] = if i < j then x[2 * i, d] else 0 return x"],
    ["let a[i: N / 2, j] = if i == j / 2 then x[j, 0] else 0 return x"],
  ])("%s", (body, refused = false) => {
    if (refused) expect(codes(body)).toEqual(["LF0205"]);
    else accepted(inside(body));
  });
  test.each([
    ["let y[n, d] = if n < d then x[n, d] else 0 return y"],
    ["let y[n, d] = if n - d <= 0 then x[n, d] else 0 return y"],
    ["let y[n, d] = if 0 <= n - d then x[n, d] else 0 return y"],
    ["let y[n, d] = if n == d then x[n, d] else 0 return y"],
    ["let y[n, d] = sum[k: D where k < n + 1] x[n, d] return y"],
  ])("refused: %s", (body) => {
    expect(codes(body)).toEqual(["LF0205"]);
  });
});

describe("I7: counters", () => {
  test("are constants: proved, not unified, exact in division", () => {
    accepted(inside("return repeat l in 4 (z = x) { let u[n, d] = z[n, d] * w[l] return u }"));
    accepted(inside("return repeat l in 4 (z = x) { let u[n, d] = z[n, d] * x[2 * l + 1, d] return u }"));
    accepted(inside("return repeat l in 4 (z = x) { if l % 2 == 0 then z else 2 * z }"));
    expect(codes("return repeat l in 5 (z = x) { let u[n, d] = z[n, d] * w[l] return u }")).toEqual(["LF0207"]);
    expect(codes("return repeat l in 4 (z = x) { let u[n, d] = z[n, d] * w[l / 2] return u }")).toEqual(["LF0252"]);
    accepted(inside("return repeat l in 4 (z = x) { let u[n, d] = z[n, d] * sum[k] w[0..l + 1][k] return u }"));
    expect(codes("return repeat l in 4 (z = x) { let u[n, d] = z[n, d] * sum[k] w[0..l][k] return u }")).toEqual([
      "LF0230",
    ]);
  });
  test("are no tensor index", () => {
    expect(codes("return repeat l in 4 (z = x) { let y[l, d] = x[l, d] return z }")).toEqual(["LF0214"]);
    expect(codes("return repeat l in 4 (z = x) { let y = sum[l] w[l] return z }")).toEqual(["LF0214"]);
  });
});

test("several mistakes in one run, one message each", () => {
  const checked = inside(`let a[n, d] = x[n, d] + n
let b[n, d] = x[n + 1, d]
let c = q
let e[n] = x[n] * w[0, 0]
return a + b + c`);
  expect(messages(checked).map((m) => m.slice(0, 6))).toEqual(["LF0246", "LF0202", "LF0217", "LF0259"]);
});
