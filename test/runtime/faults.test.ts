import { afterAll, expect, test } from "vitest";
import { modelOf } from "../../backends/wgsl/index.js";
import { constDim, type Dim, symbolDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { add, float } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import type { Program } from "../../src/ir/program/program.js";
import { openDevice } from "../../src/runtime/device.node.js";
import { isRuntimeError, load, type WgslModel } from "../../src/runtime/webgpu.js";
import { openTestDevice, testDevice } from "../support/dawn.js";
import { emitWgsl } from "../wgsl/contraction.js";
import { dispatchOf, pointwiseKernel, vector, vectorResource } from "../wgsl/pointwise.js";

/**
 * Every fault of a device is one typed error, whenever it comes: what waits settles, what was made is freed, and the
 * same model loads again. SwiftShader has all of these faults for real; a stand-in only chooses the moment.
 */
const device = testDevice();
const none: ReadonlyMap<string, TensorData> = new Map();
const x = { name: "x", dtype: "f32" } as const;
const y = { name: "y", dtype: "f32" } as const;

/** y = x + 2 through a temporary, of 20 elements or as many as are given. */
function twice(length: Dim = constDim(20), temporary: Dim = length): Program {
  const made = pointwiseKernel("increment", [x], y, length, 1, ([v]) => add(v as KExpr, float(1)));
  const t = { ...vectorResource({ name: "t", dtype: "f32" }, "temp", length), length: temporary };
  return {
    irVersion: 1,
    name: "Twice",
    symbols: length.op === "symbol" ? [length] : [],
    resources: [vectorResource(x, "input", length), vectorResource(y, "output", length), t],
    kernels: [made.kernel],
    prepare: [],
    steps: [dispatchOf(made, length, { x: "x", y: "t" }), dispatchOf(made, length, { x: "t", y: "y" })],
  };
}

const modelFrom = (program: Program): WgslModel => modelOf(emitWgsl(program));
const ones = (count: number) => ({ x: vector("f32", Array<number>(count).fill(1)) });
const threes = (count: number): number[] => Array<number>(count).fill(3);

/** The code of the typed error that a promise ends with, and its message. */
async function fault(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await work;
    return { code: "none", message: "" };
  } catch (error) {
    return isRuntimeError(error) ? error : { code: "untyped", message: String(error) };
  }
}

type Calls = "createBuffer" | "createShaderModule" | "createComputePipelineAsync" | "createCommandEncoder";

/** A device that counts its buffers and says when something is asked of it. */
function watched(real: GPUDevice, on: (call: Calls | "submit") => void = () => undefined) {
  let alive = 0;
  const queue = new Proxy(real.queue, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) => {
        const result: unknown = value.apply(target, args);
        if (key === "submit") on("submit");
        return result;
      };
    },
  });
  const watching = new Proxy(real, {
    get(target, key) {
      if (key === "queue") return queue;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (!/^create(Buffer|ShaderModule|ComputePipelineAsync|CommandEncoder)$/.test(String(key)))
        return value.bind(target);
      return (...args: readonly unknown[]) => {
        const result: unknown = value.apply(target, args);
        if (key === "createBuffer") {
          const buffer = result as GPUBuffer;
          const destroy = buffer.destroy.bind(buffer);
          alive++;
          buffer.destroy = () => {
            alive--;
            destroy();
          };
        }
        on(key as Calls);
        return result;
      };
    },
  });
  return { device: watching, alive: () => alive };
}

/** Whoever is told of an error that no one has caught. */
const uncaught: string[] = [];
const listen = (on: GPUDevice): void =>
  on.addEventListener(
    "uncapturederror",
    (event) => void uncaught.push((event as GPUUncapturedErrorEvent).error.message),
  );
afterAll(() => expect(uncaught).toEqual([]));

async function serves(on: GPUDevice): Promise<void> {
  const model = await load(on, modelFrom(twice()), none);
  expect([...((await model.run(ones(20))).y?.data ?? [])]).toEqual(threes(20));
  model.dispose();
}

test("out of memory is an error of its own; a smaller run of the same model succeeds", async () => {
  const n = symbolDim("N", 1, 2 ** 28);
  // as much as WebGPU allows, more than the driver has
  const model = modelFrom(twice(n, n));
  const real = await device();
  listen(real);
  const counted = watched(real);
  const loaded = await load(counted.device, model, none);
  expect([...((await loaded.run(ones(20))).y?.data ?? [])]).toEqual(threes(20));
  const full = await fault(loaded.warmup({ N: 2 ** 28 }));
  expect(full).toMatchObject({ code: "memory" });
  expect(full.message).toMatch(/^Twice is out of memory: .*\w/);
  // all of the run that failed is freed
  expect(counted.alive()).toBe(0);
  expect([...((await loaded.run(ones(7))).y?.data ?? [])]).toEqual(threes(7));
  loaded.dispose();
  expect(counted.alive()).toBe(0);
});

test("what the device does not grant is said before any work, with tensor, need and grant", async () => {
  const asked: string[] = [];
  const real = await device();
  const { device: on } = watched(real, (call) => asked.push(call));
  const most = real.limits.maxBufferSize;
  const huge = await fault(load(on, modelFrom(twice(constDim(20), constDim(most / 2))), none));
  expect(huge).toEqual(
    expect.objectContaining({
      code: "limit",
      subject: "t",
      message: `t needs ${2 * most} bytes in a buffer, the device allows ${most}`,
    }),
  );
  const model = modelFrom(twice());
  const needy = { ...model, program: { ...model.program, features: ["texture-compression-astc"] } };
  expect(await fault(load(on, needy as WgslModel, none))).toMatchObject({
    code: "feature",
    subject: "texture-compression-astc",
    message: "Twice needs the feature texture-compression-astc, which the device was made without",
  });
  expect(asked).toEqual([]);
});

