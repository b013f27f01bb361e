import { constDim, type Dim, floorDivDim } from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import { add, fma, int, type KB, mul, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { type Env, isMultiple } from "./axis.js";
import { nest } from "./nest.js";
import { type Distribution, type Fragment, get, put } from "./tile/fragment.js";
import type { Source } from "./tile/source.js";

/** A register tile of one thread. */
export interface CpuTile {
  /** Rows, and vectors of columns. */
  readonly rows: number;
  readonly vectors: number;
  /** Steps of the reduced index in one turn of the loop. */
  readonly unroll: number;
  /** A basic block ends after so many rows; 0: never. */
  readonly pin: number;
}

export const tileOf = (t: CpuTile): Distribution => ({
  lanes: [1, 1],
  regs: [t.rows, t.vectors],
  width: 4,
  place: [int(0), int(0)],
});

/**
 * acc += rows · columns. Each step loads a row of columns, then for each row of the tile one element into all lanes: the
 * engine has no more to keep than the sums, the columns and that element.
 */
export function multiplyTile(
  b: KB,
  t: CpuTile,
  acc: Fragment,
  reduced: readonly Ix[],
  extent: (ix: Ix) => Dim,
  fixed: Env,
  rows: (env: Env) => Source,
  row0: KExpr,
  columns: (env: Env, at: KExpr, q: number) => KExpr,
): void {
  const inner = reduced.at(-1);
  invariant(inner !== undefined, () => "a product sums");
  nest(b, reduced.slice(0, -1), extent, fixed, (env) => {
    const source = rows(env);
    eachStep(b, extent(inner), t.unroll, (at) => {
      step(
        b,
        t,
        acc,
        (r) => source.at(b, add(row0, r), at, 1, "col"),
        (q) => columns(env, at, q),
      );
    });
  });
}

/** One step: the outer product of a column of rows and a row of columns. */
export function step(b: KB, t: CpuTile, acc: Fragment, row: (r: number) => KExpr, column: (q: number) => KExpr): void {
  const w = Array.from({ length: t.vectors }, (_, q) => column(q));
  for (let r = 0; r < t.rows; r++) {
    const a = splat(row(r), 4);
    w.forEach((v, q) => {
      put(b, acc, int(r), int(q), fma(a, v, get(b, acc, int(r), int(q))));
    });
    if (t.pin > 0 && (r + 1) % t.pin === 0) b.pin();
  }
}

/** The steps of an index, several a turn, then what is left over one by one. */
function eachStep(b: KB, extent: Dim, unroll: number, body: (at: KExpr) => void): void {
  const count = b.dim(extent);
  if (unroll === 1) {
    b.for(0, count, 1, "serial", body, "k");
    return;
  }
  const turns = b.dim(floorDivDim(extent, constDim(unroll)));
  const turn = (n: KExpr): void => {
    for (let i = 0; i < unroll; i++) body(add(mul(n, unroll), i));
  };
  b.for(0, turns, 1, "serial", turn, "turn");
  if (!isMultiple(extent, unroll)) b.for(mul(turns, unroll), count, 1, "serial", body, "k");
}
