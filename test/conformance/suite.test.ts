import { describe, expect, test, vi } from "vitest";
import js from "../../backends/js/index.js";
import type { Artifact, Backend, Executable, Host } from "../../src/backend/backend.js";
import {
  type CaseResult,
  type ConformanceOptions,
  conformance,
  formatReport,
  runConformance,
} from "../../src/conformance/index.js";
import type { Outputs } from "../../src/driver/machine.js";
import type { TensorData } from "../../src/ir/dtype.js";
import type { Program } from "../../src/ir/program/program.js";

/** The suite under test: backends that lie have to be caught, and honest ones let through. */
const only = ["contract/matrix", "symbolic/flat", "outputs/many"] as const;

type Run = Executable["run"];

/** The js backend with another way to run. */
const runningBy = (change: (run: Run) => Run): Backend => ({
  ...js,
  load: async (artifact: Artifact, host: Host) => {
    const honest = await js.load(artifact, host);
    return { run: change((inputs) => honest.run(inputs)), dispose: () => honest.dispose() };
  },
});

const changing = (change: (outputs: Outputs) => Outputs): Backend =>
  runningBy((run) => async (inputs) => change(await run(inputs)));

const eachOutput = (change: (t: TensorData) => TensorData): Backend =>
  changing((outputs) => Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, change(t)])));

const { load: _load, ...emitOnly } = js;

const judge = async (backend: Backend, options: ConformanceOptions = {}): Promise<readonly CaseResult[]> =>
  (await runConformance(backend, { only, ...options })).results;

/** The problems of all cases, each of which has some. */
async function problems(backend: Backend, options: ConformanceOptions = {}): Promise<string> {
  const results = await judge(backend, options);
  return results
    .map(({ area, name, outcome }) => {
      expect(outcome.kind, `${area}/${name}`).toBe("fails");
      return outcome.kind === "fails" ? outcome.problems.join("\n") : "";
    })
    .join("\n");
}

test("an honest backend passes", async () => {
  const report = await runConformance(js, { only });
  expect(report.passed).toBe(true);
  expect(report.results.map((r) => r.outcome)).toEqual([
    { kind: "agrees", runs: 1, elements: 96, share: expect.any(Number) },
    { kind: "agrees", runs: 1, elements: 61, share: expect.any(Number) },
    { kind: "agrees", runs: 5, elements: 1 + 255 + 256 + 257 + 1, share: expect.any(Number) },
  ]);
  for (const { outcome } of report.results) expect(outcome.kind === "agrees" && outcome.share <= 1).toBe(true);
});

