import { expect } from "vitest";
import { parameterOnly } from "../../passes/graph/hoistWeights.js";
import type { PassContext } from "../../passes/pass.js";
import { constValue } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { interpret, type ReferenceTensor } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { type Phase, verifyGraph } from "../../src/ir/graph/verify.js";
import { type RandomGraphOptions, randomGraph, randomValues } from "../support/random-graph.js";
import { testContext } from "./support.js";

/**
 * A pass must not change what a graph means: in float64 before and after agree to 1e-9 of the size of the numbers that
 * went into an element. The bound of the reference is that size, up to a factor that is at least 2⁻²⁴. A pass that folds
 * f32 constants may use up a share `rounding` of the bound.
 */
export function expectSameMeaning(
  before: Graph,
  after: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: ReadonlyMap<string, TensorData>,
  rounding = 0,
): void {
  const [was, is] = [interpret(before, inputs, params).outputs, interpret(after, inputs, params).outputs];
  expect(Object.keys(is)).toEqual(Object.keys(was));
  for (const [name, expected] of Object.entries(was))
    sameTensor(
      name,
      expected,
      is[name] as ReferenceTensor,
      rounding,
      () => `${printGraph(before)}\n${printGraph(after)}`,
    );
}

function sameTensor(
  name: string,
  was: ReferenceTensor,
  is: ReferenceTensor,
  rounding: number,
  show: () => string,
): void {
  expect(is.shape, name).toEqual(was.shape);
  expect(is.dtype, name).toEqual(was.dtype);
  was.value.forEach((expected, i) => {
    // where a decision hangs on rounding, another order may decide otherwise
    if ((was.undecided[i] ?? 0) !== 0 || (is.undecided[i] ?? 0) !== 0) return;
    const actual = is.value[i] ?? Number.NaN;
    const size = Math.abs(expected) + Math.max(was.bound[i] ?? 0, is.bound[i] ?? 0) * 2 ** 23;
    if (!(Math.abs(actual - expected) <= 1e-9 * size + rounding * (was.bound[i] ?? 0)))
      throw new Error(`${name}[${i}] is ${actual}, was ${expected}\n${show()}`);
  });
}

export interface PropertyOptions extends RandomGraphOptions {
  readonly runs?: number;
  /** See `expectSameMeaning`. */
  readonly rounding?: number;
  readonly phase?: Phase;
  /** Whether a second run must change nothing; the default. */
  readonly idempotent?: boolean;
  readonly context?: () => PassContext;
  /** More to hold of each graph. */
  check?(before: Graph, after: Graph): void;
}

/** On random graphs: verified, the same meaning, idempotent. */
export function expectSoundOnRandomGraphs(
  run: (graph: Graph, cx: PassContext) => Graph,
  options: PropertyOptions = {},
): void {
  const { runs = 80, rounding = 0, phase, idempotent = true, context = testContext, check, ...shape } = options;
  for (let seed = 1; seed <= runs; seed++) {
    const before = randomGraph(seed, shape);
    const after = run(before, context());
    expect(verifyGraph(after, phase), `seed ${seed}\n${printGraph(before)}\n${printGraph(after)}`).toEqual([]);
    const { inputs, params } = randomValues(before, seed);
    expectSameMeaning(before, after, inputs, params, rounding);
    check?.(before, after);
    if (!idempotent) continue;
    const again = run(after, context());
    if (again !== after) expect(printGraph(again), `seed ${seed}`).toBe(printGraph(after));
  }
}

/** Multiply-adds of the contractions that run for each input: what parameters alone give is made at load. */
export function multiplyAdds(graph: Graph): number {
  const once = parameterOnly(graph);
  let sum = 0;
  graph.nodes.forEach((node, v) => {
    if (node.op === "contract" && !once.has(v))
      sum += (node.factors.length / 2) * node.extents.reduce((n, d) => n * (constValue(d) ?? Number.NaN), 1);
  });
  return sum;
}
