import type { Graph, Index, Ix, Op, Scalar, Use, ValueId } from "../../src/ir/graph/ops.js";
import { operandUses, scalarArgs, scalarIndices, useIndices } from "../../src/ir/graph/visit.js";
import { unreachable } from "../../src/util/invariant.js";

/** The uses inside the subscripts of a use. */
function nestedUses(use: Use): readonly Use[] {
  const found: Use[] = [];
  const visit = (i: Index): void => {
    switch (i.i) {
      case "add":
        i.of.forEach(visit);
        return;
      case "mul":
      case "floordiv":
      case "mod":
        visit(i.of);
        return;
      case "value":
        found.push(i.of, ...nestedUses(i.of));
        return;
      case "ix":
      case "dim":
        return;
      default:
        unreachable(i);
    }
  };
  use.at.forEach(visit);
  return found;
}

/** Every use of a node, those in subscripts too. */
export const allUses = (op: Op): readonly Use[] =>
  op.op === "concat" || op.op === "region"
    ? op.args.map((value) => ({ value, at: [] }))
    : operandUses(op).flatMap((u) => [u, ...nestedUses(u)]);

/** The indices that a condition depends on, through its arguments and directly. */
export function conditionIndices(s: Scalar, args: readonly Use[]): ReadonlySet<Ix> {
  const found = new Set<Ix>(scalarIndices(s));
  for (const arg of scalarArgs(s)) {
    const use = args[arg];
    if (use !== undefined) for (const ix of useIndices(use)) found.add(ix);
  }
  return found;
}

/** The conjuncts of a condition. */
export const conjuncts = (s: Scalar): readonly Scalar[] =>
  s.e === "call" && s.fn === "and" ? s.args.flatMap(conjuncts) : [s];

/** For each value, how often each live node reads it. */
export function readersOf(g: Graph, live: readonly boolean[]): readonly ReadonlyMap<ValueId, number>[] {
  const readers = g.nodes.map(() => new Map<ValueId, number>());
  g.nodes.forEach((node, reader) => {
    if (!live[reader]) return;
    for (const use of allUses(node)) {
      const counts = readers[use.value];
      counts?.set(reader, (counts.get(reader) ?? 0) + 1);
    }
  });
  return readers;
}
