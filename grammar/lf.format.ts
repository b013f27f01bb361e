import type { SourceFile } from "../src/diagnostics/span.js";
import { type Doc, fill, flatText, group, hardline, indent, joinDocs, line, printDoc } from "./doc.js";
import type * as ast from "./lf.ast.js";
import { commentCursor, endOfBracket, plainComment, skipBlank } from "./lf.comments.js";
import { formatExpr } from "./lf.formatExpr.js";

/** Columns that a line should not pass. Comments and words that cannot be broken may. */
export const lineWidth = 100;
/** `=` signs are put below one another when that moves none further than this; longer lines stand out. */
const alignLimit = 10;

/**
 * The canonical text of a file (`lfc fmt`): two spaces, lines up to 100 columns, a blank line round every function, the
 * `=` and the comments of neighbouring lines below one another, all comments kept. `ast` and `comments` are those of
 * `source`. The result parses to the same tree, and formatting it again changes nothing.
 */
export function format(ast: ast.FileAst, comments: readonly ast.Comment[], source: SourceFile): string {
  const { text } = source;
  const cursor = commentCursor(text, comments);
  const { word, name, size, type, target, expr, args, bracketed } = formatExpr(text, cursor, body);

  function file(): Doc {
    const header = headerOf(text);
    const start = cursor.take(header.start).map((c): Doc => [c.text, hardline]);
    // Comments inside of the header cannot stay there; behind it they must document nothing.
    const inside = cursor.take(header.end).map((c): Doc => [hardline, plainComment(c)]);
    const entries = [...ast.imports, ...ast.dims, ...ast.callables]
      .toSorted((a, b) => a.span.start - b.span.start)
      .map(declaration);
    const behind = inside.length > 0 ? undefined : cursor.trailing(header.end, entries[0]?.start ?? text.length);
    const first: Line = { doc: "lf 1", trailing: behind, end: header.end };
    return [...start, ...list(first, inside, entries, text.length)];
  }

  function declaration(d: ast.Import | ast.DimDecl | ast.Callable): Entry {
    const { start, end } = d.span;
    if ("kind" in d) return { start, end, spaced: true, make: () => ({ doc: callable(d) }) };
    if ("path" in d) return { start, end, spaced: false, make: () => ({ doc: importDecl(d) }) };
    return { start, end, spaced: false, make: () => dimDecl(d) };
  }

  function importDecl(d: ast.Import): Doc {
    const path = [word(d.span.start, "import "), word(d.pathSpan.start, text.slice(d.pathSpan.start, d.pathSpan.end))];
    if (!d.names) return path;
    const names = d.names.map((n): Doc => (n.as ? [name(n.name), " as ", name(n.as)] : name(n.name)));
    return [...path, " ", bracketed("(", names, ")", d.span.end)];
  }

  function dimDecl(d: ast.DimDecl): Made {
    const word1 = word(d.span.start, "dim ");
    const own = name(d.name);
    const index: Doc = d.index ? ["[", name(d.index.name), ": ", size(d.index.over), "]"] : "";
    return { kind: "dim", head: [word1, own, index], doc: ["= ", dimValue(d)] };
  }

  function dimValue({ value, span }: ast.DimDecl): Doc {
    switch (value.kind) {
      case "size":
        return size(value.size);
      case "table":
        return bracketed("[", value.entries.map(size), "]", span.end);
      case "runtime": {
        const range: Doc = ["? in ", size(value.lo), "..", size(value.hi)];
        return value.step ? [range, " step ", size(value.step)] : range;
      }
    }
  }

  function callable(c: ast.Callable): Doc {
    const head: Doc[] = [word(c.span.start, `${c.kind} `), name(c.name)];
    let named = c.name.span.end;
    const generic = c.generics.at(-1);
    if (generic) {
      named = endOfBracket(text, generic.span.end);
      head.push(bracketed("<", c.generics.map(name), ">", named));
    }
    const formals = formalGroups(c.formals);
    const last = c.formals.at(-1)?.type.span.end ?? skipBlank(text, named) + 1;
    head.push(bracketed("(", formals, ")", endOfBracket(text, last), true), " -> ");
    const [first] = c.results;
    if (first && first.name === undefined) {
      head.push(type(first.type));
    } else {
      const results = c.results.map((r): Doc => (r.name ? [name(r.name), ": ", type(r.type)] : type(r.type)));
      head.push(bracketed("(", results, ")", endOfBracket(text, c.results.at(-1)?.type.span.end ?? last)));
    }
    return [...head, " ", body(c.body)];
  }

  /** `gain, bias: f32[D]`: formals that share a type stand together. */
  function formalGroups(formals: readonly ast.Formal[]): Doc[] {
    const groups: { names: ast.Name[]; type: ast.TypeExpr }[] = [];
    for (const f of formals) {
      const last = groups.at(-1);
      if (last && last.type === f.type) last.names.push(f.name);
      else groups.push({ names: [f.name], type: f.type });
    }
    return groups.map((g): Doc => [joinDocs(g.names.map(name), ", "), ": ", type(g.type)]);
  }

  function body(b: ast.Body): Doc {
    const [only] = b.stmts;
    if (only?.kind === "return" && only.bare) {
      const inside = only.values.map(expr);
      return group("{", indent(line, ...inside, ...cursor.before(b.span.end - 1)), line, "}");
    }
    const first: Line = {
      doc: "{",
      trailing: cursor.trailing(b.span.start + 1, only?.span.start ?? b.span.end),
      end: b.span.start + 1,
    };
    const entries = b.stmts.map(
      (s): Entry => ({ start: s.span.start, end: s.span.end, spaced: false, make: () => statement(s) }),
    );
    return [indent(...list(first, [], entries, b.span.end - 1)), hardline, "}"];
  }

  function statement(s: ast.Stmt): Made {
    switch (s.kind) {
      case "dim":
        return { kind: "dim", head: [word(s.span.start, "dim "), name(s.name)], doc: ["= ", size(s.size)] };
      case "let": {
        const head = [word(s.span.start, "let "), joinDocs(s.targets.map(target), ", ")];
        const value = expr(s.value);
        // A repeat brings its own lines; others go to a new line before they are broken.
        return { kind: "let", head, doc: ["=", s.value.kind === "repeat" ? [" ", value] : group(indent(line, value))] };
      }
      case "param":
        return { doc: param(s) };
      case "return":
        return { doc: [word(s.span.start, "return "), indent(fill(joinDocs(s.values.map(expr), [",", line])))] };
    }
  }

  function param(s: Extract<ast.Stmt, { kind: "param" }>): Doc {
    const head = [word(s.span.start, "param "), joinDocs(s.names.map(name), ", "), ": ", type(s.type)];
    const tail: Doc[] = [];
    if (s.init) {
      const start = word(s.init.span.start, `${s.init.fixed ? "fixed " : ""}${s.init.name.text}`);
      tail.push(line, "= ", start, s.init.args.length > 0 ? args(s.init.args, s.init.span.end, false) : "");
    }
    const written = (at: { readonly start: number; readonly end: number }): Doc =>
      word(at.start, text.slice(at.start, at.end));
    if (s.from) tail.push(line, "from ", written(s.from.span));
    if (s.layout) tail.push(line, "as ", written(s.layout.span));
    return group(...head, indent(...tail));
  }

  /**
   * Lines of declarations or statements below `first`, with the comments between them. At most one blank line is kept;
   * a spaced entry always has one on both sides.
   */
  function list(first: Line, second: readonly Doc[], entries: readonly Entry[], limit: number): Doc[] {
    const lines: Line[] = [first, ...second.map((doc): Line => ({ doc, end: first.end }))];
    let spaced = false;
    let pending: ast.Comment[] = [];
    const commentLines = (before: number, gapFirst: boolean): boolean => {
      let gap = gapFirst;
      for (const c of [...pending, ...cursor.take(before)]) {
        const end = Math.max(c.span.end, lines.at(-1)?.end ?? 0);
        lines.push({ doc: c.text, end, gap: gap || blankBefore(lines, c.span.start) });
        gap = false;
      }
      pending = [];
      return gap;
    };
    entries.forEach((entry, i) => {
      const opens = lines.length === 1 && first.doc === "{";
      const gap = commentLines(entry.start, !opens && (spaced || entry.spaced));
      const blank = !opens && blankBefore(lines, entry.start);
      const made = entry.make();
      // Comments in brackets that are left out go behind, where they must document nothing.
      const [inside, ...rest] = cursor.take(entry.end).map((c) => ({ ...c, text: plainComment(c) }));
      const trailing = inside ?? cursor.trailing(entry.end, entries[i + 1]?.start ?? limit);
      lines.push({ ...made, trailing, gap: gap || blank, end: entry.end });
      pending = rest;
      spaced = entry.spaced;
    });
    commentLines(limit, spaced && lines.length > 1);
    return layOut(lines);
  }

  function blankBefore(lines: readonly Line[], start: number): boolean {
    const last = lines.at(-1);
    if (last === undefined) return false;
    const from = Math.max(last.end, last.trailing?.span.end ?? 0);
    if (from >= start) return false; // taken out of the brackets of the line before
    return (text.slice(from, start).match(/\n/g)?.length ?? 0) > 1;
  }

  return `${printDoc(file(), lineWidth)}\n`;
}

