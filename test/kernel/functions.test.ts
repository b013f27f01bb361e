import { describe, expect, test } from "vitest";
import { constDim } from "../../src/ir/dim.js";
import { allocate, type DType, isFloat, type TensorData } from "../../src/ir/dtype.js";
import { applyScalar, erf, isLogic, isPredicate, roundF16, roundTo } from "../../src/ir/kernel/arith.js";
import { bitcast, call, convert, fma, kernelBuilder, kType, lt, select } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { type ScalarFn, scalarFns } from "../../src/ir/scalar.js";
import { loadProgram, programOf } from "./support.js";

/** What is printed computes what `arith.ts` says, for each function and dtype. */
const samples: Readonly<Record<DType, readonly number[]>> = {
  f32: [0, 1, -1, 0.5, -0.75, 2, 3.25, -7, 20, -20, 88, 1e-8, -1e-8, 65519, 1e30, 0.1],
  f16: [0, 1, -1, 0.5, -0.75, 2, 3.25, -7, 20, 60000, 6.1e-5, 1e-7, 0.1, 1000.5],
  i32: [0, 1, -1, 2, 3, -7, 20, 100, -100, 2147483647, -2147483648, 65537],
  u32: [0, 1, 2, 3, 7, 20, 100, 65537, 4294967295, 2147483648],
  bool: [0, 1],
};
const unary: ReadonlySet<string> = new Set(
  "neg not abs exp log sqrt rsqrt sin cos tanh erf sigmoid relu gelu gelu_tanh silu".split(" "),
);
const wholeFns: ReadonlySet<string> = new Set(
  "add sub mul div floordiv mod neg min max abs eq ne lt le gt ge".split(" "),
);

async function run(
  inDtype: DType,
  outDtype: DType,
  xs: readonly number[],
  ys: readonly number[],
  build: (x: KExpr, y: KExpr) => KExpr,
): Promise<number[]> {
  const n = xs.length;
  const k = kernelBuilder("f");
  for (const id of ["x", "y"])
    k.buffer({ space: "global", id, type: kType(inDtype), length: constDim(n), access: "read" });
  k.buffer({ space: "global", id: "out", type: kType(outDtype), length: constDim(n), access: "write" });
  const g = k.grid(0, n, "g");
  k.store("out", g, build(k.load("x", g), k.load("y", g)));
  const tensor = (values: readonly number[]): TensorData => {
    const data = allocate(inDtype, n);
    data.set(values);
    return { dtype: inDtype, shape: [n], data };
  };
  const exe = await loadProgram(
    programOf(
      [
        { id: "x", kind: "input", dtype: inDtype, shape: [n] },
        { id: "y", kind: "input", dtype: inDtype, shape: [n] },
        { id: "out", kind: "output", dtype: outDtype, shape: [n] },
      ],
      [k],
    ),
    { checked: true },
  );
  return [...((await exe.run({ x: tensor(xs), y: tensor(ys) })).out?.data ?? [])];
}

const pairs = (dtype: DType): [number[], number[]] => {
  const values = samples[dtype].map((v) => roundTo(dtype, v));
  return [values.flatMap((x) => values.map(() => x)), values.flatMap(() => values)];
};

const cases = scalarFns.flatMap((fn) =>
  (["f32", "f16", "i32", "u32", "bool"] as const)
    .filter((dtype) =>
      isLogic(fn)
        ? dtype === "bool"
        : dtype === "bool"
          ? fn === "eq" || fn === "ne"
          : isFloat(dtype) || wholeFns.has(fn),
    )
    .filter((dtype) => !(dtype === "u32" && (fn === "neg" || fn === "abs")))
    .map((dtype): [ScalarFn, DType] => [fn, dtype]),
);

test.each(cases)("%s of %s", async (fn, dtype) => {
  const [xs, ys] = pairs(dtype);
  const single = unary.has(fn);
  const got = await run(dtype, isPredicate(fn) ? "bool" : dtype, xs, ys, (x, y) =>
    single ? call(fn, x) : call(fn, x, y),
  );
  // A zero has no sign worth comparing.
  expect(got.map((v) => v + 0)).toEqual(xs.map((x, i) => applyScalar(fn, dtype, x, single ? 0 : (ys[i] ?? 0)) + 0));
});

const dtypes: readonly DType[] = ["f32", "f16", "i32", "u32", "bool"];
test.each(dtypes.flatMap((from) => dtypes.map((to): [DType, DType] => [from, to])))("%s to %s", async (from, to) => {
  const [xs, ys] = pairs(from);
  const got = await run(from, to, xs, ys, (x) => convert(to, x));
  const whole = (d: DType): boolean => d === "i32" || d === "u32";
  // Between whole numbers the 32 bits stay.
  const meaning = (x: number): number => (whole(from) && whole(to) ? (to === "i32" ? x | 0 : x >>> 0) : roundTo(to, x));
  expect(got).toEqual(xs.map(meaning));
});

describe("the rest", () => {
  test("fma, select and bits", async () => {
    const [xs, ys] = pairs("f32");
    const sums = await run("f32", "f32", xs, ys, (x, y) => fma(x, y, x));
    expect(sums.map((v) => v + 0)).toEqual(xs.map((x, i) => Math.fround(x * (ys[i] ?? 0) + x) + 0));
    const least = await run("f32", "f32", xs, ys, (x, y) => select(lt(x, y), x, y));
    expect(least).toEqual(xs.map((x, i) => Math.min(x, ys[i] ?? 0)));
    const back = await run("f32", "f32", xs, ys, (x) => bitcast("f32", bitcast("u32", x)));
    expect(back).toEqual(xs);
    expect(await run("f32", "u32", [1, -2], [0, 0], (x) => bitcast("u32", x))).toEqual([0x3f800000, 0xc0000000]);
  });

  test.each([
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.5, 0.9995930479825551],
    [3.5, 0.9999992569016276],
    [-1, -0.8427007929497149],
    [7, 1],
  ])("erf(%d)", (x, y) => {
    expect(Math.abs(erf(x) - y)).toBeLessThan(4e-15);
  });

  test("the two ways to erf meet", () => {
    expect(Math.abs(erf(2.5) - erf(2.5 - 1e-13))).toBeLessThan(2e-15);
  });

  test.each([
    [65504, 65504],
    [65519, 65504],
    [65520, Number.POSITIVE_INFINITY],
    [1 / 3, 0.333251953125],
    [2049, 2048],
    [2051, 2052],
    [2 ** -24, 2 ** -24],
    [2.9e-8, 0],
    [3e-8, 2 ** -24],
    [-0.1, -0.0999755859375],
  ])("the nearest f16 of %d", (x, y) => {
    expect(roundF16(x) + 0).toBe(y);
  });
});
