import { element, guarded, pickTensor, sizeNumber } from "./elements.js";
import {
  affords,
  type Body,
  binding,
  freshIndex,
  type Index,
  spend,
  type Tensor,
  tensorOf,
  visible,
} from "./scope.js";
import { combine, leastOf, numberSize, same, type Size, valueOf } from "./sizes.js";
import {
  at,
  bracket,
  call,
  choose,
  type Ex,
  ex,
  hull,
  type Interval,
  interval,
  minus,
  negative,
  over,
  plus,
  raised,
  size,
  times,
  yes,
} from "./text.js";

export type Real = "f32" | "f16";

const literals = ["0.5", "1.25", "2.0", "0.1", "1e-3", "0.75", "3.0", "1.5e0"];
const literal = (b: Body): Ex => {
  const text = b.r.pick(literals);
  return ex(text, "postfix", [Number(text), Number(text)], { constant: true });
};

/** Brings an expression back to numbers that nothing overflows with. */
export function tame(b: Body, e: Ex, limit = 60): Ex {
  const most = size(interval(e));
  if (most <= limit) return e;
  const { r } = b;
  if (r.chance(0.4)) return call(r.pick(["tanh", "erf"]), [e], [-1, 1]);
  if (r.chance(0.5) && most < 1e6) {
    const by = ex(`${Math.ceil(most / 8)}.0`, "postfix", [Math.ceil(most / 8), Math.ceil(most / 8)]);
    return over(e, by);
  }
  const inner = call("min", [e, ex("8.0", "postfix", [8, 8], { constant: true })], [Math.min(e.lo, 8), Math.min(e.hi, 8)]);
  return call("max", [ex("-8.0", "unary", [-8, -8], { constant: true }), inner], [Math.max(inner.lo, -8), Math.max(inner.hi, -8)]);
}

/** A real number, never a bare constant. */
export function real(b: Body, dtype: Real, depth: number, first: readonly Index[] = []): Ex {
  const e = anyReal(b, dtype, depth, first);
  return e.constant ? plus(leaf(b, dtype, first), e) : e;
}

function anyReal(b: Body, dtype: Real, depth: number, first: readonly Index[]): Ex {
  const { r } = b;
  spend(b);
  if (depth <= 0 || r.chance(0.1)) return r.chance(0.93) ? leaf(b, dtype, first) : literal(b);
  const sub = (d = depth - 1): Ex => tame(b, anyReal(b, dtype, d, first));
  const made = make(b, dtype, depth, first, sub);
  const tamed = tame(b, made);
  return r.chance(0.04) ? bracket(tamed) : tamed;
}

function make(b: Body, dtype: Real, depth: number, first: readonly Index[], sub: () => Ex): Ex {
  const { r } = b;
  switch (r.int(0, 21)) {
    case 0:
    case 1:
      return plus(sub(), sub());
    case 2:
      return minus(sub(), sub());
    case 3:
    case 4:
    case 5:
      return times(sub(), sub());
    case 6:
      return negative(sub());
    case 7:
    case 8:
    case 9:
      return applied(b, sub(), dtype);
    case 10: {
      const fn = r.pick(["max", "min"]);
      const [x, y] = [sub(), sub()];
      const pickEnd = fn === "max" ? Math.max : Math.min;
      return x.constant && y.constant ? x : call(fn, [x, y], [pickEnd(x.lo, y.lo), pickEnd(x.hi, y.hi)]);
    }
    case 11:
      return choose(bool(b, 1), sub(), sub());
    case 12:
      return divided(b, sub(), sub);
    case 13:
    case 14:
    case 15:
      return reduction(b, dtype, depth - 1);
    case 16: {
      const t = pickTensor(b, [dtype], first);
      const safe = t && guarded(b, t);
      if (safe === undefined) return sub();
      const cond = ex(safe.cond, "compare", yes);
      return choose(cond, safe.value, r.chance(0.5) ? ex("0", "postfix", [0, 0], { constant: true }) : sub());
    }
    case 17:
      return r.chance(0.35) && dtype === "f32" ? innerSoftmax(b, depth - 1) : sub();
    case 18: {
      const of = whole(b, 1);
      if (of.constant) return sub();
      return call(dtype, [of], interval(of));
    }
    case 19:
      return guardedSum(b, dtype) ?? sub();
    case 20:
      return contraction(b, dtype, first);
    default:
      return times(sub(), literal(b));
  }
}

