import type { KB } from "../../../src/ir/kernel/builder.js";
import { eachCol, eachRow, type Fragment, get } from "./fragment.js";
import type { Sink } from "./source.js";

/** Hands every value of a tile to a sink. */
export function store(b: KB, f: Fragment, to: Sink): void {
  eachRow(b, f.d, (p, row) => eachCol(b, f.d, (q, col) => to.put(b, row, col, get(b, f, p, q))));
}
