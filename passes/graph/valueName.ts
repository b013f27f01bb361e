import type { Loc, Span } from "../../src/diagnostics/span.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";

/** The name of a node in the text of an IR: the node stands where its name does. */
export const textName = ({ file, start, end }: Span): string | undefined =>
  /^%([A-Za-z_]\w*)$/.exec(file.text.slice(start, end))?.[1];

/** What the source calls a value, if its text is bound to a name there: `let keys[k, c] = …`. */
export function sourceName(loc: Loc): string | undefined {
  switch (loc.kind) {
    case "call":
      return sourceName(loc.callee);
    case "source": {
      const { file, start } = loc.span;
      const inText = textName(loc.span);
      if (inText !== undefined) return inText;
      const before = file.text.slice(Math.max(0, start - 200), start);
      return /let\s+([A-Za-z_]\w*)\s*(\[[^\]=]*\])?\s*=\s*$/.exec(before)?.[1];
    }
    case "fused":
    case "none":
      return undefined;
  }
}

/** A short name for people: of an input, the last part of a parameter's path, of a `let`; else the value's number. */
export function valueName(graph: Graph, v: ValueId): string {
  const node = graph.nodes[v];
  if (node?.op === "input") return node.name;
  if (node?.op === "param") return node.path.slice(node.path.lastIndexOf(".") + 1);
  const loc = graph.locs[v];
  return (loc && sourceName(loc)) ?? `%${v}`;
}
