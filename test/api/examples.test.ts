import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../support/model.js";

/** The examples as they stand, with the sources in the place of the built package. */
let dir = "";
beforeAll(async () => {
  // inside of the repository, so that what is external is found
  await mkdir(join(root, ".cache"), { recursive: true });
  dir = await mkdtemp(join(root, ".cache", "examples-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function run(example: string): Promise<string> {
  const outfile = join(dir, `${example}.mjs`);
  await build({
    entryPoints: [join(root, "examples", example, "main.mjs")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    alias: { lfc: join(root, "src/api/index.ts"), "lfc/ir": join(root, "src/api/ir.ts") },
    external: ["ts-morph", "webgpu", "@tensorflow/*"],
  });
  return (await promisify(execFile)(process.execPath, [outfile], { cwd: dir })).stdout;
}

test("build-a-graph runs, near the reference", async () => {
  const out = await run("build-a-graph");
  expect(out).toContain("model LinformerHead(x: f32[Seq, Model], e: f32[Proj, Seq]) -> f32[Seq, Head] {");
  const apart = /output \[20, 16\], at most (\S+) from/.exec(out)?.[1];
  expect(Number(apart)).toBeLessThan(1e-6);
  expect(out.match(/\.wgsl: \d{3,} characters/g)?.length).toBeGreaterThan(1);
});

test("custom-pass changes the graph that is compiled", async () => {
  const out = await run("custom-pass");
  expect(out).toContain("gelu_tanh(");
  expect(out).not.toMatch(/gelu\(/);
  expect(out).toContain("cheapGelu: a gelu of rank 2 is approximated");
});