describe("what a lying backend says is caught", () => {
  test("one element a little off", async () => {
    const wrong = eachOutput((t) => {
      const data = t.data.slice();
      data[data.length - 1] = (data.at(-1) ?? 0) * (1 + 1e-4) + 1e-4;
      return { ...t, data };
    });
    const found = await problems(wrong);
    expect(found).toMatch(/^output\[11, 7\] is -?[\d.]+, should be -?[\d.]+ ± [\d.]+e-\d+$/m);
    expect(found).toMatch(/^output\[256\] is .* with N=257$/m);
    expect(found).toMatch(/^k is /m); // of rank 0
  });
  test("NaN", async () => {
    expect(await problems(eachOutput((t) => ({ ...t, data: t.data.map(() => Number.NaN) })))).toMatch(/is NaN, should/);
  });
  test("zeros throughout", async () => {
    expect(await problems(eachOutput((t) => ({ ...t, data: t.data.map(() => 0) })))).toMatch(/is 0, should/);
  });
  test("a missing output, and one too many", async () => {
    const renamed = changing((o) => Object.fromEntries(Object.entries(o).map(([name, t]) => [`${name}_`, t])));
    expect(await problems(renamed)).toMatch(
      /gave output_, which the model does not have\nthe output output is missing/,
    );
  });
  test("another type and another shape", async () => {
    expect(await problems(eachOutput((t) => ({ ...t, dtype: "f16" })))).toMatch(/holds f16 instead of f32/);
    const flat = eachOutput((t) => ({ ...t, shape: [1, ...t.shape] }));
    expect(await problems(flat)).toMatch(/the shape \[1, 12, 8\] instead of \[12, 8\]/);
  });
  test("no tensors at all", async () => {
    const nothing = { ...js, load: async () => ({ run: async () => "done", dispose: () => undefined }) };
    expect(await problems(nothing as unknown as Backend)).toMatch(/result of run must be tensors/);
  });
  test("an input that is changed", async () => {
    const scribbling = runningBy((run) => async (inputs) => {
      const outputs = await run(inputs);
      Object.values(inputs)[0]?.data.fill(0);
      return outputs;
    });
    expect(await problems(scribbling)).toMatch(/changed its input x/);
  });
  test("results that a later run overwrites", async () => {
    let kept: TensorData | undefined;
    const reusing = eachOutput((t) => {
      const data = kept?.data.length === t.data.length ? kept.data : t.data;
      data.set(t.data.map((x) => x + (data === t.data ? 0 : 1)));
      kept = { ...t, data };
      return kept;
    });
    const [result] = await judge(reusing, { only: ["symbolic/flat"] });
    expect(result?.outcome).toMatchObject({ kind: "agrees" }); // no two runs in a row have one size
    const first: TensorData[] = [];
    const sharing = runningBy((run) => async (inputs) => {
      const outputs = await run(inputs);
      const output = outputs.output as TensorData;
      const same = first.find((t) => t.data.length === output.data.length);
      if (same === undefined) first.push(output);
      else same.data.fill(7); // as a machine does that lends out its own memory
      return outputs;
    });
    const [shared] = await judge(sharing, { only: ["symbolic/flat"] });
    expect(shared?.outcome).toMatchObject({ kind: "fails", problems: [expect.stringMatching(/is 7, .* with N=1$/)] });
  });
  test("what an earlier size leaves behind", async () => {
    let runs = 0;
    const stale = changing((outputs) =>
      ++runs === 5 ? { output: { ...outputs.output, data: Float32Array.of(3) } as TensorData } : outputs,
    );
    const [result] = await judge(stale, { only: ["symbolic/flat"] });
    expect(result?.outcome).toMatchObject({ kind: "fails", problems: [expect.stringMatching(/with N=1, once more$/)] });
  });
});

describe("a backend that breaks is one failed case for each, with its words", () => {
  const broken = (members: Partial<Record<keyof Backend, unknown>>): Backend => ({ ...js, ...members }) as Backend;
  const raise = (): never => {
    throw new TypeError("no such thing");
  };
  test.each([
    ["emit", broken({ emit: raise }), /failed in emit: no such thing/],
    ["target", broken({ target: raise }), /failed in target: no such thing/],
    ["load", broken({ load: raise }), /does not load: .*no such thing/],
    ["run", runningBy(() => raise), /does not run: .*no such thing/],
    ["a legalisation", broken({ legalize: [{ name: "tidy", summary: "", run: raise }] }), /failed in pass tidy/],
    [
      "an artifact outside of its folder",
      broken({ emit: () => ({ files: [{ path: "../x", text: "" }], meta: {} }) }),
      /stay in its folder/,
    ],
    ["no artifact", broken({ emit: () => undefined }), /must be an Artifact/],
  ])("%s", async (_, backend, message) => {
    expect(await problems(backend)).toMatch(message);
  });
  test("what it refuses is not a success", async () => {
    const picky = {
      ...emitOnly,
      consumes: "graph",
      refuse: () => [{ code: "LF0501", severity: "error", message: "not today" }],
    };
    expect(await problems(picky as unknown as Backend)).toMatch(/does not compile: LF0501 not today/);
  });
  test("options that it does not know", async () => {
    expect(await problems(js, { backendOptions: { colour: 1 } })).toMatch(/LF0450/);
  });
  test("wrong members are found before any case", async () => {
    await expect(runConformance(broken({ strategies: [] }))).rejects.toThrow(/strategies must be a Set/);
    await expect(runConformance(broken({ abi: 2 }))).rejects.toThrow(/abi 2/);
  });
});

