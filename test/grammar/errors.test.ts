import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFile } from "../../grammar/parse.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";

/** What is wrong with a text: code, marked text, message. */
function errors(text: string): Diagnostic[] {
  const { ast, diagnostics } = parseFile({ path: "test.lf", text });
  expect(ast === undefined).toBe(diagnostics.length > 0);
  return [...diagnostics];
}

const marked = (d: Diagnostic): string => d.span?.file.text.slice(d.span.start, d.span.end) ?? "";
const inBody = (statements: string): string => `lf 1\nmodel M(x: f32[N]) -> f32[N] {\n${statements}\n}\n`;

/** One mistake: the text, its code, what is marked (empty: a gap) and words of the message or the help. */
type Case = readonly [text: string, code: string, mark: string, ...words: string[]];

function check([text, code, mark, ...words]: Case, whole: string): void {
  const found = errors(whole);
  expect(
    found.map((d) => `${d.code} ${marked(d)}`),
    text,
  ).toEqual([`${code} ${mark}`]);
  const [only] = found;
  for (const word of words) expect(`${only?.message} ${only?.help}`).toContain(word);
}

const statements: readonly Case[] = [
  // Expressions
  ["return x[n d]", "LF0138", "d", "`n`", "`*`"],
  ["return x y", "LF0138", "y"],
  ["return 2 (x)\nreturn", "LF0137", "", "after `return`"],
  ["return x +", "LF0137", "", "after `+`"],
  ["return x + * 2", "LF0139", "*", "follows the operator `+`"],
  ["return +x", "LF0137", "+", "no sign `+`"],
  ["return (x + )", "LF0137", ")"],
  ["return x[]", "LF0127", "]", "whole tensor"],
  ["return x[n,]", "LF0140", "]", "subscripts may not"],
  ["return sum[] x", "LF0127", "]", "name the index"],
  ["return sum[i,] x", "LF0140", "]", "indices of a reduction"],
  ["return sum(x)", "LF0151", "sum", "`sum[i] x[i]`"],
  ["return max x", "LF0151", "max", "`max(a, b)`"],
  ["return concat(x, x)", "LF0151", "concat", "concat[n](a[n], b[n])"],
  ["return max()", "LF0162", "max()"],
  ["return concat[n]()", "LF0162", "concat[n]()"],
  ["return x[0:5]", "LF0149", ":", "`0..N`"],
  ["return x[:5]", "LF0149", "5", "single `:`"],
  ["return x[0..]", "LF0148", "]"],
  ["return x[..5]", "LF0148", ".."],
  ["return 0..5", "LF0147", ".."],
  ["return x[n < 2]", "LF0161", "n < 2", "a condition is no subscript"],
  ["return x[if a then 0 else 1]", "LF0161", "if a then 0 else 1", "brackets"],
  ["return a == b == c", "LF0156", "==", "`and`"],
  ["return a < b == c", "LF0156", "=="],
  ["return a < b < c < d", "LF0157", "<", "this one has 3"],
  ["return a < b > c", "LF0155", ">", "one direction"],
  ["return f<Seq>(x)", "LF0141", "f<Seq>", "found from the arguments"],
  ["return a * not b", "LF0159", "not", "`(not b)`"],
  ["return 2 ^ sum[i] x[i]", "LF0160", "sum[i]"],
  ["return softmax[k] s[k] + b[k]", "LF0158", "softmax[k] s[k]", "softmax[…] (s[k] + …)"],
  ["return 2 * -softmax[k] s[k] - b[k]", "LF0158", "softmax[k] s[k]"],
  ["return sum[j] softmax[k] s[j, k] + b", "LF0158", "softmax[k] s[j, k]"],
  ["return 2 * if a then b else c", "LF0142", "if"],
  ["return if a then b", "LF0143", "", "expected `else`"],
  ["return if a b else c", "LF0143", "b", "expected `then`"],
  ["return if a = b then c else d", "LF0145", "=", "`==`"],
  ["return x else y", "LF0144", "else"],
  ["return x where y", "LF0144", "where", "in the brackets of a reduction"],
  ["return sum[m] x[m where keep[m]]", "LF0144", "where"],
  ["return a = b", "LF0145", "="],
  ["return a ? b : c", "LF0165", "?", "if … then … else"],
  ['return "a"', "LF0150", '"a"'],
  ["return sum[m == n] x[m]", "LF0154", "m == n", "sum[m where m == n]"],
  ["return sum[n + 0 >= m] x[m]", "LF0153", "n + 0", "`m` comes first"],
  ["return sum[m < n + 1 < k] x[m]", "LF0153", "n + 1", "in the middle"],
  ["return sum[n + 1] x[n]", "LF0152", "n + 1"],
  ["return sum[n < m > d] x[m]", "LF0155", ">"],
  ["return repeat 2 * 3 (z = x) { z }", "LF0163", "*", "dim Count"],
  ["return repeat (z = x) { z }", "LF0163", "("],
  ["return repeat 2 (z) { z }", "LF0164", ")"],
  ["return repeat 2 (z = x) z", "LF0166", "z", "a body in braces", "`repeat`"],
  ["return repeat l in Depth / 2 (z = x) { z }", "LF0163", "/"],
  // Statements
  ["retrun x", "LF0135", "retrun", "did you mean `return`?"],
  ["let y = x\nretrun y", "LF0135", "retrun", "did you mean `return`?"],
  ["y = x\nreturn y", "LF0136", "y", "let y = …"],
  ["y[n] = x\nreturn y", "LF0136", "y"],
  ["let a = x\ny[n] = x\nreturn y", "LF0136", "y"],
  ["let y = x\ny", "LF0134", "y", "`return y…`"],
  ["let y: f32[N] = x\nreturn y", "LF0128", ":"],
  ["let y[0] = x\nreturn y", "LF0129", "0", "if n == 0"],
  ["let y[n + 1] = x\nreturn y", "LF0129", "+"],
  ["let y[] = x\nreturn y", "LF0127", "]"],
  ["let y[n,] = x\nreturn y", "LF0140", "]"],
  ["let y == x\nreturn y", "LF0166", "==", "`=`"],
  ["let f(x) = x\nreturn x", "LF0166", "(", "`fn`"],
  ["let a = b, c\nreturn a", "LF0146", ","],
  ["return (x, y)", "LF0166", ",", "expected `)`, found `,`", "`return x, y`"],
  ["let a = (x, y)\nreturn a", "LF0166", ",", "brackets hold one value"],
  ["let y\nreturn x", "LF0166", "", "`=` and the value"],
  ["let sum = x\nreturn sum", "LF0116", "sum", "`sum` is a keyword"],
  ["let a = repeat 2 (in = x) { x }\nreturn a", "LF0116", "in"],
  ["param w\nreturn x", "LF0166", "", "type of the parameter"],
  ["param w: f32[N] = 0.5\nreturn x", "LF0130", "0.5", "`zeros`"],
  ["param w: f32[N] from to_q\nreturn x", "LF0166", "to_q", "a string"],
  ['param w: f32[N] as "a" from "b"\nreturn x', "LF0167", "from"],
  ["param w: [N]\nreturn x", "LF0166", "[", "a type"],
  ["param w: f32[N,]\nreturn x", "LF0140", "]", "axes of a type"],
  ["param w: f32[]\nreturn x", "LF0127", "]", "without brackets"],
  ["param w: f32[:]\nreturn x", "LF0126", ":"],
  ["param w: f32[?]\nreturn x", "LF0123", "?"],
  ["param w: f32[-1]\nreturn x", "LF0125", "-"],
  ["dim Q = ? in 1..2\nreturn x", "LF0123", "?"],
  ["dim Q = [1, 2]\nreturn x", "LF0169", "["],
  ["let y = x", "LF0132", "}", "without `return`"],
  ["let y = x\n(x + y)", "LF0132", "}"],
  ["return x\nlet y = x", "LF0133", "let y = x"],
  ["", "LF0131", "}"],
  // Characters and numbers
  ["return 1. * x", "LF0108", "1.", "`1.0`"],
  ["return .5 * x", "LF0108", ".5", "`0.5`"],
  ["return 1.e5", "LF0108", "1.e5", "`1.0e5`"],
  ["return 2x", "LF0109", "2x", "`2 * x`"],
  ["return 0xff", "LF0109", "0xff", "decimal"],
  ["return 1e", "LF0109", "1e"],
  ["return 1.2.3", "LF0109", "1.2.3"],
  ["return 1e999", "LF0110", "1e999"],
  ["return 9007199254740993", "LF0110", "9007199254740993"],
  ["return x ** 2", "LF0117", "**", "`^`"],
  ["return a && b", "LF0117", "&&", "`and`"],
  ["return a || b", "LF0117", "||", "`or`"],
  ["return !a", "LF0117", "!", "`not`"],
  ["return x;", "LF0117", ";", "`;`"],
  ["return a @ b", "LF0117", "@", "sum[k]"],
  ["return x.y", "LF0117", ".", "no members"],
  ["# c\nreturn x", "LF0117", "# c", "`//`"],
  ["/* c */ return x", "LF0117", "/* c */", "`//`"],
  ["return 'a'", "LF0117", "'a'", '`"`'],
  ["let x += 1\nreturn x", "LF0117", "+=", "never changed"],
  ['return "a', "LF0106", '"a', "end on its line"],
  ['param w: f32 from "a\\n"\nreturn w', "LF0107", "\\n", "`\\n`"],
  ["return a \u2212 b", "LF0105", "\u2212", "`\u2212` (U+2212)", "`-`"],
  ["return a \u00d7 b", "LF0105", "\u00d7", "`*`"],
  ["return \u0430", "LF0105", "\u0430", "U+0430", "`a`"],
  ["return a\uff0bb", "LF0105", "\uff0b", "`+`"],
  ["let y \u2190 x\nreturn y", "LF0105", "\u2190", "`=`"],
  ["return x\u200b", "LF0105", "\u200b", "invisible character U+200B"],
  ["return x\u00a0", "LF0105", "\u00a0", "ordinary space"],
  ["return x\ufeff", "LF0105", "\ufeff", "U+FEFF"],
  ["return \u4e2d\u6587", "LF0105", "\u4e2d", "a–z"],
  ["return \u{1f600}", "LF0105", "\u{1f600}", "U+1F600"],
  ["return \0", "LF0104", "\0", "NUL"],
  // Brackets
  ["let y = x[n, d\nreturn y", "LF0111", "[", "never closed"],
  ["let y = f(x[n, d\nreturn y", "LF0111", "[", "never closed"],
  ["return (a[b)", "LF0111", "["],
  ["return x[a)", "LF0112", ")", "does not close `[`"],
  ["return a) + b", "LF0113", ")"],
];

