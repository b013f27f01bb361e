import { afterEach, expect, test } from "vitest";
import { modelOf } from "../../backends/wgsl/index.js";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { add, float, kernelBuilder, kType, mul } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import type { Program } from "../../src/ir/program/program.js";
import { type LoadedModel, load, type RuntimeError, type WgslModel } from "../../src/runtime/webgpu.js";
import { openTestDevice, testDevice } from "../support/dawn.js";
import { contractionProgram, dynamicRows, emitWgsl, tensor } from "../wgsl/contraction.js";
import { dispatchOf, pointwiseKernel, pointwiseProgram, vector, vectorResource } from "../wgsl/pointwise.js";

const device = testDevice();
const none: ReadonlyMap<string, TensorData> = new Map();
const loaded: LoadedModel[] = [];

async function loadOn(on: GPUDevice, model: WgslModel, params = none): Promise<LoadedModel> {
  const made = await load(on, model, params);
  loaded.push(made);
  return made;
}

afterEach(() => {
  for (const model of loaded.splice(0)) model.dispose();
});

const modelFrom = (program: Program): WgslModel => modelOf(emitWgsl(program));

const failure = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "nothing thrown";
  } catch (error) {
    const { name, code, subject, message } = error as RuntimeError;
    return `${name} ${code} ${subject}: ${message}`;
  }
};

