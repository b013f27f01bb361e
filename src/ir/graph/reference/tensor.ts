import type { DType } from "../../dtype.js";

/** Why an element is undecided: bits of `ReferenceTensor.undecided`. */
export const undecidedBy = {
  /** It depends on a decision whose operands lie within their error of each other. */
  decision: 1,
  /** It depends on a value whose error reaches a pole, the edge of a domain or the largest finite number. */
  range: 2,
} as const;

/**
 * A tensor of the float64 reference. A machine computes it rightly if each decided element differs from `value` by at
 * most `bound`. bool is 0 or 1; whole numbers are exact.
 */
export interface ReferenceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly value: Float64Array;
  readonly bound: Float64Array;
  /** 0 where decided, otherwise bits of `undecidedBy`. */
  readonly undecided: Uint8Array;
}
