import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { version } from "../../src/cli/version.js";
import { initialParameters } from "../../src/driver/parameters.js";
import { readNpy, writeNpy } from "../../src/formats/npy.js";
import { writeSafetensors } from "../../src/formats/safetensors.js";
import { lfc, lfcJson } from "../support/cli.js";
import { graphOfFile, root } from "../support/model.js";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lfc-cli-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const example = (name: string): string => join(root, "examples", `${name}.lf`);
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};

test("the version is that of the package", () => {
  expect(version).toBe((JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version);
});

describe("usage mistakes end with 2 and a hint", () => {
  test.each([
    [[]],
    [["rum"]],
    [["compile"]],
    [["compile", "x.lf", "--dim", "Seq=big"]],
    [["run", "x.lf", "--input", "x"]],
    [["run", "x.lf", "--seed", "-1"]],
    [["ir", "x.lf", "--level", "everything"]],
    [["run", "x.lf", "--adapter", "quantum"]],
    [["compile", "x.lf", "--bakend", "js"]],
    [["compile", "x.lf", "--runtime", "wasm"]],
  ])("lfc %j", async (args) => {
    const { code, err, out } = await lfc(...args);
    expect(code).toBe(2);
    expect(`${err}${out}`).toMatch(/lfc|Did you mean|argument/);
  });
});

describe("compile", () => {
  test("writes the code and the program, and prints the figures", async () => {
    const out = join(dir, "out");
    const { code, out: text } = await lfc("compile", example("linformer_head"), "-o", out);
    expect(code).toBe(0);
    expect(text).toMatch(/LinformerHead for wgsl/);
    expect(text).toMatch(/dispatches +\d+/);
    expect(text).toMatch(/gzipped +[\d.]+ KiB of JavaScript, [\d.]+ KiB of WGSL/);
    const files = ["LinformerHead.js", "LinformerHead.d.ts", "artifact.json", "program.json"];
    expect(readdirSync(out)).toEqual(expect.arrayContaining(files));
    expect(readdirSync(out).some((f) => f.endsWith(".wgsl"))).toBe(true);
  });

  test("--json has files, dispatches, parameterBytes, transientBytes and flops", async () => {
    const { code, json } = await lfcJson("compile", example("linformer_head"), "-o", join(dir, "out"));
    expect(code).toBe(0);
    expect(json).toMatchObject({
      files: expect.arrayContaining(["program.json", "LinformerHead.js", "LinformerHead.d.ts"]),
      sizes: { javascript: expect.any(Number), wgsl: expect.any(Number), module: expect.any(Number) },
      dispatches: expect.any(Number),
      parameterBytes: 4 * (3 * 64 * 32 + 2 * 16 * 128),
      transientBytes: expect.any(Number),
      flops: expect.any(Number),
    });
  });

  test("several backends: the top level is the first, tfjs has null for what it cannot know", async () => {
    const args = ["compile", example("linformer_head"), "--backend", "tfjs", "--backend", "wgsl", "-o", join(dir, "o")];
    const { code, json } = await lfcJson(...args);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      dispatches: null,
      transientBytes: null,
      flops: null,
      backends: { tfjs: { dispatches: null }, wgsl: { dispatches: expect.any(Number) } },
    });
    expect(readdirSync(join(dir, "o")).sort()).toEqual(["artifact.json", "tfjs", "wgsl"]);
  });

  test("the module on the package instead of its own runtime; js has no module", async () => {
    const out = join(dir, "out");
    const args = [
      "compile",
      example("first"),
      "--backend",
      "wgsl",
      "--backend",
      "js",
      "--runtime",
      "import",
      "-o",
      out,
    ];
    const { code, json } = await lfcJson(...args);
    expect(code).toBe(0);
    expect(readFileSync(join(out, "wgsl", "First.js"), "utf8")).toContain('import * as runtime from "lfc/runtime";');
    expect(json).toMatchObject({
      backends: { js: { sizes: null }, wgsl: { sizes: { javascript: expect.any(Number) } } },
    });
  });

  test("the same bytes twice", async () => {
    const contents = async (name: string): Promise<readonly string[]> => {
      await lfc("compile", example("linformer_head"), "-o", join(dir, name));
      return readdirSync(join(dir, name)).map((f) => readFileSync(join(dir, name, f), "utf8"));
    };
    expect(await contents("a")).toEqual(await contents("b"));
  });

  test("a mistake writes nothing and leaves what was there", async () => {
    const out = join(dir, "out");
    await lfc("compile", example("first"), "-o", out);
    const before = readdirSync(out);
    const bad = file("bad.lf", "lf 1\nmodel M(x: f32[4]) -> f32[4] { return y }\n");
    const { code, err } = await lfc("compile", bad, "-o", out);
    expect(code).toBe(1);
    expect(err).toMatch(/error LF\d+/);
    expect(readdirSync(out)).toEqual(before);
  });

  test("a folder of somebody else is refused", async () => {
    const out = join(dir, "theirs");
    mkdirSync(out);
    writeFileSync(join(out, "notes.txt"), "");
    expect(await lfc("compile", example("first"), "-o", out)).toMatchObject({
      code: 1,
      err: expect.stringMatching("LF0411"),
    });
  });

  test("--dim changes a size; an unknown one is a diagnostic", async () => {
    const small = await lfcJson("compile", example("linformer_head"), "--dim", "Proj=8", "-o", join(dir, "a"));
    expect(small.json).toMatchObject({ parameterBytes: 4 * (3 * 64 * 32 + 2 * 8 * 128) });
    const unknown = await lfc("compile", example("linformer_head"), "--dim", "Prj=8", "-o", join(dir, "b"));
    expect(unknown).toMatchObject({ code: 1, err: expect.stringMatching("Proj") });
  });
});

