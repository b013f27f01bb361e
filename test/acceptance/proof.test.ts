import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { modelOf } from "../../backends/wgsl/index.js";
import { graphPipeline, programPipeline } from "../../passes/pipelines.js";
import { conformanceCases } from "../../src/conformance/index.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { graphOf } from "../../src/driver/compile.js";
import { readNpy } from "../../src/formats/npy.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { isRuntimeError, load } from "../../src/runtime/webgpu.js";
import { fuzz, programOf } from "../random/fuzz.js";
import type { Generated } from "../random/generate.js";
import { type Outcome, runProgram } from "../random/run.js";
import { lfc, lfcJson } from "../support/cli.js";
import { openTestDevice } from "../support/dawn.js";
import { graphOfFile, lowerFor, randomRun, root } from "../support/model.js";

const dir = mkdtempSync(join(tmpdir(), "lfc-proof-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Proof and packaging. */
describe("proof and packaging", () => {
  test("1 random programs: the same for a seed, every machine agrees, a fault is found and made small", async () => {
    // a planted fault: every program with a softmax; all others are held to the real property
    const planted = async (program: Generated): Promise<Outcome> => {
      const made = graphOf({ path: "random.lf", text: program.text }, { dims: new Map(Object.entries(program.dims)) });
      const nothing = { finding: undefined, elements: 0, undecided: 0, kernels: 0 };
      if (made.ok && made.value.nodes.some((n) => n.op === "softmax"))
        return { ...nothing, finding: { kind: "softmax", message: "planted" } };
      const whole = program.text === programOf(program.seed).text;
      return whole ? runProgram(program, { only: (machine) => machine === "js checked" }) : nothing;
    };
    let said = "";
    const write = (text: string): void => {
      said += text;
    };
    expect(programOf(9)).toEqual(programOf(9));
    expect(await fuzz({ programs: 3, seed: 28, tries: 1000, property: planted, write })).toBe(1);
    expect(said).toMatch(/^1 × softmax$/m);
    const [, small = ""] = /^shrunk to:\n([\s\S]*?)\ndims/m.exec(said) ?? [];
    expect(small).toMatch(/softmax/);
    expect(small.trim().split("\n").length).toBeLessThanOrEqual(8);
    // npm test runs 100 of them and what failed once (test/random); npm run fuzz runs more
    expect(readdirSync(join(root, "test/random/regressions")).length).toBeGreaterThanOrEqual(12);
  });

  test("2 filetests for every pass, first case nothing to do, blessable", () => {
    for (const pass of new Set([...graphPipeline, ...programPipeline].map((p) => p.name))) {
      const folder = join(root, "test/filetests", pass);
      expect(existsSync(folder), pass).toBe(true);
      expect(readdirSync(folder).length, pass).toBeGreaterThanOrEqual(4);
    }
  });

  test("3 conformance suite of about 150 cases, run for every built-in backend; table in docs/backends.md", () => {
    expect(conformanceCases().length).toBeGreaterThanOrEqual(150);
    const docs = readFileSync(join(root, "docs/backends.md"), "utf8");
    for (const backend of ["wgsl", "wasm", "tfjs", "js"]) expect(docs).toMatch(new RegExp(`\\b${backend}\\b`));
  });

  test("4 plugins are found, guarded and listed; the ONNX backend compiles from its folder", async () => {
    expect(await resolveBackend(join(root, "examples/lfc-backend-onnx"))).toMatchObject({ ok: true });
    const out = join(dir, "onnx");
    const onnx = join(root, "examples/lfc-backend-onnx");
    expect((await lfc("compile", join(root, "examples/first.lf"), "--backend", onnx, "-o", out)).code).toBe(0);
    expect(readdirSync(out).some((f) => f.endsWith(".onnx"))).toBe(true);
    expect((await lfc("backends")).out).toMatch(/^wgsl +kernel +yes/m);
  });

  test("5 typed module by default, WGSL and JavaScript of an attention block within 8 kB gzipped each", async () => {
    const out = join(dir, "module");
    const { code, json } = await lfcJson("compile", join(root, "examples/linformer_head.lf"), "-o", out);
    expect(code).toBe(0);
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining(["LinformerHead.js", "LinformerHead.d.ts", "program.json"]),
    );
    const { sizes } = json as { readonly sizes: { readonly javascript: number; readonly wgsl: number } };
    expect(sizes.javascript).toBeLessThanOrEqual(8000);
    expect(sizes.wgsl).toBeLessThanOrEqual(8000);
    expect(existsSync(join(root, "examples/browser/index.html"))).toBe(true);
  });

  test("6 faults: one typed error each, what waits settles, re-load works; lfc doctor", async () => {
    // on a device of its own, with what the compiler makes; each fault by itself is in test/runtime/faults.test.ts
    const { device, close } = await openTestDevice();
    const graph = graphOfFile("examples/first.lf");
    const { inputs, params } = randomRun(graph);
    const made = modelOf((await lowerFor(graph, "wgsl")).artifact);
    const code = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => "none",
        (error: unknown) => (isRuntimeError(error) ? error.code : error),
      );
    const wide = modelOf(
      (await lowerFor(graphOfFile("examples/first.lf", { dims: new Map([["Seq", 2 ** 25]]) }), "wgsl")).artifact,
    );
    expect(await code(load(device, wide, params))).toBe("limit");
    const features = { ...made, program: { ...made.program, features: ["texture-compression-astc"] } };
    expect(await code(load(device, features as typeof made, params))).toBe("feature");
    const first = await load(device, made, params);
    const { y } = await first.run(inputs);
    first.dispose();
    expect(await code(first.run(inputs))).toBe("disposed");
    const again = await load(device, made, params);
    expect((await again.run(inputs)).y).toEqual(y);
    const waiting = [1, 2, 3].map(() => code(again.run(inputs)));
    close();
    for (const ended of await Promise.all(waiting)) expect(["none", "device-lost"]).toContain(ended);
    expect(await code(again.run(inputs))).toBe("device-lost");
    expect(await code(load(device, made, params))).toBe("device-lost");
    again.dispose();
    const doctor = await lfc("doctor");
    expect(doctor.code).toBe(0);
    expect(doctor.out).toMatch(/lfc run uses \w+/);
  });
  test("7 programmatic API: entry points, examples, every export documented", async () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const entries = [".", "./ir", "./backend", "./runtime", "./runtime/tfjs", "./runtime/wasm", "./conformance"];
    expect(Object.keys(exports)).toEqual(expect.arrayContaining(entries));
    // test/package runs them
    for (const example of ["build-a-graph", "custom-pass"])
      expect(existsSync(join(root, "examples", example, "main.mjs")), example).toBe(true);
    // what has no words, or links or names what is not there, makes it end with an error
    const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
    const run = promisify(execFile)(process.execPath, [typedoc, "--json", join(dir, "api.json")], { cwd: root });
    const { stdout, stderr } = await run;
    expect(stdout + stderr).not.toMatch(/warning\]|error\]/);
    const { children } = JSON.parse(readFileSync(join(dir, "api.json"), "utf8"));
    expect(children).toHaveLength(entries.length);
  });
  test("8 package: small, the same bytes from two runs, a killed run leaves old or new, others' files stay", async () => {
    // what npm packs is in test/package, 20 kills in test/driver/write.test.ts, publint, attw and knip in check:package
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(10);
    for (const tool of ["attw", "publint", "knip"]) expect(manifest.scripts["check:package"]).toContain(tool);

    const model = join(root, "examples/first.lf");
    const [one, two] = [join(dir, "one", "out"), join(dir, "two", "out")];
    for (const out of [one, two]) expect((await lfc("compile", model, "-o", out)).code).toBe(0);
    const bytes = (folder: string): readonly (readonly [string, string])[] =>
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), "latin1")]);
    expect(bytes(two)).toEqual(bytes(one));

    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    renameSync(two, join(dir, "two", `.out.old-${dead}`));
    mkdirSync(join(dir, "two", `.out.new-${dead}`));
    expect((await lfc("compile", model, "-o", two)).code).toBe(0);
    expect(bytes(two)).toEqual(bytes(one));
    expect(readdirSync(join(dir, "two"))).toEqual(["out"]);

    rmSync(join(one, "artifact.json"));
    expect((await lfc("compile", model, "-o", one)).err).toContain("LF0411");
    expect((await lfc("compile", model, "-o", one, "--force")).code).toBe(0);
    expect(bytes(one)).toEqual(bytes(two));
  });

  test("9 corrupt .npy and .safetensors are refused in a moment, without large allocation", () => {
    const header = (length: bigint): Uint8Array => {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      return bytes;
    };
    expect(readSafetensors("w", header(2n ** 62n))).toMatchObject({ ok: false, error: { code: "LF0409" } });
    expect(readSafetensors("w", header(100_000_001n))).toMatchObject({ ok: false });
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000), }";
    const npy = Uint8Array.from([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0, ...Buffer.from(text)]);
    const before = process.memoryUsage().arrayBuffers;
    expect(readNpy("x", npy)).toMatchObject({ ok: false, error: { code: "LF0408" } });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});