describe("an emit-only backend", () => {
  const passes = async (backend: Backend) => (await runConformance(backend, { only })).passed;
  test("passes when it emits the same twice", async () => {
    expect((await judge(emitOnly)).map((r) => r.outcome)).toEqual(only.map(() => ({ kind: "emits", files: 1 })));
  });
  test("fails when it does not", async () => {
    let count = 0;
    const counting: Backend = {
      ...emitOnly,
      emit: () => ({
        files: [
          { path: "a.txt", text: "same" },
          { path: "b.txt", text: String(count++) },
        ],
        meta: {},
      }),
    };
    expect(await problems(counting)).toMatch(/twice does not give the same: b.txt differs/);
    const bytes: Backend = {
      ...emitOnly,
      emit: () => ({ files: [{ path: "a", text: Uint8Array.of(1, count++) }], meta: {} }),
    };
    expect(await problems(bytes)).toMatch(/a differs/);
    const named: Backend = { ...emitOnly, emit: () => ({ files: [{ path: `${count++}`, text: "" }], meta: {} }) };
    expect(await problems(named)).toMatch(/the files \d+, then \d+/);
    const passCounts: Backend = {
      ...emitOnly,
      legalize: [{ name: "rename", summary: "", run: (program: Program) => ({ ...program, name: `p${count++}` }) }],
    };
    expect(await problems(passCounts)).toMatch(/twice does not give the same/);
  });
  test("fails when it emits nothing", async () => {
    expect(await problems({ ...emitOnly, emit: () => ({ files: [], meta: {} }) })).toMatch(/no file/);
  });
  test("is asked for what its validator says", async () => {
    const seen: string[] = [];
    const validate = async ({ files }: Artifact) => {
      seen.push(...files.map((f) => f.path));
      return [];
    };
    expect(await passes({ ...emitOnly, validate })).toBe(true);
    expect(seen).toEqual(["Matrix.js", "Many.js", "Flat.js"]);
    expect(await problems({ ...emitOnly, validate: async () => ["line 3: a bracket"] })).toMatch(
      /refuses: line 3: a bracket/,
    );
    const silent = { ...emitOnly, validate: async () => undefined } as unknown as Backend;
    expect(await problems(silent)).toMatch(/result of validate must be a list of texts/);
  });
});

describe("skips", () => {
  const wrong = changing((outputs) => (outputs.output?.shape.length === 2 ? {} : outputs));
  test("one with a reason, that is needed, passes", async () => {
    const report = await runConformance(wrong, { only, skip: { "contract/matrix": "no matrices yet" } });
    expect(report.passed).toBe(true);
    expect(report.results[0]?.outcome).toMatchObject({ kind: "skipped", reason: "no matrices yet" });
    expect(formatReport(report)).toContain("contract/matrix is skipped: no matrices yet");
  });
  test("one that would pass fails", async () => {
    const report = await runConformance(js, { only, skip: { "contract/matrix": "no matrices yet" } });
    expect(report.passed).toBe(false);
    expect(report.results.map((r) => r.outcome.kind)).toEqual(["needless", "agrees", "agrees"]);
    expect(formatReport(report)).toContain("contract/matrix passes, but is skipped: no matrices yet");
  });
  test("an area of which one case would pass fails", async () => {
    const report = await runConformance(wrong, { only: ["contract/*"], skip: { "contract/*": "no products" } });
    const needless = report.results.filter((r) => r.outcome.kind === "needless").map((r) => r.name);
    expect(needless).toContain("dot");
    expect(needless).not.toContain("matrix");
    expect(report.passed).toBe(false);
  });
  test("one for a type that the machine lacks is needless", async () => {
    const poor: Backend = { ...js, target: (o) => ({ ...js.target(o as never), dtypes: new Set(["f32"]) }) };
    const report = await runConformance(poor, { only: ["u32/arithmetic"], skip: { "u32/*": "no u32" } });
    expect(report.results.map((r) => r.outcome.kind)).toEqual(["needless"]);
  });
  test("one without a reason is refused", async () => {
    await expect(runConformance(js, { skip: { "contract/*": "  " } })).rejects.toThrow("contract/* needs a reason");
    await expect(runConformance(js, { skip: { "contract/*": undefined as never } })).rejects.toThrow("needs a reason");
  });
  test("one that names no case is refused", async () => {
    await expect(runConformance(js, { skip: { "contract/matrices": "x" } })).rejects.toThrow("names no case");
    await expect(runConformance(js, { only: ["matrix/*"] })).rejects.toThrow("names no case");
  });
});

