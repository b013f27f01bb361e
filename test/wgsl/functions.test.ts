import { expect, test } from "vitest";
import backend from "../../backends/wgsl/index.js";
import type { DType } from "../../src/ir/dtype.js";
import { call, convert, fma, fold, lane, pack, select, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { testDevice } from "../support/dawn.js";
import { emitWgsl } from "./contraction.js";
import { pointwiseProgram, vector } from "./pointwise.js";

const device = testDevice();

async function compute(
  inputs: readonly (readonly [DType, readonly number[]])[],
  output: DType,
  width: Width,
  f: (args: readonly KExpr[]) => KExpr,
): Promise<number[]> {
  const columns = inputs.map(([dtype], i) => ({ name: `x${i}`, dtype }));
  const count = inputs[0]?.[1].length ?? 0;
  const program = pointwiseProgram(columns, { name: "y", dtype: output }, count, width, (args) => f(args));
  const model = await backend.load(emitWgsl(program), { device: await device(), params: new Map() });
  const values = Object.fromEntries(inputs.map(([dtype, v], i) => [`x${i}`, vector(dtype, v)]));
  const { y } = await model.run(values);
  model.dispose();
  return [...(y?.data ?? [])];
}

/** 2^10 numbers from lo to hi, ends included, as f32. */
const sweep = (lo: number, hi: number): number[] =>
  Array.from({ length: 1024 }, (_, i) => Math.fround(lo + ((hi - lo) * i) / 1023));

/** erf by its Taylor series, or by the continued fraction of its complement. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let [sum, term] = [0, a];
    for (let n = 0; n < 80; n++) {
      sum += term / (2 * n + 1);
      term *= (-a * a) / (n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let tail = 0;
  for (let k = 120; k > 0; k--) tail = k / 2 / (a + tail);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + tail));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

interface Case {
  readonly fn: ScalarFn;
  readonly of: (x: number) => number;
  readonly ranges: readonly (readonly [number, number])[];
  /** Allowed difference, by argument and exact value. */
  readonly within: (x: number, y: number) => number;
}

const ulp = (y: number): number => Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(Math.abs(y) || 2 ** -126)) - 23));
const smallest = 2 ** -126;

const cases: readonly Case[] = [
  {
    fn: "exp",
    of: Math.exp,
    ranges: [
      [-10, 2],
      [-80, 80],
    ],
    within: (x, y) => (3 + 2 * Math.abs(x)) * ulp(y),
  },
  {
    fn: "log",
    of: Math.log,
    ranges: [
      [0.5, 2],
      [1e-30, 1e30],
    ],
    within: (_, y) => Math.max(2 ** -21, 3 * ulp(y)),
  },
  {
    fn: "sqrt",
    of: Math.sqrt,
    ranges: [
      [0, 4],
      [1e-20, 1e30],
    ],
    within: (_, y) => 2 * ulp(y),
  },
  { fn: "rsqrt", of: (x) => 1 / Math.sqrt(x), ranges: [[1e-3, 100]], within: (_, y) => 2 * ulp(y) },
  {
    fn: "sin",
    of: Math.sin,
    ranges: [
      [-Math.PI, Math.PI],
      [-100, 100],
      [-60_000, 60_000],
    ],
    within: (x) => 3e-7 + ulp(x),
  },
  {
    fn: "cos",
    of: Math.cos,
    ranges: [
      [-Math.PI, Math.PI],
      [-100, 100],
      [-60_000, 60_000],
    ],
    within: (x) => 3e-7 + ulp(x),
  },
  {
    fn: "tanh",
    of: Math.tanh,
    ranges: [
      [-1, 1],
      [-12, 12],
      [-1000, 1000],
    ],
    within: () => 1e-5,
  },
  {
    fn: "erf",
    of: erf,
    ranges: [
      [-1, 1],
      [-4.5, 4.5],
      [-1000, 1000],
    ],
    within: () => 3e-7,
  },
  {
    fn: "sigmoid",
    of: sigmoid,
    ranges: [
      [-10, 10],
      [-1000, 1000],
    ],
    within: () => 1e-5,
  },
  {
    fn: "silu",
    of: (x) => x * sigmoid(x),
    ranges: [
      [-10, 10],
      [-1000, 1000],
    ],
    within: (_, y) => 1e-5 + 4 * ulp(y),
  },
  {
    fn: "gelu",
    of: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    ranges: [
      [-5, 5],
      [-1000, 1000],
    ],
    within: (_, y) => 1e-6 + 4 * ulp(y),
  },
  {
    fn: "gelu_tanh",
    of: geluTanh,
    ranges: [
      [-5, 5],
      [-1000, 1000],
    ],
    within: (_, y) => 1e-5 + 4 * ulp(y),
  },
  { fn: "relu", of: (x) => Math.max(x, 0), ranges: [[-5, 5]], within: () => 0 },
  { fn: "abs", of: Math.abs, ranges: [[-5, 5]], within: () => 0 },
  { fn: "neg", of: (x) => -x, ranges: [[-5, 5]], within: () => 0 },
];

