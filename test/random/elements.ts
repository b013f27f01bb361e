import { addDim, constDim, mulDim, provablyAtLeast, subDim } from "../../src/ir/dim.js";
import { type Body, type Index, type Tensor, visible } from "./scope.js";
import { fixedValue, leastOf, operand, type Size, same } from "./sizes.js";
import { type Ex, ex } from "./text.js";

/** Elements of tensors: every kind of subscript that the checker proves in range (language.md I3 to I7). */
const one = constDim(1);
const fits = (most: Parameters<typeof subDim>[0], axis: Size): boolean => provablyAtLeast(subDim(axis.dim, one), most);

/** `t[n, j * R + r]`; the indices in `first` are used if they can be. */
export function element(b: Body, t: Tensor, first: readonly Index[] = [], depth = 0): Ex {
  const used = new Set<Index>();
  const subs = t.axes.map((axis) => subscript(b, axis, used, first, depth));
  if (subs.length === 0) return ex(t.name, "postfix", t.range);
  // E[h][m] is E[h, m]
  const cut = subs.length > 1 && b.r.chance(0.06) ? b.r.int(1, subs.length - 1) : 0;
  const text = cut > 0 ? `[${subs.slice(0, cut).join(", ")}][${subs.slice(cut).join(", ")}]` : `[${subs.join(", ")}]`;
  return ex(t.name + text, "postfix", t.range);
}

export function bareUse(i: Index, axis: Size): string {
  if (same(i.size, axis)) i.bare = true;
  else i.annotate = true;
  return i.name;
}

function subscript(b: Body, axis: Size, used: Set<Index>, first: readonly Index[], depth: number): string {
  const { r } = b;
  const alike = b.indices.filter((i) => same(i.size, axis));
  const wanted = alike.filter((i) => !used.has(i) && first.includes(i));
  const unused = alike.filter((i) => !used.has(i));
  const take = (i: Index): string => {
    used.add(i);
    return bareUse(i, axis);
  };
  if (wanted.length > 0 && r.chance(0.93)) return take(r.pick(wanted));
  if (unused.length > 0 && r.chance(0.85)) return take(r.pick(unused));
  const odd = oddSubscripts(b, axis, used);
  if (odd.length > 0 && r.chance(0.7)) return r.pick(odd)();
  if (alike.length > 0 && r.chance(0.4)) return take(r.pick(alike));
  const gathered = depth < 2 && r.chance(0.3) ? gather(b, depth) : undefined;
  if (gathered !== undefined) return gathered;
  const counters = b.counters.filter((c) => c.count <= leastOf(axis));
  if (counters.length > 0 && r.chance(0.6)) return r.pick(counters).name;
  if (axis.generic || r.chance(0.7)) return String(r.int(0, Math.min(3, leastOf(axis) - 1)));
  return `${axis.text} - 1`;
}

/** Subscripts with arithmetic, proved by the ranges of sizes alone. */
function oddSubscripts(b: Body, axis: Size, used: Set<Index>): readonly (() => string)[] {
  const { r } = b;
  const options: (() => string)[] = [];
  const arithmetic = (indices: readonly Index[], text: string) => (): string => {
    for (const i of indices) {
      used.add(i);
      if (!i.bare) i.annotate = true;
    }
    return text;
  };
  for (const i of b.indices) {
    const last = subDim(i.size.dim, one);
    if (!i.linked && !same(i.size, axis) && fits(last, axis))
      options.push(() => {
        used.add(i);
        return bareUse(i, axis);
      });
    if (same(i.size, axis)) options.push(arithmetic([i], `${operand(axis)} - 1 - ${i.name}`));
    const shift = r.int(1, 3);
    if (fits(addDim(last, constDim(shift)), axis)) options.push(arithmetic([i], `${i.name} + ${shift}`));
    const scale = r.int(2, 3);
    if (fits(mulDim(last, constDim(scale)), axis)) {
      const plus = r.int(0, scale - 1);
      const more = plus > 0 && fits(addDim(mulDim(last, constDim(scale)), constDim(plus)), axis);
      options.push(arithmetic([i], more ? `${scale} * ${i.name} + ${plus}` : `${i.name} * ${scale}`));
    }
    if (same(i.size, axis) || fits(last, axis)) {
      const by = r.int(2, 4);
      options.push(arithmetic([i], `${i.name} / ${by}`));
      options.push(arithmetic([i], `${i.name} / ${by} * ${by}`));
    }
    const modulus = r.int(1, 4);
    if (leastOf(axis) >= modulus) options.push(arithmetic([i], `${i.name} % ${modulus}`));
    if (/^\w+$/.test(axis.text) && !axis.generic) options.push(arithmetic([i], `${i.name} % ${axis.text}`));
    for (const j of b.indices) {
      if (i === j) continue;
      const most = addDim(mulDim(last, j.size.dim), subDim(j.size.dim, one));
      if (fits(most, axis)) options.push(arithmetic([i, j], `${i.name} * ${operand(j.size)} + ${j.name}`));
      const sum = addDim(last, subDim(j.size.dim, one));
      if (fits(sum, axis)) options.push(arithmetic([i, j], `${i.name} + ${j.name}`));
    }
  }
  return options;
}

