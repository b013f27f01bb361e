import { describe, expect, test } from "vitest";
import type { Expr } from "../../grammar/lf.ast.js";
import { printDim } from "../../src/ir/dim.js";
import { accepted, checkText, messages } from "./support.js";

const inside = (body: string, result = "f32[N, D]") =>
  checkText(`dim N = 8
dim D = 4
fn pair(a: f32[D]) -> (p: f32[D], q: f32[D]) { return a, a + a }
model M(x: f32[N, D], w: f32[D], h: f16[D], t: i32[N], u: u32[N], keep: bool[N]) -> ${result} {
${body}
}`);
const codes = (body: string, result?: string): string[] => inside(body, result).diagnostics.map((d) => d.code);

/** The types of all numbers in a body, by their text. */
function numbers(body: string, result?: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [e, type] of accepted(inside(body, result)).types)
    if (e.kind === "number" && type.kind === "tensor") found[e.text] = type.dtype;
  return found;
}

/** `f32[N, D]` of each expression that has the text. */
function typeOf(body: string, text: string, result?: string): string {
  const matches = (e: Expr): boolean => e.span.file.text.slice(e.span.start, e.span.end) === text;
  const [, type] = [...accepted(inside(body, result)).types].find(([e]) => matches(e)) ?? [];
  if (type?.kind !== "tensor") throw new Error(`${text} has no type`);
  return `${type.dtype}[${type.shape.map(printDim).join(", ")}]`;
}

describe("E1: subscripts", () => {
  test("from the left; missing ones are `:`", () => {
    expect(typeOf("let a = x[0] return x", "x[0]")).toBe("f32[D]");
    expect(typeOf("let a = x[:, 0] return x", "x[:, 0]")).toBe("f32[N]");
    expect(typeOf("let a = x[2..N] return x", "x[2..N]")).toBe("f32[N - 2, D]");
    expect(typeOf("let a = x[2..5, 1] return x", "x[2..5, 1]")).toBe("f32[3]");
    expect(typeOf("let a[n] = (x + x)[n] return a", "(x + x)[n]")).toBe("f32[D]");
    expect(codes("let a = x[0, 0, 0] return x")).toEqual(["LF0259"]);
    expect(codes("let a[n: N] = n[0] return x")).toEqual(["LF0259"]);
    expect(codes("let a = x[0..9] return x")).toEqual(["LF0262"]);
    expect(codes("let a = x[0 - 1..2] return x")).toEqual(["LF0261"]);
    expect(codes("let a[n: N] = x[0..n] return x")).toEqual(["LF0261"]);
    expect(codes("let a = x[0..t[0]] return x")).toEqual(["LF0261"]);
  });
});

