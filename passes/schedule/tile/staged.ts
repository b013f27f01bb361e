import type { DType } from "../../../src/ir/dtype.js";
import {
  add,
  floordiv,
  int,
  type KB,
  kType,
  laneAt,
  lt,
  mod,
  mul,
  pack,
  splat,
} from "../../../src/ir/kernel/builder.js";
import type { KExpr } from "../../../src/ir/kernel/ops.js";
import type { Distribution } from "./fragment.js";
import type { Direction, Source } from "./source.js";

/**
 * A stretch of a source in workgroup memory, where all invocations of a workgroup read it: each element is loaded from
 * memory once a workgroup. The vectors of the copy lie along the direction in which the source is contiguous, so both
 * the way in and the way out go by vectors.
 */
export interface Staged {
  /** Copies the stretch whose first row and column these are; every invocation takes its part. No barrier. */
  fill(row0: KExpr, col0: KExpr): void;
  /** The copy: positions within the stretch. */
  readonly source: Source;
}

/** Room for `rows` x `cols` elements of a source; the side along `direction` is a multiple of four. */
export function staged(
  b: KB,
  from: Source,
  rows: number,
  cols: number,
  direction: Direction,
  d: Distribution,
  dtype: DType,
  hint: string,
): Staged {
  const [outer, inner] = direction === "col" ? [rows, cols / 4] : [cols, rows / 4];
  const shared = b.memory("shared", hint, kType(dtype, 4), outer * inner);
  const threads = d.lanes[0] * d.lanes[1];
  const thread = add(mul(d.place[0], d.lanes[1]), d.place[1]);
  const place = (row: KExpr, col: KExpr): { readonly vector: KExpr; readonly lane: KExpr } => {
    const [o, i] = direction === "col" ? [row, col] : [col, row];
    return { vector: add(mul(o, inner), floordiv(i, 4)), lane: mod(i, 4) };
  };
  return {
    fill(row0, col0) {
      const copy = (at: KExpr): void => {
        const o = floordiv(at, inner);
        const i = mul(mod(at, inner), 4);
        const [row, col] = direction === "col" ? [o, i] : [i, o];
        b.store(shared, at, splat(from.at(b, add(row0, row), add(col0, col), 4, direction), 4));
      };
      const turns = Math.floor((outer * inner) / threads);
      const rest = outer * inner - turns * threads;
      b.for(0, turns, 1, "unroll", (turn) => copy(add(mul(turn, threads), thread)), "copy");
      if (rest > 0) b.if(lt(thread, rest), () => copy(add(int(turns * threads), thread)));
    },
    source: {
      vector: direction,
      at(_, row, col, width, along) {
        if (width === 4 && along === direction) return b.load(shared, place(row, col).vector);
        const one = (r: KExpr, c: KExpr): KExpr => {
          const { vector, lane } = place(r, c);
          return laneAt(b.load(shared, vector), lane);
        };
        if (width === 1) return one(row, col);
        return pack(
          Array.from({ length: width }, (_, l) => (along === "row" ? one(add(row, l), col) : one(row, add(col, l)))),
        );
      },
    },
  };
}
