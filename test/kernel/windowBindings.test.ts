import { expect, test } from "vitest";
import js from "../../backends/js/index.js";
import wgsl from "../../backends/wgsl/index.js";
import { windowBindings } from "../../passes/kernel/windowBindings.js";
import { runPasses } from "../../passes/manager.js";
import { programPipeline } from "../../passes/pipelines.js";
import { schedule } from "../../passes/schedule/schedule.js";
import type { PassContext, Remark } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import { constValue, symbolDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { argument, call } from "../../src/ir/graph/scalars.js";
import { dispatchesOf, verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import { hand, passContext, simt, tensor, use } from "../schedule/support.js";
import { testDevice } from "../support/dawn.js";

const device = testDevice();

/** Programs as they are for a machine that binds few bytes. */
function lowered(g: Graph, target: Target, remarks: Remark[] = []): Program {
  const cx: PassContext = { ...passContext(target), remark: (r) => remarks.push(r) };
  return runPasses(schedule(g, cx), programPipeline, cx);
}

/** Few invocations, so that a workgroup touches less than a window. */
const small = (bytes: number): Target => ({ ...simt, maxInvocations: 4, registers: 32, maxBinding: bytes });

/** A product with more rows than fit, a map of it, and a softmax of its rows. */
function large(rows: number): Graph {
  const h = hand();
  const x = h.input("x", [rows, 12]);
  const w = h.input("w", [12, 20]);
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [rows, 20, 12]);
  const p = h.b.add({ op: "softmax", arg: use(y, 0, 1), axis: 1, extents: h.b.type(y).shape }, { kind: "none" });
  const z = h.map([use(y, 0, 1), use(p, 0, 1)], [rows, 20], call("sub", argument(0), argument(1)));
  return h.finish({ y, z });
}

function holds(g: Graph, actual: Readonly<Record<string, TensorData>>, inputs: Readonly<Record<string, TensorData>>) {
  const expected = interpret(g, inputs, new Map(), {});
  for (const { name } of g.outputs) {
    const [reference, got] = [expected.outputs[name], actual[name]];
    if (reference === undefined || got === undefined) throw new Error(`no output ${name}`);
    expect(compareToReference(reference, got).passed).toBe(true);
  }
}

test.each([
  [100, 4096],
  [101, 4096],
  [257, 2048],
])("%i rows through bindings of %i bytes", async (rows, bytes) => {
  const g = large(rows);
  const program = lowered(g, small(bytes));
  const before = lowered(g, small(simt.maxBinding));
  expect(program.kernels.length).toBe(before.kernels.length);
  expect(program.steps.length).toBeGreaterThan(before.steps.length + 2);
  for (const d of dispatchesOf(program.steps)) {
    for (const bound of Object.values(d.bind)) {
      expect(4 * (constValue(bound.length) ?? Number.NaN)).toBeLessThanOrEqual(bytes);
      expect((4 * (constValue(bound.offset) ?? Number.NaN)) % 256).toBe(0);
    }
  }
  const after = ["schedule", ...programPipeline.map((p) => p.name), "legalize"];
  expect(verifyProgram(program, small(bytes), after)).toEqual([]);
  const total = (p: Program): number => dispatchesOf(p.steps).reduce((n, d) => n + (constValue(d.flops) ?? 0), 0);
  expect(total(program)).toBe(total(before));

  const inputs = { x: tensor([rows, 12]), w: tensor([12, 20]) };
  const options = { checked: true, count: false, execution: "simt" } as const;
  const onJs = await js.load(js.emit(program, passContext(), options), { params: new Map() });
  holds(g, await onJs.run(inputs), inputs);
  const wgslOptions = { profile: "generic", f16: false, subgroups: false } as const;
  const legal = runPasses(program, wgsl.legalize ?? [], passContext(wgsl.target(wgslOptions)));
  const onGpu = await wgsl.load(wgsl.emit(legal, passContext(), wgslOptions), {
    device: await device(),
    params: new Map(),
  });
  holds(g, await onGpu.run(inputs), inputs);
  onGpu.dispose();
});

test("what fits is left as it is", () => {
  const program = lowered(large(30), small(4096));
  expect(windowBindings.run(program, passContext(small(4096)))).toBe(program);
});

test("a tensor that every workgroup reads whole, and sizes of a run, stay in one piece, with a remark", () => {
  const h = hand();
  const x = h.input("x", [40, 4]);
  const w = h.input("w", [4, 400]);
  const y = h.contract([use(x, 0, 2), use(w, 2, 1)], [0, 1], [40, 400, 4]);
  const t = h.contract([use(y, 0, 2), use(y, 1, 2)], [0, 1], [40, 40, 400]);
  const N = symbolDim("N", 1, 4096);
  const a = hand();
  const v = a.input("v", [N, 12]);
  const doubled = a.map([use(v, 0, 1)], [N, 12], call("add", argument(0), argument(0)));
  for (const g of [h.finish({ t }), a.finish({ doubled })]) {
    const remarks: Remark[] = [];
    const program = lowered(g, small(16384), remarks);
    expect(verifyProgram(program, small(16384), ["schedule"])).toEqual([]);
    expect(remarks.some((r) => r.pass === "windowBindings" && r.message.includes("larger than a binding"))).toBe(true);
  }
});