for (const c of statements) test(`in a body: ${c[0]}`, () => check(c, inBody(c[0])));

const files: readonly Case[] = [
  ["", "LF0101", ""],
  ["// nothing\n", "LF0101", ""],
  ["lf", "LF0101", "lf", "lf 1"],
  ["lf x", "LF0101", "lf"],
  ["dim A = 3", "LF0101", "dim"],
  ["lf 2\nthis is not even tokens \u00d7", "LF0102", "2", "version `2`"],
  ["lf 1.0", "LF0102", "1.0"],
  ["lf 1\nmodle M(x: f32) -> f32 { x }\nfn f(x: f32) -> f32 { x }", "LF0118", "modle", "`model`"],
  ["lf 1\n+ dim A = 3", "LF0118", "+"],
  ["lf 1\ndim A = 3 4", "LF0118", "4"],
  ["lf 1\nlet x = 3", "LF0119", "let"],
  ["lf 1\nfn f(x: f32) -> f32 { x } return x", "LF0119", "return"],
  ["lf 1\nfn f(x) -> f32 { x }", "LF0120", "x", "`x: f32[N]`"],
  ["lf 1\nfn f(x: f32) { x }", "LF0121", "{", "`-> f32[N]`"],
  ["lf 1\nfn f(x: f32): f32 { x }", "LF0121", ":"],
  ["lf 1\nfn f(x: f32) -> { x }", "LF0166", "{", "a type"],
  ["lf 1\nfn f(x: f32) -> f32 = x", "LF0166", "=", "a body in braces"],
  ["lf 1\nfn f<>(x: f32) -> f32 { x }", "LF0166", ">", "leave `<>` out"],
  ["lf 1\nfn f<A,>(x: f32) -> f32 { x }", "LF0140", ">"],
  ["lf 1\nfn (x: f32) -> f32 { x }", "LF0166", "(", "a name"],
  ["lf 1\nfn model(x: f32) -> f32 { x }", "LF0116", "model"],
  ["lf 1\nfn f(block: f32) -> f32 { block }", "LF0116", "block"],
  ["lf 1\ndim dim = 3", "LF0116", "dim"],
  ["lf 1\ndim A = ?", "LF0122", ""],
  ["lf 1\ndim A = ? in 3", "LF0122", ""],
  ["lf 1\ndim A = ? in 1..", "LF0166", "", "a size"],
  ["lf 1\ndim A[B] = [1]", "LF0124", "]", "dim T[i: B]"],
  ["lf 1\ndim A[b: B] = []", "LF0127", "]"],
  ["lf 1\ndim A[b: B] = [1,]", "LF0140", "]"],
  ["lf 1\ndim A = -1", "LF0125", "-"],
  ["lf 1\ndim A 3", "LF0166", "3", "`=`"],
  ["lf 1\nimport blocks", "LF0166", "blocks", "path"],
  ['lf 1\nimport "a" ()', "LF0166", ")", "import everything"],
  ["lf 1\nfn f(x: f32) -> f32 {\n  return x\n\nfn g(x: f32) -> f32 { x }", "LF0111", "{"],
  ["lf 1\nfn f(x: f32) -> f32 {\n  return x }\n}\nfn g(x: f32) -> f32 { x }", "LF0113", "}"],
  ["lf 1\nfn f(x: f32) -> f32 { return f<A, B>(x) }", "LF0141", "f<A, B>"],
  ["l\0f\0 \x001\0", "LF0101", "l"],
];

