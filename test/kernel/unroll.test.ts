import { expect, test } from "vitest";
import { unroll } from "../../passes/kernel/unroll.js";
import { constDim } from "../../src/ir/dim.js";
import { add, convert, type KernelBuilder, kernelBuilder, kType, mul } from "../../src/ir/kernel/builder.js";
import type { KStmt } from "../../src/ir/kernel/ops.js";
import { printKernel } from "../../src/ir/kernel/print.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import { walkStmts } from "../../src/ir/kernel/visit.js";
import { contextFor, cpu, simt } from "./context.js";
import { f32, loadProgram, matmul, numbers, product, programOf, rowSums } from "./support.js";

const f = kType("f32");
const [x, y] = [
  { id: "x", kind: "input", shape: [64] },
  { id: "y", kind: "output", shape: [64] },
] as const;

function kernel(body: (k: KernelBuilder) => void): KernelBuilder {
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "x", type: f, length: constDim(64), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: constDim(64), access: "write" });
  body(k);
  return k;
}

const count = (body: readonly KStmt[], kind: KStmt["s"]): number => {
  let n = 0;
  walkStmts(body, (s) => {
    if (s.s === kind) n++;
  });
  return n;
};

test("nothing to unroll: the same program", () => {
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [3, 50] },
      { id: "y", kind: "output", shape: [3] },
    ],
    [rowSums(3, 50, 8)],
  );
  expect(unroll.run(program, contextFor(simt))).toBe(program);
});

test("copies have literal register indices and names of their own", () => {
  const k = kernel((b) => {
    const acc = b.memory("register", "acc", f, 4);
    b.for(0, 2, 1, "unroll", (i) => {
      b.for(0, 2, 1, "unroll", (j) => {
        const v = b.let(b.load("x", add(mul(i, 10), j)), "v");
        const at = b.let(add(mul(i, 2), j), "at");
        b.store(acc, at, v);
      });
    });
    b.for(0, 4, 1, "unroll", (i) => b.store("y", i, b.load(acc, i)));
  });
  const done = unroll.run(programOf([x, y], [k]), contextFor(cpu));
  expect(printKernel(done.kernels[0]!)).toBe(`kernel k: local 1x1x1 {
  read x: f32[64]
  write y: f32[64]
  register acc: f32[4]
  let v: f32 = x[0]
  acc[0] = v
  let v_2: f32 = x[1]
  acc[1] = v_2
  let v_1: f32 = x[10]
  acc[2] = v_1
  let v_3: f32 = x[11]
  acc[3] = v_3
  y[0] = acc[0]
  y[1] = acc[1]
  y[2] = acc[2]
  y[3] = acc[3]
}
`);
  expect(verifyProgram(done, cpu, ["unroll"])).toEqual([]);
});

test("the bounds of an inner loop may depend on the outer one", () => {
  const k = kernel((b) => {
    const acc = b.memory("register", "acc", f, 4);
    b.for(0, 4, 1, "unroll", (i) => {
      b.store(acc, i, 0);
      b.for(0, i, 1, "unroll", (j) => b.store(acc, j, add(b.load(acc, j), 1)));
    });
    b.for(0, 4, 1, "unroll", (i) => b.store("y", i, b.load(acc, i)));
  });
  const done = unroll.run(programOf([x, y], [k]), contextFor(cpu));
  expect(verifyProgram(done, cpu, ["unroll"])).toEqual([]);
  expect(count(done.kernels[0]?.body ?? [], "store")).toBe(4 + 6 + 4);
});

test("a loop that needs no literal index and would be long stays a loop", () => {
  const k = kernel((b) => {
    const acc = b.memory("register", "acc", f, 1);
    b.store(acc, 0, 0);
    b.for(0, 1000, 1, "unroll", (i) => b.store(acc, 0, add(b.load(acc, 0), convert("f32", i))));
    b.store("y", 0, b.load(acc, 0));
  });
  const done = unroll.run(programOf([x, y], [k]), contextFor(cpu));
  expect(verifyProgram(done, cpu, ["unroll"])).toEqual([]);
  expect(count(done.kernels[0]?.body ?? [], "store")).toBe(3);
});

test("registers too many to be names move to scratch memory", async () => {
  const k = kernel((b) => {
    const acc = b.memory("register", "acc", f, 3000);
    b.for(0, 3000, 1, "unroll", (i) => b.store(acc, i, 0));
    b.for(0, 10, 1, "unroll", () => {
      b.for(0, 3000, 1, "unroll", (i) => b.store(acc, i, add(b.load(acc, i), convert("f32", i))));
    });
    b.for(0, 64, 1, "unroll", (i) => b.store("y", i, b.load(acc, i)));
  });
  const done = unroll.run(programOf([x, y], [k]), contextFor(cpu));
  expect(verifyProgram(done, cpu, ["unroll"])).toEqual([]);
  const [made] = done.kernels;
  expect(made?.buffers.map((b) => b.space)).toEqual(["global", "global", "scratch"]);
  expect(count(made?.body ?? [], "store")).toBeLessThan(300);
  const out = await (await loadProgram(done, { checked: true })).run({ x: f32([64], numbers(64)) });
  expect(out.y?.data).toEqual(Float32Array.from({ length: 64 }, (_, i) => i * 10));
});

test("an unrolled contraction computes the same", async () => {
  const [M, N, K] = [8, 16, 12];
  const program = programOf(
    [
      { id: "a", kind: "input", shape: [M, K] },
      { id: "b", kind: "input", shape: [K, N] },
      { id: "c", kind: "output", shape: [M, N] },
    ],
    [matmul("matmul", M, N, K)],
  );
  const done = unroll.run(program, contextFor(simt));
  expect(verifyProgram(done, simt, ["unroll"])).toEqual([]);
  const [a, b] = [numbers(M * K, 1), numbers(K * N, 2)];
  const { c } = await (await loadProgram(done)).run({ a: f32([M, K], a), b: f32([K, N], b) });
  expect(c?.data).toEqual(product(a, b, M, N, K));
});
