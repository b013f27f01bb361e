import { constValue } from "../../src/ir/dim.js";
import type { Ix, Scalar, Where } from "../../src/ir/graph/ops.js";
import { call } from "../../src/ir/graph/scalars.js";
import { add, type Ex, floordiv, int, type KB, max, min } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import type { AttentionForm } from "../graph/attentionForm.js";
import { conjuncts } from "./uses.js";

/**
 * Which blocks of keys a tile of rows has to do with, where a condition compares a key with the row: causal attention and
 * windows. A block that no row of the tile sees is not walked; in one that every row sees whole the comparison is left out.
 */
export interface BlockRange {
  readonly from: KExpr;
  readonly to: KExpr;
  /** What holds for every row and key of these blocks is not asked. */
  readonly form: AttentionForm;
}

/** key <= row + most, or key >= row + least: a comparison as a bound. */
type Bound = { readonly most: number } | { readonly least: number };

/** Ranges of blocks of `size` keys, `count` in all, for `rows` rows from `row0` on; in order. */
export function blockRanges(
  b: KB,
  form: AttentionForm,
  row0: KExpr,
  rows: number,
  size: number,
  count: KExpr,
): readonly BlockRange[] {
  const bounds = form.where === undefined ? [] : conjuncts(form.where.body).flatMap((c) => boundOf(c, form) ?? []);
  if (bounds.length === 0) return [{ from: int(0), to: count, form }];
  const after = (key: Ex): KExpr => add(floordiv(max(key, -1), size), 1);
  let from: KExpr = int(0);
  let to: KExpr = count;
  for (const bound of bounds) {
    if ("most" in bound) to = min(to, after(add(row0, rows - 1 + bound.most)));
    else from = max(from, floordiv(max(add(row0, bound.least), 0), size));
  }
  const upper = bounds.flatMap((bound) => ("most" in bound ? [bound.most] : []));
  // Below a diagonal alone most blocks are whole; a window has few blocks, and all of them may be cut.
  if (upper.length !== bounds.length) return [{ from: b.let(from, "from"), to: b.let(to, "to"), form }];
  const whole = floordiv(max(add(row0, Math.min(...upper) + 1), 0), size);
  const middle = b.let(min(whole, to), "whole");
  return [
    { from, to: middle, form: withoutBounds(form) },
    { from: middle, to: b.let(to, "to"), form },
  ];
}

/** The form without its upper bounds. */
function withoutBounds(form: AttentionForm): AttentionForm {
  const { where, keep, ...rest } = form;
  const left = (w: Where | undefined): Where | undefined => {
    if (w === undefined) return undefined;
    const kept = conjuncts(w.body).filter((c) => {
      const bound = boundOf(c, form);
      return bound === undefined || !("most" in bound) || !bounded(form, bound.most);
    });
    const [first, ...more] = kept;
    return first === undefined ? undefined : { ...w, body: more.reduce((all, c) => call("and", all, c), first) };
  };
  const [seen, taken] = [left(where), left(keep)];
  return { ...rest, ...(seen && { where: seen }), ...(taken && { keep: taken }) };
}

/** Whether a key that every row sees is at most `most` behind its row. */
const bounded = (form: AttentionForm, most: number): boolean =>
  form.where !== undefined &&
  conjuncts(form.where.body).some((c) => {
    const bound = boundOf(c, form);
    return bound !== undefined && "most" in bound && bound.most <= most;
  });

/** A comparison of the key with the row, a constant between them. */
function boundOf(c: Scalar, form: AttentionForm): Bound | undefined {
  if (c.e !== "call") return undefined;
  const [x, y] = c.args.map((s) => linear(s, form.key, form.row));
  if (x === undefined || y === undefined) return undefined;
  const [key, row, constant] = [x.key - y.key, x.row - y.row, x.constant - y.constant];
  if (Math.abs(key) !== 1 || row !== -key) return undefined;
  // key * (k - r) + constant <= 0, or >= 0
  switch (c.fn) {
    case "le":
      return key === 1 ? { most: -constant } : { least: constant };
    case "lt":
      return key === 1 ? { most: -constant - 1 } : { least: constant + 1 };
    case "ge":
      return key === 1 ? { least: -constant } : { most: constant };
    case "gt":
      return key === 1 ? { least: -constant + 1 } : { most: constant - 1 };
    default:
      return undefined;
  }
}

interface Linear {
  readonly key: number;
  readonly row: number;
  readonly constant: number;
}

function linear(s: Scalar, key: Ix, row: Ix): Linear | undefined {
  switch (s.e) {
    case "index":
      if (s.ix !== key && s.ix !== row) return undefined;
      return { key: Number(s.ix === key), row: Number(s.ix === row), constant: 0 };
    case "const":
      return s.dtype === "i32" ? { key: 0, row: 0, constant: s.value } : undefined;
    case "dim": {
      const value = constValue(s.dim);
      return value === undefined ? undefined : { key: 0, row: 0, constant: value };
    }
    case "call": {
      if (s.fn !== "add" && s.fn !== "sub") return undefined;
      const [a, b] = s.args.map((x) => linear(x, key, row));
      if (a === undefined || b === undefined) return undefined;
      const sign = s.fn === "add" ? 1 : -1;
      return {
        key: a.key + sign * b.key,
        row: a.row + sign * b.row,
        constant: a.constant + sign * b.constant,
      };
    }
    default:
      return undefined;
  }
}
