import { expect, test } from "vitest";
import { ceilDivDim, constDim, symbolDim } from "../../src/ir/dim.js";
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
