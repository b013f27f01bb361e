import type { DType } from "../../../src/ir/dtype.js";
import { type KB, splat } from "../../../src/ir/kernel/builder.js";
import { type Distribution, eachCol, eachRow, type Fragment, fragment, put } from "./fragment.js";
import type { Source } from "./source.js";

/** A tile of a source in registers. */
export function load(b: KB, s: Source, d: Distribution, dtype: DType, hint = "t"): Fragment {
  const f = fragment(b, hint, d, dtype);
  eachRow(b, d, (p, row) =>
    eachCol(b, d, (q, col) => put(b, f, p, q, splat(s.at(b, row, col, d.width, "col"), d.width))),
  );
  return f;
}
