import { expect, test } from "vitest";
import { narrow } from "../../passes/schedule/narrow.js";
import { evalDim } from "../../src/ir/dim.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import { randomGraph, randomValues } from "../support/random-graph.js";
import { agree, simt } from "./support.js";

const count = Number(process.env.LFC_RANDOM ?? 24);
const first = Number(process.env.LFC_SEED ?? 1);

test.each(Array.from({ length: count }, (_, i) => first + i))("random graph %i", async (seed) => {
  const g = randomGraph(seed, { nodes: 4 + (seed % 9), decisions: seed % 3 === 0, half: seed % 4 === 1 });
  const { inputs, params } = randomValues(g, seed);
  const { sizes } = interpret(g, inputs, params);
  const options = { values: inputs, params, sizes: Object.fromEntries(sizes), mayBeUndecided: true };
  const program = await agree(g, options);
  // The same on machines of other kinds: many invocations wanted, small grids, few buffers.
  if (seed % 3 === 0) await agree(g, { ...options, target: { ...simt, parallel: 512 } });
  if (seed % 3 === 1) await agree(g, { ...options, target: { ...simt, maxGrid: 16, maxBuffers: 5 } });
  // A region with several results is counted once for each, and a node that was cut may cost less.
  if (g.nodes.some((node) => node.op === "region") || narrow(g, simt.maxBuffers) !== g) return;
  const flops = [...program.prepare, ...program.steps].reduce(
    (sum, s) => sum + (s.step === "dispatch" ? evalDim(s.flops, sizes) : 0),
    0,
  );
  expect(flops).toBe(interpret(g, inputs, params).counts.total);
});
