import { expect, test } from "vitest";
import { planShared } from "../../passes/kernel/planShared.js";
import { constDim } from "../../src/ir/dim.js";
import { add, type KernelBuilder, kernelBuilder, kType } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { sharedBytes, verifyProgram } from "../../src/ir/kernel/verify.js";
import { contextFor, simt } from "./context.js";
import { f32, loadProgram, programOf, rowSums } from "./support.js";

const f = kType("f32");
const cx = contextFor(simt);

/** y = x through `stages` shared buffers, one after the other. */
function staged(lengths: readonly number[], barrierBetween: boolean, types = lengths.map(() => f)): KernelBuilder {
  const k = kernelBuilder("staged");
  k.buffer({ space: "global", id: "x", type: f, length: constDim(8), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: constDim(8), access: "write" });
  const t = k.local(0, 8, "t");
  let value: KExpr = k.let(k.load("x", t), "value");
  lengths.forEach((length, i) => {
    const type = types[i] ?? f;
    const s = k.memory("shared", `s${i}`, type, length);
    if (type.dtype === "f32") {
      k.store(s, t, value);
      k.barrier();
      value = k.let(add(k.load(s, t), 1), "value");
      if (barrierBetween) k.barrier();
    }
  });
  k.store("y", t, value);
  return k;
}

const tensors = [
  { id: "x", kind: "input", shape: [8] },
  { id: "y", kind: "output", shape: [8] },
] as const;

test("one shared buffer: the same program", () => {
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [3, 50] },
      { id: "y", kind: "output", shape: [3] },
    ],
    [rowSums(3, 50, 8)],
  );
  expect(planShared.run(program, cx)).toBe(program);
});

test.each([
  [[8, 16, 32], true, 32 * 4],
  // Without a barrier after the last read of one, the next must lie elsewhere.
  [[8, 16, 32], false, (16 + 32) * 4],
  [[3000, 3000], true, 3000 * 4],
])("buffers of one type that are not in use together share bytes: %o, barriers %o", async (lengths, barrier, bytes) => {
  const program = programOf(tensors, [staged(lengths, barrier)]);
  const done = planShared.run(program, cx);
  expect(sharedBytes(done.kernels[0]!)).toBe(bytes);
  expect(verifyProgram(done, simt, ["planShared"])).toEqual([]);
  const x = [1, 2, 3, 4, 5, 6, 7, 8];
  const { y } = await (await loadProgram(done, { checked: true })).run({ x: f32([8], x) });
  expect([...(y?.data ?? [])]).toEqual(x.map((v) => v + lengths.length));
});

test("two buffers that a loop uses lie side by side", () => {
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "y", type: f, length: constDim(8), access: "write" });
  const t = k.local(0, 8, "t");
  const [a, b] = [k.memory("shared", "a", f, 8), k.memory("shared", "b", f, 8)];
  const sum = k.memory("register", "sum", f, 1);
  k.store(sum, 0, 0);
  k.for(0, 4, 1, "serial", () => {
    k.store(a, t, 1);
    k.store(b, t, 2);
    k.barrier();
    k.store(sum, 0, add(k.load(sum, 0), add(k.load(a, t), k.load(b, t))));
    k.barrier();
  });
  k.store("y", t, k.load(sum, 0));
  const done = planShared.run(programOf([{ id: "y", kind: "output", shape: [8] }], [k]), cx);
  expect(done.kernels[0]?.buffers.filter((x) => x.space === "shared")).toEqual([
    { space: "shared", id: "a", type: f, length: 16 },
  ]);
  expect(verifyProgram(done, simt, ["planShared"])).toEqual([]);
});

test("buffers of other types stay apart", () => {
  const program = programOf(tensors, [staged([8, 8, 8], true, [f, kType("i32"), f])]);
  const shared = planShared.run(program, cx).kernels[0]?.buffers.filter((x) => x.space === "shared");
  expect(shared?.map((b) => [b.type.dtype, b.length])).toEqual([
    ["f32", 8],
    ["i32", 8],
  ]);
});
