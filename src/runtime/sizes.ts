import type { Dim } from "../ir/dim.js";
import type { TensorData } from "../ir/dtype.js";
import type { Resource } from "../ir/program/program.js";
import { runtimeError } from "./errors.js";

/** Run-time sizes by name. */
export type Sizes = ReadonlyMap<string, number>;

/** The value of a size; every symbol in it must be bound. */
export function evaluate(dim: Dim, sizes: Sizes): number {
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
    case "floordiv":
      return Math.floor(evaluate(dim.num, sizes) / evaluate(dim.den, sizes));
    case "ceildiv":
      return Math.ceil(evaluate(dim.num, sizes) / evaluate(dim.den, sizes));
    case "mod": {
      const den = evaluate(dim.den, sizes);
      const num = evaluate(dim.num, sizes);
      return num - Math.floor(num / den) * den;
    }
  }
}

const show = (dim: Dim): string => (dim.op === "const" ? String(dim.value) : dim.op === "symbol" ? dim.name : "…");

export const showType = (r: Resource): string => `${r.dtype}[${r.shape.map(show).join(", ")}]`;

/**
 * Binds the run-time sizes to the shapes of the inputs and checks every input: its name, dtype, shape and number of
 * values, and each size against its declared range.
 *
 * @throws RuntimeError `input` or `size`
 */
export function bindSizes(
  symbols: readonly Dim[],
  wanted: readonly Resource[],
  inputs: Readonly<Record<string, TensorData>>,
): Sizes {
  for (const name of Object.keys(inputs)) {
    if (!wanted.some((r) => r.name === name)) {
      const known = wanted.map((r) => r.name).join(", ");
      throw runtimeError("input", name, `there is no input ${name}; the inputs are: ${known}`);
    }
  }
  const sizes = new Map<string, number>();
  const tensors = wanted.map((r): [Resource, TensorData] => {
    const t = Object.hasOwn(inputs, r.name) ? inputs[r.name] : undefined;
    if (t === undefined) throw runtimeError("input", r.name, `the input ${r.name}, ${showType(r)}, is missing`);
    checkForm("input", r, t);
    return [r, t];
  });
  for (const [r, t] of tensors) {
    r.shape.forEach((dim, axis) => {
      const given = t.shape[axis] ?? 0;
      const solved = solve(dim, given);
      if (solved !== undefined && !sizes.has(solved[0])) sizes.set(...solved);
    });
  }
  for (const symbol of symbols) if (symbol.op === "symbol") checkRange(symbol, sizes);
  for (const [r, t] of tensors) checkShape("input", r, t, sizes);
  return sizes;
}

/** The symbol that an extent determines by itself: n, or a multiple of n. */
function solve(dim: Dim, given: number): [string, number] | undefined {
  if (dim.op === "symbol") return [dim.name, given];
  if (dim.op !== "poly" || dim.terms.length !== 1) return undefined;
  const [num, den, powers] = dim.terms[0] as (typeof dim.terms)[number];
  const [only] = powers;
  if (powers.length !== 1 || only === undefined || only[1] !== 1 || only[0].op !== "symbol") return undefined;
  return [only[0].name, (given * den) / num];
}

function checkRange(symbol: Extract<Dim, { op: "symbol" }>, sizes: Sizes): void {
  const value = evaluate(symbol, sizes);
  if (value >= symbol.lo && value <= symbol.hi && value % symbol.step === 0) return;
  const step = symbol.step === 1 ? "" : ` in multiples of ${symbol.step}`;
  const range = `${symbol.lo}..${symbol.hi}${step}`;
  throw runtimeError(
    "size",
    symbol.name,
    `${symbol.name} is ${value} by the shapes of the inputs, it ranges over ${range}`,
  );
}

/** The parts of a check that need no sizes. */
export function checkForm(code: "input" | "parameter", r: Resource, t: TensorData): void {
  const wrong = (what: string) => runtimeError(code, r.name, `the ${code} ${r.name} is ${showType(r)}, ${what}`);
  if (t.dtype !== r.dtype) throw wrong(`the value given holds ${t.dtype}`);
  if (t.shape.length !== r.shape.length) throw wrong(`the value given has the shape [${t.shape.join(", ")}]`);
  const store = r.dtype === "i32" ? Int32Array : r.dtype === "f32" || r.dtype === "f16" ? Float32Array : Uint32Array;
  if (!(t.data instanceof store)) throw wrong(`its values belong in a ${store.name}`);
  const count = t.shape.reduce((a, b) => a * b, 1);
  if (t.data.length !== count) throw wrong(`the shape given holds ${count} values, its data ${t.data.length}`);
}

export function checkShape(code: "input" | "parameter", r: Resource, t: TensorData, sizes: Sizes): void {
  const shape = r.shape.map((d) => evaluate(d, sizes));
  if (shape.every((n, axis) => n === t.shape[axis])) return;
  const bound = [...sizes].map(([name, value]) => `${name} = ${value}`).join(", ");
  const why = bound === "" ? "" : ` where ${bound}`;
  throw runtimeError(
    code,
    r.name,
    `the ${code} ${r.name} is ${showType(r)}, that is [${shape.join(", ")}]${why}; the value given has the shape [${t.shape.join(", ")}]`,
  );
}