/** A declaration or statement, made when its turn comes, so that comments are given out in order. */
interface Entry {
  readonly start: number;
  readonly end: number;
  /** Stands between blank lines. */
  readonly spaced: boolean;
  readonly make: () => Made;
}

interface Made {
  /** Lines of one kind may have their `=` below one another. */
  readonly kind?: "dim" | "let";
  /** What stands before the `=`. */
  readonly head?: Doc;
  /** From the `=` on, or the whole. */
  readonly doc: Doc;
}

interface Line extends Made {
  readonly trailing?: ast.Comment | undefined;
  readonly gap?: boolean;
  /** Offset in the source behind it. */
  readonly end: number;
}

function layOut(lines: readonly Line[]): Doc[] {
  const texts = lines.map((l) => flatText(l.head === undefined ? l.doc : [l.head, " ", l.doc]));
  const padded = alignEquals(lines, texts);
  const gaps = alignComments(lines, padded);
  return lines.map((l, i): Doc => {
    const before: Doc = i === 0 ? "" : l.gap ? [hardline, hardline] : hardline;
    const doc: Doc = padded[i] ?? (l.head === undefined ? l.doc : [l.head, " ", l.doc]);
    return [before, doc, l.trailing ? { d: "comment", text: l.trailing.text, own: false, gap: gaps[i] ?? 2 } : ""];
  });
}

