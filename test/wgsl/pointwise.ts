import { ceilDivDim, constDim, type Dim, floorDivDim } from "../../src/ir/dim.js";
import type { DType, TensorData } from "../../src/ir/dtype.js";
import { add, type KB, kernelBuilder, kType, lt, mul } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import type { Program, Resource, Step } from "../../src/ir/program/program.js";

export interface Column {
  readonly name: string;
  readonly dtype: DType;
}

const lanes = 16;

/** A kernel y[i] = f(x0[i], x1[i], …), sixteen elements a workgroup, the end guarded. */
export function pointwiseKernel(
  name: string,
  inputs: readonly Column[],
  output: Column,
  count: Dim,
  width: Width,
  f: (args: readonly KExpr[], b: KB, index: KExpr) => KExpr,
) {
  const b = kernelBuilder(name);
  const units: Dim = width === 1 ? count : floorDivDim(count, constDim(width));
  const group = b.grid(0, ceilDivDim(units, constDim(lanes)), "group");
  const lane = b.local(0, lanes, "lane");
  for (const x of inputs) {
    b.buffer({ space: "global", id: x.name, type: kType(x.dtype, width), length: units, access: "read" });
  }
  b.buffer({ space: "global", id: output.name, type: kType(output.dtype, width), length: units, access: "write" });
  const index = b.let(add(mul(group, lanes), lane), "index");
  b.if(lt(index, b.dim(units)), () => {
    const value = f(
      inputs.map((x) => b.load(x.name, index)),
      b,
      index,
    );
    b.store(output.name, index, value);
  });
  return { kernel: b.finish(), grid: b.gridSize(), dims: b.dims() };
}

type Made = ReturnType<typeof pointwiseKernel>;

/** A dispatch that binds each buffer to the resource of the same name, or to the one that `renamed` names. */
export function dispatchOf(made: Made, length: Dim, renamed: Readonly<Record<string, string>> = {}): Step {
  const ids = made.kernel.buffers.filter((x) => x.space === "global").map((x) => x.id);
  const bind = Object.fromEntries(ids.map((id) => [id, { resource: renamed[id] ?? id, offset: constDim(0), length }]));
  return {
    step: "dispatch",
    kernel: made.kernel.name,
    grid: made.grid,
    dims: made.dims,
    bind,
    flops: constDim(0),
    bytes: constDim(0),
    label: made.kernel.name,
  };
}

export const vectorResource = (c: Column, kind: Resource["kind"], length: Dim): Resource => ({
  id: c.name,
  kind,
  name: c.name,
  dtype: c.dtype,
  shape: [length],
  length,
});

/** One kernel over vectors of `count` elements. */
export function pointwiseProgram(
  inputs: readonly Column[],
  output: Column,
  count: number,
  width: Width,
  f: (args: readonly KExpr[], b: KB, index: KExpr) => KExpr,
): Program {
  const length = constDim(count);
  const made = pointwiseKernel("pointwise", inputs, output, length, width, f);
  return {
    irVersion: 1,
    name: "Pointwise",
    symbols: [],
    resources: [...inputs.map((x) => vectorResource(x, "input", length)), vectorResource(output, "output", length)],
    kernels: [made.kernel],
    prepare: [],
    steps: [dispatchOf(made, length)],
  };
}

/** A vector on the host. */
export function vector(dtype: DType, values: readonly number[]): TensorData {
  const data =
    dtype === "f32" || dtype === "f16"
      ? Float32Array.from(values)
      : dtype === "i32"
        ? Int32Array.from(values)
        : Uint32Array.from(values);
  return { dtype, shape: [values.length], data };
}
