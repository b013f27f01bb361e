import { constDim, type Dim, dimKey, evalDim, symbolsOf } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import type { Index, Ix, Node, TensorType, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import {
  renameUse,
  rewriteScalar,
  rewriteUse,
  scalarIndices,
  useIndices,
  useValues,
  whereIndices,
} from "../../src/ir/graph/visit.js";
import { splitWhere } from "../../src/ir/graph/where.js";
import { appliedWithin, type Bits, everyFactor, keptBy, members, mostBits, type Product } from "./contractionOrder.js";
import { indexKey } from "./simplifyIndex.js";

export type ContractNode = Extract<Node, { op: "contract" }>;

/** A contraction as the order search sees it, with what is needed to build its parts. */
export interface GraphProduct extends Product {
  readonly node: ContractNode;
  /** The condition of the node, as conjuncts. */
  readonly conjuncts: readonly Where[];
  /** Indices of the node in the order in which the part's key numbers them. */
  numbering(part: Bits): readonly Ix[];
  /** The same product at other run-time sizes. */
  at(sizes: ReadonlyMap<string, number>): GraphProduct;
}

export interface ProductContext {
  /** A number for each run-time size. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly parameterOnly: ReadonlySet<ValueId>;
  typeOf(value: ValueId): TensorType;
}

/** A product of parameters is prepared at load only while it is not this much larger than its factors together. */
const mostGrowth = 4;

/** `undefined` for contractions of more indices or factors than the search has bits. */
export function graphProduct(node: ContractNode, cx: ProductContext): GraphProduct | undefined {
  if (node.extents.length > mostBits || node.factors.length > mostBits) return undefined;
  const conjuncts = node.where === undefined ? [] : splitWhere(node.where);
  const numberings = new Map<Bits, Numbering>();
  const frees = new Map<Bits, boolean>();
  const fixed = {
    node,
    conjuncts,
    factors: node.factors.map((u) => bitsOf(useIndices(u))),
    conditions: conjuncts.map((w) => bitsOf(whereIndices(w))),
    out: bitsOf(node.out),
    indices: bitsOf(node.extents.map((_, ix) => ix)),
    elementBytes: byteSize(node.type.dtype),
    names: node.factors.map((u) => u.value),
  };
  const at = (sizes: ReadonlyMap<string, number>): GraphProduct => {
    const extents = node.extents.map((d) => evalDim(d, sizes));
    const bytes = (u: Use): number => touchedBytes(u, extents, sizes, cx.typeOf(u.value));
    const product: GraphProduct = {
      ...fixed,
      at,
      sizes: extents,
      factorBytes: node.factors.map(bytes),
      conditionBytes: conjuncts.map((w) => w.args.reduce((sum, u) => sum + bytes(u), 0)),
      key: (part) => numbered(part).key,
      numbering: (part) => numbered(part).order,
      // of no run-time size, so the same at all
      free: (part) => remembered(frees, part, () => isFree(product, part, cx)),
      structure: (call) => structureOf(product, call, cx),
    };
    const numbered = (part: Bits): Numbering => remembered(numberings, part, () => numberPart(product, part));
    return product;
  };
  return at(cx.sizes);
}

function remembered<T>(memo: Map<Bits, T>, part: Bits, make: () => T): T {
  const known = memo.get(part);
  if (known !== undefined) return known;
  const made = make();
  memo.set(part, made);
  return made;
}

/** Bytes of a tensor that a use reads: no more than its indices reach, nor than there are. */
function touchedBytes(
  use: Use,
  extents: readonly number[],
  sizes: ReadonlyMap<string, number>,
  { dtype, shape }: TensorType,
): number {
  const all = shape.reduce((n, d) => n * evalDim(d, sizes), 1);
  const reached = [...useIndices(use)].reduce((n, ix) => n * (extents[ix] ?? 1), 1);
  return Math.min(all, reached) * byteSize(dtype);
}

function structureOf(p: GraphProduct, call: (name: number) => number, cx: ProductContext): string {
  const { node } = p;
  const text = (u: Use): string => {
    const weights = [...useValues(u)].every((v) => cx.parameterOnly.has(v)) ? "!" : "";
    return `${weights}${useText(rewriteUse(u, { value: call }), (ix) => ix)}`;
  };
  return JSON.stringify([
    node.factors.map(text),
    node.where === undefined ? [] : [node.where.args.map(text), node.where.body],
    node.out,
    node.extents.map(dimKey),
    p.sizes,
    [p.factorBytes, p.conditionBytes, p.elementBytes],
  ]);
}

const bitsOf = (indices: Iterable<Ix>): Bits => {
  let bits = 0;
  for (const ix of indices) bits |= 1 << ix;
  return bits;
};

/** Whether a part is computed once, when the weights are loaded. */
function isFree(p: GraphProduct, part: Bits, cx: ProductContext): boolean {
  const uses = members(part).flatMap((i) => p.node.factors[i] ?? []);
  const conditions = appliedWithin(p, part).flatMap((i) => p.conjuncts[i]?.args ?? []);
  if (![...uses, ...conditions].every((u) => [...useValues(u)].every((v) => cx.parameterOnly.has(v)))) return false;
  const indices = members(bitsOf(uses.flatMap((u) => [...useIndices(u)])) | keptBy(p, part));
  if (indices.some((ix) => symbolsOf(p.node.extents[ix] ?? constDim(1)).length > 0)) return false;
  const volume = (set: Bits): number => members(set).reduce((n, ix) => n * (p.sizes[ix] ?? 1), 1);
  const inputs = members(part).reduce((sum, i) => sum + volume(p.factors[i] ?? 0), 0);
  return volume(keptBy(p, part)) <= mostGrowth * inputs;
}

interface Numbering {
  readonly key: string;
  readonly order: readonly Ix[];
}

/** More orders of equal-looking factors than this are not tried; a part then merely may not be recognised. */
const mostTies = 24;

/**
 * One name for a part, whatever the numbers of its indices and the order of its factors: factors sorted by value and
 * form of their subscripts, indices numbered by first occurrence, the least text over the orders of equal factors.
 */
function numberPart(p: GraphProduct, part: Bits): Numbering {
  const factors = members(part).flatMap((i) => {
    const use = p.node.factors[i];
    return use === undefined ? [] : [{ use, form: formOf(use) }];
  });
  factors.sort((a, b) => (a.form < b.form ? -1 : a.form > b.form ? 1 : 0));
  const conjuncts = appliedWithin(p, part).flatMap((i) => p.conjuncts[i] ?? []);
  let best: Numbering | undefined;
  for (const ordered of orders(factors)) {
    const named = nameParts(
      p,
      part,
      ordered.map((f) => f.use),
      conjuncts,
    );
    if (best === undefined || named.key < best.key) best = named;
  }
  return best ?? { key: "", order: [] };
}

/** A use with the indices numbered within it. */
function formOf(use: Use): string {
  const local = new Map<Ix, number>();
  for (const ix of useIndices(use)) local.set(ix, local.size);
  return useText(use, (ix) => local.get(ix) ?? -1);
}

const useText = (use: Use, to: (ix: Ix) => number): string => {
  const renamed = renameUse(use, to);
  return `%${renamed.value}[${renamed.at.map((i: Index) => indexKey(i)).join(",")}]`;
};

/** The orders of a sorted list that permute equal neighbours only. */
function* orders<T extends { readonly form: string }>(sorted: readonly T[]): Generator<readonly T[]> {
  const runs: T[][] = [];
  for (const item of sorted) {
    const run = runs.at(-1);
    if (run?.[0]?.form === item.form) run.push(item);
    else runs.push([item]);
  }
  let tried = 0;
  function* visit(at: number, before: readonly T[]): Generator<readonly T[]> {
    const run = runs[at];
    if (run === undefined) {
      if (tried++ < mostTies) yield before;
      return;
    }
    for (const order of permutations(run)) {
      if (tried >= mostTies) return;
      yield* visit(at + 1, [...before, ...order]);
    }
  }
  yield* visit(0, []);
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length <= 1) {
    yield items;
    return;
  }
  for (const [i, item] of items.entries())
    for (const rest of permutations(items.filter((_, j) => j !== i))) yield [item, ...rest];
}

function nameParts(p: GraphProduct, part: Bits, uses: readonly Use[], conjuncts: readonly Where[]): Numbering {
  const number = new Map<Ix, number>();
  const note = (ix: Ix): number => {
    const known = number.get(ix);
    if (known !== undefined) return known;
    number.set(ix, number.size);
    return number.size - 1;
  };
  const factorTexts = uses.map((u) => useText(u, note));
  const conditionTexts = conjuncts.map((w) => {
    const args = w.args.map((u) => useText(u, note));
    for (const ix of scalarIndices(w.body)) note(ix);
    const body = rewriteScalar(w.body, { index: (ix) => ({ e: "index", ix: note(ix) }) });
    return `${args.join(",")}:${JSON.stringify(body)}`;
  });
  // what the whole product has and nothing else mentions
  const loose = part === everyFactor(p) ? members(p.indices).filter((ix) => !number.has(ix)) : [];
  for (const ix of loose) note(ix);
  const order = [...number.keys()];
  const extents = order.map((ix) => dimKey(p.node.extents[ix] ?? noExtent));
  const kept = keptBy(p, part);
  const keptTexts = order.flatMap((ix, i) => ((kept >>> ix) & 1 ? [i] : []));
  return {
    key: [
      factorTexts.join("*"),
      conditionTexts.sort().join("&"),
      extents.join(","),
      keptTexts.join(","),
      p.node.accum,
    ].join("|"),
    order,
  };
}

const noExtent: Dim = constDim(1);
