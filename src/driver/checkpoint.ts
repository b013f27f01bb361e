import { constValue } from "../ir/dim.js";
import { allocate, type TensorData } from "../ir/dtype.js";
import type { Node } from "../ir/graph/ops.js";

type ParamNode = Extract<Node, { op: "param" }>;

/**
 * How a checkpoint holds a parameter (language.md F6): one tensor, or one for each index of the axes that the key names
 * in braces, with the axes of the parameter in another order and some of them merged.
 */
export interface StoredForm {
  readonly tensors: readonly StoredPart[];
  /** Of each of the tensors. */
  readonly shape: readonly number[];
  /** The names of the stored axes, for messages: `(h c) d`; nothing where they are the parameter's own. */
  readonly layout?: string;
}

/** One stored tensor: its key, and where its first element belongs in the parameter. */
export interface StoredPart {
  readonly key: string;
  readonly start: number;
}

interface Axis {
  readonly name: string;
  readonly size: number;
  /** Elements of the parameter between neighbours along the axis. */
  readonly step: number;
}

/** The axes of the parameter behind each stored axis, outermost first. */
const storedAxes = (p: ParamNode): readonly (readonly Axis[])[] => {
  const inside = axesOf(p).filter((a) => !isInKey(p, a));
  if (p.from?.layout === undefined) return inside.map((a) => [a]);
  const groups = p.from.layout.match(/\([^)]*\)|[A-Za-z_]\w*/g) ?? [];
  const named = (word: string): readonly Axis[] => inside.filter((a) => a.name === word);
  return groups.map((group) => (group.match(/[A-Za-z_]\w*/g) ?? []).flatMap(named));
};

const isInKey = (p: ParamNode, a: Axis): boolean => a.name !== "" && (p.from?.key.includes(`{${a.name}}`) ?? false);

function axesOf(p: ParamNode): readonly Axis[] {
  const sizes = p.type.shape.map((d) => constValue(d) ?? 0);
  return sizes.map((size, i) => ({
    name: p.from?.axes?.[i] ?? "",
    size,
    step: sizes.slice(i + 1).reduce((n, s) => n * s, 1),
  }));
}

/** Where a parameter is looked up and in which shape. Without `from` that is its path and its own shape. */
export function storedForm(p: ParamNode): StoredForm {
  const shape = storedAxes(p).map((group) => group.reduce((n, a) => n * a.size, 1));
  const inKey = axesOf(p).filter((a) => isInKey(p, a));
  const tensors = inKey.reduce<readonly StoredPart[]>(
    (parts, axis) =>
      parts.flatMap(({ key, start }) =>
        Array.from({ length: axis.size }, (_, i) => ({
          key: key.replaceAll(`{${axis.name}}`, String(i)),
          start: start + i * axis.step,
        })),
      ),
    [{ key: p.from?.key ?? p.path, start: 0 }],
  );
  return { tensors, shape, ...(p.from?.layout === undefined ? {} : { layout: p.from.layout }) };
}

/** Puts the stored tensors, in the order of `storedForm`, into the layout of the parameter. */
export function fromStored(p: ParamNode, stored: readonly TensorData[]): TensorData {
  const shape = axesOf(p).map((a) => a.size);
  const data = allocate(
    p.type.dtype,
    shape.reduce((n, s) => n * s, 1),
  );
  const order = storedAxes(p).flat();
  storedForm(p).tensors.forEach(({ start }, i) => {
    const from = stored[i]?.data;
    if (from === undefined) return;
    const at = order.map(() => 0);
    let to = start;
    for (let element = 0; element < from.length; element++) {
      data[to] = from[element] ?? 0;
      // the next element of the stored tensor: its last axis runs fastest
      for (let axis = order.length - 1; axis >= 0; axis--) {
        const { size, step } = order[axis] as Axis; // `axis` counts the entries of `order`
        at[axis] = (at[axis] ?? 0) + 1;
        to += step;
        if ((at[axis] ?? 0) < size) break;
        to -= size * step;
        at[axis] = 0;
      }
    }
  });
  return { dtype: p.type.dtype, shape, data };
}
