import { element, pickTensor } from "./elements.js";
import { literal, real, tame } from "./reals.js";
import { type Bound, rangeOf, reducible, withBound } from "./reductions.js";
import { type Body, type Index, spend, visible } from "./scope.js";
import { combine, leastOf, numberSize, same } from "./sizes.js";
import { at, call, choose, type Ex, ex, interval, minus, negative, over, plus, size, times, yes } from "./text.js";

/** Whole numbers and conditions. */
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
  switch (r.int(0, 10)) {
    case 10: {
      if (visible(b).every((t) => t.dtype !== "f32")) return leafOf();
      const e = tame(b, real(b, "f32", 1));
      return call("i32", [e], [Math.trunc(e.lo) - 1, Math.trunc(e.hi) + 1]);
    }
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
  if (kind === 8 && depth > 0 && r.chance(0.3)) {
    const [c, x, y] = [bool(b, 0, first), bool(b, 0, first), bool(b, 0, first)];
    return r.chance(0.5)
      ? ex(`${at(x, "sum")} ${r.pick(["==", "!="])} ${at(y, "sum")}`, "compare", yes)
      : choose(c, x, y);
  }
  if (kind === 6) {
    const t = pickTensor(b, ["f32"], first);
    if (t !== undefined && depth > 0 && r.chance(0.3)) {
      // what a machine computes decides: undecided only where it is very near
      const [x, y] = [real(b, "f32", 1, first), r.chance(0.5) ? literal(b) : real(b, "f32", 0, first)];
      return ex(`${at(x, "sum")} ${r.pick(["<", ">"])} ${at(y, "sum")}`, "compare", yes);
    }
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
  const bounds = [
    String(r.int(0, 4)),
    ...(half === undefined ? [] : [half.text]),
    ...(i.size.generic ? [] : [`${i.size.text} - 1`]),
  ];
  return ex(
    r.pick([
      `${n} ${r.pick(compares)} ${r.pick(bounds)}`,
      `${n} % ${r.int(2, 3)} == ${r.int(0, 1)}`,
      `${r.int(0, 1)} <= ${n} < ${leastOf(i.size) + 1}`,
    ]),
    "compare",
    yes,
  );
}
