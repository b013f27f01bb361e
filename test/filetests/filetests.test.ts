import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allPasses, readFiletest, runFiletest } from "../support/filetest.js";

const here = import.meta.dirname;
const folders = readdirSync(here, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name)
  .sort();
const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(here, folder))
    .filter((f) => /\.lf(ir)?$/.test(f))
    .sort();

describe.each(folders)("%s", (folder) => {
  test.each(filesOf(folder))("%s", async (file) => {
    await runFiletest(readFiletest(join(here, folder, file)));
  });
});

test.each(allPasses)("%s has filetests, the first changes nothing", (pass) => {
  expect(folders).toContain(pass);
  const files = filesOf(pass);
  expect(files.length).toBeGreaterThanOrEqual(4);
  for (const file of files) expect(readFiletest(join(here, pass, file)).passes, file).toContain(pass);
  const first = readFiletest(join(here, pass, files[0] ?? ""));
  expect(files[0]).toMatch(/^0-/);
  // `schedule` makes another IR of everything
  if (pass !== "schedule") expect(first.expected).toBe("// unchanged\n");
});