for (const c of files) {
  test(`a file: ${c[0]}`, () => {
    // What else is said of a file of zero bytes does not matter.
    if (c[0].includes("\0")) expect(errors(c[0]).map((d) => d.code)).toContain(c[1]);
    else check(c, c[0]);
  });
}

test("a bracket that opens the next line is shown, because it continues the one above", () => {
  const [d] = errors(inBody("let y = x\n(x + y)"));
  expect(d?.notes?.[0]?.message).toContain("continues the line above");
  const [e] = errors(inBody("let y = x\n-y"));
  expect(e?.notes?.[0]?.span?.start).toBe(inBody("let y = x\n-y").indexOf("-y"));
});

test("UTF-16 read as UTF-8 is recognised", () => {
  const text = Array.from("lf 1\ndim A = 3\n", (c) => `${c}\0`).join("");
  expect(errors(text).some((d) => d.message.includes("UTF-16"))).toBe(true);
});

test("a byte order mark at the front and CRLF line ends are read", () => {
  expect(errors("\ufefflf 1\r\ndim A = 3 // c\r\nfn f(x: f32) -> f32 {\r\n  return x\r\n}\r\n")).toEqual([]);
});

test("one run reports the mistakes of several statements, and no false ones", () => {
  const text = `lf 1
dim A = ? in 1..
dim B = 8
fn f(x) -> f32 {
  let y = x[n +]
  let z = y +* 2
  let w = g(z
  retrun w
}
block Softmax(x: f32[B]) -> f32[B] {
  param w: f32[B, ]
  let y[n] = softmax[n] x[n] + w[n]
  return y y
}
model M(x: f32[B]) -> f32[B] { return f(x) }
`;
  const lines = errors(text).map((d) => `${d.code}:${text.slice(0, d.span?.start).split("\n").length}`);
  expect(lines).toEqual([...["LF0166:2", "LF0120:4", "LF0137:5", "LF0139:6", "LF0111:7", "LF0140:11", "LF0138:13"]]);
});

