import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeArtifacts, writeWhole } from "../../src/driver/write.js";
import { randomFrom } from "../support/random.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lfc-write-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const artifact = (text: string, path = "a.txt") => [{ under: "", artifact: { files: [{ path, text }], meta: {} } }];

test("a folder is made with its files and a list of them", () => {
  const out = join(root, "deep", "out");
  expect(writeArtifacts(out, artifact("one"), { model: "M" })).toEqual({ ok: true, value: ["a.txt"] });
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("one");
  expect(JSON.parse(readFileSync(join(out, "artifact.json"), "utf8"))).toEqual({
    generator: "lfc",
    model: "M",
    files: ["a.txt"],
  });
});

test("a folder of ours is replaced whole, nothing of the old one is left", () => {
  const out = join(root, "out");
  writeArtifacts(out, artifact("old", "old.txt"), {});
  writeArtifacts(out, artifact("new", "new.txt"), {});
  expect(readdirSync(out).sort()).toEqual(["artifact.json", "new.txt"]);
  expect(readdirSync(root)).toEqual(["out"]);
});

test("a folder with files of somebody else is left alone", () => {
  const out = join(root, "out");
  mkdirSync(out);
  writeFileSync(join(out, "thesis.tex"), "years of work");
  expect(writeArtifacts(out, artifact("new"), {})).toMatchObject({ ok: false, error: { code: "LF0411" } });
  expect(readdirSync(out)).toEqual(["thesis.tex"]);
});

test("with force ours are added to them, and theirs of the same name replaced", () => {
  const out = join(root, "out");
  mkdirSync(out);
  writeFileSync(join(out, "thesis.tex"), "years of work");
  writeFileSync(join(out, "a.txt"), "old");
  expect(writeArtifacts(out, artifact("new"), {}, { force: true }).ok).toBe(true);
  expect(readdirSync(out).sort()).toEqual(["a.txt", "artifact.json", "thesis.tex"]);
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("new");
  expect(readdirSync(root)).toEqual(["out"]);
});

/** The number of a process that has ended. */
const dead = spawnSync(process.execPath, ["-e", ""]).pid;

test("what a killed run had moved away is put back, even by a run that then writes nothing", () => {
  const out = join(root, "out");
  writeArtifacts(out, artifact("old"), {});
  renameSync(out, join(root, `.out.old-${dead}`));
  expect(() => writeArtifacts(out, artifact("x", "../escape.txt"), {})).toThrow("outside of its folder");
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("old");
  renameSync(out, join(root, `.out.old-${process.pid}`));
  expect(writeArtifacts(out, artifact("new"), {}).ok).toBe(true);
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("new");
  expect(readdirSync(root)).toEqual(["out"]);
});

test("what killed runs had begun goes, what a living one is at stays", () => {
  const out = join(root, "out");
  writeArtifacts(out, artifact("old"), {});
  const living = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  try {
    for (const name of [`new-${dead}`, `old-${dead}`, `new-${process.pid}`, `new-${living.pid}`, "new-x"])
      mkdirSync(join(root, `.out.${name}`));
    mkdirSync(join(root, `.out.more.new-${dead}`));
    expect(writeArtifacts(out, artifact("new"), {}).ok).toBe(true);
    expect(readdirSync(root).sort()).toEqual(
      [`.out.more.new-${dead}`, `.out.new-${living.pid}`, ".out.new-x", "out"].sort(),
    );
    writeFileSync(join(root, `.whole.txt.new-${dead}`), "ha");
    expect(writeWhole(join(root, "whole.txt"), "whole").ok).toBe(true);
    expect(readdirSync(root)).not.toContain(`.whole.txt.new-${dead}`);
  } finally {
    living.kill();
  }
});

