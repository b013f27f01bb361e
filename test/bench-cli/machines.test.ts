import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DoctorReport } from "../../src/cli/commands/doctor.js";
import { optionsOn } from "../../src/cli/machines.js";
import type { Plan } from "../../src/cost/plan.js";
import { gpuTargets } from "../../src/cost/targets.js";
import { adapterProfile } from "../../src/driver/adapterProfile.js";
import { diskStore } from "../../src/driver/cache.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import { lfc, lfcJson } from "../support/cli.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, lowerFor } from "../support/model.js";

let dir = "";
let cache: string | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lfc-machines-"));
  cache = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(dir, "cache");
});
afterEach(() => {
  process.env.XDG_CACHE_HOME = cache;
  rmSync(dir, { recursive: true, force: true });
});

const text = `lf 1
model Gemm(x: f32[16, 8]) -> f32[16, 8] {
  param w: f32[8, 8]
  let y[n, m] = sum[k] x[n, k] * w[k, m]
  return y
}
`;
const model = (): string => {
  const path = join(dir, "gemm.lf");
  writeFileSync(path, text);
  return path;
};

describe("--tune", () => {
  test("of a compilation writes the plan that it found, and the plan gives the same code", async () => {
    const [file, out, again] = [model(), join(dir, "out"), join(dir, "again")];
    expect((await lfc("compile", file, "--backend", "js", "--tune", "-o", out)).code).toBe(0);
    const plan = JSON.parse(readFileSync(join(out, "plan.json"), "utf8")) as Plan;
    expect(plan.model).toBe("Gemm");
    expect(Object.keys(plan.tiles)).toHaveLength(1);
    expect((await lfc("compile", file, "--backend", "js", "--plan", join(out, "plan.json"), "-o", again)).code).toBe(0);
    expect(readFileSync(join(again, "Gemm.js"), "utf8")).toBe(readFileSync(join(out, "Gemm.js"), "utf8"));
  });

  test("of a run says what it found and computes the same", async () => {
    const args = ["run", model(), "--backend", "js", "--input", "x=random"];
    const plain = await lfc(...args);
    const tuned = await lfc(...args, "--tune");
    expect(tuned.code).toBe(0);
    expect(tuned.out).toMatch(/^tuned: one kernel, 0 known from before/);
    expect(tuned.out.split("\n").slice(3)).toEqual(plain.out.split("\n").slice(2));
  });
});

describe("--target", () => {
  test.each(Object.keys(gpuTargets))("%s compiles to a program within WebGPU's default limits", async (name) => {
    const lowered = await lowerFor(graphOfText(text), "wgsl", { backendOptions: { profile: name } });
    expect(lowered.target.name).toBe(name);
    const { program, target } = lowered;
    expect(program && verifyProgram(program, target, ["legalize"])).toEqual([]);
    for (const kernel of program?.kernels ?? []) {
      expect(kernel.local.reduce((a, b) => a * b, 1)).toBeLessThanOrEqual(256);
      expect(kernel.buffers.filter((b) => b.space === "global").length).toBeLessThanOrEqual(8);
    }
  });

  test("one that there is not is refused with those that there are", async () => {
    const { code, err } = await lfc("compile", model(), "--target", "martian", "-o", join(dir, "out"));
    expect(code).toBe(1);
    expect(err).toContain("generic, swiftshader, apple, nvidia, intel, mobile");
  });
});

describe("what an adapter was measured to do", () => {
  const device = testDevice();
  const measured = {
    flops: 4e10,
    tileFlops: 9e9,
    bandwidth: 2e9,
    exps: 3e8,
    dispatch: 1e-5,
    workgroup: 2e-6,
    loads: 1.5e8,
    registers: 256,
    parallel: 1024,
  };

  test("is what a run is compiled for, once something has measured it", async () => {
    const adapter = { device: await device(), name: "test", software: true, close() {} };
    const choice = { name: "wgsl", options: {}, why: "", adapter };
    expect(optionsOn(choice)).toEqual({ backendOptions: { profile: "swiftshader" } });
    await adapterProfile(adapter.device, "test", diskStore(), { measure: async () => ({ ...measured, steady: true }) });
    expect(optionsOn(choice)).toEqual({ backendOptions: { profile: "swiftshader" }, measured });
    expect(optionsOn({ name: "js", options: {}, why: "" })).toEqual({ backendOptions: {} });
  });

  test("is shown by lfc doctor, and measured by it on request", async () => {
    const { adapters } = (await lfcJson("doctor")).json as DoctorReport;
    const found = adapters.hardware.found ? adapters.hardware : adapters.swiftshader;
    expect(found.found && found.profile).toBeNull();
    const { code, out } = await lfc("doctor", "--measure");
    expect(code).toBe(0);
    expect(out).toMatch(/measured: [\d.]+ [GM]flop\/s \(.* in tiles\), .* a dispatch, .* a workgroup, \d+ registers/);
  });
});
