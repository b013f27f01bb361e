import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { version } from "../../src/cli/version.js";
import { root } from "../support/model.js";

/** What users get: the package as npm packs it, unpacked where another project would have it. */
interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const run = promisify(execFile);

let dir = "";
let project = "";
let files: readonly string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "lfc-package-"));
  project = join(dir, "project");
  const source = join(dir, "source");
  mkdirSync(source);
  // in a folder of its own, so that a build that somebody uses is left alone
  await run(process.execPath, [
    "--input-type=module",
    "-e",
    `const { build } = await import(${JSON.stringify(join(root, "scripts/build.mjs"))}); await build(${JSON.stringify(join(source, "dist"))});`,
  ]);
  for (const name of ["package.json", "README.md", "LICENSE"]) cpSync(join(root, name), join(source, name));
  // what must stay at home
  for (const folder of ["src", "test"]) {
    mkdirSync(join(source, folder));
    writeFileSync(join(source, folder, "private.ts"), "export {};\n");
  }
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json"], { cwd: source });
  const [packed] = JSON.parse(stdout) as readonly { filename: string; files: readonly { path: string }[] }[];
  files = packed?.files.map((f) => f.path) ?? [];

  const modules = join(project, "node_modules");
  mkdirSync(modules, { recursive: true });
  await run("tar", ["-xzf", join(source, packed?.filename ?? ""), "-C", modules]);
  cpSync(join(modules, "package"), join(modules, "lfc"), { recursive: true });
  rmSync(join(modules, "package"), { recursive: true });
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
  }
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a module in the project and gives what it prints. */
async function runModule(text: string): Promise<string> {
  writeFileSync(join(project, "main.mjs"), text);
  return (await run(process.execPath, ["main.mjs"], { cwd: project })).stdout;
}

test("it holds dist, README and LICENSE, and nothing else", () => {
  const other = files.filter((f) => !f.startsWith("dist/"));
  expect(other.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
  expect(files).toContain("dist/cli.js");
  expect(files.filter((f) => f.startsWith("dist/std/")).length).toBeGreaterThan(3);
  expect(files.filter((f) => /\.(test|spec)\.|\.map$|(?<!\.d)\.ts$/.test(f))).toEqual([]);
});

test("every entry point imports, with its types beside it", async () => {
  const entries = Object.entries(manifest.exports).filter(([name]) => name !== "./package.json");
  expect(entries.map(([name]) => name)).toEqual(
    expect.arrayContaining([".", "./ir", "./backend", "./runtime", "./conformance"]),
  );
  const names = entries.map(([name]) => name.replace(/^\./, "lfc"));
  const out = await runModule(
    `const names = ${JSON.stringify(names)};\nfor (const name of names) console.log(name, Object.keys(await import(name)).length);\n`,
  );
  const counts = new Map(
    out
      .trim()
      .split("\n")
      .map((line): [string, number] => {
        const [name = "", count] = line.split(" ");
        return [name, Number(count)];
      }),
  );
  for (const name of names) expect(counts.get(name), name).toBeGreaterThan(0);
  for (const [name, entry] of entries)
    expect(files, name).toContain((entry as { types: string }).types.replace(/^\.\//, ""));
});

test("the command line says its version", async () => {
  const { stdout } = await run(process.execPath, [join(project, "node_modules/lfc/dist/cli.js"), "--version"], {
    cwd: project,
  });
  expect(stdout.trim()).toBe(version);
});

test("it finds its standard library and its backends", async () => {
  const out = await runModule(`
import { compileText } from "lfc";
const text = 'lf 1\\nimport "std/norm.lf"\\ndim N = 8\\nmodel M(x: f32[N], g: f32[N], b: f32[N]) -> f32[N] { layer_norm(x, g, b) }\\n';
for (const backend of ["wgsl", "wasm", "tfjs", "js"]) {
  const { files } = await compileText(text, { backend });
  console.log(backend, files.length > 0);
}
`);
  expect(out).toBe("wgsl true\nwasm true\ntfjs true\njs true\n");
});

test.each(["build-a-graph", "custom-pass"])("the example %s runs with it", async (example) => {
  const out = await runModule(readFileSync(join(root, "examples", example, "main.mjs"), "utf8"));
  expect(out).toContain(example === "build-a-graph" ? "model LinformerHead(" : "gelu_tanh(");
});