test("what somebody adds to a folder of ours stays, and is not written over", () => {
  const out = join(root, "out");
  writeArtifacts(out, artifact("one"), {});
  mkdirSync(join(out, "deep"));
  writeFileSync(join(out, "deep", "notes.txt"), "mine");
  expect(writeArtifacts(out, artifact("two", "b.txt"), {}).ok).toBe(true);
  expect(readdirSync(out).sort()).toEqual(["artifact.json", "b.txt", "deep"]);
  expect(readFileSync(join(out, "deep", "notes.txt"), "utf8")).toBe("mine");
  const refused = writeArtifacts(out, artifact("three", "deep/notes.txt"), {});
  expect(refused).toMatchObject({ ok: false, error: { code: "LF0411" } });
  expect(readFileSync(join(out, "b.txt"), "utf8")).toBe("two");
  expect(readdirSync(root)).toEqual(["out"]);
  expect(writeArtifacts(out, artifact("three", "deep/notes.txt"), {}, { force: true }).ok).toBe(true);
  expect(readFileSync(join(out, "deep", "notes.txt"), "utf8")).toBe("three");
});

/** `LFC_KILLS=200` by hand. */
const kills = Number(process.env.LFC_KILLS ?? 20);

test(`a run that is killed (${kills} times) leaves all of the old files or all of the new ones`, async () => {
  const writer = join(root, "writer.mjs");
  await build({
    stdin: {
      contents: `
        import { writeArtifacts } from "./src/driver/write.ts";
        const [out, from] = process.argv.slice(2);
        for (let version = Number(from); ; version++) {
          const files = Array.from({ length: 4 + (version % 5) }, (_, i) => ({ path: (i % 2 ? "deep/" : "") + i + ".txt", text: (version + ",").repeat(2000) }));
          const written = writeArtifacts(out, [{ under: "", artifact: { files, meta: {} } }], { version });
          if (!written.ok) throw new Error(written.error.message);
          if (version === Number(from)) process.stdout.write("ready");
        }`,
      resolveDir: join(import.meta.dirname, "../.."),
      loader: "ts",
    },
    outfile: writer,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  const folder = join(root, "outs");
  mkdirSync(folder);
  const out = join(folder, "out");
  const killed = async (from: number, after: number): Promise<void> => {
    const child: ChildProcess = spawn(process.execPath, [writer, out, String(from)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    await new Promise((resolve) => setTimeout(resolve, after));
    child.kill("SIGKILL");
    await ended;
  };
  /** The version that a folder holds, whole. */
  const versionIn = (at: string): number => {
    const { version, files } = JSON.parse(readFileSync(join(at, "artifact.json"), "utf8"));
    const present = readdirSync(at, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
    expect(present).toHaveLength(files.length + 1);
    expect(files).toHaveLength(4 + (version % 5));
    for (const file of files) expect(readFileSync(join(at, file), "utf8")).toBe(`${version},`.repeat(2000));
    return version;
  };
  let last = 0;
  const random = randomFrom(2026);
  for (let i = 0; i < kills; i++) {
    await killed(last + 1, random.next() * 12);
    // between two renames the old one is beside its place, where the next run finds it
    const left = readdirSync(folder).filter((name) => name.startsWith(".out.old-"));
    const version = versionIn(existsSync(out) ? out : join(folder, left[0] ?? "nothing is left"));
    expect(version).toBeGreaterThan(last);
    last = version;
    if (i % 4 === 3) {
      expect(() => writeArtifacts(out, artifact("x", "../escape.txt"), {})).toThrow();
      expect(readdirSync(folder)).toEqual(["out"]);
      expect(versionIn(out)).toBe(version);
    }
  }
});

test("a path that leaves the folder is a fault of the backend and writes nothing", () => {
  const out = join(root, "out");
  expect(() => writeArtifacts(out, artifact("x", "../escape.txt"), {})).toThrow("outside of its folder");
  expect(existsSync(join(root, "escape.txt"))).toBe(false);
  expect(readdirSync(root)).toEqual([]);
});

test("a place that cannot be written to is a diagnostic", () => {
  writeFileSync(join(root, "file"), "");
  expect(writeArtifacts(join(root, "file", "out"), artifact("x"), {})).toMatchObject({
    ok: false,
    error: { code: "LF0412" },
  });
});
