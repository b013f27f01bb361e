import pc from "picocolors";
import type { Diagnostic, Note, Severity } from "./diagnostic.js";
import { position, type SourceFile, type Span } from "./span.js";
import { type Cells, cells, printable } from "./width.js";

/**
 * Diagnostics as people read them:
 *
 *     linformer.lf:59:47: error LF0203: index n ranges over two different dimensions
 *       59 |   let x[b, n, d] = tok[tokens[b, n], d] + pos[n, d]
 *          |                                  ^ Seq        - MaxSeq
 *       help: pos[0..Seq, :][n, d]
 *
 * `^` marks the place of the message, `-` those of its notes. Notes on the same line stand in the same frame, others
 * follow with a frame of their own.
 */
export function renderDiagnostic(d: Diagnostic, options: { readonly color: boolean }): string {
  const paint = palette(options.color, d.severity);
  const title = `${paint.severity(`${d.severity} ${d.code}`)}: ${paint.bold(printable(d.message))}`;
  const { span } = d;
  const notes = d.notes ?? [];
  if (span === undefined) {
    const lines = notes.map((n) => `  note: ${printable(n.message)}`);
    return [title, ...lines, ...helpLines(d, paint)].join("\n");
  }
  const line = lineOf(span);
  const beside = notes.filter((n) => n.span !== undefined && sameLine(n.span, line));
  const apart = notes.filter((n) => !beside.includes(n));
  const gutter = Math.max(line.number, ...apart.map((n) => (n.span ? lineOf(n.span).number : 0))).toString().length;
  const marks: Mark[] = [{ span, label: d.label ?? "", main: true }];
  for (const { span: at, message } of beside) if (at) marks.push({ span: at, label: message, main: false });
  return [
    `${where(span)}: ${title}`,
    ...frame(line, marks, gutter, paint),
    ...apart.flatMap((n) => noteLines(n, gutter, paint)),
    ...helpLines(d, paint),
  ].join("\n");
}

/** All of them, a blank line between two. */
export function renderDiagnostics(
  list: readonly Diagnostic[],
  options: { readonly color: boolean } = { color: false },
): string {
  return list.map((d) => renderDiagnostic(d, options)).join("\n\n");
}

export interface JsonLocation {
  readonly path: string;
  /** 1-based; columns count UTF-16 units, ends are exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** Offset in UTF-16 units from the start of the file. */
  readonly start: number;
  readonly end: number;
}

export interface JsonDiagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly location?: JsonLocation;
  readonly label?: string;
  readonly notes: readonly { readonly message: string; readonly location?: JsonLocation }[];
  readonly help?: string;
}

/** The same for programs: plain data, no text of the source. */
export function diagnosticToJson(d: Diagnostic): JsonDiagnostic {
  return {
    code: d.code,
    severity: d.severity,
    message: d.message,
    ...(d.span === undefined ? {} : { location: jsonLocation(d.span) }),
    ...(d.label === undefined ? {} : { label: d.label }),
    notes: (d.notes ?? []).map((n) => ({
      message: n.message,
      ...(n.span === undefined ? {} : { location: jsonLocation(n.span) }),
    })),
    ...(d.help === undefined ? {} : { help: d.help }),
  };
}

function jsonLocation({ file, start, end }: Span): JsonLocation {
  const from = position(file, start);
  const to = position(file, end);
  return { path: file.path, line: from.line, column: from.column, endLine: to.line, endColumn: to.column, start, end };
}

interface Palette {
  readonly severity: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly gutter: (text: string) => string;
  readonly note: (text: string) => string;
  readonly help: (text: string) => string;
}

function palette(color: boolean, severity: Severity): Palette {
  const c = pc.createColors(color);
  const main = { error: c.red, warning: c.yellow, remark: c.cyan }[severity];
  return { severity: (text) => c.bold(main(text)), bold: c.bold, gutter: c.blue, note: c.cyan, help: c.green };
}

interface Line {
  readonly file: SourceFile;
  readonly number: number;
  readonly start: number;
  /** Without the characters that end it. */
  readonly end: number;
}

function lineOf({ file, start }: Span): Line {
  const at = Math.min(start, file.text.length);
  const { line, column } = position(file, at);
  const from = at - column + 1;
  const next = file.text.indexOf("\n", at);
  const end = next === -1 ? file.text.length : next;
  return { file, number: line, start: from, end: file.text.charAt(end - 1) === "\r" && end > from ? end - 1 : end };
}

function sameLine(span: Span, line: Line): boolean {
  return span.file === line.file && span.start >= line.start && span.start <= line.end;
}

function where(span: Span): string {
  const { line, column } = position(span.file, span.start);
  return `${printable(span.file.path)}:${line}:${column}`;
}

