import fc from "fast-check";
import { expect, test } from "vitest";
import { interpret } from "../../src/ir/graph/interpret.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { simulate } from "../support/simulate-graph.js";

const seeds = { numRuns: 250, seed: 20240601 };

test("random graphs verify, and print the same text each time", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 16 }), fc.boolean(), (seed, nodes, half) => {
      const graph = randomGraph(seed, { nodes, half });
      expect(verifyGraph(graph)).toEqual([]);
      expect(printGraph(graph)).toBe(printGraph(randomGraph(seed, { nodes, half })));
    }),
    seeds,
  );
});

test("random graphs hold every op", () => {
  const ops = new Set<string>();
  for (let seed = 0; seed < 100; seed++) for (const node of randomGraph(seed, { nodes: 12 }).nodes) ops.add(node.op);
  expect([...ops].sort()).toEqual(["concat", "contract", "input", "map", "param", "reduce", "region", "softmax"]);
});

test("a machine in f32, in any order, within every stated error, stays within the bound", () => {
  let elements = 0;
  let undecided = 0;
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 10 }),
      fc.boolean(),
      fc.boolean(),
      (seed, nodes, half, decisions) => {
        const graph = randomGraph(seed, { nodes, half, decisions });
        const { inputs, params } = randomValues(graph, seed);
        const { outputs, sizes } = interpret(graph, inputs, params);
        const machine = simulate(graph, inputs, params, sizes, seed);
        for (const [name, reference] of Object.entries(outputs)) {
          const simulated = machine[name];
          expect(simulated?.shape).toEqual(reference.shape);
          reference.value.forEach((value, i) => {
            elements++;
            if (reference.undecided[i] !== 0) {
              undecided++;
              return;
            }
            const difference = Math.abs((simulated?.data[i] ?? Number.NaN) - value);
            if (!(difference <= (reference.bound[i] ?? 0)))
              expect.fail(
                `${name}[${i}]: ${simulated?.data[i]} against ${value} ± ${reference.bound[i]}\n${printGraph(graph)}`,
              );
          });
        }
      },
    ),
    seeds,
  );
  expect(undecided / elements).toBeLessThan(0.1);
});

test("every plan of a region means what its body means", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const graph = randomGraph(seed, { nodes: 6, decisions: false });
      const { inputs, params } = randomValues(graph, seed);
      const body = interpret(graph, inputs, params).outputs;
      const plan = interpret(graph, inputs, params, {
        plan: (node) => (node.plans ? node.plans.length - 1 : undefined),
      }).outputs;
      for (const [name, { value }] of Object.entries(body))
        value.forEach((x, i) => {
          const y = plan[name]?.value[i] ?? Number.NaN;
          expect(Object.is(x, y) || Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x))).toBe(true);
        });
    }),
    { ...seeds, numRuns: 100 },
  );
});
