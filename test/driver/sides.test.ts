import { expect, test } from "vitest";
import type { Measured } from "../../src/cost/profile.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { loadMachine, runMachine, runReference } from "../../src/driver/machine.js";
import { planOf } from "../../src/driver/plan.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { dispatchesOf, verifyProgram } from "../../src/ir/kernel/verify.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, lowerFor, randomRun, unwrap } from "../support/model.js";

/** A machine so slow that arithmetic decides about small tensors. */
const measured: Measured = {
  flops: 1e6,
  tileFlops: 1e6,
  bandwidth: 1e9,
  exps: 1e6,
  dispatch: 1e-6,
  workgroup: 1e-7,
  loads: 1e6,
  registers: 128,
  parallel: 256,
};

/** Linformer's keys: `e·(u·wk)` is less work below Seq = 32, `(e·u)·wk` above. Both begin with the same rows and prepare the same shift. */
const text = `lf 1
dim Seq   = ? in 4..256
dim Model = 16
dim Proj  = 32
model Keys(x: f32[Seq, Model]) -> (keys: f32[Proj, Model]) {
  param E: f32[Proj, 256] = normal(0.1)
  param wk: f32[Model, Model] = normal(0.1)
  param gain: f32[Model] = normal(0.1)
  let e = E[:, 0..Seq]
  let u[n, d] = softmax[d] x[n, d]
  let shift[c] = sum[d, p] gain[d] * wk[d, p] * wk[p, c]
  let keys[k, c] = shift[c] + sum[m, d] e[k, m] * u[m, d] * wk[d, c]
  return keys
}
`;

const device = testDevice();

test.each(["js", "wgsl"])("%s: one program with both orders, right on each side of the crossing", async (name) => {
  const graph = graphOfText(text);
  const backend = unwrap(await resolveBackend(name));
  const { program, remarks, target } = await lowerFor(graph, name, { measured });
  expect(program?.steps).toHaveLength(1);
  const [choose] = program?.steps ?? [];
  if (program === undefined || choose?.step !== "choose") throw new Error("there is no choice");
  expect(choose.below).toBe(32);
  expect(verifyProgram(program, target, ["planBuffers"])).toEqual([]);
  const kernels = (steps: typeof program.steps): ReadonlySet<string> =>
    new Set(dispatchesOf(steps).map((d) => d.kernel));
  const [low, high] = [kernels(choose.then), kernels(choose.else)];
  // what both are made of is there once
  expect([...low].filter((k) => high.has(k)).length).toBeGreaterThan(0);
  expect(program.kernels).toHaveLength(new Set([...low, ...high, ...kernels(program.prepare)]).size);
  // gain·wk, and that times wk
  expect(program.prepare).toHaveLength(2);
  const said = remarks.filter((r) => r.decision?.kind === "order").map((r) => [r.decision?.subject, r.data?.order]);
  expect(said).toEqual([
    ["keys, Seq < 32", "E·(u·wk)"],
    ["shift", expect.any(String)],
    ["keys, Seq >= 32", "(E·u)·wk"],
  ]);

  const { params } = randomRun(graph, 1);
  const machine = unwrap(
    await loadMachine(graph, backend, params, name === "wgsl" ? await device() : undefined, { measured }),
  );
  try {
    for (const seq of [4, 31, 32, 33, 256]) {
      const { inputs } = randomRun(graph, seq, new Map([["Seq", seq]]));
      const expected = runReference(graph, inputs, params).keys;
      const tensor = unwrap(await runMachine(machine, inputs)).keys;
      if (expected === undefined || tensor === undefined) throw new Error("keys are missing");
      expect(compareToReference(expected, tensor), `Seq = ${seq}`).toMatchObject({ passed: true });
    }
  } finally {
    machine.executable.dispose();
  }
});

test("the plan of a program with a choice gives the same program", async () => {
  const graph = graphOfText(text);
  const first = await lowerFor(graph, "wgsl", { measured });
  const plan = planOf(first);
  expect(Object.keys(plan.orders).sort()).toEqual(["keys, Seq < 32", "keys, Seq >= 32", "shift"]);
  const again = await lowerFor(graph, "wgsl", { measured, plan });
  expect(again.program).toEqual(first.program);
  expect(again.remarks.flatMap((r) => (r.decision?.kind === "order" ? [r.decision.pinned] : []))).toEqual([
    true,
    true,
    true,
  ]);
  // an order for the product as such holds on both sides: nothing is left to choose
  const one = await lowerFor(graph, "wgsl", { measured, plan: { ...plan, orders: { keys: "(E·u)·wk" } } });
  expect(one.program?.steps.every((s) => s.step === "dispatch")).toBe(true);
});

test("a range on one side of the crossing has one order", async () => {
  const { program } = await lowerFor(graphOfText(text.replace("4..256", "32..256")), "wgsl", { measured });
  expect(program?.steps.every((s) => s.step === "dispatch")).toBe(true);
});

test("a backend that runs graphs has the order of the middle of the range, unless it grows faster", async () => {
  const orderOf = async (source: string): Promise<unknown> =>
    (await lowerFor(graphOfText(source), "tfjs", { measured })).remarks.find((r) => r.decision?.subject === "y")?.data
      ?.order;
  const middle = text.replaceAll("keys", "y");
  // 16 and 128 are the geometric middles of 1 … 256 and 64 … 256
  expect(await orderOf(middle.replace("4..256", "1..256"))).toBe("E·(u·wk)");
  expect(await orderOf(middle.replace("4..256", "64..256"))).toBe("(E·u)·wk");
  // at 128 rows of 512, (q·k)·v is less work, but grows with the square
  const linear = `lf 1
dim Seq = ? in 16..1024
model Linear(q: f32[Seq, 512], k: f32[Seq, 512], v: f32[Seq, 512]) -> (y: f32[Seq, 512]) {
  let y[n, c] = sum[m, d] q[n, d] * k[m, d] * v[m, c]
  return y
}
`;
  expect(await orderOf(linear)).toBe("q·(k·v)");
});
