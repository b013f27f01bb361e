import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listBackends, resolveBackend } from "../../src/driver/backends.js";
import { lower } from "../../src/driver/compile.js";
import { graphOfText, lowerFor, root } from "../support/model.js";

/** Backends that somebody else wrote: found where they should be, believed in nothing. */
let dir = "";
let cli = "";
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "lfc-plugins-"));
  cli = join(root, ".cache", `plugins-test-${process.pid}`);
  await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outdir: cli,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["ts-morph", "webgpu", "@tensorflow/*"],
    banner: {
      js: 'import { createRequire as bannerRequire } from "node:module"; const require = bannerRequire(import.meta.url);',
    },
  });
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  rmSync(cli, { recursive: true, force: true });
});

const file = (path: string, text: string): string => {
  const at = join(dir, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
  return at;
};

const target = `{ name: "t", execution: "simt", dtypes: new Set(["f32"]), subgroups: false, subgroupSize: 1, maxInvocations: 64,
  maxGrid: 65535, sharedBytes: 16384, privateBytes: 4096, maxBuffers: 8, maxBinding: 1 << 27, registers: 64, vectors: true,
  peak: { flops: 1e9, bandwidth: 1e9, exps: 1e8, dispatch: 1e-4, workgroup: 1e-6 } }`;
const plugin = (members: string): string => `const target = ${target};
export default { abi: 1, name: "p", summary: "a test", consumes: "graph", strategies: new Set(),
  parseOptions: () => ({ ok: true, value: {} }), target: () => target,
  emit: (graph) => ({ files: [{ path: "count.txt", text: String(graph.nodes.length) }], meta: {} }), ${members} };
`;

const graph = graphOfText("lf 1\nmodel M(x: f32[4]) -> f32[4] { return x + x }\n");
let count = 0;
const load = (members: string) => resolveBackend(file(`plugin-${count++}.mjs`, plugin(members)), dir);

describe("where a backend is found", () => {
  test("by a path", async () => {
    const backend = await load("");
    expect(backend.ok).toBe(true);
    if (backend.ok)
      expect(lower(graph, backend.value)).toMatchObject({ ok: true, value: { artifact: { files: [{ text: "2" }] } } });
  });

  test("as the package lfc-backend-NAME, by its exports", async () => {
    file(
      "pkg/node_modules/lfc-backend-glsl/package.json",
      JSON.stringify({ name: "lfc-backend-glsl", type: "module", exports: "./main.js" }),
    );
    file("pkg/node_modules/lfc-backend-glsl/main.js", plugin(""));
    file("pkg/package.json", JSON.stringify({ devDependencies: { "lfc-backend-glsl": "1.0.0", left: "1.0.0" } }));
    expect(await resolveBackend("glsl", join(dir, "pkg"))).toMatchObject({ ok: true });
    const { found } = await listBackends(join(dir, "pkg"));
    expect(found.map((f) => [f.name, f.origin.kind])).toEqual([
      ["wgsl", "built-in"],
      ["wasm", "built-in"],
      ["tfjs", "built-in"],
      ["js", "built-in"],
      ["glsl", "package"],
    ]);
  });

  test("by lfc.config.js, which comes before packages", async () => {
    file("conf/package.json", `{ "type": "module" }`);
    file("conf/lfc.config.js", `export default { backends: { mine: "./mine.js" } };`);
    file("conf/mine.js", plugin(""));
    expect(await resolveBackend("mine", join(dir, "conf"))).toMatchObject({ ok: true });
    expect((await listBackends(join(dir, "conf"))).found.at(-1)).toMatchObject({
      name: "mine",
      origin: { kind: "config" },
    });
  });

  test("nowhere: what there is, and the nearest name", async () => {
    expect(await resolveBackend("wsgl", dir)).toMatchObject({
      ok: false,
      error: { code: "LF0403", help: expect.stringMatching("wgsl") },
    });
  });

  test("a configuration that is no configuration", async () => {
    file("bad/package.json", `{ "type": "module" }`);
    file("bad/lfc.config.js", `export default { backends: { mine: 5 } };`);
    expect(await resolveBackend("mine", join(dir, "bad"))).toMatchObject({ ok: false, error: { code: "LF0457" } });
  });
});

describe("what a wrong backend gives is one diagnostic that names it", () => {
  test.each([
    ["another abi", "abi: 2", "LF0453"],
    ["no emit", "emit: undefined", "LF0454"],
    ["no strategies", "strategies: []", "LF0454"],
    ["something to consume", "consumes: 'tea'", "LF0454"],
    ["passes that are none", "legalize: [1]", "LF0454"],
  ])("%s", async (_, members, code) => {
    expect(await load(members)).toMatchObject({
      ok: false,
      error: { code, message: expect.stringContaining("plugin-") },
    });
  });

  test("a module that throws", async () => {
    const path = file("throws.mjs", "throw new Error('on loading');");
    expect(await resolveBackend(path, dir)).toMatchObject({
      ok: false,
      error: { code: "LF0452", message: expect.stringContaining("on loading") },
    });
  });

  test.each([
    ["throws in emit", "emit() { throw new Error('boom'); }", "LF0455", "boom"],
    ["throws in target", "target() { throw 7; }", "LF0455", "7"],
    [
      "throws in a pass",
      "legalize: [{ name: 'own', summary: '', run() { throw new Error('pass') } }]",
      "LF0455",
      "pass own",
    ],
    ["has no files", "emit: () => ({})", "LF0454", "result of emit"],
    [
      "writes outside of its folder",
      "emit: () => ({ files: [{ path: '../x', text: '' }], meta: {} })",
      "LF0454",
      "../x",
    ],
    ["writes to an absolute path", "emit: () => ({ files: [{ path: '/x', text: '' }], meta: {} })", "LF0454", "/x"],
    ["writes to a drive", "emit: () => ({ files: [{ path: 'C:x', text: '' }], meta: {} })", "LF0454", "C:x"],
    ["writes numbers", "emit: () => ({ files: [{ path: 'x', text: 5 }], meta: {} })", "LF0454", "text or bytes"],
    ["has a target without peaks", "target: () => ({ ...target, peak: {} })", "LF0454", "peak"],
  ])("one that %s", async (_, members, code, words) => {
    const backend = await load(members);
    if (!backend.ok) throw new Error(backend.error.message);
    expect(lower(graph, backend.value)).toMatchObject({
      ok: false,
      error: [{ code, message: expect.stringContaining(words) }],
    });
  });
});

describe("on the command line", () => {
  const model = (): string => file("m.lf", "lf 1\nmodel M(x: f32[4]) -> f32[4] { return x + x }\n");
  const run = (path: string) =>
    spawnSync(
      process.execPath,
      [join(cli, "main.js"), "compile", model(), "--backend", path, "-o", join(dir, "written")],
      {
        encoding: "utf8",
        cwd: dir,
        env: { ...process.env, LFC_PLUGIN_SECONDS: "1", NO_COLOR: "1" },
      },
    );

  test("a foreign backend writes its files", () => {
    const ran = run(file("good.mjs", plugin("")));
    expect(`${ran.stderr}${ran.status}`).toBe("0");
    expect(existsSync(join(dir, "written", "count.txt"))).toBe(true);
    rmSync(join(dir, "written"), { recursive: true });
  });

  test.each([
    ["never returns", plugin("emit() { for (;;); }")],
    ["never loads", "await new Promise(() => setInterval(() => {}, 1000)); export default {};"],
  ])("one that %s is stopped, and nothing is written", (name, text) => {
    const ran = run(file(`hangs ${name}.mjs`, text));
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/LF0456.*hangs/);
    expect(existsSync(join(dir, "written"))).toBe(false);
  });
});

test("a built-in backend needs no guard", async () => {
  expect((await lowerFor(graph, "js")).artifact.files.length).toBeGreaterThan(0);
});
