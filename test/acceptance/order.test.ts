import { describe, test } from "vitest";

/** Contraction order by cost. */
describe("contraction order by cost", () => {
  test.todo(
    "1 frozen baselines in bench/baselines: the naive nine-dispatch layer and a tuned hand-written WGSL layer in textbook order, both checked against float64",
  );
  test.todo(
    "2 lfc bench FILE: --vs, --sweep, --backends, --json, --plot; warm-up, interleaved pairs, minima and medians, cold and warm, per kernel, share of the measured peak",
  );
  test.todo(
    "3 npm run bench:peers: onnxruntime-web, tfjs, jax-js, the baselines and lfc on one adapter, as each runs it and reordered by hand, checked against float64; table, JSON, SVG",
  );
  test.todo(
    "4 order: growContractions and reassociate by roofline cost, equal to a brute-force minimum on a grid, sharing once, parameter-only free, choose at a crossover, siblings joined, --fp strict keeps the written order",
  );
  test.todo("5 lfc explain FILE [--json], --save-plan, --plan; the numbers equal what the checked interpreter counts");
  test.todo("6 filetests and property tests for both passes; rounding held to the one tolerance in every order");
  test.todo(
    "7 bar: flops at n = 4096, k = 256, d = 512, h = 8: headwise 1.45x, key-value 1.66x fewer than textbook, one E a head unchanged, k = 32 key-value 3.9x",
  );
});
