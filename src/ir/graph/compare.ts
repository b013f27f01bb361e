import { invariant } from "../../util/invariant.js";
import type { TensorData } from "../dtype.js";
import type { ReferenceTensor } from "./reference/tensor.js";

/** How a machine's result stands to the reference: the one tolerance of the project. */
export interface Comparison {
  /** Greatest |difference| and greatest |difference| / |reference| over the elements that no open decision reaches. */
  readonly maxAbs: number;
  readonly maxRel: number;
  /** ‖difference‖₂ / ‖reference‖₂ over the elements that no open decision reaches; 0 when both are 0. */
  readonly relL2: number;
  /** Greatest |difference| / bound: up to 1 passes. 0 where both are 0, Infinity where only the bound is. */
  readonly share: number;
  /** Elements that were not compared, because a decision or a division within its error decides them. */
  readonly undecided: number;
  readonly elements: number;
  /** The decided element with the greatest share, or the first that is not a number; -1 if none was compared. */
  readonly worst: number;
  readonly passed: boolean;
}

export interface CompareOptions {
  /** Also fail above this relative L2 error: 1e-5 for whole models. */
  readonly relL2?: number;
}

export function compareToReference(
  reference: ReferenceTensor,
  actual: TensorData,
  options: CompareOptions = {},
): Comparison {
  const { value, bound, undecided } = reference;
  invariant(
    actual.dtype === reference.dtype && actual.shape.join() === reference.shape.join(),
    () =>
      `comparing ${actual.dtype}[${actual.shape.join(", ")}] with ${reference.dtype}[${reference.shape.join(", ")}]`,
  );
  invariant(actual.data.length === value.length, () => `${actual.data.length} values for ${value.length} elements`);
  let maxAbs = 0;
  let maxRel = 0;
  let share = 0;
  let worst = -1;
  let open = 0;
  let differenceSquared = 0;
  let referenceSquared = 0;
  for (let i = 0; i < value.length; i++) {
    const expected = value[i] ?? 0;
    const difference = Math.abs((actual.data[i] ?? 0) - expected);
    const flags = undecided[i] ?? 0;
    if ((flags & 1) === 0 && Number.isFinite(expected)) {
      differenceSquared += difference * difference;
      referenceSquared += expected * expected;
      // NaN compares false with everything, so it is asked for by name.
      const relative = difference === 0 ? 0 : difference / Math.abs(expected);
      if (!(difference <= maxAbs)) maxAbs = difference;
      if (!(relative <= maxRel)) maxRel = relative;
    }
    if (flags !== 0) {
      open++;
      continue;
    }
    const limit = bound[i] ?? 0;
    const part = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference === 0 ? 0 : difference / limit;
    if (worst === -1 || part > share) {
      share = Math.max(share, part);
      worst = i;
    }
  }
  const relL2 = differenceSquared === 0 ? 0 : Math.sqrt(differenceSquared / referenceSquared);
  return {
    maxAbs,
    maxRel,
    relL2,
    share,
    undecided: open,
    elements: value.length,
    worst,
    passed: share <= 1 && (options.relL2 === undefined || relL2 <= options.relL2),
  };
}
