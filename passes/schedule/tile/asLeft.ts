import { add, floordiv, type KB, kType, lane, laneAt, mod, mul, pack } from "../../../src/ir/kernel/builder.js";
import type { KExpr } from "../../../src/ir/kernel/ops.js";
import { eachCol, eachRow, type Fragment, get } from "./fragment.js";
import type { Source } from "./source.js";

/**
 * A tile as the left factor of a product. Where an invocation holds whole rows it stays in registers; otherwise it goes
 * through shared memory, after which every invocation of the workgroup has passed a barrier.
 */
export function asLeft(b: KB, f: Fragment): Fragment | Source {
  const { d, cols, rows } = f;
  if (d.lanes[1] === 1) return f;
  const { width } = d;
  const shared = b.memory("shared", "left", kType(f.dtype, width), (rows * cols) / width);
  eachRow(b, d, (p, row) =>
    eachCol(b, d, (q, col) => b.store(shared, floordiv(add(mul(row, cols), col), width), get(b, f, p, q))),
  );
  b.barrier();
  const element = (row: KExpr, col: KExpr): KExpr => {
    const at = add(mul(row, cols), col);
    return laneAt(b.load(shared, floordiv(at, width)), mod(at, width));
  };
  return {
    vector: width === 4 ? "col" : "none",
    at(_, row, col, count, along) {
      if (along === "col" && count === 4 && width === 4) return b.load(shared, floordiv(add(mul(row, cols), col), 4));
      const lanes = Array.from({ length: count }, (_, i) =>
        along === "row" ? element(add(row, i), col) : element(row, add(col, i)),
      );
      return count === 1 ? lane(pack(lanes), 0) : pack(lanes);
    },
  };
}
