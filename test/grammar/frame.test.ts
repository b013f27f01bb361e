import { expect, test } from "vitest";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { diagnosticToJson, renderDiagnostic, renderDiagnostics } from "../../src/diagnostics/frame.js";
import type { SourceFile, Span } from "../../src/diagnostics/span.js";
import { cells } from "../../src/diagnostics/width.js";

const linformer: SourceFile = {
  path: "linformer.lf",
  text: `lf 1\n${"\n".repeat(57)}  let x[b, n, d] = tok[tokens[b, n], d] + pos[n, d]\n  return x\n`,
};

/** The n-th occurrence of a word. */
function span(file: SourceFile, word: string, n = 0): Span {
  let start = file.text.indexOf(word);
  for (let i = 0; i < n; i++) start = file.text.indexOf(word, start + 1);
  return { file, start, end: start + word.length };
}

const clash: Diagnostic = {
  code: "LF0203",
  severity: "error",
  message: "index n ranges over two different dimensions",
  span: span(linformer, "n, d]", 1),
  label: "MaxSeq",
  notes: [{ message: "Seq", span: span(linformer, "n]") }],
  help: "pos[0..Seq, :][n, d]",
};

const plain = (d: Diagnostic): string => renderDiagnostic(d, { color: false });
const error = (at: Span, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: "LF0001",
  severity: "error",
  message: "wrong",
  span: at,
  ...more,
});

test("the place, the text, both marks on one line with their labels, the fix", () => {
  const one = { ...clash, span: { ...(clash.span as Span), end: (clash.span as Span).start + 1 } };
  const note = { message: "Seq", span: { ...span(linformer, "n]"), end: span(linformer, "n]").start + 1 } };
  expect(plain({ ...one, notes: [note] })).toBe(
    [
      "linformer.lf:59:47: error LF0203: index n ranges over two different dimensions",
      "  59 |   let x[b, n, d] = tok[tokens[b, n], d] + pos[n, d]",
      "     |                                  - Seq        ^ MaxSeq",
      "  help: pos[0..Seq, :][n, d]",
    ].join("\n"),
  );
});

test("labels without room hang below, the rightmost highest", () => {
  const file = { path: "a.lf", text: "let y = a + b + c" };
  const d = error(span(file, "b"), {
    label: "this is the main place",
    notes: [
      { message: "the first operand", span: span(file, "a") },
      { message: "the last operand", span: span(file, "c") },
    ],
  });
  expect(plain(d)).toBe(
    [
      "a.lf:1:13: error LF0001: wrong",
      "  1 | let y = a + b + c",
      "    |         -   ^   - the last operand",
      "    |         |   this is the main place",
      "    |         the first operand",
    ].join("\n"),
  );
});

test("notes elsewhere have a frame of their own, notes without a place a line", () => {
  const file = { path: "a.lf", text: "dim A = 1\n\ndim A = 2\n" };
  const other = { path: "dir/b.lf", text: "\tdim A = 3" };
  const d = error(span(file, "A", 1), {
    notes: [
      { message: "declared here", span: span(file, "A") },
      { message: "and there", span: span(other, "A") },
      { message: "names are unique" },
    ],
  });
  expect(plain(d)).toBe(
    [
      "a.lf:3:5: error LF0001: wrong",
      "  3 | dim A = 2",
      "    |     ^",
      "  a.lf:1:5: note: declared here",
      "  1 | dim A = 1",
      "    |     -",
      "  dir/b.lf:1:6: note: and there",
      "  1 |     dim A = 3",
      "    |         -",
      "  note: names are unique",
    ].join("\n"),
  );
});

test("marks stand below their text behind tabs, wide characters and combining marks", () => {
  const file = { path: "a.lf", text: "\tx = \u4e2d\u6587 e\u0301 \u{1f600} y" };
  expect(plain(error(span(file, "y"), { label: "here" }))).toBe(
    [
      "a.lf:1:15: error LF0001: wrong",
      "  1 |     x = \u4e2d\u6587 e\u0301 \u{1f600} y",
      "    |                   ^ here",
    ].join("\n"),
  );
});

test("a tab goes to the next multiple of four", () => {
  expect(cells("a\tb\t\tc").text).toBe("a   b       c");
  expect(cells("a\tb").columns).toEqual([0, 1, 4, 5]);
});

test("what could move the cursor, hide or turn round is not printed", () => {
  const file = { path: "a\x1b[2J.lf", text: "x\x1b[31m \u202e y\u200b\0 \ud800" };
  const out = plain(error(span(file, "y"), { message: "bad \x1b]0;title\x07", label: "a\rb", help: "c\u2028d" }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
  expect(out.replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f\u200b\u202e\u2028\ud800-\udfff]/);
});

test("an empty span, one past the end, and one over several lines still mark something", () => {
  const file = { path: "a.lf", text: "lf 1\nfn f(\n)" };
  expect(plain(error({ file, start: 4, end: 4 }))).toContain("  1 | lf 1\n    |     ^");
  expect(plain(error({ file, start: 12, end: 12 }))).toContain("  3 | )\n    |  ^");
  expect(plain(error({ file, start: 5, end: 12 }))).toContain("  2 | fn f(\n    | ^^^^^");
  expect(plain(error({ file: { path: "e.lf", text: "" }, start: 0, end: 0 }))).toContain("  1 |\n    | ^");
});

test("CRLF: the line end is not part of the line", () => {
  const file = { path: "a.lf", text: "lf 1\r\ndim A\r\n" };
  expect(plain(error(span(file, "A")))).toContain("  2 | dim A\n    |     ^");
});

test("of a very long line only the part round the place is shown", () => {
  const file = { path: "a.lf", text: `${"x ".repeat(50_000)}HERE ${"y ".repeat(50_000)}` };
  const lines = plain(error(span(file, "HERE"))).split("\n");
  expect(lines.every((line) => line.length < 200)).toBe(true);
  const at = lines[1]?.indexOf("HERE") ?? -1;
  expect(at).toBeGreaterThan(0);
  expect(lines[2]?.indexOf("^^^^")).toBe(at);
});

test("a diagnostic without a place is its sentence", () => {
  expect(plain({ code: "LF0900", severity: "warning", message: "no adapter", help: "use --backend js" })).toBe(
    "warning LF0900: no adapter\n  help: use --backend js",
  );
});

test("colours only when asked for", () => {
  const esc = String.fromCharCode(27);
  expect(renderDiagnostic(clash, { color: true })).toContain(`${esc}[31m`);
  expect(renderDiagnostics([clash])).not.toContain(esc);
  const bare = renderDiagnostic(clash, { color: true }).replaceAll(new RegExp(`${esc}\\[\\d+m`, "g"), "");
  expect(bare).toBe(plain(clash));
});

test("several are apart by a blank line", () => {
  expect(renderDiagnostics([clash, clash])).toBe(`${plain(clash)}\n\n${plain(clash)}`);
  expect(renderDiagnostics([])).toBe("");
});

test("as JSON: lines, columns and offsets, no text of the source", () => {
  expect(diagnosticToJson(clash)).toEqual({
    code: "LF0203",
    severity: "error",
    message: "index n ranges over two different dimensions",
    location: { path: "linformer.lf", line: 59, column: 47, endLine: 59, endColumn: 52, start: 108, end: 113 },
    label: "MaxSeq",
    notes: [
      {
        message: "Seq",
        location: { path: "linformer.lf", line: 59, column: 34, endLine: 59, endColumn: 36, start: 95, end: 97 },
      },
    ],
    help: "pos[0..Seq, :][n, d]",
  });
});