describe("element types", () => {
  const poor: Backend = {
    ...js,
    target: (o) => ({ ...js.target(o as never), dtypes: new Set(["f32", "i32", "bool"]) }),
  };
  test("those that the target lacks are left out, and refused by the compiler", async () => {
    const results = await judge(poor, { only: ["f16/*", "u32/convert", "integers/division"] });
    expect(results.map((r) => r.outcome)).toEqual([
      ...Array.from({ length: 6 }, () => ({ kind: "lacks", dtypes: ["f16"] })),
      expect.objectContaining({ kind: "agrees" }),
      { kind: "lacks", dtypes: ["u32"] },
    ]);
  });
  test("those that are not asked for are left out", async () => {
    const results = await judge(js, { only: ["f16/map", "where/mask", "contract/dot"], dtypes: ["f32"] });
    expect(results.map((r) => r.outcome.kind)).toEqual(["agrees", "lacks", "lacks"]);
  });
});

describe("with a test runner", () => {
  /** Collects what is registered. */
  function runner() {
    const path: string[] = [];
    const tests = new Map<string, () => Promise<void>>();
    return {
      tests,
      describe(name: string, body: () => void) {
        path.push(name);
        body();
        path.pop();
      },
      test(name: string, body: () => Promise<void>) {
        tests.set([...path, name].join(" > "), body);
      },
    };
  }
  test("one test a case, by area", async () => {
    const fake = runner();
    const { report } = conformance(js, { only, test: fake });
    expect([...fake.tests.keys()]).toEqual([
      "conformance of js > contract > matrix",
      "conformance of js > outputs > many",
      "conformance of js > symbolic > flat",
    ]);
    for (const body of fake.tests.values()) await body();
    expect((await report()).passed).toBe(true);
  });
  test("a failing one says what, where and in which file", async () => {
    const fake = runner();
    conformance(
      eachOutput((t) => ({ ...t, data: t.data.map(() => 0) })),
      { only: ["contract/matrix"], test: fake },
    );
    const body = [...fake.tests.values()][0];
    await expect(body?.()).rejects.toThrow(
      /^contract\/matrix \(A product of two matrices\.\)\noutput\[.*\] is 0, should be .*\n.*contract\/matrix\.lf$/s,
    );
  });
  test("skips are printed, needless ones fail", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      const fake = runner();
      conformance(
        changing(() => ({})),
        { only: ["contract/matrix"], skip: { "contract/*": "tired" }, test: fake },
      );
      for (const body of fake.tests.values()) await body();
      expect(log.mock.calls).toEqual([["js skips contract/matrix: tired"]]);
    } finally {
      log.mockRestore();
    }
    const fake = runner();
    conformance(js, { only: ["contract/matrix"], skip: { "contract/*": "tired" }, test: fake });
    await expect([...fake.tests.values()][0]?.()).rejects.toThrow("it is skipped (“tired”) but passes");
  });
  test("without one it says how to pass its functions", () => {
    expect(() => conformance(js)).toThrow("{ test: { describe, test } }");
  });
  test("cases run beside each other, no more than asked for", async () => {
    let now = 0;
    let most = 0;
    const slow = runningBy((run) => async (inputs) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
      return run(inputs);
    });
    await runConformance(slow, { only: ["names/*"], parallel: 3 });
    expect(most).toBe(3);
    most = 0;
    await runConformance(slow, { only: ["names/*"] });
    expect(most).toBe(1);
  });
});
