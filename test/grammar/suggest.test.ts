import { expect, test } from "vitest";
import { distance, nearest } from "../../src/diagnostics/suggest.js";

const functions = ["exp", "log", "sqrt", "rsqrt", "gelu", "gelu_tanh", "silu", "sigmoid", "relu", "linear", "Seq"];

test("slips of one or two letters find their word", () => {
  expect(nearest("gleu", functions)).toBe("gelu");
  expect(nearest("sigmod", functions)).toBe("sigmoid");
  expect(nearest("sqr", functions)).toBe("sqrt");
  expect(nearest("seq", functions)).toBe("Seq");
  expect(nearest("liner", functions)).toBe("linear");
  expect(nearest("gelu_tnah", functions)).toBe("gelu_tanh");
});

test("words that merely share a letter do not", () => {
  expect(nearest("q", functions)).toBeUndefined();
  expect(nearest("q", ["x", "y"])).toBeUndefined();
  expect(nearest("tokens", functions)).toBeUndefined();
  expect(nearest("cos", functions)).toBeUndefined();
  expect(nearest("", functions)).toBeUndefined();
});

test("of equally near ones the first in order of letters, however they are listed", () => {
  expect(nearest("wx", ["wz", "wk", "wq"])).toBe("wk");
  expect(nearest("wx", ["wq", "wk", "wz"])).toBe("wk");
});

test("a name never suggests itself, and endless names cost nothing", () => {
  expect(nearest("exp", ["exp"])).toBeUndefined();
  const start = performance.now();
  expect(nearest("a".repeat(100_000), ["b".repeat(100_000), "a"])).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(200);
});

test("the distance counts inserted, deleted, changed and swapped letters; a change of case counts half", () => {
  expect(distance("abc", "abc")).toBe(0);
  expect(distance("abc", "abd")).toBe(1);
  expect(distance("abc", "acb")).toBe(1);
  expect(distance("abc", "ab")).toBe(1);
  expect(distance("abc", "Abc")).toBe(0.5);
  expect(distance("", "abc")).toBe(3);
});