/** One element, or what stands for one where no tensor is. */
export function leaf(b: Body, dtype: Real, first: readonly Index[]): Ex {
  const { r } = b;
  const want = b.p.options.half && r.chance(0.15) ? (dtype === "f32" ? "f16" : "f32") : dtype;
  const t = r.chance(0.93) ? pickTensor(b, [want], first) : undefined;
  if (t !== undefined) {
    const e = element(b, t, first);
    return want === dtype ? e : call(dtype, [e], interval(e));
  }
  const i = b.indices.length > 0 ? r.pick(b.indices) : undefined;
  if (i !== undefined) return call(dtype, [ex(i.name, "postfix", [0, i.size.most])], [0, i.size.most]);
  return element(b, tensorOf(b, dtype, []), []);
}

const positive = (e: Ex): boolean => e.lo >= 0.1;

function applied(b: Body, e: Ex, dtype: Real): Ex {
  const { r } = b;
  const one = ex(r.pick(["1", "1.0"]), "postfix", [1, 1], { constant: true });
  const abs = call("abs", [e], e.lo >= 0 ? interval(e) : e.hi <= 0 ? [-e.hi, -e.lo] : [0, size(interval(e))]);
  const apart = positive(e) ? e : r.chance(0.5) ? plus(abs, ex("0.5", "postfix", [0.5, 0.5], { constant: true })) : plus(one, abs);
  const f = (fn: (x: number) => number): Interval => [fn(apart.lo), fn(apart.hi)];
  switch (r.pick(["squash", "squash", "gelu", "exp", "log", "sqrt", "rsqrt", "sin", "abs", "relu", "square", "pow", "powers"] as const)) {
    case "squash": {
      const fn = r.pick(["tanh", "erf", "sigmoid"]);
      return call(fn, [e], fn === "sigmoid" ? [0, 1] : [-1, 1]);
    }
    case "gelu": {
      const fn = r.pick(["gelu", "gelu_tanh", "silu"]);
      return call(fn, [e], [-0.3, Math.max(0, e.hi)]);
    }
    case "exp": {
      const arg = e.hi > 3 ? call("min", [e, ex("2.0", "postfix", [2, 2], { constant: true })], [Math.min(e.lo, 2), 2]) : e;
      return call("exp", [arg], [Math.exp(arg.lo), Math.exp(arg.hi)]);
    }
    case "log":
      return call("log", [apart], f(Math.log));
    case "sqrt":
      return call("sqrt", [apart], f(Math.sqrt));
    case "rsqrt":
      return call("rsqrt", [apart], [1 / Math.sqrt(apart.hi), 1 / Math.sqrt(apart.lo)]);
    case "sin":
      return dtype === "f16" ? abs : call(r.pick(["sin", "cos"]), [tame(b, e, 30)], [-1, 1]);
    case "abs":
      return abs;
    case "relu":
      return call("relu", [e], [Math.max(0, e.lo), Math.max(0, e.hi)]);
    case "square": {
      const most = size(interval(e));
      if (dtype === "f16" && most > 30) return abs;
      return raised(e, r.pick(["2", "2.0"]), [0, most * most]);
    }
    case "pow": {
      if (dtype === "f16") return abs;
      const exponent = r.pick(["0.5", "-1.5", "1.25", "-0.5"]);
      const ends = f((x) => x ** Number(exponent));
      const range: Interval = [Math.min(...ends), Math.max(...ends)];
      return r.chance(0.5)
        ? raised(apart.level === "postfix" ? apart : bracket(apart), exponent, range)
        : call("pow", [apart, ex(exponent, "unary", range, { constant: true })], range);
    }
    case "powers": {
      if (dtype === "f16" || e.constant) return abs;
      const small = tame(b, e, 8);
      return ex(`2 ^ ${at(small.level === "unary" ? bracket(small) : small, "power")}`, "power", [2 ** small.lo, 2 ** small.hi]);
    }
  }
}

/** A quotient whose divisor stays away from 0. */
function divided(b: Body, e: Ex, sub: () => Ex): Ex {
  const { r } = b;
  const fixed = b.sizes.filter((s) => /^\w+$/.test(s.text));
  if (fixed.length > 0 && r.chance(0.3) && !e.constant) {
    const by = r.pick(fixed);
    const most = valueOf(by) ?? by.most;
    return over(e, r.chance(0.5) ? sizeNumber(by) : call("sqrt", [sizeNumber(by)], [1, Math.sqrt(most)]));
  }
  const d = sub();
  if (positive(d)) return over(e, d);
  const one = ex("1.0", "postfix", [1, 1], { constant: true });
  return over(e, bracket(plus(one, call("abs", [d], [0, size(interval(d))]))));
}

// ---- reductions -----------------------------------------------------------------------------------------------------

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

