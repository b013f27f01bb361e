import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DoctorReport } from "../../src/cli/commands/doctor.js";
import { version } from "../../src/cli/version.js";
import { lfc, lfcJson } from "../support/cli.js";
import { root } from "../support/model.js";

test("lfc doctor --json says what there is and what lfc run will use", async () => {
  const { code, json } = await lfcJson("doctor");
  const report = json as DoctorReport;
  expect(code).toBe(0);
  expect([report.lfc, report.node, report.platform]).toEqual([
    version,
    process.version,
    `${process.platform} ${process.arch}`,
  ]);
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  for (const [name, found] of Object.entries(report.packages)) expect(found, name).toBe(wanted.devDependencies[name]);
  expect(Object.keys(report.packages)).toContain("webgpu");

  const { hardware, swiftshader } = report.adapters;
  for (const adapter of [hardware, swiftshader]) {
    if (!adapter.found) expect(adapter.reason).toMatch(/\w/);
    else {
      expect(adapter.name).toMatch(/\w/);
      // what WebGPU promises at least
      expect(adapter.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
      expect(adapter.limits.maxComputeWorkgroupStorageSize).toBeGreaterThanOrEqual(16384);
    }
  }
  expect(report.run.backend).toBe(hardware.found ? "wgsl" : "wasm");
  expect(report.run.why).toMatch(/GPU/);
});

test("the text says the same", async () => {
  const { json } = await lfcJson("doctor");
  const report = json as DoctorReport;
  const { code, out } = await lfc("doctor");
  expect(code).toBe(0);
  expect(out.split("\n")[0]).toBe(`lfc ${version}, node ${process.version}, ${process.platform} ${process.arch}`);
  expect(out).toMatch(new RegExp(`webgpu +${report.packages.webgpu}\n`));
  const { swiftshader } = report.adapters;
  expect(out).toContain(swiftshader.found ? `swiftshader                    ${swiftshader.name}` : swiftshader.reason);
  expect(out.trimEnd().split("\n").at(-1)).toContain(`lfc run uses ${report.run.backend}`);
});
