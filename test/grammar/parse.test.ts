import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileAst } from "../../grammar/lf.ast.js";
import { format } from "../../grammar/lf.format.js";
import { lfParser } from "../../grammar/lf.instances.js";
import { lex } from "../../grammar/lf.lex.js";
import { parseFile } from "../../grammar/parse.js";
import { bare, expression, parsed } from "./support/tree.js";

const good = join(import.meta.dirname, "../corpus/good");
const programs = readdirSync(good)
  .filter((name) => name.endsWith(".lf"))
  .map((name) => ({ path: name, text: readFileSync(join(good, name), "utf8") }));

test("the corpus is there", () => expect(programs.length).toBeGreaterThanOrEqual(17));

for (const file of programs) {
  test(`${file.path} parses, and formatting keeps its tree and comments`, () => {
    const { ast, comments, diagnostics } = parseFile(file);
    expect(diagnostics).toEqual([]);
    if (ast === undefined) throw new Error("no tree");
    const again = { path: file.path, text: format(ast, comments, file) };
    const second = parseFile(again);
    expect(bare(second.ast)).toEqual(bare(ast));
    expect(second.comments.map((c) => c.text)).toEqual(comments.map((c) => c.text));
    expect(format(second.ast as FileAst, second.comments, again)).toBe(again.text);
    for (const line of again.text.split("\n")) expect(line.replace(/ *\/\/.*/, "").length).toBeLessThanOrEqual(100);
  });
}

test("the rule `file` of the grammar accepts whole files, though declarations are parsed one by one", () => {
  const parser = lfParser();
  for (const file of programs) {
    parser.input = [...lex(file).tokens];
    parser.budget.errors = 1;
    parser.file();
    expect(parser.errors).toEqual([]);
  }
});

// language.md 1, "Precedence" and "Tricky points". Kept as trees: the grammar alone says nothing of levels.
const trees: readonly (readonly [source: string, tree: string])[] = [
  ["a + b * c - d", "(sum +a +(product *b *c) -d)"],
  ["a / b * c % d", "(product *a /b *c %d)"],
  ["a - b - c", "(sum +a -b -c)"],
  ["-x ^ 2", "(neg (^ x 2))"],
  ["2 ^ -x ^ 2", "(^ 2 (neg (^ x 2)))"],
  ["a ^ b ^ c", "(^ a (^ b c))"],
  ["-a * -b", "(product *(neg a) *(neg b))"],
  ["--a", "(neg (neg a))"],
  ["a - -b", "(sum +a -(neg b))"],
  ["(a + b)[n]", "{(sum +a +b)}[n]"],
  ["f(x)[n](y)", "f(x)[n](y)"],
  ["E[h][:, 0..Seq]", "E[h][:, 0..Seq]"],
  ["E[h, :, n - 1..n + 1]", "E[h, :, (sum +n -1)..(sum +n +1)]"],
  ["layers[l](z)", "layers[l](z)"],
  ["a * sum[d] b / c", "(product *a *(sum[d] (product *b /c)))"],
  ["sum[d] a * b + c", "(sum +(sum[d] (product *a *b)) +c)"],
  ["a + sum[d] b * sum[e] c - d", "(sum +a +(sum[d] (product *b *(sum[e] c))) -d)"],
  ["-sum[i] x * y", "(neg (sum[i] (product *x *y)))"],
  ["a * -sum[d] b * c", "(product *a *(neg (sum[d] (product *b *c))))"],
  ["sum[d] -x * y", "(sum[d] (product *(neg x) *y))"],
  ["sum[d] mean[e] x", "(sum[d] (mean[e] x))"],
  ["a + softmax[k] s", "(sum +a +(softmax[k] s))"],
  ["(softmax[k] s) + b", "(sum +{(softmax[k] s)} +b)"],
  ["max[i] x", "(max[i] x)"],
  ["max(a, b)", "max(a, b)"],
  ["max(a, min[i] x)", "max(a, (min[i] x))"],
  ["max(a)[n]", "max(a)[n]"],
  ["f32(n) / 2", "(product *f32(n) /2)"],
  ["not a == b and c or d", "(or (and (not (== a b)) c) d)"],
  ["not not a", "(not (not a))"],
  ["a or b and not c or d", "(or a (and b (not c)) d)"],
  ["0 <= i - j < 2", "(<= < 0 (sum +i -j) 2)"],
  ["a + 1 > b", "(> (sum +a +1) b)"],
  ["if a then b else if c then d else e + 1", "(if a b (if c d (sum +e +1)))"],
  ["if if a then b else c then d else e", "(if (if a b c) d e)"],
  ["a * (if b then c else d)", "(product *a *{(if b c d)})"],
  ["sum[m <= n] x[m]", "(sum[m <= n] x[m])"],
  ["sum[n - W < m <= n where keep[m], d] x", "(sum[(sum +n -W) < m <= n where keep[m], d] x)"],
  ["sum[m: Seq where m < n and keep[m]] x", "(sum[m: … where (and (< m n) keep[m])] x)"],
  ["concat[n](a[n], b[n])", "concat[n](a[n], b[n])"],
  ["f(a, b,)", "f(a, b)"],
  ["f()", "f()"],
  ["true and false", "(and true false)"],
  ["30_522 + 1e-5", "(sum +30_522 +1e-5)"],
  ["lf + step * from - as / fixed", "(sum +lf +(product *step *from) -(product *as /fixed))"],
];

