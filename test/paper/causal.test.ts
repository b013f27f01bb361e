import { describe, expect, test } from "vitest";
import { emptyPlan, type Plan } from "../../src/cost/plan.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { checkSource } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { decisionsOf } from "../../src/driver/plan.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice } from "../support/dawn.js";
import { graphOfFile, lowerFor, randomRun } from "../support/model.js";
import { backends, machineFor, rowBits, withRows } from "./machines.js";

/** Causal Linformer: what comes later changes nothing in what came before, bit for bit. */
const device = testDevice();
const rows = 64;

/** The prefix form as it is written, and in linear time. */
const by = (name: string): Plan => ({ ...emptyPlan, strategies: { "p (prefix)": name, "o (prefix)": name } });

describe.each([
  { model: "Prefix", how: "at once" },
  { model: "Prefix", how: "chunks of 16" },
  { model: "Prefix", how: "chunks of 4, groups of 8" },
  { model: "ByBlock", how: "as it is written" },
  { model: "Standard", how: "as it is written" },
])("$model, $how", ({ model, how }) => {
  const plan = by(how);
  const graph = graphOfFile("examples/paper/causal.lf", {
    model,
    dims: new Map(Object.entries({ MaxSeq: rows, Head: 3, Proj: 3, Block: 8 })),
  });
  const { inputs, params } = randomRun(graph, 5, new Map([["Seq", rows]]));

  test("is what the plan says", async () => {
    const { remarks } = await lowerFor(graph, "js", { plan });
    const taken = decisionsOf(remarks).flatMap((d) => (/prefix/.test(d.subject) && d.pinned ? [d.chosen.name] : []));
    expect(taken).toEqual(model === "Prefix" ? [how, how] : []);
  });

  test.each(backends)("on %s", async (backend) => {
    const machine = await machineFor(graph, backend, params, device, { plan });
    try {
      const before = (await machine.run(inputs)).output;
      const reference = runReference(graph, inputs, params).output;
      if (before === undefined || reference === undefined) throw new Error("an output is missing");
      expect(compareToReference(reference, before)).toMatchObject({ passed: true });
      // inside a block, at the end of one, at its start
      for (const cut of [21, 24, 25]) {
        for (const value of [(i: number) => Math.sin(i), () => Number.NaN]) {
          const changed = Object.fromEntries(
            Object.entries(inputs).map(([name, t]) => [name, withRows(t, (row) => row >= cut, value)]),
          );
          const after = (await machine.run(changed)).output;
          expect(rowBits(after, 0, cut)).toEqual(rowBits(before, 0, cut));
          expect(rowBits(after, cut, cut + 1)).not.toEqual(rowBits(before, cut, cut + 1));
        }
      }
    } finally {
      machine.dispose();
    }
  });
});

describe("a triangle over the slots", () => {
  const refusal = (condition: string): string =>
    renderDiagnostics(
      checkSource({
        path: "test.lf",
        text: `lf 1
dim Seq  = 8
dim Proj = 8
dim Head = 4
model Leaks(q, x: f32[Seq, Head]) -> f32[Seq, Head] {
  param e: f32[Proj, Seq]
  let keys[k, c] = sum[m] e[k, m] * x[m, c]
  let p[n, k]    = softmax[${condition}] sum[c] q[n, c] * keys[k, c]
  let o[n, c]    = sum[k] p[n, k] * keys[k, c]
  return o
}`,
      }).diagnostics,
      { color: false },
    );

  test.each(["k <= n", "k where k <= n", "k where k - n < 1"])(
    "`%s` is refused, with both sound forms named",
    (condition) => {
      const said = refusal(condition);
      expect(said).toMatch(/error LF0205/);
      expect(said).toMatch(/the prefix form `sum\[m <= n\]/);
      expect(said).toMatch(/the block form/);
      expect(said).toMatch(/linformer_prefix_head/);
      expect(said).toMatch(/linformer_block_head/);
    },
  );

  test("slots of the same number as positions are still no positions", () => {
    expect(refusal("k where k <= n")).toMatch(/A projected slot mixes all positions/);
  });
});
