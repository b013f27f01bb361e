import { expect } from "vitest";
import js from "../../backends/js/index.js";
import { guardBounds } from "../../passes/kernel/guardBounds.js";
import { planBuffers } from "../../passes/kernel/planBuffers.js";
import { planShared } from "../../passes/kernel/planShared.js";
import { simplifyKernels } from "../../passes/kernel/simplify.js";
import { unroll } from "../../passes/kernel/unroll.js";
import { runPasses } from "../../passes/manager.js";
import { schedule } from "../../passes/schedule/schedule.js";
import type { Pass, PassContext, Remark } from "../../src/backend/backend.js";
import { emptyPlan, type Plan } from "../../src/cost/plan.js";
import type { Target } from "../../src/cost/target.js";
import { noLoc } from "../../src/diagnostics/span.js";
import { constDim, type Dim, evalDim } from "../../src/ir/dim.js";
import type { DType, TensorData } from "../../src/ir/dtype.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph, Index, Ix, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";

/** Short words for building graphs by hand. */
export interface Hand {
  readonly b: GraphBuilder;
  input(name: string, shape: readonly (Dim | number)[], dtype?: DType): ValueId;
  param(path: string, shape: readonly (Dim | number)[], dtype?: DType): ValueId;
  contract(factors: readonly Use[], out: readonly Ix[], extents: readonly (Dim | number)[], where?: Where): ValueId;
  map(args: readonly Use[], extents: readonly (Dim | number)[], body: Scalar, out?: readonly Ix[]): ValueId;
  finish(outputs: Readonly<Record<string, ValueId>>): Graph;
}

export const dim = (d: Dim | number): Dim => (typeof d === "number" ? constDim(d) : d);
export const ix = (i: Ix): Index => ({ i: "ix", ix: i });
/** A use at plain indices, or at the subscripts given. */
export const use = (value: ValueId, ...at: readonly (Ix | Index)[]): Use => ({
  value,
  at: at.map((i) => (typeof i === "number" ? ix(i) : i)),
});

export function hand(): Hand {
  const b = graphBuilder();
  return {
    b,
    input: (name, shape, dtype = "f32") => b.add({ op: "input", name }, noLoc, { dtype, shape: shape.map(dim) }),
    param: (path, shape, dtype = "f32") =>
      b.add({ op: "param", path, init: { kind: "normal", std: 1 }, fixed: false }, noLoc, {
        dtype,
        shape: shape.map(dim),
      }),
    contract: (factors, out, extents, where) => {
      const dtype = factors[0] === undefined ? "f32" : b.type(factors[0].value).dtype;
      return b.add(
        {
          op: "contract",
          factors,
          out,
          extents: extents.map(dim),
          accum: dtype === "f16" ? "f32" : dtype,
          ...(where && { where }),
        },
        noLoc,
      );
    },
    map: (args, extents, body, out) =>
      b.add({ op: "map", args, out: out ?? extents.map((_, i) => i), extents: extents.map(dim), body }, noLoc),
    finish: (outputs) =>
      b.finish(
        "test",
        Object.entries(outputs).map(([name, value]) => ({ name, value })),
      ),
  };
}

/** The target of the js backend when it takes programs for a GPU. */
export const simt: Target = js.target({ checked: true, count: true, execution: "simt" });

/** The same machine, one thread a grid cell. */
export const cpu: Target = js.target({ checked: true, count: true, execution: "cpu" });

export const passContext = (target: Target = simt): PassContext => ({
  target,
  strategies: new Set(),
  fp: "relaxed",
  remark: () => {},
});

/** Reproducible numbers in -1 … 1. */
export function randoms(seed: number): () => number {
  let s = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s / 2 ** 32) * 2 - 1;
  };
}