function reduction(b: Body, dtype: Real, depth: number): Ex {
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

function rangeOf(op: string, [lo, hi]: Interval, count: number, partial: boolean): Interval {
  switch (op) {
    case "sum":
      return partial ? [Math.min(0, count * lo), Math.max(0, count * hi)] : [Math.min(lo, count * lo), Math.max(hi, count * hi)];
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
      const t = dims.length > 0 && volumeOf(dims) <= b.p.options.elements ? tensorOf(b, dtype, r.shuffle(dims), 0.25) : pickTensor(b, [dtype], own);
      factors.push(t === undefined ? leaf(b, dtype, own) : element(b, t, pool));
      if (r.chance(0.15)) factors.push(factors.at(-1) as Ex); // a shared factor
    }
    return factors.map((f) => tame(b, f, 10)).reduce((a, c) => times(a, c));
  });
  const partial = bound.some((x) => x.partial);
  return tame(b, ex(`sum[${binders}] ${at(value, "product")}`, "product", rangeOf("sum", interval(value), count, partial), { open: true }), 1e5);
}

const volumeOf = (dims: readonly Size[]): number => dims.reduce((n, d) => n * d.most, 1);

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

function innerSoftmax(b: Body, depth: number): Ex {
  const kept = b.indices.filter((i) => i.kept && affords(b, i.size.most));
  if (kept.length === 0) return leaf(b, "f32", []);
  const index = b.r.pick(kept);
  // what the softmax runs over does not limit the index outside
  if (!index.bare) index.annotate = true;
  return bracket(softmaxOver(b, index, depth));
}

/** `sum[t: 3 where 0 <= n + t - 1 < N] w[t] * x[n + t - 1]`: a condition that keeps a subscript in range. */
function guardedSum(b: Body, dtype: Real): Ex | undefined {
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
    ex(`sum[${index.name}: ${taps.text} where 0 <= ${sub} < ${axis.text}] ${factor}${t.name}[${sub}]`, "product", [-most, most], { open: true }),
  );
}

// ---- whole numbers and bools ----------------------------------------------------------------------------------------

const wholeNumber = (n: number): Ex => ex(String(n), "postfix", [n, n], { constant: true, whole: true });

/** An i32, mostly small; `constant` when it is a number or a dim alone. */
export function whole(b: Body, depth: number): Ex {
  const { r } = b;
  spend(b);
  const leafOf = (): Ex => {
    if (b.indices.length > 0 && r.chance(0.5)) {
      const i = r.pick(b.indices);
      if (!i.bare) i.annotate = true;
      return ex(i.name, "postfix", [0, i.size.most - 1]);
    }
    const t = r.chance(0.8) ? pickTensor(b, ["i32"]) : undefined;
    if (t !== undefined) return element(b, t);
    const u = b.p.options.half && r.chance(0.5) ? pickTensor(b, ["u32"]) : undefined;
    if (u !== undefined) return call("i32", [element(b, u)], u.range);
    if (b.counters.length > 0 && r.chance(0.5)) {
      const c = r.pick(b.counters);
      return ex(c.name, "postfix", [0, c.count - 1], { constant: true, whole: true });
    }
    return wholeNumber(r.int(0, 5));
  };
  if (depth <= 0) return leafOf();
  const sub = (): Ex => whole(b, depth - 1);
  const open = (): Ex => {
    const e = sub();
    return e.constant ? leafOf() : e;
  };
  const limit = (e: Ex): Ex => (size(interval(e)) > 1e5 ? leafOf() : e);
  switch (r.int(0, 9)) {
    case 0:
      return limit(plus(sub(), sub()));
    case 1:
      return limit(minus(open(), sub()));
    case 2:
      return limit(times(open(), wholeNumber(r.int(2, 4))));
    case 3: {
      const e = open();
      const by = r.int(2, 5);
      return e.constant ? e : { ...over(e, wholeNumber(by)), lo: Math.floor(e.lo / by), hi: Math.floor(e.hi / by) };
    }
    case 4: {
      const e = open();
      const by = r.int(2, 7);
      return e.constant ? e : ex(`${e.open ? `(${e.text})` : at(e, "product")} % ${by}`, "product", [0, by - 1]);
    }
    case 5: {
      const fn = r.pick(["max", "min"]);
      const [x, y] = [open(), sub()];
      const pickEnd = fn === "max" ? Math.max : Math.min;
      return x.constant ? x : call(fn, [x, y], [pickEnd(x.lo, y.lo), pickEnd(x.hi, y.hi)]);
    }
    case 6: {
      const e = open();
      return e.constant ? e : r.chance(0.5) ? negative(e) : call("abs", [e], [0, size(interval(e))]);
    }
    case 7: {
      const e = open();
      return e.constant ? e : choose(bool(b, 0), e, sub());
    }
    case 8:
      return wholeReduction(b, depth - 1);
    default:
      return leafOf();
  }
}

