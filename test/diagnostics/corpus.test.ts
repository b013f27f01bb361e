import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { checkPath } from "../check/support.js";

const corpus = resolve(import.meta.dirname, "../corpus/bad");
const golden = resolve(import.meta.dirname, "corpus.txt");

test("the message of each refused program (LFC_BLESS=1 rewrites corpus.txt)", () => {
  const pages = readdirSync(corpus)
    .filter((name) => name.endsWith(".lf"))
    .sort()
    .map((name) => {
      const wanted = /\/\/ (expect: .*)/.exec(readFileSync(resolve(corpus, name), "utf8"))?.[1];
      const text = renderDiagnostics(checkPath(`test/corpus/bad/${name}`).diagnostics);
      return `### ${name} — ${wanted}\n${text.replaceAll("test/corpus/bad/", "")}\n`;
    });
  const page = pages.join("\n");
  if (process.env.LFC_BLESS === "1") writeFileSync(golden, page);
  expect(existsSync(golden) ? readFileSync(golden, "utf8") : "").toBe(page);
});
