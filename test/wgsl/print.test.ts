import { expect, test } from "vitest";
import backend, { modelOf, type StoredProgram } from "../../backends/wgsl/index.js";
import { foldGrid, nameTemporaries, replaceNonFinite } from "../../backends/wgsl/legalize.js";
import { printKernel } from "../../backends/wgsl/print.js";
import { scalarLiteral } from "../../backends/wgsl/types.js";
import type { PassContext } from "../../src/backend/backend.js";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import {
  add,
  call,
  convert,
  float,
  fma,
  int,
  kernelBuilder,
  kType,
  lit,
  lt,
  madd4,
  mul,
  select,
  sub,
  subgroup,
  variable,
} from "../../src/ir/kernel/builder.js";
import type { KExpr, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import type { Program } from "../../src/ir/program/program.js";
import { testDevice, validateWgsl } from "../support/dawn.js";
import { contractionProgram, emitWgsl } from "./contraction.js";
import { dispatchOf, pointwiseKernel, pointwiseProgram, vector, vectorResource } from "./pointwise.js";

const device = testDevice();
const notes = { about: [], sizes: [] };
const options = { profile: "generic", f16: false, subgroups: false } as const;
const target = backend.target(options);
const cx: PassContext = { target, strategies: new Set(), fp: "relaxed", remark: () => undefined };
const f32 = { name: "x", dtype: "f32" } as const;
const y = { name: "y", dtype: "f32" } as const;

const textOf = (program: Program): string => Object.values(modelOf(emitWgsl(program)).wgsl).join("\n");
const accepted = async (text: string): Promise<void> => expect(await validateWgsl(await device(), text)).toEqual([]);

async function runVector(program: Program, x: readonly number[]): Promise<number[]> {
  const model = await backend.load(emitWgsl(program), { device: await device(), params: new Map() });
  const { y } = await model.run({ x: vector("f32", x) });
  model.dispose();
  return [...(y?.data ?? [])];
}

test("a program with nothing to legalise stays the same object", () => {
  const program = contractionProgram(constDim(8), 8, 8);
  for (const pass of [replaceNonFinite, foldGrid, nameTemporaries])
    expect(pass.run(program, cx), pass.name).toBe(program);
});

test("literals are exact and have their type", () => {
  const shown = [0, -0, 1, 0.1, 1e-5, 1e20, 1e21, 123456.789, -3.4028234663852886e38, 2 ** -149, 1 / 3].map((v) =>
    scalarLiteral(Math.fround(v), "f32"),
  );
  expect(shown).toEqual([
    "0.0f",
    "-0.0f",
    "1.0f",
    "0.1f",
    "0.00001f",
    "1e20f",
    "1e21f",
    "123456.79f",
    "-0x1.fffffep+127f",
    "1e-45f",
    "0.33333334f",
  ]);
  for (let i = 0; i < 2000; i++) {
    const value = Math.fround((Math.sin(i) * 10) ** (i % 30));
    expect(Math.fround(Number.parseFloat(scalarLiteral(value, "f32")))).toBe(value);
  }
  expect(scalarLiteral(-5, "i32")).toBe("-5i");
  expect(scalarLiteral(-2147483648, "i32")).toBe("i32(-2147483648)");
  expect(scalarLiteral(4294967295, "u32")).toBe("4294967295u");
  expect(scalarLiteral(0.5, "f16")).toBe("0.5h");
});

test("every literal is a number to Tint too", async () => {
  const values = [0, -0, 0.1, -1e-5, 1e20, 3.4028234663852886e38, -3.4028234663852886e38, 2 ** -149, 1 / 3];
  const floats = pointwiseProgram([f32], y, 4, 1, ([x]) =>
    values.reduce<KExpr>((e, v) => select(lt(e, float(v)), e, float(v)), x as KExpr),
  );
  await accepted(textOf(floats));
  const whole = { name: "x", dtype: "i32" } as const;
  const ints = pointwiseProgram([whole], { name: "y", dtype: "i32" }, 4, 1, ([x]) =>
    call("max", x as KExpr, int(-2147483648)),
  );
  await accepted(textOf(ints));
});

test("infinite and undefined constants never reach the text", async () => {
  const infinite = (value: number): KExpr => ({ k: "lit", type: kType("f32"), value });
  const program = pointwiseProgram([f32], y, 3, 1, ([x]) =>
    select(lt(x as KExpr, float(1)), infinite(Number.NEGATIVE_INFINITY), call("max", x as KExpr, infinite(Number.NaN))),
  );
  const text = textOf(program);
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(await runVector(program, [0, 1, 2])).toEqual([-3.4028234663852886e38, 1, 2]);
});

test("sums keep the order in which they were written", async () => {
  const names = ["a", "b", "c"].map((name) => ({ name, dtype: "f32" }) as const);
  const program = pointwiseProgram(names, y, 1, 1, ([a, b, c]) => {
    const [p, q, r] = [a as KExpr, b as KExpr, c as KExpr];
    return mul(sub(p, sub(q, r)), add(call("neg", q), mul(r, call("div", p, mul(q, r)))));
  });
  // a variable beside a buffer of the same name has a number
  const text = textOf(program).replace(/(v_[abc])_1\b/g, "$1");
  expect(text).toContain("b_y[v_lane] = (v_a - (v_b - v_c)) * (-v_b + v_c * (v_a / (v_b * v_c)));");
  await accepted(textOf(program));
});

test("two comparisons among arguments are not a template", async () => {
  const program = pointwiseProgram([f32], y, 4, 1, ([x]) => {
    const v = x as KExpr;
    const either = call("or", lt(v, float(-1)), call("gt", v, float(1)));
    return select(either, convert("f32", lt(v, float(0))), convert("f32", call("gt", v, float(0.5))));
  });
  await accepted(textOf(program));
  expect(await runVector(program, [-2, 2, 0.75, 0])).toEqual([1, 0, 1, 0]);
});

test("a condition of conditions is computed without a branch", async () => {
  const program = pointwiseProgram([f32], y, 4, 1, ([x]) => {
    const v = x as KExpr;
    const inside = call("and", lt(float(-1), v), lt(v, float(1)));
    const either = call("or", call("gt", v, float(2)), inside);
    return select(call("and", either, call("ne", v, float(0))), float(1), float(0));
  });
  const text = textOf(program);
  expect(text).toMatch(/\(.+ < .+\) & \(.+ < .+\)/);
  expect(text).not.toMatch(/&&|\|\|/);
  await accepted(text);
  expect(await runVector(program, [0.5, 0, 1.5, 3])).toEqual([1, 0, 0, 1]);
});

test("a long sum and deep nesting are cut into named parts", async () => {
  const long = pointwiseProgram([f32], y, 4, 1, ([x]) => {
    let e = x as KExpr;
    for (let i = 0; i < 1000; i++) e = call("add", e, x as KExpr);
    return e;
  });
  await accepted(textOf(long));
  expect(await runVector(long, [1, 2, 3, 4])).toEqual([1001, 2002, 3003, 4004]);
  const deep = pointwiseProgram([f32], y, 4, 1, ([x]) => {
    let e = x as KExpr;
    for (let i = 0; i < 400; i++) e = call("max", float(-i), call("sub", float(1), e));
    return e;
  });
  await accepted(textOf(deep));
});

test("a value used twice is computed once: text does not grow with sharing", async () => {
  const program = pointwiseProgram([f32], y, 4, 1, ([x]) => {
    let e = x as KExpr;
    // 2^40 operations as a tree.
    for (let i = 0; i < 40; i++) e = call("mul", float(0.5), call("add", e, e));
    return e;
  });
  const text = textOf(program);
  expect(text.length).toBeLessThan(10_000);
  expect(await runVector(program, [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
});

test("a loop whose bound lies in memory reads it once", async () => {
  const b = kernelBuilder("bounded");
  b.buffer({ space: "global", id: "x", type: kType("f32"), length: constDim(1), access: "read" });
  b.buffer({ space: "global", id: "y", type: kType("f32"), length: constDim(1), access: "write" });
  b.memory("scratch", "n", kType("i32"), 1);
  b.memory("register", "sum", kType("f32"), 1);
  b.store("n", 0, int(3));
  b.store("sum", 0, float(0));
  b.for(0, b.load("n", 0), 1, "serial", () => {
    b.store("n", 0, int(1));
    b.store("sum", 0, add(b.load("sum", 0), b.load("x", 0)));
  });
  b.store("y", 0, b.load("sum", 0));
  const program = wholeProgram(b.finish(), constDim(1));
  expect(await runVector(program, [2])).toEqual([6]);
});

/** A program of one kernel with the buffers x and y, on one workgroup. */
function wholeProgram(kernel: Kernel, length = constDim(64)): Program {
  return {
    irVersion: 1,
    name: "Whole",
    symbols: [],
    resources: [vectorResource(f32, "input", length), vectorResource(y, "output", length)],
    kernels: [kernel],
    prepare: [],
    steps: [dispatchOf({ kernel, grid: [constDim(1), constDim(1), constDim(1)], dims: [] }, length)],
  };
}

test("shared memory, barriers, registers and private arrays", async () => {
  const b = kernelBuilder("reverse");
  const i = b.local(0, 64, "i");
  b.buffer({ space: "global", id: "x", type: kType("f32"), length: constDim(64), access: "read" });
  b.buffer({ space: "global", id: "y", type: kType("f32"), length: constDim(64), access: "write" });
  const tile = b.memory("shared", "tile", kType("f32"), 64);
  const flags = b.memory("shared", "flags", kType("bool"), 64);
  const row = b.memory("scratch", "row", kType("f32"), 4);
  const acc = b.memory("register", "acc", kType("f32"), 2);
  b.store(tile, i, b.load("x", i));
  b.store(flags, i, lt(b.load("x", i), float(32)));
  b.barrier();
  const other = b.let(sub(63, i), "other");
  for (const r of [0, 1]) b.store(acc, r, b.load(tile, other));
  b.for(0, 4, 1, "serial", (k) => b.store(row, k, mul(convert("f32", k), b.load(acc, 1))));
  b.pin();
  const value = add(b.load(row, 1), mul(float(1000), convert("f32", b.load(flags, other))));
  b.store("y", i, value);
  const program = wholeProgram(b.finish());
  const text = textOf(program);
  expect(text).toContain("var<workgroup> s_tile: array<f32, 64>;");
  expect(text).toContain("var<workgroup> s_flags: array<u32, 64>;");
  expect(text).toContain("var p_row: array<f32, 4>;");
  expect(text).toContain("var r_acc_0: f32; var r_acc_1: f32;");
  expect(text).toContain("workgroupBarrier();");
  await accepted(text);
  const xs = Array.from({ length: 64 }, (_, k) => k);
  expect(await runVector(program, xs)).toEqual(xs.map((k) => 63 - k + (63 - k < 32 ? 1000 : 0)));
});

test("an index into registers that is not a literal is a fault of the pipeline", () => {
  const body: KStmt[] = [{ s: "store", buffer: "acc", at: variable("i"), value: float(0) }];
  const kernel: Kernel = {
    name: "bad",
    buffers: [{ space: "register", id: "acc", type: kType("f32"), length: 2 }],
    dims: 0,
    local: [1, 1, 1],
    body,
  };
  expect(() => printKernel(kernel, notes)).toThrow(/unroll first/);
});

test("names from a program cannot hit words of WGSL or each other", async () => {
  const names = [
    "array",
    "vec4<f32>",
    "fn",
    "main",
    "__x",
    "größe",
    "a.b",
    "a_b",
    "a/b",
    "constructor",
    "*/ x",
    "sizes",
  ];
  const columns = names.slice(0, 7).map((name) => ({ name, dtype: "f32" }) as const);
  const program = pointwiseProgram(columns, { name: "a b", dtype: "f32" }, 4, 1, (args, b) =>
    args.reduce((sum, a, i) => b.let(add(sum, a), names[i] ?? "x")),
  );
  const text = textOf(program);
  await accepted(text);
  expect(new Set(text.match(/var<storage, \w+> (\w+)/g)).size).toBe(8);
});

test("a label cannot leave its comment", async () => {
  const kernel = contractionProgram(constDim(8), 8, 8).kernels[0] as Kernel;
  const text = printKernel(kernel, { about: ["one\nenable f16;\r\u2028fn x() {"], sizes: [] });
  await accepted(text);
});

test("grid axes beyond the limit are folded, with run-time sizes and without", async () => {
  const few: PassContext = { ...cx, target: { ...target, maxGrid: 3 } };
  const fixed = pointwiseProgram([f32], y, 100, 1, ([x]) => mul(x as KExpr, float(2)));
  const rows = symbolDim("Rows", 1, 100);
  const made = pointwiseKernel("scale", [f32], y, rows, 1, ([x]) => mul(x as KExpr, float(2)));
  const dynamic: Program = {
    ...fixed,
    symbols: [rows],
    resources: [vectorResource(f32, "input", rows), vectorResource(y, "output", rows)],
    kernels: [made.kernel],
    steps: [dispatchOf(made, rows)],
  };
  for (const program of [fixed, dynamic]) {
    const folded = foldGrid.run(program, few);
    expect(folded.kernels.map((k) => k.name)).not.toEqual(program.kernels.map((k) => k.name));
    const step = folded.steps[0];
    if (step?.step !== "dispatch") throw new Error("a dispatch is expected");
    const xs = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(await runVector(folded, xs)).toEqual(xs.map((x) => 2 * x));
  }
  const short = Array.from({ length: 17 }, (_, i) => i);
  expect(await runVector(foldGrid.run(dynamic, few), short)).toEqual(short.map((x) => 2 * x));
});

test("sums start as zero without a word, grow in place, and four steps are a matrix times a vector", async () => {
  const b = kernelBuilder("sums");
  const type = kType("f32", 4);
  b.buffer({ space: "global", id: "x", type, length: constDim(5), access: "read" });
  b.buffer({ space: "global", id: "y", type, length: constDim(5), access: "write" });
  const acc = b.memory("register", "acc", type, 3);
  b.store(acc, 0, lit(0, type));
  b.store(acc, 1, lit(1, type));
  b.store(acc, 2, lit(-0, type));
  const columns = [1, 2, 3, 4].map((at) => b.load("x", at));
  b.store(acc, 0, madd4(b.load("x", 0), columns, b.load(acc, 0)));
  b.store(acc, 1, add(b.load(acc, 1), b.load(acc, 0)));
  b.store(acc, 1, add(b.load(acc, 0), b.load(acc, 1)));
  b.store("y", 0, add(b.load(acc, 1), b.load(acc, 2)));
  const program = wholeProgram(b.finish(), constDim(20));
  const text = textOf(program);
  await accepted(text);
  const lines = text.split("\n").map((l) => l.trim());
  expect(lines.filter((l) => l.startsWith("r_acc"))).toEqual([
    "r_acc_1 = vec4<f32>(1.0f);",
    "r_acc_2 = vec4<f32>(-0.0f);",
    expect.stringMatching(/^r_acc_0 \+= mat4x4<f32>\(.*\) \* .*;$/),
    "r_acc_1 += r_acc_0;",
    "r_acc_1 = r_acc_0 + r_acc_1;",
  ]);
  const xs = Array.from({ length: 20 }, (_, n) => (n % 7) - 3);
  const sums = [0, 1, 2, 3].map((l) => [0, 1, 2, 3].reduce((s, k) => s + (xs[k] ?? 0) * (xs[4 + 4 * k + l] ?? 0), 0));
  expect((await runVector(program, xs)).slice(0, 4)).toEqual(sums.map((s) => 1 + 2 * s));
});

test("subgroups are enabled when a kernel uses them", async () => {
  const b = kernelBuilder("lanes");
  const i = b.local(0, 64, "i");
  b.buffer({ space: "global", id: "x", type: kType("f32"), length: constDim(64), access: "read" });
  b.buffer({ space: "global", id: "y", type: kType("f32"), length: constDim(64), access: "write" });
  b.store("y", i, subgroup("shuffleXor", subgroup("max", subgroup("broadcast", b.load("x", i), 0)), 1));
  const text = textOf(wholeProgram(b.finish()));
  expect(text.split("\n")).toContain("enable subgroups;");
  if ((await device()).features.has("subgroups")) await accepted(text);
});

test("half precision is enabled when a kernel uses it", async () => {
  const half = { name: "x", dtype: "f16" } as const;
  const program = pointwiseProgram([half], { name: "y", dtype: "f16" }, 8, 4, ([x]) =>
    call("gelu", fma(x as KExpr, x as KExpr, lit(0.5, kType("f16", 4)))),
  );
  const text = textOf(program);
  expect(text).toContain("enable f16;");
  expect(text).toContain("vec4<f16>(0.5h)");
  if ((await device()).features.has("shader-f16")) await accepted(text);
});

test("the stored program is plain JSON without bodies, and names a file for each kernel", () => {
  const artifact = emitWgsl(contractionProgram(symbolDim("Rows", 1, 64), 16, 24));
  const stored = JSON.parse(String(artifact.files.find((f) => f.path === "program.json")?.text)) as StoredProgram;
  expect(stored.kernels.map((k) => k.file)).toEqual(["contraction.wgsl"]);
  expect(stored.kernels.every((k) => !("body" in k))).toBe(true);
  expect(artifact.files.map((f) => f.path)).toEqual(["contraction.wgsl", "program.json"]);
  expect(emitWgsl(contractionProgram(symbolDim("Rows", 1, 64), 16, 24))).toEqual(artifact);
});

test("options are checked", () => {
  expect(backend.parseOptions({})).toEqual({ ok: true, value: options });
  expect(backend.parseOptions({ profile: "swiftshader", f16: true })).toMatchObject({ ok: true, value: { f16: true } });
  for (const bad of [{ tile: 8 }, { profile: "toString" }, { f16: 1 }]) {
    const result = backend.parseOptions(bad);
    expect(result.ok ? undefined : result.error.code).toMatch(/^LF045/);
  }
});
