import { expect, test } from "vitest";
import { dedupe } from "../../passes/kernel/dedupe.js";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import { type KernelBuilder, kernelBuilder, kType, mul } from "../../src/ir/kernel/builder.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import { contextFor, cpu } from "./context.js";
import { doubled, f32, loadProgram, programOf } from "./support.js";

const cx = contextFor(cpu);
const f = kType("f32");

/** to = from * by, with names of its own. */
function scaled(name: string, from: string, to: string, by: number): KernelBuilder {
  const k = kernelBuilder(name);
  k.buffer({ space: "global", id: from, type: f, length: constDim(4), access: "read" });
  k.buffer({ space: "global", id: to, type: f, length: constDim(4), access: "write" });
  const g = k.grid(0, 4, `${name} row`);
  const v = k.let(mul(k.load(from, g), by), `${from} scaled`);
  k.store(to, g, v);
  return k;
}

const tensors = [
  { id: "x", kind: "input", shape: [4] },
  { id: "a", kind: "temp", shape: [4] },
  { id: "b", kind: "temp", shape: [4] },
  { id: "y", kind: "output", shape: [4] },
] as const;

test("all kernels differ: the same program", () => {
  const program = programOf(tensors, [scaled("k0", "x", "a", 2), scaled("k1", "a", "b", 3), scaled("k2", "b", "y", 4)]);
  expect(dedupe.run(program, cx)).toBe(program);
});

test("kernels that differ in names only become one", async () => {
  const program = programOf(tensors, [scaled("k0", "x", "a", 2), scaled("k1", "a", "b", 3), scaled("k2", "b", "y", 2)]);
  const done = dedupe.run(program, cx);
  expect(done.kernels.map((k) => k.name)).toEqual(["k0", "k1"]);
  expect(done.steps.map((s) => s.step === "dispatch" && s.kernel)).toEqual(["k0", "k1", "k0"]);
  expect(verifyProgram(done, cpu, [])).toEqual([]);
  const { y } = await (await loadProgram(done, { checked: true })).run({ x: f32([4], [1, 2, 3, 4]) });
  expect([...(y?.data ?? [])]).toEqual([12, 24, 36, 48]);
});

test("layers with sizes of their own share a kernel, each dispatch gives its sizes", () => {
  const [n, m] = [symbolDim("N", 1, 64), symbolDim("M", 1, 64)];
  const build = (d: typeof n) => {
    const k = kernelBuilder(`rows_${d.op === "symbol" ? d.name : ""}`);
    k.buffer({ space: "global", id: "x", type: f, length: constDim(64), access: "read" });
    k.buffer({ space: "global", id: "y", type: f, length: constDim(64), access: "write" });
    const g = k.grid(0, d, "g");
    k.store("y", g, k.load("x", g));
    return k;
  };
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [64] },
      { id: "t", kind: "temp", shape: [64] },
      { id: "y", kind: "output", shape: [64] },
    ],
    [
      { b: build(n), bind: { y: "t" } },
      { b: build(m), bind: { x: "t" } },
    ],
  );
  const done = dedupe.run({ ...program, symbols: [n, m] }, cx);
  expect(done.kernels).toHaveLength(1);
  expect(done.steps.map((s) => s.step === "dispatch" && s.dims)).toEqual([[n], [m]]);
  expect(verifyProgram(done, cpu, [])).toEqual([]);
});

test("buffers of run-time length that depend on other sizes keep kernels apart", () => {
  const [n, m] = [symbolDim("N", 1, 64), symbolDim("M", 1, 64)];
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [64] },
      { id: "y", kind: "output", shape: [64] },
    ],
    [doubled(n, constDim(8), 8)],
  );
  const other = doubled(m, constDim(8), 8).finish();
  expect(
    dedupe.run({ ...program, kernels: [...program.kernels, { ...other, name: "other" }] }, cx).kernels,
  ).toHaveLength(2);
});
