import { constDim, constValue, type Dim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Index, Ix, Scalar, Use, Where } from "../../src/ir/graph/ops.js";
import { indexIndices } from "../../src/ir/graph/visit.js";
import { and, convert, kType, lit, mul, select } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { type Env, isMultiple, positions, reachOf, type Span } from "./axis.js";
import { element, pointAt, selected } from "./element.js";
import type { BuildContext } from "./interface.js";
import type { KernelScope } from "./kernelScope.js";
import type { Direction, Source } from "./tile/source.js";

/** A product of uses as a matrix: `rows` and `cols` are spans of indices, `fixed` gives all others. */
export interface Factors {
  readonly uses: readonly Use[];
  readonly extents: readonly Dim[];
  readonly dtype: DType;
  /** Elements for which it is false are 0, whatever they hold. */
  readonly where?: { readonly of: Where; readonly conditions: readonly Scalar[] };
}

export function factorSource(
  k: KernelScope,
  f: Factors,
  rows: Span,
  cols: Span,
  fixed: Env,
  vector: Direction | "none",
): Source {
  return {
    vector,
    at(_, row, col, width, along) {
      const down = positions(k.b, rows, row, along === "row" ? width : 1);
      const across = positions(k.b, cols, col, along === "col" ? width : 1);
      const moving = along === "row" ? down : across;
      const resting = (along === "row" ? across : down)[0] ?? new Map();
      const lanes = moving.map((env): Env => new Map([...fixed, ...resting, ...env]));
      const p = pointAt(f.extents, lanes, reachOf(along === "row" ? rows : cols, width));
      let value: KExpr | undefined;
      for (const use of f.uses) {
        const x = convert(f.dtype, element(k, use, p));
        value = value === undefined ? x : mul(value, x);
      }
      value ??= lit(1, kType(f.dtype));
      if (f.where === undefined || f.where.conditions.length === 0) return value;
      const { of, conditions } = f.where;
      const keep = conditions.map((c) => selected(k, of, c, p)).reduce(and);
      return select(keep, value, 0);
    },
  };
}

/** Loads that four neighbours along an index cost: what decides how a source is read. */
export function loadsAlong(cx: BuildContext, use: Use, ix: Ix): number {
  const node = cx.node(use.value);
  const touched = use.at.flatMap((sub, axis) => (indexIndices(sub).has(ix) ? [axis] : []));
  if (touched.length === 0) return 1;
  const [axis] = touched;
  const sub = axis === undefined ? undefined : use.at[axis];
  const unit = touched.length === 1 && sub !== undefined && unitStep(sub, ix);
  if (cx.inlined(use.value) && node.op === "map") {
    const inner = axis === undefined ? undefined : node.out[axis];
    if (!unit || inner === undefined) return 4 * Math.max(1, node.args.length);
    return node.args.reduce((n, u) => n + loadsAlong(cx, u, inner), 0);
  }
  const last = node.type.shape.at(-1) ?? constDim(1);
  return unit && axis === node.type.shape.length - 1 && isMultiple(last, 4) ? 1 : 4;
}

/** Whether the subscript is the index plus a constant multiple of four. */
function unitStep(sub: Index, ix: Ix): boolean {
  if (sub.i === "ix") return sub.ix === ix;
  if (sub.i !== "add") return false;
  return sub.of.every(
    (part) => (part.i === "ix" && part.ix === ix) || (part.i === "dim" && (constValue(part.dim) ?? 1) % 4 === 0),
  );
}
