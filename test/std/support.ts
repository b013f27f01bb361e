import { expect } from "vitest";
import { runReference } from "../../src/driver/machine.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { type At, expectElements, reader } from "../elaborate/support.js";
import { graphOfText, randomRun, runOn } from "../support/model.js";

/** What a formula in plain JavaScript may look at: the very inputs and parameters of the run. */
export interface Given {
  readonly input: (name: string) => At;
  readonly param: (path: string) => At;
}

type Inputs = Readonly<Record<string, TensorData>>;

/**
 * Runs a model on the float64 reference and holds every element against a formula, then on the js backend in its checked
 * mode and holds that against the reference under its own bounds.
 */
export async function holds(
  text: string,
  formula: (given: Given) => (...at: readonly number[]) => number,
  change: (inputs: Inputs) => Inputs = (x) => x,
): Promise<void> {
  const graph = graphOfText(text);
  const { inputs: random, params } = randomRun(graph, 5);
  const inputs = change(random);
  const known = <T>(found: T | undefined, name: string): T => {
    if (found === undefined) throw new Error(`there is no ${name}; parameters: ${[...params.keys()].join(", ")}`);
    return found;
  };
  const { output } = runReference(graph, inputs, params);
  const reference = known(output, "output");
  const given: Given = {
    input: (name) => reader(known(inputs[name], name)),
    param: (path) => reader(known(params.get(path), path)),
  };
  expectElements(reference, formula(given), 2e-6);
  const machine = await runOn(graph, "js", inputs, params, undefined, { backendOptions: { checked: true } });
  expect(compareToReference(reference, known(machine.output, "output"))).toMatchObject({ passed: true });
}

/** Replaces the values of some inputs. */
export const set =
  (values: Readonly<Record<string, readonly number[]>>) =>
  (inputs: Inputs): Inputs =>
    Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => {
        const given = values[name];
        if (given === undefined) return [name, tensor];
        const data = tensor.data.slice();
        data.set(given);
        return [name, { ...tensor, data }];
      }),
    );

/** Puts NaN into the rows of a matrix that a mask leaves out: they may not be looked at. */
export const spoilt =
  (matrix: string, keep: string) =>
  (inputs: Inputs): Inputs => {
    const x = inputs[matrix];
    const mask = inputs[keep];
    if (x === undefined || mask === undefined) throw new Error(`there is no ${matrix} or ${keep}`);
    const width = x.shape.at(-1) ?? 1;
    const data = x.data.map((v, i) => (mask.data[Math.floor(i / width)] ? v : Number.NaN));
    return { ...inputs, [matrix]: { ...x, data } };
  };

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

/** erf by the series of Abramowitz and Stegun 7.1.6, all of whose terms are positive. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

export const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
export const silu = (x: number): number => x / (1 + Math.exp(-x));

export function layerNorm(row: readonly number[], gain: At, bias: At): readonly number[] {
  const mu = mean(row);
  const variance = mean(row.map((v) => (v - mu) ** 2));
  return row.map((v, d) => ((v - mu) / Math.sqrt(variance + 1e-5)) * gain(d) + bias(d));
}

export function unit(row: readonly number[]): readonly number[] {
  const length = Math.sqrt(row.reduce((s, v) => s + v * v, 0) + 1e-12);
  return row.map((v) => v / length);
}
