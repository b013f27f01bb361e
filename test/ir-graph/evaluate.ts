import type { TensorData } from "../../src/ir/dtype.js";
import { interpret, type ReferenceTensor } from "../../src/ir/graph/interpret.js";
import type { Op, Scalar } from "../../src/ir/graph/ops.js";
import { at, type Maker, maker, sizes, tensor } from "./build.js";

export const vector = (...values: readonly number[]): TensorData => tensor("f32", [values.length], values);

/** The reference value of one node over one float vector `x`. */
export function evaluate(values: readonly number[], op: (x: number, m: Maker) => Op): ReferenceTensor {
  const m = maker();
  const x = m.input("x", "f32", values.length);
  const graph = m.graph(m.add(op(x, m)));
  return interpret(graph, { x: vector(...values) }, new Map()).outputs.y0 as ReferenceTensor;
}

/** A scalar expression on each element of a float vector. */
export const onEach = (values: readonly number[], body: Scalar): ReferenceTensor =>
  evaluate(values, (x) => ({ op: "map", args: [at(x, 0)], out: [0], extents: sizes(values.length), body }));
