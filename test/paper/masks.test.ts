import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import wgsl from "../../backends/wgsl/index.js";
import { lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { writeNpy } from "../../src/formats/npy.js";
import { evalDim } from "../../src/ir/dim.js";
import { allocate, type TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { lfc } from "../support/cli.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, graphOfText, randomRun, runOn, unwrap } from "../support/model.js";
import { backends, machineFor, rowBits, withRows } from "./machines.js";
import { variants } from "./variants.js";

/** Padding: selected out before the projection, in two meanings, whatever it holds. */
const device = testDevice();

type Inputs = Readonly<Record<string, TensorData>>;

/** A model of examples/paper at the sizes of its variants. */
function variant(file: string, model: string): { readonly graph: Graph; readonly sizes: ReadonlyMap<string, number> } {
  const found = variants.find((v) => v.file === file);
  if (found === undefined) throw new Error(`no variants ${file}`);
  const graph = graphOfFile(`examples/paper/${file}.lf`, { model, dims: new Map(Object.entries(found.dims)) });
  return { graph, sizes: new Map(Object.entries(found.sizes)) };
}

const bools = (values: readonly boolean[]): TensorData => {
  const data = allocate("bool", values.length);
  values.forEach((v, i) => {
    data[i] = v ? 1 : 0;
  });
  return { dtype: "bool", shape: [values.length], data };
};

/** The inputs with only the first `real` rows kept, and a value in the others. */
const padded = (inputs: Inputs, real: number, value: (i: number) => number): Inputs => {
  const x = inputs.x;
  if (x === undefined) throw new Error("the model has no x");
  return {
    ...inputs,
    x: withRows(x, (row) => row >= real, value),
    keep: bools(Array.from({ length: x.shape[0] ?? 0 }, (_, n) => n < real)),
  };
};

describe("what padded rows hold changes nothing", () => {
  test.each([
    ["sharing", "Headwise", ["js", "wgsl"]],
    ["projections", "Matrix", backends],
    ["projections", "Renormalised", ["js", "tfjs"]],
    ["projections", "MaxPool", backends],
    ["projections", "Full", ["js", "tfjs"]],
  ] as const)("%s.%s, NaN included, bit for bit", async (file, model, on) => {
    const { graph, sizes } = variant(file, model);
    const { inputs, params } = randomRun(graph, 7, sizes);
    const real = 8;
    for (const backend of on) {
      const machine = await machineFor(graph, backend, params, device);
      const zeros = (await machine.run(padded(inputs, real, () => 0))).output;
      const noise = (await machine.run(padded(inputs, real, (i) => 100 * Math.sin(i)))).output;
      const nan = (await machine.run(padded(inputs, real, () => Number.NaN))).output;
      machine.dispose();
      expect(rowBits(noise, 0, real)).toEqual(rowBits(zeros, 0, real));
      expect(rowBits(nan, 0, real)).toEqual(rowBits(zeros, 0, real));
      // a mask that is not looked at would give these numbers
      const unmasked = runReference(
        graph,
        { ...padded(inputs, real, () => 1), keep: bools(Array(inputs.x?.shape[0] ?? 0).fill(true)) },
        params,
      );
      expect(rowBits(zeros, 0, real)).not.toEqual(rowBits(asTensor(unmasked.output), 0, real));
    }
  });
});

const asTensor = (r: ReturnType<typeof runReference>[string] | undefined): TensorData => {
  if (r === undefined) throw new Error("an output is missing");
  const data = allocate(r.dtype, r.value.length);
  data.set(r.value);
  return { dtype: r.dtype, shape: r.shape, data };
};

describe("a padded tail is the same as a shorter text, whose projections are sliced", () => {
  test.each(["Headwise", "SlotsByHead", "Grouped"])("%s", async (model) => {
    const { graph } = variant("sharing", model);
    const [long, short] = [11, 7];
    const whole = randomRun(graph, 9, new Map([["Seq", long]]));
    const tail = padded(whole.inputs, short, () => Number.NaN);
    const x = tail.x as TensorData; // `padded` made it
    const cut: Inputs = {
      x: { ...x, shape: [short, ...x.shape.slice(1)], data: x.data.slice(0, (x.data.length / long) * short) },
      keep: bools(Array(short).fill(true)),
    };
    const reference = runReference(graph, cut, whole.params).output;
    if (reference === undefined) throw new Error("an output is missing");
    // by the definition the same numbers, but for the order in which float64 adds them
    const byMask = runReference(graph, tail, whole.params).output;
    reference.value.forEach((v, i) => {
      expect(Math.abs((byMask?.value[i] ?? Number.NaN) - v)).toBeLessThan(1e-13);
    });
    // and on machines within the bounds of the shorter text
    for (const backend of ["js", "tfjs"]) {
      const output = (await runOn(graph, backend, tail, whole.params)).output;
      if (output === undefined) throw new Error("an output is missing");
      const first = { ...output, shape: reference.shape, data: output.data.slice(0, reference.value.length) };
      expect(compareToReference(reference, first, { relL2: 1e-5 })).toMatchObject({ passed: true });
    }
  });

  test("a text longer than the projections is refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lfc-long-"));
    const file = (name: string, shape: readonly number[]): string => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      writeFileSync(join(folder, name), writeNpy({ dtype: "f32", shape, data }));
      return join(folder, name);
    };
    const dims = ["MaxSeq=13", "Depth=1", "Model=12", "Heads=4", "Proj=8"].flatMap((d) => ["--dim", d]);
    const { code, err } = await lfc(
      ...["run", "examples/paper/sharing.lf", "--model", "Headwise", "--backend", "js", ...dims],
      ...["--input", `x=${file("x.npy", [14, 12])}`, "--input", "keep=random"],
    );
    rmSync(folder, { recursive: true, force: true });
    expect(code).toBe(1);
    expect(err).toMatch(/error LF0413: Seq would be 14, its range is 1\.\.13/);
  });
});

