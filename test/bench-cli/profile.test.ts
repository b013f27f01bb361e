import { describe, expect, test } from "vitest";
import js from "../../backends/js/index.js";
import { modelOf } from "../../backends/wgsl/index.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { loadMachine, runMachine } from "../../src/driver/machine.js";
import { guardBackend } from "../../src/driver/plugin.js";
import { dispatches } from "../../src/driver/report.js";
import { profileRun } from "../../src/runtime/profile.js";
import { load } from "../../src/runtime/webgpu.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, randomRun, unwrap } from "../support/model.js";

const device = testDevice();
const graph = graphOfFile("examples/first.lf");
const { inputs, params } = randomRun(graph);

test.each(["wgsl", "js", "tfjs", "wasm"])(
  "%s: a profile has the outputs of a run and a time for each step",
  async (name) => {
    const backend = unwrap(await resolveBackend(name));
    const machine = unwrap(await loadMachine(graph, backend, params, name === "wgsl" ? await device() : undefined));
    const { executable, lowered } = machine;
    try {
      const outputs = unwrap(await runMachine(machine, inputs));
      const profile = await executable.profile?.(inputs);
      expect(profile?.outputs).toEqual(outputs);
      const steps = profile?.steps ?? [];
      expect(steps.every((s) => s.seconds >= 0)).toBe(true);
      expect(steps.reduce((sum, s) => sum + s.seconds, 0)).toBeGreaterThan(0);
      if (lowered.program === undefined) expect(steps.length).toBeGreaterThan(0);
      else {
        const planned = dispatches(lowered.program.steps, new Map());
        expect(steps.map((s) => [s.label, s.kernel])).toEqual(planned.map((d) => [d.label, d.kernel]));
      }
    } finally {
      executable.dispose();
    }
  },
);

test("without timestamp-query each dispatch is timed by the clock", async () => {
  const backend = unwrap(await resolveBackend("wgsl"));
  const machine = unwrap(await loadMachine(graph, backend, params, await device()));
  machine.executable.dispose();
  const gpu = await device();
  const blind = new Proxy(gpu, {
    get(of, key) {
      if (key === "features") return new Set([...of.features].filter((f) => f !== "timestamp-query"));
      const value: unknown = Reflect.get(of, key, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
  expect(gpu.features.has("timestamp-query")).toBe(true);
  const model = await load(gpu, modelOf(machine.lowered.artifact), params);
  try {
    const outputs = await model.run(inputs);
    const byClock = await profileRun(blind, model, inputs);
    const byDevice = await profileRun(gpu, model, inputs);
    expect(byClock.outputs).toEqual(outputs);
    expect(byClock.steps.map((s) => s.label)).toEqual(byDevice.steps.map((s) => s.label));
    expect(byClock.steps.some((s) => s.seconds > 0)).toBe(true);
  } finally {
    model.dispose();
  }
});

describe("a profile of somebody else's backend is believed only if it is one", () => {
  const profileOf = async (given: unknown) => {
    const made = { run: async () => ({}), profile: async () => given, dispose() {} };
    const backend = unwrap(guardBackend({ ...js, load: async () => made }, { name: "p", from: "test" }));
    const loaded = await backend.load?.({ files: [], meta: {} }, { params: new Map() });
    return loaded?.profile?.({});
  };

  test("as it should be", async () => {
    const good = { outputs: {}, steps: [{ label: "y", kernel: "y", seconds: 1 }] };
    expect(await profileOf(good)).toEqual(good);
  });

  test.each([
    undefined,
    { outputs: {} },
    { outputs: {}, steps: [{ label: "y", kernel: "y" }] },
    { outputs: {}, steps: [{ label: "y", kernel: "y", seconds: -1 }] },
    { outputs: { y: 1 }, steps: [] },
  ])("%j is refused", async (given) => {
    await expect(profileOf(given)).rejects.toThrow(/result of profile/);
  });
});
