import type { Doc } from "./doc.js";
import type { Comment } from "./lf.ast.js";

/**
 * Gives out the comments of a file in order, each exactly once, while the formatter walks the tree in the order of the
 * text.
 */
export interface CommentCursor {
  /** All that begin before `offset`, for the place before the word that stands there. */
  before(offset: number): readonly Doc[];
  /** Likewise, as they are. */
  take(offset: number): readonly Comment[];
  /** The one behind `end` on the same line, if it begins before `limit`. */
  trailing(end: number, limit: number): Comment | undefined;
  /** On a line of its own. */
  own(comment: Comment): boolean;
}

export function commentCursor(text: string, comments: readonly Comment[]): CommentCursor {
  let at = 0;

  function take(offset: number): readonly Comment[] {
    const from = at;
    while (at < comments.length && (comments[at]?.span.start ?? offset) < offset) at++;
    return from === at ? none : comments.slice(from, at);
  }

  function own({ span }: Comment): boolean {
    const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
    return /^[\s\uFEFF]*$/.test(text.slice(lineStart, span.start));
  }

  return {
    take,
    own,
    before: (offset) => take(offset).map((c) => ({ d: "comment", text: c.text, own: own(c) })),
    trailing(end, limit) {
      const next = comments[at];
      if (next === undefined || next.span.start < end || next.span.start >= limit) return undefined;
      if (text.slice(end, next.span.start).includes("\n")) return undefined;
      at++;
      return next;
    },
  };
}

const none: readonly Comment[] = [];

/** Demotes a `///` that documents nothing where it goes, so that it does not document what happens to follow. */
export function plainComment({ text }: Comment): string {
  return text.replace(/^\/\/\/(?!\/)/, "//");
}

/** The offset of the next word or symbol. */
export function skipBlank(text: string, from: number): number {
  const blank = /(?:[\s\uFEFF]|\/\/[^\r\n]*)*/y;
  blank.lastIndex = from;
  blank.test(text);
  return blank.lastIndex;
}

/** The offset behind the bracket that closes a list whose last item ends at `from`; it may end with a comma. */
export function endOfBracket(text: string, from: number): number {
  const next = skipBlank(text, from);
  return (text.charAt(next) === "," ? skipBlank(text, next + 1) : next) + 1;
}
