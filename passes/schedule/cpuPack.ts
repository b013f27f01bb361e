import { ceilDivDim, constDim, type Dim, mulDim, productDim, scaleDim, subDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { add, int, kType, min, mul, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Kernel } from "../../src/ir/kernel/ops.js";
import type { Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { type Axis, axisOf, decode, type Env, type Span, spanOf } from "./axis.js";
import { type Factors, factorSource } from "./factors.js";
import { openGrid } from "./grid.js";
import type { BuildContext, Match } from "./interface.js";
import { type KernelScope, kernelScope } from "./kernelScope.js";
import { nest } from "./nest.js";
import type { Source } from "./tile/source.js";

/** A matrix that is summed over `reduced` when it is multiplied: its factors, and the indices of either side. */
export interface Side {
  readonly factors: Factors;
  readonly batch: readonly Ix[];
  /** Columns of a right side, rows of a left one. */
  readonly outer: readonly Ix[];
  readonly reduced: readonly Ix[];
}

/**
 * One side of a matrix product, written to memory in the order in which the product reads it. Columns lie in panels as
 * wide as a tile, [batch][panel][step][column], the last one filled up; rows lie one after the other, [batch][row][step].
 * What is computed on the way is computed once, and what depends on parameters alone at load.
 */
export interface Packed {
  readonly temp: Temp;
  readonly batch: Axis;
  /** Panels or rows. */
  readonly outer: Dim;
  readonly reduced: readonly Ix[];
  readonly extents: readonly Dim[];
  /** Columns of a panel; 1 for rows. */
  readonly panel: number;
}

interface Pack {
  readonly packed: Packed;
  readonly kernel: Kernel;
  readonly step: Step;
}

/** Packs columns in panels of so many. `hint` is a part of the names of what is made. */
export function packRight(m: Match, cx: BuildContext, side: Side, panel: number, hint = "columns"): Pack {
  const { factors } = side;
  const axis = axisOf(side.outer, factors.extents);
  const outer = ceilDivDim(axis.total, constDim(panel));
  const packed = packedOf(m, side, hint, outer, panel);
  const k = kernelScope(m, cx, `_${hint}`);
  const { b } = k;
  const span = spanOf(axis, panel);
  const to = k.write(packed.temp.id, hint, "f32", packed.temp.length, 4);
  const place = openGrid(b, [outer, packed.batch.total], cx.target.maxGrid);
  const [group, batch] = place.at;
  invariant(group && batch, () => "two axes");
  const body = (): void => {
    const fixed = decode(b, packed.batch, batch, 1)[0] ?? new Map();
    const start = startOf(k, packed, fixed, group);
    eachStep(k, side, fixed, (env, depth, at) => {
      const source = factorSource(k, factors, depth, span, env, "col");
      for (let q = 0; q < panel / 4; q++) {
        const value = source.at(b, at, add(mul(group, panel), 4 * q), 4, "col");
        b.store(to, vectorAt(packed, start, stepOf(k, packed, env, at), q), splat(value, 4));
      }
    });
  };
  if (place.live === undefined) body();
  else b.if(place.live, body);
  return { packed, ...k.finish(costOf(cx, m, packed, `${hint} packed`)) };
}

/** Packs rows, one after the other. */
export function packLeft(m: Match, cx: BuildContext, side: Side, hint = "rows"): Pack {
  const { factors } = side;
  const axis = axisOf(side.outer, factors.extents);
  const packed = packedOf(m, side, hint, axis.total, 1);
  const k = kernelScope(m, cx, `_${hint}`);
  const { b } = k;
  const to = k.write(packed.temp.id, hint, "f32", packed.temp.length, 1);
  const place = openGrid(b, [axis.total, packed.batch.total], cx.target.maxGrid);
  const [row, batch] = place.at;
  invariant(row && batch, () => "two axes");
  const body = (): void => {
    const fixed = decode(b, packed.batch, batch, 1)[0] ?? new Map();
    const start = startOf(k, packed, fixed, row);
    eachStep(k, side, fixed, (env, depth, at) => {
      const source = factorSource(k, factors, spanOf(axis, 1), depth, env, "none");
      b.store(to, add(start, stepOf(k, packed, env, at)), source.at(b, row, at, 1, "col"));
    });
  };
  if (place.live === undefined) body();
  else b.if(place.live, body);
  return { packed, ...k.finish(costOf(cx, m, packed, `${hint} packed`)) };
}

/** Loops over the reduced indices; the body sees all but the innermost, that one as a span, and where it stands. */
function eachStep(k: KernelScope, side: Side, fixed: Env, body: (env: Env, depth: Span, at: KExpr) => void): void {
  const { extents } = side.factors;
  const inner = side.reduced.at(-1);
  invariant(inner !== undefined, () => "a product sums");
  const extent = (ix: Ix): Dim => extents[ix] ?? constDim(1);
  const depth = spanOf(axisOf([inner], extents), 1);
  nest(k.b, side.reduced.slice(0, -1), extent, fixed, (env) =>
    k.b.for(0, k.b.dim(extent(inner)), 1, "serial", (at) => body(env, depth, at), "k"),
  );
}

function packedOf(m: Match, side: Side, hint: string, outer: Dim, panel: number): Packed {
  const { extents } = side.factors;
  const batch = axisOf(side.batch, extents);
  const depth = productDim(side.reduced.map((ix) => extents[ix] ?? constDim(1)));
  const length = scaleDim(mulDim(mulDim(batch.total, outer), depth), panel, 1);
  const temp: Temp = { id: `temp.${m.root}.${hint}`, type: kType("f32"), length };
  return { temp, batch, outer, reduced: side.reduced, extents, panel };
}

const costOf = (cx: BuildContext, m: Match, packed: Packed, what: string) => ({
  flops: constDim(0),
  bytes: scaleDim(packed.temp.length, 2 * byteSize("f32"), 1),
  label: `${cx.label(m)}, ${what}`,
});

/** The position of an index among several, the last fastest. */
function flat(k: KernelScope, axis: Axis, env: Env): KExpr {
  return axis.ixs.reduce<KExpr>((sum, ix, i) => {
    const v = env.get(ix);
    invariant(v, () => `index ${ix} has no value`);
    return add(sum, mul(v, k.b.dim(productDim(axis.extents.slice(i + 1)))));
  }, int(0));
}

/** Of a panel or row: in steps of the reduced indices. */
function startOf(k: KernelScope, p: Packed, fixed: Env, outer: KExpr): KExpr {
  const depth = productDim(p.reduced.map((ix) => p.extents[ix] ?? constDim(1)));
  return mul(add(mul(flat(k, p.batch, fixed), k.b.dim(p.outer)), outer), k.b.dim(depth));
}

/** The step of the reduced indices, `at` being the innermost. */
function stepOf(k: KernelScope, p: Packed, env: Env, at: KExpr): KExpr {
  const inner = p.reduced.at(-1) ?? -1;
  return flat(k, axisOf(p.reduced, p.extents), new Map([...env, [inner, at]]));
}

const vectorAt = (p: Packed, start: KExpr, step: KExpr, q: number): KExpr => add(mul(add(start, step), p.panel / 4), q);

/** What is packed, as a product reads it. */
export function packedAt(
  k: KernelScope,
  p: Packed,
): {
  start(fixed: Env, outer: KExpr): KExpr;
  /** Vector q of a panel at a step of the reduced indices, of which `env` has all but the innermost. */
  vector(start: KExpr, env: Env, at: KExpr, q: number): KExpr;
  /** Rows as a source; positions beyond the last row give that row. */
  source(env: Env): Source;
} {
  const from = k.readTemp(p.temp.id, "f32", p.temp.length, p.panel === 1 ? 1 : 4);
  return {
    start: (fixed, outer) => startOf(k, p, fixed, outer),
    vector: (start, env, at, q) => k.b.let(k.b.load(from, vectorAt(p, start, stepOf(k, p, env, at), q)), "w"),
    source: (env) => ({
      vector: "none",
      at(b, row, at) {
        const inside = min(row, b.dim(subDim(p.outer, constDim(1))));
        return b.let(b.load(from, add(startOf(k, p, env, inside), stepOf(k, p, env, at))), "a");
      },
    }),
  };
}