test("what the device refuses when it runs is one error, and the next run is as ever", async () => {
  const real = await device();
  const counted = watched(real);
  const model = await load(counted.device, modelFrom(twice()), none);
  await model.run(ones(20));
  const level = counted.alive();
  const gone = real.createBuffer({ size: 80, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  gone.destroy();
  const refused = await fault(model.run({ x: { dtype: "f32", shape: [20], data: gone } } as never));
  expect(refused.code).toBe("device");
  expect(refused.message).toMatch(/^Twice: .*destroyed/s);
  expect([...((await model.run(ones(20))).y?.data ?? [])]).toEqual(threes(20));
  expect(counted.alive()).toBe(level);
  model.dispose();
  expect(counted.alive()).toBe(0);
});

/** A model on a device of its own that is lost right after a call. */
async function losing(after: Calls | "submit", from = 0) {
  const opened = await openTestDevice();
  listen(opened.device);
  let armed = false;
  let calls = 0;
  const counted = watched(opened.device, (call) => {
    if (armed && call === after && calls++ === from) opened.close();
  });
  return {
    ...counted,
    close: () => opened.close(),
    arm: () => {
      armed = true;
    },
  };
}

test.each(["createShaderModule", "createComputePipelineAsync"] as const)(
  "a device that is lost while a model loads (after %s)",
  async (call) => {
    const { device: on, alive, arm } = await losing(call);
    arm();
    expect(await fault(load(on, modelFrom(twice()), none))).toMatchObject({ code: "device-lost", subject: "Twice" });
    expect(alive()).toBe(0);
    expect(await fault(load(on, modelFrom(twice()), none))).toMatchObject({ code: "device-lost" });
    await serves(await device());
  },
);

test.each(["createCommandEncoder", "submit"] as const)(
  "a device that is lost during a run (after %s): all that waits settles",
  async (call) => {
    const { device: on, alive, arm, close } = await losing(call, 1);
    const model = await load(on, modelFrom(twice()), none);
    arm();
    await model.run(ones(20));
    const waiting = [1, 2, 3, 4].map(() => fault(model.run(ones(20))));
    waiting.push(fault(model.warmup()));
    const ended = await Promise.all(waiting);
    expect(ended.map((f) => f.code)).toEqual(Array(5).fill("device-lost"));
    expect(ended[0]?.message).toMatch(/^the device of Twice is lost \(destroyed\)/);
    model.dispose();
    close();
    expect(alive()).toBe(0);
    await serves(await device());
  },
);

test("a device that is lost between runs, and after the last", async () => {
  const { device: on, alive, close } = await losing("submit", -1);
  const model = await load(on, modelFrom(twice()), none);
  const { y: before } = await model.run(ones(20));
  close();
  // what has come to the host stays
  expect([...(before?.data ?? [])]).toEqual(threes(20));
  // and the news of it may come after the next run has begun
  expect(await fault(model.run(ones(20)))).toMatchObject({ code: "device-lost" });
  await on.lost;
  expect(await fault(model.run(ones(20)))).toMatchObject({ code: "device-lost" });
  expect(() => model.encode(on.createCommandEncoder(), {})).toThrow(expect.objectContaining({ code: "device-lost" }));
  model.dispose();
  expect(alive()).toBe(0);
  expect(await fault(model.run(ones(20)))).toMatchObject({ code: "disposed" });
  await serves(await device());
});

test("after dispose everything is refused, and again it does nothing", async () => {
  const counted = watched(await device());
  const model = await load(counted.device, modelFrom(twice()), none);
  await model.run(ones(20));
  model.dispose();
  model.dispose();
  expect(counted.alive()).toBe(0);
  expect(await fault(model.run(ones(20)))).toMatchObject({ code: "disposed", subject: "Twice" });
  expect(await fault(model.warmup())).toMatchObject({ code: "disposed" });
  expect(() => model.encode(counted.device.createCommandEncoder(), {})).toThrow(
    expect.objectContaining({ code: "disposed" }),
  );
  await serves(counted.device);
  expect(counted.alive()).toBe(0);
});

test("a machine without such an adapter is told so", async () => {
  // the driver that the tests name is SwiftShader's, or there is a GPU, which is no software adapter
  const kind = process.env.VK_ICD_FILENAMES === undefined ? "swiftshader" : "hardware";
  const opened = await openDevice(kind);
  if (opened.ok) return opened.value.close();
  expect(["no-adapter", "restart"]).toContain(opened.error.fault);
  expect(opened.error.message).not.toBe("");
});

/** `LFC_RUNS=1000` by hand. */
const runs = Number(process.env.LFC_RUNS ?? 100);

test(`the number of buffers is level over ${runs} runs`, async () => {
  const n = symbolDim("N", 1, 64);
  const counted = watched(await device());
  const model = await load(counted.device, modelFrom(twice(n)), none);
  await model.run(ones(5));
  const level = counted.alive();
  for (let i = 0; i < runs; i++) {
    const count = 1 + ((i * 7) % 64);
    if (i % 10 === 9) {
      const { y: kept } = await model.run(ones(count), { outputs: "device" });
      kept?.data.destroy();
    } else if (i % 10 === 5) {
      expect((await fault(model.run({}))).code).toBe("input");
    } else {
      expect([...((await model.run(ones(count))).y?.data ?? [])]).toEqual(threes(count));
    }
  }
  await model.run(ones(5));
  expect(counted.alive()).toBe(level);
  model.dispose();
  expect(counted.alive()).toBe(0);
});