/** A whole number read from a tensor, as a subscript: the nearest row is read where it is out of range (I5). */
function gather(b: Body, depth: number): string | undefined {
  const whole = visible(b).filter((t) => t.dtype === "i32");
  if (whole.length === 0) return undefined;
  const value = element(b, b.r.pick(whole), [], depth + 1).text;
  // numbers of inputs have to be in range by themselves only where they are the whole subscript
  return b.r.chance(0.25) ? `${value} - ${b.r.int(1, 2)}` : value;
}

/** Tensors whose axes the indices in scope can take, likelier first. */
export function pickTensor(b: Body, dtypes: readonly string[], first: readonly Index[] = []): Tensor | undefined {
  const all = visible(b).filter((t) => dtypes.includes(t.dtype));
  if (all.length === 0) return undefined;
  const score = (t: Tensor): number => {
    const taken = t.axes.filter((a) => b.indices.some((i) => same(i.size, a))).length;
    const wanted = first.filter((i) => t.axes.some((a) => same(i.size, a))).length;
    return 1 + 3 * taken + 6 * wanted - 2 * (t.axes.length - taken);
  };
  const tries = Array.from({ length: 4 }, () => b.r.pick(all));
  return tries.reduce((best, t) => (score(t) > score(best) ? t : best));
}

/** `x[n - 1]` behind a condition that keeps it in range (I4). */
export function guarded(b: Body, t: Tensor): { readonly cond: string; readonly value: Ex } | undefined {
  const { r } = b;
  const places = t.axes.flatMap((axis, place) =>
    b.indices.filter((i) => same(i.size, axis)).map((i) => ({ i, axis, place })),
  );
  if (places.length === 0) return undefined;
  const { i, axis, place } = r.pick(places);
  if (!i.bare) i.annotate = true;
  const n = i.name;
  const c = r.int(1, 3);
  const size = axis.text;
  const [cond, sub] = r.pick([
    [`${n} >= ${c}`, `${n} - ${c}`],
    [`${n} > ${c - 1}`, `${n} - ${c}`],
    [`${c} <= ${n}`, `${n} - ${c}`],
    [`${n} + ${c} < ${size}`, `${n} + ${c}`],
    [`${n} < ${size} - ${c}`, `${n} + ${c}`],
    [`${n} <= ${size} - 1 - ${c}`, `${n} + ${c}`],
  ] as const);
  const used = new Set<Index>([i]);
  const subs = t.axes.map((a, at) => (at === place ? sub : subscript(b, a, used, [], 1)));
  return { cond, value: ex(`${t.name}[${subs.join(", ")}]`, "postfix", t.range) };
}

/** A size as a number in an expression; at least 1. */
export const sizeNumber = (s: Size): Ex =>
  ex(s.text, /^\w+$/.test(s.text) ? "postfix" : "if", [1, fixedValue(s) ?? s.most], { constant: true, whole: true });
