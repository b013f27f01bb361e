import { expect, test } from "vitest";
import backend from "../../backends/js/index.js";
import { ceilDivDim, constDim, symbolDim } from "../../src/ir/dim.js";
import { add, kernelBuilder, kType, mul } from "../../src/ir/kernel/builder.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import { contextFor, cpu } from "./context.js";
import { doubled, f32, loadProgram, matmul, numbers, product, programOf, rowSums } from "./support.js";

const both = [{}, { checked: true }];

test.each(both)("a contraction in register tiles and vectors: %o", async (options) => {
  const [M, N, K] = [10, 20, 12];
  const program = programOf(
    [
      { id: "a", kind: "input", shape: [M + 2, K] },
      { id: "b", kind: "param", shape: [K, N + 4] },
      { id: "c", kind: "output", shape: [M + 2, N + 4] },
    ],
    [matmul("matmul", M + 2, N + 4, K)],
  );
  const a = numbers((M + 2) * K, 1);
  const b = numbers(K * (N + 4), 2);
  const exe = await loadProgram(program, options, { b: f32([K, N + 4], b) });
  const { c } = await exe.run({ a: f32([M + 2, K], a) });
  expect(c?.data).toEqual(product(a, b, M + 2, N + 4, K));
});

test.each([...both, { execution: "simt" }])("a reduction through shared memory: %o", async (options) => {
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [3, 50] },
      { id: "y", kind: "output", shape: [3] },
    ],
    [rowSums(3, 50, 8)],
  );
  const x = numbers(150);
  const { y } = await (await loadProgram(program, options)).run({ x: f32([3, 50], x) });
  expect([...(y?.data ?? [])]).toEqual([0, 1, 2].map((r) => x.slice(r * 50, r * 50 + 50).reduce((a, b) => a + b, 0)));
});

test("a missing barrier is a race", async () => {
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [3, 50] },
      { id: "y", kind: "output", shape: [3] },
    ],
    [rowSums(3, 50, 8, false)],
  );
  const exe = await loadProgram(program, { checked: true });
  await expect(exe.run({ x: f32([3, 50], numbers(150)) })).rejects.toMatchObject({
    fault: { kernel: "row_sums", buffer: "part" },
  });
});

test.each(both)("run-time sizes come from the shapes of the inputs: %o", async (options) => {
  const n = symbolDim("N", 1, 100);
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [n] },
      { id: "y", kind: "output", shape: [n] },
    ],
    [doubled(n, ceilDivDim(n, constDim(8)), 8)],
  );
  const exe = await loadProgram(program, options);
  for (const size of [1, 7, 8, 9, 100]) {
    const x = numbers(size);
    const { y } = await exe.run({ x: f32([size], x) });
    expect(y).toEqual({ dtype: "f32", shape: [size], data: x.map((v) => v * 2) });
  }
  await expect(exe.run({ x: f32([101], numbers(101)) })).rejects.toThrow("N would be 101, its range is 1..100");
});

test.each(both)("the size decides which steps run: %o", async (options) => {
  const n = symbolDim("N", 1, 100);
  const kernel = (by: number) => {
    const k = kernelBuilder(`times${by}`);
    k.buffer({ space: "global", id: "x", type: kType("f32"), length: n, access: "read" });
    k.buffer({ space: "global", id: "y", type: kType("f32"), length: n, access: "write" });
    const g = k.grid(0, n, "g");
    k.store("y", g, mul(k.load("x", g), by));
    return k;
  };
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [n] },
      { id: "y", kind: "output", shape: [n] },
    ],
    [kernel(2), kernel(3)],
  );
  const [yes, no] = [program.steps.slice(0, 1), program.steps.slice(1)];
  // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
  const choose: Step = { step: "choose", dim: n, below: 10, then: yes, else: no };
  const exe = await loadProgram({ ...program, steps: [choose] }, options);
  const run = async (size: number) => [
    ...((await exe.run({ x: f32([size], new Float32Array(size).fill(1)) })).y?.data ?? []),
  ];
  expect(await run(9)).toEqual(new Array(9).fill(2));
  expect(await run(10)).toEqual(new Array(10).fill(3));
});

test.each(both)("the preparation runs once, and windows of a resource are bound: %o", async (options) => {
  const f = kType("f32");
  const double = kernelBuilder("double");
  double.buffer({ space: "global", id: "w", type: f, length: constDim(4), access: "read" });
  double.buffer({ space: "global", id: "t", type: f, length: constDim(4), access: "write" });
  const g = double.grid(0, 4, "g");
  double.store("t", g, mul(double.load("w", g), 2));
  const sum = kernelBuilder("sum");
  for (const id of ["x", "t"]) sum.buffer({ space: "global", id, type: f, length: constDim(2), access: "read" });
  sum.buffer({ space: "global", id: "y", type: f, length: constDim(2), access: "write" });
  const h = sum.grid(0, 2, "h");
  sum.store("y", h, add(sum.load("x", h), sum.load("t", h)));
  const base = programOf(
    [
      { id: "w", kind: "param", shape: [4] },
      { id: "t", kind: "temp", shape: [4] },
      { id: "x", kind: "input", shape: [2] },
      { id: "y", kind: "output", shape: [4] },
    ],
    [double, sum],
  );
  const [first, second] = base.steps;
  if (first?.step !== "dispatch" || second?.step !== "dispatch") throw new Error("no dispatches");
  const window = (resource: string, at: number) => ({ resource, offset: constDim(at), length: constDim(2) });
  const program: Program = {
    ...base,
    prepare: [first],
    steps: [0, 2].map((at) => ({ ...second, bind: { x: window("x", 0), t: window("t", at), y: window("y", at) } })),
  };
  const exe = await loadProgram(program, { ...options, count: true }, { w: f32([4], [1, 2, 3, 4]) });
  for (const [x, y] of [
    [
      [10, 20],
      [12, 24, 16, 28],
    ],
    [
      [0, 1],
      [2, 5, 6, 9],
    ],
  ] as const) {
    expect([...((await exe.run({ x: f32([2], x) })).y?.data ?? [])]).toEqual(y);
    expect(exe.counts().map((c) => [c.kernel, c.prepare, c.bytes])).toEqual([
      ["double", true, 32],
      ["sum", false, 24],
      ["sum", false, 24],
    ]);
  }
});

test("names of any kind are safe in the text, and the text is the same each time", async () => {
  const k = kernelBuilder("constructor */ `x`");
  k.buffer({ space: "global", id: "fround", type: kType("f32"), length: constDim(4), access: "read" });
  k.buffer({ space: "global", id: "class", type: kType("f32"), length: constDim(4), access: "write" });
  const g = k.grid(0, 4, "yield");
  k.store("class", g, mul(k.load("fround", g), 3));
  const program = programOf(
    [
      { id: "fround", kind: "input", shape: [4] },
      { id: "class", kind: "output", shape: [4] },
    ],
    [k],
  );
  for (const options of both) {
    const { class: out } = await (await loadProgram(program, options)).run({ fround: f32([4], [1, 2, 3, 4]) });
    expect([...(out?.data ?? [])]).toEqual([3, 6, 9, 12]);
  }
  const emit = (): unknown =>
    backend.emit(program, contextFor(cpu), { checked: false, count: false, execution: "cpu" }).files;
  expect(emit()).toEqual(emit());
});
