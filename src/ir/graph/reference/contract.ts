import type { Ix, Node, Where } from "../ops.js";
import { splitWhere } from "../where.js";
import { domainOf, type Grid, readGrid, type Scope, scalarGrid } from "./columns.js";
import { accumulationLength, cheapestTree, contractFactors, type Factor, maskOf } from "./contraction.js";
import { accumulatorUnit, f32Precision, precisionOf } from "./errors.js";
import { finish, finishWhole } from "./finish.js";
import { undecidedBy } from "./tensor.js";

/**
 * Beside the value Σ Πa it takes A = Σ Π|a| and B = Σ Π(|a| + b): B − A is what the operands' errors can do, and
 * (2K + factors − 2) · 2⁻²⁴ · B what the rounding of any order can. A condition is one more factor of zeros and ones.
 */
export function contract(node: Extract<Node, { op: "contract" }>, scope: Scope): Grid {
  const { out, factors: uses, where } = node;
  const sizes = scope.extents;
  const operandGrids = uses.map((use) => {
    const ixs = domainOf([use]);
    return { ixs, grid: readGrid(use, ixs, scope) };
  });
  const condition = where && conditionFactor(where, scope);
  const mentioned = maskOf([...operandGrids.flatMap(({ ixs }) => [...ixs]), ...(condition?.ixs ?? [])]);
  // An index that no factor has repeats the product: a factor of ones.
  const idle = sizes.map((_, ix) => ix).filter((ix) => !((mentioned >> ix) & 1));
  const idleSize = idle.reduce((product, ix) => product * (sizes[ix] ?? 1), 1);
  const extra: Factor[] = [];
  if (condition) extra.push({ ixs: condition.ixs, data: condition.grid.value });
  if (idle.length > 0) extra.push({ ixs: idle, data: new Float64Array(idleSize).fill(1) });

  const masks = [...operandGrids.map(({ ixs }) => maskOf(ixs)), ...extra.map(({ ixs }) => maskOf(ixs))];
  const outMask = maskOf(out);
  const tree = cheapestTree(masks, sizes, outMask);
  const product = (of: (grid: Grid) => Float64Array, others: readonly Factor[] = extra): Float64Array =>
    contractFactors([...operandGrids.map(({ ixs, grid }) => ({ ixs, data: of(grid) })), ...others], out, sizes, tree);

  const contractTerms = (factors: readonly Factor[]): Float64Array =>
    contractFactors(
      factors,
      out,
      sizes,
      cheapestTree(
        factors.map((f) => maskOf(f.ixs)),
        sizes,
        outMask,
      ),
    );

  const value = product(finiteValues);
  const size = value.length;
  const flags = new Uint8Array(size);
  const all = [...operandGrids.map(({ grid }) => grid), ...(condition ? [condition.grid] : [])];
  for (const bit of [undecidedBy.decision, undecidedBy.range]) {
    if (!all.some((grid) => grid.flags.some((flag) => (flag & bit) !== 0))) continue;
    // Each flagged factor doubles its term; a sum above the number of selected terms has one.
    const marks = (grid: Grid): Float64Array => Float64Array.from(grid.flags, (flag) => ((flag & bit) !== 0 ? 2 : 1));
    const ones = (grid: Grid): Float64Array => new Float64Array(grid.flags.length).fill(1);
    const may = condition && conditionMarks(condition.grid, bit);
    const rest = extra.slice(condition ? 1 : 0);
    const withMarks = (data: Float64Array | undefined): Factor[] =>
      condition && data ? [{ ixs: condition.ixs, data }, ...rest] : rest;
    const marked = product(marks, withMarks(may?.marked));
    const count = product(ones, withMarks(may?.selected));
    for (let i = 0; i < size; i++)
      if ((marked[i] as number) > (count[i] as number)) flags[i] = (flags[i] as number) | bit;
    if (where === undefined || bit !== undecidedBy.range) continue;
    // A factor is kept from what a conjunct leaves out only if it has a summed index of it, or all its indices where
    // none is summed: some order takes it out of the sums of the others, and then meets 0 · NaN. So what the other
    // conjuncts say does not help it.
    const conjuncts = splitWhere(where).map((w) => conditionFactor(w, scope));
    for (const own of operandGrids) {
      if (!own.grid.flags.some((flag) => (flag & bit) !== 0)) continue;
      const summed = own.ixs.filter((ix) => !out.includes(ix));
      const related = conjuncts.filter((c) =>
        c.ixs.every((ix) => out.includes(ix))
          ? c.ixs.every((ix) => own.ixs.includes(ix))
          : c.ixs.some((ix) => summed.includes(ix)),
      );
      if (related.length === conjuncts.length) continue;
      const free: Factor = { ixs: condition?.ixs ?? [], data: ones(condition?.grid ?? own.grid) };
      const selects = related.map(({ ixs, grid }) => ({ ixs, data: conditionMarks(grid, bit).selected }));
      const count = (of: (o: (typeof operandGrids)[number]) => Float64Array): Float64Array =>
        contractTerms([...operandGrids.map((o) => ({ ixs: o.ixs, data: of(o) })), free, ...selects, ...rest]);
      const terms = count((o) => ones(o.grid));
      const loose = count((o) => (o === own ? marks(o.grid) : ones(o.grid)));
      for (let i = 0; i < size; i++)
        if ((loose[i] as number) > (terms[i] as number)) flags[i] = (flags[i] as number) | bit;
    }
  }

  const bound = new Float64Array(size);
  const precision = precisionOf(node.type.dtype);
  const result = { value, bound, flags };
  if (!precision) return finishWhole(result, node.type.dtype);
  const magnitudes = product(absoluteValues);
  const inexact = operandGrids.some(({ grid }) => grid.bound.some((b) => b !== 0));
  const upper = inexact ? product(upperValues) : magnitudes;
  const K = accumulationLength(masks, sizes, outMask);
  const rounding = (2 * K + Math.max(0, uses.length - 2)) * accumulatorUnit(node.accum);
  const terms = sizes.reduce((count, extent) => count * extent, 1) / Math.max(1, size);
  const growth = amplification(operandGrids.map(({ grid }) => grid));
  const flushed = terms * uses.length * precision.tiny * growth;
  // An intermediate of some order may overflow although the result does not, and then meet a zero.
  const peak = uses.length > 2 && terms * growth > f32Precision.max ? product(atLeastOne) : upper;
  for (let i = 0; i < size; i++)
    if (!((peak[i] as number) <= f32Precision.max)) flags[i] = (flags[i] as number) | undecidedBy.range;
  finish(result, precision, node.type.dtype === "f16", (i) => {
    const b = upper[i] as number;
    if (b === 0) return 0;
    return Math.max(0, b - (magnitudes[i] as number)) + rounding * b + flushed;
  });
  return result;
}