/** A device that counts what it makes and frees. */
function counting(real: GPUDevice): { readonly device: GPUDevice; readonly alive: () => number } {
  let alive = 0;
  const createBuffer = (d: GPUBufferDescriptor): GPUBuffer => {
    const buffer = real.createBuffer(d);
    const destroy = buffer.destroy.bind(buffer);
    alive++;
    buffer.destroy = () => {
      alive--;
      destroy();
    };
    return buffer;
  };
  const device = new Proxy(real, {
    get(target, key) {
      if (key === "createBuffer") return createBuffer;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { device, alive: () => alive };
}

const x = { name: "x", dtype: "f32" } as const;
const y = { name: "y", dtype: "f32" } as const;
const length = constDim(20);

/** y = (((x + 1) + 1) …), `steps` times, through temporaries; every second one is as long again as it needs to be. */
function chain(steps: number): Program {
  const made = pointwiseKernel("increment", [x], y, length, 1, ([v]) => add(v as KExpr, float(1)));
  const name = (i: number): string => (i === 0 ? "x" : i === steps ? "y" : `t${i}`);
  return {
    irVersion: 1,
    name: "Chain",
    symbols: [],
    resources: [
      vectorResource(x, "input", length),
      vectorResource(y, "output", length),
      ...Array.from({ length: steps - 1 }, (_, i) => ({
        ...vectorResource({ name: `t${i + 1}`, dtype: "f32" }, "temp", length),
        length: i % 2 === 0 ? length : constDim(40),
      })),
    ],
    kernels: [made.kernel],
    prepare: [],
    steps: Array.from({ length: steps }, (_, i) => dispatchOf(made, length, { x: name(i), y: name(i + 1) })),
  };
}

const twenty = vector(
  "f32",
  Array.from({ length: 20 }, (_, i) => i),
);
const plus = (n: number): number[] => Array.from({ length: 20 }, (_, i) => i + n);

test("temporaries share buffers without touching each other, and memory stays level over many runs", async () => {
  const counted = counting(await device());
  const model = await loadOn(counted.device, modelFrom(chain(7)));
  const first = await model.run({ x: twenty });
  expect([...(first.y?.data ?? [])]).toEqual(plus(7));
  // x, y, its staging copy, two temporaries in turn, no sizes.
  const alive = counted.alive();
  expect(alive).toBe(5);
  for (let i = 0; i < 200; i++) await model.run({ x: twenty });
  expect(counted.alive()).toBe(alive);
  model.dispose();
  expect(counted.alive()).toBe(0);
});

test("a temporary that is read late keeps its buffer", async () => {
  const sum = pointwiseKernel(
    "sum",
    [
      { ...x, name: "a" },
      { ...x, name: "b" },
    ],
    y,
    length,
    1,
    ([a, b]) => add(a as KExpr, b as KExpr),
  );
  const program = chain(4);
  // y = t1 + t3 in the end, where t1 = x + 1 and t3 = x + 3.
  const last = dispatchOf(sum, length, { a: "t1", b: "t3", y: "y" });
  const model = await loadOn(
    await device(),
    modelFrom({ ...program, kernels: [...program.kernels, sum.kernel], steps: [...program.steps.slice(0, 3), last] }),
  );
  const { y: result } = await model.run({ x: twenty });
  expect([...(result?.data ?? [])]).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i + 4));
});

test("steps that need parameters only run once, and what they no longer need is freed", async () => {
  const w = { name: "w", dtype: "f32" } as const;
  const square = pointwiseKernel("square", [w], { name: "s", dtype: "f32" }, length, 1, ([v]) =>
    mul(v as KExpr, v as KExpr),
  );
  const twice = pointwiseKernel("twice", [{ ...w, name: "s" }], { name: "d", dtype: "f32" }, length, 1, ([v]) =>
    mul(v as KExpr, float(2)),
  );
  const scale = pointwiseKernel("scale", [x, { ...w, name: "d" }], y, length, 1, ([a, b]) =>
    mul(a as KExpr, b as KExpr),
  );
  const temp = (name: string) => vectorResource({ name, dtype: "f32" }, "temp", length);
  const counted = counting(await device());
  const model = await loadOn(
    counted.device,
    modelFrom({
      irVersion: 1,
      name: "Prepared",
      symbols: [],
      resources: [
        vectorResource(x, "input", length),
        vectorResource(w, "param", length),
        temp("s"),
        temp("d"),
        vectorResource(y, "output", length),
      ],
      kernels: [square.kernel, twice.kernel, scale.kernel],
      prepare: [dispatchOf(square, length), dispatchOf(twice, length)],
      steps: [dispatchOf(scale, length)],
    }),
    new Map([["w", vector("f32", plus(1))]]),
  );
  // Only d is left of w, s and d.
  expect(counted.alive()).toBe(1);
  for (let run = 0; run < 2; run++) {
    const { y: result } = await model.run({ x: twenty });
    expect([...(result?.data ?? [])]).toEqual(plus(0).map((v) => v * 2 * (v + 1) ** 2));
  }
  model.dispose();
  expect(counted.alive()).toBe(0);
});

test("a choice is taken by the sizes of the run", async () => {
  const n = symbolDim("N", 1, 64);
  const [small, large] = [10, 20].map((by) =>
    pointwiseKernel(`times_${by}`, [x], y, n, 1, ([v]) => mul(v as KExpr, float(by))),
  ) as [ReturnType<typeof pointwiseKernel>, ReturnType<typeof pointwiseKernel>];
  const then = [dispatchOf(small, n)];
  const model = await loadOn(
    await device(),
    modelFrom({
      irVersion: 1,
      name: "Choice",
      symbols: [n],
      resources: [vectorResource(x, "input", n), vectorResource(y, "output", n)],
      kernels: [small.kernel, large.kernel],
      prepare: [],
      steps: [{ step: "choose", dim: n, below: 8, then, else: [dispatchOf(large, n)] }],
    }),
  );
  for (const count of [7, 8, 3]) {
    const { y: result } = await model.run({ x: vector("f32", Array<number>(count).fill(1)) });
    expect([...(result?.data ?? [])]).toEqual(Array<number>(count).fill(count < 8 ? 10 : 20));
  }
});

test("memory stays level while sizes change, and what an encoder may still use is not freed", async () => {
  const n = symbolDim("N", 1, 64);
  const made = pointwiseKernel("twice", [x], y, n, 1, ([v]) => mul(v as KExpr, float(2)));
  const counted = counting(await device());
  const model = await loadOn(
    counted.device,
    modelFrom({
      irVersion: 1,
      name: "Sizes",
      symbols: [n],
      resources: [vectorResource(x, "input", n), vectorResource(y, "output", n)],
      kernels: [made.kernel],
      prepare: [],
      steps: [dispatchOf(made, n)],
    }),
  );
  const ones = (count: number) => ({ x: vector("f32", Array<number>(count).fill(1)) });
  await model.run(ones(5));
  const alive = counted.alive();
  for (let i = 0; i < 40; i++) await model.run(ones(1 + (i % 64)));
  expect(counted.alive()).toBe(alive);
  // Ten runs of ten sizes at once: each replaces the plan of the one before, which may be under way.
  const sums = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const { y: result } = await model.run(ones(i + 1));
      return [...(result?.data ?? [])].reduce((a, b) => a + b, 0);
    }),
  );
  expect(sums).toEqual(Array.from({ length: 10 }, (_, i) => 2 * (i + 1)));
  expect(counted.alive()).toBe(alive);
  model.dispose();
  expect(counted.alive()).toBe(0);
});

