import { expect, test } from "vitest";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import {
  add,
  call,
  type KernelBuilder,
  kernelBuilder,
  kType,
  load,
  lt,
  max,
  mul,
  select,
  sub,
  subgroup,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { f32, loadProgram, matmul, numbers, programOf } from "./support.js";

const f = kType("f32");

/** y[8] from x[8], `cells` grid cells of `threads` invocations. */
function kernel(cells: number, threads: number, body: (k: KernelBuilder, g: KExpr, t: KExpr) => void): KernelBuilder {
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "x", type: f, length: constDim(8), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: constDim(8), access: "read_write" });
  const g = k.grid(0, cells, "g");
  const t = k.local(0, threads, "t");
  body(k, g, t);
  return k;
}

const tensors = [
  { id: "x", kind: "input", shape: [8] },
  { id: "y", kind: "output", shape: [8] },
] as const;
const x = f32([8], [1, 2, 3, 4, 5, 6, 7, 8]);

const run = async (
  k: KernelBuilder,
  options: Readonly<Record<string, unknown>> = { checked: true },
): Promise<TensorData> => {
  const { y } = await (await loadProgram(programOf(tensors, [k]), options)).run({ x });
  if (!y) throw new Error("no y");
  return y;
};

const faults: readonly [string, object, KernelBuilder][] = [
  [
    "a load out of range",
    { kind: "bounds", buffer: "x", index: 8 },
    kernel(8, 1, (k, g) => k.store("y", g, k.load("x", add(g, 1)))),
  ],
  [
    "a load before the start",
    { kind: "bounds", buffer: "x", index: -1 },
    kernel(8, 1, (k, g) => k.store("y", g, k.load("x", sub(g, 1)))),
  ],
  ["a store out of range", { kind: "bounds", buffer: "y", index: 8 }, kernel(9, 1, (k, g) => k.store("y", g, 1))],
  [
    "a load out of range in an arm that is not taken",
    { kind: "bounds", buffer: "x", index: 8 },
    kernel(8, 1, (k, g) => k.store("y", g, select(lt(g, 7), k.load("x", add(g, 1)), 0))),
  ],
  [
    "an output that is read before it is written",
    { kind: "uninitialised", buffer: "y", index: 0 },
    kernel(8, 1, (k, g) => k.store("y", g, add(k.load("y", g), 1))),
  ],
  [
    "a register that was never stored to",
    { kind: "uninitialised", buffer: "r", index: 1 },
    kernel(8, 1, (k, g) => {
      const r = k.memory("register", "r", f, 2);
      k.store(r, 0, 1);
      k.store("y", g, k.load(r, 1));
    }),
  ],
  [
    "registers do not outlive an invocation",
    { kind: "uninitialised", buffer: "r", index: 0 },
    kernel(8, 1, (k, g) => {
      const r = k.memory("register", "r", f, 1);
      k.if(lt(g, 1), () => k.store(r, 0, 1));
      k.store("y", g, k.load(r, 0));
    }),
  ],
  [
    "scratch memory out of range",
    { kind: "bounds", buffer: "s", index: 4 },
    kernel(8, 1, (k, g) => {
      const s = k.memory("scratch", "s", f, 4);
      k.store(s, g, 1);
      k.store("y", g, k.load(s, g));
    }),
  ],
  ["two cells write one element", { kind: "race", buffer: "y", index: 0 }, kernel(8, 1, (k) => k.store("y", 0, 1))],
  [
    "two invocations write one element",
    { kind: "race", buffer: "y", index: 0 },
    kernel(1, 4, (k) => k.store("y", 0, 1)),
  ],
  [
    "a cell reads what another wrote",
    { kind: "race", buffer: "y", index: 0 },
    kernel(8, 1, (k, g) => {
      k.store("y", g, 1);
      k.store("y", g, k.load("y", max(sub(g, 1), 0)));
    }),
  ],
  [
    "shared memory that nobody filled",
    { kind: "uninitialised", buffer: "s", index: 3 },
    kernel(1, 8, (k, _, t) => {
      const s = k.memory("shared", "s", f, 8);
      k.if(lt(t, 3), () => k.store(s, t, 1));
      k.barrier();
      k.store("y", t, k.load(s, t));
    }),
  ],
  [
    "shared memory is new in each cell",
    { kind: "uninitialised", buffer: "s", index: 0 },
    kernel(2, 4, (k, g, t) => {
      const s = k.memory("shared", "s", f, 4);
      k.if(lt(g, 1), () => k.store(s, t, 1));
      k.barrier();
      k.store("y", add(mul(g, 4), t), k.load(s, t));
    }),
  ],
  [
    "written after another read, without a barrier",
    { kind: "race", buffer: "s", index: 0 },
    kernel(1, 4, (k, _, t) => {
      const s = k.memory("shared", "s", f, 4);
      k.store(s, t, 1);
      k.barrier();
      k.store("y", t, k.load(s, t));
      k.if(lt(2, t), () => k.store(s, 0, 2));
    }),
  ],
  [
    "a barrier that one passes and one does not",
    { kind: "barrier" },
    kernel(1, 4, (k, _, t) => k.if(lt(t, 2), () => k.barrier())),
  ],
];

test.each(faults)("checked: %s", async (_, fault, k) => {
  await expect(run(k)).rejects.toMatchObject({ fault: { kernel: "k", ...fault } });
});

