import { expect, test } from "vitest";
import { elaborate } from "../../src/check/elaborate/elaborate.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { checked } from "./support.js";

const problems = (text: string, model?: string): readonly Diagnostic[] => {
  const result = elaborate(checked({ path: "test.lf", text }), model);
  return result.ok ? [] : result.error;
};

const models = `lf 1
  model First(x: f32) -> f32 { x }
  model Second(x: f32) -> f32 { -x }`;

test("a file with several models wants a name, and lists them", () => {
  const [found, more] = problems(models);
  expect(more).toBeUndefined();
  expect(found?.code).toBe("LF0302");
  expect(found?.message).toContain("First, Second");
  expect(found?.help).toContain("--model First");
  expect(problems(models, "Second")).toEqual([]);
});

test("an unknown model, with the near one", () => {
  const [found] = problems(models, "Secnd");
  expect(found?.code).toBe("LF0303");
  expect(found?.help).toContain("Second");
});

test("a file without a model", () => {
  expect(problems("lf 1\nfn f(x: f32) -> f32 { x }").map((d) => d.code)).toEqual(["LF0301"]);
});

test("two parameters loaded from one key", () => {
  const [found, more] = problems(`lf 1
    block B(x: f32[3]) -> f32[3] { param w: f32[3] from "w" return x + w }
    model M(x: f32[3]) -> f32[3] {
      param b: B from "b"
      return B(b(B(x)))
    }`);
  expect(more).toBeUndefined();
  expect(found?.code).toBe("LF0304");
  expect(found?.message).toContain("B.0.w");
  expect(found?.notes?.[0]?.span).toBeDefined();
});

test("a model that would not end", () => {
  const doubling = Array.from({ length: 30 }, (_, i) => `fn g${i + 1}(x: f32) -> f32 { g${i}(x) + g${i}(x) }`);
  const [calls] = problems(`lf 1
    fn g0(x: f32) -> f32 { x }
    ${doubling.join("\n")}
    model M(x: f32) -> f32 { g30(x) }`);
  expect(calls?.code).toBe("LF0305");
  const [steps] = problems(`lf 1
    model M(x: f32) -> f32 { repeat 1000 (a = x) { repeat 1000 (b = a) { b } } }`);
  expect(steps?.code).toBe("LF0305");
});

test("calls nested beyond the stack", () => {
  const chain = Array.from({ length: 5000 }, (_, i) => `fn g${i + 1}(x: f32) -> f32 { g${i}(x) }`);
  const found = problems(`lf 1
    fn g0(x: f32) -> f32 { x }
    ${chain.join("\n")}
    model M(x: f32) -> f32 { g5000(x) }`);
  expect(found.map((d) => d.code)).toEqual(["LF0306"]);
});