describe("check", () => {
  test("right files end with 0", async () => {
    expect(await lfc("check", example("first"), example("linformer"))).toMatchObject({
      code: 0,
      out: "2 files are right\n",
    });
  });

  test("every mistake of every file is reported", async () => {
    const a = file("a.lf", "lf 1\nmodel M(x: f32[4]) -> f32[4] { return y }\n");
    const b = file("b.lf", "lf 1\ndim N = 0\nmodel M(x: f32[N]) -> f32[N] { return gleu(x) }\n");
    const { code, err } = await lfc("check", a, b, join(dir, "none.lf"));
    expect(code).toBe(1);
    expect(err.match(/error LF\d+/g)?.length).toBeGreaterThanOrEqual(4);
  });

  test("--json gives codes, places and texts", async () => {
    const a = file("a.lf", "lf 1\nmodel M(x: f32[4]) -> f32[4] { return y }\n");
    const { code, json } = await lfcJson("check", a);
    expect(code).toBe(1);
    expect(json).toMatchObject({ diagnostics: [{ code: expect.stringMatching(/^LF\d{4}$/), severity: "error" }] });
  });

  test("bytes that are no text", async () => {
    expect(await lfc("check", file("x.lf", Uint8Array.from([0xff, 0xfe, 0, 1])))).toMatchObject({
      code: 1,
      err: expect.stringMatching("LF0402"),
    });
  });
});

describe("run", () => {
  const x = (): string => {
    const data = Float32Array.from({ length: 128 * 64 }, (_, i) => Math.sin(i));
    return file("x.npy", writeNpy({ dtype: "f32", shape: [128, 64], data }));
  };

  test("says which backend and why, summarises and writes the outputs", async () => {
    const out = join(dir, "out");
    const ran = await lfc("run", example("linformer_head"), "--backend", "js", "--input", `x=${x()}`, "-o", out);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^backend: js; --backend asks for it\n/);
    expect(ran.out).toMatch(/output: f32\[128, 32\]/);
    expect(readNpy("o", readFileSync(join(out, "output.npy")))).toMatchObject({
      ok: true,
      value: { shape: [128, 32] },
    });
  });

  test("without --backend something is chosen and explained in one line", async () => {
    const ran = await lfc("run", example("linformer_head"), "--input", "x=random");
    expect(ran.code).toBe(0);
    expect(ran.out.split("\n")[0]).toMatch(/^backend: (wgsl on .+|wasm); .+/);
  });

  test("the reference, js, tfjs and wgsl give the same summary", async () => {
    const means: number[] = [];
    for (const backend of ["reference", "js", "tfjs", "wgsl"]) {
      const args = ["run", example("linformer_head"), "--backend", backend, "--input", `x=${x()}`, "--seed", "5"];
      const { json } = await lfcJson(...args);
      means.push((json as { outputs: { output: { std: number } } }).outputs.output.std);
    }
    for (const m of means) expect(m).toBeCloseTo(means[0] ?? Number.NaN, 5);
  });

  test("a missing input lists every input with its type", async () => {
    const ran = await lfc("run", example("elementwise"), "--input", "x=random");
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/LF0404: no value is given for the input y/);
    expect(ran.err).toMatch(/x: f32\[33, 20\]/);
    expect(ran.err).toMatch(/y: f32\[33, 20\]/);
  });

  test.each([
    ["an unknown input", "z=random", "LF0405"],
    ["a file that is not there", "x=none.npy", "LF0401"],
    ["a text for real numbers", `x=text:${join(root, "LICENSE")}`, "LF0407"],
  ])("%s", async (_, input, code) => {
    const ran = await lfc("run", example("linformer_head"), "--input", input);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(code);
  });

  test("a wrong shape or element type", async () => {
    const wide = file("w.npy", writeNpy({ dtype: "f32", shape: [2, 2], data: new Float32Array(4) }));
    const whole = file("i.npy", writeNpy({ dtype: "i32", shape: [128, 64], data: new Int32Array(128 * 64) }));
    expect((await lfc("run", example("linformer_head"), "--input", `x=${wide}`)).err).toMatch("LF0406");
    expect((await lfc("run", example("linformer_head"), "--input", `x=${whole}`)).err).toMatch("LF0407");
  });

  test("a token beyond the embedding", async () => {
    const data = new Int32Array(512).fill(7);
    data[100] = 256;
    const tokens = file("t.npy", writeNpy({ dtype: "i32", shape: [1, 512], data }));
    const ran = await lfc("run", example("linformer"), "--backend", "js", "--input", `tokens=${tokens}`);
    expect(ran).toMatchObject({ code: 1, err: expect.stringMatching("LF0416") });
  });

  test("weights from a file are used, and all that does not fit is one diagnostic", async () => {
    const graph = graphOfFile("examples/linformer_head.lf");
    const right = file("w.safetensors", writeSafetensors(initialParameters(graph, 9)));
    const same = await lfcJson(
      "run",
      example("linformer_head"),
      "--backend",
      "js",
      "--input",
      `x=${x()}`,
      "--weights",
      right,
    );
    const seeded = await lfcJson(
      "run",
      example("linformer_head"),
      "--backend",
      "js",
      "--input",
      `x=${x()}`,
      "--seed",
      "9",
    );
    expect((same.json as { outputs: unknown }).outputs).toEqual((seeded.json as { outputs: unknown }).outputs);

    const wrong = new Map(initialParameters(graph, 9));
    const e = wrong.get("e");
    wrong.delete("e");
    if (e !== undefined) wrong.set("ee", e);
    wrong.set("wq", { dtype: "f32", shape: [1], data: new Float32Array(1) });
    const bad = file("bad.safetensors", writeSafetensors(wrong));
    const { code, err } = await lfc("run", example("linformer_head"), "--input", `x=${x()}`, "--weights", bad);
    expect(code).toBe(1);
    expect(err.match(/error LF/g)).toHaveLength(1);
    expect(err).toMatch(/missing: e .*the file has ee/);
    expect(err).toMatch(/misshapen: wq/);
    expect(err).toMatch(/surplus: ee/);
  });

  test("an unknown backend", async () => {
    expect(await lfc("run", example("first"), "--backend", "wsgl", "--input", "x=random")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/LF0403[\s\S]*did you mean wgsl/),
    });
  });
});

