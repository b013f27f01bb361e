import { ceilDivDim, constDim, constValue, type Dim, floorDivDim } from "../../src/ir/dim.js";
import type { Ix, Node, Use } from "../../src/ir/graph/ops.js";
import { add, int, type KB, mul, select } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import type { AttentionForm, Elementwise } from "../graph/attentionForm.js";
import { axisOf, type Env, isMultiple, positions, reachOf, type Span, spanOf } from "./axis.js";
import { type Point, pointAt } from "./element.js";
import { type Factors, factorSource } from "./factors.js";
import type { KernelScope } from "./kernelScope.js";
import { nest } from "./nest.js";
import { direction } from "./sides.js";
import { type Distribution, type Fragment, zero } from "./tile/fragment.js";
import { type Depth, type Feed, gemm, type Keep } from "./tile/gemm.js";
import { shifted } from "./tile/shift.js";
import type { Source } from "./tile/source.js";

/** What all parts of an attention kernel know: where it stands, and how its tiles are spread. */
export interface Stand {
  readonly k: KernelScope;
  readonly form: AttentionForm;
  readonly width: Width;
  /** Rows of a tile, and the first of them. */
  readonly rows: number;
  readonly row0: KExpr;
  readonly rowSpan: Span;
  /** Of the batch, heads included where the kernel stands in one. */
  readonly env: Env;
  /** A tile of rows x one step of columns: every product of the kernel is made of such tiles. */
  readonly d: Distribution;
  /** Private to an invocation, or shared by those of a row. */
  readonly space: "scratch" | "shared";
  /** Between what one invocation writes and another reads; nothing where memory is private. */
  sync(): void;
}

/** Every position of an index, none beyond it. */
export const whole = (s: Stand, ix: Ix): Span => spanOf(axisOf([ix], s.form.extents), 1);

/** How factors come to the products. */
export const feedOf = (s: Stand): Feed => (s.k.cx.target.matrices === true && s.width === 4 ? { matrices: true } : {});

export const tileCols = (s: Stand): number => s.d.lanes[1] * s.d.regs[1] * s.width;

export const roundedUp = (n: number, by: number): number => Math.ceil(n / by) * by;

/** Runs over `total` columns by tiles; the argument is a tile's first column. */
export function eachTile(s: Stand, total: Dim, body: (col0: KExpr) => void): void {
  const { b } = s.k;
  const step = tileCols(s);
  b.for(0, b.dim(ceilDivDim(total, constDim(step))), 1, "serial", (t) => body(mul(t, step)), "tile");
}

/** All steps of an index: by fours where there are vectors, what is left over one by one. */
export function wholeDepth(b: KB, extent: Dim, width: Width): Depth {
  if (width === 1) return { fours: [0, 0], ones: [int(0), b.dim(extent)] };
  const fours = floorDivDim(extent, constDim(4));
  if (isMultiple(extent, 4)) return { fours: [0, b.dim(fours)] };
  const size = constValue(extent);
  const rest = size === undefined ? mul(b.dim(fours), 4) : int(size - (size % 4));
  return { fours: [0, b.dim(fours)], ones: [rest, b.dim(extent)] };
}

export const factorsOf = (s: Stand, use: Use): Factors => ({ uses: [use], extents: s.form.extents, dtype: "f32" });

/** A factor with the tile's rows down. */
export const rowSource = (s: Stand, use: Use, inner: Ix, env: Env): Source => {
  const way = direction(s.k.cx, [use], s.form.row, inner);
  return shifted(factorSource(s.k, factorsOf(s, use), s.rowSpan, whole(s, inner), env, way), s.row0, undefined);
};

/** A factor with an index that is summed down and the tile's columns across. */
export const columnSource = (
  s: Stand,
  factors: Factors,
  down: Span,
  cols: Span,
  env: Env,
  row0: KExpr | undefined,
  col0: KExpr,
): Source => {
  const way = direction(s.k.cx, factors.uses, down.axis.ixs.at(-1), cols.axis.ixs.at(-1));
  return shifted(factorSource(s.k, factors, down, cols, env, way), row0, col0);
};

/** One tile of a product: `left` gives the source of the rows for each value of the outer sums. */
export function productTile(
  s: Stand,
  sums: readonly Ix[],
  left: (inner: Ix, env: Env) => Source | Fragment,
  right: (inner: Ix, env: Env) => Source,
  keep?: (inner: Ix, env: Env) => Keep | undefined,
): Fragment {
  const { b } = s.k;
  const acc = zero(b, s.d, "f32");
  const inner = sums.at(-1);
  invariant(inner !== undefined, () => "a product sums");
  const extent = (ix: Ix): Dim => s.form.extents[ix] ?? constDim(1);
  nest(b, sums.slice(0, -1), extent, s.env, (env) => {
    const depth = wholeDepth(b, extent(inner), s.width);
    gemm(b, acc, left(inner, env), right(inner, env), depth, keep?.(inner, env), feedOf(s));
  });
  return acc;
}

/** The elements of the form's index space at `width` neighbours along `cols`. */
export function pointOf(s: Stand, cols: Span, row: KExpr, col: KExpr, width: number, env: Env = s.env): Point {
  const down = positions(s.k.b, s.rowSpan, add(s.row0, row), 1)[0] ?? new Map();
  const lanes = positions(s.k.b, cols, col, width).map((across): Env => new Map([...env, ...down, ...across]));
  return pointAt(s.form.extents, lanes, reachOf(cols, width));
}

/** A map over a product, as the node that `mapElement` knows. */
export const mapOf = (s: Stand, e: Elementwise): Extract<Node, { op: "map" }> => ({
  op: "map",
  args: e.args,
  out: s.form.extents.map((_, ix) => ix),
  extents: s.form.extents,
  body: e.body,
  type: { dtype: "f32", shape: s.form.extents },
});

export const chosen = (keep: KExpr | undefined, value: KExpr, otherwise: number): KExpr =>
  keep === undefined ? value : select(keep, value, otherwise);
