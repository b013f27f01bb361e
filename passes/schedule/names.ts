import type { Loc, Span } from "../../src/diagnostics/span.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { textName } from "../graph/valueName.js";

/** Words of the source for what the compiler makes: kernels, buffers, labels of steps. */
export interface Names {
  /** The name that the source gives a value, if it is known: `keys` for `let keys[k, c] = …`. */
  of(v: ValueId): string | undefined;
}

/** The innermost place in the source that a value comes from. */
function spanOf(loc: Loc): Span | undefined {
  switch (loc.kind) {
    case "source":
      return loc.span;
    case "call":
      return spanOf(loc.callee);
    case "fused":
      for (const part of loc.from) {
        const span = spanOf(part);
        if (span !== undefined) return span;
      }
      return undefined;
    case "none":
      return undefined;
  }
}

const statement = /\blet\s+([A-Za-z_]\w*)|\breturn\b/g;

/** The name bound by the statement round an offset: the last `let` before it. */
function boundName(span: Span): string | undefined {
  const { text } = span.file;
  const start = Math.max(0, span.start - 400);
  // The statement may begin at the span itself.
  const before = text.slice(start, Math.max(span.start, Math.min(span.end, span.start + 64)));
  let found: string | undefined;
  for (const match of before.matchAll(statement)) {
    if (start + match.index > span.start) break;
    found = match[1];
  }
  return found;
}

export function namesOf(g: Graph): Names {
  const memo = new Map<ValueId, string | undefined>();
  return {
    of(v) {
      if (!memo.has(v)) {
        const node = g.nodes[v];
        const span = spanOf(g.locs[v] ?? { kind: "none" });
        const name =
          node?.op === "input"
            ? node.name
            : node?.op === "param"
              ? node.path.split(".").at(-1)
              : span === undefined
                ? g.outputs.find((o) => o.value === v)?.name
                : (textName(span) ?? boundName(span));
        memo.set(v, name);
      }
      return memo.get(v);
    },
  };
}
