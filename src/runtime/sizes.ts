import type { Dim } from "../ir/dim.js";
import type { DType, TensorValues } from "../ir/dtype.js";
import { type RuntimeErrorCode, runtimeError } from "./errors.js";
import type { ModelTensor, Size } from "./model.js";

/** Run-time sizes by name. */
export type Sizes = ReadonlyMap<string, number>;

/** A tensor as a caller gives it: values on the host, or what the machine keeps its tensors in. */
export interface Boxed<Handle> {
  readonly dtype?: DType;
  readonly shape: readonly number[];
  readonly data: TensorValues | Handle;
}

/** The array or handle alone will do where the shape is fixed, or the handle has one. */
export type Given<Handle> = Boxed<Handle> | TensorValues | Handle;

type Side = Extract<RuntimeErrorCode, "input" | "parameter">;

/** The value of a size; every symbol in it must be bound. */
export function evaluate(dim: Size, sizes: Sizes): number {
  if (typeof dim === "number") return dim;
  switch (dim.op) {
    case "const":
      return dim.value;
    case "symbol": {
      const value = sizes.get(dim.name) ?? (dim.lo === dim.hi ? dim.lo : undefined);
      if (value === undefined) throw runtimeError("size", dim.name, `the size ${dim.name} is not bound by any input`);
      return value;
    }
    case "poly": {
      let sum = 0;
      for (const [num, den, powers] of dim.terms) {
        // Whole numbers are multiplied before anything is divided: exact below 2^53.
        let [over, under] = [num, den];
        for (const [factor, exponent] of powers) {
          const value = evaluate(factor, sizes);
          if (exponent > 0) over *= value ** exponent;
          else under *= value ** -exponent;
        }
        sum += over / under;
      }
      // Terms like n/3 + 2n/3 are whole together only.
      const whole = Math.round(sum);
      return Math.abs(sum - whole) < 1e-6 ? whole : sum;
    }
    default: {
      const num = evaluate(dim.num, sizes);
      const den = evaluate(dim.den, sizes);
      const floor = Math.floor(num / den);
      return dim.op === "mod" ? num - floor * den : dim.op === "floordiv" ? floor : Math.ceil(num / den);
    }
  }
}

/** The number of values in a shape. */
export const countOf = (shape: readonly Size[], sizes: Sizes): number =>
  shape.reduce<number>((n, d) => n * evaluate(d, sizes), 1);

const show = (dim: Size): string | number =>
  typeof dim === "number" ? dim : dim.op === "const" ? dim.value : dim.op === "symbol" ? dim.name : "…";

export const showType = (r: Pick<ModelTensor, "dtype" | "shape">): string =>
  `${r.dtype}[${r.shape.map(show).join(", ")}]`;

export const none: Sizes = new Map();

/** Puts a bare array or handle in the box that the checks look at. */
export function box<Handle extends object>(code: Side, r: ModelTensor, given: Given<Handle>): Boxed<Handle> {
  if (typeof given !== "object" || given === null) throw wrong(code, r, "the value given is no tensor");
  if ("data" in given && typeof given.data === "object") return given as Boxed<Handle>;
  const data = given as TensorValues | (Handle & { readonly shape?: readonly number[] });
  if ("shape" in data && data.shape !== undefined) return { shape: data.shape, data };
  try {
    return { shape: r.shape.map((d) => evaluate(d, none)), data };
  } catch {
    throw wrong(code, r, "whose sizes are chosen by its value: give { shape, data }");
  }
}

const wrong = (code: Side, r: ModelTensor, what: string): Error =>
  runtimeError(code, r.name, `the ${code} ${r.name} is ${showType(r)}, ${what}`);

/** The member of a record or map; a name like `constructor` is no member. */
export const member = <T>(of: Readonly<Record<string, T>> | ReadonlyMap<string, T>, name: string): T | undefined =>
  of instanceof Map ? of.get(name) : Object.hasOwn(of, name) ? (of as Readonly<Record<string, T>>)[name] : undefined;

/**
 * Binds the run-time sizes to the shapes of the inputs and checks every input: its name, dtype, shape and number of
 * values, and each size against its declared range.
 *
 * @returns the sizes, and the inputs in the order of `wanted`
 * @throws RuntimeError `input` or `size`
 */
