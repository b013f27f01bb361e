import { describe, test } from "vitest";

/** Projections fused into attention, and memory planned. */
describe("projections fused into attention, and memory planned", () => {
  test.todo(
    "1 fuseProjectedAttention and the attention schedule: keyBlocks, fuseQ, fuseO, folded, pooled-2, unfused, streaming standard attention; selectable by plan; right at odd sizes, masks, run-time sizes, head groups, cross attention, shared key and value heads; forced in turn over random programs",
  );
  test.todo(
    "2 no transient with a query and a slot or key index in any fused strategy; no binding over 128 MiB at n = 65536, k = 256, d = 512, h = 8; the planned peak equals what the runtime allocates",
  );
  test.todo("3 strategy and order are chosen together by estimate, per adapter; explain says why, also why not fused");
  test.todo(
    "4 long work is cut into submits predicted under 100 ms; standard attention at n = 8192 and 16384 and Linformer at 65536 run on SwiftShader by hand",
  );
  test.todo("5 npm run bench:paper: the paper's table of time and memory saved over (n, k); docs/paper.md");
  test.todo("6 bar: dispatches 3 available, at most 5 chosen, 2 pooled; transient memory linear in n");
});
