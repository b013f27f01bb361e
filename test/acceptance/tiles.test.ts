import { describe, test } from "vitest";

/** Tiles chosen per adapter. */
describe("tiles chosen per adapter", () => {
  test.todo(
    "1 the contraction space is real: tile, register tile, width, k-step, staging, splits, subgroup broadcast, workgroup shape; at most 400 legal points, a sample of them right in CI; prologues and epilogues, blocked layouts chosen by the consumer",
  );
  test.todo(
    "2 selection: adapter profile from micro-probes under 1 s, cached; estimate ranks; --tune times the best few and caches; named profiles without a device",
  );
  test.todo(
    "3 default variants stay within WebGPU's default limits; large matrices are cut into windows under the binding limit",
  );
  test.todo(
    "4 lfc explain shows tile, estimate and why; lfc bench --explore shows estimate against measured as a table and an SVG",
  );
  test.todo("5 a spike kept as a note: one-thread GEMM in WebAssembly from the same kernel IR");
});