for (const { fn, of, ranges, within } of cases) {
  test(`${fn} in f32, one lane and four`, async () => {
    for (const [lo, hi] of ranges) {
      const xs = sweep(lo, hi);
      for (const width of [1, 4] as const) {
        const ys = await compute([["f32", xs]], "f32", width, ([x]) => call(fn, x as KExpr));
        const wrong = xs.flatMap((x, i) => {
          const [exact, got] = [of(x), ys[i] ?? Number.NaN];
          // Results below the smallest normal number are flushed.
          return Math.abs(got - exact) <= within(x, exact) + smallest ? [] : [`${fn}(${x}) = ${exact}, got ${got}`];
        });
        expect(wrong).toEqual([]);
      }
    }
  });
}

test("pow with negative bases, zero and whole exponents", async () => {
  const pairs: [number, number, number][] = [
    [2, 10, 1024],
    [-2, 3, -8],
    [-2, 10, 1024],
    [-3, -1, -1 / 3],
    [0, 0, 1],
    [-5, 0, 1],
    [0, 3, 0],
    [1, 1e6, 1],
    [9, 0.5, 3],
    [1.5, -2.5, 1.5 ** -2.5],
  ];
  for (const width of [1, 2] as const) {
    const ys = await compute(
      [
        ["f32", pairs.map((p) => p[0])],
        ["f32", pairs.map((p) => p[1])],
      ],
      "f32",
      width,
      ([x, y]) => call("pow", x as KExpr, y as KExpr),
    );
    pairs.forEach(([x, y, exact], i) => {
      expect(Math.abs((ys[i] ?? Number.NaN) - exact), `${x}^${y}`).toBeLessThanOrEqual(1e-5 * Math.abs(exact));
    });
  }
});

test("exp, tanh and what is made of them stay finite at the ends of the range", async () => {
  const xs = [-3.4e38, -1e4, -104, -88.8, 88.8, 104, 1e4, 3.4e38];
  for (const fn of ["exp", "tanh", "erf", "sigmoid", "silu", "gelu", "gelu_tanh"] as const) {
    const ys = await compute([["f32", xs]], "f32", 1, ([x]) => call(fn, x as KExpr));
    expect(ys.every(Number.isFinite), `${fn}: ${ys}`).toBe(true);
    const negative = fn === "tanh" || fn === "erf" ? -1 : 0;
    expect(Math.abs((ys[0] ?? Number.NaN) - negative), fn).toBeLessThanOrEqual(1e-6);
  }
});

