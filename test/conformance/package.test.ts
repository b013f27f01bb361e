import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { conformanceCases } from "../../src/conformance/index.js";
import { root } from "../support/model.js";

/** `lfc/conformance` and `lfc/backend` as they lie in an installed package: bundles, with the cases beside them. */
const project = join(root, ".cache", `conformance-package-${process.pid}`);
afterAll(() => rmSync(project, { recursive: true, force: true }));

test("a project that has lfc installed runs the suite on a backend of its own", async () => {
  const lfc = join(project, "node_modules/lfc");
  await build({
    absWorkingDir: root,
    entryPoints: { conformance: "src/conformance/index.ts", backend: "src/backend/index.ts" },
    outdir: lfc,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  cpSync(join(root, "src/conformance/cases"), join(lfc, "conformance/cases"), { recursive: true });
  cpSync(join(root, "src/std"), join(lfc, "std"), { recursive: true });
  const exports = { "./conformance": "./conformance.js", "./backend": "./backend.js" };
  writeFileSync(join(lfc, "package.json"), JSON.stringify({ name: "lfc", type: "module", exports }));
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, "run.mjs"),
    `import { runConformance, formatReport } from "lfc/conformance";
import { defineBackend, ok, targets, walkStmts } from "lfc/backend";
const backend = defineBackend({
  abi: 1, name: "count", summary: "counts statements", consumes: "kernel", strategies: new Set(),
  parseOptions: () => ok({}),
  target: () => targets.generic,
  emit(program) {
    let count = 0;
    for (const k of program.kernels) walkStmts(k.body, () => count++);
    return { files: [{ path: "count.txt", text: String(count) }], meta: {} };
  },
});
const report = await runConformance(backend, { only: ["blocks/*", "f16/map"] });
console.log(JSON.stringify(report), formatReport(report));
`,
  );
  const text = execFileSync(process.execPath, [join(project, "run.mjs")], { encoding: "utf8" });
  const blocks = conformanceCases().filter((c) => c.area === "blocks").length;
  expect(text).toMatch(new RegExp(`count: ${blocks} emit, 1 left out in [\\d.]+ s`));
  expect(text).toContain('"passed":true');
});
