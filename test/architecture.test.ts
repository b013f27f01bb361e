import { dirname, join, relative, resolve } from "node:path";
import { Project } from "ts-morph";
import { expect, test } from "vitest";

/**
 * Who may import whom. A folder sees itself and what is listed; `types` are folders of which it may take types only.
 * A folder that is not listed is an error: whoever adds one says where it stands.
 */
interface Layer {
  readonly sees: readonly string[];
  readonly types?: readonly string[];
}
const core = ["src/util", "src/diagnostics", "src/ir"];
const layers: Readonly<Record<string, Layer>> = {
  "src/util": { sees: [] },
  // messages speak of syntax, the kernel verifier asks what a target offers
  "src/diagnostics": { sees: ["src/util"], types: ["grammar"] },
  "src/ir": { sees: ["src/util", "src/diagnostics"], types: ["src/cost"] },
  "src/formats": { sees: core },
  grammar: { sees: core },
  "src/cost": { sees: core },
  // its public entry offers what the runtime knows of inputs and sizes
  "src/backend": { sees: [...core, "src/cost", "src/runtime"] },
  "src/check": { sees: [...core, "grammar"] },
  passes: { sees: [...core, "src/cost", "src/backend"] },
  "src/runtime": { sees: ["src/util"], types: ["src/ir"] },
  "backends/wgsl": { sees: [...core, "src/cost", "src/backend", "passes", "src/runtime"] },
  "backends/wasm": { sees: [...core, "src/cost", "src/backend", "passes", "src/runtime"] },
  "backends/js": { sees: [...core, "src/cost", "src/backend", "passes", "src/runtime"] },
  "backends/tfjs": { sees: [...core, "src/cost", "src/backend", "passes", "src/runtime"] },
  "src/driver": {
    sees: [
      ...core,
      "src/formats",
      "grammar",
      "src/cost",
      "src/backend",
      "src/check",
      "passes",
      "src/runtime",
      "backends/wgsl",
      "backends/wasm",
      "backends/js",
      "backends/tfjs",
    ],
  },
  // measures what the driver makes
  "src/bench": { sees: [...core, "src/cost", "src/backend", "passes", "src/runtime", "src/driver"] },
  // describes what the checker knows, prints what two backends wrote
  "src/codegen": {
    sees: [...core, "src/backend", "src/runtime", "backends/wgsl", "backends/wasm", "backends/tfjs"],
    types: ["grammar", "src/check", "src/driver"],
  },
  // the compiler as functions, and models made by them
  "src/api": { sees: [...core, "grammar", "src/cost", "passes", "src/backend", "src/driver"] },
  "src/cli": {
    sees: [
      ...core,
      "src/formats",
      "grammar",
      "src/cost",
      "passes",
      "src/backend",
      "src/runtime",
      "src/driver",
      "src/codegen",
      "src/bench",
    ],
  },
  "src/conformance": { sees: [...core, "src/backend", "src/driver"] },
};

const root = resolve(import.meta.dirname, "..");
const project = new Project({ skipAddingFilesFromTsConfig: true, compilerOptions: { allowJs: false } });
project.addSourceFilesAtPaths(["src", "grammar", "passes", "backends"].map((f) => join(root, f, "**/*.ts")));

const names = Object.keys(layers).sort((a, b) => b.length - a.length);
const layerOf = (path: string): string | undefined => names.find((n) => path.startsWith(`${n}/`));

/** Every relative import: from which file to which, and whether types alone are taken. */
function* imports(): Generator<{ readonly from: string; readonly to: string; readonly typeOnly: boolean }> {
  for (const file of project.getSourceFiles()) {
    const from = relative(root, file.getFilePath());
    const add = (specifier: string, typeOnly: boolean) => ({
      from,
      to: relative(root, join(root, dirname(from), specifier)).replace(/\.js$/, ".ts"),
      typeOnly,
    });
    for (const d of file.getImportDeclarations()) {
      const specifier = d.getModuleSpecifierValue();
      const typeOnly =
        d.isTypeOnly() || (d.getNamedImports().length > 0 && d.getNamedImports().every((n) => n.isTypeOnly()));
      if (specifier.startsWith(".")) yield add(specifier, typeOnly);
    }
    for (const d of file.getExportDeclarations()) {
      const specifier = d.getModuleSpecifierValue();
      if (specifier?.startsWith(".")) yield add(specifier, d.isTypeOnly());
    }
    for (const m of file.getFullText().matchAll(/import\("(\.[^"]+)"\)/g))
      if (m[1] !== undefined) yield add(m[1], false);
  }
}

test("every source file stands in a layer", () => {
  expect(project.getSourceFiles().length).toBeGreaterThan(100);
  const outside = project
    .getSourceFiles()
    .map((f) => relative(root, f.getFilePath()))
    .filter((f) => layerOf(f) === undefined);
  expect(outside).toEqual([]);
});

test("imports run one way", () => {
  const wrong: string[] = [];
  for (const { from, to, typeOnly } of imports()) {
    const layer = layerOf(from);
    const target = layerOf(to);
    if (layer === undefined || layer === target) continue;
    const { sees = [], types = [] } = layers[layer] ?? {};
    const allowed = target !== undefined && (sees.includes(target) || (typeOnly && types.includes(target)));
    if (!allowed) wrong.push(`${from} imports ${to}`);
  }
  expect(wrong).toEqual([]);
});

test("backends reach passes only through passes/graph and passes/kernel", () => {
  const wrong = [...imports()].filter(
    ({ from, to }) =>
      from.startsWith("backends/") &&
      to.startsWith("passes/") &&
      !/^passes\/(graph|kernel)\//.test(to) &&
      !/^passes\/(pass|rewrite)\.ts$/.test(to),
  );
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});
