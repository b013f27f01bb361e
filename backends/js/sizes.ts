import { type Dim, evalDim, printDim, symbolsOf } from "../../src/ir/dim.js";
import type { DType, TensorData } from "../../src/ir/dtype.js";
import type { Program, Resource } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";

/** What was wrong with a tensor that was given to a program. */
export interface InputFault {
  readonly kind: "missing" | "unknown" | "dtype" | "shape" | "range";
  readonly name: string;
}

export interface InputError extends Error {
  readonly input: InputFault;
}

export const inputError = (kind: InputFault["kind"], name: string, message: string): InputError =>
  Object.assign(new Error(message), { name: "InputError", input: { kind, name } });

export const isInputError = (e: unknown): e is InputError => e instanceof Error && "input" in e;

/** The value of every run-time size. */
export type Sizes = ReadonlyMap<string, number>;

const printShape = (shape: readonly Dim[]): string => `[${shape.map(printDim).join(", ")}]`;

/** Whether a tensor of a dtype may be bound to a resource: `bool` and `u32` are the same words. */
function checkTensor(r: Resource, t: TensorData, what: string): void {
  const same = (a: DType, b: DType): boolean => a === b;
  if (!same(r.dtype, t.dtype)) {
    throw inputError("dtype", r.name, `the ${what} ${r.name} holds ${r.dtype}, the value given holds ${t.dtype}`);
  }
  if (r.shape.length !== t.shape.length) {
    throw inputError(
      "shape",
      r.name,
      `the ${what} ${r.name} is ${printShape(r.shape)}, the value given has the shape [${t.shape.join(", ")}]`,
    );
  }
  const elements = t.shape.reduce((a, b) => a * b, 1);
  if (t.data.length !== elements) {
    throw inputError(
      "shape",
      r.name,
      `the ${what} ${r.name} has the shape [${t.shape.join(", ")}] but ${t.data.length} values`,
    );
  }
}

/**
 * Binds run-time sizes by the shapes of the inputs and checks names, dtypes and shapes.
 * Throws an `InputError` that names the input.
 */
export function bindSizes(program: Program, inputs: Readonly<Record<string, TensorData>>): Sizes {
  const wanted = program.resources.filter((r) => r.kind === "input");
  for (const name of Object.keys(inputs)) {
    if (!wanted.some((r) => r.name === name)) {
      const known = wanted.map((r) => r.name).join(", ");
      throw inputError("unknown", name, `the program has no input ${name}; its inputs: ${known}`);
    }
  }
  const sizes = new Map<string, number>();
  const given = wanted.map((r) => {
    const t = Object.hasOwn(inputs, r.name) ? inputs[r.name] : undefined;
    if (!t) throw inputError("missing", r.name, `no value is given for the input ${r.name}`);
    checkTensor(r, t, "input");
    r.shape.forEach((d, axis) => {
      const value = t.shape[axis];
      if (d.op === "symbol" && value !== undefined && !sizes.has(d.name)) sizes.set(d.name, value);
    });
    return { r, t };
  });
  for (const s of program.symbols) {
    if (s.op !== "symbol") continue;
    if (s.lo === s.hi) sizes.set(s.name, s.lo);
    const value = sizes.get(s.name);
    invariant(value !== undefined, () => `no input has ${s.name} as the size of an axis`);
    if (value < s.lo || value > s.hi || value % s.step !== 0) {
      const step = s.step === 1 ? "" : ` step ${s.step}`;
      throw inputError("range", s.name, `${s.name} would be ${value}, its range is ${s.lo}..${s.hi}${step}`);
    }
  }
  for (const { r, t } of given) checkShape(r, t, sizes, "input");
  return sizes;
}

function checkShape(r: Resource, t: TensorData, sizes: Sizes, what: string): void {
  const shape = r.shape.map((d) => evalDim(d, sizes));
  if (shape.some((n, i) => n !== t.shape[i])) {
    throw inputError(
      "shape",
      r.name,
      `the ${what} ${r.name} is ${printShape(r.shape)}, here [${shape.join(", ")}]; the value given has the shape [${t.shape.join(", ")}]`,
    );
  }
}

/** The parameters of a program, checked; their sizes are constant. Throws an `InputError` that names the parameter. */
export function bindParams(program: Program, params: ReadonlyMap<string, TensorData>): ReadonlyMap<string, TensorData> {
  const bound = new Map<string, TensorData>();
  for (const r of program.resources) {
    if (r.kind !== "param") continue;
    const t = params.get(r.name);
    if (!t) throw inputError("missing", r.name, `no value is given for the parameter ${r.name}`);
    checkTensor(r, t, "parameter");
    if (r.shape.every((d) => symbolsOf(d).length === 0)) checkShape(r, t, new Map(), "parameter");
    bound.set(r.id, t);
  }
  return bound;
}