/** The texts of lines that stay one line, with `=` aligned in each run of neighbours of one kind. */
function alignEquals(lines: readonly Line[], texts: readonly (string | undefined)[]): (string | undefined)[] {
  const out: (string | undefined)[] = lines.map(() => undefined);
  const aligns = (i: number): boolean => {
    const text = texts[i];
    return lines[i]?.kind !== undefined && text !== undefined && text.length <= lineWidth - deepest;
  };
  for (let from = 0; from < lines.length; ) {
    let to = from + 1;
    if (aligns(from)) {
      while (to < lines.length && aligns(to) && lines[to]?.kind === lines[from]?.kind && !lines[to]?.gap) to++;
    }
    const run = lines.slice(from, to).map((l, i) => {
      const head = l.head === undefined ? undefined : flatText(l.head);
      return { head, text: texts[from + i] ?? "" };
    });
    const heads = run.map((r) => r.head?.length ?? 0);
    const furthest = Math.min(...heads) + alignLimit;
    const widest = Math.max(...heads.filter((n) => n <= furthest));
    const fits = run.every((r, i) => r.text.length + widest - (heads[i] ?? 0) <= lineWidth - deepest);
    if (to - from > 1 && fits) {
      run.forEach((r, i) => {
        const head = r.head ?? "";
        out[from + i] = head.padEnd(widest) + r.text.slice(head.length);
      });
    }
    from = to;
  }
  return out;
}

/** Room that is kept for indentation, so that alignment does not depend on it. */
const deepest = 8;

/** Spaces before the comments behind neighbouring lines, so that these stand below one another. */
function alignComments(lines: readonly Line[], padded: readonly (string | undefined)[]): (number | undefined)[] {
  const out: (number | undefined)[] = lines.map(() => undefined);
  const lengthOf = (i: number): number | undefined => {
    const l = lines[i];
    if (l?.trailing === undefined) return undefined;
    const text = padded[i] ?? flatText(l.head === undefined ? l.doc : [l.head, " ", l.doc]);
    return text === undefined || text.length > lineWidth - deepest ? undefined : text.length;
  };
  for (let from = 0; from < lines.length; ) {
    let to = from;
    const lengths: number[] = [];
    for (let n = lengthOf(to); n !== undefined && (to === from || !lines[to]?.gap); n = lengthOf(++to)) lengths.push(n);
    const column = Math.max(0, ...lengths) + 2;
    lengths.forEach((n, i) => {
      out[from + i] = column - n;
    });
    from = Math.max(to, from + 1);
  }
  return out;
}

/** Where `lf 1` stands. */
function headerOf(text: string): { readonly start: number; readonly end: number } {
  const start = skipBlank(text, 0);
  const number = skipBlank(text, start + "lf".length);
  return { start, end: number + "1".length };
}
