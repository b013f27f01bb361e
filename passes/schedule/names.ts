import type { Loc, Span } from "../../src/diagnostics/span.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { textName } from "../graph/valueName.js";

/** Words of the source for what the compiler makes: kernels, buffers, labels of steps. */
export interface Names {
  /** The name that the source gives a value, if it is known: `keys` for `let keys[k, c] = …`. */
  of(v: ValueId): string | undefined;
  /** The same with the names of the calls round it, outermost first: `head.keys`. */
  path(v: ValueId): string | undefined;
}

/** The places in the source that a value comes from: the calls, outermost first, then the place itself. */
function spansOf(loc: Loc): readonly Span[] {
  switch (loc.kind) {
    case "source":
      return [loc.span];
    case "call":
      return [...spansOf(loc.caller), ...spansOf(loc.callee)];
    case "fused":
      for (const part of loc.from) {
        const spans = spansOf(part);
        if (spans.length > 0) return spans;
      }
      return [];
    case "none":
      return [];
  }
}

const statement = /\blet\s+([A-Za-z_]\w*)|\breturn\b/g;

/** The name bound by the statement round an offset: the last `let` before it. */
export function boundName(span: Span): string | undefined {
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
  const memo = new Map<ValueId, readonly string[]>();
  const words = (v: ValueId): readonly string[] => {
    const known = memo.get(v);
    if (known !== undefined) return known;
    const made = wordsOf(g, v);
    memo.set(v, made);
    return made;
  };
  return {
    of: (v) => words(v).at(-1),
    path(v) {
      const all = words(v);
      return all.length === 0 ? undefined : all.filter((w, i) => w !== all[i - 1]).join(".");
    },
  };
}

function wordsOf(g: Graph, v: ValueId): readonly string[] {
  const node = g.nodes[v];
  if (node?.op === "input") return [node.name];
  if (node?.op === "param") return node.path.split(".").slice(-1);
  const spans = spansOf(g.locs[v] ?? { kind: "none" });
  if (spans.length > 0) return spans.flatMap((span) => textName(span) ?? boundName(span) ?? []);
  return g.outputs.flatMap((o) => (o.value === v ? [o.name] : [])).slice(0, 1);
}
