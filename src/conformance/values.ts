import { allocate, isFloat, type TensorData, type TensorValues } from "../ir/dtype.js";

/**
 * Values of inputs where random ones would show nothing. Each is a function of the shape alone, but `extreme`, which takes
 * its signs from the random values that it replaces.
 */
export const valueKinds = [
  "zeros",
  "ones",
  /** One value throughout: ties. */
  "equal",
  /** ±10,000 and 0. */
  "extreme",
  /** One 1 in each row of the last axis, in another place in each. */
  "onehot",
  /** 0, 1, 2 … in the order of memory. */
  "count",
  /** Whole numbers of both signs, −8 … 7. */
  "signed",
  /** Whole numbers far beyond both ends of any table. */
  "outside",
  /** 1 at the even places of the last axis. */
  "even",
  /** 1 at the first place of the last axis. */
  "first",
  /** Random, with NaN in the odd rows of the first axis. */
  "nan_odd_rows",
  /** Random, with NaN in the second half of the first axis. */
  "nan_late_rows",
] as const;

export type ValueKind = (typeof valueKinds)[number];

export const isValueKind = (text: string): text is ValueKind => (valueKinds as readonly string[]).includes(text);

const beyond = [-1000, -1, 0, 1, 2, 3, 4, 5, 6, 1000, -7, 2_000_000_000] as const;

/** A tensor like `random`, with the values of a kind. */
export function valuesOf(kind: ValueKind, random: TensorData): TensorData {
  const { dtype, shape, data } = random;
  const last = Math.max(shape.at(-1) ?? 1, 1);
  const stride = shape.slice(1).reduce((a, b) => a * b, 1);
  const fill = (value: (i: number, old: number) => number): TensorValues => {
    const made = allocate(dtype, data.length);
    for (let i = 0; i < made.length; i++) made[i] = value(i, data[i] ?? 0);
    return made;
  };
  const made = (): TensorValues => {
    switch (kind) {
      case "zeros":
        return fill(() => 0);
      case "ones":
        return fill(() => 1);
      case "equal":
        return fill(() => (isFloat(dtype) ? 0.75 : 3));
      case "extreme":
        return fill((_, x) => (x > 0.5 ? 10_000 : x < -0.5 ? -10_000 : 0));
      case "onehot":
        return fill((i) => (i % last === (Math.floor(i / last) * 5 + 2) % last ? 1 : 0));
      case "count":
        return fill((i) => i);
      case "signed":
        return fill((i) => ((i * 11 + 3) % 16) - 8);
      case "outside":
        return fill((i) => Math.max(beyond[i % beyond.length] ?? 0, dtype === "u32" ? 0 : -Infinity));
      case "even":
        return fill((i) => 1 - ((i % last) % 2));
      case "first":
        return fill((i) => (i % last === 0 ? 1 : 0));
      case "nan_odd_rows":
        return fill((i, x) => (Math.floor(i / stride) % 2 === 1 ? Number.NaN : x));
      case "nan_late_rows":
        return fill((i, x) => (2 * Math.floor(i / stride) >= (shape[0] ?? 1) ? Number.NaN : x));
    }
  };
  return { dtype, shape, data: made() };
}
