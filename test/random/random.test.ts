import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { testDevice } from "../support/dawn.js";
import { programOf } from "./fuzz.js";
import type { Generated } from "./generate.js";
import { runProgram } from "./run.js";

/**
 * Random well-typed programs on every machine (`run.ts` says what is held of each). A failure here is the same with
 * `npm run fuzz -- --only SEED`, which also makes the program small.
 */
const first = 20_250_101;
const programs = 100;
const batch = 10;
const device = testDevice();

describe("random programs agree on every machine", () => {
  const totals = { elements: 0, undecided: 0 };
  const batches = Array.from({ length: programs / batch }, (_, i) => first + i * batch);

  test.each(batches)(`${batch} programs from seed %d`, async (seed) => {
    const findings: string[] = [];
    for (let s = seed; s < seed + batch; s++) {
      const outcome = await runProgram(programOf(s), { device: await device() });
      totals.elements += outcome.elements;
      totals.undecided += outcome.undecided;
      if (outcome.finding !== undefined)
        findings.push(`seed ${s}: ${outcome.finding.kind}\n${outcome.finding.message.slice(0, 2000)}`);
    }
    expect(findings.join("\n\n")).toBe("");
  });

  test("fewer than one element in a hundred hangs on a decision within its error", () => {
    expect(totals.elements).toBeGreaterThan(1000);
    expect(totals.undecided / totals.elements).toBeLessThan(0.01);
  });
});

test("the same seed gives the same program, another seed another", () => {
  expect(programOf(5)).toEqual(programOf(5));
  expect(programOf(5).text).not.toBe(programOf(6).text);
});

const folder = join(import.meta.dirname, "regressions");

/** Programs that once failed, made small. A first line `// sizes Name=3 …` gives run-time sizes. */
describe("programs that failed once", () => {
  test.each(readdirSync(folder).filter((f) => f.endsWith(".lf")))("%s", async (file) => {
    const program = stored(basename(file, ".lf"), readFileSync(join(folder, file), "utf8"));
    // every turn of the machines that alternate
    for (let seed = 60; seed < 66; seed++) {
      const { finding, elements } = await runProgram({ ...program, seed }, { device: await device() });
      expect(finding === undefined ? "" : `${finding.kind}\n${finding.message.slice(0, 3000)}`).toBe("");
      expect(elements).toBeGreaterThan(0);
    }
  });
});

function stored(name: string, text: string): Generated {
  const sizes = [...text.matchAll(/^\/\/ sizes (.*)$/gm)].map(([, list = ""]) =>
    Object.fromEntries(list.split(" ").map((pair) => [pair.split("=")[0] ?? name, Number(pair.split("=")[1])])),
  );
  return { seed: 1, text, dims: {}, sizes: sizes.length > 0 ? sizes : [{}] };
}
