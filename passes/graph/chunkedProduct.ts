import type { Loc } from "../../src/diagnostics/span.js";
import { ceilDivDim, constDim, type Dim, divDim, isWhole } from "../../src/ir/dim.js";
import type { GraphBuilder } from "../../src/ir/graph/builder.js";
import type { Index, Ix, Node, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, call, indexValue, sizeValue } from "../../src/ir/graph/scalars.js";
import {
  renameScalar,
  renameUse,
  rewriteUse,
  substituteUse,
  useIndices,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { joinWhere } from "../../src/ir/graph/where.js";
import { invariant } from "../../src/util/invariant.js";

export type Contract = Extract<Node, { op: "contract" }>;

/** A product over earlier rows. */
export interface Prefix {
  readonly node: Contract;
  /** The row of the result, and the row that is summed up to it; whether it counts itself. */
  readonly row: Ix;
  readonly earlier: Ix;
  readonly inclusive: boolean;
  /** Factors that have the earlier row, and all others. */
  readonly before: readonly Use[];
  readonly others: readonly Use[];
  /** Conditions on the earlier row alone. */
  readonly conditions: readonly Where[];
}

/** The indices of a product over earlier rows together with those of its chunks. */
export interface Chunked {
  readonly block: Ix;
  readonly earlierBlock: Ix;
  readonly inRow: Ix;
  readonly inEarlier: Ix;
  readonly group: Ix;
  readonly earlierGroup: Ix;
  readonly inGroup: Ix;
  readonly extents: ReadonlyMap<Ix, Dim>;
  /** What the sums over whole chunks keep: indices that the other factors or the result have. */
  readonly kept: readonly Ix[];
  readonly rest: readonly Ix[];
}

/** How long a chunk is, and how many of them are a group. */
export interface Lengths {
  readonly size: number;
  readonly group: number;
}

export function chunked(p: Prefix, { size, group }: Lengths): Chunked | undefined {
  const rows = p.node.extents[p.row];
  const blocks = rows && divDim(rows, constDim(size));
  if (blocks === undefined || !isWhole(blocks)) return undefined;
  const n = p.node.extents.length;
  const extents = new Map<Ix, Dim>(p.node.extents.map((d, ix) => [ix, d]));
  for (const ix of [n, n + 1]) extents.set(ix, blocks);
  for (const ix of [n + 2, n + 3]) extents.set(ix, constDim(size));
  for (const ix of [n + 4, n + 5]) extents.set(ix, ceilDivDim(blocks, constDim(Math.max(1, group))));
  extents.set(n + 6, constDim(Math.max(1, group)));
  const elsewhere = new Set([...p.node.out, ...p.others.flatMap((u) => [...useIndices(u)])]);
  const inside = new Set([...p.before, ...p.conditions.flatMap((w) => w.args)].flatMap((u) => [...useIndices(u)]));
  return {
    block: n,
    earlierBlock: n + 1,
    inRow: n + 2,
    inEarlier: n + 3,
    group: n + 4,
    earlierGroup: n + 5,
    inGroup: n + 6,
    extents,
    kept: [...inside].filter((ix) => ix !== p.earlier && elsewhere.has(ix)),
    rest: p.node.out.filter((ix) => ix !== p.row),
  };
}

const plain = (ix: Ix): Index => ({ i: "ix", ix });

/** a · by + b. */
const inBlock = (a: Index, by: Dim, b: Ix): Index => ({ i: "add", of: [{ i: "mul", of: a, by }, plain(b)] });

const condition = (body: Scalar): Where => ({ args: [], body });
const isBefore = (fn: "lt" | "le", x: Ix, y: Ix): Where => condition(call(fn, indexValue(x), indexValue(y)));

/** Adds the nodes of a product in chunks; the result has the axes that the product had. */
export function inChunks(b: GraphBuilder, p: Prefix, lengths: Lengths, at: (v: ValueId) => ValueId, loc: Loc): ValueId {
  const found = chunked(p, lengths);
  invariant(found !== undefined, () => `chunks of ${lengths.size} do not divide the rows`);
  const c: Chunked = found;
  const size = constDim(lengths.size);
  const contract = contractions(b, p, c, { kind: "fused", pass: "chunkPrefixes", from: [loc] });

  const split = (uses: readonly Use[], ix: Ix, block: Ix, inside: Ix): readonly Use[] =>
    uses.map((u) =>
      substituteUse(rewriteUse(u, { value: at }), (j) => (j === ix ? inBlock(plain(block), size, inside) : plain(j))),
    );
  const before = (block: Ix): { readonly factors: readonly Use[]; readonly conditions: readonly Where[] } => ({
    factors: split(p.before, p.earlier, block, c.inEarlier),
    conditions: p.conditions.map((w) => ({ ...w, args: split(w.args, p.earlier, block, c.inEarlier) })),
  });
  const rows = split(p.others, p.row, c.block, c.inRow);

  const whole = before(c.earlierBlock);
  const chunk = contract(whole.factors, [c.earlierBlock, ...c.kept], joinWhere(whole.conditions));
  const sums = lengths.group === 0 ? sumsBefore(chunk) : sumsByGroups(chunk, constDim(lengths.group));
  const out = [c.block, c.inRow, ...c.rest];
  const far = contract([...rows, kept(sums, plain(c.block))], out, undefined);
  const own = before(c.block);
  const order = isBefore(p.inclusive ? "le" : "lt", c.inEarlier, c.inRow);
  const near = contract([...rows, ...own.factors], out, joinWhere([order, ...own.conditions]));

  const result = p.node.out.map((_, axis) => axis);
  const row = plain(p.node.out.indexOf(p.row));
  const back: readonly Index[] = [
    { i: "floordiv", of: row, by: size },
    { i: "mod", of: row, by: size },
    ...p.node.out.flatMap((ix, axis) => (ix === p.row ? [] : [plain(axis)])),
  ];
  const extents = p.node.out.map((ix) => p.node.extents[ix] ?? constDim(1));
  return sum(b, result, extents, [far, back], [near, back], loc);

  /** One row of a table of sums. */
  function kept(value: ValueId, first: Index): Use {
    return { value, at: [first, ...c.kept.map(plain)] };
  }

  /** For each chunk the sum of those before it. */
  function sumsBefore(chunk: ValueId): ValueId {
    const order = isBefore("lt", c.earlierBlock, c.block);
    return contract([kept(chunk, plain(c.earlierBlock))], [c.block, ...c.kept], order);
  }

  /** The same by groups of chunks: the sum of the groups before, and of the chunks before in its own group. */
  function sumsByGroups(chunk: ValueId, many: Dim): ValueId {
    const blocks = c.extents.get(c.block) ?? constDim(1);
    const here = call("add", call("mul", indexValue(c.group), sizeValue(many)), indexValue(c.inGroup));
    const exists = divides(blocks, many) ? undefined : condition(call("lt", here, sizeValue(blocks)));
    const group = contract([kept(chunk, inBlock(plain(c.group), many, c.inGroup))], [c.group, ...c.kept], exists);
    const groups = contract(
      [kept(group, plain(c.earlierGroup))],
      [c.group, ...c.kept],
      isBefore("lt", c.earlierGroup, c.group),
    );
    const first: Index = { i: "floordiv", of: plain(c.block), by: many };
    const earlier = call("lt", indexValue(c.inGroup), call("mod", indexValue(c.block), sizeValue(many)));
    const inside = contract([kept(chunk, inBlock(first, many, c.inGroup))], [c.block, ...c.kept], condition(earlier));
    const axes = [c.block, ...c.kept];
    const rest = c.kept.map((_, i) => plain(i + 1));
    return sum(
      b,
      axes.map((_, axis) => axis),
      axes.map((ix) => c.extents.get(ix) ?? constDim(1)),
      [groups, [{ i: "floordiv", of: plain(0), by: many }, ...rest]],
      [inside, [plain(0), ...rest]],
      { kind: "fused", pass: "chunkPrefixes", from: [loc] },
    );
  }
}

const divides = (whole: Dim, by: Dim): boolean => {
  const quotient = divDim(whole, by);
  return quotient !== undefined && isWhole(quotient);
};

/** Adds contractions over the indices of a product and its chunks, numbered anew. */
function contractions(
  b: GraphBuilder,
  p: Prefix,
  c: Chunked,
  loc: Loc,
): (factors: readonly Use[], out: readonly Ix[], where: Where | undefined) => ValueId {
  return (factors, out, where) => {
    const used = [...out, ...factors.flatMap((u) => [...useIndices(u)]), ...(where ? whereIndices(where) : [])];
    const order = [...new Set(used)];
    const to = (ix: Ix): Ix => order.indexOf(ix);
    return b.add(
      {
        op: "contract",
        factors: factors.map((u) => renameUse(u, to)),
        out: out.map(to),
        extents: order.map((ix) => c.extents.get(ix) ?? constDim(1)),
        accum: p.node.accum,
        ...(where && { where: { args: where.args.map((u) => renameUse(u, to)), body: renameScalar(where.body, to) } }),
      },
      loc,
    );
  };
}

type Read = readonly [value: ValueId, at: readonly Index[]];

const sum = (b: GraphBuilder, out: readonly Ix[], extents: readonly Dim[], x: Read, y: Read, loc: Loc): ValueId =>
  b.add(
    {
      op: "map",
      args: [x, y].map(([value, at]) => ({ value, at })),
      out,
      extents,
      body: call("add", argument(0), argument(1)),
    },
    loc,
  );
