import { expect, test } from "vitest";
import { guardBounds } from "../../passes/kernel/guardBounds.js";
import { ceilDivDim, constDim, mulDim, symbolDim } from "../../src/ir/dim.js";
import { add, kernelBuilder, kType, mul, sub } from "../../src/ir/kernel/builder.js";
import { printKernel } from "../../src/ir/kernel/print.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import { contextFor, cpu } from "./context.js";
import { doubled, f32, loadProgram, numbers, programOf } from "./support.js";

const f = kType("f32");
const cx = contextFor(cpu);
const body = (p: Program): string => printKernel(p.kernels[0]!);

test("nothing to guard: the same program", () => {
  const n = symbolDim("N", 1, 100);
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [n] },
      { id: "y", kind: "output", shape: [n] },
    ],
    [doubled(n, ceilDivDim(n, constDim(8)), 8)],
  );
  expect(guardBounds.run(program, cx)).toBe(program);
});

test("loads are clamped and stores guarded, on the sides that are not proved", async () => {
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "x", type: f, length: constDim(8), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: constDim(8), access: "write" });
  const g = k.grid(0, 8, "g");
  k.store("y", add(g, 2), add(k.load("x", sub(g, 1)), k.load("x", add(g, 1))));
  const done = guardBounds.run(
    programOf(
      [
        { id: "x", kind: "input", shape: [8] },
        { id: "y", kind: "output", shape: [8] },
      ],
      [k],
    ),
    cx,
  );
  expect(body(done)).toContain(`if g + 2 < 8 {
      y[g + 2] = x[max(g - 1, 0)] + x[min(g + 1, 7)]
    }`);
  expect(verifyProgram(done, cpu, ["guardBounds"])).toEqual([]);
  expect(guardBounds.run(done, cx)).toBe(done);
});

test("a gather by a value is clamped into a table of run-time length", async () => {
  const n = symbolDim("N", 2, 50);
  const k = kernelBuilder("gather");
  k.buffer({ space: "global", id: "tokens", type: kType("i32"), length: constDim(4), access: "read" });
  k.buffer({ space: "global", id: "table", type: f, length: mulDim(n, constDim(2)), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: constDim(8), access: "write" });
  const g = k.grid(0, 4, "g");
  const token = k.let(k.load("tokens", g), "token");
  k.for(0, 2, 1, "serial", (i) => k.store("y", add(mul(g, 2), i), k.load("table", add(mul(token, 2), i))));
  const program = programOf(
    [
      { id: "tokens", kind: "input", dtype: "i32", shape: [4] },
      { id: "table", kind: "input", shape: [n, 2] },
      { id: "y", kind: "output", shape: [8] },
    ],
    [k],
  );
  const done = guardBounds.run(program, cx);
  expect(body(done)).toContain("table[max(min(token * 2 + i, dim.0 - 1), 0)]");
  const [step] = done.steps;
  expect(step?.step === "dispatch" && step.dims).toEqual([mulDim(n, constDim(2))]);
  expect(verifyProgram(done, cpu, ["guardBounds"])).toEqual([]);
  const table = numbers(10);
  const exe = await loadProgram(done, { checked: true });
  const { y } = await exe.run({
    tokens: { dtype: "i32", shape: [4], data: Int32Array.of(0, 4, -7, 900) },
    table: f32([5, 2], table),
  });
  const at = (...ix: number[]): number[] => ix.map((i) => table[i] ?? Number.NaN);
  expect([...(y?.data ?? [])]).toEqual(at(0, 1, 8, 9, 0, 0, 9, 9));
});

test("private arrays are held to their length too", () => {
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "y", type: f, length: constDim(8), access: "write" });
  const g = k.grid(0, 8, "g");
  const s = k.memory("scratch", "s", f, 4);
  k.store(s, g, 1);
  k.store("y", g, k.load(s, g));
  const done = guardBounds.run(programOf([{ id: "y", kind: "output", shape: [8] }], [k]), cx);
  expect(body(done)).toContain("if g < 4 {\n      s[g] = 1.0\n    }\n    y[g] = s[min(g, 3)]");
});
