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
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeArtifacts } from "../../src/driver/write.js";

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

test("what a killed run had moved away is put back before anything else", () => {
  const out = join(root, "out");
  writeArtifacts(out, artifact("old"), {});
  renameSync(out, join(root, ".out.old-1"));
  expect(writeArtifacts(out, artifact("new"), {}).ok).toBe(true);
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("new");
  expect(readdirSync(root)).toEqual(["out"]);
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
