import { build } from "esbuild";
import { expect, test } from "vitest";
import { root } from "../support/model.js";

test("TypeScript is loaded only when a module is printed", async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    splitting: true,
    outdir: "out",
    metafile: true,
    write: false,
  });
  const outputs = metafile.outputs;
  const reach = (from: string, seen: Set<string>): Set<string> => {
    if (seen.has(from)) return seen;
    seen.add(from);
    for (const i of outputs[from]?.imports ?? []) if (i.kind === "import-statement" && !i.external) reach(i.path, seen);
    return seen;
  };
  const needs = (name: string): boolean => outputs[name]?.imports.some((i) => i.path === "ts-morph") ?? false;
  const entries = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint !== undefined);
  const withTypeScript = entries.filter((entry) => [...reach(entry, new Set())].some(needs));
  expect(entries.length).toBeGreaterThan(5);
  expect(withTypeScript.map((name) => outputs[name]?.entryPoint)).toEqual(["src/codegen/module.ts"]);
});
