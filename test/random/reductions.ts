import { element, pickTensor } from "./elements.js";
import { leaf, type Real, real, tame } from "./reals.js";
import { affords, type Body, binding, freshIndex, type Index, type Tensor, tensorOf, visible } from "./scope.js";
import { numberSize, type Size, same, volume } from "./sizes.js";
import { at, bracket, call, type Ex, ex, type Interval, interval, plus, size, times } from "./text.js";
import { bool } from "./wholes.js";

/** Sums, means, greatest values, softmaxes and contractions, with conditions and short forms. */
export interface Bound {
  readonly index: Index;
  readonly condition: string;
  /** Some element may be left out; all of them. */
  readonly partial: boolean;
  readonly empty: boolean;
}

/** Binds an index, maybe with a condition; it is in scope afterwards. */
export function bind(b: Body, over: Size, conditions: boolean): Bound {
  const index = freshIndex(b, over);
  b.indices.push(index);
  if (!conditions || !b.r.chance(0.4)) return { index, condition: "", partial: false, empty: false };
  const partners = b.indices.filter((i) => i !== index && same(i.size, over));
  const chain = partners.length > 0 && b.r.chance(0.6);
  const where = !chain || b.r.chance(0.3);
  const condition = `${chain ? shortForm(b, index, b.r.pick(partners)) : ""}${where ? ` where ${bool(b, 1, [index]).text}` : ""}`;
  const short = chain ? condition : "";
  return { index, condition, partial: true, empty: where || !/^\s*\w+ [<>]= \w+$/.test(short) };
}

/** `m <= n` instead of the bare index. */
function shortForm(b: Body, index: Index, other: Index): string {
  const [m, n] = [index.name, other.name];
  const w = b.r.int(1, 4);
  index.linked = true;
  index.bare = true; // linked to the other, which gets a range in any case
  if (!other.bare) other.annotate = true;
  return b.r.pick([
    `${m} <= ${n}`,
    `${m} <= ${n}`,
    `${m} < ${n}`,
    `${m} >= ${n}`,
    `${m} > ${n}`,
    `${n} - ${w} < ${m} <= ${n}`,
    `${n} - ${w} <= ${m} < ${n}`,
    `${n} <= ${m} < ${n} + ${w}`,
    `${n} + ${w} >= ${m} >= ${n}`,
    `${m} <= ${n} + ${w}`,
  ]);
}

/** The text of a binder, once what it stands before is written. */
export const binderText = (b: Body, { index, condition }: Bound): string =>
  condition === "" || condition.startsWith(" where") ? `${binding(b, index)}${condition}` : condition;

/** Binds indices for `body`, and takes them out of scope again. */
export function withBound<T>(
  b: Body,
  sizes: readonly Size[],
  conditions: boolean,
  body: (bound: readonly Bound[]) => T,
): { readonly value: T; readonly binders: string; readonly bound: readonly Bound[] } {
  const depth = b.indices.length;
  const bound = sizes.map((s) => bind(b, s, conditions));
  const value = body(bound);
  b.indices.length = depth;
  return { value, binders: bound.map((x) => binderText(b, x)).join(", "), bound };
}

/** Sizes that a reduction here can run over. */
export function reducible(b: Body, dtypes: readonly string[], count: number): readonly Size[] {
  const axes = visible(b)
    .filter((t) => dtypes.includes(t.dtype))
    .flatMap((t) => t.axes);
  const sizes: Size[] = [];
  let more = 1;
  for (let i = 0; i < count; i++) {
    const open = (axes.length > 0 && b.r.chance(0.9) ? axes : b.sizes).filter((a) => affords(b, more * a.most));
    if (open.length === 0) break;
    const chosen = b.r.pick(open);
    more *= chosen.most;
    sizes.push(chosen);
  }
  return sizes;
}

export function reduction(b: Body, dtype: Real, depth: number): Ex {
  const { r } = b;
  const sizes = reducible(b, [dtype], r.chance(0.75) ? 1 : 2);
  if (sizes.length === 0) return leaf(b, dtype, []);
  const op = r.pick(["sum", "sum", "sum", "mean", "max", "min", "prod"] as const);
  const count = sizes.reduce((n, s) => n * s.most, 1);
  if (op === "prod" && count > 40) return leaf(b, dtype, []);
  const { value, binders, bound } = withBound(b, sizes, true, (all) => {
    const own = all.map((x) => x.index);
    if (op === "prod") {
      const one = ex("1.0", "postfix", [1, 1], { constant: true });
      const small = times(ex("0.1", "postfix", [0.1, 0.1]), call("tanh", [real(b, dtype, depth - 1, own)], [-1, 1]));
      return bracket(plus(one, small));
    }
    return tame(b, product(b, dtype, depth, own), dtype === "f16" ? 8 : 60);
  });
  const partial = bound.some((x) => x.partial);
  const empty = bound.some((x) => x.empty);
  const body = at(value, "product");
  const text = `${op}[${binders}] ${body}`;
  const range = rangeOf(op, interval(value), count, partial);
  const result = ex(text, "product", range, { open: true });
  if ((op === "max" || op === "min") && empty) {
    // nothing selected: the least or greatest number there is
    const bounds: Interval = [Math.min(value.lo, -50), Math.max(value.hi, 50)];
    const edge = op === "max" ? ex("-50.0", "unary", [-50, -50]) : ex("50.0", "postfix", [50, 50]);
    return call(op, [edge, result], bounds);
  }
  return result;
}