describe("a text of padding", () => {
  test.each([
    "Matrix",
    "Renormalised",
    "FixedRandom",
    "MeanPool",
    "MeanPoolZero",
    "MaxPool",
    "Taps",
    "Depthwise",
    "Full",
  ])("%s attends to nothing: zeros", async (model) => {
    const { graph, sizes } = variant("projections", model);
    const { inputs, params } = randomRun(graph, 11, sizes);
    const none = { ...inputs, keep: bools(Array(inputs.keep?.data.length ?? 0).fill(false)) };
    expect(new Set(runReference(graph, none, params).output?.value)).toEqual(new Set([0]));
    for (const backend of model === "MaxPool" ? backends : ["js"]) {
      const output = (await runOn(graph, backend, none, params, backend === "wgsl" ? await device() : undefined))
        .output;
      expect(output?.data.every((v) => v === 0)).toBe(true);
    }
  });
});

describe("the two meanings of padding in a window", () => {
  const pools = (name: string): ((x: readonly number[], keep: readonly boolean[]) => readonly number[]) => {
    const graph = graphOfText(`lf 1
import "std/pooling.lf" (${name})
model Pool(x: f32[6, 1], keep: bool[6]) -> f32[2, 1] { ${name}(x, keep, 2) }`);
    return (x, keep) => {
      const inputs: Inputs = { x: { dtype: "f32", shape: [6, 1], data: Float32Array.from(x) }, keep: bools(keep) };
      return [...(runReference(graph, inputs, new Map()).output?.value ?? [])];
    };
  };
  const keep = [true, true, false, false, true, false];

  test("zero counts padded rows as zeros, exclude leaves them out", () => {
    expect(pools("mean_pool_zero")([3, 6, 90, 90, 6, 90], keep)).toEqual([3, 2]);
    expect(pools("mean_pool")([3, 6, 90, 90, 6, 90], keep)).toEqual([4.5, 6]);
  });

  test("the greatest of negative rows is negative, though padding is beside it", () => {
    expect(pools("max_pool")([-3, -6, 90, 90, -7, 90], keep)).toEqual([-3, -7]);
  });
});

describe("poolings and the convolution with one kernel are sums over windows", () => {
  const [n, k] = [15, 5];

  test.each(["MeanPool", "MeanPoolZero", "MaxPool", "Taps"])("%s has no matrix of slots and positions", (model) => {
    const { graph } = variant("projections", model);
    const lowered = unwrap(lower(graph, wgsl));
    const elements =
      lowered.program?.resources.flatMap((r) => (r.kind === "temp" || r.kind === "param" ? [r] : [])) ?? [];
    const sizes = elements.map((r) => r.shape.map((d) => evalDim(d, new Map())));
    // a dimension of rows together with one of slots would be the matrix, or a mask of its form
    expect(sizes.filter((s) => s.includes(n) && s.includes(k) && !isScores(s))).toEqual([]);
    expect(graph.nodes.filter((node) => node.op === "param").every((p) => p.type.shape.length < 2)).toBe(true);
    // each row of the text takes part once: a dense product would multiply k times as often
    const projected = graph.nodes.filter(
      (node) =>
        (node.op === "contract" || node.op === "reduce") && node.extents.some((d) => evalDim(d, new Map()) === n / k),
    );
    expect(projected.length).toBeGreaterThan(0);
    for (const node of projected)
      if (node.op === "contract" || node.op === "reduce")
        expect(node.extents.reduce((p, d) => p * evalDim(d, new Map()), 1)).toBeLessThanOrEqual(n * 7);
  });

  test("Matrix has one, so the test can tell", () => {
    const { graph } = variant("projections", "Matrix");
    const shapes = graph.nodes.map((node) => node.type.shape.map((d) => evalDim(d, new Map())));
    expect(shapes).toContainEqual([k, n]);
  });

  /** Scores are rows by slots, in this order: of queries, not of positions that are projected. */
  const isScores = (shape: readonly number[]): boolean => shape.indexOf(n) < shape.indexOf(k);
});