test("a window of a resource is bound by its offset", async () => {
  const part = constDim(64);
  const made = pointwiseKernel("copy", [x], y, part, 1, ([v]) => v as KExpr);
  const step = dispatchOf(made, part);
  if (step.step !== "dispatch") throw new Error("a dispatch");
  const window = { ...step, bind: { ...step.bind, x: { resource: "x", offset: constDim(128), length: part } } };
  const model = await loadOn(
    await device(),
    modelFrom({
      irVersion: 1,
      name: "Window",
      symbols: [],
      resources: [vectorResource(x, "input", constDim(256)), vectorResource(y, "output", part)],
      kernels: [made.kernel],
      prepare: [],
      steps: [window],
    }),
  );
  const values = Array.from({ length: 256 }, (_, i) => i);
  expect([...((await model.run({ x: vector("f32", values) })).y?.data ?? [])]).toEqual(values.slice(128, 192));
});

test("concurrent runs keep their inputs apart, and a failed one does not stop the next", async () => {
  const model = await loadOn(await device(), modelFrom(chain(3)));
  const runs = Array.from({ length: 8 }, (_, i) => model.run({ x: vector("f32", Array<number>(20).fill(i)) }));
  const wrong = failure(model.run({}));
  const after = model.run({ x: twenty });
  (await Promise.all(runs)).forEach((r, i) => {
    expect([...(r.y?.data ?? [])]).toEqual(Array<number>(20).fill(i + 3));
  });
  expect(await wrong).toBe("LfcRuntimeError input x: the input x, f32[20], is missing");
  expect([...((await after).y?.data ?? [])]).toEqual(plus(3));
});

test("after dispose a run is refused, one under way ends well", async () => {
  const counted = counting(await device());
  const model = await load(counted.device, modelFrom(chain(3)), none);
  const running = model.run({ x: twenty });
  model.dispose();
  model.dispose();
  // It had not begun.
  expect(await failure(running)).toBe("LfcRuntimeError disposed Chain: Chain has been disposed");
  expect(await failure(model.run({ x: twenty }))).toBe("LfcRuntimeError disposed Chain: Chain has been disposed");
  expect(counted.alive()).toBe(0);
  const again = await load(counted.device, modelFrom(chain(3)), none);
  const begun = again.run({ x: twenty });
  await new Promise((resolve) => setTimeout(resolve));
  again.dispose();
  expect([...((await begun).y?.data ?? [])]).toEqual(plus(3));
  await new Promise((resolve) => setTimeout(resolve));
  expect(counted.alive()).toBe(0);
});

test("parameters are checked", async () => {
  const model = modelFrom(contractionProgram(dynamicRows, 16, 24));
  const attempt = async (params: ReadonlyMap<string, TensorData>) => failure(load(await device(), model, params));
  const w = tensor(16, 24, () => 1);
  expect(await attempt(none)).toBe("LfcRuntimeError parameter layer.w: the parameter layer.w is missing");
  expect(await attempt(new Map([["layer.w", tensor(24, 16, () => 1)]]))).toBe(
    "LfcRuntimeError parameter layer.w: the parameter layer.w is f32[16, 24], that is [16, 24]; the value given has the shape [24, 16]",
  );
  expect(await attempt(new Map([["layer.w", { ...w, dtype: "i32" as const }]]))).toMatch(/holds i32$/);
});

test("an input that selects is checked against what it selects from", async () => {
  const program: Program = {
    ...pointwiseProgram([{ name: "t", dtype: "i32" }], { name: "y", dtype: "i32" }, 4, 1, ([t]) => t as KExpr),
    subscripts: [{ input: "t", extent: constDim(10) }],
  };
  const model = await loadOn(await device(), modelFrom(program));
  expect([...((await model.run({ t: vector("i32", [0, 9, 5, 1]) })).y?.data ?? [])]).toEqual([0, 9, 5, 1]);
  expect(await failure(model.run({ t: vector("i32", [0, 10, 5, 1]) }))).toBe(
    "LfcRuntimeError input t: the input t holds 10 at position 1; it selects one of 10",
  );
  expect(await failure(model.run({ t: vector("i32", [0, 9, 5, -1]) }))).toMatch(/holds -1 at position 3/);
});

