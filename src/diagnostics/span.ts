/**
 * Where something stands in a source text: half-open offsets in UTF-16 units.
 * Line and column are computed only when a span is printed.
 */
export interface SourceFile {
  /** As the user named it; shown in messages. */
  readonly path: string;
  readonly text: string;
}

/** A part of a file. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** Where a node of an IR comes from. Never part of the node's identity. */
export type Loc =
  | { readonly kind: "source"; readonly span: Span }
  /** `step`: the caller is a `repeat`, and this is its iteration. */
  | { readonly kind: "call"; readonly callee: Loc; readonly caller: Loc; readonly step?: number }
  | { readonly kind: "fused"; readonly pass: string; readonly from: readonly Loc[] }
  | { readonly kind: "none" };

/** From nowhere in a source. */
export const noLoc: Loc = { kind: "none" };

/** 1-based line and column of an offset. */
export function position(file: SourceFile, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = file.text.indexOf("\n"); at !== -1 && at < offset; at = file.text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}
