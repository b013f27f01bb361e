import { expect, test } from "vitest";
import { modelOf } from "../../backends/wgsl/index.js";
import { runInBrowser, testPage } from "../support/browser.js";
import { contractionProgram, dynamicRows, emitWgsl, product, tensor } from "./contraction.js";

const page = testPage();

test("the same contraction gives the same numbers in Chromium", async () => {
  const w = tensor(16, 24, (i) => (i % 5) - 2);
  const a = tensor(13, 16, (i) => (i % 7) - 3);
  const model = modelOf(emitWgsl(contractionProgram(dynamicRows, 16, 24)));
  const { y } = await runInBrowser(await page(), model, new Map([["layer.w", w]]), { a });
  expect(y?.shape).toEqual([13, 24]);
  expect([...(y?.data ?? [])]).toEqual(product(a, w));
});
