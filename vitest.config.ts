import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { graphicsEnvironment } from "./test/support/environment.js";

export default defineConfig(async () => {
  // Inherited by the forked test processes, where a driver is loaded by these when they start.
  Object.assign(process.env, await graphicsEnvironment());
  // What was measured on this machine before must not decide what tests see.
  const cache = mkdtempSync(join(tmpdir(), "lfc-tests-"));
  process.env.XDG_CACHE_HOME = cache;
  process.on("exit", () => rmSync(cache, { recursive: true, force: true }));
  return {
    // a backend package of the examples imports lfc by its name
    resolve: {
      alias: {
        "lfc/backend": `${import.meta.dirname}/src/backend/index.ts`,
        "lfc/conformance": `${import.meta.dirname}/src/conformance/index.ts`,
      },
    },
    test: {
      include: ["test/**/*.test.ts"],
      pool: "forks",
      testTimeout: 60_000,
    },
  };
});
