import { describe, expect, test } from "vitest";
import { conformance } from "../../src/conformance/index.js";
import { onnx } from "./support.js";

/** The whole suite: no case is skipped, and only those with element types that the backend lacks are left out. */
const { report } = conformance(await onnx(), { test: { describe, test } });

test("only f16 and u32 are left out, few cases have them, all others agree", async () => {
  const { results } = await report();
  const left: string[] = [];
  for (const { outcome } of results) {
    if (outcome.kind === "lacks") left.push(...outcome.dtypes);
    else expect(outcome.kind).toBe("agrees");
  }
  expect([...new Set(left)].sort()).toEqual(["f16", "u32"]);
  expect(left.length).toBeLessThan(results.length / 4);
});
