import type { Loc } from "../../src/diagnostics/span.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { liveValues } from "../../src/ir/graph/visit.js";
import { boundName } from "../schedule/names.js";
import { textName } from "./valueName.js";

/**
 * What a plan calls the products of a graph: the names round each in the source, outermost first, with the number of the
 * step of a `repeat`: `y.0.head.keys`. A second product of one statement has `~2` behind it. The same program gives the
 * same names, whatever the sizes.
 */
export function productSubjects(graph: Graph): ReadonlyMap<ValueId, string> {
  const live = liveValues(graph);
  const counts = new Map<string, number>();
  const subjects = new Map<ValueId, string>();
  graph.nodes.forEach((node, v) => {
    if (node.op !== "contract" || !live[v]) return;
    const words = wordsOf(graph.locs[v] ?? { kind: "none" });
    const output = graph.outputs.find((o) => o.value === v)?.name;
    const path = words.length > 0 ? words.join(".") : (output ?? "product");
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    subjects.set(v, count === 1 ? path : `${path}~${count}`);
  });
  return subjects;
}

/** The names round a place; one that a call and its callee give alike is said once. */
function wordsOf(loc: Loc): readonly string[] {
  switch (loc.kind) {
    case "source": {
      const word = textName(loc.span) ?? boundName(loc.span);
      return word === undefined ? [] : [word];
    }
    case "call": {
      const outer = wordsOf(loc.caller);
      const inner = wordsOf(loc.callee);
      const step = loc.step === undefined ? [] : [String(loc.step)];
      return [...outer, ...step, ...(inner[0] === outer.at(-1) ? inner.slice(1) : inner)];
    }
    case "fused":
      return loc.from.map(wordsOf).find((words) => words.length > 0) ?? [];
    case "none":
      return [];
  }
}