export function tensor(
  shape: readonly number[],
  dtype: DType = "f32",
  fill: (i: number) => number = randoms(shape.length + 1),
): TensorData {
  const length = shape.reduce((p, d) => p * d, 1);
  const values = Array.from({ length }, (_, i) => fill(i));
  switch (dtype) {
    case "f32":
    case "f16":
      return { dtype, shape, data: Float32Array.from(values) };
    case "i32":
      return { dtype, shape, data: Int32Array.from(values.map((v) => Math.trunc(v))) };
    case "u32":
      return { dtype, shape, data: Uint32Array.from(values.map((v) => Math.abs(Math.trunc(v)))) };
    case "bool":
      return { dtype, shape, data: Uint32Array.from(values.map((v) => (v > 0 ? 1 : 0))) };
  }
}

export interface RunOptions {
  readonly sizes?: Readonly<Record<string, number>>;
  /** Values of inputs and parameters in place of random ones. */
  readonly values?: Readonly<Record<string, TensorData>>;
  /** Parameters, those inside regions too. */
  readonly params?: ReadonlyMap<string, TensorData>;
  readonly target?: Target;
  /** False: the program as `schedule` leaves it, without the kernel passes. */
  readonly lowered?: boolean;
  /** Every element may depend on a decision. */
  readonly mayBeUndecided?: boolean;
  /** Tiles by the label of what they compute. */
  readonly tiles?: Plan["tiles"];
  remark?(remark: Remark): void;
  /** A whole model: its relative error counts too, and its bounds may be too wide to say anything of an element. */
  readonly relL2?: number;
}

/** Holds a graph against the reference on both kinds of machine; gives the program for a GPU. */
export async function agree(g: Graph, options: RunOptions = {}): Promise<Program> {
  if (options.target !== undefined) return agreeOn(options.target, g, options);
  await agreeOn(cpu, g, { ...options, lowered: false });
  return agreeOn(simt, g, options);
}

/** The passes that follow in a pipeline. */
export const kernelPasses: readonly Pass<Program>[] = [unroll, planShared, planBuffers, simplifyKernels, guardBounds];

/** Schedules a graph, runs it in the checked interpreter and holds it against the reference. */
async function agreeOn(target: Target, g: Graph, options: RunOptions): Promise<Program> {
  const cx: PassContext = {
    ...passContext(target),
    ...(options.tiles && { plan: { ...emptyPlan, tiles: options.tiles } }),
    remark: (r) => options.remark?.(r),
  };
  const sizes = new Map(Object.entries(options.sizes ?? {}));
  const scheduled = schedule(g, cx);
  expect(verifyProgram(scheduled, target, ["schedule"])).toEqual([]);
  let program = scheduled;
  if (options.lowered !== false) {
    program = runPasses(program, kernelPasses, cx);
    expect(verifyProgram(program, target, ["schedule", ...kernelPasses.map((p) => p.name)])).toEqual([]);
  }
  const inputs: Record<string, TensorData> = {};
  const params = new Map<string, TensorData>(options.params ?? []);
  g.nodes.forEach((node, v) => {
    if (node.op !== "input" && node.op !== "param") return;
    const name = node.op === "input" ? node.name : node.path;
    const shape = node.type.shape.map((d) => evalDim(d, sizes));
    const data = options.params?.get(name) ?? options.values?.[name] ?? tensor(shape, node.type.dtype, randoms(v + 17));
    if (node.op === "input") inputs[name] = data;
    else params.set(name, data);
  });
  const expected = interpret(g, inputs, params, { sizes });
  const artifact = js.emit(program, passContext(target), { checked: true, count: false, execution: target.execution });
  const executable = await js.load(artifact, { params });
  const actual = await executable.run(inputs);
  for (const o of g.outputs) {
    const reference = expected.outputs[o.name];
    const got = actual[o.name];
    if (reference === undefined || got === undefined) throw new Error(`no output ${o.name}`);
    const c = compareToReference(reference, got, options.relL2 === undefined ? {} : { relL2: options.relL2 });
    expect(c.passed, `${o.name}: ${JSON.stringify(c)}`).toBe(true);
    if (options.relL2 === undefined && !options.mayBeUndecided) expect(c.undecided).toBeLessThan(c.elements);
  }
  return scheduled;
}
