import type { KExpr } from "./ops.js";

/**
 * Index arithmetic as sums: every i32 expression is Σ by · of + constant over "atoms" that are not sums themselves.
 * `add`, `sub` and `mul` by a literal go through this form, so equal indices have equal text and the constant part of
 * an address comes last, where unrolled statements can share what stands before it. Numbers wrap like the values.
 */
export interface Linear {
  readonly terms: readonly LinearTerm[];
  readonly constant: number;
}

export interface LinearTerm {
  readonly of: KExpr;
  readonly by: number;
}

const i32 = { dtype: "i32", width: 1 } as const;
export const intLit = (value: number): KExpr => ({ k: "lit", type: i32, value });

/** Structural equality; the same object is equal at once. */
export function sameExpr(a: KExpr, b: KExpr): boolean {
  if (a === b) return true;
  switch (a.k) {
    case "lit":
      return b.k === "lit" && Object.is(a.value, b.value) && sameType(a, b);
    case "var":
      return b.k === "var" && a.var === b.var;
    case "dim":
      return b.k === "dim" && a.slot === b.slot;
    case "load":
      return b.k === "load" && a.buffer === b.buffer && sameExpr(a.at, b.at);
    case "op":
      return b.k === "op" && a.op === b.op && sameType(a, b) && sameAll(a.args, b.args);
    case "lane":
      return b.k === "lane" && a.lane === b.lane && sameExpr(a.of, b.of);
    case "pack":
      return b.k === "pack" && sameAll(a.lanes, b.lanes);
    case "fold":
      return b.k === "fold" && a.op === b.op && sameExpr(a.of, b.of);
    case "subgroup":
      return b.k === "subgroup" && a.op === b.op && a.lane === b.lane && sameExpr(a.of, b.of);
  }
}

type Typed = Exclude<KExpr, { readonly k: "dim" }>;
const sameType = (a: Typed, b: Typed): boolean => a.type.dtype === b.type.dtype && a.type.width === b.type.width;
const sameAll = (a: readonly KExpr[], b: readonly KExpr[]): boolean =>
  a.length === b.length && a.every((x, i) => sameExpr(x, b[i] ?? x));

/** The sum that an i32 scalar stands for. */
export function toLinear(e: KExpr): Linear {
  const terms: { of: KExpr; by: number }[] = [];
  let constant = 0;
  const visit = (x: KExpr, by: number): void => {
    if (x.k === "lit") {
      constant = (constant + Math.imul(by, x.value)) | 0;
      return;
    }
    if (x.k === "op") {
      const [a, b] = x.args;
      if (x.op === "add" && a && b) {
        visit(a, by);
        visit(b, by);
        return;
      }
      if (x.op === "sub" && a && b) {
        visit(a, by);
        visit(b, -by | 0);
        return;
      }
      if (x.op === "neg" && a) {
        visit(a, -by | 0);
        return;
      }
      if (x.op === "mul" && a && b?.k === "lit") {
        visit(a, Math.imul(by, b.value));
        return;
      }
    }
    const seen = terms.find((t) => sameExpr(t.of, x));
    if (seen) seen.by = (seen.by + by) | 0;
    else terms.push({ of: x, by });
  };
  visit(e, 1);
  return { terms: terms.filter((t) => t.by !== 0), constant };
}

export function addLinear(a: Linear, b: Linear, by = 1): Linear {
  const terms = a.terms.map((t) => ({ ...t }));
  for (const t of b.terms) {
    const seen = terms.find((u) => sameExpr(u.of, t.of));
    if (seen) seen.by = (seen.by + Math.imul(by, t.by)) | 0;
    else terms.push({ of: t.of, by: Math.imul(by, t.by) });
  }
  return { terms: terms.filter((t) => t.by !== 0), constant: (a.constant + Math.imul(by, b.constant)) | 0 };
}

export const scaleLinear = (a: Linear, by: number): Linear =>
  by === 0
    ? { terms: [], constant: 0 }
    : { terms: a.terms.map((t) => ({ of: t.of, by: Math.imul(t.by, by) })), constant: Math.imul(a.constant, by) };

/** x / c · (m·c) + x % c · m is x · m. */
function rejoin(terms: readonly LinearTerm[]): readonly LinearTerm[] | undefined {
  for (const low of terms) {
    if (low.of.k !== "op" || low.of.op !== "mod") continue;
    const [x, c] = low.of.args;
    if (!x || c?.k !== "lit") continue;
    for (const high of terms) {
      if (high.of.k !== "op" || high.of.op !== "floordiv" || high.by !== low.by * c.value) continue;
      const [y, d] = high.of.args;
      if (y && d?.k === "lit" && d.value === c.value && sameExpr(x, y)) {
        return terms.flatMap((t) => (t === low ? [] : t === high ? [{ of: x, by: low.by }] : [t]));
      }
    }
  }
  return undefined;
}

const op = (name: "add" | "sub" | "mul" | "neg", ...args: KExpr[]): KExpr => ({ k: "op", op: name, args, type: i32 });

/** The shortest text of a sum: terms in the order of their first use, a positive one first, the constant last. */
export function fromLinear(l: Linear): KExpr {
  const joined = rejoin(l.terms);
  if (joined) {
    // What was joined may be a sum itself.
    let sum: Linear = { terms: [], constant: l.constant };
    for (const t of joined) sum = addLinear(sum, scaleLinear(toLinear(t.of), t.by));
    return fromLinear(sum);
  }
  const scaled = (t: LinearTerm, by: number): KExpr => (by === 1 ? t.of : op("mul", t.of, intLit(by)));
  const first = l.terms.find((t) => t.by > 0);
  if (!first) {
    const negative = l.terms[0];
    if (!negative) return intLit(l.constant);
    let sum: KExpr =
      l.constant !== 0
        ? op("sub", intLit(l.constant), scaled(negative, -negative.by))
        : negative.by === -1
          ? op("neg", negative.of)
          : op("mul", negative.of, intLit(negative.by));
    for (const t of l.terms) if (t !== negative) sum = op("sub", sum, scaled(t, -t.by));
    return sum;
  }
  let sum = scaled(first, first.by);
  for (const t of l.terms) {
    if (t === first) continue;
    sum = t.by > 0 ? op("add", sum, scaled(t, t.by)) : op("sub", sum, scaled(t, -t.by));
  }
  if (l.constant > 0) sum = op("add", sum, intLit(l.constant));
  if (l.constant < 0) sum = op("sub", sum, intLit(-l.constant));
  return sum;
}

/** a - b when that is a number. */
export function difference(a: KExpr, b: KExpr): number | undefined {
  const d = addLinear(toLinear(a), toLinear(b), -1);
  return d.terms.length === 0 ? d.constant : undefined;
}
