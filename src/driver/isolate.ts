import { constDim, type Dim, evalDim } from "../ir/dim.js";
import { allocate, type TensorData } from "../ir/dtype.js";
import type { Kernel } from "../ir/kernel/ops.js";
import type { Bound, Program, Resource, Step } from "../ir/program/program.js";
import { dispatches } from "./report.js";

/** A part of a program that runs by itself, and values for what it reads. */
export interface Isolated {
  readonly program: Program;
  readonly params: ReadonlyMap<string, TensorData>;
}

/**
 * The steps of a program that compute one thing, as a program of its own at fixed sizes. What they read is made up; what they
 * write goes nowhere. Good for timing them and nothing else.
 *
 * @param subject the label of its steps, as a decision names it
 * @returns nothing where the program has no such steps, or only among those that run at load
 */
export function isolate(program: Program, subject: string, sizes: ReadonlyMap<string, number>): Isolated | undefined {
  const fixed = (d: Dim): Dim => constDim(evalDim(d, sizes));
  const taken = dispatches(program.steps, sizes).filter((d) => belongs(d.label, subject));
  if (taken.length === 0) return undefined;
  const kernels = new Map(program.kernels.map((k) => [k.name, k] as const));
  const written = new Set<string>();
  const read = new Set<string>();
  const steps = taken.map((d): Step => {
    for (const b of globalsOf(kernels.get(d.kernel))) {
      const resource = d.bind[b.id]?.resource;
      if (resource === undefined) continue;
      if (b.access !== "write" && !written.has(resource)) read.add(resource);
      if (b.access !== "read") written.add(resource);
    }
    const bind = Object.entries(d.bind).map(([id, { resource, offset, length }]): [string, Bound] => [
      id,
      { resource, offset: fixed(offset), length: fixed(length) },
    ]);
    const [x, y, z] = d.grid;
    return {
      ...d,
      grid: [fixed(x), fixed(y), fixed(z)],
      dims: d.dims.map(fixed),
      bind: Object.fromEntries(bind),
      flops: fixed(d.flops),
      bytes: fixed(d.bytes),
    };
  });
  const resources = program.resources
    .filter((r) => read.has(r.id) || written.has(r.id))
    .map(({ id, dtype, length }): Resource => {
      const count = fixed(length);
      return { id, kind: read.has(id) ? "param" : "temp", name: id, dtype, shape: [count], length: count };
    });
  const params = resources.flatMap((r) => (r.kind === "param" ? [[r.id, madeUp(r)] as const] : []));
  const named = new Set(taken.map((d) => d.kernel));
  return {
    program: {
      irVersion: 1,
      name: program.name,
      symbols: [],
      resources,
      kernels: program.kernels.filter((k) => named.has(k.name)).map((k) => fixedLengths(k, fixed)),
      prepare: [],
      steps,
    },
    params: new Map(params),
  };
}

/** Steps of one value may say after a comma which part they are. */
const belongs = (label: string, subject: string): boolean => label === subject || label.startsWith(`${subject}, `);

const globalsOf = (kernel: Kernel | undefined) =>
  (kernel?.buffers ?? []).flatMap((b) => (b.space === "global" ? [b] : []));

const fixedLengths = (kernel: Kernel, fixed: (d: Dim) => Dim): Kernel => ({
  ...kernel,
  buffers: kernel.buffers.map((b) => (b.space === "global" ? { ...b, length: fixed(b.length) } : b)),
});

/** Values of no meaning and ordinary size: fractions round zero, whole numbers of a few, conditions that mostly hold. */
function madeUp({ dtype, length }: Resource): TensorData {
  const count = evalDim(length, new Map());
  const data = allocate(dtype, count);
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const unit = state / 2 ** 32;
    data[i] =
      dtype === "bool" ? Number(unit < 0.875) : dtype === "f32" || dtype === "f16" ? unit - 0.5 : Math.floor(8 * unit);
  }
  return { dtype, shape: [count], data };
}
