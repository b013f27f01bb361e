import {
  addDim,
  constDim,
  type Dim,
  dimRange,
  floorDivDim,
  mulDim,
  provablyAtLeast,
  subDim,
} from "../../src/ir/dim.js";
import type { Index } from "../../src/ir/graph/ops.js";
import { unreachable } from "../../src/util/invariant.js";
import type { Reach } from "./axis.js";

/** Least and greatest value of a subscript, both included, by intervals (language.md I4); nothing for a gather. */
export function boundsOf(i: Index, reach: Reach): { readonly lo: Dim; readonly hi: Dim } | undefined {
  switch (i.i) {
    case "ix":
      return { lo: constDim(0), hi: subDim(reach(i.ix), constDim(1)) };
    case "dim":
      return { lo: i.dim, hi: i.dim };
    case "add": {
      let lo: Dim = constDim(0);
      let hi: Dim = constDim(0);
      for (const part of i.of) {
        const b = boundsOf(part, reach);
        if (b === undefined) return undefined;
        lo = addDim(lo, b.lo);
        hi = addDim(hi, b.hi);
      }
      return { lo, hi };
    }
    case "mul": {
      const b = boundsOf(i.of, reach);
      const by = dimRange(i.by);
      if (b === undefined || (by.lo < 0 && by.hi > 0)) return undefined;
      const [lo, hi] = [mulDim(b.lo, i.by), mulDim(b.hi, i.by)];
      return by.lo >= 0 ? { lo, hi } : { lo: hi, hi: lo };
    }
    case "floordiv": {
      const b = boundsOf(i.of, reach);
      if (b === undefined || dimRange(i.by).lo < 1) return undefined;
      return { lo: floorDivDim(b.lo, i.by), hi: floorDivDim(b.hi, i.by) };
    }
    case "mod": {
      const b = boundsOf(i.of, reach);
      const top = subDim(i.by, constDim(1));
      if (b !== undefined && dimRange(b.lo).lo >= 0 && provablyAtLeast(top, b.hi)) return b;
      return { lo: constDim(0), hi: top };
    }
    case "value":
      return undefined;
    default:
      return unreachable(i);
  }
}

/** Whether a subscript is proved to lie in 0 … extent-1. */
export function inRange(i: Index, extent: Dim, reach: Reach): boolean {
  const b = boundsOf(i, reach);
  return b !== undefined && dimRange(b.lo).lo >= 0 && provablyAtLeast(subDim(extent, constDim(1)), b.hi);
}
