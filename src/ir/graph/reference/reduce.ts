import { unreachable } from "../../../util/invariant.js";
import type { DType } from "../../dtype.js";
import type { Monoid, Node } from "../ops.js";
import { type Bounded, settle } from "./bounds.js";
import { type Grid, newGrid, readGrid, type Scope, scalarGrid } from "./columns.js";
import { f16Precision, type Precision, precisionOf } from "./errors.js";
import { finishWhole, wholeRange } from "./finish.js";
import { undecidedBy } from "./tensor.js";

/** Folds the reduced indices, row by row. */
export function reduce(node: Extract<Node, { op: "reduce" }>, scope: Scope): Grid {
  const reduced = node.extents.map((_, ix) => ix).filter((ix) => !node.out.includes(ix));
  const order = [...node.out, ...reduced];
  const arg = readGrid(node.arg, order, scope);
  const selected = node.where && scalarGrid(node.where.body, node.where.args, order, scope);
  const width = reduced.reduce((product, ix) => product * (scope.extents[ix] ?? 1), 1);
  const result = newGrid(arg.value.length / width);
  const { dtype } = node.type;
  const precision = precisionOf(dtype);
  const row: Row = { arg, selected, start: 0, end: 0 };
  const out: Bounded = { v: 0, b: 0, u: 0 };
  const fold = rowFold(node.monoid, precision, finiteRange(scope.read(node.arg.value).dtype));
  for (let i = 0; i < result.value.length; i++) {
    row.start = i * width;
    row.end = row.start + width;
    out.u = openSelection(row);
    fold(row, out);
    if (precision) settle(precision, out.v, out.b, out);
    result.value[i] = out.v;
    result.bound[i] = out.u === 0 ? out.b : 0;
    result.flags[i] = out.u;
  }
  return precision ? result : finishWhole(result, dtype);
}

/** Least and greatest finite number of a dtype. */
function finiteRange(dtype: DType): readonly [number, number] {
  const precision = precisionOf(dtype);
  return precision ? [-precision.max, precision.max] : wholeRange(dtype);
}

interface Row {
  readonly arg: Grid;
  readonly selected: Grid | undefined;
  start: number;
  end: number;
}

/** Flags of the row: those of the condition everywhere, those of the operand where it takes part. */
function openSelection(row: Row): number {
  let flags = 0;
  for (let t = row.start; t < row.end; t++) {
    const open = row.selected ? (row.selected.flags[t] as number) : 0;
    flags |= open === 0 ? 0 : open | undecidedBy.decision;
    if (open !== 0 || !row.selected || row.selected.value[t] !== 0) flags |= row.arg.flags[t] as number;
  }
  return flags;
}

const takesPart = (row: Row, t: number): boolean => row.selected?.value[t] !== 0;

/** f16 sums are kept in f32 and rounded once more when stored. */
const stored = (precision: Precision, size: number): number => (precision === f16Precision ? precision.ulp * size : 0);

/** One row of a reduction: value and bound by the operands' bounds and, for sums and products, by rounding. */
function rowFold(
  monoid: Monoid,
  precision: Precision | undefined,
  [least, greatest]: readonly [number, number],
): (row: Row, out: Bounded) => void {
  switch (monoid) {
    case "sum":
      return (row, out) => {
        let [sum, upper, bounds] = [0, 0, 0];
        for (let t = row.start; t < row.end; t++) {
          if (!takesPart(row, t)) continue;
          const x = row.arg.value[t] as number;
          const b = row.arg.bound[t] as number;
          sum += x;
          bounds += b;
          upper += Math.abs(x) + b;
        }
        out.v = sum;
        out.b = 0;
        if (!precision || upper === 0) return;
        if (!(upper <= precision.max)) out.u |= undecidedBy.range;
        const count = row.end - row.start;
        out.b = bounds + 2 * count * 2 ** -24 * upper + count * precision.tiny + stored(precision, Math.abs(sum));
      };
    case "prod":
      return (row, out) => {
        let [product, magnitude, upper, count] = [1, 1, 1, 0];
        for (let t = row.start; t < row.end; t++) {
          if (!takesPart(row, t)) continue;
          const x = row.arg.value[t] as number;
          product *= x;
          magnitude *= Math.abs(x);
          upper *= Math.abs(x) + (row.arg.bound[t] as number);
          count++;
        }
        out.v = product;
        out.b = precision ? Math.max(0, upper - magnitude) + count * precision.ulp * upper : 0;
        // An intermediate may leave the range of f32 although the product does not.
        if (precision && count > 2 && extremeProduct(row, precision)) out.u |= undecidedBy.range;
      };
    case "max":
    case "min": {
      const sign = monoid === "max" ? 1 : -1;
      const nothing = monoid === "max" ? least : greatest;
      return (row, out) => {
        let [best, above, below] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
        for (let t = row.start; t < row.end; t++) {
          if (!takesPart(row, t)) continue;
          const x = sign * (row.arg.value[t] as number);
          const b = row.arg.bound[t] as number;
          if (x > best) best = x;
          if (x + b > above) above = x + b;
          if (x - b > below) below = x - b;
        }
        const empty = best === Number.NEGATIVE_INFINITY;
        out.v = empty ? nothing : sign * best + 0;
        out.b = empty ? 0 : Math.max(above - best, best - below);
      };
    }
    case "argmax":
    case "argmin": {
      const sign = monoid === "argmax" ? 1 : -1;
      return (row, out) => {
        let best = -1;
        for (let t = row.start; t < row.end; t++)
          if (
            takesPart(row, t) &&
            (best < 0 || sign * (row.arg.value[t] as number) > sign * (row.arg.value[best] as number))
          )
            best = t;
        out.v = best < 0 ? 0 : best - row.start;
        out.b = 0;
        if (best < 0) return;
        const x = sign * (row.arg.value[best] as number);
        const b = row.arg.bound[best] as number;
        for (let t = row.start; t < row.end; t++) {
          if (t === best || !takesPart(row, t)) continue;
          const other = row.arg.bound[t] as number;
          if (b + other > 0 && sign * (row.arg.value[t] as number) + other >= x - b) out.u |= undecidedBy.decision;
        }
      };
    }
    default:
      return unreachable(monoid);
  }
}

/** Whether some subset of the factors may overflow, or underflow to 0 beside large ones. */
function extremeProduct(row: Row, precision: Precision): boolean {
  let [large, small] = [1, 1];
  for (let t = row.start; t < row.end; t++) {
    if (!takesPart(row, t)) continue;
    const x = Math.abs(row.arg.value[t] as number);
    if (x > 1) large *= x + (row.arg.bound[t] as number);
    else if (x > 0) small *= x;
  }
  return large > precision.max || (small < precision.tiny && large > 1);
}