function noteLines(note: Note, gutter: number, paint: Palette): string[] {
  const title = `${paint.note("note")}: ${printable(note.message)}`;
  if (note.span === undefined) return [`  ${title}`];
  const marks = [{ span: note.span, label: "", main: false }];
  return [`  ${where(note.span)}: ${title}`, ...frame(lineOf(note.span), marks, gutter, paint)];
}

function helpLines(d: Diagnostic, paint: Palette): string[] {
  if (d.help === undefined) return [];
  const [first = "", ...rest] = d.help.split("\n").map(printable);
  return [`  ${paint.help("help")}: ${first}`, ...rest.map((line) => `        ${line}`)];
}

interface Mark {
  readonly span: Span;
  readonly label: string;
  readonly main: boolean;
}

/** A mark in columns of the printed line. */
interface Placed {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly main: boolean;
}

/** The longest part of a line that is shown, in UTF-16 units. */
const windowWidth = 160;

function frame(line: Line, marks: readonly Mark[], gutter: number, paint: Palette): string[] {
  const main = marks.find((m) => m.main) ?? marks[0];
  const view = viewOf(line, main?.span.start ?? line.start);
  const shown = cells(line.file.text.slice(view.from, view.to));
  const before = view.from > line.start ? "… " : "";
  const after = view.to < line.end ? " …" : "";
  const placed = marks
    .filter((m) => m.span.start >= view.from && m.span.start <= view.to)
    .map((m) => place(m, view.from, shown, before.length))
    .sort((a, b) => a.from - b.from || Number(b.main) - Number(a.main));
  const bar = (text: string): string => paint.gutter(text);
  const empty = bar(`  ${" ".repeat(gutter)} |`);
  return [
    `${bar(`  ${line.number.toString().padStart(gutter)} |`)} ${before}${shown.text}${after}`.trimEnd(),
    ...markRows(placed).map((row) => `${empty} ${paintRow(row, paint)}`.trimEnd()),
  ];
}

/** Around the place when the line is too long to print whole. */
function viewOf(line: Line, at: number): { readonly from: number; readonly to: number } {
  if (line.end - line.start <= windowWidth) return { from: line.start, to: line.end };
  const from = Math.max(line.start, Math.min(at - windowWidth / 2, line.end - windowWidth));
  return { from, to: Math.min(line.end, from + windowWidth) };
}

function place({ span, label, main }: Mark, from: number, shown: Cells, shift: number): Placed {
  const column = (offset: number): number =>
    (shown.columns[Math.max(0, Math.min(offset - from, shown.columns.length - 1))] ?? 0) + shift;
  const start = column(span.start);
  // An empty span, or one that ends on a later line, still marks something.
  return { from: start, to: Math.max(start + 1, column(span.end)), label: printable(label), main };
}

/** Pieces of a row with their colour; rows are built from them left to right. */
interface Piece {
  readonly at: number;
  readonly text: string;
  readonly main: boolean;
}

/**
 * The rows under a line: first all marks, each label behind its mark where it fits before the next; the others hang
 * below, the rightmost highest, so that no connector crosses a label.
 */
function markRows(placed: readonly Placed[]): Piece[][] {
  const marks: Piece[] = [];
  const hanging: Placed[] = [];
  let end = 0;
  placed.forEach((mark, i) => {
    const next = placed[i + 1];
    const from = Math.max(mark.from, end); // nested marks: the inner part belongs to the first
    if (from < mark.to) {
      const to = next && !mark.main ? Math.min(mark.to, Math.max(next.from, from)) : mark.to;
      marks.push({ at: from, text: (mark.main ? "^" : "-").repeat(Math.max(to - from, 0)), main: mark.main });
      end = Math.max(end, to);
    }
    if (mark.label === "") return;
    const fits =
      from < mark.to && mark.to >= end && (next === undefined || mark.to + 1 + mark.label.length + 1 < next.from);
    if (fits) {
      marks.push({ at: mark.to + 1, text: mark.label, main: mark.main });
      end = mark.to + 1 + mark.label.length;
    } else {
      hanging.push(mark);
    }
  });
  const rows: Piece[][] = [marks];
  for (let i = hanging.length - 1; i >= 0; i--) {
    const own = hanging[i];
    if (own === undefined) continue;
    const left = hanging.slice(0, i).filter((m) => m.from < own.from);
    const bars = left.map((m): Piece => ({ at: m.from, text: "|", main: m.main }));
    rows.push([...bars, { at: own.from, text: own.label, main: own.main }]);
  }
  return rows;
}

function paintRow(row: readonly Piece[], paint: Palette): string {
  let out = "";
  let column = 0;
  for (const { at, text, main } of row) {
    out += " ".repeat(Math.max(0, at - column));
    out += main ? paint.severity(text) : paint.note(text);
    column = Math.max(column, at) + text.length;
  }
  return out;
}
