import { build } from "esbuild";
import { expect, test } from "vitest";
import { root } from "../support/environment.js";

test("the runtime is less than 20 kB, and nothing of the compiler is in it", async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["src/runtime/webgpu.ts"],
    bundle: true,
    format: "esm",
    target: "node20",
    platform: "neutral",
    minifySyntax: true,
    metafile: true,
    write: false,
  });
  const sources = Object.keys(metafile.inputs);
  expect(sources.length).toBeGreaterThan(3);
  expect(sources.filter((path) => !path.startsWith("src/runtime/"))).toEqual([]);
  expect(outputFiles[0]?.contents.length).toBeLessThan(20_000);
});
