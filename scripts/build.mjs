// `npm run build`: dist/cli.js and the library's entry points, bundled by esbuild; their types by tsc.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inlineRuntime, runtimeKinds } from "./inlineRuntime.mjs";
import { ensureInstalled, root, runTool } from "./shared.mjs";

/** Output name → source. Each library entry has its line in `exports` of package.json too. */
const libraries = {
  runtime: "src/runtime/webgpu.ts",
  "runtime-tfjs": "src/runtime/tfjs.ts",
  "runtime-wasm": "src/runtime/wasm.ts",
  backend: "src/backend/index.ts",
};

/** Loaded from node_modules when they are needed: large (ts-morph) or optional (the rest). */
const external = ["ts-morph", "webgpu", "@tensorflow/*"];

/** Builds into `dist`, an absolute path; nothing else is left in that folder. */
export async function build(dist = join(root, "dist")) {
  await ensureInstalled();
  const esbuild = await import("esbuild");
  rmSync(dist, { recursive: true, force: true });
  const common = {
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    format: "esm",
    target: "node20",
    legalComments: "none",
    logLevel: "warning",
  };
  const [types] = await Promise.all([
    runTool("typescript/bin/tsc", ["-p", "tsconfig.build.json", "--outDir", join(dist, "types")]),
    // Splitting: `lfc --version` loads a few lines, each command what it needs, and the entries share the compiler.
    esbuild.build({
      ...common,
      entryPoints: {
        cli: "src/cli/main.ts",
        index: "src/api/index.ts",
        ir: "src/api/ir.ts",
        conformance: "src/conformance/index.ts",
      },
      platform: "node",
      splitting: true,
      chunkNames: "cli/[name]-[hash]",
      external,
      // commander is CommonJS and asks for Node's modules by `require`.
      banner: {
        js: 'import { createRequire as bannerRequire } from "node:module"; const require = bannerRequire(import.meta.url);',
      },
      minifySyntax: true,
      minifyWhitespace: true,
    }),
    esbuild.build({
      ...common,
      entryPoints: libraries,
      platform: "neutral",
      minifySyntax: true,
      minifyWhitespace: true,
    }),
    // What generated modules carry with them.
    ...runtimeKinds.map(async (kind) => {
      const text = await inlineRuntime(kind);
      mkdirSync(dist, { recursive: true });
      writeFileSync(join(dist, `runtime.${kind}.txt`), text);
    }),
  ]);
  const std = join(root, "src", "std");
  if (existsSync(std)) cpSync(std, join(dist, "std"), { recursive: true, filter: (f) => !/\.ts$/.test(f) });
  cpSync(join(root, "src", "conformance", "cases"), join(dist, "conformance", "cases"), { recursive: true });
  if (types !== 0) throw new Error("tsc could not write the types");
}

if (process.argv[1] === join(root, "scripts", "build.mjs")) {
  // esbuild and tsc have said what is wrong.
  await build().catch((error) => {
    console.error(error.message.split("\n")[0]);
    process.exitCode = 1;
  });
}
