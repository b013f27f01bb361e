import { expect, test } from "vitest";
import { accepted, checkText } from "./support.js";

/** Processor time in seconds: other work on the machine does not count. */
function seconds(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const times = (n: number, make: (i: number) => string, separator = "\n"): string =>
  Array.from({ length: n }, (_, i) => make(i)).join(separator);

/** A block of usual code; `i` makes its names. */
const usual = (i: number): string => `
fn norm${i}<D>(x: f32[D], gain, bias: f32[D]) -> f32[D] {
  let mu   = mean[d] x[d]
  let var  = mean[d] (x[d] - mu) ^ 2
  let y[d] = (x[d] - mu) * rsqrt(var + 1e-5) * gain[d] + bias[d]
  return y
}
block Layer${i}(x: f32[Seq, Model], keep: bool[Seq]) -> f32[Seq, Model] {
  param w: f32[Model, Model]
  param g, b: f32[Model] = zeros
  let u[n] = norm${i}(x[n], g, b)
  let s[n, m] = softmax[m <= n where keep[m]] (sum[d] u[n, d] * u[m, d]) / sqrt(Model)
  let old[n: Seq, d] = if n > 0 then x[n - 1, d] else 0
  let y[n, o] = old[n, o] + sum[m, d] s[n, m] * u[m, d] * w[d, o]
  return y
}`;
const head = "dim Seq = ? in 64..4096 step 64\ndim Model = 64\n";

test("time is linear in the length of the text", () => {
  const text = (n: number) => head + times(n, usual);
  accepted(checkText(text(100))); // warm
  const small = seconds(() => accepted(checkText(text(150))));
  const large = seconds(() => accepted(checkText(text(1700)))); // about 1 MiB
  expect(text(1700).length).toBeGreaterThan(900_000);
  expect(large / small).toBeLessThan((1700 / 150) * 3);
});

test.each<[string, string]>([
  ["one long sum", `fn f(x: f32[4]) -> f32[4] { return ${times(4000, () => "x", " + ")} }`],
  ["one long product", `fn f(x: f32[4]) -> f32[4] { return ${times(4000, () => "x", " * ")} }`],
  [
    "a long chain of divisions",
    `fn f(x: f32[4]) -> f32[4] { let y[n: 4] = x[n${times(1000, () => " / 2 % 9", "")}] return y }`,
  ],
  [
    "a long chain of quotients",
    `fn f(x: f32[4]) -> f32[4] { let y[n: 4] = x[n${times(2000, () => " / 1", "")}] return y }`,
  ],
  [
    "divisions inside of one another",
    `fn f(x: f32[4]) -> f32[4] { let y[n: 4] = if n > 9 then x[${"(".repeat(50)}n - 3${") / 2 + 1".repeat(50)}] else 0 return y }`,
  ],
  [
    "many conditions",
    `fn f(x: f32[4]) -> f32[4] { let y[n: 4] = if ${times(2000, (i) => `n > ${i}`, " and ")} then ${times(2000, () => "x[n - 1]", " + ")} else 0 return y }`,
  ],
  [
    "many calls of one instance",
    `block B<N>(x: f32[N]) -> f32[N] { param w: f32[N] return x + w }\nmodel M(x: f32[4]) -> f32[4] { param b: B ${times(5000, (i) => `let y${i} = b(x)`)} return y0 }`,
  ],
  [
    "many layers",
    `block B<N>(x: f32[N]) -> f32[N] { param w: f32[N] return x + w }\nmodel M(x: f32[4]) -> f32[4] { param b: B[5000] ${times(5000, (i) => `let y${i} = b[${i}](x)`)} return y0 }`,
  ],
  [
    "a long table",
    `dim H = 20000\ndim T[h: H] = [${times(20000, (i) => String(i + 1), ",")}]\nfn f(x: f32[20000]) -> f32[H] { ${times(3000, (i) => `let y${i}[h: H] = sum[k: T[h]] x[k]`)} return y0 }`,
  ],
  [
    "many repeats beside many values",
    `fn f(x: f32[4]) -> f32[4] { ${times(6000, (i) => `let y${i} = repeat 2 (z = x) { let w = z return w }`)} return y0 }`,
  ],
  ["a chain of derived dims", `dim D0 = 1\n${times(3000, (i) => `dim D${i + 1} = D${i} + 1`)}`],
  ["a circle of dims", `${times(5000, (i) => `dim D${i} = D${(i + 1) % 5000}`)}`],
  ["dims from the last to the first", `${times(9000, (i) => `dim D${i} = D${i + 1}`)}\ndim D9000 = 4`],
])("quick and without a stack overflow: %s", (_, text) => {
  expect(seconds(() => checkText(text))).toBeLessThan(10);
});

test("many unknown names do not make it slow, and a hundred messages are enough", () => {
  const text = `fn f(x: f32[4]) -> f32[4] { ${times(5000, (i) => `let name${i} = nome${i * 7}`)} return x }`;
  let found = 0;
  expect(
    seconds(() => {
      found = checkText(text).diagnostics.length;
    }),
  ).toBeLessThan(10);
  expect(found).toBe(100);
});
