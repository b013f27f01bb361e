import type { Loc } from "../../src/diagnostics/span.js";
import { noLoc } from "../../src/diagnostics/span.js";
import { graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { copyNode, dropUnreachable } from "../rewrite.js";
import { type AttentionForm, argumentsOf } from "./attentionForm.js";

/** A form to be put in place of its nodes, and what the region is called. */
export interface Replacement {
  readonly form: AttentionForm;
  readonly strategy: string;
}

/** The graph with a region in place of the nodes of each form; forms have no node in common. */
export function withRegions(g: Graph, replacements: readonly Replacement[], pass: string): Graph {
  if (replacements.length === 0) return g;
  const byResult = new Map(replacements.map((r) => [r.form.covers.at(-1), r]));
  const inside = new Set(replacements.flatMap((r) => r.form.covers));
  const b = graphBuilder();
  const to = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const found = to.get(v);
    invariant(found !== undefined, () => `%${v} is used before it is defined`);
    return found;
  };
  g.nodes.forEach((node, v) => {
    const loc = g.locs[v] ?? noLoc;
    const replacement = byResult.get(v);
    if (replacement !== undefined) {
      const args = argumentsOf(g, replacement.form);
      const region = {
        op: "region",
        strategy: replacement.strategy,
        args: args.map(at),
        body: attentionGraph(g, replacement.form),
        result: 0,
      } as const;
      const from: readonly Loc[] = [loc, ...replacement.form.covers.slice(0, -1).map((c) => g.locs[c] ?? noLoc)];
      to.set(v, b.add(region, { kind: "fused", pass, from }));
    } else if (!inside.has(v)) to.set(v, copyNode(b, node, loc, at));
  });
  return dropUnreachable(
    b.finish(
      g.name,
      g.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
    ),
  );
}

/** The nodes of a form as a graph of its own, whose inputs are what it reads. */
export function attentionGraph(g: Graph, form: AttentionForm): Graph {
  const args = argumentsOf(g, form);
  const b = graphBuilder();
  const to = new Map<ValueId, ValueId>();
  args.forEach((v, i) => {
    const type = g.nodes[v]?.type;
    invariant(type, () => `the graph has no value %${v}`);
    to.set(v, b.add({ op: "input", name: `a${i}` }, g.locs[v] ?? noLoc, type));
  });
  const at = (v: ValueId): ValueId => {
    const found = to.get(v);
    invariant(found !== undefined, () => `%${v} is not inside the region`);
    return found;
  };
  const covers = [...form.covers].sort((x, y) => x - y);
  for (const v of covers) {
    const node = g.nodes[v];
    invariant(node, () => `the graph has no value %${v}`);
    to.set(v, copyNode(b, node, g.locs[v] ?? noLoc, at));
  }
  const result = form.covers.at(-1);
  invariant(result !== undefined, () => "a form has a result");
  return b.finish("attention", [{ name: "result", value: at(result) }]);
}
