import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect } from "vitest";

/** With LFC_BLESS=1 golden texts are rewritten; the diff in review is the change. */
export const blessing = process.env.LFC_BLESS === "1";

const withEnd = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`);

/** Holds a text against a file. */
export function expectGolden(path: string, text: string): void {
  if (blessing) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, withEnd(text));
    return;
  }
  expect(existsSync(path), `${path} is missing; LFC_BLESS=1 writes it`).toBe(true);
  expect(withEnd(text)).toBe(readFileSync(path, "utf8"));
}

/** Holds the files of a folder against these texts: none may be missing, none left over. */
export function expectGoldenFolder(folder: string, texts: ReadonlyMap<string, string>): void {
  if (blessing) rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of texts) expectGolden(join(folder, name), text);
  expect(filesUnder(folder).sort()).toEqual([...texts.keys()].sort());
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => relative(folder, join(e.parentPath, e.name)));
}