test("whole numbers divide towards minus infinity", async () => {
  const pairs = [-7, -6, -1, 0, 1, 6, 7].flatMap((x) => [-3, -1, 1, 2, 3].map((y) => [x, y] as const));
  // A multiple of the vector width.
  while (pairs.length % 4 !== 0) pairs.push([5, 2]);
  const [xs, ys] = [pairs.map((p) => p[0]), pairs.map((p) => p[1])];
  for (const width of [1, 4] as const) {
    const run = (fn: ScalarFn) =>
      compute(
        [
          ["i32", xs],
          ["i32", ys],
        ],
        "i32",
        width,
        ([x, y]) => call(fn, x as KExpr, y as KExpr),
      );
    expect(await run("floordiv")).toEqual(pairs.map(([x, y]) => Math.floor(x / y) | 0));
    expect(await run("mod")).toEqual(pairs.map(([x, y]) => (x - Math.floor(x / y) * y) | 0));
    expect(await run("min")).toEqual(pairs.map(([x, y]) => Math.min(x, y)));
    expect(await run("max")).toEqual(pairs.map(([x, y]) => Math.max(x, y)));
  }
  const powers = await compute(
    [
      ["i32", [2, -3, 7, -2]],
      ["i32", [10, 3, 0, 31]],
    ],
    "i32",
    1,
    ([x, y]) => call("pow", x as KExpr, y as KExpr),
  );
  expect(powers).toEqual([1024, -27, 1, -2147483648]);
  const floats = await compute(
    [
      ["f32", [-7, 7, -7.5]],
      ["f32", [2, -2, 2]],
    ],
    "f32",
    1,
    ([x, y]) => call("floordiv", x as KExpr, y as KExpr),
  );
  expect(floats).toEqual([-4, -4, -4]);
  const rests = await compute(
    [
      ["f32", [-7, 7, -7.5]],
      ["f32", [2, -2, 2]],
    ],
    "f32",
    1,
    ([x, y]) => call("mod", x as KExpr, y as KExpr),
  );
  expect(rests).toEqual([1, -1, 0.5]);
});

test("comparisons, bools in buffers, select and conversions", async () => {
  const [xs, ys] = [
    [1, 2, 3, -4],
    [2, 2, -3, -4],
  ];
  const flags = {
    lt: [1, 0, 0, 0],
    le: [1, 1, 0, 1],
    gt: [0, 0, 1, 0],
    ge: [0, 1, 1, 1],
    eq: [0, 1, 0, 1],
    ne: [1, 0, 1, 0],
  };
  for (const width of [1, 4] as const) {
    for (const [fn, expected] of Object.entries(flags)) {
      const got = await compute(
        [
          ["f32", xs],
          ["f32", ys],
        ],
        "bool",
        width,
        ([x, y]) => call(fn as ScalarFn, x as KExpr, y as KExpr),
      );
      expect(got, fn).toEqual(expected);
    }
    const logic = await compute(
      [
        ["bool", [0, 0, 1, 1]],
        ["bool", [0, 1, 0, 1]],
      ],
      "i32",
      width,
      ([p, q]) => {
        const [a, b] = [p as KExpr, q as KExpr];
        const either = call("and", call("or", a, b), call("not", call("and", a, b)));
        return select(either, splat(call("neg", call("abs", convert("i32", a))), width), convert("i32", b));
      },
    );
    expect(logic).toEqual([0, 0, -1, 1]);
    const truncated = await compute([["f32", [1.9, -1.9, 0.5, -0.5]]], "i32", width, ([x]) =>
      convert("i32", x as KExpr),
    );
    expect(truncated).toEqual([1, -1, 0, 0]);
    const counted = await compute([["i32", [-2, 0, 7, 16777217]]], "f32", width, ([x]) => convert("f32", x as KExpr));
    expect(counted).toEqual([-2, 0, 7, 16777216]);
  }
});

test("lanes, packs, folds and multiply-add of vectors", async () => {
  const xs = [1, 2, 3, 4, 5, 6, 7, 8];
  const reversed = await compute([["f32", xs]], "f32", 4, ([x]) => pack([3, 2, 1, 0].map((i) => lane(x as KExpr, i))));
  expect(reversed).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  const folds = { add: [10, 26], mul: [24, 1680], max: [4, 8], min: [1, 5] } as const;
  for (const [op, expected] of Object.entries(folds)) {
    const got = await compute([["f32", xs]], "f32", 4, ([x]) => splat(fold(op as keyof typeof folds, x as KExpr), 4));
    expect(got, op).toEqual(expected.flatMap((v) => [v, v, v, v]));
    const pairs = await compute([["i32", xs]], "i32", 2, ([x]) => splat(fold(op as keyof typeof folds, x as KExpr), 2));
    expect(pairs.length).toBe(8);
  }
  const sums = await compute([["f32", xs]], "f32", 4, ([x]) =>
    fma(x as KExpr, x as KExpr, splat(lane(x as KExpr, 0), 4)),
  );
  expect(sums).toEqual([2, 5, 10, 17, 30, 41, 54, 69]);
});
