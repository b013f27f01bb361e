import type { Callable } from "../../../grammar/lf.ast.js";
import type { Value } from "./value.js";

/**
 * An instance of a block, or the model itself: what it declares exists once, however often it is called (F4). Its
 * parameters are made when it is first called, when the sizes of its arguments are known.
 */
export interface Instance {
  /** `layers.2`, `Encoder.0.Ffn.0`; empty for the model. */
  readonly path: string;
  /** The part of a checkpoint's key that the instances from the model down to this one say with `from`. */
  readonly key: string;
  readonly values: Map<string, Value>;
  readonly lists: Map<string, InstanceList>;
  /** Instances without a name, by block and occurrence in the body. */
  readonly anonymous: Map<string, Instance>;
}

/** `param a: Block` or `param a: Block[l: Depth]`. */
export interface InstanceList {
  readonly block: Callable;
  readonly path: string;
  /** The key before `{l}` and the like are filled in. */
  readonly key: string;
  readonly axes: readonly string[];
  readonly elements: Map<string, Instance>;
}

export const newInstance = (path: string, key: string): Instance => ({
  path,
  key,
  values: new Map(),
  lists: new Map(),
  anonymous: new Map(),
});

export const joinDots = (...parts: readonly string[]): string => parts.filter((p) => p !== "").join(".");

/** Puts numbers in place of the axis names in a key. */
export const fillKey = (key: string, axes: readonly string[], at: readonly number[]): string =>
  axes.reduce((filled, axis, i) => (axis === "" ? filled : filled.replaceAll(`{${axis}}`, String(at[i]))), key);

/** The instance at the given numbers, one for each axis of the list. */
export function elementOf(list: InstanceList, at: readonly number[]): Instance {
  const name = at.join(".");
  let found = list.elements.get(name);
  if (found === undefined) {
    found = newInstance(joinDots(list.path, name), fillKey(list.key, list.axes, at));
    list.elements.set(name, found);
  }
  return found;
}

/** The instance of a block called directly: the next one of its kind in the body of `owner`. */
export function anonymousInstance(owner: Instance, block: string, occurrences: Map<string, number>): Instance {
  const count = occurrences.get(block) ?? 0;
  occurrences.set(block, count + 1);
  const name = `${block}.${count}`;
  let found = owner.anonymous.get(name);
  if (found === undefined) {
    found = newInstance(joinDots(owner.path, name), owner.key);
    owner.anonymous.set(name, found);
  }
  return found;
}