test("the corpus of bad programs: syntax errors are reported where and as expected", () => {
  const folder = join(import.meta.dirname, "../corpus/bad");
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder).filter((n) => n.endsWith(".lf"))) {
    const text = readFileSync(join(folder, name), "utf8");
    const list = errors(text);
    if (list.length > 0) found[name] = list.map((d) => `${d.code} ${marked(d)}`).join("; ");
  }
  expect(found).toMatchObject({
    "bare_after_let.lf": "LF0134 t",
    "binder_not_first.lf": "LF0153 n + 0",
    "chain_directions.lf": "LF0155 >",
    "empty_body.lf": "LF0131 }",
    "explicit_generics.lf": "LF0141 f<Seq>",
    "keyword_as_name.lf": "LF0116 sum",
    "no_header.lf": "LF0101 model",
    "no_return.lf": "LF0132 }",
    "number_dot.lf": "LF0108 1.",
    "softmax_plus.lf": "LF0158 softmax[d] x[n, d]",
    "trailing_subscript.lf": "LF0140 ]",
    "unclosed.lf": "LF0111 [",
    "version.lf": "LF0102 9",
  });
});

test("what is not a syntax error of the corpus parses", () => {
  const folder = join(import.meta.dirname, "../corpus/bad");
  const refused = readdirSync(folder).filter((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return name.endsWith(".lf") && parseFile({ path: name, text }).ast === undefined;
  });
  // The others are wrong in their types only.
  expect(refused.filter((name) => /(_dim|mask|slice|range|index|table|dtype)/.test(name))).toEqual([]);
});

test("a message shows the place, what was found and a fix", () => {
  expect(renderDiagnostics(errors(inBody("  let y[n, d] = x[n, d\n  return y")))).toBe(
    [
      "test.lf:3:18: error LF0111: this `[` is never closed",
      "  3 |   let y[n, d] = x[n, d",
      "    |                  ^ opened here",
      "  test.lf:4:3: note: `]` is missing before `return`",
      "  4 |   return y",
      "    |   ------",
      "  help: add `]`",
    ].join("\n"),
  );
});
