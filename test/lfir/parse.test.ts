import { describe, expect, test } from "vitest";
import { parseGraph, parseKernel, parseProgram } from "../../grammar/lfir.toIr.js";
import { schedulePass } from "../../passes/schedule/schedule.js";
import { generic } from "../../src/cost/targets.js";
import { position, type SourceFile } from "../../src/diagnostics/span.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { unwrap } from "../support/model.js";

/** What the text of a message and the printed text do not show; the rest is in test/filetests/parse. */

const file = (text: string): SourceFile => ({ path: "test.lfir", text });
const graph = (body: string, options = {}) =>
  parseGraph(file(`graph @t(%x: f32[4]) {\n${body}\n  return y = %y\n}\n`), options);

test("a node stands where its name does, unless it says otherwise", () => {
  const source = file("line one\nlet y = here");
  const { nodes, locs } = unwrap(
    graph(
      "  %a = map %x[i] -> [i] = -$0\n  %y = map %a[i] -> [i] = exp($0)  loc(model.lf:2:9 from step 3 of other.lf:7:5)",
      {
        source: (path: string) => (path === "model.lf" ? source : undefined),
      },
    ),
  );
  const [, a, y] = locs;
  expect(nodes.length).toBe(3);
  expect(a?.kind === "source" && a.span.file.text.slice(a.span.start, a.span.end)).toBe("%a");
  if (y?.kind !== "call" || y.callee.kind !== "source" || y.caller.kind !== "source") throw new Error("a call");
  expect(y.step).toBe(3);
  expect(y.callee.span.file.text.slice(y.callee.span.start)).toBe("here");
  // the file is not at hand: its line and column are kept all the same
  expect(position(y.caller.span.file, y.caller.span.start)).toEqual({ line: 7, column: 5 });
});

test("kernels are called after the names of the text", () => {
  const text = file(`graph @t(%x: f32[64, 32], %w: f32[32, 16]) {
  %keys = contract %x[m, d], %w[d, c] -> [m, c]
  %y = map %keys[m, c] -> [c, m] = exp($0)
  return result = %y
}`);
  const cx = { target: generic, strategies: new Set<string>(), fp: "relaxed", remark: () => {} } as const;
  expect(schedulePass.run(unwrap(parseGraph(text)), cx).kernels.map((k) => k.name)).toEqual(["y_contract"]);
});

test("equal computations are one, as the builder has it", () => {
  const { nodes, outputs } = unwrap(graph("  %a = map %x[i] -> [i] = -$0\n  %y = map %x[j] -> [j] = -$0"));
  expect(nodes.length).toBe(2);
  expect(outputs).toEqual([{ name: "y", value: 1 }]);
});

test("equal expressions of one statement are one object, those of two are not", () => {
  const kernel = unwrap(
    parseKernel(
      file(
        "kernel k: local 1x1x1 {\n  read x: f32[4]\n  write y: f32[4]\n  y[0] = exp(x[1]) + exp(x[1])\n  y[1] = exp(x[1])\n}",
      ),
    ),
  );
  const values = kernel.body.map((s): KExpr => {
    if (s.s !== "store") throw new Error("a store");
    return s.value;
  });
  const [first, second] = values;
  if (first?.k !== "op") throw new Error("a sum");
  expect(first.args[0]).toBe(first.args[1]);
  expect(second).toEqual(first.args[0]);
  expect(second).not.toBe(first.args[0]);
});

test("what follows a line of three dashes is not read", () => {
  const text = "graph @t(%x: f32[4]) {\n  return y = %x\n}\n// ---\n^ anything";
  expect(parseGraph(file(text)).ok).toBe(true);
});

test("a graph is verified unless that is not wanted", () => {
  const text = "  %k = map -> [] = 1\n  %s = map %x[i] -> [i] = $0\n  %y = map %s[i], %k -> [i] = $0 + $1";
  expect(graph(text).ok).toBe(false);
  expect(graph(text, { verify: false }).ok).toBe(true);
});

test("words are names where names stand", () => {
  const kernel = `kernel kernel: local 1x1x1 {
  read read: f32[4]
  write pin: f32[4]
  register let: f32[1]
  for for in 0..4 {
    let step: f32 = read[for]
    let in: i32 = for
    let[0] = step
    pin[in] = let[0]
    pin
  }
}
`;
  const { body, buffers } = unwrap(parseKernel(file(kernel)));
  expect(buffers.map((b) => b.id)).toEqual(["read", "pin", "let"]);
  const [loop] = body;
  expect(loop?.s === "for" && loop.body.map((s) => s.s)).toEqual(["let", "let", "store", "store", "pin"]);
});

describe("hostile texts end in a message", () => {
  const codes = (text: string): readonly string[] => {
    const result = parseGraph(file(text));
    return result.ok ? [] : result.error.map((d) => d.code);
  };
  test.each([
    ["brackets", `graph @t() { %y = map -> [] = ${"(".repeat(1e5)}`, "LF0603"],
    ["signs", `graph @t() { %y = map -> [] = ${"-".repeat(1e5)}1`, "LF0603"],
    ["a sum", `graph @t() { %y = map -> [] = ${"1 + ".repeat(1e5)}1 return y = %y }`, "LF0603"],
    [
      "regions",
      `graph @t() { %y = region "s" result 0 () { ${'graph @t() { %y = region "s" result 0 () { '.repeat(1e4)}`,
      "LF0603",
    ],
    [
      "a place far away",
      "graph @t(%x: f32[1]) { %y = map %x[i] -> [i] = -$0 loc(a.lf:99999999999:0) return x = %z }",
      "LF0606",
    ],
    ["nothing", "", "LF0605"],
    ["a lone bracket", "}", "LF0602"],
    ["a number too large", "graph @t(%x: f32[99999999999999999999]) { return x = %x }", "LF0614"],
  ])("%s", (_, text, code) => {
    expect(codes(text)).toEqual([code]);
  });
});

test("another level is refused by name", () => {
  const result = parseProgram(file("graph @t(%x: f32[4]) {\n  return y = %x\n}\n"));
  expect(result.ok ? [] : result.error.map((d) => d.message)).toEqual(["the text holds a graph, not one program"]);
});