test("one dispatch may read what the one before wrote, and temporaries start unknown in each run", async () => {
  const first = kernel(8, 1, (k, g) => k.store("y", g, mul(k.load("x", g), 2)));
  const program = programOf(
    [{ ...tensors[0] }, { id: "t", kind: "temp", shape: [8] }, { ...tensors[1] }],
    [
      { b: first, bind: { y: "t" } },
      { b: first, bind: { x: "t" } },
    ],
  );
  const exe = await loadProgram(program, { checked: true });
  for (let i = 0; i < 2; i++) expect((await exe.run({ x })).y?.data).toEqual(x.data.map((v) => v * 4));
  const backwards = await loadProgram({ ...program, steps: [...program.steps].reverse() }, { checked: true });
  await expect(backwards.run({ x })).rejects.toMatchObject({ fault: { kind: "uninitialised", buffer: "x" } });
});

test("an arena place that is taken over makes its old contents unknown", async () => {
  const first = kernel(8, 1, (k, g) => k.store("y", g, mul(k.load("x", g), 2)));
  const program = (second: number) =>
    programOf(
      [
        tensors[0],
        { id: "t", kind: "temp", shape: [8], arena: 0 },
        { id: "u", kind: "temp", shape: [8], arena: second },
        tensors[1],
      ],
      [
        { b: first, bind: { y: "t" } },
        { b: first, bind: { y: "u" } },
        { b: first, bind: { x: "t" } },
      ],
    );
  await expect((await loadProgram(program(16), { checked: true })).run({ x })).rejects.toMatchObject({
    fault: { kind: "uninitialised", buffer: "x" },
  });
  for (const options of [{}, { checked: true }]) {
    const { y } = await (await loadProgram(program(256), options)).run({ x });
    expect(y?.data).toEqual(x.data.map((v) => v * 4));
  }
});

test("subgroups exchange values", async () => {
  const k = kernel(1, 8, (b, _, t) => {
    const v = b.let(b.load("x", t));
    b.store("y", t, add(subgroup("add", v), mul(subgroup("shuffleXor", v, 1), 100)));
  });
  const built = { ...k, finish: () => ({ ...k.finish(), subgroup: 4 }) };
  for (const options of [{}, { checked: true }]) {
    expect([...(await run(built, options)).data]).toEqual([210, 110, 410, 310, 626, 526, 826, 726]);
  }
});

test("counts are exact", async () => {
  const [M, N, K] = [8, 8, 12];
  const program = programOf(
    [
      { id: "a", kind: "input", shape: [M, K] },
      { id: "b", kind: "param", shape: [K, N] },
      { id: "c", kind: "output", shape: [M, N] },
    ],
    [matmul("matmul", M, N, K)],
  );
  const exe = await loadProgram(program, { count: true }, { b: f32([K, N], numbers(K * N)) });
  await exe.run({ a: f32([M, K], numbers(M * K)) });
  const [counts, ...rest] = exe.counts();
  expect(rest).toEqual([]);
  expect(counts).toMatchObject({
    kernel: "matmul",
    flops: 2 * M * N * K,
    stores: M * N,
    bytes: 4 * (M * K + K * N + M * N),
  });
  expect(counts?.operations.fma).toBe(M * N * K);
});

test("each function counts by name", async () => {
  const exe = await loadProgram(
    programOf(tensors, [kernel(8, 1, (k, g) => k.store("y", g, call("exp", mul(load("x", f, g), 2))))]),
    { count: true, checked: true },
  );
  await exe.run({ x });
  expect(exe.counts()[0]).toMatchObject({ flops: 16, operations: { mul: 8, exp: 8, add: 0 }, bytes: 64, loads: 8 });
});

test.each<[string, Readonly<Record<string, TensorData>>, object]>([
  ["a missing input", {}, { kind: "missing", name: "x" }],
  ["an unknown input", { x, z: x }, { kind: "unknown", name: "z" }],
  ["another dtype", { x: { ...x, dtype: "i32" } }, { kind: "dtype", name: "x" }],
  ["another rank", { x: { ...x, shape: [2, 4] } }, { kind: "shape", name: "x" }],
  ["another extent", { x: f32([7], numbers(7)) }, { kind: "shape", name: "x" }],
  ["too few values", { x: { ...x, data: new Float32Array(3) } }, { kind: "shape", name: "x" }],
])("inputs are checked: %s", async (_, inputs, input) => {
  const exe = await loadProgram(programOf(tensors, [kernel(8, 1, (k, g) => k.store("y", g, 1))]));
  await expect(exe.run(inputs)).rejects.toMatchObject({ input });
});

test("sizes and parameters are checked", async () => {
  const n = symbolDim("N", 8, 64, 8);
  const shapes = (a: number, b: number) => ({ a: f32([a], numbers(a)), b: f32([b, 2], numbers(b * 2)) });
  const k = kernelBuilder("none");
  k.buffer({ space: "global", id: "c", type: f, length: constDim(1), access: "write" });
  k.store("c", 0, 1);
  const program = programOf(
    [
      { id: "a", kind: "input", shape: [n] },
      { id: "b", kind: "input", shape: [n, 2] },
      { id: "c", kind: "output", shape: [1] },
    ],
    [k],
  );
  const exe = await loadProgram(program);
  await expect(exe.run(shapes(8, 16))).rejects.toMatchObject({ input: { kind: "shape", name: "b" } });
  await expect(exe.run(shapes(12, 12))).rejects.toThrow("N would be 12, its range is 8..64 step 8");
  expect((await exe.run(shapes(16, 16))).c?.data).toEqual(Float32Array.of(1));
  const param = programOf(
    [
      { id: "w", kind: "param", shape: [2] },
      { id: "c", kind: "output", shape: [1] },
    ],
    [k],
  );
  await expect(loadProgram(param)).rejects.toMatchObject({ input: { kind: "missing", name: "w" } });
  await expect(loadProgram(param, {}, { w: f32([3], [1, 2, 3]) })).rejects.toMatchObject({
    input: { kind: "shape", name: "w" },
  });
});
