import type { DType } from "../../src/ir/dtype.js";
import { type Body, binding, freshIndex, freshName, type Index, spend, type Tensor } from "./scope.js";
import type { Size } from "./sizes.js";
import { type Ex, type Interval, interval } from "./text.js";

/** `let NAME[i, j] = …` over these axes; the value is written while the indices are in scope. */
export function letOver(b: Body, axes: readonly Size[], dtype: DType, make: (indices: readonly Index[]) => Ex): Tensor {
  const depth = b.indices.length;
  const indices = axes.map((axis) => {
    const index = freshIndex(b, axis);
    b.indices.push(index);
    return index;
  });
  spend(b);
  const value = make(indices);
  b.indices.length = depth;
  return letText(b, indices, dtype, axes, value.text, interval(value));
}

export function letText(
  b: Body,
  indices: readonly Index[],
  dtype: DType,
  axes: readonly Size[],
  text: string,
  range: Interval,
): Tensor {
  const name = freshName(b.p, "v");
  // what was written with an index may have been thrown away since
  for (const i of indices)
    if (!new RegExp(`(?<!softmax|concat)(\\[|, )${i.name}(,|\\])`).test(text)) i.annotate ||= !linked(text, i);
  const left = indices.map((i) => binding(b, i)).join(", ");
  const note = b.r.chance(0.04) ? `${b.r.pick(["///", "//"])} ${name}\n` : "";
  b.lines.push(`${note}let ${name}${left === "" ? "" : `[${left}]`} = ${text}`);
  const tensor: Tensor = { name, dtype, axes, range };
  b.tensors.push(tensor);
  return tensor;
}

/** The index of a concat, whose parts say its range. */
const linked = (text: string, i: Index): boolean => text.startsWith(`concat[${i.name}]`);
