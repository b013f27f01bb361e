import { graphBuilder } from "../ir/graph/builder.js";
import type { Graph, Ix, Op, ValueId } from "../ir/graph/ops.js";
import { mapOperands, renameScalar, renameUse, useIndices, whereIndices } from "../ir/graph/visit.js";
import { type Projection, projectionsOf } from "./projections.js";

/**
 * The same model in the textbook order `E(XW)`: each projection of keys and values is a product by itself, behind all that
 * makes what it projects. To be compiled with the order of products kept; then all else is in the order written.
 */
export function textbookOf(graph: Graph): Graph {
  const found = projectionsOf(graph);
  if (typeof found === "string" || found.at.size === 0) return graph;
  const b = graphBuilder();
  const to = new Map<ValueId, ValueId>();
  const moved = (v: ValueId): ValueId => to.get(v) ?? v;
  for (const [v, { type, ...rest }] of graph.nodes.entries()) {
    const op = rest as Op; // the spread of a union loses which variant it is
    const loc = graph.locs[v] ?? { kind: "none" };
    const projection = found.at.get(v);
    const parts = op.op === "contract" && projection !== undefined ? inTwo(op, projection) : undefined;
    if (parts === undefined) {
      to.set(v, b.add(mapOperands(op, moved), loc, op.op === "input" || op.op === "param" ? type : undefined));
      continue;
    }
    const first = b.add(mapOperands(parts.first, moved), loc);
    to.set(
      v,
      b.add(
        mapOperands(parts.second(-1), (x) => (x === -1 ? first : moved(x))),
        loc,
      ),
    );
  }
  return b.finish(
    graph.name,
    graph.outputs.map(({ name, value }) => ({ name, value: moved(value) })),
  );
}

type Contract = Extract<Op, { op: "contract" }>;

interface InTwo {
  readonly first: Contract;
  /** Given the value of the first. */
  second(first: ValueId): Contract;
}

/** What is projected, then its projection; nothing where there is nothing to separate. */
function inTwo(op: Contract, { factor, slot, row }: Projection): InTwo | undefined {
  const others = op.factors.filter((_, i) => i !== factor);
  const projecting = op.factors[factor];
  if (others.length < 2 || projecting === undefined) return undefined;
  const inOthers = new Set(others.flatMap((use) => [...useIndices(use)]));
  const inner = op.extents.map((_, ix) => ix).filter((ix) => !op.out.includes(ix) && ix !== row);
  // A condition goes with the sum that it is about; one about both keeps the product whole.
  const condition = op.where === undefined ? new Set<Ix>() : whereIndices(op.where);
  const [ofInner, ofRow] = [inner.some((ix) => condition.has(ix)), condition.has(row) || condition.has(slot)];
  if (ofInner && ofRow) return undefined;
  const shared = [...op.out.filter((ix) => ix !== slot && inOthers.has(ix)), row];
  const narrowed = (kept: readonly Ix[]): Pick<Contract, "extents"> & { readonly of: (ix: Ix) => Ix } => ({
    extents: kept.map((ix) => op.extents[ix] ?? { op: "const", value: 1 }),
    of: (ix) => Math.max(0, kept.indexOf(ix)),
  });
  const where = (of: (ix: Ix) => Ix): Pick<Contract, "where"> =>
    op.where === undefined
      ? {}
      : { where: { args: op.where.args.map((u) => renameUse(u, of)), body: renameScalar(op.where.body, of) } };
  const one = narrowed([...shared, ...inner]);
  const two = narrowed([...op.out, row]);
  return {
    first: {
      op: "contract",
      factors: others.map((use) => renameUse(use, one.of)),
      out: shared.map(one.of),
      extents: one.extents,
      accum: op.accum,
      ...(ofInner ? where(one.of) : {}),
    },
    second: (value) => ({
      op: "contract",
      factors: [
        renameUse(projecting, two.of),
        { value, at: shared.map((ix) => ({ i: "ix", ix: two.of(ix) }) as const) },
      ],
      out: op.out.map(two.of),
      extents: two.extents,
      accum: op.accum,
      ...(op.where !== undefined && !ofInner ? where(two.of) : {}),
    }),
  };
}
