import { noLoc } from "../../src/diagnostics/span.js";
import { constDim, type Dim } from "../../src/ir/dim.js";
import { allocate, type DType, type TensorData } from "../../src/ir/dtype.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Index, Op, Use, ValueId } from "../../src/ir/graph/ops.js";

/** Short forms for tests. A number stands for a constant size. */
export const dim = (size: number | Dim): Dim => (typeof size === "number" ? constDim(size) : size);
export const ix = (n: number): Index => ({ i: "ix", ix: n });
export const at = (value: ValueId, ...subscripts: readonly (number | Index)[]): Use => ({
  value,
  at: subscripts.map((s) => (typeof s === "number" ? ix(s) : s)),
});
export const size = (n: number | Dim): Index => ({ i: "dim", dim: dim(n) });
export const plus = (...of: readonly Index[]): Index => ({ i: "add", of });
export const times = (of: Index, by: number | Dim): Index => ({ i: "mul", of, by: dim(by) });
export const gather = (use: Use): Index => ({ i: "value", of: use });

export interface Maker {
  readonly b: GraphBuilder;
  input(name: string, dtype: DType, ...shape: readonly (number | Dim)[]): ValueId;
  param(path: string, dtype: DType, ...shape: readonly (number | Dim)[]): ValueId;
  add(op: Op): ValueId;
  graph(...outputs: readonly ValueId[]): Graph;
}

export function maker(): Maker {
  const b = graphBuilder();
  return {
    b,
    input: (name, dtype, ...shape) => b.add({ op: "input", name }, noLoc, { dtype, shape: shape.map(dim) }),
    param: (path, dtype, ...shape) =>
      b.add({ op: "param", path, init: { kind: "zeros" }, fixed: false }, noLoc, { dtype, shape: shape.map(dim) }),
    add: (op) => b.add(op, noLoc),
    graph: (...outputs) =>
      b.finish(
        "test",
        outputs.map((value, i) => ({ name: `y${i}`, value })),
      ),
  };
}

export function tensor(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const data = allocate(dtype, values.length);
  data.set(values);
  return { dtype, shape, data };
}

export const sizes = (...list: readonly (number | Dim)[]): readonly Dim[] => list.map(dim);
