import type { Node } from "../ops.js";
import { type Grid, newGrid, readGrid, type Scope, scalarGrid, stridesOf } from "./columns.js";
import { type Precision, precisionOf } from "./errors.js";
import { undecidedBy } from "./tensor.js";

/** p = e^x / Σ e^x over the selected elements; the ends of p's interval follow from the ends of every x. */
export function softmax(node: Extract<Node, { op: "softmax" }>, scope: Scope): Grid {
  const natural = node.extents.map((_, ix) => ix);
  const arg = readGrid(node.arg, natural, scope);
  const selected = node.where && scalarGrid(node.where.body, node.where.args, natural, scope);
  const result = newGrid(arg.value.length);
  const stride = stridesOf(scope.extents)[node.axis] ?? 1;
  const width = scope.extents[node.axis] ?? 1;
  const error = (precisionOf(node.type.dtype) as Precision).softmax;
  const [middle, low, high] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  for (let outer = 0; outer < arg.value.length; outer += stride * width)
    for (let inner = 0; inner < stride; inner++) {
      const start = outer + inner;
      let top = Number.NEGATIVE_INFINITY;
      let flags = 0;
      for (let t = 0, at = start; t < width; t++, at += stride) {
        const open = selected ? (selected.flags[at] as number) : 0;
        if (open !== 0) flags |= open | undecidedBy.decision;
        if (selected && selected.value[at] === 0 && open === 0) continue;
        flags |= arg.flags[at] as number;
        if (selected && selected.value[at] === 0) continue;
        const x = arg.value[at] as number;
        if (x > top) top = x;
      }
      let [sum, least, most] = [0, 0, 0];
      for (let t = 0, at = start; t < width; t++, at += stride) {
        const inside = selected?.value[at] !== 0;
        const x = arg.value[at] as number;
        const b = arg.bound[at] as number;
        const p = inside ? Math.exp(x - top) : 0;
        middle[t] = p;
        low[t] = inside ? (b === 0 ? p : Math.exp(x - b - top)) : 0;
        high[t] = inside ? (b === 0 ? p : Math.exp(x + b - top)) : 0;
        sum += p;
        least += low[t] as number;
        most += high[t] as number;
      }
      for (let t = 0, at = start; t < width; t++, at += stride) {
        result.flags[at] = flags;
        if (selected && selected.value[at] === 0) continue;
        const p = (middle[t] as number) / sum;
        const [l, h] = [low[t] as number, high[t] as number];
        const highest = h / (h + Math.max(0, least - l));
        const lowest = l / (l + Math.max(0, most - h));
        // An interval so wide that it overflows says no more than 0 ≤ p ≤ 1.
        const spread = Math.max(highest - p, p - lowest);
        result.value[at] = p;
        if (flags === 0) result.bound[at] = error + (Number.isNaN(spread) ? Math.max(p, 1 - p) : Math.max(0, spread));
      }
    }
  return result;
}
