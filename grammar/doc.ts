/**
 * A document to lay out within a width (Wadler, "A prettier printer", 2003; with the fill of Oppen's printer): a group
 * is printed on one line when it fits, else the lines that belong to it are broken. A comment always ends its line.
 */
export type Doc =
  | string
  | readonly Doc[]
  | { readonly d: "group" | "indent" | "fill"; readonly of: Doc }
  /** `flat` is printed when the group is not broken: a space or nothing. */
  | { readonly d: "line"; readonly flat: string }
  | { readonly d: "hardline" }
  /** Printed only in a broken group. */
  | { readonly d: "ifBroken"; readonly text: string }
  /** `own`: on a line of its own; otherwise behind what precedes it, `gap` spaces away (2). The line ends after it. */
  | { readonly d: "comment"; readonly text: string; readonly own: boolean; readonly gap?: number };

export const line: Doc = { d: "line", flat: " " };
export const softline: Doc = { d: "line", flat: "" };
export const hardline: Doc = { d: "hardline" };
export const group = (...of: readonly Doc[]): Doc => ({ d: "group", of });
export const indent = (...of: readonly Doc[]): Doc => ({ d: "indent", of });
/** Like a group, but each line is broken only when what follows it up to the next line does not fit. */
export const fill = (...of: readonly Doc[]): Doc => ({ d: "fill", of });
export const ifBroken = (text: string): Doc => ({ d: "ifBroken", text });

export function joinDocs(docs: readonly Doc[], separator: Doc): Doc {
  return docs.flatMap((d, i) => (i === 0 ? [d] : [separator, d]));
}

/** Whether it cannot be printed on one line. */
export function breaks(doc: Doc): boolean {
  if (typeof doc === "string") return false;
  if (isList(doc)) return doc.some(breaks);
  switch (doc.d) {
    case "group":
    case "indent":
    case "fill":
      return breaks(doc.of);
    case "hardline":
    case "comment":
      return true;
    default:
      return false;
  }
}

/** The text on one line, whatever its length; undefined when a comment or a body is in it. */
export function flatText(doc: Doc): string | undefined {
  if (breaks(doc)) return undefined;
  const parts: string[] = [];
  const visit = (d: Doc): void => {
    if (typeof d === "string") parts.push(d);
    else if (isList(d)) d.forEach(visit);
    else if (d.d === "line") parts.push(d.flat);
    else if (d.d !== "ifBroken" && d.d !== "hardline" && d.d !== "comment") visit(d.of);
  };
  visit(doc);
  return parts.join("");
}

type Mode = "flat" | "broken" | "fill";
interface Command {
  readonly indent: number;
  readonly mode: Mode;
  readonly doc: Doc;
}

const isList = (doc: Doc): doc is readonly Doc[] => Array.isArray(doc);

/** Lays a document out. No line has trailing spaces; the text does not end with a line break. */
export function printDoc(doc: Doc, width: number, tab = 2): string {
  const lines: string[] = [];
  let current = "";
  /** After a comment: the line break is owed, its indentation is known when something follows. */
  let owed = false;
  const stack: Command[] = [{ indent: 0, mode: "broken", doc }];

  const newline = (to: number): void => {
    lines.push(current.trimEnd());
    current = " ".repeat(to);
    owed = false;
  };

  for (let command = stack.pop(); command !== undefined; command = stack.pop()) {
    const { indent, mode, doc } = command;
    if (typeof doc === "string") {
      if (doc === "") continue;
      if (owed) newline(indent);
      current += doc;
      continue;
    }
    if (isList(doc)) {
      for (let i = doc.length - 1; i >= 0; i--) stack.push({ indent, mode, doc: doc[i] as Doc });
      continue;
    }
    switch (doc.d) {
      case "indent":
        stack.push({ indent: indent + tab, mode, doc: doc.of });
        break;
      case "group":
      case "fill": {
        const flat = mode === "flat" || (!breaks(doc.of) && fits(doc.of, width - current.length, stack));
        stack.push({ indent, mode: flat ? "flat" : doc.d === "fill" ? "fill" : "broken", doc: doc.of });
        break;
      }
      case "line":
        if (mode === "broken" || owed) newline(indent);
        else if (mode === "flat" || fits(doc.flat, width - current.length, stack)) current += doc.flat;
        else newline(indent);
        break;
      case "hardline":
        newline(indent);
        break;
      case "ifBroken":
        if (mode === "broken") current += doc.text;
        break;
      case "comment": {
        const started = current.trim() !== "";
        if (owed || (doc.own && started)) newline(indent);
        else if (started) current = current.trimEnd() + " ".repeat(doc.gap ?? 2);
        current += doc.text;
        owed = true;
        break;
      }
    }
  }
  return [...lines, current.trimEnd()].join("\n");
}

/**
 * Whether `doc` fits flat into `room`, with what follows it up to the first line that will be broken. What follows a
 * line in a fill decides for itself.
 */
function fits(doc: Doc, room: number, rest: readonly Command[]): boolean {
  let left = room;
  let next = rest.length - 1;
  const stack: { readonly mode: Mode; readonly doc: Doc }[] = [{ mode: "flat", doc }];
  while (left >= 0) {
    const top = stack.pop() ?? rest[next--];
    if (top === undefined) return true;
    const { mode, doc } = top;
    if (typeof doc === "string") {
      left -= doc.length;
    } else if (isList(doc)) {
      for (let i = doc.length - 1; i >= 0; i--) stack.push({ mode, doc: doc[i] as Doc });
    } else {
      switch (doc.d) {
        case "indent":
          stack.push({ mode, doc: doc.of });
          break;
        case "group":
        case "fill":
          // A group that follows may break at its first line.
          stack.push({ mode: breaks(doc.of) ? "broken" : mode, doc: doc.of });
          break;
        case "line":
          if (mode !== "flat") return true;
          left -= doc.flat.length;
          break;
        case "hardline":
        case "comment":
          return true;
        case "ifBroken":
          if (mode === "broken") left -= doc.text.length;
          break;
      }
    }
  }
  return false;
}