export function rangeOf(op: string, [lo, hi]: Interval, count: number, partial: boolean): Interval {
  switch (op) {
    case "sum":
      return partial
        ? [Math.min(0, count * lo), Math.max(0, count * hi)]
        : [Math.min(lo, count * lo), Math.max(hi, count * hi)];
    case "mean":
      return partial ? [Math.min(0, lo), Math.max(0, hi)] : [lo, hi];
    case "prod":
      return [Math.min(1, lo ** count), Math.max(1, hi ** count)];
    default:
      return [lo, hi];
  }
}

/** One to three factors, of which each new index has one at least. */
function product(b: Body, dtype: Real, depth: number, own: readonly Index[]): Ex {
  const { r } = b;
  const factors = [depth > 1 && r.chance(0.4) ? real(b, dtype, depth - 1, own) : leaf(b, dtype, own)];
  const more = r.pick([0, 1, 1, 2]);
  for (let i = 0; i < more; i++) factors.push(tame(b, r.chance(0.85) ? leaf(b, dtype, own) : real(b, dtype, 1, own)));
  return factors.map((f) => tame(b, f, 100)).reduce((a, c) => tame(b, times(a, c), 400));
}

/** Three to five factors in one sum, as between the softmaxes of a Linformer layer. */
export function contraction(b: Body, dtype: Real, first: readonly Index[]): Ex {
  const { r } = b;
  const sizes = reducible(b, [dtype], r.int(1, 2));
  if (sizes.length === 0) return leaf(b, dtype, first);
  const count = sizes.reduce((n, s) => n * s.most, 1);
  const { value, binders, bound } = withBound(b, sizes, true, (all) => {
    const own = all.map((x) => x.index);
    const factors: Ex[] = [];
    const total = r.int(2, 5);
    for (let i = 0; i < total; i++) {
      // an index of the sum and one from outside: what makes a matrix
      const pool = [...(i < own.length ? [own[i] as Index] : r.shuffle(own).slice(0, 1))];
      if (b.indices.length > own.length && r.chance(0.7)) pool.push(r.pick(b.indices.filter((x) => !own.includes(x))));
      const dims = [...new Set(pool)].map((x) => x.size);
      const t =
        dims.length > 0 && volume(dims) <= b.p.options.elements
          ? tensorOf(b, dtype, r.shuffle(dims), 0.25)
          : pickTensor(b, [dtype], own);
      factors.push(t === undefined ? leaf(b, dtype, own) : element(b, t, pool));
      if (r.chance(0.15)) factors.push(factors.at(-1) as Ex); // a shared factor
    }
    return factors.map((f) => tame(b, f, 10)).reduce((a, c) => times(a, c));
  });
  const partial = bound.some((x) => x.partial);
  return tame(
    b,
    ex(`sum[${binders}] ${at(value, "product")}`, "product", rangeOf("sum", interval(value), count, partial), {
      open: true,
    }),
    1e5,
  );
}

/** `softmax[k where …] e` over an index that is in scope. */
export function softmaxOver(b: Body, index: Index, depth: number): Ex {
  const { r } = b;
  const partners = b.indices.filter((i) => i !== index && same(i.size, index.size));
  const chain = partners.length > 0 && r.chance(0.35) ? shortForm(b, index, r.pick(partners)) : undefined;
  const where = r.chance(0.3) ? ` where ${bool(b, 1, [index]).text}` : "";
  const e = tame(b, real(b, "f32", depth, [index]), 30);
  const whole = e.level === "sum" || e.level === "if" ? bracket(e) : e;
  // an annotation belongs to the index outside
  return ex(`softmax[${chain ?? index.name}${where}] ${at(whole, "product")}`, "product", [0, 1], { open: true });
}

export function innerSoftmax(b: Body, depth: number): Ex {
  const kept = b.indices.filter((i) => i.kept && affords(b, i.size.most));
  if (kept.length === 0) return leaf(b, "f32", []);
  const index = b.r.pick(kept);
  // what the softmax runs over does not limit the index outside
  if (!index.bare) index.annotate = true;
  return bracket(softmaxOver(b, index, depth));
}

/** `sum[t: 3 where 0 <= n + t - 1 < N] w[t] * x[n + t - 1]`: a condition that keeps a subscript in range. */
export function guardedSum(b: Body, dtype: Real): Ex | undefined {
  const { r } = b;
  const candidates = visible(b).filter((t) => t.dtype === dtype && t.axes.length === 1 && !(t.axes[0] as Size).generic);
  if (candidates.length === 0) return undefined;
  const t: Tensor = r.pick(candidates);
  const axis = t.axes[0] as Size;
  const alike = b.indices.filter((i) => same(i.size, axis));
  if (alike.length === 0) return undefined;
  const n = r.pick(alike);
  if (!n.bare) n.annotate = true;
  const taps = numberSize(r.int(2, 4));
  if (!affords(b, taps.most)) return undefined;
  const index = freshIndex(b, taps);
  const c = r.int(0, 2);
  const sub = c === 0 ? `${n.name} + ${index.name}` : `${n.name} + ${index.name} - ${c}`;
  b.indices.push(index);
  index.annotate = true;
  const factor = r.chance(0.5) ? `${call(dtype, [ex(index.name, "postfix", [0, 3])], [0, 3]).text} * ` : "";
  b.indices.pop();
  const most = 3 * taps.most * size(t.range);
  return tame(
    b,
    ex(
      `sum[${index.name}: ${taps.text} where 0 <= ${sub} < ${axis.text}] ${factor}${t.name}[${sub}]`,
      "product",
      [-most, most],
      { open: true },
    ),
  );
}
