import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Measured, profileKey, withMeasured } from "../../src/cost/profile.js";
import { roofline } from "../../src/cost/roofline.js";
import { generic, swiftshader } from "../../src/cost/targets.js";
import { adapterProfile, knownProfile } from "../../src/driver/adapterProfile.js";
import { cacheFolder, diskStore } from "../../src/driver/cache.js";
import { type Probed, probe } from "../../src/runtime/probes.js";
import { memoryStore } from "../bench-cli/standIn.js";
import { testDevice } from "../support/dawn.js";

const device = testDevice();

const measured: Measured = {
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

describe("a target with measured rates", () => {
  const target = withMeasured(swiftshader, measured);

  test("has the rates that were measured and the limits that were named", () => {
    expect(target.peak).toEqual({ flops: 9e9, bandwidth: 2e9, exps: 3e8, dispatch: 1e-5, workgroup: 2e-6 });
    for (const limit of [
      "maxInvocations",
      "maxGrid",
      "sharedBytes",
      "maxBuffers",
      "maxBinding",
      "subgroupSize",
    ] as const)
      expect(target[limit]).toBe(swiftshader[limit]);
    expect(target.reuse).toBe(9e9 / 8 / 1.5e8);
    expect(target.registers).toBe(256);
  });

  test("estimates by them", () => {
    const work = { flops: 9e9, bytes: 1e6, dispatches: 0 };
    expect(roofline(work, target)).toEqual({ seconds: 1, bound: "flops" });
    expect(roofline({ ...work, flops: 1, bytes: 2e9 }, target)).toEqual({ seconds: 1, bound: "bytes" });
  });

  test("keeps the invocations of a software adapter about as they are named", () => {
    expect(target.parallel).toBe(4 * (swiftshader.parallel ?? 0));
    expect(withMeasured(generic, measured).parallel).toBe(1024);
  });
});

test("a key tells adapters apart, and only those", () => {
  const identity = {
    vendor: "v",
    architecture: "a",
    device: "d",
    description: "",
    features: ["subgroups", "timestamp-query"],
    limits: { maxBufferSize: 1, maxBindGroups: 4 },
  };
  const key = profileKey(identity);
  expect(profileKey({ ...identity, features: identity.features.toReversed() })).toBe(key);
  expect(profileKey({ ...identity, limits: { maxBindGroups: 4, maxBufferSize: 1 } })).toBe(key);
  for (const other of [
    { vendor: "w" },
    { architecture: "b" },
    { device: "e" },
    { features: ["subgroups"] },
    { limits: { maxBufferSize: 2, maxBindGroups: 4 } },
  ])
    expect(profileKey({ ...identity, ...other })).not.toBe(key);
});

describe("measuring", () => {
  const probed: Probed = { ...measured, steady: true };
  const counting = (result: Probed) => {
    let count = 0;
    const measure = async () => {
      count++;
      return result;
    };
    return { measure, times: () => count };
  };

  test("happens once, and what was kept serves the next start", async () => {
    const store = memoryStore();
    const { measure, times } = counting(probed);
    expect(knownProfile(await device(), store)).toBeUndefined();
    const first = await adapterProfile(await device(), "test", store, { measure });
    expect(first.measured).toEqual(measured);
    expect(await adapterProfile(await device(), "test", store, { measure })).toEqual(first);
    expect(knownProfile(await device(), store)).toEqual(first);
    expect(times()).toBe(1);
    await adapterProfile(await device(), "test", store, { measure, fresh: true });
    expect(times()).toBe(2);
  });

  test("a disturbed measurement serves once and is not kept", async () => {
    const store = memoryStore();
    const { measure, times } = counting({ ...probed, steady: false });
    for (let i = 0; i < 2; i++)
      expect((await adapterProfile(await device(), "test", store, { measure })).steady).toBe(false);
    expect(times()).toBe(2);
    expect(store.kept.size).toBe(0);
  });

  test("a kept file that is nonsense is measured anew", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lfc-profile-"));
    try {
      const { measure, times } = counting(probed);
      await adapterProfile(await device(), "test", diskStore(folder), { measure });
      const [file = ""] = readdirSync(folder);
      for (const text of ["{", "null", '{"profileVersion":1,"measured":{}}']) {
        writeFileSync(join(folder, file), text);
        await adapterProfile(await device(), "test", diskStore(folder), { measure });
      }
      expect(times()).toBe(4);
      await adapterProfile(await device(), "test", diskStore(folder), { measure });
      expect(times()).toBe(4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("the probes of a real device give rates that a machine can have", async () => {
    const found = await probe(await device());
    const { steady: _, ...rates } = found;
    for (const [name, rate] of Object.entries(rates)) {
      expect(Number.isFinite(rate), name).toBe(true);
      expect(rate, name).toBeGreaterThanOrEqual(0);
    }
    expect(found.flops).toBeGreaterThan(1e8);
    expect(found.bandwidth).toBeGreaterThan(1e7);
    expect(found.dispatch).toBeLessThan(0.1);
    expect(found.registers % 8).toBe(0);
  });
});

test("the cache lies where each platform keeps such things", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "linux")).toBe(join("/x", "lfc"));
  expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "win32")).toBe(join("/x", "lfc"));
  expect(cacheFolder({ LOCALAPPDATA: "/local" }, "win32")).toBe(join("/local", "lfc", "Cache"));
  expect(cacheFolder({}, "darwin")).toMatch(/Library.Caches.lfc$/);
  expect(cacheFolder({}, "linux")).toMatch(/\.cache.lfc$/);
});
