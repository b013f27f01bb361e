import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorLimit, nestingLimit, operandLimit, sizeLimit } from "../../grammar/lf.limits.js";
import { type Parsed, parseFile } from "../../grammar/parse.js";

/** Milliseconds of processor time: a busy machine does not count. What is measured are a few tenths of a second. */
const patience = 2000;

function processorTime(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function codes(text: string): string[] {
  let parsed: Parsed | undefined;
  const time = processorTime(() => {
    parsed = parseFile({ path: "limits.lf", text });
  });
  expect(time).toBeLessThan(patience);
  const { ast, diagnostics } = parsed ?? { ast: undefined, diagnostics: [] };
  expect(ast === undefined).toBe(diagnostics.length > 0);
  return diagnostics.map((d) => d.code);
}

const returning = (expr: string): string => `lf 1 fn f() -> f32 { return ${expr} }`;

const chains: readonly (readonly [name: string, make: (n: number) => string])[] = [
  ["brackets", (n) => `${"(".repeat(n)}1${")".repeat(n)}`],
  ["signs", (n) => `${"-".repeat(n)}1`],
  ["not", (n) => `${"not ".repeat(n)}a`],
  ["powers", (n) => `2${" ^ 2".repeat(n)}`],
  ["reductions", (n) => `${"sum[d] ".repeat(n)}1`],
  ["else if", (n) => `${"if a then b else ".repeat(n)}c`],
  ["conditions", (n) => `${"if ".repeat(n)}a${" then b else c".repeat(n)}`],
  ["calls", (n) => `${"f(".repeat(n)}x${")".repeat(n)}`],
  ["subscripts", (n) => `${"x[".repeat(n)}0${"]".repeat(n)}`],
  ["suffixes", (n) => `f${"(x)".repeat(n)}`],
  ["repeats", (n) => `${"repeat 2 (z = ".repeat(n)}x${") { z }".repeat(n)}`],
  ["bodies", (n) => `${"repeat 2 (z = x) { ".repeat(n)}z${" }".repeat(n)}`],
  ["conditions of binders", (n) => `${"sum[i where ".repeat(n)}a${"] x".repeat(n)}`],
  ["signs in exponents", (n) => `2 ^ ${"-".repeat(n)}1`],
];

for (const [name, make] of chains) {
  test(`${name}: what fits is read, one more level is one message, 100,000 are refused at once`, () => {
    // The body of the function is one level by itself; some chains need one or two inside.
    expect(codes(returning(make(nestingLimit - 5)))).toEqual([]);
    expect(codes(returning(make(nestingLimit + 1)))).toEqual(["LF0114"]);
    // 100,000 levels where that fits into a file.
    const many = returning(make(100_000)).length > sizeLimit ? 50_000 : 100_000;
    expect(codes(returning(make(many)))).toEqual(["LF0114"]);
  });
}

test("the limit is 64 levels, the body counted", () => {
  const nested = (n: number): string => returning(`${"(".repeat(n)}1${")".repeat(n)}`);
  expect(codes(nested(nestingLimit - 1))).toEqual([]);
  expect(codes(nested(nestingLimit))).toEqual(["LF0114"]);
});

test("brackets of sizes and types nest too", () => {
  const size = (n: number): string => `lf 1 dim A = ${"(".repeat(n)}1${")".repeat(n)}`;
  expect(codes(size(60))).toEqual([]);
  expect(codes(size(100_000))).toEqual(["LF0114"]);
  expect(codes(`lf 1 dim A = 1${" + 1".repeat(100_000)}`)).toEqual(["LF0115"]);
});

test("long sums, products, `and` and `or` stay flat, up to their limit", () => {
  for (const op of ["+", "*", "and", "or", "-", "/"]) {
    expect(codes(returning(`a${` ${op} a`.repeat(operandLimit - 1)}`))).toEqual([]);
    expect(codes(returning(`a${` ${op} a`.repeat(operandLimit)}`))).toEqual(["LF0115"]);
  }
});

test("long lists are no nesting", () => {
  expect(codes(returning(`f(${"x, ".repeat(20_000)})`))).toEqual([]);
  expect(codes(`lf 1 dim A[i: B] = [${"1, ".repeat(20_000)}1]`)).toEqual([]);
});

test("a file beyond 2 Mi characters is refused in a sentence", () => {
  expect(codes("x".repeat(sizeLimit + 1))).toEqual(["LF0103"]);
  expect(codes(`lf 1\n//${" ".repeat(sizeLimit - 7)}`)).toEqual([]);
});

test("a megabyte is read in about half a second, in time linear to its length", () => {
  const good = join(import.meta.dirname, "../corpus/good");
  const all = readdirSync(good)
    .map((name) => readFileSync(join(good, name), "utf8").replace(/^lf 1$/m, ""))
    .join("\n");
  const text = (size: number): string => `lf 1\n${all.repeat(Math.ceil(size / all.length))}`;
  const time = (size: number): number => {
    const file = { path: "big.lf", text: text(size) };
    const times = [0, 1, 2].map(() => processorTime(() => expect(parseFile(file).diagnostics).toEqual([])));
    return Math.min(...times);
  };
  const small = time(1 << 17);
  const large = time(1 << 20);
  expect(large).toBeLessThan(2000);
  expect(large / small).toBeLessThan(24); // 8 times the length
});

// Each of these once cost, or could cost, time beyond all proportion in recovery.
const junk: readonly (readonly [name: string, text: string])[] = [
  ["values without operators", `lf 1 ${"a b ".repeat(100_000)}`],
  ["heads without functions", `lf 1 ${"fn ".repeat(200_000)}`],
  ["heads without names", `lf 1 fn f() -> f32 {${"let let = ".repeat(80_000)}`],
  ["closing brackets", `lf 1 fn f() -> f32 {${" a ) ] ".repeat(80_000)}`],
  ["opening brackets by statement", `lf 1 fn f() -> f32 {${" let a = f(x,".repeat(50_000)}`],
  ["many errors in a statement", `lf 1 fn f() -> f32 {${" let a = x[a b c d] + f(+)".repeat(30_000)}`],
  ["an endless signature", `lf 1 fn f(${"a b,".repeat(200_000)}`],
  ["an endless call", `lf 1 fn f() -> f32 { return f(${"a b,".repeat(200_000)}) }`],
  ["one unknown character", "\u00d7".repeat(1_000_000)],
  ["unknown characters apart", `lf 1 ${"\u00d7 ".repeat(500_000)}`],
  ["zero bytes", "\0".repeat(1_000_000)],
  ["an open string", `lf 1 import "${"x".repeat(1_000_000)}`],
  ["open strings", `lf 1 ${'"\n'.repeat(500_000)}`],
  ["an open comment", `lf 1 /*${"*".repeat(1_000_000)}`],
  ["digits", "7".repeat(1_000_000)],
  ["dots", ".".repeat(1_000_000)],
  ["underscores and digits", `lf 1 dim a = ${"1_".repeat(500_000)}x`],
];

for (const [name, text] of junk) {
  test(`junk is refused in time: ${name}`, () => {
    const found = codes(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(errorLimit + 1);
  });
}
