import { build } from "esbuild";
import { expect, test } from "vitest";
import { root } from "../support/environment.js";

test.each(["webgpu", "tfjs"])(
  "the runtime %s is less than 20 kB, and nothing of the compiler is in it",
  async (name) => {
    const { metafile, outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [`src/runtime/${name}.ts`],
      bundle: true,
      format: "esm",
      target: "node20",
      platform: "neutral",
      minifySyntax: true,
      minifyWhitespace: true,
      metafile: true,
      write: false,
    });
    const sources = Object.keys(metafile.inputs);
    expect(sources.length).toBeGreaterThan(3);
    expect(sources.filter((path) => !path.startsWith("src/runtime/"))).toEqual([]);
    expect(outputFiles[0]?.contents.length).toBeLessThan(20_000);
  },
);