for (const [source, tree] of trees) test(`${source}  is  ${tree}`, () => expect(expression(source)).toBe(tree));

test("`0..Seq` is a range, `1.5` a number", () => {
  expect(expression("x[0..Seq]")).toBe("x[0..Seq]");
  expect(expression("x[0..1.5]")).toBe("x[0..1.5]");
  expect(expression("x[1..2]")).toBe("x[1..2]");
});

test("`///` belongs to the next declaration, other comments to none", () => {
  const ast = parsed(`// about the file
lf 1
/// One.
///
///  Two.
dim A = 3 // trailing
//// four slashes
/// Says what it does.
// not this
fn f(x: f32) -> f32 {
  /// A half.
  let y = x / 2
  /// Its size.
  dim B = 2
  return y
}
/// of nothing
`);
  expect(ast.dims[0]?.doc).toBe("One.\n\n Two.");
  expect(ast.callables[0]?.doc).toBe("Says what it does.");
  expect(ast.callables[0]?.body.stmts.map((s) => (s.kind === "return" ? "-" : s.doc))).toEqual([
    ...["A half.", "Its size.", "-"],
  ]);
});

test("spans are the text of their nodes", () => {
  const text =
    "lf 1\nfn f<N>(x: f32[N, 2]) -> f32 {\n  let y[n: N] = -(x[n, 0] + g(x)[n]) ^ 2\n  return sum[n] y[n] * 2\n}";
  const ast = parsed(text);
  const at = (node: { readonly span: { readonly start: number; readonly end: number } } | undefined): string =>
    node ? text.slice(node.span.start, node.span.end) : "";
  const f = ast.callables[0];
  expect(at(f)).toBe(text.slice(5));
  expect(at(f?.formals[0]?.type)).toBe("f32[N, 2]");
  const [let_, return_] = f?.body.stmts ?? [];
  if (let_?.kind !== "let" || return_?.kind !== "return") throw new Error("other statements");
  expect(at(let_)).toBe("let y[n: N] = -(x[n, 0] + g(x)[n]) ^ 2");
  expect(at(let_.targets[0])).toBe("y[n: N]");
  expect(at(let_.value)).toBe("-(x[n, 0] + g(x)[n]) ^ 2");
  if (let_.value.kind !== "neg" || let_.value.of.kind !== "power") throw new Error("another tree");
  expect(at(let_.value.of.base)).toBe("(x[n, 0] + g(x)[n])");
  expect(at(return_.values[0])).toBe("sum[n] y[n] * 2");
  expect(at(ast)).toBe(text);
});

test("strings lose their quotes and escapes, numbers their underscores", () => {
  const ast = parsed('lf 1 import "a \\"b\\" \\\\c" dim N = 30_522');
  expect(ast.imports[0]?.path).toBe('a "b" \\c');
  expect(ast.dims[0]?.value).toMatchObject({ kind: "size", size: { kind: "number", value: 30522, text: "30_522" } });
});

test("names that JavaScript objects know are ordinary names", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "a".repeat(10_000)]) {
    const ast = parsed(`lf 1 fn ${name}(${name}: f32) -> f32 { ${name} }`);
    expect(ast.callables[0]?.formals[0]?.name.text).toBe(name);
  }
});