function wholeReduction(b: Body, depth: number): Ex {
  const { r } = b;
  const kinds = ["sum", "max", "min", "argmax", "argmin", "count"] as const;
  const op = r.pick(kinds);
  const sizes = reducible(b, op.startsWith("arg") ? ["f32"] : ["i32", "bool"], 1);
  const [over] = sizes;
  if (over === undefined) return wholeNumber(1);
  const { value, binders, bound } = withBound(b, [over], true, ([x]) => {
    const own = [(x as Bound).index];
    if (op === "count") return wholeNumber(1);
    if (op.startsWith("arg")) return tame(b, real(b, "f32", 1, own), 1e4);
    const e = whole(b, depth);
    return e.constant || size(interval(e)) > 1000 ? ex(own[0]?.name ?? "0", "postfix", [0, over.most]) : e;
  });
  const partial = bound.some((x) => x.partial);
  const empty = bound.some((x) => x.empty);
  const word = op === "count" ? "sum" : op;
  const text = `${word}[${binders}] ${at(value, "product")}`;
  if (op === "argmax" || op === "argmin") return ex(text, "product", [0, over.most - 1], { open: true });
  if ((op === "max" || op === "min") && empty) return wholeNumber(2);
  return ex(text, "product", rangeOf(word, interval(value), over.most, partial), { open: true });
}

const compares = ["<", "<=", ">", ">=", "==", "!="] as const;

/** A condition; with `first`, likely about these indices. */
export function bool(b: Body, depth: number, first: readonly Index[] = []): Ex {
  const { r } = b;
  spend(b);
  if (depth > 0 && r.chance(0.3)) {
    const word = r.pick(["and", "or"] as const);
    const [x, y] = [bool(b, depth - 1, first), bool(b, depth - 1, first)];
    const next = word === "and" ? "not" : "and";
    return ex(`${at(x, word)} ${word} ${at(y, next)}`, word, yes);
  }
  if (depth > 0 && r.chance(0.15)) return ex(`not ${at(bool(b, depth - 1, first), "not")}`, "not", yes);
  const indices = first.length > 0 && r.chance(0.8) ? first : b.indices;
  const index = indices.length > 0 ? r.pick(indices) : undefined;
  const kind = r.int(0, 9);
  if (kind < 3) {
    const t = pickTensor(b, ["bool"], first);
    if (t !== undefined) return element(b, t, first);
  }
  if (kind < 6 && index !== undefined) return indexCondition(b, index);
  if (kind === 6) {
    const t = pickTensor(b, ["f32"], first);
    if (t !== undefined) {
      const e = element(b, t, first);
      return ex(`${e.text} ${r.pick(["<", ">", "<=", ">="])} ${literal(b).text}`, "compare", yes);
    }
  }
  if (kind === 7) {
    const t = pickTensor(b, ["i32"], first);
    if (t !== undefined) return ex(`${element(b, t, first).text} ${r.pick(compares)} ${r.int(0, 5)}`, "compare", yes);
  }
  if (index !== undefined) return indexCondition(b, index);
  return ex(r.pick(["true", "not false", "1 < 2"]), "compare", yes);
}

function indexCondition(b: Body, i: Index): Ex {
  const { r } = b;
  if (!i.bare) i.annotate = true;
  const others = b.indices.filter((o) => o !== i && same(o.size, i.size));
  if (others.length > 0 && r.chance(0.5)) {
    const o = r.pick(others);
    if (!o.bare) o.annotate = true;
    return ex(
      r.pick([
        `${i.name} ${r.pick(compares)} ${o.name}`,
        `0 <= ${i.name} - ${o.name} < ${r.int(1, 3)}`,
        `${o.name} - ${r.int(1, 3)} < ${i.name} <= ${o.name}`,
        `f32(${i.name}) < f32(${o.name}) + 0.5`,
      ]),
      "compare",
      yes,
    );
  }
  const n = i.name;
  const half = combine(i.size, "/", numberSize(2));
  const bounds = [String(r.int(0, 4)), ...(half === undefined ? [] : [half.text]), ...(i.size.generic ? [] : [`${i.size.text} - 1`])];
  return ex(
    r.pick([`${n} ${r.pick(compares)} ${r.pick(bounds)}`, `${n} % ${r.int(2, 3)} == ${r.int(0, 1)}`, `${r.int(0, 1)} <= ${n} < ${leastOf(i.size) + 1}`]),
    "compare",
    yes,
  );
}
