import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import js from "../../backends/js/index.js";
import tfjs from "../../backends/tfjs/index.js";
import wasm from "../../backends/wasm/index.js";
import wgsl from "../../backends/wgsl/index.js";
import { type ConformanceOptions, conformance, conformanceCases, reportTable } from "../../src/conformance/index.js";
import { openTestDevice } from "../support/dawn.js";
import { blessing } from "../support/golden.js";
import { root } from "../support/model.js";

/** Every case on every built-in backend; the table in docs/backends.md is what comes out. */
const cases = conformanceCases(); // compiled once for all of them
const runner = { describe, test };
const node = await openTestDevice();
afterAll(() => node.close());

const machines = [
  // shader-f16 is optional on devices: the table is the same on all
  { title: "wgsl", backend: wgsl, options: { device: node.device, parallel: 8 } },
  { title: "wasm", backend: wasm, options: {} },
  { title: "js", backend: js, options: {} },
  { title: "js, checked", backend: js, options: { backendOptions: { checked: true } } },
  { title: "tfjs on wasm", backend: tfjs, options: { backendOptions: { device: "wasm" } } },
] as const satisfies readonly { title: string; backend: unknown; options: ConformanceOptions }[];

const runs = new Map<string, ReturnType<typeof conformance>>();
describe.each(machines)("$title", ({ title, backend, options }) => {
  runs.set(title, conformance(backend, { cases, test: runner, ...options }));
});

describe("other kinds of machine, in part", () => {
  describe("tfjs in plain JavaScript", () => {
    conformance(tfjs, {
      cases,
      test: runner,
      backendOptions: { device: "cpu" },
      only: ["functions/*", "reduce/*", "integers/*", "names/*", "gather/*"],
    });
  });
  describe("js with the schedules of a GPU", () => {
    conformance(js, {
      cases,
      test: runner,
      backendOptions: { checked: true, execution: "simt" },
      only: ["contract/*", "softmax/*", "reduce/*", "f16/*"],
    });
  });
  if (node.device.features.has("shader-f16"))
    describe("wgsl with f16", () => {
      const options = { device: node.device, parallel: 8, backendOptions: { f16: true } };
      conformance(wgsl, { cases, test: runner, only: ["f16/*"], ...options });
    });
});

test("the table in docs/backends.md is what the suite says", async () => {
  const reports = await Promise.all([...runs].map(async ([title, run]) => ({ title, report: await run.report() })));
  const path = join(root, "docs/backends.md");
  const text = readFileSync(path, "utf8");
  const block = /(<!-- generated: conformance -->\n)[\s\S]*?(<!-- end -->)/;
  expect(text).toMatch(block);
  const wanted = text.replace(block, (_, begin: string, end: string) => `${begin}${reportTable(reports)}\n${end}`);
  if (blessing) writeFileSync(path, wanted);
  else expect(text, "LFC_BLESS=1 rewrites it").toBe(wanted);
});