test("a kernel that the driver refuses is named, with the message and its place", async () => {
  const model = modelFrom(chain(2));
  const on = await device();
  const broken = { ...model, wgsl: { increment: "fn main() { let x = nothing; }" } };
  expect(await failure(load(on, broken, none))).toMatch(
    /^LfcRuntimeError kernel increment: the kernel increment: 1:\d+ .*nothing/,
  );
  const nameless = { ...model, wgsl: { increment: "@compute @workgroup_size(1) fn other() {}" } };
  expect(await failure(load(on, nameless, none))).toMatch(/^LfcRuntimeError kernel increment: .*main/s);
  const large = { ...model, wgsl: { increment: "@compute @workgroup_size(4096) fn main() {}" } };
  expect(await failure(load(on, large, none))).toMatch(/^LfcRuntimeError kernel increment: .*4096/s);
  expect(await failure(load(on, { ...model, wgsl: {} }, none))).toMatch(/its text is missing$/);
});

test("what exceeds the device is refused with both numbers", async () => {
  const on = await device();
  const huge = constDim(2 ** 34);
  const program = chain(1);
  const resources = program.resources.map((r) => ({ ...r, shape: [huge], length: huge }));
  expect(await failure(load(on, modelFrom({ ...program, resources }), none))).toBe(
    `LfcRuntimeError limit x: x needs 68719476736 bytes in a buffer, the device allows ${on.limits.maxBufferSize}`,
  );
  const output = load(
    on,
    modelFrom({
      ...program,
      resources: program.resources.map((r) => (r.kind === "output" ? { ...r, length: huge } : r)),
    }),
    none,
  );
  expect(await failure(output)).toBe(
    `LfcRuntimeError limit y: y needs 68719476736 bytes in a buffer, the device allows ${on.limits.maxBufferSize}`,
  );
  const step = program.steps[0];
  if (step?.step !== "dispatch") throw new Error("a dispatch");
  const model70000 = modelFrom(program);
  const grid = [constDim(70000), constDim(1), constDim(1)] as const;
  const long = load(on, { ...model70000, program: { ...model70000.program, steps: [{ ...step, grid }] } }, none);
  expect(await failure(long)).toBe(
    "LfcRuntimeError limit increment: increment needs 70000 workgroups along an axis, the device allows 65535",
  );
});

test("a lost device is reported, before a run and while one waits; another device serves", async () => {
  const opened = await openTestDevice();
  const model = await load(opened.device, modelFrom(chain(3)), none);
  await model.run({ x: twenty });
  const running = model.run({ x: twenty });
  opened.close();
  await opened.device.lost;
  const first = await failure(running);
  // It may have ended before the loss.
  expect(first).toMatch(
    /^nothing thrown$|^LfcRuntimeError device-lost Chain: the device of Chain is lost \(destroyed\)/,
  );
  expect(await failure(model.run({ x: twenty }))).toMatch(/^LfcRuntimeError device-lost Chain/);
  model.dispose();
  const again = await loadOn(await device(), modelFrom(chain(3)));
  expect([...((await again.run({ x: twenty })).y?.data ?? [])]).toEqual(plus(3));
});

test("empty outputs and dispatches of nothing are fine", async () => {
  const n = symbolDim("N", 0, 64);
  const made = pointwiseKernel("copy", [x], y, n, 1, ([v]) => v as KExpr);
  const model = await loadOn(
    await device(),
    modelFrom({
      irVersion: 1,
      name: "Empty",
      symbols: [n],
      resources: [vectorResource(x, "input", n), vectorResource(y, "output", n)],
      kernels: [made.kernel],
      prepare: [],
      steps: [dispatchOf(made, n)],
    }),
  );
  expect((await model.run({ x: vector("f32", []) })).y).toEqual(vector("f32", []));
  expect((await model.run({ x: vector("f32", [5]) })).y).toEqual(vector("f32", [5]));
});

test("an output may have any name", async () => {
  const b = kernelBuilder("constant");
  b.buffer({ space: "global", id: "y", type: kType("f32"), length: constDim(1), access: "write" });
  b.store("y", 0, float(3));
  const made = { kernel: b.finish(), grid: b.gridSize(), dims: b.dims() };
  const model = await loadOn(
    await device(),
    modelFrom({
      irVersion: 1,
      name: "Named",
      symbols: [],
      resources: [{ ...vectorResource(y, "output", constDim(1)), name: "__proto__" }],
      kernels: [made.kernel],
      prepare: [],
      steps: [dispatchOf(made, constDim(1))],
    }),
  );
  const outputs = await model.run({});
  expect(Object.keys(outputs)).toEqual(["__proto__"]);
});
