import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { disassemble } from "../../backends/wasm/disassemble.js";
import { encodeModule } from "../../backends/wasm/encode.js";
import type { DType, TensorValues } from "../../src/ir/dtype.js";
import { applyScalar, isPredicate, roundTo } from "../../src/ir/kernel/arith.js";
import {
  add,
  and,
  call,
  convert,
  fma,
  fold,
  gt,
  int,
  kernelBuilder,
  kType,
  lane,
  lit,
  lt,
  mul,
  or,
  pack,
  select,
  splat,
} from "../../src/ir/kernel/builder.js";
import type { Width } from "../../src/ir/kernel/ops.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { elementwise, expanded, moduleOf, runKernel } from "./support.js";

const widths = [1, 4] as const;
const length = 64;

function values(dtype: DType, of: readonly number[]): TensorValues {
  const list = Array.from({ length }, (_, i) => roundTo(dtype, of[i % of.length] ?? 0));
  return dtype === "f32" ? Float32Array.from(list) : dtype === "i32" ? Int32Array.from(list) : Uint32Array.from(list);
}

const zeros = (dtype: DType): TensorValues => values(dtype, [0]);

/** What whole numbers go wrong at. */
const edges = [0, 1, -1, 2, -2, 3, 7, -7, 16, 255, 65536, 2147483647, -2147483648, -2147483647, 1000000007];
const whole = fc.array(fc.oneof(fc.constantFrom(...edges), fc.integer()), { minLength: length, maxLength: length });

describe.each(widths)("%d at a time, whole numbers are those of the IR", (width: Width) => {
  const functions: readonly ScalarFn[] = [
    "add",
    "sub",
    "mul",
    "div",
    "floordiv",
    "mod",
    "neg",
    "abs",
    "min",
    "max",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
  ];
  test.each(functions.flatMap((fn) => (["i32", "u32"] as const).map((dtype) => [fn, dtype] as const)))(
    "%s of %s",
    (fn, dtype) => {
      const unary = fn === "neg" || fn === "abs";
      const result: DType = isPredicate(fn) ? "bool" : dtype;
      const kernel = elementwise([dtype, dtype], result, length, width, (x, y) =>
        unary ? call(fn, x ?? 0) : call(fn, x ?? 0, y ?? 0),
      );
      fc.assert(
        fc.property(whole, whole, (x, y) => {
          const [a, b] = [values(dtype, x), values(dtype, y)];
          const got = runKernel(kernel, 4, [
            { dtype, data: a },
            { dtype, data: b },
            { dtype: result, data: zeros(result) },
          ])[2];
          const wanted = Array.from(a, (v, i) => applyScalar(fn, dtype, v, b[i] ?? 0));
          expect([...(got ?? [])]).toEqual(wanted);
        }),
        { numRuns: 8, examples: [[edges, edges.toReversed()]] },
      );
    },
  );

  test("quotients by numbers that are known", () => {
    for (const by of [1, 2, 3, 8, 10]) {
      for (const fn of ["floordiv", "mod"] as const) {
        const kernel = elementwise(["i32"], "i32", length, width, (x) => call(fn, x ?? 0, by));
        const data = values("i32", edges);
        const got = runKernel(kernel, 4, [
          { dtype: "i32", data },
          { dtype: "i32", data: zeros("i32") },
        ])[1];
        expect([...(got ?? [])], `${fn} ${by}`).toEqual(Array.from(data, (v) => applyScalar(fn, "i32", v, by)));
      }
    }
  });
});

const real = [0, -0, 1, -1, 0.5, -2.5, 3.75, 1e-30, -1e30, 3e9, -3e9, 4e9, 12345.678, Number.NaN, 1 / 0, -1 / 0];