/** What one flushed intermediate can grow to in a product of more than two factors. */
function amplification(grids: readonly Grid[]): number {
  if (grids.length < 3) return 1;
  return grids.reduce((product, grid) => {
    let largest = 1;
    for (let i = 0; i < grid.value.length; i++) {
      const x = Math.abs(grid.value[i] as number) + (grid.bound[i] as number);
      if (x > largest && grid.flags[i] === 0) largest = x;
    }
    return product * largest;
  }, 1);
}

const finite = (x: number): number => (Number.isFinite(x) ? x : 0);
const finiteValues = (grid: Grid): Float64Array =>
  grid.flags.some((flag) => flag !== 0) ? grid.value.map(finite) : grid.value;
const absoluteValues = (grid: Grid): Float64Array => finiteValues(grid).map(Math.abs);
const upperValues = (grid: Grid): Float64Array => absoluteValues(grid).map((x, i) => x + (grid.bound[i] as number));
const atLeastOne = (grid: Grid): Float64Array => upperValues(grid).map((x) => Math.max(1, x));

interface Condition {
  readonly ixs: readonly Ix[];
  readonly grid: Grid;
}

function conditionFactor(where: Where, scope: Scope): Condition {
  const ixs = domainOf(where.args, where.body);
  return { ixs, grid: scalarGrid(where.body, where.args, ixs, scope) };
}

/** A term takes part if its condition holds or is undecided; then it is marked. */
function conditionMarks(grid: Grid, bit: number): { readonly marked: Float64Array; readonly selected: Float64Array } {
  const selected = Float64Array.from(grid.value, (x, i) => (x !== 0 || grid.flags[i] !== 0 ? 1 : 0));
  const marked = selected.map((x, i) => (((grid.flags[i] as number) & bit) !== 0 ? 2 * x : x));
  return { marked, selected };
}
