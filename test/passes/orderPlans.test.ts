import { expect, test } from "vitest";
import { candidateOrders } from "../../passes/graph/candidateOrders.js";
import { orderChoice } from "../../passes/graph/orderPlans.js";
import { targets } from "../../src/cost/targets.js";
import { symbolDim } from "../../src/ir/dim.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { leastCost, type Problem } from "./bruteForce.js";
import { build, flopsTarget, testContext } from "./support.js";

interface Case {
  readonly name: string;
  readonly lo: number;
  readonly hi: number;
  readonly step?: number;
  readonly problems: readonly Problem[];
  /** Sizes; `N` stands for the run-time one. */
  readonly sizes: Readonly<Record<string, number | "N">>;
  readonly below: number | undefined;
}

const tensor = (name: string, at: string): Problem["factors"][number] => ({ name, at });
const weight = (name: string, at: string): Problem["factors"][number] => ({ name, at, weight: true });

/** By flops alone, where the crossings are known from the algebra. */
const cases: readonly Case[] = [
  {
    name: "E(XW) below n = k, (EX)W above",
    lo: 16,
    hi: 8192,
    problems: [{ factors: [tensor("e", "km"), tensor("x", "md"), weight("w", "dc")], out: "kc" }],
    sizes: { m: "N", k: 256, d: 128, c: 128 },
    below: 256,
  },
  {
    name: "keys and values with one E: 4nd² + 4nkd against 2nkd + 4kd²",
    lo: 16,
    hi: 8192,
    problems: [
      { factors: [tensor("e", "km"), tensor("x", "md"), weight("wk", "dc")], out: "kc" },
      { factors: [tensor("e", "km"), tensor("x", "md"), weight("wv", "dc")], out: "kc" },
    ],
    sizes: { m: "N", k: 256, d: 128, c: 128 },
    // n (4d² + 2kd) = 4kd² + … : (e·x) first once 4nd² + 2nkd >= 4kd²
    below: 128,
  },
  {
    name: "attention without a softmax is (q·k)·v below n = d, q·(k·v) above",
    lo: 16,
    hi: 4096,
    problems: [{ factors: [tensor("q", "nd"), tensor("k", "md"), tensor("v", "mc")], out: "nc" }],
    sizes: { n: "N", m: "N", d: 64, c: 64 },
    below: 64,
  },
  {
    name: "in multiples of a step",
    lo: 48,
    hi: 4800,
    step: 48,
    problems: [{ factors: [tensor("q", "nd"), tensor("k", "md"), tensor("v", "mc")], out: "nc" }],
    sizes: { n: "N", m: "N", d: 100, c: 100 },
    below: 144,
  },
  {
    name: "no crossing in the range",
    lo: 64,
    hi: 4096,
    problems: [{ factors: [tensor("q", "nd"), tensor("k", "md"), tensor("v", "mc")], out: "nc" }],
    sizes: { n: "N", m: "N", d: 64, c: 64 },
    below: undefined,
  },
];

function graphOf({ problems, sizes, lo, hi, step }: Case): Graph {
  const seq = symbolDim("Seq", lo, hi, step);
  const dims = Object.fromEntries(Object.entries(sizes).map(([l, s]) => [l, s === "N" ? seq : s]));
  const t = build();
  const all = problems.flatMap((p) => p.factors);
  const values = new Map<string, number>();
  for (const { name, at, weight: w } of [...all.filter((x) => !x.weight), ...all.filter((x) => x.weight)])
    if (!values.has(name)) {
      const shape = [...at].map((l) => dims[l] ?? 1);
      values.set(name, w ? t.param(name, ...shape) : t.input(name, ...shape));
    }
  return t.finish(
    Object.fromEntries(
      problems.map(({ factors, out }, i) => [
        `y${i}`,
        t.contract(
          out,
          dims,
          factors.map((f) => [values.get(f.name) ?? -1, f.at] as const),
        ),
      ]),
    ),
  );
}

test.each(cases)("$name", (c) => {
  const cx = testContext("relaxed", { target: flopsTarget });
  expect(orderChoice(graphOf(c), cx)?.below).toBe(c.below);
});

test.each(cases.filter((c) => c.below !== undefined))("each side is the least of all orders there: $name", (c) => {
  const graph = graphOf(c);
  for (const target of [flopsTarget, targets.generic, targets.swiftshader]) {
    if (target === undefined) throw new Error("a target is missing");
    const cx = testContext("relaxed", { target });
    const choice = orderChoice(graph, cx);
    if (choice === undefined) continue;
    const step = c.step ?? 1;
    for (const size of [c.lo, choice.below - step, choice.below, choice.below + step, c.hi]) {
      const side = choice.sides[size < choice.below ? 0 : 1];
      const [group] = candidateOrders(graph, { ...cx, branch: side }, new Map([["Seq", size]]));
      const numbers = Object.fromEntries(Object.entries(c.sizes).map(([l, s]) => [l, s === "N" ? size : s]));
      const least = leastCost(c.problems, numbers, target.peak).seconds;
      expect((group?.[0]?.cost.seconds ?? 0) / least, `${target.name} at ${size}`).toBeCloseTo(1, 9);
    }
  }
});

test("strict chooses nothing", () => {
  expect(orderChoice(graphOf(cases[0] as Case), testContext("strict", { target: flopsTarget }))).toBeUndefined();
});