describe.each(widths)("%d at a time", (width: Width) => {
  test.each(["add", "sub", "mul", "div", "neg", "abs", "sqrt", "floordiv", "mod", "lt", "ge", "eq", "ne"] as const)(
    "%s of reals is exact",
    (fn) => {
      const result: DType = isPredicate(fn) ? "bool" : "f32";
      const kernel = expanded(
        elementwise(["f32", "f32"], result, length, width, (x, y) =>
          ["neg", "abs", "sqrt"].includes(fn) ? call(fn, x ?? 0) : call(fn, x ?? 0, y ?? 0),
        ),
      );
      const finite = real.filter(Number.isFinite);
      const [x, y] = [values("f32", fn === "mod" ? finite : real), values("f32", [0.75, -3, 2, 1e10, -0.125, 7, 1.5])];
      const got = runKernel(kernel, 4, [
        { dtype: "f32", data: x },
        { dtype: "f32", data: y },
        { dtype: result, data: zeros(result) },
      ])[2];
      // A remainder is rounded at each step, as it is written.
      const step = (v: number, w: number): number => Math.fround(v - Math.fround(Math.floor(Math.fround(v / w)) * w));
      const wanted = Array.from(x, (v, i) =>
        fn === "mod" ? step(v, y[i] ?? 1) : applyScalar(fn, "f32", v, y[i] ?? 1),
      );
      expect([...(got ?? [])]).toEqual(wanted);
    },
  );

  test.each([
    ["f32", "i32"],
    ["f32", "u32"],
    ["i32", "f32"],
    ["u32", "f32"],
    ["f32", "bool"],
    ["bool", "f32"],
    ["i32", "bool"],
    ["bool", "i32"],
    ["i32", "u32"],
  ] as const)("%s to %s", (from, to) => {
    const kernel = elementwise([from], to, length, width, (x) => convert(to, x ?? int(0)));
    const data = values(from, from === "f32" ? real : edges);
    const got = runKernel(kernel, 4, [
      { dtype: from, data },
      { dtype: to, data: zeros(to) },
    ])[1];
    const wanted = Array.from(data, (v) =>
      from === "i32" && to === "u32" ? v >>> 0 : roundTo(to, from === "bool" ? Number(v !== 0) : v),
    );
    expect([...(got ?? [])]).toEqual(wanted);
  });

  test("conditions join, choose and are stored as words of 0 and 1", () => {
    const kernel = elementwise(["f32", "bool"], "bool", length, width, (x, keep) => {
      const inside = and(gt(x ?? 0, -1), lt(x ?? 0, 3));
      return or(and(inside, keep ?? inside), call("not", keep ?? inside));
    });
    const [x, keep] = [values("f32", real), values("bool", [1, 0, 1, 1, 0])];
    const got = runKernel(kernel, 4, [
      { dtype: "f32", data: x },
      { dtype: "bool", data: keep },
      { dtype: "bool", data: zeros("bool") },
    ])[2];
    expect([...(got ?? [])]).toEqual(
      Array.from(x, (v, i) => ((v > -1 && v < 3 && keep[i] !== 0) || keep[i] === 0 ? 1 : 0)),
    );
  });
});

test("lanes: packed, taken out, folded, spread", () => {
  const b = kernelBuilder("lanes");
  const one = { op: "const", value: 1 } as const;
  b.buffer({ space: "global", id: "x", type: kType("f32", 4), length: one, access: "read" });
  b.buffer({ space: "global", id: "y", type: kType("f32", 4), length: { op: "const", value: 4 }, access: "write" });
  const v = b.let(b.load("x", 0));
  b.store("y", 0, pack([lane(v, 3), lane(v, 2), lane(v, 1), lane(v, 0)]));
  const folds = (["add", "mul", "max", "min"] as const).map((op) => fold(op, v));
  b.store("y", 1, pack(folds));
  b.store("y", 2, splat(lane(v, 2), 4));
  b.store("y", 3, select(splat(gt(lane(v, 0), 0), 4), v, splat(lit(9), 4)));
  const [, y] = runKernel(b.finish(), 1, [
    { dtype: "f32", data: Float32Array.of(1, -2, 3, 4) },
    { dtype: "f32", data: new Float32Array(16) },
  ]);
  expect([...(y ?? [])]).toEqual([4, 3, -2, 1, 6, -24, 4, -2, 3, 3, 3, 3, 1, -2, 3, 4]);
});

