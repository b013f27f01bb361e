import { expect, test } from "vitest";
import backend from "../../backends/wgsl/index.js";
import type { Target } from "../../src/cost/target.js";
import { lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, randomRun, unwrap } from "../support/model.js";

const device = testDevice();

const graph = graphOfText(`lf 1
dim N = 37
dim M = 44
dim K = 40
model Product(a: f32[N, M], bias: f32[K]) -> f32[N, K] {
  param w: f32[M, K]
  let y[n, k] = gelu(bias[k] + sum[m] a[n, m] * w[m, k])
  return y
}`);

/** The backend for subgroups of some size. */
const withSubgroups = (subgroupSize: number) => ({
  ...backend,
  target: (options: Parameters<typeof backend.target>[0]): Target => ({
    ...backend.target({ ...options, subgroups: true }),
    subgroupSize,
  }),
});

const tile = { regRows: 4, regCols: 1, laneRows: 2, laneCols: 4, width: 4, step: 4, stage: 0, share: 0, splits: 1 };

const lowered = (subgroupSize: number, own: Readonly<Record<string, number>>) => {
  const machine = withSubgroups(subgroupSize);
  const plan = { planVersion: 1, model: "", target: "", orders: {}, strategies: {} } as const;
  const lowerWith = (tiles: Readonly<Record<string, typeof own>>) =>
    unwrap(lower(graph, machine, { plan: { ...plan, tiles }, backendOptions: { profile: "swiftshader" } }));
  const subject = lowerWith({}).remarks.find((r) => r.decision?.kind === "tile")?.decision?.subject ?? "";
  const result = lowerWith({ [subject]: own });
  expect(result.remarks.find((r) => r.decision?.kind === "tile")?.decision?.pinned).toBe(true);
  return { machine, artifact: result.artifact };
};

test.each([
  ["each invocation for itself", {}],
  ["rows by subgroups", { share: 1 }],
  ["a copy of the left factor", { stage: 1 }],
  ["a copy of the right factor, rows by subgroups", { stage: 2, share: 1 }],
  ["copies of both", { stage: 3, step: 8 }],
  ["one column at a time", { width: 1 }],
])("a product on SwiftShader, %s", async (_, own) => {
  const { machine, artifact } = lowered(4, { ...tile, ...own });
  const { inputs, params } = randomRun(graph, 5);
  const model = await machine.load(artifact, { device: await device(), params });
  const { output } = await model.run(inputs);
  model.dispose();
  const expected = runReference(graph, inputs, params).output;
  if (expected === undefined || output === undefined) throw new Error("no output");
  expect(compareToReference(expected, output).passed).toBe(true);
});

test("a kernel for other subgroups than the device has is refused", async () => {
  const { machine, artifact } = lowered(32, { ...tile, laneRows: 1, laneCols: 32, share: 1 });
  const { inputs, params } = randomRun(graph, 5);
  const running = machine.load(artifact, { device: await device(), params }).then((model) => model.run(inputs));
  await expect(running).rejects.toThrow("is for subgroups of 32");
});
