import {
  add,
  and,
  call,
  type Ex,
  eq,
  fold,
  gt,
  type KB,
  kType,
  lane,
  lt,
  mul,
  or,
  select,
} from "../../../src/ir/kernel/builder.js";
import type { BufId, KExpr } from "../../../src/ir/kernel/ops.js";
import { invariant } from "../../../src/util/invariant.js";
import { colAt, type Distribution, eachRow, type Fragment, fragment, get, put } from "./fragment.js";

export type RowOperator = "add" | "max" | "min" | "mul";

/** A tile of one value a row, which every invocation of the row holds. */
const rowsOnly = (d: Distribution): Distribution => ({ ...d, regs: [d.regs[0], 1], width: 1 });

/** The fold of each row of a tile: over lanes of vectors, registers, and the invocations that share the row. */
export function foldRows(b: KB, f: Fragment, op: RowOperator, hint = "rows"): Fragment {
  const result = fragment(b, hint, rowsOnly(f.d), f.dtype);
  eachRow(b, f.d, (p) => {
    let part = get(b, f, p, 0);
    for (let q = 1; q < f.d.regs[1]; q++) part = call(op, part, get(b, f, p, q));
    put(b, result, p, 0, fold(op, part));
  });
  acrossLanes(b, result, [result], (s, t) => s.map((v, i) => call(op, v, t[i] ?? v)));
  return result;
}

/** The column of the greatest or least value of each row, the least of equals, as i32. */
export function foldPlaces(b: KB, f: Fragment, op: "argmax" | "argmin", hint = "places"): Fragment {
  const best = fragment(b, "best", rowsOnly(f.d), f.dtype);
  const result = fragment(b, hint, rowsOnly(f.d), "i32");
  const better = op === "argmax" ? gt : lt;
  eachRow(b, f.d, (p) => {
    put(b, best, p, 0, lane(get(b, f, p, 0), 0));
    put(b, result, p, 0, colAt(f.d, 0));
    for (let q = 0; q < f.d.regs[1]; q++) {
      for (let l = 0; l < f.d.width; l++) {
        if (q === 0 && l === 0) continue;
        const v = lane(get(b, f, p, q), l);
        const wins = b.let(better(v, get(b, best, p, 0)), "wins");
        put(b, best, p, 0, select(wins, v, get(b, best, p, 0)));
        put(b, result, p, 0, select(wins, add(colAt(f.d, q), l), get(b, result, p, 0)));
      }
    }
  });
  acrossLanes(b, result, [best, result], (s, t) => {
    const [v, i] = s;
    const [w, j] = t;
    invariant(v && i && w && j, () => "a place has a value");
    const wins = b.let(or(better(w, v), and(eq(w, v), lt(j, i))), "wins");
    return [select(wins, w, v), select(wins, j, i)];
  });
  return result;
}

/** Joins what the invocations of a row hold, through shared memory; afterwards all of them hold it. */
function acrossLanes(
  b: KB,
  shape: Fragment,
  held: readonly Fragment[],
  join: (s: readonly KExpr[], t: readonly KExpr[]) => readonly KExpr[],
): void {
  const { d } = shape;
  const lanes = d.lanes[1];
  if (lanes === 1) return;
  const rows = d.lanes[0] * d.regs[0];
  const shared = held.map((f): BufId => b.memory("shared", "parts", kType(f.dtype), rows * lanes));
  eachRow(b, d, (p, row) => {
    held.forEach((f, i) => {
      const to = shared[i];
      if (to !== undefined) b.store(to, add(mul(row, lanes), d.place[1]), get(b, f, p, 0));
    });
  });
  b.barrier();
  const part = (row: KExpr, l: Ex): readonly KExpr[] =>
    shared.map((from) => b.let(b.load(from, add(mul(row, lanes), l)), "part"));
  const keep = (p: KExpr, values: readonly KExpr[]): void =>
    held.forEach((f, i) => {
      const v = values[i];
      if (v !== undefined) put(b, f, p, 0, v);
    });
  eachRow(b, d, (p, row) => keep(p, part(row, 0)));
  // Every invocation joins in the same order, so that all of a row come to the same bits.
  b.for(
    1,
    lanes,
    1,
    "serial",
    (l) =>
      eachRow(b, d, (p, row) => {
        const before = held.map((f) => get(b, f, p, 0));
        keep(
          p,
          join(before, part(row, l)).map((v) => b.let(v, "joined")),
        );
      }),
    "lane",
  );
}