test("memory of a cell, registers indexed by numbers, loops and conditions", () => {
  // y[g] = Σ of x[g] … x[g + 7] by way of scratch memory, read backwards; the odd ones twice.
  const b = kernelBuilder("scratch");
  const size = (value: number) => ({ op: "const", value }) as const;
  b.buffer({ space: "global", id: "x", type: kType("f32"), length: size(16), access: "read" });
  b.buffer({ space: "global", id: "y", type: kType("f32"), length: size(8), access: "write" });
  const g = b.grid(0, 8);
  const kept = b.memory("scratch", "kept", kType("f32"), 8);
  const sum = b.memory("register", "sum", kType("f32"), 2);
  b.for(0, 8, 1, "serial", (i) => b.store(kept, i, b.load("x", add(g, i))));
  b.store(sum, 0, lit(0));
  b.store(sum, 1, lit(0));
  b.for(0, 8, 1, "serial", (i) => {
    const at = call("mod", i, 2);
    b.store(sum, at, add(b.load(sum, at), b.load(kept, add(mul(i, -1), 7))));
  });
  b.if(
    gt(b.load(sum, 0), 1e9),
    () => b.store("y", g, lit(-1)),
    () => b.store("y", g, add(b.load(sum, 0), mul(b.load(sum, 1), 2))),
  );
  const x = Float32Array.from({ length: 16 }, (_, i) => i);
  const [, y] = runKernel(b.finish(), 8, [
    { dtype: "f32", data: x },
    { dtype: "f32", data: new Float32Array(8) },
  ]);
  const wanted = (first: number): number =>
    [0, 1, 2, 3, 4, 5, 6, 7].reduce((s, i) => s + (first + i) * (i % 2 === 1 ? 1 : 2), 0);
  expect([...(y ?? [])]).toEqual(Array.from({ length: 8 }, (_, i) => wanted(i)));
});

test("a pin ends a basic block: a branch out of the loop, each on another number", () => {
  const b = kernelBuilder("pins");
  const size = { op: "const", value: 8 } as const;
  b.buffer({ space: "global", id: "x", type: kType("f32", 4), length: size, access: "read" });
  b.buffer({ space: "global", id: "y", type: kType("f32", 4), length: { op: "const", value: 1 }, access: "write" });
  const acc = b.memory("register", "acc", kType("f32", 4), 1);
  b.store(acc, 0, lit(0, kType("f32", 4)));
  b.for(0, 4, 1, "serial", (i) => {
    for (const half of [0, 1]) {
      const v = b.load("x", add(mul(i, 2), half));
      b.store(acc, 0, fma(v, v, b.load(acc, 0)));
      b.pin();
    }
  });
  b.store("y", 0, b.load(acc, 0));
  const kernel = b.finish();
  const x = Float32Array.from({ length: 32 }, (_, i) => i);
  const [, y] = runKernel(kernel, 1, [
    { dtype: "f32", data: x },
    { dtype: "f32", data: new Float32Array(4) },
  ]);
  expect([...(y ?? [])]).toEqual([0, 1, 2, 3].map((l) => x.reduce((s, v, i) => (i % 4 === l ? s + v * v : s), 0)));
  const text = disassemble(encodeModule(moduleOf(kernel)));
  expect([...text.matchAll(/i32\.const (-\d+)\n\s+i32\.eq\n\s+br_if 1/g)].map((m) => m[1])).toEqual(["-1", "-2"]);
});

test("a multiply-add is one instruction where engines have it, and addresses carry their constants", () => {
  const kernel = elementwise(["f32", "f32"], "f32", length, 4, (x, y) => fma(x ?? 0, y ?? 0, x ?? 0));
  expect(disassemble(encodeModule(moduleOf(kernel, true)))).toContain("f32x4.relaxed_madd");
  expect(disassemble(encodeModule(moduleOf(kernel, false)))).not.toContain("relaxed");
});
