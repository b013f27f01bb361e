import { noLoc } from "../../src/diagnostics/span.js";
import { constDim } from "../../src/ir/dim.js";
import { graphBuilder } from "../../src/ir/graph/builder.js";
import type { Index, Node, TensorType, Use, ValueId } from "../../src/ir/graph/ops.js";
import { mapUses } from "../../src/ir/graph/visit.js";
import { invariant } from "../../src/util/invariant.js";
import { copyNode } from "../rewrite.js";

export type Region = Extract<Node, { op: "region" }>;

/** A value that has become part `part` of a stack, which `head` stands for. */
export interface Part {
  readonly head: ValueId;
  readonly part: number;
  /** For each axis of the stack behind the first, the value's axis that it is. */
  readonly axes: readonly number[];
  /** Of the stack. */
  readonly type: TensorType;
}

/** A region that takes stacks in place of their parts, each stack once, and reads the parts inside. */
export function withStackedArguments(region: Region, partOf: (arg: ValueId) => Part | undefined): Region {
  const parts = region.args.map(partOf);
  if (parts.every((p) => p === undefined)) return region;
  const args = [...new Set(region.args.map((arg, i) => parts[i]?.head ?? arg))];
  const b = graphBuilder();
  const inputs = new Map<ValueId, ValueId>();
  args.forEach((arg, i) => {
    const at = region.args.findIndex((a, j) => (parts[j]?.head ?? a) === arg);
    const input = region.body.inputs[at];
    const node = input === undefined ? undefined : region.body.nodes[input];
    invariant(input !== undefined && node !== undefined, () => "a region has an input for each argument");
    inputs.set(
      arg,
      b.add({ op: "input", name: `a${i}` }, region.body.locs[input] ?? noLoc, parts[at]?.type ?? node.type),
    );
  });
  /** By input of the old body: what stands for it, and which part is read. */
  const known = new Map<ValueId, Part>();
  const to = new Map<ValueId, ValueId>();
  region.body.inputs.forEach((input, i) => {
    const arg = region.args[i] ?? -1;
    to.set(input, inputs.get(parts[i]?.head ?? arg) ?? -1);
    const part = parts[i];
    if (part !== undefined) known.set(input, part);
  });
  const sliced = (use: Use): Use => {
    const found = known.get(use.value);
    if (found === undefined) return use;
    const at: readonly Index[] = found.axes.flatMap((axis) => use.at[axis] ?? []);
    return { ...use, at: [{ i: "dim", dim: constDim(found.part) }, ...at] };
  };
  region.body.nodes.forEach((node, v) => {
    if (node.op === "input") return;
    const { type, ...op } = node;
    // `op` is the node without its type; slicing keeps the variant
    const read = { ...mapUses(op as Node, sliced), type } as Node;
    to.set(
      v,
      copyNode(b, read, region.body.locs[v] ?? noLoc, (x) => to.get(x) ?? -1),
    );
  });
  const outputs = region.body.outputs.map((o) => ({ name: o.name, value: to.get(o.value) ?? -1 }));
  return { ...region, args, body: b.finish(region.body.name, outputs) };
}
