import { expect } from "vitest";
import js from "../../backends/js/index.js";
import type { Target } from "../../src/cost/target.js";
import { constDim, type Dim, dimRange, evalDim, mulDim, symbolsOf } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { initialise, randomInput } from "../../src/ir/graph/initialise.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import type { Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import type { Program, Resource, Step } from "../../src/ir/program/program.js";
import { expectSameMeaning } from "../passes/meaning.js";
import { randomValues } from "./random-graph.js";

/** What the IRs of a filetest compute before and after, where running them is cheap. */

/** Element operations that one run may cost. */
const limit = 2e6;

const elements = (dims: readonly Dim[]): number => dims.reduce((n, d) => n * dimRange(d).hi, 1);

const cost = (g: Graph): number =>
  g.nodes.reduce((sum, n) => sum + ("extents" in n ? elements(n.extents) : elements(n.type.shape)), 0);

export function sameGraphMeaning(before: Graph, after: Graph): void {
  if (before === after || Math.max(cost(before), cost(after)) > limit) return;
  const { inputs, params } = randomValues(before, 1);
  // folding rounds constants to f32
  expectSameMeaning(before, after, inputs, params, 1);
}

/** A program that dispatches each kernel once: what it reads is an input, what it writes an output. */
export function programAround(kernels: readonly Kernel[]): Program {
  const resources: Resource[] = [];
  const steps = kernels.map((k): Step => {
    const bind = k.buffers.flatMap((b) => {
      if (b.space !== "global") return [];
      const id = kernels.length === 1 ? b.id : `${k.name}.${b.id}`;
      const length = mulDim(b.length, constDim(b.type.width));
      const kind = b.access === "read" ? "input" : "output";
      resources.push({ id, kind, name: id, dtype: b.type.dtype, shape: [length], length });
      return [[b.id, { resource: id, offset: constDim(0), length }] as const];
    });
    const dims = Array.from({ length: k.dims }, () => constDim(1));
    return {
      step: "dispatch",
      kernel: k.name,
      grid: gridOf(k),
      dims,
      bind: Object.fromEntries(bind),
      flops: constDim(0),
      bytes: constDim(0),
      label: k.name,
    };
  });
  return { irVersion: 1, name: "around", symbols: [], resources, kernels, prepare: [], steps };
}

function gridOf(k: Kernel): readonly [Dim, Dim, Dim] {
  const grid: [Dim, Dim, Dim] = [constDim(1), constDim(1), constDim(1)];
  let body: readonly KStmt[] = k.body;
  for (;;) {
    const only = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for" || only.bind.to !== "grid") return grid;
    if (only.to.k !== "lit") throw new Error(`${k.name} alone has run-time sizes: write the program round it`);
    grid[only.bind.axis] = constDim(only.to.value);
    body = only.body;
  }
}

type Tensors = Readonly<Record<string, TensorData>>;

async function run(program: Program, target: Target, inputs: Tensors, params: ReadonlyMap<string, TensorData>) {
  const cx = { target, strategies: new Set<string>(), fp: "relaxed", remark: () => {} } as const;
  const options = { checked: true, count: false, execution: target.execution } as const;
  const executable = await js.load(js.emit(program, cx, options), { params });
  return executable.run(inputs);
}

/** A program against the one that it was made from, or against the graph that was scheduled. */
export async function sameProgramMeaning(
  before: Graph | Program,
  after: Program,
  target: Target,
  fault?: string,
): Promise<void> {
  if (before === after) return;
  if ("nodes" in before) {
    if (cost(before) > limit) return;
    const { inputs, params } = randomValues(before, 1);
    const actual = await run(after, target, inputs, params);
    for (const [name, reference] of Object.entries(interpret(before, inputs, params).outputs)) {
      const tensor = actual[name];
      if (tensor === undefined) throw new Error(`there is no output ${name}`);
      expect(compareToReference(reference, tensor), name).toMatchObject({ passed: true });
    }
    return;
  }
  if (after.resources.reduce((sum, r) => sum + elements(r.shape), 0) > limit) return;
  const { inputs, params } = values(before);
  const is = await run(after, target, inputs, params);
  if (fault !== undefined) {
    await expect(run(before, target, inputs, params)).rejects.toThrow(fault);
    return;
  }
  const was = await run(before, target, inputs, params);
  expect(Object.keys(is)).toEqual(Object.keys(was));
  // kernel passes keep every operation on floats as it is
  for (const [name, tensor] of Object.entries(was)) expect(is[name]?.data, name).toEqual(tensor.data);
}

/** Made-up inputs and parameters; run-time sizes at the largest multiple of their step. */
function values(program: Program): { readonly inputs: Tensors; readonly params: ReadonlyMap<string, TensorData> } {
  const sizes = new Map<string, number>();
  for (const r of program.resources)
    for (const d of r.shape)
      for (const s of symbolsOf(d)) if (s.op === "symbol") sizes.set(s.name, Math.floor(s.hi / s.step) * s.step);
  const inputs: Record<string, TensorData> = {};
  const params = new Map<string, TensorData>();
  for (const { kind, name, dtype, shape } of program.resources) {
    if (kind === "input") inputs[name] = randomInput({ dtype, shape }, name, 1, sizes);
    // a parameter's shape has no run-time size
    if (kind === "param")
      params.set(
        name,
        initialise(
          { kind: "normal", std: 1 },
          { dtype, shape: shape.map((d) => constDim(evalDim(d, sizes))) },
          name,
          1,
        ),
      );
  }
  return { inputs, params };
}