describe("E2: element by element", () => {
  test("equal shapes, and scalars that mention no index", () => {
    accepted(inside("return x + 0.5 * exp(x) * w[0] - max(x, 0) * (sum[d] w[d])"));
    accepted(inside("let y[n] = x[n] * w + w return y"));
    accepted(inside("let p = if x > 0 then x else -x return p"));
    accepted(inside("let s = if keep then 1 else 0 let y[n, d] = x[n, d] * f32(s[n]) return y"));
    accepted(inside("let y[n, d] = x[n, d] * (if keep then 1 else 0.5)[n] return y"));
    accepted(inside("return if true then x else x * 2"));
  });
  test.each([
    ["return x + w", "LF0249"],
    ["return if keep then x else x", "LF0249"],
    ["return max(x, w)", "LF0249"],
    ["let y[n, d] = x[n, d] + w return y", "LF0250"],
    ["let y[n] = x[n] * x[n, 0] return y", "LF0250"],
    ["let y[n] = x[n] * f32(n) return y", "LF0250"],
    ["let y[n] = x[n] * (sum[d] x[n, d]) return y", "LF0250"],
    ["let y[n] = if n > 0 then x[n] else w return y", "LF0250"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
});

describe("E3: let", () => {
  test("axes of the indices, then those of the value", () => {
    const program = accepted(inside("let a[d, n] = x[n, d] let b[k: 3] = a let c = 1 let e = 2.0 return x"));
    const shapes = [...program.declared].map(([n, t]) => [
      n.text,
      t.kind === "tensor" ? `${t.dtype} ${t.shape.map(printDim).join(",")}` : t.kind,
    ]);
    expect(Object.fromEntries(shapes)).toMatchObject({ a: "f32 D,N", b: "f32 3,D,N", c: "i32 ", e: "f32 " });
  });
});

describe("E4: reductions", () => {
  test.each([
    ["let a = sum[n, d] x[n, d] return x"],
    ["let a = sum[n] t[n] let b = max[n] u[n] return x"],
    ["let a = mean[n: N] 1 let b = sum[n where keep[n]] 1 let c = b + t[0] return x"],
    ["let a = argmax[n] t[n] let b = argmin[n where keep[n]] x[n, 0] let y[d] = x[a, d] + x[b, d] return x"],
    ["let p[n, d] = softmax[n, d] x[n, d] return p"],
    ["let y[n, d] = x[n, d] * sum[m where keep[m] and m <= n] x[m, d] return y"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["let a = sum[n] x[n] return x", "LF0264"],
    ["let a = sum[n] keep[n] return x", "LF0264"],
    ["let a = mean[n] t[n] return x", "LF0254"],
    ["let p[n] = softmax[n] t[n] return x", "LF0254"],
    ["let a = argmax[n, d] x[n, d] return x", "LF0265"],
    ["let a = sum[n where t[n]] x[n, 0] return x", "LF0248"],
    ["let a = sum[n where keep] x[n, 0] return x", "LF0248"],
    ["let p[n] = softmax[d] x[n, d] return x", "LF0208"],
    ["let p = softmax[w] x[0, w] return x", "LF0214"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
  test("the index of a softmax is new inside and feeds the one outside", () => {
    const program = accepted(inside("let p[n, d] = softmax[d] x[n, d] return p"));
    const uses = [...program.names].filter(([n, e]) => n.text === "d" && e.kind === "index");
    expect(uses).toHaveLength(2);
    const [inBrackets, inOperand] = uses.map(([, e]) => (e.kind === "index" ? e.index : undefined));
    expect(inBrackets).not.toBe(inOperand);
  });
});

describe("E5: concat", () => {
  test("each part has its range; outside it is the sum", () => {
    const program = accepted(inside("let y[i] = concat[i](w[i], x[i, 0], w[i]) return x"));
    const [parts] = program.partRanges.values();
    expect(parts?.map(printDim)).toEqual(["D", "N", "D"]);
    const y = [...program.declared].find(([n]) => n.text === "y")?.[1];
    expect(y?.kind === "tensor" ? y.shape.map(printDim) : []).toEqual(["2 * D + N"]);
  });
  test.each([
    ["let y[i: D + N] = concat[i](w[i], x[i, 0]) return x"],
    ["let y[i, d] = concat[i](x[i, d], x[i, d]) return x"],
    ["let y[i] = concat[i](x[i], x[i]) return x"],
    ["let y[i] = concat[i](keep[i], keep[i]) return x"],
    ["let y[i] = 2 * concat[i](w[i], concat[i](w[i], w[i])) return x"],
    ["let y = sum[i] concat[i](w[i], x[i, 0]) return x"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["let y[i: N] = concat[i](w[i], x[i, 0]) return x", "LF0203"],
    ["let y[n] = concat[i](w[i], x[i, 0]) return x", "LF0209"],
    ["let y[i] = concat[i](w[i], 0.0) return x", "LF0210"],
    ["let y[i] = concat[i](x[i], w[i]) return x", "LF0249"],
    ["let y[i] = concat[i](w[i], t[i]) return x", "LF0246"],
    ["let y[i] = concat[i](w[i], keep[i]) return x", "LF0247"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
});

describe("E6: element types", () => {
  test("whole constants adapt, all the way down", () => {
    expect(numbers("let y[n, d] = x[n, d] * (1 + 2 * 3) return y")).toMatchObject({ 1: "f32", 2: "f32", 3: "f32" });
    expect(numbers("let y[d] = h[d] * (if true then 1 else 0.5) return x")).toMatchObject({ 1: "f16", "0.5": "f16" });
    expect(numbers("let y[n] = t[n] + 7 return x")).toMatchObject({ 7: "i32" });
    expect(numbers("let y[n] = u[n] + 7 return x")).toMatchObject({ 7: "u32" });
    expect(numbers("let y = sqrt(7) let z = 9 let v = 2 ^ 5 return x")).toMatchObject({ 7: "f32", 9: "i32", 2: "f32" });
    expect(numbers("let y[n] = x[n, 3] return x")).toMatchObject({ 3: "i32" });
    expect(numbers("let y[d] = h[d] / sqrt(2) return x")).toMatchObject({ 2: "f16" });
    expect(typeOf("let y[n, d] = x[n, d] / sqrt(D) return y", "D")).toBe("f32[]");
    expect(numbers("let c = sum[n where keep[n]] 1 return x")).toMatchObject({ 1: "i32" });
    expect(numbers("let y[n, d] = x[n, d] * sum[m where keep[m]] 1 return y")).toMatchObject({ 1: "f32" });
  });
  test.each([
    ["let y[n] = x[n, 0] + t[n] return x", "LF0246"],
    ["let y[n] = t[n] + u[n] return x", "LF0246"],
    ["let y[d] = w[d] + h[d] return x", "LF0246"],
    ["let y[n] = t[n] + 1.5 return x", "LF0246"],
    ["let y[n] = x[n, 0] * keep[n] return x", "LF0247"],
    ["let y[n] = -keep[n] return x", "LF0247"],
    ["let y[n] = t[n] < 1.5 return x", "LF0246"],
    ["let y[n] = not t[n] return x", "LF0248"],
    ["let y[n] = keep[n] and t[n] return x", "LF0248"],
    ["let y[n] = keep[n] < keep[n] return x", "LF0248"],
    ["let y[n] = if t[n] then 1 else 2 return x", "LF0248"],
    ["let y[n] = if keep[n] then t[n] else x[n, 0] return x", "LF0246"],
    ["let y[n] = if keep[n] then keep[n] else 1 return x", "LF0257"],
    ["let y[n] = t[n] + 3000000000 return x", "LF0255"],
    ["let y[d] = h[d] * 100000 return x", "LF0255"],
    ["let y[n] = u[n] * -1 return x", "LF0255"],
    ["let y[n] = -u[n] return x", "LF0255"],
    ["let y[n, d] = x[n, d] * 1e39 return y", "LF0255"],
    ["return pair(w)", "LF0256"],
    ["let y[n, d] = x[n, d] + pair(w) return y", "LF0256"],
    ["return keep", "LF0283"],
    ["return t", "LF0283"],
    ["return exp", "LF0219"],
    ["return pair", "LF0219"],
    ["return M(x)", "LF0276"],
  ])("refused: %s", (body, code) => {
    const found = codes(body);
    expect(found[0]).toBe(code);
  });
  test.each([
    ["let y[n] = f32(t[n]) + x[n, 0] return x"],
    ["let y[n] = i32(x[n, 0]) + n + t[n] return x"],
    ["let y[n] = u32(t[n]) + u[n] return x"],
    ["let y[n] = f32(keep[n]) * x[n, 0] return x"],
    ["let y[d] = f32(h[d]) + w[d] return x"],
    ["let y = f32(x) + i32(1.5) * 0 return x", true],
    ["let y[n] = keep[n] == (t[n] > 0) return x"],
    ["let a = -2147483648 + t[0] return x"],
  ])("conversions are written: %s", (body, refused = false) => {
    if (refused) expect(codes(body)).toEqual(["LF0246"]);
    else accepted(inside(body));
  });
});

describe("E7: division, remainder, power", () => {
  test.each([
    ["let y[n] = t[n] / 2 + t[n] % 3 return x"],
    ["let y[n, d] = x[n, d] / 3 / D return y"],
    ["let y[n, d] = x[n, d] * (N / 2) return y"],
    ["let y[n, d] = x[n, d] * (1.0 / 2) return y"],
    ["let y[n, d] = x[n, d] * 1 / 2 return y"],
    ["let y[n, d] = x[n, d] ^ 2 + 2 ^ x[n, d] + pow(x[n, d], 0.5) return y"],
    ["let y[n: N] = n / D return x"],
  ])("accepted: %s", (body) => {
    accepted(inside(body));
  });
  test.each([
    ["let a = 1 / 2 return x", "LF0252"],
    ["let y[n, d] = x[n, d] * (N / 3) return y", "LF0252"],
    ["let y[n] = t[n] / t[n] return x", "LF0253"],
    ["let y[n] = t[n] / 0 return x", "LF0253"],
    ["let y[n] = t[n] % (0 - 2) return x", "LF0253"],
    ["let y[n] = x[n, 0] % 2 return x", "LF0253"],
    ["let y[n] = t[n] ^ 2 return x", "LF0254"],
    ["let y[n] = 2 ^ t[n] return x", "LF0254"],
    ["let y[n] = sqrt(t[n]) return x", "LF0254"],
    ["let a = 4 / 0 return x", "LF0228"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
});

describe("F9: scalar functions", () => {
  test.each([
    ["let a = exp(w, w) return x", "LF0220"],
    ["let a = max(w) return x", "LF0220"],
    ["let a = gelu() return x", "LF0220"],
    ["let a = relu(t) return x", "LF0254"],
    ["let a = abs(keep) return x", "LF0247"],
  ])("refused: %s", (body, code) => {
    expect(codes(body)).toEqual([code]);
  });
  test("abs, max and min take whole numbers", () => {
    expect(typeOf("let a = abs(t) + max(t, 3, 4) return x", "abs(t)")).toBe("i32[N]");
  });
});

test("names that mean something in JavaScript are names", () => {
  const odd = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "valueOf"];
  for (const name of odd) {
    const checked = checkText(`dim N = 4
fn ${name}(x: f32[N]) -> f32[N] { return x }
model M(y: f32[N]) -> f32[N] { return ${name}(y) }`);
    accepted(checked);
    expect(messages(checkText(`fn f(x: f32[4]) -> f32[4] { return ${name}(x) }`))).toEqual([
      `LF0217 there is no function called ${name} here`,
    ]);
    expect(messages(checkText(`fn f(x: f32[${name}]) -> f32[4] { return x }`))).toHaveLength(1);
    accepted(
      checkText(`dim ${name} = 4\nmodel M(x: f32[${name}]) -> f32[${name}] { let y[i: ${name}] = x[i] return y }`),
    );
    accepted(
      checkText(
        `model M(x: f32[4]) -> f32[4] { let y[${name}] = x[${name}] let z = sum[${name}] x[${name}] return y }`,
      ),
    );
    accepted(
      checkText(
        `block B<${name}>(x: f32[${name}]) -> f32[${name}] { param w: f32[${name}] from "${name}" return x + w }`,
      ),
    );
    accepted(checkText(`dim ${name} = 4\nmodel M(x: f32[${name}]) -> f32[${name}] { return x }`, new Map([[name, 8]])));
  }
});
