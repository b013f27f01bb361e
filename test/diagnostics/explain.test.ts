import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { format } from "../../grammar/lf.format.js";
import { parseFile } from "../../grammar/parse.js";
import { refusal } from "../../src/cli/commands/explain.js";
import { explanations } from "../../src/diagnostics/explanations/all.js";
import { exampleName } from "../../src/diagnostics/explanations/explanation.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { checkSource } from "../../src/driver/compile.js";
import { lfc } from "../support/cli.js";

const messages = join(import.meta.dirname, "../../src/diagnostics/messages");
const shown = new Map(explanations.flatMap((e) => (e.wrong === undefined ? [] : [[e.code, e] as const])));

test("every code of a message is explained, and nothing else", () => {
  const codes = readdirSync(messages, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => readFileSync(join(messages, path), "utf8").match(/\bLF\d{4}(?=")/g) ?? []);
  expect(explanations.map((e) => e.code)).toEqual([...new Set(codes)].sort());
});

test("each says something, and has an example or what it arises from", () => {
  for (const e of explanations) {
    const sentences = e.text.match(/[.?:](?= |$)/g)?.length ?? 0;
    expect(sentences, e.code).toBeGreaterThanOrEqual(2);
    expect(sentences, e.code).toBeLessThanOrEqual(8);
    expect(e.text, e.code).not.toMatch(/ {2}|\n/);
    expect(e.title.length, e.code).toBeLessThan(70);
    expect(e.wrong === undefined, e.code).toBe(e.right === undefined);
    expect(e.wrong === undefined, e.code).toBe(e.arises !== undefined);
  }
  expect(new Set(explanations.map((e) => e.title)).size).toBe(explanations.length);
  // what the front end says of a text is shown by one
  const withoutExample = explanations.filter((e) => e.code < "LF0400" && e.wrong === undefined).map((e) => e.code);
  expect(withoutExample).toEqual([...["LF0103", "LF0115", "LF0168", "LF0243", "LF0244", "LF0245", "LF0303", "LF0306"]]);
});

describe.each([...shown.values()])("$code", ({ code, wrong = "", right = "" }) => {
  test("the wrong example is refused with this code and no other", () => {
    expect(refusal(wrong).map((d) => d.code)).toEqual(Array(refusal(wrong).length || 1).fill(code));
  });

  test("the right example checks, laid out as fmt does", () => {
    const file = { path: exampleName, text: right };
    const { diagnostics } = checkSource(file);
    expect(renderDiagnostics(diagnostics)).toBe("");
    const { ast, comments } = parseFile(file);
    expect(ast === undefined ? "" : format(ast, comments, file)).toBe(right);
  });
});

describe("lfc explain", () => {
  test("prints the rule, the wrong program with its message, and the right one", async () => {
    const { code, out } = await lfc("explain", "LF0203");
    expect(code).toBe(0);
    const { wrong = "", right = "", text } = shown.get("LF0203") ?? { text: "" };
    const flat = out.replace(/\s+/g, " ");
    expect(flat).toContain(text);
    expect(out).toContain(wrong.split("\n")[1]);
    expect(out).toContain("  example.lf:6:25: error LF0203: index n ranges over two different dimensions\n");
    expect(out.indexOf("Right:")).toBeGreaterThan(out.indexOf("LF0203: index n"));
    expect(flat.endsWith(`${right.replace(/\s+/g, " ").trim()} `)).toBe(true);
    expect(Math.max(...out.split("\n").map((l) => (l.includes("help:") ? 0 : l.length)))).toBeLessThanOrEqual(100);
  });

  test.each(["lf0203", "0203", "203"])("%s is LF0203", async (wanted) => {
    expect(await lfc("explain", wanted)).toEqual(await lfc("explain", "LF0203"));
  });

  test("a code that no text leads to says what does", async () => {
    const { code, out } = await lfc("explain", "LF0404");
    expect(code).toBe(0);
    expect(out).toContain("--input");
    expect(out).not.toContain("Wrong:");
  });

  test("without a code: one line each", async () => {
    const { code, out } = await lfc("explain");
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n")).toEqual(explanations.map((e) => `${e.code}  ${e.title}`));
  });

  test("an unknown code is a usage error with the nearest one", async () => {
    const { code, err, out } = await lfc("explain", "LF0293x");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("did you mean LF0293?");
    expect((await lfc("explain", "linformer")).err).toContain("lfc explain lists all codes");
  });
});