export function bindInputs<Handle extends object>(
  symbols: readonly Dim[],
  wanted: readonly ModelTensor[],
  inputs: Readonly<Record<string, Given<Handle>>>,
): { readonly sizes: Sizes; readonly tensors: readonly (readonly [ModelTensor, Boxed<Handle>])[] } {
  for (const name of Object.keys(inputs)) {
    if (!wanted.some((r) => r.name === name)) {
      const known = wanted.map((r) => r.name).join(", ");
      throw runtimeError("input", name, `there is no input ${name}; the inputs are: ${known}`);
    }
  }
  const sizes = new Map<string, number>();
  const tensors = wanted.map((r) => {
    const given = member(inputs, r.name);
    if (given === undefined) throw runtimeError("input", r.name, `the input ${r.name}, ${showType(r)}, is missing`);
    const t = box("input", r, given);
    checkForm("input", r, t);
    return [r, t] as const;
  });
  for (const [r, t] of tensors) {
    r.shape.forEach((dim, axis) => {
      const given = t.shape[axis] ?? 0;
      const solved = solve(dim, given);
      if (solved !== undefined && !sizes.has(solved[0])) sizes.set(...solved);
    });
  }
  checkRanges(symbols, sizes);
  for (const [r, t] of tensors) checkShape("input", r, t, sizes);
  return { sizes, tensors };
}

/** `bindInputs`, the sizes alone. */
export const bindSizes = (...args: Parameters<typeof bindInputs>): Sizes => bindInputs(...args).sizes;

/** The symbol that an extent determines by itself: n, or a multiple of n. */
function solve(dim: Size, given: number): [string, number] | undefined {
  if (typeof dim === "number") return undefined;
  if (dim.op === "symbol") return [dim.name, given];
  if (dim.op !== "poly" || dim.terms.length !== 1) return undefined;
  const [num, den, powers] = dim.terms[0] as (typeof dim.terms)[number];
  const [only] = powers;
  if (powers.length !== 1 || only?.[1] !== 1 || only[0].op !== "symbol") return undefined;
  return [only[0].name, (given * den) / num];
}

export function checkRanges(symbols: readonly Dim[], sizes: Sizes): void {
  for (const symbol of symbols) {
    if (symbol.op !== "symbol") continue;
    const { name, lo, hi, step } = symbol;
    const value = evaluate(symbol, sizes);
    if (value >= lo && value <= hi && value % step === 0) continue;
    const range = `${lo}..${hi}${step === 1 ? "" : ` in multiples of ${step}`}`;
    throw runtimeError("size", name, `${name} is ${value}, it ranges over ${range}`);
  }
}

/** The parts of a check that need no sizes. A handle is looked at by its machine. */
export function checkForm<Handle>(code: Side, r: ModelTensor, t: Boxed<Handle>): void {
  const { dtype = r.dtype, shape, data } = t;
  if (dtype !== r.dtype) throw wrong(code, r, `the value given holds ${dtype}`);
  if (shape.length !== r.shape.length) throw wrong(code, r, `the value given has the shape [${shape.join(", ")}]`);
  if (!ArrayBuffer.isView(data)) return;
  const store = storeOf(dtype);
  if (!(data instanceof store)) throw wrong(code, r, `its values belong in a ${store.name}`);
  const count = countOf(shape, none);
  if (data.length !== count) throw wrong(code, r, `the shape given holds ${count} values, its data ${data.length}`);
}

/** What holds values of this type on the host. */
export const storeOf = (dtype: DType) =>
  dtype === "i32" ? Int32Array : dtype === "f32" || dtype === "f16" ? Float32Array : Uint32Array;

export function checkShape<Handle>(code: Side, r: ModelTensor, t: Boxed<Handle>, sizes: Sizes): void {
  const shape = r.shape.map((d) => evaluate(d, sizes));
  if (shape.every((n, axis) => n === t.shape[axis])) return;
  const bound = [...sizes].map(([name, value]) => `${name} = ${value}`).join(", ");
  const why = bound && ` where ${bound}`;
  throw wrong(code, r, `that is [${shape.join(", ")}]${why}; the value given has the shape [${t.shape.join(", ")}]`);
}

/** Inputs whose values are subscripts: one that is out of range would read something else in silence. */
export function checkSubscripts<Handle>(
  subscripts: readonly { readonly input: string; readonly extent: Size }[] = [],
  tensors: readonly (readonly [ModelTensor, Boxed<Handle>])[],
  sizes: Sizes,
): void {
  for (const { input, extent } of subscripts) {
    const most = evaluate(extent, sizes);
    const data = tensors.find(([r]) => r.name === input)?.[1].data;
    if (!ArrayBuffer.isView(data)) continue;
    (data as TensorValues).forEach((value: number, i: number) => {
      if (value >= 0 && value < most) return;
      throw runtimeError(
        "input",
        input,
        `the input ${input} holds ${value} at position ${i}; it selects one of ${most}`,
      );
    });
  }
}