describe("compare", () => {
  test("agreement ends with 0 and a row a backend and output", async () => {
    const { code, out } = await lfc("compare", example("elementwise"));
    expect(code).toBe(0);
    for (const backend of ["reference", "js", "tfjs", "wgsl"])
      expect(out).toMatch(new RegExp(`^${backend} +waves`, "m"));
  });

  test("--json says the same", async () => {
    const { code, json } = await lfcJson("compare", example("linformer_head"), "--backends", "js");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      passed: true,
      results: [
        {
          backend: "js",
          output: "output",
          maxAbs: expect.any(Number),
          maxRel: expect.any(Number),
          relL2: expect.any(Number),
          share: expect.any(Number),
        },
      ],
    });
  });
});

describe("ir", () => {
  test("prints the graph as written", async () => {
    const { code, out } = await lfc("ir", example("first"), "--print", "before");
    expect(code).toBe(0);
    expect(out).toMatch(/^graph @First\(%x: f32\[256, 32\]\)/);
    expect(out).toMatch(/softmax/);
  });

  test("prints around one pass, and says when it changes nothing", async () => {
    const { out } = await lfc("ir", example("linformer_head"), "--pass", "reassociate", "--print", "all");
    expect(out).toMatch(/before reassociate/);
    expect(out).toMatch(/after reassociate/);
    const all = await lfc("ir", example("first"), "--print", "all");
    expect(all.out).toMatch(/\(unchanged\)/);
  });

  test.each(["graph", "kernel", "program"])("--level %s", async (level) => {
    const { code, out } = await lfc("ir", example("first"), "--level", level);
    expect(code).toBe(0);
    expect(out).toMatch(level === "graph" ? /^graph @/ : level === "kernel" ? /^kernel/ : /program/);
  });

  test("an unknown pass is a usage mistake that lists those there are", async () => {
    const { code, err } = await lfc("ir", example("first"), "--pass", "magic");
    expect(code).toBe(2);
    expect(err).toMatch(/reassociate/);
  });
});

describe("fmt", () => {
  test("rewrites, then has nothing to do; --check only tells", async () => {
    const path = file("m.lf", "lf 1\nmodel   M( x:f32[4] )->f32[4] {return x}\n");
    expect(await lfc("fmt", "--check", path)).toMatchObject({ code: 1 });
    expect(await lfc("fmt", path)).toMatchObject({ code: 0 });
    expect(await lfc("fmt", "--check", path)).toMatchObject({ code: 0, out: "" });
  });

  test("a file with a mistake is left alone", async () => {
    const path = file("m.lf", "lf 1\nmodel M(x: f32[4]) -> f32[4] { return x\n");
    expect(await lfc("fmt", path)).toMatchObject({ code: 1, err: expect.stringMatching("LF01") });
    expect(readFileSync(path, "utf8")).toMatch(/return x\n$/);
  });

  test("the .lf files of the repository are formatted", async () => {
    const of = (folder: string): readonly string[] =>
      readdirSync(join(root, folder))
        .filter((f) => f.endsWith(".lf"))
        .map((f) => join(root, folder, f));
    expect(existsSync(example("first"))).toBe(true);
    const { out, err } = await lfc("fmt", "--check", ...of("examples"), ...of("src/std"));
    expect(`${out}${err}`).toBe("");
  });
});
