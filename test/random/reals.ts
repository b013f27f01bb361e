import { callIn } from "./calls.js";
import { element, guarded, pickTensor, sizeNumber } from "./elements.js";
import { contraction, guardedSum, innerSoftmax, reduction } from "./reductions.js";
import { type Body, type Index, spend, tensorOf } from "./scope.js";
import { fixedValue } from "./sizes.js";
import {
  at,
  bracket,
  call,
  choose,
  type Ex,
  ex,
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
import { bool, whole } from "./wholes.js";

/** Real numbers: every operator and scalar function, with arguments in its domain and results of a sane size. */
export type Real = "f32" | "f16";

const literals = ["0.5", "1.25", "2.0", "0.1", "1e-3", "0.75", "3.0", "1.5e0"];
export const literal = (b: Body): Ex => {
  const text = b.r.pick(literals);
  return ex(text, "postfix", [Number(text), Number(text)], { constant: true });
};

/** Brings an expression back to numbers that nothing overflows with. */
export function tame(b: Body, e: Ex, limit = 60): Ex {
  const most = size(interval(e));
  if (most <= limit) return e;
  const { r } = b;
  if (r.chance(0.4)) return call(r.pick(["tanh", "erf"]), [e], [-1, 1]);
  if (r.chance(0.5) && most < (b.p.options.half ? 4e5 : 1e6)) {
    const by = ex(`${Math.ceil(most / 8)}.0`, "postfix", [Math.ceil(most / 8), Math.ceil(most / 8)]);
    return over(e, by);
  }
  const inner = call(
    "min",
    [e, ex("8.0", "postfix", [8, 8], { constant: true })],
    [Math.min(e.lo, 8), Math.min(e.hi, 8)],
  );
  return call(
    "max",
    [ex("-8.0", "unary", [-8, -8], { constant: true }), inner],
    [Math.max(inner.lo, -8), Math.max(inner.hi, -8)],
  );
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
  switch (r.int(0, 22)) {
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
    case 21:
      return (dtype === "f32" ? callIn(b) : undefined) ?? sub();
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
  const apart = positive(e)
    ? e
    : r.chance(0.5)
      ? plus(abs, ex("0.5", "postfix", [0.5, 0.5], { constant: true }))
      : plus(one, abs);
  const f = (fn: (x: number) => number): Interval => [fn(apart.lo), fn(apart.hi)];
  switch (
    r.pick([
      "squash",
      "squash",
      "gelu",
      "exp",
      "log",
      "sqrt",
      "rsqrt",
      "sin",
      "abs",
      "relu",
      "square",
      "pow",
      "powers",
    ] as const)
  ) {
    case "squash": {
      const fn = r.pick(["tanh", "erf", "sigmoid"]);
      return call(fn, [e], fn === "sigmoid" ? [0, 1] : [-1, 1]);
    }
    case "gelu": {
      const fn = r.pick(["gelu", "gelu_tanh", "silu"]);
      return call(fn, [e], [-0.3, Math.max(0, e.hi)]);
    }
    case "exp": {
      const arg =
        e.hi > 3 ? call("min", [e, ex("2.0", "postfix", [2, 2], { constant: true })], [Math.min(e.lo, 2), 2]) : e;
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
      return ex(`2 ^ ${at(small.level === "unary" ? bracket(small) : small, "power")}`, "power", [
        2 ** small.lo,
        2 ** small.hi,
      ]);
    }
  }
}

/** A quotient whose divisor stays away from 0. */
function divided(b: Body, e: Ex, sub: () => Ex): Ex {
  const { r } = b;
  const fixed = b.sizes.filter((s) => /^\w+$/.test(s.text));
  if (fixed.length > 0 && r.chance(0.3) && !e.constant) {
    const by = r.pick(fixed);
    const most = fixedValue(by) ?? by.most;
    return over(e, r.chance(0.5) ? sizeNumber(by) : call("sqrt", [sizeNumber(by)], [1, Math.sqrt(most)]));
  }
  const d = sub();
  if (positive(d)) return over(e, d);
  const one = ex("1.0", "postfix", [1, 1], { constant: true });
  return over(e, bracket(plus(one, call("abs", [d], [0, size(interval(d))]))));
}
