import { expect, test } from "vitest";
import { printInstrument, printTimes, timeInstrument, verifyInstrument } from "../../passes/instruments.js";
import { runPass, runPasses } from "../../passes/manager.js";
import type { Pass } from "../../passes/pass.js";
import { graphPipeline } from "../../passes/pipelines.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { InternalError } from "../../src/util/invariant.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { expectSameMeaning } from "./meaning.js";
import { testContext } from "./support.js";

interface Count {
  readonly n: number;
}
const same: Pass<Count> = { name: "same", summary: "", run: (ir) => ir };
const more: Pass<Count> = { name: "more", summary: "", run: ({ n }) => ({ n: n + 1 }) };
const print = (ir: unknown): string => JSON.stringify(ir);

test("nothing to do: no passes", () => {
  const ir = { n: 0 };
  expect(runPasses(ir, [], testContext())).toBe(ir);
});

test("passes run in the order of the list, and one may change the kind of IR", () => {
  expect(runPasses({ n: 0 }, [more, same, more], testContext())).toEqual({ n: 2 });
  const text: Pass<Count, string> = { name: "text", summary: "", run: ({ n }) => `${n}` };
  expect(runPass({ n: 3 }, text, testContext())).toBe("3");
});

test.each([
  ["all", undefined, ["// before same", '{"n":0}', "// same (unchanged)", "// after more", '{"n":1}']],
  ["after", undefined, ["// same (unchanged)", "// after more", '{"n":1}']],
  ["before", undefined, ["// before same", '{"n":0}', "// before more", '{"n":0}']],
  ["all", "more", ["// before more", '{"n":0}', "// after more", '{"n":1}']],
] as const)("print %s, of %s", (when, pass, lines) => {
  let text = "";
  const write = (t: string): void => {
    text += t;
  };
  runPasses({ n: 0 }, [same, more], testContext(), [
    printInstrument({ when, print, write, ...(pass === undefined ? {} : { pass }) }),
  ]);
  expect(text.trimEnd().split("\n")).toEqual(lines);
});

test("times, each and together", () => {
  const time = timeInstrument();
  runPasses({ n: 0 }, [same, more], testContext(), [time]);
  expect(time.times.map((t) => [t.pass, t.changed])).toEqual([
    ["same", false],
    ["more", true],
  ]);
  expect(
    printTimes([
      { pass: "a", ms: 1.5, changed: true },
      { pass: "b", ms: 0.25, changed: false },
    ]),
  ).toBe(["a                   1.50 ms", "b (unchanged)       0.25 ms", "all passes          1.75 ms"].join("\n"));
});

test("a pass that breaks the IR is named, with what it broke", () => {
  const check = verifyInstrument((ir) => ((ir as Count).n > 0 ? ["n is positive"] : []), print);
  expect(() => runPasses({ n: 0 }, [same, more], testContext(), [check])).toThrow(InternalError);
  expect(() => runPasses({ n: 0 }, [same, more], testContext(), [check])).toThrow(/more broke[\s\S]*n is positive/);
});

test("the graph pipeline keeps the meaning of random graphs, verified after each pass", () => {
  const verify = verifyInstrument(
    (ir) => verifyGraph(ir as Parameters<typeof verifyGraph>[0]),
    (ir) => printGraph(ir as Parameters<typeof printGraph>[0]),
  );
  for (let seed = 1001; seed <= 1060; seed++) {
    const before = randomGraph(seed);
    const after = runPasses(before, graphPipeline, testContext(), [verify]);
    expect(verifyGraph(after, "reassociated")).toEqual([]);
    const { inputs, params } = randomValues(before, seed);
    expectSameMeaning(before, after, inputs, params, 0.5);
  }
});
