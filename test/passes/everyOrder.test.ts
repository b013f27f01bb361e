import { expect, test } from "vitest";
import js from "../../backends/js/index.js";
import { emptyPlan } from "../../src/cost/plan.js";
import { lower } from "../../src/driver/compile.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import { randomFrom } from "../support/random.js";
import { randomValues } from "../support/random-graph.js";
import { everyOrder } from "./everyOrder.js";
import { x as arg, build, ix } from "./support.js";

test("three, four and five factors have 3, 15 and 105 orders", () => {
  expect(everyOrder(["a", "b", "c"]).toSorted()).toEqual(["(a·b)·c", "(a·c)·b", "a·(b·c)"]);
  expect(new Set(everyOrder(["a", "b", "c", "d"])).size).toBe(15);
  expect(new Set(everyOrder(["a", "b", "c", "d", "e"])).size).toBe(105);
});

/** Kernels in f32 against the float64 reference of the product as it is written, whatever the order: one tolerance. */
test("random products in every order are within the one tolerance", async () => {
  let orders = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const r = randomFrom(seed);
    const sizes: Record<string, number> = {};
    for (const letter of "abcde") sizes[letter] = r.pick([2, 3, 5, 9]);
    const count = seed % 2 === 0 ? 4 : 3;
    const factors = Array.from({ length: count }, () =>
      r
        .shuffle([..."abcde"])
        .slice(0, r.int(1, 3))
        .join(""),
    );
    const letters = [...new Set(factors.join(""))];
    const out = r.shuffle(letters).slice(0, 2).join("");
    const t = build();
    const uses = factors.map((f, i) => [t.input(`x${i}`, ...[...f].map((l) => sizes[l] ?? 1)), f] as const);
    const about = r.pick(letters);
    const keep = t.bools("keep", sizes[about] ?? 1);
    const graph = t.finish({
      y: t.contract(out, sizes, uses, (i) => ({ args: [{ value: keep, at: [ix(i(about))] }], body: arg(0) })),
    });
    const { inputs, params } = randomValues(graph, seed);
    const expected = interpret(graph, inputs, params).outputs.y;
    if (expected === undefined) throw new Error("y is missing");
    for (const order of everyOrder(factors.map((_, i) => `x${i}`))) {
      const plan = { ...emptyPlan, orders: { y: order } };
      const lowered = lower(graph, js, { plan });
      if (!lowered.ok) throw new Error(lowered.error[0]?.message);
      const decided = lowered.value.remarks.find((m) => m.decision?.kind === "order")?.decision;
      expect([decided?.chosen.name, decided?.pinned]).toEqual([order, true]);
      const machine = await js.load?.(lowered.value.artifact, { params });
      const y = (await machine?.run(inputs))?.y;
      if (y === undefined) throw new Error("y is missing");
      expect(compareToReference(expected, y), `seed ${seed}: ${order} of ${factors.join("·")}`).toMatchObject({
        passed: true,
      });
      orders++;
    }
  }
  expect(orders).toBe(3 * 3 + 2 * 15);
});
