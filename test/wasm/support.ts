import { emitKernel } from "../../backends/wasm/emit.js";
import { encodeModule, type Module } from "../../backends/wasm/encode.js";
import { expandFunctions } from "../../backends/wasm/math.js";
import type { DType, TensorValues } from "../../src/ir/dtype.js";
import { type Ex, int, type KB, kernelBuilder, kType, mul } from "../../src/ir/kernel/builder.js";
import type { KExpr, Kernel, Width } from "../../src/ir/kernel/ops.js";
import type { Program } from "../../src/ir/program/program.js";
import { testContext } from "../passes/support.js";

export const moduleOf = (kernel: Kernel, relaxed = false): Module => {
  const world = Array.from(
    { length: kernel.dims },
    () => ({ op: "symbol", name: "n", lo: 1, hi: 1e6, step: 1 }) as const,
  );
  const { cell, run } = emitKernel(kernel, [world], { relaxed, cellIndex: 0 });
  return { functions: [cell, run], exports: [["run", 1]], memory: ["lfc", "memory"] };
};

/** A kernel with the functions of real numbers written out. */
export const expanded = (kernel: Kernel): Kernel => {
  const program: Program = {
    irVersion: 1,
    name: "t",
    symbols: [],
    resources: [],
    kernels: [kernel],
    prepare: [],
    steps: [],
  };
  return expandFunctions.run(program, testContext()).kernels[0] as Kernel;
};

const arrayOf = (dtype: DType, buffer: ArrayBufferLike, at: number, length: number): TensorValues =>
  dtype === "f32"
    ? new Float32Array(buffer, at, length)
    : dtype === "i32"
      ? new Int32Array(buffer, at, length)
      : new Uint32Array(buffer, at, length);

/** Runs cells 0 … total-1 of a kernel on memory that holds the buffers in their order; gives what they hold then. */
export function runKernel(
  kernel: Kernel,
  total: number,
  buffers: readonly { readonly dtype: DType; readonly data: TensorValues }[],
): readonly TensorValues[] {
  const scratch = 65536;
  let end = 2 * scratch;
  const placed = buffers.map(({ dtype, data }) => {
    const at = end;
    end = Math.ceil((end + data.length * 4) / 64) * 64;
    return { dtype, data, at };
  });
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536) + 1, maximum: 65536, shared: true });
  for (const { dtype, data, at } of placed) arrayOf(dtype, memory.buffer, at, data.length).set(data);
  const module = new WebAssembly.Module(encodeModule(moduleOf(kernel)));
  const { run } = new WebAssembly.Instance(module, { lfc: { memory } }).exports;
  (run as (...args: readonly number[]) => void)(0, total, ...placed.map((p) => p.at), scratch);
  return placed.map(({ dtype, data, at }) => arrayOf(dtype, memory.buffer, at, data.length).slice());
}

/** y[i] = f(x[i], …) for every element, `width` at a time. */
export function elementwise(
  inputs: readonly DType[],
  output: DType,
  length: number,
  width: Width,
  f: (...x: readonly KExpr[]) => Ex,
): Kernel {
  const b = kernelBuilder("elementwise");
  const vectors = length / width;
  const size = { op: "const", value: vectors } as const;
  inputs.forEach((dtype, i) => {
    b.buffer({ space: "global", id: `x${i}`, type: kType(dtype, width), length: size, access: "read" });
  });
  b.buffer({ space: "global", id: "y", type: kType(output, width), length: size, access: "write" });
  const group = b.grid(0, 4);
  const each = Math.ceil(vectors / 4);
  loopOver(b, group, each, vectors, (at) => {
    const x = inputs.map((_, i) => b.let(b.load(`x${i}`, at)));
    b.store("y", at, f(...x));
  });
  return b.finish();
}

function loopOver(b: KB, group: KExpr, each: number, count: number, body: (at: KExpr) => void): void {
  b.for(int(0), int(each), 1, "serial", (i) => {
    const at = b.let({ k: "op", op: "add", args: [mul(group, each), i], type: kType("i32") });
    b.if({ k: "op", op: "lt", args: [at, int(count)], type: kType("bool") }, () => body(at));
  });
}
