import { invariant } from "../../../util/invariant.js";
import type { TensorData } from "../../dtype.js";
import type { Node } from "../ops.js";
import { evalExtents, newGrid } from "./columns.js";
import { precisionOf } from "./errors.js";
import { type ReferenceTensor, undecidedBy } from "./tensor.js";

/** A stored tensor as exact values. Subnormal floats may be flushed when read; what is not finite is undecided. */
export function importTensor(
  node: Extract<Node, { op: "input" | "param" }>,
  data: TensorData | undefined,
  sizes: ReadonlyMap<string, number>,
): ReferenceTensor {
  const name = node.op === "input" ? `input ${node.name}` : `parameter ${node.path}`;
  invariant(data !== undefined, () => `${name} has no value`);
  const shape = evalExtents(node.type.shape, sizes);
  invariant(
    data.dtype === node.type.dtype && data.shape.join() === shape.join(),
    () => `${name} is ${node.type.dtype}[${shape.join(", ")}], not ${data.dtype}[${data.shape.join(", ")}]`,
  );
  const size = shape.reduce((product, extent) => product * extent, 1);
  invariant(data.data.length === size, () => `${name} has ${data.data.length} values for ${size} elements`);
  const grid = newGrid(size);
  const precision = precisionOf(data.dtype);
  for (let i = 0; i < size; i++) {
    const x = data.data[i] as number;
    grid.value[i] = data.dtype === "bool" ? (x === 0 ? 0 : 1) : x;
    if (!precision) continue;
    if (!Number.isFinite(x)) grid.flags[i] = undecidedBy.range;
    else if (Math.abs(x) < precision.tiny) grid.bound[i] = Math.abs(x);
  }
  return { dtype: data.dtype, shape, value: grid.value, bound: grid.bound, undecided: grid.flags };
}
